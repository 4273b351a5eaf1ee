"""Prices changes of committed plans, and sees to what comes of the answers.

There is no workflow: a change's state is in the store, and each living worker looks for what is open. What one
that died was pricing another prices again; of two that do the same the second is refused, and
writes of the fenced are too.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from agents import records
from agents.messages import COORDINATOR
from groupage.errors import GroupageError
from groupage.v1 import change_requests_pb2, synchronizations_pb2
from server import changes
from server import synchronization as steps
from server.changes import State
from server.market import freeze_text
from server.names import company_of
from server.replan import NO_PLAN, NoPlanError, replanned
from server.store.tables import OrderRow, Record
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Collection

    from agents.settlement import Settlement
    from groupage.v1 import proposals_pb2
    from server.durable.executors import Executor
    from server.market import Freeze
    from server.store import Reading, Store

log = logging.getLogger(__name__)

_ANY_TIME = nullcontext()

UNDER_WAY = "its goods are under way, or it is not committed any more"


@dataclass(frozen=True)
class Priced:
    """A change with its price: what it means for each company whom it affects, who made it among them."""

    freeze: Freeze
    settlement: Settlement
    parts: changes.Parts
    price_cents: int
    affected: dict[str, change_requests_pb2.ChangePart]


def price(session: Reading, name: str, requester: str, request: Any, keeping: Collection[str] = ()) -> Priced:
    """Price a change against the plan in force; nothing is written.

    Raises
    ------
    NoPlanError
        If there is no plan with it.
    """
    if changes.under_way(session, name, request.order):
        raise NoPlanError(UNDER_WAY)
    row = session.get(OrderRow, request.order)
    if row is None:
        raise NoPlanError(UNDER_WAY)
    freeze, settlement, alone = changes.in_force(session, name)
    try:
        _, shipment = changes.becomes(row, request)
        after_market, after, more = replanned(freeze, settlement, request.order, shipment, keeping)
    except GroupageError:
        raise NoPlanError(NO_PLAN) from None
    before_parts, after_parts = (
        changes.parts(freeze, settlement, alone),
        changes.parts(after_market, after, alone),
    )
    net: Counter[str] = Counter()
    for t in after.transfers[len(settlement.transfers) :]:
        for who, cents in ((t.payer, t.cents), (t.payee, -t.cents)):
            if who != COORDINATOR:
                net[company_of(freeze.seats[who].company)] += cents
    affected = {}
    for company in sorted({*before_parts, *after_parts, requester}):
        old, new = before_parts.get(company), after_parts.get(company)
        if company != requester and not net[company] and _felt(old) == _felt(new):
            continue
        part = change_requests_pb2.ChangePart(net_cents=net[company])
        for field in ("owner_part", "carrier_part", "hub_part"):
            if new is not None and new.HasField(field):
                getattr(part, field).CopyFrom(getattr(new, field))
        affected[company] = part
    return Priced(after_market, after, after_parts, sum(more.values()), affected)


def _felt(part: proposals_pb2.Proposal | None) -> bytes:
    """What of a part is worth asking about: not emissions, nor with whom, nor fees, which are the rulebook's."""
    if part is None:
        return b""
    kept = type(part)()
    kept.CopyFrom(part)
    for order in kept.owner_part.orders if kept.HasField("owner_part") else ():
        for field in ("transport_kgco2e", "pooled_with_others", "co_loaded_companies"):
            order.ClearField(field)
    return bytes(kept.SerializeToString(deterministic=True))


class Changer:
    """Moves open changes on."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._store: Store = executor.store

    def look(self, turn: AbstractContextManager[Any] = _ANY_TIME) -> None:
        """Do what comes next for every synchronization's oldest open change; what breaks down is declined.

        Parameters
        ----------
        turn
            Entered for each of them; a worker that is to end enters none any more.
        """
        query = select(Record.parent).where(Record.kind == changes.MASTER, col(Record.state).in_(changes.OPEN))
        for name in sorted(set(self._store.look(SYSTEM, lambda s: list(s.exec(query))))):
            with turn:
                try:
                    self._oldest(name)
                except DBAPIError as error:
                    log.warning("a change is looked at again later: %s", type(error).__name__)

    def _oldest(self, name: str) -> None:
        found = self._store.look(SYSTEM, lambda s: changes.masters(s, name, *changes.OPEN))
        if found:
            self.forward(found[0])

    def forward(self, master: Record) -> None:
        """Do what comes next for one change."""
        said = json.loads(master.body)
        try:
            if master.state == State.Name(State.PRICING):
                self._price(master, said)
            else:
                self._resolve(master, said)
        except NoPlanError as none:
            self._end(master, said, State.DECLINED, str(none))
        except steps.StepRefusedError as refused:
            log.info("a step of a change was refused: %s", refused)
        except DBAPIError:
            raise
        except Exception:
            log.exception("a change broke down")
            self._end(master, said, State.DECLINED, "it broke down")

    def _end(self, master: Record, said: dict[str, Any], state: int, reason: str) -> None:
        try:
            self._executor.transact(lambda tx: changes.move(tx, master, state, said, reason))
        except steps.StepRefusedError as refused:
            log.info("a step of a change was refused: %s", refused)

    def _priced(self, master: Record, said: dict[str, Any], keeping: Collection[str] = ()) -> Priced:
        request = changes.request_of(said)
        one = self._store.look(SYSTEM, lambda s: price(s, master.parent, said["requester"], request, keeping))
        said["price"] = one.price_cents
        said["part"] = one.affected[said["requester"]].SerializeToString().hex()
        return one

    def _price(self, master: Record, said: dict[str, Any]) -> None:
        one = self._priced(master, said)
        if one.price_cents > changes.request_of(said).max_price_cents:
            self._end(master, said, State.TOO_DEAR, "it costs more than max_price_cents")
            return
        asked = {c: part for c, part in one.affected.items() if c != said["requester"]}
        if not asked:
            self._take_effect(master, said, one)
            return
        body = self._store.look(SYSTEM, lambda s: steps.record_of(s, master.parent).body)
        within = synchronizations_pb2.Synchronization.FromString(body).reply_within.ToTimedelta()
        self._executor.transact(lambda tx: changes.ask(tx, master, dict(said), asked, tx.now + within))

    def _resolve(self, master: Record, said: dict[str, Any]) -> None:
        replies, asked = said["replies"], said["asked"]
        silent = [c for c in asked if c not in replies]
        if silent and not _past(said["expire"], self._store.now()) and all(replies.values()):
            return
        request = changes.request_of(said)
        against = [c for c in asked if not replies.get(c)]
        if silent and request.HasField("cancellation") and not _past(said["expire"], self._store.now()):
            return  # it takes effect anyhow: each may still agree to its price
        if against and not request.HasField("cancellation"):
            self._end(master, said, State.DECLINED, "not everybody affected accepted; all stays as committed")
            return
        # A cancellation takes effect in any case: who did not accept keeps the whole price that was agreed.
        one = self._priced(master, said, keeping=[f"companies/{c}" for c in against])
        self._take_effect(master, said, one)

    def _take_effect(self, master: Record, said: dict[str, Any], one: Priced) -> None:
        texts = freeze_text(one.freeze), records.dumps(one.settlement)
        made = one.freeze, one.settlement, one.parts
        self._executor.transact(lambda tx: changes.take_effect(tx, master, dict(said), made, texts))


def _past(expire: str, now: Any) -> bool:
    at = Timestamp()
    at.FromJsonString(expire)
    return bool(now >= at.ToDatetime(UTC))
