"""Marks in every field of every record, of which each says whose it is: what comes back is searched for others' marks.

A mark in a text is a word that occurs nowhere else, a mark in a number or time is a value that does. Stored are whole
messages as their descriptors say, so that a field that is new is marked without anybody's doing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from google.longrunning import operations_pb2
from google.protobuf import any_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from sqlalchemy import Boolean, Float, Integer, LargeBinary, String, insert
from sqlmodel import AutoString

from groupage.v1 import (
    audits_pb2,
    certificates_pb2,
    change_requests_pb2,
    companies_pb2,
    consents_pb2,
    fleets_pb2,
    forecasts_pb2,
    hubs_pb2,
    members_pb2,
    negotiation_pb2,
    orders_pb2,
    pools_pb2,
    proposals_pb2,
    rulebooks_pb2,
    shipments_pb2,
    sites_pb2,
    synchronizations_pb2,
    tariffs_pb2,
    tracking_events_pb2,
)
from server import bus, exports, tracking
from server import synchronization as steps
from server.store import Store, Transaction, identities
from server.store import tables as t
from server.store.tables import table_of

# Who is in which pool, and whether its members see each other.
POOLS = {"rhine": (("acme", "acme2", "swift"), False), "elbe": (("acme2", "swift"), True), "oder": (("bolt",), True)}
COMPANIES = ("acme", "acme2", "swift", "bolt")
CARRIER = "swift"
SERVICE = "~service"

_WORD = re.compile(rb"xq(\d{6})qx")
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DIGITS = re.compile(rb"(?<!\d)\d{8,16}(?!\d)")
_LARGE, _SMALL, _SECONDS, _SPAN = 7_770_000_000_000, 1_777_000_000, 1_888_000_000, 1_555_000_000
_FLOAT = 15_000_000
_TEXTS = (FieldDescriptor.CPPTYPE_STRING,)
_LARGE_ONES = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_DOUBLE)
_SMALL_ONES = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32)
_DEEPEST = 7


class Mark(NamedTuple):
    """Whose a mark is, in what kind of record, and in which field."""

    owner: str
    kind: str
    path: str


@dataclass
class Canaries:
    """All marks that were made."""

    marks: list[Mark] = field(default_factory=list)

    def mark(self, owner: str, kind: str, path: str) -> int:
        """Make a mark; its number."""
        self.marks.append(Mark(owner, kind, path))
        return len(self.marks) - 1

    def word(self, owner: str, kind: str, path: str = "name") -> str:
        """Make a mark that is a word; good as an id too."""
        return f"xq{self.mark(owner, kind, path):06d}qx"

    def fill(self, message: Any, owner: str, kind: str, path: str = "", **choices: str) -> Any:
        """Mark every field of a message; of a oneof, the field that `choices` names by it, or the first."""
        if path.count(".") > _DEEPEST:
            return message
        for f in message.DESCRIPTOR.fields:
            one = f.containing_oneof
            if one is not None and len(one.fields) > 1 and f.name != choices.get(one.name, one.fields[0].name):
                continue
            where = f"{path}.{f.name}".lstrip(".")
            if f.message_type is not None and f.message_type.GetOptions().map_entry:
                continue
            if f.message_type is not None and f.message_type.full_name == message.DESCRIPTOR.full_name:
                continue
            for _ in range(2 if f.is_repeated else 1):
                self._put(message, f, owner, kind, where)
        return message

    def _put(self, message: Any, f: Any, owner: str, kind: str, where: str) -> None:
        if f.message_type is not None:
            inner = getattr(message, f.name).add() if f.is_repeated else getattr(message, f.name)
            inner.SetInParent()
            self._put_message(inner, owner, kind, where)
            return
        value = self._value(f, owner, kind, where)
        if f.is_repeated:
            getattr(message, f.name).append(value)
        else:
            setattr(message, f.name, value)

    def _put_message(self, inner: Any, owner: str, kind: str, where: str) -> None:
        name = inner.DESCRIPTOR.full_name
        if name == "google.protobuf.Timestamp":
            inner.seconds = _SECONDS + self.mark(owner, kind, where)
        elif name == "google.protobuf.Duration":
            inner.seconds = _SPAN + self.mark(owner, kind, where)
        elif name == "google.type.Date":
            inner.year, inner.month, inner.day = 2030, 5, 4
        elif name != "google.protobuf.Any":
            self.fill(inner, owner, kind, where)

    def _value(self, f: Any, owner: str, kind: str, where: str) -> Any:
        if f.enum_type is not None:
            return f.enum_type.values[min(1, len(f.enum_type.values) - 1)].number
        if f.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return True
        if f.cpp_type in _TEXTS:
            word = self.word(owner, kind, where)
            return word.encode() if f.type == FieldDescriptor.TYPE_BYTES else word
        number = self.mark(owner, kind, where)
        if f.cpp_type in _LARGE_ONES:
            return _LARGE + number
        return (_SMALL if f.cpp_type in _SMALL_ONES else _FLOAT) + number

    def found(self, answer: Any) -> set[Mark]:
        """All marks in bytes, in a text, or in a message."""
        raw = answer.SerializeToString() if isinstance(answer, Message) else answer
        raw = raw.encode() if isinstance(raw, str) else raw
        out = {int(m[1]) for m in _WORD.finditer(raw)}
        out.update(n for m in _DIGITS.finditer(raw) for n in self._numbers(int(m[0])))
        for moment in _MOMENT.finditer(raw):
            with suppress(ValueError):  # a mutated byte made it none
                out.update(self._numbers(datetime.fromisoformat(moment[0].decode()).timestamp()))
        if isinstance(answer, Message):
            out.update(n for value in _values(answer) for n in self._numbers(value))
        return {self.marks[n] for n in out if n < len(self.marks)}

    def _numbers(self, value: float) -> Iterator[int]:
        for base in (_LARGE, _SMALL, _SECONDS, _SPAN):
            if base <= value < base + len(self.marks) and value == int(value):
                yield int(value) - base


def _values(message: Any) -> Iterator[float]:
    if isinstance(message, any_pb2.Any):
        opened = _opened(message)
        if opened is not None:
            yield from _values(opened)
        return
    for f, value in message.ListFields():
        if f.message_type is not None and f.message_type.GetOptions().map_entry:
            for one in value.values():
                yield from _values(one) if isinstance(one, Message) else (one,) if isinstance(one, float | int) else ()
            continue
        for one in value if f.is_repeated else (value,):
            if isinstance(one, Message):
                yield from _values(one)
            elif isinstance(one, float | int):
                yield one


def _opened(packed: any_pb2.Any) -> Any:
    kinds = (*vars(error_details_pb2).values(), status_pb2.Status, *_PACKED)
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Message) and packed.Is(kind.DESCRIPTOR):
            opened = kind()
            packed.Unpack(opened)
            return opened
    return None


_PACKED = (
    synchronizations_pb2.Synchronization,
    synchronizations_pb2.RequestSynchronizationMetadata,
    members_pb2.ExportMemberMetadata,
    members_pb2.ExportMemberResponse,
)


def may_see(viewer: str, mark: Mark) -> bool:
    """Tell by the contract's own words whether a company may see what a mark stands in."""
    if mark.owner == viewer:
        return True
    together = [shown for members, shown in POOLS.values() if {viewer, mark.owner} <= set(members)]
    if mark.owner.startswith("pools/"):
        return viewer in POOLS[mark.owner.removeprefix("pools/")][0]
    if mark.kind == "tariff_public":
        return bool(together) and mark.path != "margin_percent"
    if mark.kind == "company":
        return any(together) and mark.path in ("name", "display_name")
    if mark.kind == "consent":
        return any(together) and mark.path not in ("signed_by", "reason")
    if mark.kind == "member":
        return any(together) and mark.path != "leave_reason" and not mark.path.startswith("monthly_fees")
    if mark.kind == "shipment":
        return viewer == CARRIER and mark.path in ("name", "order.name", "due_at", "delivered_at", "late_hours")
    if mark.kind == "order" and mark.path == "name":
        return viewer == CARRIER  # it stands in the name of the shipment that it carries
    return False


