"""Sees to what plans left to days of which no plan was made: promises are freed, reservations settled as unused.

There is no workflow: it is in the store, and each living worker looks for what is over. What two do at once the second
finds done.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlmodel import col, select

from server import later
from server import synchronization as steps
from server.store.tables import PromiseRow, ReservationRow
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from server.durable.executors import Executor
    from server.store import Reading, Transaction

log = logging.getLogger(__name__)


class Keeper:
    """Ends what was left to a day that came to no plan."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def look(self) -> None:
        """End everything that is over by now."""
        now = self._executor.store.now()

        def over(session: Reading) -> tuple[list[str], list[str]]:
            promises = select(col(PromiseRow.id)).where(
                PromiseRow.state == later.OPEN, PromiseRow.due_in == "", col(PromiseRow.release_at) <= now
            )
            reserved = select(col(ReservationRow.id)).where(
                ReservationRow.state == later.OPEN, ReservationRow.due_in == "", col(ReservationRow.until) <= now
            )
            return sorted(session.exec(promises)), sorted(session.exec(reserved))

        promises, reserved = self._executor.store.look(SYSTEM, over)
        for key in promises:
            self._executor.transact(lambda tx, key=key: _release(tx, key))  # type: ignore[misc]
        for key in reserved:
            self._executor.transact(lambda tx, key=key: _settle(tx, key))  # type: ignore[misc]


def _release(tx: Transaction, key: str) -> None:
    """Free both sides of a promise: its orders are their owner's to book."""
    with tx.reading() as session:
        row = session.get(PromiseRow, key, with_for_update=True)
    if row is None or row.state != later.OPEN or row.due_in:
        return
    lot = later.promise_in(row).lot
    reasons = dict.fromkeys(lot, later.NO_PLAN)
    steps.orders_become(
        tx, row.synchronization, lot, steps.OrderState.RELEASED, reasons=reasons, only_from=[steps.OrderState.PROMISED]
    )
    later.void(tx, row, later.NO_PLAN)
    log.info("a promise of %s is void: no plan was made of its day", row.synchronization)


def _settle(tx: Transaction, key: str) -> None:
    """Settle a reservation of which nothing was used."""
    with tx.reading() as session:
        row = session.get(ReservationRow, key, with_for_update=True)
    if row is None or row.state != later.OPEN or row.due_in:
        return
    reserved = later.reserved_in(row)
    later.settle(tx, row, 0, reserved.price_cents * reserved.quantity, reserved.release_cents * reserved.quantity)
