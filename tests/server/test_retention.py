import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from groupage.v1 import shipments_pb2
from server import tracking
from server.faults import Fault
from server.retention import Retention, erase
from server.services.tracking import Tracking
from server.store import Store
from server.store.tables import AuditRow, EventRow, OrderRow, RequestRow, ShipmentRow, TraceRow
from server.viewer import SYSTEM, Viewer, calls
from tests.server import world
from tests.server.services.test_tracking import commit, hop

LATER = timedelta(days=400)


def count(store, table):
    return len(store.look(SYSTEM, lambda s: s.exec(select(table)).all()))


def pass_time(monkeypatch, days):
    at = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr(Store, "now", staticmethod(lambda: at))


@pytest.fixture
def orders(store):
    """Two committed orders of a company, of which the first is delivered."""
    world.build(store, ["acme", "swift"])
    names = world.put_orders(store, "acme", 2, datetime.now(UTC) + timedelta(minutes=30))
    commit(store, hop(names[0]), hop(names[1], load="l2", job="j2"))

    def deliver(tx):
        tx.connection.execute(update(OrderRow).where(OrderRow.name == names[0]).values(state="DELIVERED"))
        for _ in range(5):
            tx.append(tracking.stream_of("acme"), "shipment", f"{names[0]}/shipment".encode(), company="acme")
        tx.connection.execute(
            RequestRow.__table__.insert(),
            [{"company": "acme", "request_id": "r", "method": "m", "digest": b"", "answer": b"", "at": tx.now}],
        )

    store.transact(deliver)
    return names


def test_nothing_goes_before_its_time(store, orders):
    """What is young stays, and the audit log says nothing of erasing."""
    before = [count(store, t) for t in (OrderRow, EventRow, RequestRow, ShipmentRow, AuditRow)]
    assert set(erase(store, Retention()).values()) == {0}
    assert [count(store, t) for t in (OrderRow, EventRow, RequestRow, ShipmentRow, AuditRow)] == before


def test_each_kind_goes_after_its_own_time(store, orders, monkeypatch):
    """Request ids after a month, orders after years and only if they are over; what was erased is told."""
    pass_time(monkeypatch, 31)
    assert erase(store, Retention())["requests"] == 1
    assert count(store, RequestRow) == 0
    assert count(store, OrderRow) == 2
    pass_time(monkeypatch, 3_700)
    erased = erase(store, Retention(audit_days=10_000))
    assert erased["orders"] == 1
    assert [r.name for r in store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all())] == [orders[1]]
    assert count(store, ShipmentRow) == 1
    assert count(store, TraceRow) == 0
    told = [r.name for r in store.look(SYSTEM, lambda s: s.exec(select(AuditRow)).all()) if r.method == "Erase"]
    assert any(line.startswith("orders: 1 before ") for line in told)


def test_a_streams_numbers_go_on_and_lost_ones_are_told(store, orders, monkeypatch):
    """The last event stays; who comes from before what is kept is told where it begins, and from 0 it begins anew."""
    service = Tracking(store)
    pass_time(monkeypatch, 400)
    erase(store, Retention())
    rows = store.look(
        SYSTEM, lambda s: s.exec(select(EventRow).where(EventRow.stream == "companies/acme/shipments")).all()
    )
    (kept,) = rows
    store.transact(lambda tx: tx.append("companies/acme/shipments", "shipment", b"x", company="acme"))

    def watch(after):
        calls(Viewer("acme"))
        request = shipments_pb2.WatchShipmentsRequest(parent="companies/acme", after_sequence=after)
        return asyncio.run(world.taken(service.WatchShipments(request, None), 1))

    with pytest.raises(Fault) as caught:
        watch(1)
    assert caught.value.metadata == {"first": str(kept.version), "last": str(kept.version + 1)}
    assert watch(kept.version)[0].sequence == kept.version + 1
    assert watch(0)[0].sequence == kept.version + 1
