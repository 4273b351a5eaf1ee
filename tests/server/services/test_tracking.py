import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from groupage.v1 import shipments_pb2, tracking_events_pb2
from server import tracking
from server.faults import Fault
from server.services.tracking import Tracking
from server.store import paging
from server.store.tables import LegRow, OrderRow
from server.tracking import Hop
from server.viewer import SYSTEM, Viewer, calls
from tests.server import world
from tests.server.racing import race

Shipment, Alert = shipments_pb2.Shipment, shipments_pb2.Alert
NOW = datetime.now(UTC)


def hop(order, *, load="l1", job="j1", position=0, final=True, pickup=60, delivery=120, carrier="swift", hub=""):
    at = [NOW + timedelta(minutes=m) for m in (pickup, delivery)]
    return Hop(order, order.split("/")[1], carrier, load, job, position, final, at[0], at[1], hub)


@pytest.fixture
def service(store):
    """The service over a small world with two orders; the first test line says what is committed."""
    world.build(store, ["acme", "acme2", "swift", "dock"])
    one = Tracking(store)
    one.orders = world.put_orders(store, "acme", 2, NOW + timedelta(minutes=30))
    return one


def commit(store, *hops):
    store.transact(lambda tx: tracking.begin(tx, "pools/rhine/synchronizations/s", hops))


def event(minutes=0, step="loading", **given):
    made = tracking_events_pb2.TrackingEvent(
        event_id=f"urn:uuid:{uuid4()}", type=1, action=2, biz_step=step, event_time_zone_offset="+01:00", **given
    )
    made.event_at.FromDatetime(NOW + timedelta(minutes=minutes))
    return made


def report(service, company, *events, **changes):
    request = tracking_events_pb2.ReportEventsRequest(
        parent=f"companies/{company}", events=events, request_id=str(uuid4()), **changes
    )
    return asyncio.run(world.as_(company, service.ReportEvents, request))


def get(service, company, order):
    request = shipments_pb2.GetShipmentRequest(name=f"{order}/shipment")
    return asyncio.run(world.as_(company, service.GetShipment, request))


def test_a_shipment_goes_its_way_by_what_is_reported(store, service):
    """Planned, under way, at the hub, under way again, delivered; the order follows."""
    order = service.orders[0]
    commit(
        store,
        hop(order, final=False, hub="dock"),
        hop(order, load="l2", job="j2", position=1, pickup=180, delivery=240, hub="dock"),
    )
    states = [get(service, "acme", order).state]
    for company, load, step in (
        ("swift", "l1", "loading"),
        ("dock", "l1", "receiving"),
        ("swift", "l2", "departing"),
        ("swift", "l2", "accepting"),
    ):
        report(service, company, event(step=step, load_id=load))
        states.append(get(service, "acme", order).state)
    assert states == [Shipment.PLANNED, Shipment.UNDER_WAY, Shipment.AT_HUB, Shipment.UNDER_WAY, Shipment.DELIVERED]
    row = store.look(SYSTEM, lambda s: s.exec(select(OrderRow).where(OrderRow.name == order)).one())
    assert row.state == "DELIVERED"
    done = get(service, "acme", order)
    assert done.HasField("delivered_at")
    assert not done.HasField("expected_arrival")


def test_the_plan_stands_while_nothing_is_late(store, service):
    """Before anything happens the arrival is expected as planned, with a spread, and no alert stands."""
    commit(store, hop(service.orders[0]))
    expected = get(service, "acme", service.orders[0]).expected_arrival
    assert abs(expected.median_at.ToDatetime(UTC) - (NOW + timedelta(minutes=120))) < timedelta(seconds=1)
    assert expected.early_at.ToDatetime(UTC) < expected.median_at.ToDatetime(UTC) < expected.late_at.ToDatetime(UTC)
    assert not get(service, "acme", service.orders[0]).alerts


