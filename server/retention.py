"""How long each kind of record is kept, and letting go of what is older; what was erased is in the audit log.

Commitments, settlements, transcripts, rulebooks and consents are kept: they are what a dispute is judged by. Names and
contacts of people are erased when their company erases them (`server.services.kinds`), whatever stands here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, exists, func, insert, select
from sqlmodel import col

from server.store.ids import new_id
from server.store.tables import (
    AuditRow,
    BlobRow,
    CapacityOfferRow,
    DemandRow,
    EventRow,
    LegRow,
    OrderRow,
    QuestionRow,
    Record,
    RequestRow,
    ShipmentRow,
    TraceRow,
    TrackingRow,
    table_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Delete

    from server.store import Store, Transaction

_FINISHED = ("DELIVERED", "CANCELLED", "RELEASED")


class Retention(BaseModel):
    """Days for which each kind is kept after it was last needed.

    Attributes
    ----------
    requests_days
        Answers to request ids: how late the same write may be sent again and have no second effect.
    events_days
        What watchers may go back to; each stream's last event stays, so that its numbers go on.
    questions_days
        Questions to own agents, and their answers; what was answered stands in the transcripts, too.
    orders_days
        Orders that are delivered, cancelled or released, with their shipments and traces.
    demand_days
        Demand history, by its day.
    tracking_days
        Reported tracking events.
    exports_days
        Files of exports.
    operations_days
        Operations that are done; what they led to stays.
    audit_days
        Lines of the audit log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_days: float = Field(30.0, gt=0)
    events_days: float = Field(365.0, gt=0)
    questions_days: float = Field(90.0, gt=0)
    orders_days: float = Field(3_650.0, gt=0)
    demand_days: float = Field(3_650.0, gt=0)
    tracking_days: float = Field(1_095.0, gt=0)
    exports_days: float = Field(30.0, gt=0)
    operations_days: float = Field(365.0, gt=0)
    audit_days: float = Field(3_650.0, gt=0)


def erase(store: Store, retention: Retention) -> dict[str, int]:
    """Let go of all that is older than it is kept; answers how much of each kind."""
    erased = {}
    for kind, statements in _KINDS.items():
        days = getattr(retention, f"{kind}_days")

        def one(tx: Transaction, kind: str = kind, days: float = days, statements: Any = statements) -> int:
            tx.lock("chore:retention")
            before = tx.now - timedelta(days=days)
            count = sum(tx.connection.execute(s).rowcount for s in statements(before))
            if count:
                line = {
                    "id": new_id(),
                    "at": tx.now,
                    "company": "~operator",
                    "identity": "service",
                    "method": "Erase",
                    "name": f"{kind}: {count} before {before.date()}",
                    "outcome": "OK",
                    "request_id": "",
                }
                tx.connection.execute(insert(AuditRow), [line])
            return count

        erased[kind] = store.transact(one)
    return erased


def _old(table: Any, column: Any) -> Callable[[datetime], list[Delete]]:
    return lambda before: [delete(table).where(col(column) < before)]


def _events(before: datetime) -> list[Delete]:
    events, later = table_of(EventRow), table_of(EventRow).alias()
    newer = exists(select(1).where(later.c.stream == events.c.stream, later.c.version > events.c.version))
    return [delete(EventRow).where(events.c.at < before, newer)]


def _orders(before: datetime) -> list[Delete]:
    orders, shipments = table_of(OrderRow), table_of(ShipmentRow)
    over = select(orders.c.name).where(orders.c.state.in_(_FINISHED), orders.c.updated_at < before)
    of_them = over.with_only_columns(orders.c.name + "/shipment")
    return [
        delete(TraceRow).where(col(TraceRow.shipment).in_(of_them)),
        delete(ShipmentRow).where(shipments.c.name.in_(of_them)),
        delete(LegRow).where(col(LegRow.order_name).in_(over)),
        delete(OrderRow).where(orders.c.state.in_(_FINISHED), orders.c.updated_at < before),
    ]


def _demand(before: datetime) -> list[Delete]:
    return [delete(DemandRow).where(col(DemandRow.day) < before.date().isoformat())]


def _exports(before: datetime) -> list[Delete]:
    return [delete(BlobRow).where(col(BlobRow.kind) == "export", col(BlobRow.at) < before)]


def _operations(before: datetime) -> list[Delete]:
    from server.synchronization import FINAL, OPERATION, SYNCHRONIZATION, State

    records, open_ones = table_of(Record), table_of(Record).alias()
    final = [State.Name(s) for s in FINAL]
    waits = exists(
        select(func.count())
        .where(
            open_ones.c.name == records.c.parent,
            open_ones.c.kind == SYNCHRONIZATION.kind,
            open_ones.c.state.not_in(final),
        )
        .having(func.count() > 0)
    )
    return [delete(Record).where(records.c.kind == OPERATION.kind, records.c.updated_at < before, ~waits)]


_KINDS: dict[str, Callable[[datetime], list[Delete]]] = {
    "requests": _old(RequestRow, RequestRow.at),
    "events": _events,
    "questions": lambda before: [
        delete(QuestionRow).where(col(QuestionRow.reply_by) < before),
        delete(CapacityOfferRow).where(col(CapacityOfferRow.until) < before),
    ],
    "orders": _orders,
    "demand": _demand,
    "tracking": _old(TrackingRow, TrackingRow.recorded_at),
    "exports": _exports,
    "operations": _operations,
    "audit": _old(AuditRow, AuditRow.at),
}
