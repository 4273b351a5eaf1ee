"""Changes of a committed plan: each step one transaction, each company's view a record of its own.

The whole of a change is one private record (kind ``change``); what a company may see of it is its own
``change_request`` under a name of its own, so that views cannot be matched by their names.
The plan in force is that of the latest change that took effect, or else what was negotiated.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlmodel import col, select

from agents import records
from agents.visibility import Phase
from groupage.v1 import change_requests_pb2, orders_pb2, proposals_pb2, synchronizations_pb2
from server import synchronization as steps
from server.durable import record, telling
from server.faults import Fault
from server.market import freeze_from
from server.names import company_of
from server.services.standard import Kind, change_record, decoded, insert_record
from server.store.ids import new_id
from server.store.tables import LegRow, OrderRow, Record
from server.wire import account
from server.wire.proposals import proposals
from server.wire.shipments import shipment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agents.settlement import Settlement
    from logistics.shipments import Shipment
    from server.market import Freeze
    from server.store import Reading, Transaction

ChangeRequest = change_requests_pb2.ChangeRequest
State = ChangeRequest.State
CHANGE_REQUEST = Kind(
    "change_request",
    ChangeRequest,
    "changeRequests",
    "change_request",
    filters=("state", "order", "create_time"),
    columns=lambda m: {"state": State.Name(m.state)},
)
MASTER = "change"
OPEN = (State.Name(State.PRICING), State.Name(State.AWAITING_REPLIES))
Parts = dict[str, proposals_pb2.Proposal]


def masters(session: Reading, name: str, *states: str) -> list[Record]:
    """Changes of a synchronization in some states, oldest first."""
    query = select(Record).where(Record.kind == MASTER, Record.parent == name, col(Record.state).in_(states))
    return list(session.exec(query.order_by(col(Record.created_at), col(Record.name))))


def in_force(session: Reading, name: str) -> tuple[Freeze, Settlement, dict[str, float] | None]:
    """The plan in force: its market, what was agreed, and emissions without the pool where they are known."""
    row = record.last_negotiation(session, name)
    if row is None:
        raise LookupError(f"{name} was never negotiated")
    alone = json.loads(row.alone_kgco2e) if row.alone_kgco2e else None
    negotiated = record.freeze_of(session, row)
    done = masters(session, name, State.Name(State.ACCEPTED))
    if not done:
        return negotiated, record.settlement_of(session, row), alone
    # The latest: one is taken up at a time.
    last = json.loads(max(done, key=lambda r: (r.updated_at, r.name)).body)
    freeze = freeze_from(record.blob(session, last["freeze"]))
    if alone is not None:
        # What an order that was amended since would emit alone is not known.
        now, then = freeze.market.shipments, negotiated.market.shipments
        alone = {s: kg for s, kg in alone.items() if now.get(s) == then.get(s)}
    return freeze, records.loads(record.blob(session, last["settlement"])), alone


def parts(
    freeze: Freeze, settlement: Settlement, alone: Mapping[str, float] | None, had: Mapping[str, Any] | None = None
) -> Parts:
    """Everybody's part.

    Parameters
    ----------
    had
        Parts before a change: who had work then, and has none now, has a part that says so, with what it is still paid.
    """
    made = proposals(freeze, settlement, Phase.AFTER, names=lambda c: telling.names_for(freeze, c), alone_kgco2e=alone)
    for who, seat in sorted(freeze.seats.items()):
        company = company_of(seat.company)
        field = "carrier_part" if who in freeze.market.carriers else "hub_part" if who in freeze.market.hubs else ""
        paid, before = account.received_cents(settlement, who), (had or {}).get(company, _NONE)
        if not field or made.get(company, _NONE).HasField(field) or not (paid or before.HasField(field)):
            continue
        part = getattr(made.setdefault(company, proposals_pb2.Proposal(company=seat.company)), field)
        part.SetInParent()
        part.received_cents, part.liability_cents = paid, account.liability_cents(settlement, who)
    return made


_NONE = proposals_pb2.Proposal()


def becomes(row: OrderRow, change: ChangeRequest) -> tuple[orders_pb2.Order | None, Shipment | None]:
    """An order as a change would have it; ``None`` where it does not travel.

    Raises
    ------
    Fault
        INVALID_FIELD where what is short is more than was ordered.
    """
    if change.HasField("cancellation"):
        return None, None
    order: Any = orders_pb2.Order.FromString(row.body)
    order.name = row.name
    order.create_time.FromDatetime(row.created_at)
    given = change.amendment if change.HasField("amendment") else change.short_quantity
    if change.HasField("short_quantity"):
        if given.pallets > order.pallets or given.weight_kg > order.weight_kg:
            raise Fault("INVALID_FIELD", violations=[("change_request.short_quantity", "more than was ordered")])
        order.volume_m3 *= given.pallets / order.pallets
        order.pallets, order.weight_kg = given.pallets, given.weight_kg
    else:
        for field in ("ready_at", "window_open", "window_close", "due_at"):
            if given.HasField(field):
                getattr(order, field).CopyFrom(getattr(given, field))
        if given.HasField("pallets"):
            order.volume_m3 *= given.pallets / order.pallets
            order.pallets = given.pallets
        if given.HasField("weight_kg"):
            order.weight_kg = given.weight_kg
        order.destination = given.destination or order.destination
        if order.window_open.ToNanoseconds() > order.window_close.ToNanoseconds():
            raise Fault("INVALID_FIELD", violations=[("change_request.amendment", "the window closes before it opens")])
    return order, shipment(order)


def opened(tx: Transaction, name: str, company: str, request: ChangeRequest) -> ChangeRequest:
    """Store a new change, to be priced; its maker sees it at once."""
    about = request.order or request.provider_failure.load_or_booking_id
    for other in _open_of(tx, name, about):
        view = _view_of(tx, other, company)
        raise Fault("CHANGE_OPEN", metadata={"change_request": view.name if view is not None else ""})
    master = Record(
        name=f"{name}/changes/{new_id()}",
        kind=MASTER,
        parent=name,
        key=about,
        state=State.Name(State.PRICING),
        body=json.dumps({"requester": company, "request": request.SerializeToString().hex()}).encode(),
        created_at=tx.now,
        updated_at=tx.now,
    )
    with tx.reading() as session:
        session.add(master)
        session.flush()
    own = ChangeRequest()
    own.CopyFrom(request)
    own.own, own.state = True, State.PRICING
    return _show(tx, name, company, master.name, own)


def _open_of(tx: Transaction, name: str, about: str) -> list[Record]:
    with tx.reading() as session:
        return [m for m in masters(session, name, *OPEN) if m.key == about]


def _show(tx: Transaction, name: str, company: str, master: str, view: ChangeRequest) -> ChangeRequest:
    """Store a company's own view under a name of its own, and tell it."""
    view.name = f"{name}/changeRequests/{new_id()}"
    row = insert_record(tx, CHANGE_REQUEST, view, parent=name, company=company)
    tx.connection.execute(update(Record).where(col(Record.name) == view.name).values(key=master))
    _tell(tx, name, company, view)
    return decoded(CHANGE_REQUEST, row)  # type: ignore[no-any-return]