def test_a_late_load_puts_the_arrival_off_and_raises_alerts_once(store, service):
    """Loaded five hours late: late and out of its window; the same again raises no second alert."""
    commit(store, hop(service.orders[0], pickup=-300, delivery=120))
    report(service, "swift", event(0, "departing", load_id="l1"))
    shipment = get(service, "acme", service.orders[0])
    assert abs(shipment.expected_arrival.median_at.ToDatetime(UTC) - (NOW + timedelta(minutes=420))) < timedelta(
        minutes=1
    )
    assert sorted(a.kind for a in shipment.alerts) == [Alert.LATE, Alert.WINDOW_MISSED]
    assert shipment.alerts[0].late_min == pytest.approx(150, abs=1)
    report(service, "swift", event(0, "transporting", load_id="l1"))
    assert len(get(service, "acme", service.orders[0]).alerts) == 2


def test_silence_past_the_plan_is_an_alert_that_a_word_clears(store, service):
    """Nothing was heard for an hour past the plan: the owner is told; with the next event it is over."""
    commit(store, hop(service.orders[0], pickup=-400, delivery=-200))
    assert store.transact(tracking.sweep) == 1 or get(service, "acme", service.orders[0]).alerts
    kinds = [a.kind for a in get(service, "acme", service.orders[0]).alerts if not a.HasField("clear_time")]
    assert Alert.SILENT in kinds
    report(service, "swift", event(0, "unloading", load_id="l1"))
    shipment = get(service, "acme", service.orders[0])
    assert [a.HasField("clear_time") for a in shipment.alerts if a.kind == Alert.SILENT] == [True]
    assert shipment.late_hours == 0


def test_damage_is_told_and_stays(store, service):
    """What was reported about the goods stands, whatever comes after."""
    commit(store, hop(service.orders[0]))
    report(service, "swift", event(0, "unloading", load_id="l1", disposition="damaged"))
    shipment = get(service, "acme", service.orders[0])
    assert (shipment.state, [a.kind for a in shipment.alerts]) == (Shipment.DELIVERED, [Alert.DAMAGED])


def test_events_are_taken_once(store, service):
    """The same event again is known; with another content it conflicts, and nothing of that request is stored."""
    commit(store, hop(service.orders[0]))
    one = event(load_id="l1")
    assert report(service, "swift", one).created == 1
    again = report(service, "swift", one, event(load_id="l1"))
    assert (again.created, again.known) == (1, 1)
    other = tracking_events_pb2.TrackingEvent()
    other.CopyFrom(one)
    other.biz_step = "unloading"
    with pytest.raises(Fault) as caught:
        report(service, "swift", event(load_id="l1"), other)
    assert caught.value.reason == "EVENT_CONFLICT"
    trace = shipments_pb2.GetTraceRequest(name=f"{service.orders[0]}/shipment")
    assert len(asyncio.run(world.as_("acme", service.GetTrace, trace)).events) == 2


@pytest.mark.parametrize(
    ("company", "given", "reason"),
    [
        ("swift", {"load_id": "l9"}, "LOAD_UNKNOWN"),
        ("acme2", {"load_id": "l1"}, "LOAD_UNKNOWN"),
        ("acme2", {"order": "companies/acme/orders/o0"}, "ORDER_UNKNOWN"),
        ("acme", {"order": "companies/acme/orders/o0", "minutes": 30}, "EVENT_IN_FUTURE"),
    ],
)
def test_nobody_speaks_of_what_is_not_its_own(store, service, company, given, reason):
    """Loads are their carrier's, orders their owner's, and the future is nobody's."""
    commit(store, hop(service.orders[0]))
    with pytest.raises(Fault) as caught:
        report(service, company, event(**given))
    assert caught.value.reason == reason


def test_a_carrier_sees_times_and_nothing_else(store, service):
    """The carrier sees when its delivery is due and was made; a stranger and a namesake see nothing."""
    commit(store, hop(service.orders[0]))
    seen = get(service, "swift", service.orders[0])
    assert [f.name for f, _ in seen.ListFields()] == ["name", "state", "due_at", "etag", "update_time"]
    for stranger in ("acme2", "swif"):
        with pytest.raises(Fault):
            get(service, stranger, service.orders[0])
    trace = shipments_pb2.GetTraceRequest(name=f"{service.orders[0]}/shipment")
    with pytest.raises(Fault):
        asyncio.run(world.as_("swift", service.GetTrace, trace))


