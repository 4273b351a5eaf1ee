"""What a member's export holds: one file of JSON lines for each kind of record, and what no file holds, with why not.

Every table, kind of record and stream of events stands either in `HELD` or in `LEFT_OUT`; a new one that stands in
neither fails a test. Lines are what the services would show the member, made by the same functions. Each file is read
in pages by a key that has an index, so that no page costs more than the one before, and in an order that leaves no two
rows to chance.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from sqlalchemy import literal, tuple_
from sqlmodel import col, select

from groupage.v1 import companies_pb2, negotiation_pb2, tracking_events_pb2
from server import bus, changes, demand, order_writes, views
from server import synchronization as steps
from server.pools import CONSENT, MEMBER, POOL, RULEBOOK
from server.services import kinds, standard
from server.store.tables import (
    AuditRow,
    CapacityOfferRow,
    CommitmentRow,
    DemandRow,
    EventRow,
    OrderRow,
    Participation,
    QuestionRow,
    Record,
    ShipmentRow,
    TraceRow,
    TrackingRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from server.services.standard import Kind
    from server.store import Reading

    Lines = Iterator[bytes]

_PAGE = 500
# Of rows that may be megabytes each: whole markets and plans.
_FEW = 8
# Held by no file, and why. Streams are named by the last part of their names.
LEFT_OUT: Mapping[str, str] = {
    "agents": "whether an own agent is connected at this moment",
    "blobs": "markets, transcripts and settlements of everybody, contents of models, exports: shown by no service",
    "client_certificates": "how a company proves who it is: the operator's, shown by no service",
    "exchanges": "what everybody said in a negotiation; a company's own questions and answers are in `questions`",
    "executors": "processes of the service",
    "legs": "ties owners to carriers; each party's part of it is in `proposals`, `shipments` and `traces`",
    "memberships": "what `members` says, for the row filter",
    "negotiations": "how far the service is with a negotiation of everybody's",
    "participations": "what `synchronizations` and `proposals` say, for the row filter",
    "pool_days": "what all of a pool needed on a day",
    "promises": "bind two companies; each reads of them in its own `proposals`",
    "requests": "kept so that a write that is sent twice counts once; what was written is in the other files",
    "reservations": "borne by several companies; each reads of them in its own `proposals`",
    "tokens": "how a company proves who it is: the operator's, shown by no service",
    "records/change": "the whole of a change, with everybody's parts; a company's own view is in `change_requests`",
    "records/operation": "how far something is that takes long, this export among it; what it led to has its own file",
    "events/record": "that a resource changed; how it is now is in its own file",
    "events/orders": "that orders changed; how they are now is in `orders`",
    "events/demand": "that demand was stored; it is in `demand`",
    "events/shipments": "that shipments changed; how they are now is in `shipments` and `carried_shipments`",
}


def text(message: Any) -> str:
    """A message as a line of JSON; keys in the order of the alphabet, since maps have none of their own."""
    return str(json_format.MessageToJson(message, indent=None, preserving_proto_field_name=True, sort_keys=True))


def line(message: Any) -> bytes:
    """The same as bytes."""
    return text(message).encode()


def _plain(row: Any) -> bytes:
    """A row that no message of the contract stands for, by its columns; bytes are left out."""
    values = {k: v for k, v in row.model_dump().items() if not isinstance(v, bytes)}
    return json.dumps(values, default=_moment, sort_keys=True).encode()


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _walk(session: Reading, query: Any, *key: Any, page: int | None = None) -> Iterator[Any]:
    """Rows of a query in the order of a key, by the page: each begins after the last row of the one before."""
    columns: list[Any] = [col(k) for k in key]
    page = page or _PAGE
    ordered = query.order_by(*columns).limit(page)
    after: list[Any] | None = None
    while True:
        asked = ordered
        if after is not None:
            given = [literal(v, c.type) for v, c in zip(after, columns, strict=True)]
            asked = asked.where(tuple_(*columns) > tuple_(*given) if len(key) > 1 else columns[0] > given[0])
        rows = session.exec(asked).all()
        yield from rows
        if len(rows) < page:
            return
        after = [getattr(rows[-1], c.key) for c in columns]
        del rows  # before the next page comes


def _own(session: Reading, company: str, *, kind: Kind) -> Lines:
    """Records of the company itself, which stand under it."""
    query = select(Record).where(
        Record.kind == kind.kind, Record.parent == f"companies/{company}", Record.company == company
    )
    for row in _walk(session, query, Record.name):
        yield line(standard.seen(session, kind, row))


def _about(session: Reading, company: str, *, kind: Kind) -> Lines:
    """Few records of the company, wherever they stand."""
    query = select(Record).where(Record.kind == kind.kind, Record.company == company)
    for row in _walk(session, query, Record.name):
        message = standard.seen(session, kind, row)
        if isinstance(message, companies_pb2.Company):
            message.ClearField("contacts")  # people have a file of their own, which goes when they are erased
        yield line(message)


def _shared(session: Reading, company: str, *, kind: Kind) -> Lines:
    """What the pools share in which the company is now: the row filter says which those are."""
    query = select(Record).where(Record.kind == kind.kind, col(Record.company).is_(None))
    for row in _walk(session, query, Record.name, page=_FEW):
        yield line(standard.seen(session, kind, row))


def _models(session: Reading, company: str) -> Lines:
    from server.forecast_models import FORECAST_MODEL  # it brings the learners along, which few need

    yield from _own(session, company, kind=FORECAST_MODEL)


def _orders(session: Reading, company: str) -> Lines:
    # By reference: orders have an index of company and reference, and none of company and name.
    query = select(OrderRow).where(OrderRow.company == company)
    for row in _walk(session, query, OrderRow.external_ref):
        yield line(order_writes.decoded(row, session.viewer))


def _demand(session: Reading, company: str) -> Lines:
    query = select(DemandRow).where(DemandRow.company == company)
    for row in _walk(session, query, DemandRow.zone, DemandRow.product, DemandRow.day):
        yield line(demand.record_of(row))


def _plans(session: Reading, company: str) -> Iterator[str]:
    """Names of the synchronizations that the company takes or took part in."""
    query = select(Participation).where(Participation.company == company)
    for row in _walk(session, query, Participation.synchronization):
        yield row.synchronization


def _synchronizations(session: Reading, company: str) -> Lines:
    for name in _plans(session, company):
        yield line(views.synchronization(session, name))


def _of_plans(session: Reading, company: str, *, kind: Kind) -> Lines:
    for name in _plans(session, company):
        query = select(Record).where(Record.kind == kind.kind, Record.parent == name, Record.company == company)
        for row in _walk(session, query, Record.name, page=_FEW):
            yield line(standard.seen(session, kind, row))


def _synchronization_events(session: Reading, company: str) -> Lines:
    for name in _plans(session, company):
        query = select(EventRow).where(EventRow.stream == steps.stream_of(name, company))
        for row in _walk(session, query, EventRow.version):
            # An event does not say itself of which synchronization it is.
            yield f'{{"synchronization": {json.dumps(name)}, {text(views.synchronization_event(row))[1:]}'.encode()


def _questions(session: Reading, company: str) -> Lines:
    query = select(QuestionRow).where(QuestionRow.company == company)
    for row in _walk(session, query, QuestionRow.question_id, page=_FEW):
        yield line(views.question(row))


def _agent_messages(session: Reading, company: str) -> Lines:
    """What own agents were sent beside questions, which go sooner and have a file of their own."""
    query = select(EventRow).where(EventRow.stream == bus.stream_of(company), EventRow.kind != "question")
    for row in _walk(session, query, EventRow.version, page=_FEW):
        yield line(views.agent_message(row))


def _capacity_offers(session: Reading, company: str) -> Lines:
    query = select(CapacityOfferRow).where(CapacityOfferRow.company == company)
    for row in _walk(session, query, CapacityOfferRow.pool, CapacityOfferRow.since, CapacityOfferRow.until):
        yield line(negotiation_pb2.CapacityOffer.FromString(row.body))


def _commitments(session: Reading, company: str) -> Lines:
    query = select(CommitmentRow).where(CommitmentRow.company == company)
    for row in _walk(session, query, CommitmentRow.until, CommitmentRow.synchronization, CommitmentRow.id):
        yield _plain(row)


def _shipments(session: Reading, company: str) -> Lines:
    query = select(ShipmentRow).where(ShipmentRow.company == company)
    for row in _walk(session, query, ShipmentRow.name):
        yield line(views.shipment(session.viewer, row))


def _carried(session: Reading, company: str) -> Lines:
    carried = col(ShipmentRow.carriers).contains(f" {company} ", autoescape=True)
    query = select(ShipmentRow).where(carried, ShipmentRow.company != company)
    for row in _walk(session, query, ShipmentRow.name):
        yield line(views.shipment(session.viewer, row))


def _traces(session: Reading, company: str) -> Lines:
    """By shipment, as they are asked for; there is no index of the traces of a company."""
    names: list[str] = []
    query = select(ShipmentRow).where(ShipmentRow.company == company)

    def some() -> Lines:
        traces = select(TraceRow).where(TraceRow.company == company, col(TraceRow.shipment).in_(names))
        for row in _walk(session, traces, TraceRow.shipment, TraceRow.at, TraceRow.id):
            yield line(tracking_events_pb2.TrackingEvent.FromString(row.body))

    for row in _walk(session, query, ShipmentRow.name):
        names.append(row.name)
        if len(names) == _PAGE:
            yield from some()
            names = []
    if names:
        yield from some()


def _tracking_events(session: Reading, company: str) -> Lines:
    query = select(TrackingRow).where(TrackingRow.company == company)
    for row in _walk(session, query, TrackingRow.event_id):
        yield line(tracking_events_pb2.TrackingEvent.FromString(row.body))


def _audit_log(session: Reading, company: str) -> Lines:
    query = select(AuditRow).where(AuditRow.company == company)
    for row in _walk(session, query, AuditRow.at, AuditRow.id):
        yield _plain(row)


# Files in the order in which they are made; each is told by its name, a session that sees what the company may see, and
# the company. `contacts`, of `server.people`, comes last.
FILES: Mapping[str, Callable[[Reading, str], Lines]] = {
    "companies": partial(_about, kind=kinds.COMPANY),
    "sites": partial(_own, kind=kinds.SITE),
    "hubs": partial(_own, kind=kinds.HUB),
    "vehicle_types": partial(_own, kind=kinds.VEHICLE_TYPE),
    "tariffs": partial(_own, kind=kinds.TARIFF),
    "certificates": partial(_own, kind=kinds.CERTIFICATE),
    "audits": partial(_own, kind=kinds.AUDIT),
    "pools": partial(_shared, kind=POOL),
    "rulebooks": partial(_shared, kind=RULEBOOK),
    "members": partial(_about, kind=MEMBER),
    "consents": partial(_about, kind=CONSENT),
    "orders": _orders,
    "demand": _demand,
    "forecast_models": _models,
    "synchronizations": _synchronizations,
    "synchronization_events": _synchronization_events,
    "proposals": partial(_of_plans, kind=steps.PROPOSAL),
    "change_requests": partial(_of_plans, kind=changes.CHANGE_REQUEST),
    "commitments": _commitments,
    "questions": _questions,
    "agent_messages": _agent_messages,
    "capacity_offers": _capacity_offers,
    "shipments": _shipments,
    "carried_shipments": _carried,
    "traces": _traces,
    "tracking_events": _tracking_events,
    "audit_log": _audit_log,
}
CONTACTS = "contacts"
# Table, kind of record or stream of events, and the file that holds it.
HELD: Mapping[str, str] = {
    **{
        table: table
        for table in (
            *("audit_log", "capacity_offers", "commitments", "contacts", "demand", "orders", "questions"),
            *("shipments", "traces", "tracking_events"),
        )
    },
    **{
        f"records/{kind}": "companies" if kind == "company" else f"{kind}s"
        for kind in (
            *("company", "site", "hub", "vehicle_type", "tariff", "certificate", "audit", "forecast_model"),
            *("pool", "rulebook", "member", "consent", "synchronization", "proposal", "change_request"),
        )
    },
    "events/synchronization": "synchronization_events",
    "events/agent": "agent_messages",
}