def foreign(viewer: str, marks: Iterable[Mark]) -> list[Mark]:
    """Those that a company may not see."""
    return sorted(m for m in marks if not may_see(viewer, m))


@dataclass
class World:
    """A store full of marks.

    Attributes
    ----------
    names
        Of resources, by owner (a company's id, or a pool's name) and collection.
    """

    canaries: Canaries = field(default_factory=Canaries)
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    file_ids: dict[str, str] = field(default_factory=dict)

    def note(self, owner: str, collection: str, name: str) -> str:
        """Keep a name."""
        self.names.setdefault((owner, collection), []).append(name)
        return name


_MASTER = (
    ("site", "sites", sites_pb2.Site, {}),
    ("hub", "hubs", hubs_pb2.Hub, {}),
    ("vehicle_type", "vehicleTypes", fleets_pb2.VehicleType, {}),
    ("certificate", "certificates", certificates_pb2.Certificate, {}),
    ("audit", "audits", audits_pb2.Audit, {}),
    ("forecast_model", "forecastModels", forecasts_pb2.ForecastModel, {}),
)


def plant(store: Store) -> World:
    """Fill an empty store."""
    world = World()
    store.transact(lambda tx: _Planting(world, tx).all())
    return world


class _Planting:
    def __init__(self, world: World, tx: Transaction) -> None:
        self.world, self.tx, self.canaries = world, tx, world.canaries

    def all(self) -> None:
        for company in COMPANIES:
            self.company(company)
        for pool, (members, shown) in POOLS.items():
            self.pool(pool, members, shown)
            for table in (t.PromiseRow, t.ReservationRow, t.PoolDayRow):
                self.insert(table, SERVICE, pool=f"pools/{pool}")
        self.insert(t.ExecutorRow, SERVICE)

    def insert(self, table: Any, whose: str, /, **given: Any) -> None:
        """One row, with marks in all columns that are not given."""
        values = dict(given)
        for column in table_of(table).columns:
            if column.name in values:
                continue
            kind, path = table.__tablename__, column.name
            if column.name == "company":
                values["company"] = whose
            elif isinstance(column.type, String | AutoString):
                values[column.name] = self.canaries.word(whose, kind, path)
            elif isinstance(column.type, LargeBinary):
                values[column.name] = self.canaries.word(whose, kind, path).encode()
            elif isinstance(column.type, Boolean):
                values[column.name] = False
            elif isinstance(column.type, Integer | Float):
                values[column.name] = _SMALL + self.canaries.mark(whose, kind, path)
            else:
                values[column.name] = self.tx.now
        self.tx.connection.execute(insert(table), [values])

    def record(self, kind: str, name: str, message: Any, **columns: Any) -> None:
        given = {"parent": "", "company": None, "pool": None, "state": "", "version": 1, "key": ""} | columns
        now = self.tx.now
        body = message.SerializeToString()
        self.tx.connection.execute(
            insert(t.Record),
            [{"name": name, "kind": kind, "body": body, "created_at": now, "updated_at": now, **given}],
        )

    def filled(self, message: Any, owner: str, kind: str, **choices: str) -> Any:
        return self.canaries.fill(message(), owner, kind, **choices)

    def company(self, c: str) -> None:
        me, note, word = f"companies/{c}", self.world.note, self.canaries.word
        whole = self.filled(companies_pb2.Company, c, "company")
        for i, contact in enumerate(whole.contacts):
            self.insert(t.ContactRow, c, position=i, body=contact.SerializeToString())
        whole.ClearField("contacts")
        whole.roles[:] = [companies_pb2.ROLE_SHIPPER, companies_pb2.ROLE_CARRIER, companies_pb2.ROLE_HUB]
        self.record("company", note(c, "companies", me), whole, company=c, state="ACTIVE")
        for kind, collection, message, choices in _MASTER:
            for _ in range(2):
                name = note(c, collection, f"{me}/{collection}/{word(c, kind)}")
                self.record(kind, name, self.filled(message, c, kind, **choices), parent=me, company=c)
        one = tariffs_pb2.Tariff.DESCRIPTOR.oneofs[0]
        for choice in one.fields:
            kind = "tariff" if choice.name == "contract" else "tariff_public"
            name = note(c, "tariffs", f"{me}/tariffs/{word(c, kind)}")
            message = self.filled(tariffs_pb2.Tariff, c, kind, **{one.name: choice.name})
            self.record("tariff", name, message, parent=me, company=c, state=choice.name)
        for _ in range(3):
            self.order(c)
        for i in range(3):
            self.insert(t.DemandRow, c, day=f"2026-11-0{i + 1}")
            self.insert(t.RequestRow, c)
            self.insert(t.AuditRow, c)
        self.insert(identities.TokenRow, c)
        self.insert(identities.ClientCertificateRow, c)
        event = self.filled(tracking_events_pb2.TrackingEvent, c, "tracking_event")
        self.insert(t.TrackingRow, c, body=event.SerializeToString())

    def order(self, c: str) -> None:
        me, tx = f"companies/{c}", self.tx
        name = self.world.note(c, "orders", f"{me}/orders/{self.canaries.word(c, 'order')}")
        order = self.filled(orders_pb2.Order, c, "order")
        at = tx.now + timedelta(days=2)
        self.insert(
            t.OrderRow, c, name=name, state="OPEN", window_open=at, window_close=at, due_at=at, version=1,
            body=order.SerializeToString(), synchronization="",
        )  # fmt: skip
        shipment = self.world.note(c, "shipments", f"{name}/shipment")
        body = self.filled(shipments_pb2.Shipment, c, "shipment").SerializeToString()
        carriers = f" {CARRIER} " if c in ("acme", "acme2") else " "
        self.insert(t.ShipmentRow, c, name=shipment, carriers=carriers, state="PLANNED", version=1, body=body)
        trace = self.filled(tracking_events_pb2.TrackingEvent, c, "trace")
        self.insert(t.TraceRow, c, shipment=shipment, body=trace.SerializeToString())
        for who in {c, *carriers.split()}:
            tx.append(tracking.stream_of(who), "shipment", shipment.encode(), company=who)
        self.insert(t.LegRow, SERVICE, carrier=CARRIER, order_name=name, owner=c, position=0, state="PLANNED")

    def pool(self, p: str, members: tuple[str, ...], shown: bool) -> None:
        me, note, word = f"pools/{p}", self.world.note, self.canaries.word
        book = note(me, "rulebooks", f"{me}/rulebooks/{word(me, 'rulebook')}")
        rulebook = self.filled(rulebooks_pb2.Rulebook, me, "rulebook")
        rulebook.version, rulebook.state = 1, rulebooks_pb2.Rulebook.IN_FORCE
        pool = self.filled(pools_pb2.Pool, me, "pool")
        pool.rulebook, pool.state = book, pools_pb2.Pool.ACTIVE
        self.record("pool", note(me, "pools", me), pool, pool=p)
        self.record("rulebook", book, rulebook, parent=me, pool=p)
        plan = note(me, "synchronizations", f"{me}/synchronizations/{word(me, 'synchronization')}")
        whole = self.filled(synchronizations_pb2.Synchronization, me, "synchronization")
        whole.state = synchronizations_pb2.Synchronization.PROPOSED
        self.record("synchronization", plan, whole, parent=me, state="PROPOSED")
        for c in members:
            self.member(me, p, c, book, plan, shown)
        change = note(members[0], "changeRequests", f"{plan}/changeRequests/{word(members[0], 'change_request')}")
        asked = self.filled(change_requests_pb2.ChangeRequest, members[0], "change_request")
        self.record("change_request", change, asked, parent=plan, company=members[0])
        self.operation(members[0], steps.operation_of(plan), plan)
        self.insert(t.NegotiationRow, SERVICE, synchronization=plan, round=1)
        self.insert(t.ExchangeRow, SERVICE, synchronization=plan, round=1, number=1)
        self.insert(t.BlobRow, SERVICE)

    def member(self, me: str, p: str, c: str, book: str, plan: str, shown: bool) -> None:
        note, word, tx = self.world.note, self.canaries.word, self.tx
        member = self.filled(members_pb2.Member, c, "member")
        member.company, member.state = f"companies/{c}", members_pb2.Member.ACTIVE
        member.ClearField("leave_time")
        name = note(c, "members", f"{me}/members/{c}")
        self.record("member", name, member, parent=me, company=c, pool=p)
        self.insert(t.Membership, c, pool=p, until=None, shown=shown)
        consent = self.filled(consents_pb2.Consent, c, "consent")
        consent.company = f"companies/{c}"
        self.record("consent", note(c, "consents", f"{book}/consents/{c}"), consent, parent=book, company=c, pool=p)
        file_id = word(c, "export", "file_id")
        self.world.file_ids[name] = file_id
        index = exports.Index(rows=1, size_bytes=10, sha256=word(c, "export", "sha256"), parts=1)
        body = json.dumps(asdict(index)).encode()
        self.insert(t.BlobRow, c, digest=f"export:{name}:{file_id}", kind="export", body=body)
        self.insert(t.BlobRow, c, digest=f"export:{name}:{file_id}:000000", kind="export")
        self.operation(c, note(c, "operations", f"operations/{word(c, 'operation')}"), name)
        proposal = self.filled(proposals_pb2.Proposal, c, "proposal")
        proposal.state, proposal.round, proposal.company = proposals_pb2.Proposal.OPEN, 1, f"companies/{c}"
        offered = note(c, "proposals", f"{plan}/proposals/{word(c, 'proposal')}")
        self.record("proposal", offered, proposal, parent=plan, company=c, state="OPEN")
        self.insert(t.Participation, c, synchronization=plan, open=True, declined=False, proposal=offered)
        self.insert(t.CommitmentRow, c, synchronization=plan, until=tx.now + timedelta(days=9))
        offer = self.filled(negotiation_pb2.CapacityOffer, c, "capacity_offer").SerializeToString()
        self.insert(t.CapacityOfferRow, c, pool=p, body=offer)
        self.insert(t.AgentRow, c, role=len(self.world.names))
        said = self.filled(synchronizations_pb2.SynchronizationEvent, c, "event")
        tx.append(steps.stream_of(plan, c), "event", said.SerializeToString(), company=c)
        question = self.filled(negotiation_pb2.Question, c, "question")
        question.synchronization = plan
        self.insert(
            t.QuestionRow, c, question_id=question.question_id, synchronization=plan, role=0, answer=None,
            reply_by=tx.now + timedelta(hours=1), question=question.SerializeToString(), answered_at=None,
        )  # fmt: skip
        closed = self.filled(negotiation_pb2.ConversationClosed, c, "closed")
        for kind, told in (("question", question), ("closed", closed)):
            said = negotiation_pb2.ConverseResponse(**{kind: told})
            tx.append(bus.stream_of(c), kind, said.SerializeToString(), company=c)

    def operation(self, c: str, name: str, parent: str) -> None:
        operation = operations_pb2.Operation(name=name)
        metadata = self.filled(members_pb2.ExportMemberMetadata, c, "operation")
        metadata.member = parent
        operation.metadata.Pack(metadata)
        operation.response.Pack(self.filled(members_pb2.ExportMemberResponse, c, "operation"))
        operation.done = True
        self.record("operation", name, operation, parent=parent, company=c, state=steps.DONE)
