"""Chunks of orders: the rows that they become, and how they are judged in the store."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from groupage.v1 import orders_pb2
from server import bulk, order_uploads, order_writes
from server.services import standard
from server.services.network import Network
from server.store.tables import EventRow, OrderRow
from server.viewer import SYSTEM, Viewer, calls
from tests.server.calling import company, fresh_id, order, site
from tests.server.test_bulk import orders

ACME = "companies/acme"


@pytest.fixture
def network(store):
    company(Network(store), "acme")
    for name in ("plant", "client"):
        site(Network(store), "acme", name)


def chunk(lines, parent=ACME):
    request = orders_pb2.UploadOrdersRequest(parent=parent, orders=lines, request_id=fresh_id())
    return order_uploads.chunk_of(parent, standard.serialized(request))


def write(lines):
    calls(Viewer("acme", identity="test"))
    request = orders_pb2.UploadOrdersRequest(parent=ACME, orders=lines, request_id=fresh_id())
    return standard.write("UploadOrders", request, order_uploads.upload, payload=chunk(lines))


@settings(max_examples=200, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=6), st.data())
def test_lines_become_the_rows_that_single_orders_become(lines, data):
    """Byte by byte, whatever is in the message: what only the service sets, unknown fields, lists."""
    for line in lines:
        for field in data.draw(st.lists(st.sampled_from(order_writes.NOT_IN_BODY), max_size=2)):
            if field.endswith(("_time", "_until")):
                getattr(line, field).seconds = 1
            elif field != "name":
                setattr(line, field, 1 if field == "state" else "x")
        if data.draw(st.integers(0, 9)) == 0:
            line.MergeFromString(b"\xf8\x3f\x01")
    found = chunk(lines)
    assert found.faults.keys() == bulk.order_faults(lines).keys()
    assert list(found.at) == [i for i in range(len(lines)) if i not in found.faults]
    single = [
        order_writes.row_named(ACME, orders_pb2.Order.FromString(lines[line].SerializeToString()), name)
        for line, name in zip(found.at, found.cells["name"], strict=True)
    ]
    assert found.rows() == single


def stored(store):
    return store.look(SYSTEM, lambda s: s.exec(select(OrderRow.name, OrderRow.external_ref)).all())


def receipts(store, *writes):
    told = store.transact(lambda tx: order_uploads.upload(tx, writes))
    return [orders_pb2.UploadOrdersResponse.FromString(raw) for raw in told]


@pytest.mark.usefixtures("network")
def test_chunks_of_one_transaction_see_each_other(store):
    """A reference that the chunk before has is taken for the next one, and told with the order that has it."""
    first, second = receipts(
        store, write([order("acme", "a"), order("acme", "b")]), write([order("acme", "b"), order("acme", "c")])
    )
    assert not first.failures
    assert [failure.line for failure in second.failures] == [0]
    assert first.names[1].encode() in second.failures[0].status.details[0].value
    assert dict(stored(store)) == {first.names[0]: "a", first.names[1]: "b", second.names[1]: "c"}


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda line: setattr(line, "external_ref", "0"), b"EXTERNAL_REF_TAKEN"),
        (lambda line: setattr(line, "destination", f"{ACME}/sites/nowhere"), b"SITE_UNKNOWN"),
        (lambda line: line.origins.append(f"{ACME}/sites/nowhere"), b"SITE_UNKNOWN"),
        (lambda line: line.origins.append("companies/acme2/sites/plant"), b"SITE_UNKNOWN"),
        (lambda line: line.window_close.FromDatetime(datetime.now(UTC) - timedelta(hours=1)), b"WINDOW_PASSED"),
    ],
)
def test_what_the_store_refuses_is_refused_by_line(store, spoil, reason):
    """One wrong line of a chunk that the schema lets pass is told and leaves no trace; all others are stored."""
    lines = [order("acme", str(i), days=2) for i in range(70)]
    for moment in ("ready_at", "window_open"):
        getattr(lines[41], moment).FromDatetime(datetime.now(UTC) - timedelta(days=2))
    spoil(lines[41])
    (receipt,) = receipts(store, write(lines))
    assert [failure.line for failure in receipt.failures] == [41]
    assert reason in receipt.failures[0].status.details[0].value
    assert [i for i, name in enumerate(receipt.names) if not name] == [41]
    assert dict(stored(store)) == {name: str(i) for i, name in enumerate(receipt.names) if name}
    (event,) = store.look(SYSTEM, lambda s: s.exec(select(EventRow).where(EventRow.stream == f"{ACME}/orders")).all())
    assert event.body.decode().split("\n") == [name for name in receipt.names if name]


@pytest.mark.usefixtures("network")
def test_a_chunk_of_which_nothing_is_good_stores_nothing(store):
    """Refused by the schema or by the store: a receipt of failures, and no event."""
    wrong, unknown = order("acme", "a", pallets=-1), order("acme", "b", destination="nowhere")
    for lines in ([wrong], [unknown], [wrong, unknown]):
        (receipt,) = receipts(store, write(lines))
        assert [failure.line for failure in receipt.failures] == list(range(len(lines)))
        assert set(receipt.names) == {""}
    assert stored(store) == []
    assert not store.look(SYSTEM, lambda s: s.exec(select(EventRow).where(EventRow.stream == f"{ACME}/orders")).all())