def test_a_trace_comes_in_order_of_time_and_in_pages(store, service):
    """Events are told by when they happened, without the load and the other goods on it."""
    commit(store, hop(service.orders[0]))
    for minutes in (-10, -30, -20):
        report(service, "swift", event(minutes, load_id="l1", epcs=["urn:epc:id:sscc:1.1"]))
    trace = shipments_pb2.GetTraceRequest(name=f"{service.orders[0]}/shipment", page_size=2)
    first = asyncio.run(world.as_("acme", service.GetTrace, trace))
    trace.page_token = first.next_page_token
    rest = asyncio.run(world.as_("acme", service.GetTrace, trace))
    events = [*first.events, *rest.events]
    assert [e.event_at.ToDatetime(UTC) for e in events] == [NOW + timedelta(minutes=m) for m in (-30, -20, -10)]
    assert not any(e.load_id or e.epcs for e in events)
    assert not rest.next_page_token


def test_pages_have_room_in_an_answer(store, service, monkeypatch):
    """Shipments and events that are large come in pages of fewer rows than were asked for, and all of them come."""
    commit(store, hop(service.orders[0]), hop(service.orders[1], load="l2", job="j2"))
    for minutes in (-30, -20, -10):
        report(service, "swift", event(minutes, load_id="l1"))
    monkeypatch.setattr(paging, "MOST_BYTES", 1)

    def pages(method, request):
        answers = [asyncio.run(world.as_("acme", method, request))]
        while answers[-1].next_page_token:
            request.page_token = answers[-1].next_page_token
            answers.append(asyncio.run(world.as_("acme", method, request)))
        return answers

    listed = pages(service.ListShipments, shipments_pb2.ListShipmentsRequest(parent="companies/acme"))
    assert [[s.name for s in a.shipments] for a in listed] == [[f"{o}/shipment"] for o in service.orders]
    traced = pages(service.GetTrace, shipments_pb2.GetTraceRequest(name=f"{service.orders[0]}/shipment"))
    at = [[e.event_at.ToDatetime(UTC) for e in a.events] for a in traced]
    assert at == [[NOW + timedelta(minutes=m)] for m in (-30, -20, -10)]


def test_a_watcher_s_messages_have_room(store, service, monkeypatch):
    """What does not fit one message comes in several; none but the last says that all was told, so none is lost."""
    commit(store, hop(service.orders[0]), hop(service.orders[1], load="l2", job="j2"))
    names = [f"{o}/shipment" for o in service.orders]
    # Room for the two events, which are names, and not for two shipments.
    monkeypatch.setattr(paging, "MOST_BYTES", sum(map(len, names)))

    async def story():
        calls(Viewer("acme"))
        stream = service.WatchShipments(shipments_pb2.WatchShipmentsRequest(parent="companies/acme"), None)
        whole = [await asyncio.wait_for(anext(stream), 20) for _ in range(2)]
        await asyncio.to_thread(report, service, "swift", event(load_id="l1"), event(load_id="l2"))
        changed = [await asyncio.wait_for(anext(stream), 20) for _ in range(2)]
        await stream.aclose()
        return whole, changed

    whole, changed = asyncio.run(story())
    assert [[s.name for s in a.shipments] for a in whole] == [[name] for name in names]
    assert [[s.name for s in a.shipments] for a in changed] == [[name] for name in names]
    assert whole[0].sequence == 0
    assert whole[1].sequence == changed[0].sequence < changed[1].sequence


