"""How long each kind of record is kept, and letting go of what is older; what was erased is in the audit log.

Only what is over goes: an order that is not finished, a plan that is being carried out and an operation that runs stay,
however old. Rows are looked for without keeping writers waiting, and deleted some at a time. Names and contacts of
people are erased when their company erases them (`server.people`), whatever stands here.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Delete, and_, delete, func, insert, literal, or_, select, tuple_
from sqlmodel import col

from server import changes, people
from server import synchronization as steps
from server.exports import EXPORTED
from server.store.erasing import erasing
from server.store.ids import new_id
from server.store.tables import (
    AuditRow,
    BlobRow,
    CapacityOfferRow,
    CommitmentRow,
    DemandRow,
    EventRow,
    ExchangeRow,
    LegRow,
    NegotiationRow,
    OrderRow,
    Participation,
    PoolDayRow,
    PromiseRow,
    QuestionRow,
    Record,
    RequestRow,
    ReservationRow,
    ShipmentRow,
    TraceRow,
    TrackingRow,
    table_of,
)
from server.tracking import shipment_of
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from server.store import Store, Transaction

METHOD = "Erase"
WORKFLOWS = "workflows"
_TOGETHER = 1_000  # rows of one look and of one transaction
_PLANS_TOGETHER = 20
_OF_A_PLAN = (
    *(NegotiationRow, ExchangeRow, QuestionRow, CommitmentRow, LegRow, Participation),
    *(PromiseRow, ReservationRow, PoolDayRow),
)
_FINISHED = ("RELEASED", "DELIVERED", "CANCELLED")


class Retention(BaseModel):
    """Days for which each kind is kept after it was last needed.

    Attributes
    ----------
    requests_days
        Answers to request ids: how late the same write may be sent again and have no second effect.
    events_days
        What watchers may go back to; each stream's last event stays, so that its numbers go on.
    questions_days
        Questions to own agents, and their answers, which the transcripts have too; offers of capacity.
    plans_days
        Synchronizations that are final, with all that was asked, answered, proposed and settled: what a dispute is
        judged by. Rulebooks and consents are kept.
    orders_days
        Orders that are delivered, cancelled or released, with their shipments.
    demand_days
        Demand history, by its day.
    tracking_days
        Reported tracking events, and the traces that owners see of them.
    exports_days
        Files of exports.
    operations_days
        Operations that are done; what they led to stays.
    audit_days
        Lines of the audit log.
    workflows_days
        What the workflows kept of synchronizations that are over, to go on after a crash; the plans are kept apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_days: float = Field(30.0, gt=0)
    events_days: float = Field(365.0, gt=0)
    questions_days: float = Field(90.0, gt=0)
    plans_days: float = Field(3_650.0, gt=0)
    orders_days: float = Field(3_650.0, gt=0)
    demand_days: float = Field(3_650.0, gt=0)
    tracking_days: float = Field(1_095.0, gt=0)
    exports_days: float = Field(30.0, gt=0)
    operations_days: float = Field(365.0, gt=0)
    audit_days: float = Field(3_650.0, gt=0)
    workflows_days: float = Field(30.0, gt=0)


def erase(store: Store, retention: Retention, workflows: Callable[[datetime], int] | None = None) -> dict[str, int]:
    """Let go of all that is older than it is kept; answers how much of each kind.

    Parameters
    ----------
    workflows
        Deletes from the workflows' own database what was over before a moment; answers how many.
    """
    rules = dict(_RULES)
    if workflows is not None:
        rules[WORKFLOWS] = lambda _, before: workflows(before)
    erased = {}
    for kind, rule in rules.items():
        before = store.now() - timedelta(days=getattr(retention, f"{kind}_days"))
        erased[kind] = rule(store, before)
        if erased[kind]:
            line = f"{kind}: {erased[kind]} before {before.date()}"
            store.transact(lambda tx, line=line: _audit(tx, line))  # type: ignore[misc]
    return erased


def _audit(tx: Transaction, line: str) -> None:
    row = {
        "id": new_id(),
        "at": tx.now,
        "company": SYSTEM.key,
        "identity": SYSTEM.identity,
        "method": METHOD,
        "name": line,
        "outcome": "OK",
        "request_id": "",
    }
    tx.connection.execute(insert(AuditRow), [row])


def _found(store: Store, table: Any, over: ColumnElement[bool], size: int = _TOGETHER) -> Iterator[Sequence[Any]]:
    """Keys of the rows of which something holds, some at a time, in one walk through the table."""
    key = list(table_of(table).primary_key)
    after: Any = None
    while True:
        query = select(*key).where(over).order_by(*key).limit(size)
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*(literal(v, c.type) for v, c in zip(after, key, strict=True))))
        rows = store.look(SYSTEM, lambda session, q=query: session.connection().execute(q).all())  # type: ignore[misc]
        if not rows:
            return
        yield rows
        after = rows[-1]


def _rows(table: Any, over: Callable[[datetime], ColumnElement[bool]]) -> Callable[[Store, datetime], int]:
    """Rule of a table whose rows stand alone; what holds of a row is asked again where it is deleted."""

    def rule(store: Store, before: datetime) -> int:
        key = list(table_of(table).primary_key)
        count = 0
        for keys in _found(store, table, over(before)):
            wanted = tuple_(*key).in_([tuple(k) for k in keys])
            statement = delete(table).where(wanted, over(before))
            count += store.transact(lambda tx, s=statement: _deleted(tx, s))  # type: ignore[misc]
        return count

    return rule


def _deleted(tx: Transaction, statement: Delete) -> int:
    with erasing(tx.connection):
        return int(tx.connection.execute(statement).rowcount)