def _tell(tx: Transaction, name: str, company: str, view: ChangeRequest) -> None:
    changed = synchronizations_pb2.ChangeRequestChanged(change_request=view.name, state=view.state)
    steps.tell(tx, name, company, change_request_changed=changed)


def views(session: Reading, master: Record) -> list[Record]:
    """Every company's view of a change."""
    query = select(Record).where(
        Record.kind == CHANGE_REQUEST.kind, Record.parent == master.parent, Record.key == master.name
    )
    return list(session.exec(query.order_by(col(Record.name))))


def _view_of(tx: Transaction, master: Record, company: str) -> Record | None:
    with tx.reading() as session:
        return next((v for v in views(session, master) if v.company == company), None)


def move(tx: Transaction, master: Record, state: int, said: Mapping[str, Any], reason: str = "") -> None:
    """Take a change and all views of it to a state; refused where another was faster.

    Raises
    ------
    StepRefusedError
        Nothing is written.
    """
    values = {
        "state": State.Name(state),
        "version": master.version + 1,
        "updated_at": tx.now,
        "body": json.dumps(said).encode(),
    }
    of = (col(Record.name) == master.name, col(Record.version) == master.version)
    if tx.connection.execute(update(Record).where(*of).values(**values)).rowcount != 1:
        raise steps.StepRefusedError(f"{master.name} moved on")
    with tx.reading() as session:
        rows = views(session, master)
    for row in rows:
        view = ChangeRequest.FromString(row.body)
        view.state, view.reason = state, reason
        # Who fails pays by others' prices: it reads them when it does pay, so that nobody can ask for them.
        if view.own and "price" in said and (state == State.ACCEPTED or not view.HasField("provider_failure")):
            view.price_cents = said["price"]
            view.part.CopyFrom(change_requests_pb2.ChangePart.FromString(bytes.fromhex(said["part"])))
            if said.get("expire"):
                view.expire_time.FromJsonString(said["expire"])
        _tell(
            tx, master.parent, row.company or "", decoded(CHANGE_REQUEST, change_record(tx, CHANGE_REQUEST, row, view))
        )


def ask(tx: Transaction, master: Record, said: dict[str, Any], asked: Mapping[str, Any], expire_at: datetime) -> None:
    """Lay a priced change before those whom it affects, each its own part.

    Where others were asked before, who agreed to the same part has agreed.
    """
    told = {company: part.SerializeToString(deterministic=True).hex() for company, part in asked.items()}
    before = said.get("told", {})
    said["replies"] = {c: yes for c, yes in said.get("replies", {}).items() if yes and before.get(c) == told.get(c)}
    said["asked"], said["told"] = sorted(asked), told
    view = ChangeRequest()
    view.expire_time.FromDatetime(expire_at)
    said["expire"] = view.expire_time.ToJsonString()
    move(tx, master, State.AWAITING_REPLIES, said)
    tell_parts(tx, master, said, State.AWAITING_REPLIES, asked)