def test_lists_are_filtered_by_their_alerts(store, service):
    """A list names only what matches; both the late and the other shipment are in the unfiltered one."""
    commit(store, hop(service.orders[0], pickup=-300), hop(service.orders[1], job="j2", load="l2"))
    report(service, "swift", event(0, "departing", load_id="l1"))

    def names(text):
        request = shipments_pb2.ListShipmentsRequest(parent="companies/acme", filter=text)
        return [s.name for s in asyncio.run(world.as_("acme", service.ListShipments, request)).shipments]

    assert names("") == [f"{o}/shipment" for o in service.orders]
    assert names("alerts.kind:LATE AND state:UNDER_WAY") == [f"{service.orders[0]}/shipment"]
    assert names("NOT alerts.kind:LATE") == [f"{service.orders[1]}/shipment"]


def test_a_watcher_gets_all_and_then_what_changes(store, service):
    """From 0 come all shipments as they are, then each change; after a break only what changed meanwhile."""
    commit(store, hop(service.orders[0]), hop(service.orders[1], load="l2", job="j2"))

    async def story():
        calls(Viewer("acme"))
        request = shipments_pb2.WatchShipmentsRequest(parent="companies/acme")
        stream = service.WatchShipments(request, None)
        first = await asyncio.wait_for(anext(stream), 20)
        await asyncio.to_thread(report_in_thread, service, event(load_id="l2"))
        second = await asyncio.wait_for(anext(stream), 20)
        await stream.aclose()
        await asyncio.to_thread(report_in_thread, service, event(0, "unloading", load_id="l1"))
        request.after_sequence = second.sequence
        resumed = service.WatchShipments(request, None)
        third = await asyncio.wait_for(anext(resumed), 20)
        await resumed.aclose()
        return first, second, third

    first, second, third = asyncio.run(story())
    assert len(first.shipments) == 2
    assert [(s.name, s.state) for s in second.shipments] == [(f"{service.orders[1]}/shipment", Shipment.UNDER_WAY)]
    assert [(s.name, s.state) for s in third.shipments] == [(f"{service.orders[0]}/shipment", Shipment.DELIVERED)]
    assert first.sequence < second.sequence < third.sequence


def report_in_thread(service, one):
    report(service, "swift", one)


def test_two_servers_lose_no_word_of_one_order(store, service):
    """What is reported of one order at two servers at the same time is all in its shipment."""
    order = service.orders[0]
    commit(store, hop(order, final=False), hop(order, load="l2", job="j2", position=1, pickup=180, delivery=240))

    def legs(tx, load):
        with tx.reading() as session:
            return list(session.exec(select(LegRow).where(LegRow.load_id == load)))

    def damaged(tx, pause):
        tracking.report(tx, "swift", event(0, "unloading", load_id="l1", disposition="damaged"), legs(tx, "l1"))
        tx.flush()
        pause()

    def departed(tx):
        tracking.report(tx, "swift", event(0, "departing", load_id="l2"), legs(tx, "l2"))

    race(lambda pause: store.transact(lambda tx: damaged(tx, pause)), lambda: store.transact(departed))
    shipment = get(service, "acme", order)
    assert (shipment.state, [a.kind for a in shipment.alerts]) == (Shipment.UNDER_WAY, [Alert.DAMAGED])


def test_a_load_that_is_delivered_stays_so_whatever_another_server_reports(store, service):
    """Of two events of one leg at two servers neither takes back what the other told: a delivery, or a later time."""
    order = service.orders[0]
    commit(store, hop(order))

    def legs(tx):
        with tx.reading() as session:
            return list(session.exec(select(LegRow).where(LegRow.load_id == "l1")))

    def delivered(tx, pause):
        tracking.report(tx, "swift", event(0, "unloading", load_id="l1"), legs(tx))
        tx.flush()
        pause()

    def departed(tx):
        tracking.report(tx, "swift", event(-30, "departing", load_id="l1"), legs(tx))

    race(lambda pause: store.transact(lambda tx: delivered(tx, pause)), lambda: store.transact(departed))
    (leg,) = store.transact(legs)
    assert (leg.state, leg.seen_at) == ("DONE", event(0, "unloading", load_id="l1").event_at.ToDatetime(UTC))
    assert get(service, "acme", order).state == Shipment.DELIVERED
