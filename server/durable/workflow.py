"""A synchronization, from the request to the end: freeze, look ahead, negotiate, propose, await answers, commit.

The workflow knows nothing by itself: every step asks the store where the synchronization stands and does what comes
next, in a transaction that is refused where it does not. So a step that is done again after a crash, by another
process, or by a newer release, does no harm; the workflow engine (DBOS) sees that somebody goes on, and wakes who
waits.
"""

from __future__ import annotations

import logging
import secrets
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from agents.visibility import Phase
from groupage.errors import GroupageError
from groupage.v1 import synchronizations_pb2
from server import synchronization as steps
from server.durable import agreement, ahead, gather, record
from server.durable.agreement import Case
from server.durable.driver import SETTLED, WAITING
from server.foresight import look_text
from server.freezing import freeze
from server.market import freeze_text
from server.services.standard import change_record
from server.store.engine import NOT_DONE
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.durable.driver import Driver
    from server.durable.executors import Executor
    from server.store import Transaction
    from server.store.tables import NegotiationRow

log = logging.getLogger(__name__)

State = steps.State

WAKE = "wake"
ENDED, GOING, WAIT = "ended", "going", "wait"
_AGAIN_S = 2.0  # while the store does not answer
_SEED_BITS = 120
# A waking that was lost, with the server that was to send it, costs so much at most.
_PATIENCE_S = (1.0, 2.0, 4.0, 8.0, 16.0, *(30.0,) * 20, 300.0)


def body(
    name: str,
    step: Callable[[str], dict[str, Any]],
    receive: Callable[[float], Any],
) -> str:
    """Go on until the synchronization is final; answers its state.

    Parameters
    ----------
    step
        Does what comes next, durably.
    receive
        Waits to be woken, for so many seconds at most.
    """
    waited = 0
    while True:
        stand = step(name)
        if stand["is"] == ENDED:
            return str(stand["state"])
        if stand["is"] == WAIT:
            receive(min(stand["left_s"], _PATIENCE_S[min(waited, len(_PATIENCE_S) - 1)]))
            waited += 1
        else:
            waited = 0


