"""Prices changes of committed plans, and sees to what comes of the answers.

There is no workflow: a change's state is in the store, and each living worker looks for what is open. What one
that died was pricing another prices again; of two that do the same the second is refused, and
writes of the fenced are too.
"""

from __future__ import annotations

import json
import logging
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlmodel import col, select

from agents import records
from groupage.v1 import synchronizations_pb2
from server import changes
from server import synchronization as steps
from server.changes import State
from server.drafts import NoPlanError
from server.durable.effect import take_effect
from server.durable.priced import Priced, price
from server.market import freeze_text
from server.store.engine import NOT_DONE
from server.store.tables import Record
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Collection

    from server.durable.executors import Executor
    from server.store import Store

log = logging.getLogger(__name__)

_ANY_TIME = nullcontext()


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
                except NOT_DONE as error:
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
        except NOT_DONE:
            raise
        except Exception:
            log.exception("a change broke down")
            self._end(master, said, State.DECLINED, "it broke down")

    def _end(self, master: Record, said: dict[str, Any], state: int, reason: str) -> None:
        try:
            self._executor.transact(lambda tx: changes.move(tx, master, state, said, reason))
        except steps.StepRefusedError as refused:
            log.info("a step of a change was refused: %s", refused)

    def _priced(self, master: Record, said: dict[str, Any], against: Collection[str] = ()) -> Priced:
        request = changes.request_of(said)
        one = self._store.look(SYSTEM, lambda s: price(s, master.parent, said["requester"], request, against))
        said["price"] = one.price_cents
        said["part"] = one.affected[said["requester"]].SerializeToString().hex()
        return one

    def _price(self, master: Record, said: dict[str, Any]) -> None:
        request = changes.request_of(said)
        one = self._priced(master, said, said.get("against", ()))
        # Who fails bears what the rulebook says, whatever it would rather pay.
        if one.price_cents > request.max_price_cents and not request.HasField("provider_failure"):
            self._end(master, said, State.TOO_DEAR, "it costs more than max_price_cents")
            return
        asked = {c: part for c, part in one.affected.items() if c in one.asked}
        if not asked:
            self._take_effect(master, said, one)
            return
        body = self._store.look(SYSTEM, lambda s: steps.record_of(s, master.parent).body)
        within = synchronizations_pb2.Synchronization.FromString(body).reply_within.ToTimedelta()
        self._executor.transact(lambda tx: changes.ask(tx, master, dict(said), asked, tx.now + within))

    def _resolve(self, master: Record, said: dict[str, Any]) -> None:
        replies, asked, request = said["replies"], said["asked"], changes.request_of(said)
        late = _past(said["expire"], self._store.now())
        silent = [c for c in asked if c not in replies]
        against = [c for c in asked if replies.get(c) is False or (late and c in silent)]
        if request.HasField("provider_failure"):
            if against:
                # It is done without them; each time fewer are left to be asked, so that this ends.
                said["against"] = sorted({*said.get("against", ()), *against})
                self._price(master, said)
            elif not silent:
                self._take_effect(master, said, self._priced(master, said, said.get("against", ())))
            return
        if request.HasField("cancellation"):
            if silent and not late:
                return  # it takes effect anyhow: each may still agree to its price
            self._take_effect(master, said, self._priced(master, said, against))
            return
        if against:
            self._end(master, said, State.DECLINED, "not everybody affected accepted; all stays as committed")
        elif not silent:
            self._take_effect(master, said, self._priced(master, said))

    def _take_effect(self, master: Record, said: dict[str, Any], one: Priced) -> None:
        texts = freeze_text(one.freeze), records.dumps(one.settlement)
        self._executor.transact(lambda tx: take_effect(tx, master, dict(said), one, texts))


def _past(expire: str, now: Any) -> bool:
    at = Timestamp()
    at.FromJsonString(expire)
    return bool(now >= at.ToDatetime(UTC))
