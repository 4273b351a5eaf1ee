"""What becomes of a committed plan on the road: each owner's view of its shipments, moved on by what is reported.

Expected arrivals are the plan's, put off by how late the load was when it was last heard of, or by how long it has been
silent past its plan; the spread is a share of the time that is left. Where nothing is late the plan stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, insert, literal, update
from sqlmodel import col, select

from groupage.v1 import orders_pb2, shipments_pb2, tracking_events_pb2
from server.store.ids import new_id
from server.store.tables import LegRow, OrderRow, ShipmentRow, TraceRow, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from server.store import Transaction

Shipment = shipments_pb2.Shipment
Alert = shipments_pb2.Alert
OrderState = orders_pb2.Order.State

# Road travel times vary by about a tenth of their length; loading and queues by some minutes whatever the length.
SPREAD_OF_TIME_LEFT = 0.1
LEAST_SPREAD = timedelta(minutes=10)
# A leg that is so long past its plan without a word is silent.
SILENT_AFTER = timedelta(hours=1)
_TEN_PERCENT = NormalDist().inv_cdf(0.9)

_LOADED = frozenset({"loading", "departing", "shipping", "transporting"})
_DONE = frozenset({"unloading", "receiving", "accepting"})
_FAILED = frozenset({"destroyed", "stolen", "returned", "disposed"})
_ALERTS = {
    "damaged": Alert.DAMAGED,
    "mismatch_quantity": Alert.QUANTITY,
    "mismatch_class": Alert.QUANTITY,
    "mismatch_instance": Alert.QUANTITY,
    "returned": Alert.REFUSED,
    "non_conformant": Alert.TEMPERATURE,
}
_WORDS = {
    Alert.LATE: "expected after its due time",
    Alert.WINDOW_MISSED: "expected after its window closes",
    Alert.LINE_STOP: "expected after the client's line stands",
    Alert.SILENT: "nothing was heard of it for longer than the plan explains",
    Alert.DAMAGED: "reported as damaged",
    Alert.QUANTITY: "less or other goods than ordered were reported",
    Alert.REFUSED: "on its way back",
    Alert.TEMPERATURE: "reported out of its temperature regime",
}
_OF_TIME = frozenset({Alert.LATE, Alert.WINDOW_MISSED, Alert.LINE_STOP})


@dataclass(frozen=True, slots=True)
class Hop:
    """One leg of an order in a committed plan; ids of companies, names of orders.

    Attributes
    ----------
    hub
        Whose dock it begins or ends at, which may report on it as well; empty where at none.
    """

    order: str
    owner: str
    carrier: str
    load_id: str
    job: str
    position: int
    final: bool
    pickup_at: datetime
    delivery_at: datetime
    hub: str = ""


def shipment_of(order: str) -> str:
    """Name of an order's shipment."""
    return f"{order}/shipment"


def stream_of(company: str) -> str:
    """Event stream of what changes among a company's shipments."""
    return f"companies/{company}/shipments"


def begin(tx: Transaction, synchronization: str, hops: Iterable[Hop]) -> None:
    """Begin to follow what was committed: to be called in the transaction that commits it."""
    rows = [
        {
            "synchronization": synchronization,
            "load_id": h.load_id,
            "job": h.job,
            "carrier": h.carrier,
            "hub": h.hub,
            "order_name": h.order,
            "owner": h.owner,
            "position": h.position,
            "final": h.final,
            "pickup_at": h.pickup_at,
            "delivery_at": h.delivery_at,
            "state": "PLANNED",
        }
        for h in hops
    ]
    if not rows:
        return
    tx.connection.execute(insert(LegRow), rows)
    for order in sorted({str(r["order_name"]) for r in rows}):
        refresh(tx, order)


def report(tx: Transaction, company: str, event: tracking_events_pb2.TrackingEvent, legs: Sequence[LegRow]) -> None:
    """Let an event that is new move on what it is about.

    Parameters
    ----------
    legs
        The reporter's own legs, or those of its own order, that the event is about.
    """
    at = literal(event.event_at.ToDatetime(UTC), table_of(LegRow).c.seen_at.type)
    state = "DONE" if event.biz_step in _DONE else "LOADED" if event.biz_step in _LOADED else ""
    # Reckoned by the database, of the row as it is then: another server may be told of the same leg at this moment.
    values: dict[str, Any] = {"seen_at": case((col(LegRow.seen_at) > at, col(LegRow.seen_at)), else_=at)}
    if state:
        values["state"] = case((col(LegRow.state) == "DONE", "DONE"), else_=state)
    for leg in legs:
        tx.connection.execute(
            update(LegRow)
            .where(
                col(LegRow.synchronization) == leg.synchronization,
                col(LegRow.load_id) == leg.load_id,
                col(LegRow.job) == leg.job,
            )
            .values(**values)
        )
    for order in sorted({leg.order_name for leg in legs}):
        _trace(tx, order, event)
        refresh(tx, order, event)