def _is_old_event(before: datetime) -> ColumnElement[bool]:
    later = table_of(EventRow).alias()
    newest = select(func.max(later.c.version)).where(later.c.stream == col(EventRow.stream)).scalar_subquery()
    return and_(col(EventRow.at) < before, col(EventRow.version) < newest)


def _orders(store: Store, before: datetime) -> int:
    """Finished orders, each with its shipment; one that a plan still carries out is not finished."""
    over = and_(col(OrderRow.state).in_(_FINISHED), col(OrderRow.updated_at) < before)

    def end(tx: Transaction, keys: Sequence[str]) -> int:
        found = tx.connection.execute(select(col(OrderRow.name)).where(col(OrderRow.name).in_(keys), over))
        names = list(found.scalars())
        shipments = [shipment_of(name) for name in names]
        tx.connection.execute(delete(ShipmentRow).where(col(ShipmentRow.name).in_(shipments)))
        tx.connection.execute(delete(LegRow).where(col(LegRow.order_name).in_(names)))
        return int(tx.connection.execute(delete(OrderRow).where(col(OrderRow.name).in_(names))).rowcount)

    return sum(
        store.transact(lambda tx, k=[key for (key,) in keys]: end(tx, k))  # type: ignore[misc]
        for keys in _found(store, OrderRow, over)
    )


def _plans(store: Store, before: datetime) -> int:
    """Synchronizations that are final and over: no order is under way, nor what they reserved to come."""
    final = [steps.State.Name(s) for s in steps.FINAL]
    name = col(Record.name)
    under_way = select(col(OrderRow.name)).where(
        col(OrderRow.synchronization) == name,
        col(OrderRow.state).not_in(_FINISHED),
        col(OrderRow.state).not_in(("OPEN", "HELD")),
    )
    to_come = select(col(Participation.company)).where(
        col(Participation.synchronization) == name, col(Participation.until) >= before
    )
    owed = select(col(ReservationRow.id)).where(
        col(ReservationRow.synchronization) == name, col(ReservationRow.state) == "OPEN"
    )
    over = and_(
        col(Record.kind) == steps.SYNCHRONIZATION.kind,
        col(Record.state).in_(final),
        col(Record.updated_at) < before,
        ~under_way.exists(),
        ~owed.exists(),
        ~to_come.exists(),
    )

    def end(tx: Transaction, keys: Sequence[str]) -> int:
        names = list(tx.connection.execute(select(name).where(name.in_(keys), over)).scalars())
        with erasing(tx.connection):
            for plan in names:
                _forget(tx, plan)
        return len(names)

    return sum(
        store.transact(lambda tx, k=[key for (key,) in keys]: end(tx, k))  # type: ignore[misc]
        for keys in _found(store, Record, over, _PLANS_TOGETHER)
    )


def _forget(tx: Transaction, plan: str) -> None:
    """Delete a synchronization with everything that was made for it, its events' streams included."""
    connection = tx.connection
    of = col(Record.parent) == plan
    parts = list(connection.execute(select(col(Record.name)).where(of)).scalars())
    companies = connection.execute(
        select(col(Participation.company)).where(col(Participation.synchronization) == plan)
    ).scalars()
    streams = [plan, *parts, *(steps.stream_of(plan, company) for company in companies)]
    for i in range(0, len(streams), _TOGETHER):
        connection.execute(delete(EventRow).where(col(EventRow.stream).in_(streams[i : i + _TOGETHER])))
    mine = col(NegotiationRow.synchronization) == plan
    blobs = {
        digest
        for row in connection.execute(select(col(NegotiationRow.freeze), col(NegotiationRow.settlement)).where(mine))
        for digest in row
        if digest
    }
    for body in connection.execute(select(col(Record.body)).where(of, col(Record.kind) == changes.MASTER)).scalars():
        said = json.loads(body)
        blobs |= {said[part] for part in ("freeze", "settlement") if part in said}
    for table in _OF_A_PLAN:
        connection.execute(delete(table).where(col(table.synchronization) == plan))
    # Equal content is stored once: of another negotiation too.
    still = select(col(NegotiationRow.freeze)).union(select(col(NegotiationRow.settlement)))
    connection.execute(delete(BlobRow).where(col(BlobRow.digest).in_(sorted(blobs)), col(BlobRow.digest).not_in(still)))
    connection.execute(delete(Record).where(or_(of, col(Record.name) == plan)))


def _tracking(store: Store, before: datetime) -> int:
    traces = _rows(TraceRow, lambda t: col(TraceRow.at) < t)
    events = _rows(TrackingRow, lambda t: col(TrackingRow.recorded_at) < t)
    return traces(store, before) + events(store, before)


def _questions(store: Store, before: datetime) -> int:
    questions = _rows(QuestionRow, lambda t: col(QuestionRow.reply_by) < t)
    offers = _rows(CapacityOfferRow, lambda t: col(CapacityOfferRow.until) < t)
    return questions(store, before) + offers(store, before)


_RULES: dict[str, Callable[[Store, datetime], int]] = {
    "requests": _rows(RequestRow, lambda t: col(RequestRow.at) < t),
    "events": _rows(EventRow, _is_old_event),
    "operations": _rows(
        Record,
        lambda t: and_(
            col(Record.kind) == steps.OPERATION.kind, col(Record.state) == steps.DONE, col(Record.updated_at) < t
        ),
    ),
    "exports": _rows(BlobRow, lambda t: and_(col(BlobRow.kind).in_((EXPORTED, people.EXPORTED)), col(BlobRow.at) < t)),
    "questions": _questions,
    "plans": _plans,
    "orders": _orders,
    "tracking": _tracking,
    "demand": _rows(DemandRow, lambda t: col(DemandRow.day) < t.date().isoformat()),
    "audit": _rows(AuditRow, lambda t: col(AuditRow.at) < t),
}
