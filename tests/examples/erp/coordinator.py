"""Plays the workflow: lays proposals before firms, and commits if all accept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import select

from groupage.v1 import proposals_pb2
from server import synchronization as steps
from server import tracking
from server.store import Store
from server.store.tables import OrderRow, Record
from server.synchronization import OrderState, State
from server.viewer import SYSTEM

Proposal = proposals_pb2.Proposal


def records(store: Store, kind: str) -> list[Record]:
    return store.look(SYSTEM, lambda session: list(session.exec(select(Record).where(Record.kind == kind))))


def orders(store: Store, company: str) -> list[OrderRow]:
    query = select(OrderRow).where(OrderRow.company == company).order_by(OrderRow.name)
    return store.look(SYSTEM, lambda session: list(session.exec(query)))


class Coordinating(threading.Thread):
    """A workflow's part, in a thread."""

    def __init__(self, store: Store, saving_cents: int, companies: tuple[str, ...] = ("acme", "bolt")) -> None:
        super().__init__()
        self.store, self.saving, self.companies = store, saving_cents, companies
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._coordinate()
        except BaseException as error:
            self.error = error

    def _coordinate(self) -> None:
        name = until(lambda: next((r.name for r in records(self.store, "synchronization")), None))

        def propose(tx: Any) -> dict[str, str]:
            both = [row.name for c in self.companies for row in orders(self.store, c)]
            steps.orders_become(tx, name, both, OrderState.NEGOTIATING, only_from=[OrderState.OPEN])
            steps.move(tx, name, State.NEGOTIATING)
            part = proposals_pb2.OwnerPart(standalone_cents=100_000, saving_cents=self.saving)
            parts = dict.fromkeys(self.companies, Proposal(owner_part=part))
            made = steps.propose(tx, name, 1, parts, tx.now + timedelta(minutes=2))
            steps.move(tx, name, State.PROPOSED, round_number=1)
            return made

        made = self.store.transact(propose).values()
        until(lambda: all(r.state != "OPEN" for r in records(self.store, "proposal") if r.name in made))
        accepted = all(r.state == "ACCEPTED" for r in records(self.store, "proposal"))

        def end(tx: Any) -> None:
            if not accepted:
                steps.release_all(tx, name, OrderState.RELEASED, "somebody declined")
                steps.move(tx, name, State.RELEASED)
                return
            pickup = datetime.now(UTC) + timedelta(days=3)
            for company in self.companies:
                names = [row.name for row in orders(self.store, company)]
                steps.orders_become(tx, name, names, OrderState.COMMITTED)
                hops = [
                    tracking.Hop(o, company, "swift", "l1", f"{company}{k}", 0, True, pickup, pickup, "")
                    for k, o in enumerate(names)
                ]
                tracking.begin(tx, name, hops)
            steps.move(tx, name, State.COMMITTED)

        self.store.transact(end)


def until(look: Callable[[], Any]) -> Any:
    """Wait until something is there."""
    for _ in range(3_000):
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come about")