def sweep(tx: Transaction) -> int:
    """Look for shipments of which nothing was heard past their plan, and tell their owners; answers how many."""
    overdue = tx.now - SILENT_AFTER
    query = (
        select(LegRow.order_name)
        .where(col(LegRow.state) != "DONE", col(LegRow.delivery_at) < overdue)
        .where(col(LegRow.seen_at).is_(None) | (col(LegRow.seen_at) < overdue))
        .distinct()
    )
    with tx.reading() as session:
        orders = sorted(session.exec(query))
    return sum(refresh(tx, order) for order in orders)


def refresh(tx: Transaction, order: str, event: tracking_events_pb2.TrackingEvent | None = None) -> bool:
    """Reckon an order's shipment anew; its owner and carriers are told if anything changed."""
    name = shipment_of(order)
    tx.lock(f"shipment/{name}")  # two servers would each reckon without what the other was told
    with tx.reading() as session:
        legs = list(session.exec(select(LegRow).where(LegRow.order_name == order).order_by(col(LegRow.position))))
        row = session.get(ShipmentRow, name)
        whole = session.get(OrderRow, order)
    if not legs or whole is None:
        return False
    before = Shipment.FromString(row.body) if row else Shipment(external_ref=whole.external_ref)
    after = _reckoned(before, whole, legs, event, tx.now)
    if row is not None and _same(before, after):
        return False
    carriers = sorted({leg.carrier for leg in legs})
    values = {
        "state": Shipment.State.Name(after.state),
        "due_at": whole.due_at,
        "carriers": f" {' '.join(carriers)} ",
        "updated_at": tx.now,
        "body": after.SerializeToString(),
    }
    if row is None:
        tx.connection.execute(insert(ShipmentRow), [{"name": name, "company": whole.company, "version": 1, **values}])
    else:
        tx.connection.execute(
            update(ShipmentRow).where(col(ShipmentRow.name) == name).values(version=row.version + 1, **values)
        )
    for company in sorted({whole.company, *carriers}):
        tx.append(stream_of(company), "shipment", name.encode(), company=company)
    _order_follows(tx, whole, after)
    return True


def _order_follows(tx: Transaction, order: OrderRow, shipment: Any) -> None:
    state = {Shipment.UNDER_WAY: OrderState.IN_TRANSIT, Shipment.DELIVERED: OrderState.DELIVERED}.get(shipment.state)
    if state is None or order.state == OrderState.Name(state):
        return
    tx.connection.execute(
        update(OrderRow)
        .where(col(OrderRow.name) == order.name)
        .values(state=OrderState.Name(state), version=order.version + 1, updated_at=tx.now)
    )


def _reckoned(
    before: Any, order: OrderRow, legs: Sequence[LegRow], event: tracking_events_pb2.TrackingEvent | None, now: datetime
) -> Any:
    after = Shipment()
    after.CopyFrom(before)
    after.due_at.FromDatetime(order.due_at)
    last = legs[-1]
    if event is not None and event.disposition in _FAILED:
        after.state = Shipment.FAILED
    elif before.state != Shipment.FAILED:
        after.state = _state(legs)
    if event is not None and (event.biz_location or event.read_point):
        after.last_place = event.biz_location or event.read_point
    reported = _ALERTS.get(event.disposition) if event is not None else None
    if after.state in (Shipment.DELIVERED, Shipment.FAILED):
        if after.state == Shipment.DELIVERED and not after.HasField("delivered_at"):
            after.delivered_at.FromDatetime(last.seen_at or now)
        after.ClearField("expected_arrival")
        delivered = after.delivered_at.ToDatetime(UTC) if after.HasField("delivered_at") else None
        late = max(timedelta(), delivered - order.due_at) if delivered else timedelta()
        after.late_hours = late / timedelta(hours=1)
        wanted = {Alert.LATE: late} if late else {}
    else:
        median, spread = _expected(legs, now)
        wanted = _time_alerts(after, order, median, spread, now)
        if _silent(legs, now):
            wanted[Alert.SILENT] = timedelta()
    _set_alerts(after, wanted, reported, now)
    return after