class Synchronizer:
    """Does what comes next in a synchronization."""

    def __init__(self, executor: Executor, driver: Driver) -> None:
        self._executor = executor
        self._store = executor.store
        self._driver = driver

    def step(self, name: str) -> dict[str, Any]:
        """Do what comes next, and say whether to go on, to wait, or that it is over.

        Nothing is raised: what breaks down fails the synchronization, and releases its orders.
        """
        try:
            return self._next(name)
        except steps.StepRefusedError as refused:
            log.info("a step was refused: %s", refused)
            return {"is": GOING}
        except NOT_DONE as error:
            log.warning("the store does not answer, a step is tried again: %s", type(error).__name__)
            time.sleep(_AGAIN_S)
            return {"is": GOING}
        except Exception as error:
            log.exception("a synchronization broke down")
            return self._fail(name, error)

    def _next(self, name: str) -> dict[str, Any]:
        def look(session: Any) -> tuple[synchronizations_pb2.Synchronization, NegotiationRow | None, float]:
            whole = agreement.message_of(session, name)
            waits = agreement.wait_for(session, whole, now) if whole.state == State.PROPOSED else 0.0
            return whole, record.last_negotiation(session, name), waits

        now = self._store.now()
        whole, row, waits = self._store.look(SYSTEM, look)
        if whole.state in steps.FINAL:
            if row is not None and row.exchange:
                self._executor.transact(lambda tx: agreement.tidy(tx, row))
            return {"is": ENDED, "state": State.Name(whole.state)}
        if whole.state == State.PROPOSED:
            if waits > 0:
                return {"is": WAIT, "left_s": waits}
            case = self._case(row)
            self._executor.transact(lambda tx: agreement.decide(tx, case))
        elif now >= agreement.decide_by(whole):
            self._executor.transact(lambda tx: agreement.release(tx, name, agreement.TOO_LATE))
        elif row is None or (row.round and row.round <= whole.round):
            self._freeze(name)
        elif row.settlement and not row.round:
            ahead.finish(self._executor, row)
        elif row.settlement:
            case = self._case(row)
            made = agreement.parts(case, Phase.PROPOSED)
            self._executor.transact(lambda tx: agreement.propose(tx, case, made))
        else:
            stand = self._driver.forward(name, row.round)
            if stand.state == WAITING:
                return {"is": WAIT, "left_s": stand.left_s}
            if stand.state == SETTLED:
                log.info("%s: negotiation %d is settled", name, row.round)
        return {"is": GOING}

    def _case(self, row: NegotiationRow | None) -> Case:
        if row is None:
            raise LookupError("nothing was negotiated")
        settlement = self._store.look(SYSTEM, lambda s: record.settlement_of(s, row))
        return Case(row, self._driver.freeze(row.freeze), settlement)

    def _freeze(self, name: str) -> None:
        """Put the orders on the table, and begin to negotiate over what is known now."""

        def table(tx: Transaction) -> Any:
            steps.alone(tx, name)
            with tx.reading() as session:
                whole = agreement.message_of(session, name)
            if whole.state == State.QUEUED:
                steps.move(tx, name, State.NEGOTIATING)
            elif whole.state != State.NEGOTIATING:
                raise steps.StepRefusedError(f"{name} is not to be negotiated any more")
            gather.take(tx, name)
            with tx.reading() as session:
                found = gather.records(session, name, tx.now)
                return whole, found, ahead.bound(session, whole, found)

        whole, found, bound = self._executor.transact(table)
        since, until = gather.window_of(whole)
        frozen = freeze(
            found,
            since,
            until,
            secrets.randbits(_SEED_BITS),
            later=bound.later,
            promises=bound.promises,
            reserved=bound.reserved,
        )
        look = ahead.look(self._store, self._driver.processes, whole, found, frozen)
        text = freeze_text(frozen) if look is None else look_text(look)
        orders = {order.name for order in found.orders}
        out = {o: why for o, why in frozen.left_out.items() if o in orders}

        def store(tx: Transaction) -> None:
            steps.alone(tx, name)
            with tx.reading() as session:
                if steps.record_of(session, name).state != State.Name(State.NEGOTIATING):
                    raise steps.StepRefusedError(f"{name} is not to be negotiated any more")
            missing = orders - frozen.market.shipments.keys()
            reasons = {o: out.get(o, "it cannot be planned as it stands") for o in missing}
            steps.orders_become(tx, name, missing, steps.OrderState.RELEASED, reasons=reasons)
            if not orders:
                agreement.release(tx, name, "no order is on the table in this window")
                return
            if not frozen.market.shipments or not frozen.market.vehicles:
                agreement.release(tx, name, "no order can be planned as it stands, or nobody has a vehicle for any")
                return
            _put_versions(tx, name, frozen.policy.protocol.name)
            agreement.begin(tx, name, whole.round + 1 if look is None else 0, text)

        self._executor.transact(store)

    def _fail(self, name: str, error: Exception) -> dict[str, Any]:
        # What the engine says may hold figures: it goes to the log, the participants learn that it broke down.
        reason = "the rulebook or the records do not fit" if isinstance(error, GroupageError) else "it broke down"

        def fail(tx: Transaction) -> None:
            agreement.release(tx, name, reason, State.FAILED)

        try:
            self._executor.transact(fail)
        except (steps.StepRefusedError, *NOT_DONE) as again:
            log.warning("a failure could not be stored: %s", type(again).__name__)
            time.sleep(_AGAIN_S)
        return {"is": GOING}


def versions_of(protocol: str) -> synchronizations_pb2.EngineVersions:
    """Versions of what negotiates here; protocols count with the application."""
    application = version("groupage")
    return synchronizations_pb2.EngineVersions(
        application=application, protocol=f"{protocol}/{application}", solver=f"pyvrp/{version('pyvrp')}"
    )


def _put_versions(tx: Transaction, name: str, protocol: str) -> None:
    with tx.reading() as session:
        row = steps.record_of(session, name)
    whole = synchronizations_pb2.Synchronization.FromString(row.body)
    whole.versions.CopyFrom(versions_of(protocol))
    change_record(tx, steps.SYNCHRONIZATION, row, whole)