def tell_parts(
    tx: Transaction, master: Record, said: Mapping[str, Any], state: int, parts: Mapping[str, Any], reason: str = ""
) -> None:
    """Have all views but its maker's say these parts; who had one and is not among them any more has none."""
    request = request_of(said)
    with tx.reading() as session:
        rows = {v.company: v for v in views(session, master)}
    for company in sorted({*parts, *(c for c in rows if c)} - {said["requester"]}):
        row = rows.get(company)
        view = ChangeRequest() if row is None else ChangeRequest.FromString(row.body)
        view.state, view.reason = state, reason
        view.ClearField("part")
        view.ClearField("expire_time")
        # What it is, and its reason; neither the order nor its figures: what concerns a company stands in its part.
        for kind in ("cancellation", "amendment", "short_quantity", "provider_failure"):
            if request.HasField(kind):
                getattr(view, kind).SetInParent()
        for kind in ("cancellation", "provider_failure"):
            if request.HasField(kind):
                getattr(view, kind).reason = getattr(request, kind).reason
        if company in parts:
            view.part.CopyFrom(parts[company])
        if company in said.get("asked", ()) and said.get("expire"):
            view.expire_time.FromJsonString(said["expire"])
        if row is None:
            _show(tx, master.parent, company, master.name, view)
        else:
            decided = decoded(CHANGE_REQUEST, change_record(tx, CHANGE_REQUEST, row, view))
            _tell(tx, master.parent, company, decided)


def request_of(said: Mapping[str, Any]) -> ChangeRequest:
    """What was asked for."""
    request: ChangeRequest = ChangeRequest.FromString(bytes.fromhex(said["request"]))
    return request


def replied(tx: Transaction, view: Record, accepts: bool, comment: str = "") -> None:
    """Note a company's answer; the workers see to what comes of it.

    Raises
    ------
    Fault
        CHANGE_NOT_OPEN, DEADLINE_PASSED.
    """
    tx.lock(f"change/{view.key}")
    with tx.reading() as session:
        master = session.get(Record, view.key)
    message = ChangeRequest.FromString(view.body)
    if master is None or master.state != State.Name(State.AWAITING_REPLIES) or message.own:
        raise Fault("CHANGE_NOT_OPEN", metadata={"state": State.Name(message.state)})
    said = json.loads(master.body)
    company = view.company or ""
    if company not in said["asked"]:
        raise Fault("CHANGE_NOT_OPEN", metadata={"state": State.Name(message.state)})
    if said["replies"].get(company) == accepts:
        return
    if company in said["replies"]:
        raise Fault("CHANGE_NOT_OPEN", metadata={"state": State.Name(message.state)})
    if tx.now >= message.expire_time.ToDatetime(UTC):
        raise Fault("DEADLINE_PASSED", metadata={"expire_time": message.expire_time.ToJsonString()})
    said["replies"][company] = accepts
    if comment:
        said.setdefault("comments", {})[company] = comment
    values = {"version": master.version + 1, "body": json.dumps(said).encode()}
    of = (col(Record.name) == master.name, col(Record.version) == master.version)
    if tx.connection.execute(update(Record).where(*of).values(**values)).rowcount != 1:
        raise Fault("ETAG_MISMATCH", metadata={"name": view.name})


def withdrawn(tx: Transaction, view: Record) -> None:
    """End a change that its maker does not want any more.

    Raises
    ------
    Fault
        NOT_REQUESTER, CHANGE_NOT_OPEN.
    """
    message = ChangeRequest.FromString(view.body)
    if not message.own:
        raise Fault("NOT_REQUESTER")
    with tx.reading() as session:
        master = session.get(Record, view.key)
    if master is None or master.state not in OPEN:
        raise Fault("CHANGE_NOT_OPEN", metadata={"state": State.Name(message.state)})
    try:
        move(tx, master, State.WITHDRAWN, json.loads(master.body), "withdrawn by who made it")
    except steps.StepRefusedError:
        raise Fault("ETAG_MISMATCH", metadata={"name": view.name}) from None


def under_way(session: Reading, name: str, order: str) -> bool:
    """Tell whether an order's goods are moving, or it is not committed any more."""
    row = session.get(OrderRow, order)
    return row is None or row.state != "COMMITTED" or order in moving(session, name, order)


def moving(session: Reading, name: str, *about: str) -> frozenset[str]:
    """Orders of which something has moved already, of those named and those on loads named as tracking names them."""
    query = select(LegRow).where(LegRow.synchronization == name, LegRow.state != "PLANNED")
    return frozenset(leg.order_name for leg in session.exec(query) if leg.order_name in about or leg.load_id in about)
