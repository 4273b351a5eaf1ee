"""Orders and demand: what may be written, by whom, how often, and who sees it."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from google.protobuf import field_mask_pb2
from google.rpc import error_details_pb2
from google.type import date_pb2
from sqlalchemy import update
from sqlmodel import select

from groupage.v1 import demand_pb2, orders_pb2
from server.faults import Fault
from server.services.network import Network
from server.services.orders import Orders
from server.store import paging
from server.store.tables import AuditRow, EventRow, OrderRow
from server.viewer import SYSTEM, Viewer, calls
from tests.server import calling
from tests.server.calling import OPERATOR, call, company, fresh_id, order, reason, site, stream

State = orders_pb2.Order.State
ACME = "companies/acme"


@pytest.fixture
def orders(store):
    """The service with two companies whose names begin alike, each with a plant and a client."""
    network = Network(store)
    for key in ("acme", "acme2"):
        company(network, key)
        for name in ("plant", "client"):
            site(network, key, name)
    return Orders(store)


def create(orders, ref, who="acme", **fields):
    return call(orders, who, "CreateOrder", parent=f"companies/{who}", order=order(who, ref), **fields)


def stored(store):
    return store.look(SYSTEM, lambda session: session.exec(select(OrderRow).order_by(OrderRow.name)).all())


def becomes(store, name, state):
    def put(tx):
        with tx.reading() as session:
            session.get(OrderRow, name).state = state
            session.flush()

    store.transact(put)


def test_the_same_request_is_answered_once_and_another_under_its_id_refused(orders, store):
    """The same id with the same content gets the first answer and stores nothing; with other content it is refused."""
    request_id = fresh_id()
    given = order("acme", "4711/1")
    first = call(orders, "acme", "CreateOrder", parent=ACME, order=given, request_id=request_id)
    assert call(orders, "acme", "CreateOrder", parent=ACME, order=given, request_id=request_id) == first
    given.pallets += 1
    with pytest.raises(Fault) as found:
        call(orders, "acme", "CreateOrder", parent=ACME, order=given, request_id=request_id)
    assert (found.value.reason, found.value.metadata) == ("REQUEST_ID_REUSED", {"request_id": request_id})
    assert [row.name for row in stored(store)] == [first.name]
    # Ids are each company's own.
    assert create(orders, "4711/1", "acme2", request_id=request_id).name.startswith("companies/acme2/")


def test_validate_only_answers_and_stores_nothing(orders, store):
    """What would be answered is answered: refusals too; neither order nor event nor request id is left behind."""
    request_id = fresh_id()
    told = create(orders, "1", order_id="mine", validate_only=True, request_id=request_id)
    assert (told.name, told.state) == (f"{ACME}/orders/mine", State.OPEN)
    assert stored(store) == []
    events = store.look(SYSTEM, lambda s: s.exec(select(EventRow).where(EventRow.stream == f"{ACME}/orders")).all())
    assert events == []
    create(orders, "1", request_id=request_id)
    with pytest.raises(Fault, match="reference"):
        create(orders, "1", validate_only=True)


def test_of_concurrent_creates_of_one_reference_one_wins(orders, store):
    """Forty at once under twenty references: one each is stored, and the others are told by whom."""

    async def one(i):
        calls(Viewer("acme", identity="test"))
        given = orders_pb2.CreateOrderRequest(parent=ACME, order=order("acme", f"r{i // 2}"), request_id=fresh_id())
        try:
            return orders_pb2.Order.FromString(await orders.CreateOrder(given, None))
        except Fault as fault:
            return fault

    async def all_of_them():
        return await asyncio.gather(*(one(i) for i in range(40)))

    answers = asyncio.run(all_of_them())
    won = {a.external_ref: a.name for a in answers if isinstance(a, orders_pb2.Order)}
    lost = [a for a in answers if isinstance(a, Fault)]
    assert len(won) == len(lost) == len(stored(store)) == 20
    for fault in lost:
        assert fault.reason == "EXTERNAL_REF_TAKEN"
        assert won[fault.metadata["external_ref"]] == fault.metadata["name"]


def test_one_bad_order_leaves_those_that_come_with_it_alone(orders, store):
    """Of orders that share a transaction each gets its own answer, and only its own refusal."""

    async def one(i):
        calls(Viewer("acme", identity="test"))
        given = order("acme", f"r{i}", destination="nowhere" if i % 3 == 0 else "client")
        request = orders_pb2.CreateOrderRequest(parent=ACME, order=given, request_id=fresh_id())
        try:
            await orders.CreateOrder(request, None)
        except Fault as fault:
            return fault.reason
        return "OK"

    async def all_of_them():
        return await asyncio.gather(*(one(i) for i in range(12)))

    assert asyncio.run(all_of_them()) == ["SITE_UNKNOWN" if i % 3 == 0 else "OK" for i in range(12)]
    assert sorted(row.external_ref for row in stored(store)) == sorted(f"r{i}" for i in range(12) if i % 3)
    audited = store.look(SYSTEM, lambda s: s.exec(select(AuditRow).where(AuditRow.method == "CreateOrder")).all())
    assert sorted(row.outcome for row in audited) == ["OK"] * 8 + ["SITE_UNKNOWN"] * 4


def test_a_batch_is_all_or_nothing(orders, store):
    """One order that cannot be stored, and none is; the refusal says which."""
    good = [order("acme", f"b{i}") for i in range(3)]
    bad = order("acme", "b3", destination="nowhere")
    with pytest.raises(Fault, match=r"orders\[3\]") as found:
        call(orders, "acme", "BatchCreateOrders", parent=ACME, orders=[*good, bad])
    assert found.value.reason == "SITE_UNKNOWN"
    assert stored(store) == []
    answer = call(orders, "acme", "BatchCreateOrders", parent=ACME, orders=good)
    assert [o.external_ref for o in answer.orders] == ["b0", "b1", "b2"]
    assert reason(orders, "acme", "BatchCreateOrders", parent=ACME, orders=[good[0], order("acme", "b9")]) == (
        "EXTERNAL_REF_TAKEN"
    )
    twice = [order("acme", "c"), order("acme", "c")]
    assert reason(orders, "acme", "BatchCreateOrders", parent=ACME, orders=twice) == "EXTERNAL_REF_TAKEN"


def test_a_chunk_of_5000_lines_stores_the_good_and_names_the_bad(orders, store):
    """Wrong lines are told with reason and field, their neighbours stored, and the same chunk is never stored twice."""
    lines = [order("acme", f"u{i}") for i in range(5000)]
    lines[7].pallets = -1
    lines[8].destination = f"{ACME}/sites/nowhere"
    lines[4999].external_ref = "u0"
    lines[9].window_close.FromDatetime(datetime.now(UTC) - timedelta(days=9))
    chunk = orders_pb2.UploadOrdersRequest(parent=ACME, orders=lines, request_id=fresh_id())
    (receipt,) = stream(orders, "acme", "UploadOrders", [chunk])
    assert receipt.request_id == chunk.request_id
    told = {}
    for failure in receipt.failures:
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        failure.status.details[0].Unpack(info)
        if len(failure.status.details) > 1:
            failure.status.details[1].Unpack(request)
        told[failure.line] = (info.reason, {v.field for v in request.field_violations})
    assert told[7] == ("INVALID_FIELD", {"pallets"})
    assert told[8] == ("SITE_UNKNOWN", set())
    assert told[9][0] == "INVALID_FIELD"
    assert told[4999] == ("EXTERNAL_REF_TAKEN", set())
    assert sorted(told) == [7, 8, 9, 4999]
    assert [i for i, name in enumerate(receipt.names) if not name] == sorted(told)
    assert {row.name for row in stored(store)} == {name for name in receipt.names if name}
    assert stream(orders, "acme", "UploadOrders", [chunk]) == [receipt]
    assert len(stored(store)) == 4996


def test_what_is_anothers_is_not_found(orders, store):
    """Neither read nor written, and not told apart from what does not exist."""
    theirs = create(orders, "1", "acme2")
    parent = "companies/acme2"
    for name, fields in {
        "GetOrder": {"name": theirs.name},
        "ListOrders": {"parent": parent},
        "UpdateOrder": {"order": theirs},
        "CancelOrder": {"name": theirs.name},
        "CreateOrder": {"parent": parent, "order": order("acme2", "2")},
        "BatchCreateOrders": {"parent": parent, "orders": [order("acme2", "2")]},
        "SubmitDemand": {"parent": parent, "records": [record("37")]},
        "ListDemand": {"parent": parent},
    }.items():
        assert reason(orders, "acme", name, **fields) == "RESOURCE_NOT_FOUND", name
    chunk = orders_pb2.UploadOrdersRequest(parent=parent, orders=[order("acme2", "2")], request_id=fresh_id())
    with pytest.raises(Fault) as found:
        stream(orders, "acme", "UploadOrders", [chunk])
    assert found.value.reason == "RESOURCE_NOT_FOUND"
    # Another's site is no site of one's own.
    own = order("acme", "3")
    own.destination = "companies/acme2/sites/client"
    assert reason(orders, "acme", "CreateOrder", parent=ACME, order=own) == "SITE_UNKNOWN"
    assert len(stored(store)) == 1


def test_stakes_are_shown_to_their_owner_alone(orders):
    """The operator sees an order without what only the owner knows about it; singly and in lists."""
    given = order("acme", "1")
    given.stakes.line_stop_cents = 123_456
    made = call(orders, "acme", "CreateOrder", parent=ACME, order=given)
    assert call(orders, "acme", "GetOrder", name=made.name).stakes.line_stop_cents == 123_456
    assert not call(orders, OPERATOR, "GetOrder", name=made.name).HasField("stakes")
    (listed,) = call(orders, OPERATOR, "ListOrders", parent=ACME).orders
    assert listed.external_ref == "1"
    assert not listed.HasField("stakes")
    given.external_ref = "2"
    told = call(orders, OPERATOR, "CreateOrder", parent=ACME, order=given)
    assert not told.HasField("stakes")
    given.external_ref = "3"
    (told,) = call(orders, OPERATOR, "BatchCreateOrders", parent=ACME, orders=[given]).orders
    assert not told.HasField("stakes")


def test_lists_come_in_pages_and_filtered(orders):
    """Filters are applied in the store, and pages go on where the last one ended."""
    for i in range(7):
        create(orders, f"p{i}")
    call(orders, "acme", "CancelOrder", name=create(orders, "gone").name)
    wanted = {"parent": ACME, "filter": "state:OPEN", "page_size": 3}
    page = call(orders, "acme", "ListOrders", **wanted)
    refs = [o.external_ref for o in page.orders]
    while page.next_page_token:
        page = call(orders, "acme", "ListOrders", page_token=page.next_page_token, **wanted)
        refs += [o.external_ref for o in page.orders]
    assert sorted(refs) == [f"p{i}" for i in range(7)]
    (one,) = call(orders, "acme", "ListOrders", parent=ACME, filter='external_ref="p4"').orders
    assert one.external_ref == "p4"
    later = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert not call(orders, "acme", "ListOrders", parent=ACME, filter=f'window_open>"{later}"').orders


def test_an_open_order_is_amended_under_its_etag(orders):
    """What the mask names changes, the etag moves on, and an old one is refused."""
    made = create(orders, "1")
    change = orders_pb2.Order()
    change.CopyFrom(made)
    change.pallets, change.weight_kg = 9, 999
    mask = field_mask_pb2.FieldMask(paths=["pallets"])
    changed = call(orders, "acme", "UpdateOrder", order=change, update_mask=mask)
    assert (changed.pallets, changed.weight_kg, changed.external_ref) == (9, made.weight_kg, "1")
    assert changed.etag != made.etag
    assert call(orders, "acme", "GetOrder", name=made.name) == changed
    assert reason(orders, "acme", "UpdateOrder", order=change, update_mask=mask) == "ETAG_MISMATCH"
    named = create(orders, "2", order_id="mine")
    named.destination = f"{ACME}/sites/nowhere"
    assert reason(orders, "acme", "UpdateOrder", order=named) == "SITE_UNKNOWN"
    mask = field_mask_pb2.FieldMask(paths=["state"])
    changed.pallets = 10
    assert reason(orders, "acme", "UpdateOrder", order=changed, update_mask=mask) == "MASK_INVALID"


@pytest.mark.parametrize(
    ("state", "amended", "cancelled"),
    [
        ("NEGOTIATING", "ORDER_NEGOTIATING", "ORDER_NEGOTIATING"),
        ("COMMITTED", "ORDER_COMMITTED", "ORDER_COMMITTED"),
        ("PROMISED", "ORDER_COMMITTED", "ORDER_COMMITTED"),
        ("DELIVERED", "ORDER_FINISHED", "ORDER_FINISHED"),
        ("CANCELLED", "ORDER_FINISHED", "ORDER_FINISHED"),
        ("RELEASED", "ORDER_FINISHED", ""),
        ("HELD", "", ""),
    ],
)
def test_what_hangs_together_with_others_is_not_changed_alone(orders, store, state, amended, cancelled):
    """In a negotiation, a plan or a promise an order is changed by change requests only."""
    made = create(orders, "1")
    becomes(store, made.name, state)
    made.ClearField("etag")
    assert reason(orders, "acme", "UpdateOrder", order=made) == amended
    assert reason(orders, "acme", "CancelOrder", name=made.name) == cancelled


def test_a_held_order_tells_its_owner_until_when_and_why_and_is_free(orders, store):
    """What is held may be amended, which puts it on the table again; the fields are the service's own."""
    given = order("acme", "1", held_reason="said by the client")
    made = call(orders, "acme", "CreateOrder", parent=ACME, order=given)
    assert not made.held_reason
    until = datetime(2026, 5, 4, 6, tzinfo=UTC)
    values = {"state": "HELD", "held_until": until, "held_reason": "it saves", "held_days": 1}
    store.transact(
        lambda tx: tx.connection.execute(update(OrderRow).where(OrderRow.name == made.name).values(**values))
    )
    held = call(orders, "acme", "GetOrder", name=made.name)
    assert (held.state, held.held_until.ToDatetime(UTC), held.held_reason) == (orders_pb2.Order.HELD, until, "it saves")
    held.pallets = 11
    after = call(orders, "acme", "UpdateOrder", order=held, update_mask=field_mask_pb2.FieldMask(paths=["pallets"]))
    assert (after.state, after.pallets, after.HasField("held_until")) == (orders_pb2.Order.OPEN, 11, False)


