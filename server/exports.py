"""A member's own records, written out: one file of JSON lines for each kind, kept by content until they are erased."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from google.protobuf import json_format
from sqlalchemy import insert
from sqlmodel import select

from groupage.v1 import (
    companies_pb2,
    members_pb2,
    orders_pb2,
    shipments_pb2,
    tracking_events_pb2,
)
from server import demand, names, people
from server import synchronization as steps
from server.faults import Fault
from server.pools import CONSENT, MEMBER
from server.services import kinds, standard
from server.store.tables import (
    AuditRow,
    BlobRow,
    DemandRow,
    OrderRow,
    Record,
    ShipmentRow,
    TrackingRow,
)
from server.viewer import SYSTEM, Viewer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from server.store import Reading, Store, Transaction

# Kind of the blobs; those of people are of `people.EXPORTED`.
EXPORTED = "export"
PART_BYTES = 256 * 1024
# An export that is not done after so long was left by a crash, and is made again.
LEFT_AFTER = timedelta(minutes=2)

_RECORDS = (
    kinds.COMPANY,
    kinds.SITE,
    kinds.HUB,
    kinds.VEHICLE_TYPE,
    kinds.TARIFF,
    kinds.CERTIFICATE,
    kinds.AUDIT,
    MEMBER,
    CONSENT,
    steps.PROPOSAL,
)


def _lines(session: Reading, company: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Kinds of records, and each one's lines; the session sees the company's own only."""
    from server.forecast_models import FORECAST_MODEL  # it brings the learners along, which few need

    for kind in (*_RECORDS, FORECAST_MODEL):
        query = select(Record).where(Record.kind == kind.kind, Record.company == company).order_by(Record.name)
        yield (
            f"{kind.kind}s".replace("companys", "companies"),
            (_json(_without_people(standard.seen(session, kind, r))) for r in session.exec(query)),
        )
    orders = select(OrderRow).where(OrderRow.company == company).order_by(OrderRow.name)
    yield "orders", (_json(_order(row)) for row in session.exec(orders))
    yield (
        "demand",
        (_json(demand.record_of(row)) for row in session.exec(select(DemandRow).where(DemandRow.company == company))),
    )
    shipments = select(ShipmentRow).where(ShipmentRow.company == company).order_by(ShipmentRow.name)
    yield "shipments", (_json(shipments_pb2.Shipment.FromString(r.body)) for r in session.exec(shipments))
    tracked = select(TrackingRow).where(TrackingRow.company == company)
    yield (
        "tracking_events",
        (_json(tracking_events_pb2.TrackingEvent.FromString(r.body)) for r in session.exec(tracked)),
    )
    audited = select(AuditRow).where(AuditRow.company == company).order_by(AuditRow.id)
    yield "audit_log", (_plain(row) for row in session.exec(audited))


def _without_people(message: Any) -> Any:
    if isinstance(message, companies_pb2.Company):
        message.ClearField("contacts")
    return message


def _order(row: OrderRow) -> Any:
    order = orders_pb2.Order.FromString(row.body)
    order.name, order.etag, order.synchronization = row.name, standard.etag(row.version), row.synchronization
    order.state = orders_pb2.Order.State.Value(row.state)
    return order


def _json(message: Any) -> bytes:
    return bytes(json_format.MessageToJson(message, indent=None, preserving_proto_field_name=True).encode())


def _plain(row: Any) -> bytes:
    values = {k: v for k, v in row.model_dump().items() if not isinstance(v, bytes)}
    return json.dumps(values, default=str, sort_keys=True).encode()


def run(store: Store, operation: str) -> None:
    """Make the files of an export and finish its operation; again, it makes the same."""
    record = store.look(SYSTEM, lambda session: session.get(Record, operation))
    if record is None or record.company is None:
        raise LookupError(f"{operation} is no export")
    if operations_pb2.Operation.FromString(record.body).done:
        return
    company = record.company
    made = store.look(
        Viewer(company),
        lambda session: [(kind, list(lines)) for kind, lines in _lines(session, company)],
    )
    store.transact(lambda tx: _finish(tx, operation, made))


def _finish(tx: Transaction, operation: str, made: list[tuple[str, list[bytes]]]) -> None:
    with tx.reading() as session:
        record = session.get(Record, operation)
    if record is None:
        return
    message = operations_pb2.Operation.FromString(record.body)
    if message.done:
        return
    answer = members_pb2.ExportMemberResponse()
    company = record.company or ""
    # Read here, where nobody can erase them before the file is there.
    people.lock(tx, company)
    with tx.reading() as session:
        contacts = [_json(person) for person in people.of(session, company)]
    for kind, lines in (*made, ("contacts", contacts)):
        body = b"".join(line + b"\n" for line in lines)
        digest = hashlib.sha256(body).hexdigest()
        # Two members' equal files are two: a file is had by its id, and an id belongs to one membership.
        file_id = hashlib.sha256(f"{record.parent}/{operation}/{kind}/{digest}".encode()).hexdigest()[:32]
        answer.files.add(kind=kind, rows=len(lines), sha256=digest, file_id=file_id, size_bytes=len(body))
        row = {
            "digest": f"export:{record.parent}:{file_id}",
            "kind": people.EXPORTED if kind == "contacts" else EXPORTED,
            "at": tx.now,
            "body": body,
        }
        tx.connection.execute(insert(BlobRow), [row])
    message.done = True
    message.response.Pack(answer)
    standard.change_record(tx, steps.OPERATION, record, message)


def must_be_own(session: Reading, member: str) -> None:
    """Refuse exports of memberships that the viewer does not speak for.

    Raises
    ------
    Fault
        EXPORT_UNKNOWN, as where there is none.
    """
    record = session.exec(select(Record).where(Record.name == member, Record.kind == MEMBER.kind)).first()
    if record is None or not (session.viewer.operator or names.id_in(member, "members") == session.viewer.company):
        raise Fault("EXPORT_UNKNOWN")


def file(session: Reading, member: str, file_id: str) -> bytes:
    """Content of an export's file; for the service's eyes, after `must_be_own`.

    Raises
    ------
    Fault
        EXPORT_UNKNOWN, if there is none of that id.
    """
    # An id is letters and digits; PostgreSQL would not even look for a text with a zero in it.
    row = session.get(BlobRow, f"export:{member}:{file_id}") if file_id.isalnum() else None
    if row is None:
        raise Fault("EXPORT_UNKNOWN")
    return row.body


def resume(store: Store) -> int:
    """Make the exports that a crash left; answers how many."""
    before = store.now() - LEFT_AFTER
    running = (Record.kind == steps.OPERATION.kind, Record.state != steps.DONE)
    query = select(Record.name, Record.parent).where(*running, Record.updated_at < before)
    rows = store.look(SYSTEM, lambda session: list(session.exec(query)))
    left = [name for name, parent in rows if "/members/" in parent]
    for name in left:
        run(store, name)
    return len(left)
