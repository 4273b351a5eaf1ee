"""`groupage.v1.Tracking`: events go in as EPCIS tells them, shipments come out."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlmodel import col, select

from groupage.v1 import shipments_pb2, tracking_events_pb2, tracking_service_pb2_grpc
from server import tracking, views
from server.faults import Fault
from server.services import standard
from server.services.watching import coalesced, must_be_known
from server.store import filters, paging
from server.store.moments import to_us
from server.store.tables import LegRow, OrderRow, ShipmentRow, TraceRow, TrackingRow
from server.store.writer import Transaction, Write, single
from server.viewer import Viewer, caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from server.store import Event, Reading, Store

FILTERS = ("state", "due_at", "alerts.kind")
AHEAD = timedelta(minutes=5)
_SCAN = 500


class Tracking(tracking_service_pb2_grpc.TrackingServicer):
    """Of what was agreed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ReportEvents(self, request: Any, context: Any) -> Any:
        """Take events in: all, or none."""
        write = standard.write("ReportEvents", request, _report, resources=[request.parent])
        return tracking_events_pb2.ReportEventsResponse.FromString(await self._store.write(write))

    async def GetShipment(self, request: Any, context: Any) -> Any:
        """One shipment."""
        viewer = caller()
        return await self._store.read(viewer, lambda session: views.shipment(viewer, _found(session, request.name)))

    async def ListShipments(self, request: Any, context: Any) -> Any:
        """The company's own, and what it carries, in pages."""
        viewer = caller()
        standard.must_own(viewer, request.parent)
        wanted = filters.parse(request.filter, shipments_pb2.Shipment, FILTERS)
        size, after = paging.size_of(request), paging.after(request) or ""
        company = request.parent.removeprefix("companies/")

        def page(session: Reading) -> tuple[list[Any], bool]:
            out: list[Any] = []
            last, room = after, paging.MOST_BYTES
            while True:
                rows = session.exec(_of(company).where(ShipmentRow.name > last).limit(_SCAN)).all()
                for row in rows:
                    message = views.shipment(viewer, row)
                    if filters.matches(wanted, message):
                        room -= message.ByteSize()
                        if len(out) == size or (out and room < 0):
                            return out, True
                        out.append(message)
                if len(rows) < _SCAN:
                    return out, False
                last = rows[-1].name

        shipments, more = await self._store.read(viewer, page)
        answer = shipments_pb2.ListShipmentsResponse(shipments=shipments)
        if more:
            answer.next_page_token = paging.token(request, shipments[-1].name)
        return answer

    async def WatchShipments(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """All as they are, then each as it changes; or only what changed since a sequence number."""
        viewer = caller()
        standard.must_own(viewer, request.parent)
        wanted = filters.parse(request.filter, shipments_pb2.Shipment, FILTERS)
        company = request.parent.removeprefix("companies/")
        stream = tracking.stream_of(company)

        after = request.after_sequence
        last = await self._store.read(viewer, lambda session: must_be_known(session, stream, after))
        if not after:
            # What changes between the look at the number and the look at the shipments is told twice, never missed.
            async for answer in self._all(viewer, company, wanted, last):
                yield answer
            after = last
        async for events in coalesced(self._store.follow(stream, after)):
            before, after = after, events[-1].version if events else after
            for answer in _told(await self._changed(viewer, events), wanted, before, after):
                yield answer

    async def _all(self, viewer: Viewer, company: str, wanted: Any, last: int) -> AsyncIterator[Any]:
        name = ""
        while True:
            query = _of(company).where(ShipmentRow.name > name).limit(_SCAN)
            rows = await self._store.read(viewer, lambda session, q=query: session.exec(q).all())  # type: ignore[misc]
            shown = [views.shipment(viewer, row) for row in rows]
            for answer in _told(shown, wanted, 0, last if len(rows) < _SCAN else 0):
                yield answer
            if len(rows) < _SCAN:
                return
            name = rows[-1].name

    async def _changed(self, viewer: Viewer, events: Sequence[Event]) -> list[Any]:
        names = sorted({e.body.decode() for e in events})
        if not names:
            return []
        query = select(ShipmentRow).where(col(ShipmentRow.name).in_(names)).order_by(ShipmentRow.name)
        rows = await self._store.read(viewer, lambda session: session.exec(query).all())
        return [views.shipment(viewer, row) for row in rows]

    async def GetTrace(self, request: Any, context: Any) -> Any:
        """What happened to a shipment, in order of time."""
        viewer = caller()
        size, after = paging.size_of(request), paging.after(request, int, str)

        def page(session: Reading) -> Sequence[TraceRow]:
            row = _found(session, request.name)
            if not viewer.operator and row.company != viewer.company:
                raise Fault("RESOURCE_NOT_FOUND", metadata={"name": request.name})
            query = (
                select(TraceRow).where(TraceRow.shipment == request.name).order_by(col(TraceRow.at), col(TraceRow.id))
            )
            if after is not None:
                at, key = after
                later = (col(TraceRow.at) > at) | ((col(TraceRow.at) == at) & (col(TraceRow.id) > key))
                query = query.where(later)
            return session.exec(query.limit(size + 1)).all()

        rows = await self._store.read(viewer, page)
        taken = paging.fitting((len(r.body) for r in rows), size)
        shown = [tracking_events_pb2.TrackingEvent.FromString(r.body) for r in rows[:taken]]
        answer = shipments_pb2.GetTraceResponse(events=shown)
        if len(rows) > taken:
            answer.next_page_token = paging.token(request, [to_us(rows[taken - 1].at), rows[taken - 1].id])
        return answer


def _told(shipments: Sequence[Any], wanted: Any, before: int, after: int) -> Iterator[Any]:
    """Shipments in messages that have room for them; only with the last is all told up to the number after them."""
    left = [s for s in shipments if filters.matches(wanted, s)]
    while True:
        taken = paging.fitting((s.ByteSize() for s in left), len(left))
        last = taken == len(left)
        yield shipments_pb2.WatchShipmentsResponse(shipments=left[:taken], sequence=after if last else before)
        if last:
            return
        left = left[taken:]


def _of(company: str) -> Any:
    carried = col(ShipmentRow.carriers).contains(f" {company} ", autoescape=True)
    return select(ShipmentRow).where((col(ShipmentRow.company) == company) | carried).order_by(col(ShipmentRow.name))


def _found(session: Reading, name: str) -> ShipmentRow:
    row = session.exec(select(ShipmentRow).where(ShipmentRow.name == name)).first()
    if row is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    return row


def _report_one(tx: Transaction, write: Write) -> bytes:
    request, company = write.payload, write.viewer.company
    standard.must_own(write.viewer, request.parent)
    company = request.parent.removeprefix("companies/")
    answer = tracking_events_pb2.ReportEventsResponse()
    for i, event in enumerate(request.events):
        if event.event_at.ToDatetime(UTC) > tx.now + AHEAD:
            raise Fault("EVENT_IN_FUTURE", f"events[{i}] is said to have happened in the future")
        given = tracking_events_pb2.TrackingEvent()
        given.CopyFrom(event)
        given.ClearField("record_time")
        digest = hashlib.sha256(given.SerializeToString(deterministic=True)).digest()
        with tx.reading() as session:
            known = session.get(TrackingRow, (company, event.event_id))
        if known is not None:
            if known.digest != digest:
                raise Fault("EVENT_CONFLICT", f"events[{i}]", metadata={"event_id": event.event_id})
            answer.known += 1
            continue
        legs = _legs(tx, company, event, i)
        row = {
            "company": company,
            "event_id": event.event_id,
            "digest": digest,
            "at": event.event_at.ToDatetime(UTC),
            "recorded_at": tx.now,
            "body": given.SerializeToString(),
        }
        tx.connection.execute(insert(TrackingRow), [row])
        tracking.report(tx, company, given, legs)
        answer.created += 1
    return bytes(answer.SerializeToString())


def _legs(tx: Transaction, company: str, event: Any, line: int) -> list[LegRow]:
    """The legs that an event is about: of the reporter's own load, or of its own order."""
    with tx.reading() as session:
        if event.order:
            order = session.get(OrderRow, event.order)
            if order is None or order.company != company:
                raise Fault("ORDER_UNKNOWN", f"events[{line}]", metadata={"order": event.order})
            return list(session.exec(select(LegRow).where(LegRow.order_name == event.order)))
        if event.load_id:
            own = (col(LegRow.carrier) == company) | (col(LegRow.hub) == company)
            query = select(LegRow).where(own, LegRow.load_id == event.load_id)
            legs = list(session.exec(query.where(LegRow.job == event.job) if event.job else query))
            if not legs:
                raise Fault("LOAD_UNKNOWN", f"events[{line}]", metadata={"load_id": event.load_id})
            return legs
    return []  # about objects that no plan of ours names


_report = single(_report_one)