def record(zone, day=date(2026, 5, 4), **fields):
    return demand_pb2.DemandRecord(
        zone=zone, day=date_pb2.Date(year=day.year, month=day.month, day=day.day), **{"pallets": 3.0, **fields}
    )


def test_demand_takes_the_place_of_what_was_told_of_the_same_day(orders):
    """Counted as new or replaced, listed in order, filtered, and shown to nobody else: not to the operator."""
    days = [date(2026, 5, 4) + timedelta(days=i) for i in range(3)]
    told = call(orders, "acme", "SubmitDemand", parent=ACME, records=[record("37", day) for day in days])
    assert (told.created, told.replaced) == (3, 0)
    again = [record("37", days[2], pallets=8.0), record("38", days[2])]
    told = call(orders, "acme", "SubmitDemand", parent=ACME, records=again)
    assert (told.created, told.replaced) == (1, 1)
    listed = call(orders, "acme", "ListDemand", parent=ACME, filter='zone="37" AND day>=2026-05-05').records
    assert [(r.day.day, r.pallets) for r in listed] == [(5, 3.0), (6, 8.0)]
    assert reason(orders, OPERATOR, "ListDemand", parent=ACME) == "RESOURCE_NOT_FOUND"


def test_demand_is_uploaded_line_by_line_and_submitted_whole(orders):
    """A wrong line of an upload is named and its neighbours are stored; a wrong record of a submission refuses all."""
    lines = [record("37"), record(""), record("38", pallets=-1.0), record("39")]
    lines[3].day.month, lines[3].day.day = 2, 30
    assert reason(orders, "acme", "SubmitDemand", parent=ACME, records=lines) == "INVALID_FIELD"
    chunk = demand_pb2.UploadDemandRequest(parent=ACME, records=lines, request_id=fresh_id())
    (receipt,) = stream(orders, "acme", "UploadDemand", [chunk])
    assert (receipt.created, [f.line for f in receipt.failures]) == (1, [1, 2, 3])
    assert stream(orders, "acme", "UploadDemand", [chunk]) == [receipt]
    assert [r.zone for r in call(orders, "acme", "ListDemand", parent=ACME).records] == ["37"]


def test_receipts_come_in_the_order_of_the_chunks(orders):
    """However many chunks are under way, the first receipt is the first chunk's."""
    chunks = [
        orders_pb2.UploadOrdersRequest(
            parent=ACME, orders=[order("acme", f"{c}/{i}") for i in range(3)], request_id=calling.fresh_id()
        )
        for c in range(12)
    ]
    receipts = stream(orders, "acme", "UploadOrders", chunks)
    assert [r.request_id for r in receipts] == [c.request_id for c in chunks]
    assert all(len(r.names) == 3 and not r.failures for r in receipts)


def test_a_page_of_orders_has_room_in_an_answer(orders, monkeypatch):
    """Orders with a thousand logistic units each come in pages of fewer rows, and all of them come."""
    for number in range(4):
        create(orders, f"r{number}")
    monkeypatch.setattr(paging, "MOST_BYTES", 1)
    token, seen = "", []
    while token or not seen:
        answer = call(orders, "acme", "ListOrders", parent="companies/acme", page_size=3, page_token=token)
        assert len(answer.orders) == 1
        seen += [o.external_ref for o in answer.orders]
        token = answer.next_page_token
    assert sorted(seen) == ["r0", "r1", "r2", "r3"]
