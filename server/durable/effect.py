"""Puts a changed plan in the old one's place: everything of it in one transaction, or nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from groupage.v1 import synchronizations_pb2
from logistics.fleet import type_of
from server import changes, later, order_writes, plan, tracking
from server import synchronization as steps
from server.changes import State
from server.durable import record, telling
from server.durable.priced import free_vehicles
from server.failures import RELEASED
from server.names import company_of
from server.store.moments import to_us
from server.store.tables import CommitmentRow, LegRow, OrderRow, ShipmentRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from server.durable.priced import Priced
    from server.store import Transaction
    from server.store.tables import Record


def take_effect(tx: Transaction, master: Record, said: dict[str, Any], one: Priced, texts: tuple[str, str]) -> None:
    """Put a changed plan in the old one's place: orders, proposals, capacity and tracking in one transaction."""
    name, request = master.parent, changes.request_of(said)
    _stand_still(tx, name)
    freeze, settlement, new = one.freeze, one.settlement, one.parts
    failure = request.HasField("provider_failure")
    if failure:
        _must_be_possible(tx, name, request.provider_failure.load_or_booking_id, one)
    with tx.reading() as session:
        if any(changes.under_way(session, name, order) for order in one.orders):
            raise steps.StepRefusedError("its goods are under way")
        row = session.get(OrderRow, request.order) if request.order else None
        whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
        found = steps.open_proposals(session, name, whole.round)
    if row is None and not failure:
        raise steps.StepRefusedError("the order is gone")
    said["freeze"] = record.put_blob(tx, record.FREEZE, texts[0])
    said["settlement"] = record.put_blob(tx, record.SETTLEMENT, texts[1])
    changes.move(tx, master, State.ACCEPTED, said)
    if row is not None:
        _order_changes(tx, name, row, request)
    else:
        changes.tell_parts(tx, master, said, State.ACCEPTED, one.affected)
        reasons = dict.fromkeys(one.released, RELEASED)
        steps.orders_become(tx, name, one.released, steps.OrderState.RELEASED, reasons=reasons)
    for proposal in found:
        content = new.get(company_of(proposal.company))
        if content is not None:
            later.keep_told(content, proposal)
        fields = ("owner_part", "carrier_part", "hub_part")
        if content is not None and any(
            content.HasField(f) and getattr(content, f) != getattr(proposal, f) for f in fields
        ):
            steps.proposal_becomes(tx, proposal.name, steps.Part.COMMITTED, content=content)
    tx.connection.execute(delete(CommitmentRow).where(*_of_its_day(name)))
    rows = [{"synchronization": name, **asdict(hold)} for hold in plan.holds(freeze, settlement)]
    if rows:
        tx.connection.execute(insert(CommitmentRow), rows)
    hops = plan.hops(freeze, settlement, lambda c: telling.names_for(freeze, c))
    _track(tx, name, hops, {request.order} if request.order else one.orders)


def _stand_still(tx: Transaction, name: str) -> None:
    """Have what is reported of its legs wait: what is not under way now is not when the change is in effect."""
    query = select(LegRow).where(LegRow.synchronization == name).order_by(col(LegRow.load_id), col(LegRow.job))
    with tx.reading() as session:
        session.exec(query.with_for_update()).all()


def _of_its_day(name: str) -> tuple[Any, ...]:
    """What a plan holds for its own loads and slots, and not for what it reserves."""
    return col(CommitmentRow.synchronization) == name, col(CommitmentRow.id).not_in(later.reserved_with(name))


def _must_be_possible(tx: Transaction, name: str, called: str, one: Priced) -> None:
    """Refuse a way out of a failure that is none any more: it is priced anew then."""
    used = Counter(type_of(load.vehicle) for load in one.settlement.loads)
    # As where a plan is committed: of two plans that want the last vehicle one comes too late.
    for vehicle in sorted(used):
        tx.lock(f"capacity/{vehicle}")
    with tx.reading() as session:
        rows = session.exec(select(CommitmentRow).where(*_of_its_day(name)))
        held = Counter(row.good for row in rows)
        free = free_vehicles(session, name, one.freeze.market)
        if changes.moving(session, name, called):
            raise steps.StepRefusedError("its goods are under way")
    if any(count > max(held[vehicle], free.get(vehicle, 0)) for vehicle, count in used.items()):
        raise steps.StepRefusedError("a vehicle that it needs is taken")


def _order_changes(tx: Transaction, name: str, row: OrderRow, request: Any) -> None:
    order, _ = changes.becomes(row, request)
    if order is None:
        reason = {row.name: "cancelled by its owner"}
        steps.orders_become(tx, name, [row.name], steps.OrderState.CANCELLED, reasons=reason)
        return
    new = order_writes.row_of(f"companies/{row.company}", order, row.name.rsplit("/", 1)[1])
    keep = ("name", "company", "state", "synchronization", "version")
    tx.connection.execute(
        update(OrderRow)
        .where(col(OrderRow.name) == row.name)
        .values(**{k: v for k, v in new.items() if k not in keep}, version=row.version + 1, updated_at=tx.now)
    )


def _track(tx: Transaction, name: str, hops: tuple[tracking.Hop, ...], orders: Collection[str]) -> None:
    """Follow the changed plan: hops that stay keep what was reported of them."""
    with tx.reading() as session:
        had = {(r.load_id, r.job): r for r in session.exec(select(LegRow).where(LegRow.synchronization == name))}
    fresh = []
    wanted = {(h.load_id, h.job) for h in hops}
    touched = {*orders}

    def of(load_id: str, job: str) -> tuple[Any, ...]:
        return (col(LegRow.synchronization) == name, col(LegRow.load_id) == load_id, col(LegRow.job) == job)

    for load_id, job in sorted(had.keys() - wanted):
        tx.connection.execute(delete(LegRow).where(*of(load_id, job)))
    for h in hops:
        row = had.get((h.load_id, h.job))
        if row is None:
            fresh.append(h)
        elif (to_us(row.pickup_at), to_us(row.delivery_at)) != (to_us(h.pickup_at), to_us(h.delivery_at)):
            tx.connection.execute(
                update(LegRow).where(*of(h.load_id, h.job)).values(pickup_at=h.pickup_at, delivery_at=h.delivery_at)
            )
            touched.add(h.order)
    tracking.begin(tx, name, fresh)
    for one in sorted(touched):
        tracking.refresh(tx, one)
    for gone in sorted({*orders}.difference(h.order for h in hops)):
        tx.connection.execute(delete(ShipmentRow).where(col(ShipmentRow.name) == tracking.shipment_of(gone)))