def _state(legs: Sequence[LegRow]) -> Any:
    if legs[-1].state == "DONE":
        return Shipment.DELIVERED
    done = [leg.state == "DONE" for leg in legs]
    if any(leg.state == "LOADED" for leg in legs):
        return Shipment.UNDER_WAY
    return Shipment.AT_HUB if any(done) else Shipment.PLANNED


def _expected(legs: Sequence[LegRow], now: datetime) -> tuple[datetime, timedelta]:
    """Median and standard deviation of the arrival at the client."""
    delay = timedelta()
    for leg in legs:
        if leg.seen_at is not None and leg.state != "PLANNED":
            planned = leg.pickup_at if leg.state == "LOADED" else leg.delivery_at
            delay = max(timedelta(), leg.seen_at - planned)
    for leg in legs:
        if leg.state != "DONE":
            next_at = leg.pickup_at if leg.state == "PLANNED" else leg.delivery_at
            delay = max(delay, now - next_at)
            break
    median = legs[-1].delivery_at + delay
    return median, max(LEAST_SPREAD, SPREAD_OF_TIME_LEFT * (median - now))


def _time_alerts(
    after: Any, order: OrderRow, median: datetime, spread: timedelta, now: datetime
) -> dict[Any, timedelta]:
    late = 1 - NormalDist().cdf((order.due_at - median) / spread)
    expected = shipments_pb2.ExpectedArrival(late_percent=round(100 * late, 1))
    expected.early_at.FromDatetime(median - _TEN_PERCENT * spread)
    expected.median_at.FromDatetime(median)
    expected.late_at.FromDatetime(median + _TEN_PERCENT * spread)
    expected.reckon_time.FromDatetime(now)
    after.expected_arrival.CopyFrom(expected)
    wanted: dict[Any, timedelta] = {}
    if median > order.due_at:
        wanted[Alert.LATE] = median - order.due_at
    if median > order.window_close:
        wanted[Alert.WINDOW_MISSED] = median - order.window_close
    stakes = orders_pb2.Order.FromString(order.body).stakes
    if stakes.line_stop_cents:
        stops = stakes.line_stop_at.ToDatetime(UTC) if stakes.HasField("line_stop_at") else order.window_close
        if median > stops:
            wanted[Alert.LINE_STOP] = median - stops
    return wanted


def _silent(legs: Sequence[LegRow], now: datetime) -> bool:
    late = [leg for leg in legs if leg.state != "DONE" and leg.delivery_at < now - SILENT_AFTER]
    return any(leg.seen_at is None or leg.seen_at < now - SILENT_AFTER for leg in late)


def _set_alerts(after: Any, wanted: dict[Any, timedelta], reported: Any, now: datetime) -> None:
    standing = {a.kind: a for a in after.alerts if not a.HasField("clear_time")}
    for kind, alert in standing.items():
        if kind not in wanted and kind in (*_OF_TIME, Alert.SILENT):
            alert.clear_time.FromDatetime(now)
    fresh = []
    for kind, late in wanted.items():
        if kind in standing:
            if kind in _OF_TIME:
                standing[kind].late_min = round(late / timedelta(minutes=1), 1)
            continue
        alert = Alert(kind=kind, text=_WORDS[kind])
        if kind in _OF_TIME:
            alert.late_min = round(late / timedelta(minutes=1), 1)
        alert.raise_time.FromDatetime(now)
        fresh.append(alert)
    if reported is not None and reported not in standing:
        alert = Alert(kind=reported, text=_WORDS[reported])
        alert.raise_time.FromDatetime(now)
        fresh.append(alert)
    newest_first = [*fresh, *after.alerts]
    del after.alerts[:]
    after.alerts.extend(newest_first)


def _same(before: Any, after: Any) -> bool:
    one, other = Shipment(), Shipment()
    one.CopyFrom(before)
    other.CopyFrom(after)
    for message in (one, other):
        if message.HasField("expected_arrival"):
            message.expected_arrival.ClearField("reckon_time")
    return bool(one == other)


def _trace(tx: Transaction, order: str, event: tracking_events_pb2.TrackingEvent) -> None:
    """Keep what the owner may see of an event: not on which load, nor with what else."""
    seen = tracking_events_pb2.TrackingEvent(
        event_id=event.event_id,
        type=event.type,
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        event_time_zone_offset=event.event_time_zone_offset,
        order=order,
    )
    seen.event_at.CopyFrom(event.event_at)
    seen.record_time.FromDatetime(tx.now)
    owner = order.split("/")[1]
    row = {
        "id": new_id(),
        "company": owner,
        "shipment": shipment_of(order),
        "at": event.event_at.ToDatetime(UTC),
        "body": seen.SerializeToString(),
    }
    tx.connection.execute(insert(TraceRow), [row])
