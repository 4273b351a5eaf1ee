"""What becomes of a committed plan when one asks for a change; on both databases."""

from __future__ import annotations

import asyncio
import math
import signal
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from agents.messages import COORDINATOR
from groupage.v1 import change_requests_pb2 as pb
from groupage.v1 import proposals_pb2, rulebooks_pb2, tracking_events_pb2
from server import changes, tracking
from server.durable import record
from server.durable.changes import Changer
from server.faults import Fault
from server.services.synchronizations import Synchronizations
from server.store import Store
from server.store.tables import CommitmentRow, LegRow, OrderRow, Record, ShipmentRow
from server.viewer import SYSTEM, Viewer
from tests.server import world as callers
from tests.server.durable import world
from tests.server.durable.conftest import eventually, until
from tests.server.racing import race

State = pb.ChangeRequest.State


@pytest.fixture
def service(store):
    """The service, telling nobody."""
    return Synchronizations(store, lambda _: None, lambda _: None)


@pytest.fixture
def committed(store, synchronizer):
    """A committed synchronization, and the name of one of its committed orders."""
    return commit(store, synchronizer)


def commit(store, synchronizer, **given):
    world.fill(store, **given)
    name = world.ask(store)
    until(synchronizer, name)
    world.answer(store, name)
    assert until(synchronizer, name)["state"] == "COMMITTED"
    return name, next(o for o, state in world.orders(store).items() if state == "COMMITTED")


def call(service, company, method, request, context=None):
    return asyncio.run(callers.as_(company, getattr(service, method), request))


def ask(service, name, order, *, only=False, company="", **change):
    request = pb.CreateChangeRequestRequest(
        parent=name,
        change_request=pb.ChangeRequest(order=order, **change),
        request_id=str(uuid4()),
        validate_only=only,
    )
    return call(service, company or order.split("/")[1], "CreateChangeRequest", request)


CANCEL = {"cancellation": pb.OrderCancellation(reason="the client closed")}


def listed(service, company, name):
    request = pb.ListChangeRequestsRequest(parent=name)
    return list(call(service, company, "ListChangeRequests", request).change_requests)


def reply(service, company, view, verb="Accept", etag=None):
    kind = getattr(pb, f"{verb}ChangeRequestRequest")
    request = kind(name=view.name, etag=view.etag if etag is None else etag, request_id=str(uuid4()))
    return call(service, company, f"{verb}ChangeRequest", request)


def asked(service, name, owner):
    """Views of those who are asked, by company."""
    found = {c: listed(service, c, name) for c in world.COMPANIES if c != owner}
    return {c: views[-1] for c, views in found.items() if views}


def plan_bytes(store, name):
    """Everything that a plan is in the store: proposals, orders, capacity, legs, shipments."""

    def look(s):
        records = s.exec(select(Record).where(Record.kind == "proposal", Record.parent == name))
        rows = [*s.exec(select(OrderRow)), *s.exec(select(CommitmentRow)), *s.exec(select(LegRow))]
        rows += [*records, *s.exec(select(ShipmentRow))]
        return sorted(repr(r.model_dump()) for r in rows)

    return store.look(SYSTEM, look)


def money(store, name):
    """What each pays net of what it receives, and what stays with the operator."""
    _, settlement, _ = store.look(SYSTEM, lambda s: changes.in_force(s, name))
    net = Counter()
    for t in settlement.transfers:
        net[t.payer] += t.cents
        net[t.payee] -= t.cents
    return net


class TestCancellation:
    """The order does not travel."""

    def test_takes_the_old_plans_place_when_all_accept(self, store, service, executor, committed):
        """All accept: order, capacity, legs and parts follow at once, money balances to the cent, nobody else pays."""
        name, order = committed
        owner = order.split("/")[1]
        before, others = money(store, name), world.proposals(store, name)
        made = ask(service, name, order, **CANCEL)
        assert (made.state, made.own) == (State.PRICING, True)
        Changer(executor).look()
        (own,) = listed(service, owner, name)
        assert own.state == State.AWAITING_REPLIES
        assert own.price_cents == own.part.net_cents <= 0
        views = asked(service, name, owner)
        assert views
        assert set(views) <= {"swift", "tempo", "north"}
        for company, view in views.items():
            reply(service, company, view)
        Changer(executor).look()
        (own,) = listed(service, owner, name)
        assert own.state == State.ACCEPTED
        after = money(store, name)
        assert after[COORDINATOR] == before[COORDINATOR]
        assert sum(after.values()) == 0
        for who in after.keys() | before.keys():
            company = who.split("/")[1] if "/" in who else who
            expected = own.price_cents if company == owner else views[company].part.net_cents if company in views else 0
            assert after[who] - before[who] == expected
        assert world.orders(store)[order] == "CANCELLED"
        assert not store.look(SYSTEM, lambda s: list(s.exec(select(LegRow).where(LegRow.order_name == order))))
        assert store.look(SYSTEM, lambda s: s.get(ShipmentRow, f"{order}/shipment")) is None
        for company, proposal in world.proposals(store, name).items():
            if company in world.pool.SHIPPERS and company != owner:
                assert proposal.owner_part.paid_cents == others[company].owner_part.paid_cents
                for mine, was in zip(proposal.owner_part.orders, others[company].owner_part.orders, strict=True):
                    assert (mine.pickup_at, mine.delivery_at) == (was.pickup_at, was.delivery_at)
                    assert [leg.load_id for leg in mine.legs] == [leg.load_id for leg in was.legs]

    def test_takes_effect_at_the_agreed_price_where_its_price_is_declined(self, store, service, executor, committed):
        """A carrier that declines keeps its whole price; the order does not travel all the same."""
        name, order = committed
        owner = order.split("/")[1]
        before = money(store, name)
        ask(service, name, order, **CANCEL)
        Changer(executor).look()
        for company, view in asked(service, name, owner).items():
            reply(service, company, view, "Decline")
        Changer(executor).look()
        assert world.orders(store)[order] == "CANCELLED"
        assert money(store, name) == before
        assert listed(service, owner, name)[0].price_cents == 0


class TestBreakdown:
    """What nobody foresaw."""

    def test_declines_and_holds_up_no_other(self, store, service, executor, committed, monkeypatch):
        """Whatever kind of error it is, the change is declined without its text, and looking goes on to the others."""
        name, order = committed
        ask(service, name, order, **CANCEL)
        monkeypatch.setattr("server.durable.changes.price", lambda *_: None.canary)
        Changer(executor).look()
        (own,) = listed(service, order.split("/")[1], name)
        assert (own.state, own.reason) == (State.DECLINED, "it broke down")

    def test_of_the_store_is_no_breakdown(self, store, service, executor, committed, monkeypatch):
        """While the database does not answer nothing is decided: the change is looked at again."""
        name, order = committed
        ask(service, name, order, **CANCEL)

        def away(*_):
            raise OperationalError("SELECT", {}, Exception("gone"))

        monkeypatch.setattr("server.durable.changes.price", away)
        Changer(executor).look()
        assert listed(service, order.split("/")[1], name)[0].state == State.PRICING


class TestAmendment:
    """Other times, site or size."""

    def test_that_is_declined_changes_nothing(self, store, service, executor, committed):
        """One declines: everything of the plan is as it was, to the byte, and all are told."""
        name, order = committed
        owner = order.split("/")[1]
        before = plan_bytes(store, name)
        ask(service, name, order, max_price_cents=10**9, amendment=pb.OrderAmendment(pallets=4.5))
        Changer(executor).look()
        views = asked(service, name, owner)
        company, view = next(iter(views.items()))
        reply(service, company, view, "Decline")
        Changer(executor).look()
        assert listed(service, owner, name)[0].state == State.DECLINED
        assert {v.state for v in asked(service, name, owner).values()} == {State.DECLINED}
        assert plan_bytes(store, name) == before

    def test_that_nobody_answers_in_time_is_declined(self, store, service, executor, committed, monkeypatch):
        """Silence until the deadline is a refusal, and an answer after it is refused."""
        name, order = committed
        before = plan_bytes(store, name)
        ask(service, name, order, max_price_cents=10**9, amendment=pb.OrderAmendment(pallets=4.5))
        Changer(executor).look()
        monkeypatch.setattr("server.durable.changes._past", lambda *_: True)
        Changer(executor).look()
        assert listed(service, order.split("/")[1], name)[0].state == State.DECLINED
        assert plan_bytes(store, name) == before

    def test_that_finds_no_room_is_declined_with_the_reason(self, store, service, executor, committed):
        """More than fits on the vehicle: nobody is asked, and its maker learns why."""
        name, order = committed
        ask(service, name, order, max_price_cents=10**9, amendment=pb.OrderAmendment(pallets=500))
        Changer(executor).look()
        (own,) = listed(service, order.split("/")[1], name)
        assert own.state == State.DECLINED
        assert "no plan" in own.reason
        assert asked(service, name, order.split("/")[1]) == {}

    def test_to_another_site_costs_what_the_tour_costs_more(self, store, service, executor, committed):
        """Another client is priced at the carrier's own costs; below that it is too dear and nobody is asked."""
        name, _ = committed
        dearer = []
        for order in (o for o, state in world.orders(store).items() if state == "COMMITTED"):
            owner = order.split("/")[1]
            for k in range(3):
                other = f"companies/{owner}/sites/client-{k}"
                change = {"amendment": pb.OrderAmendment(destination=other)}
                priced = ask(service, name, order, only=True, **change)
                assert listed(service, owner, name) == []
                if priced.price_cents > 0:
                    dearer.append((order, owner, other, change, priced))
        order, owner, other, change, priced = dearer[0]
        ask(service, name, order, max_price_cents=priced.price_cents - 1, **change)
        Changer(executor).look()
        assert listed(service, owner, name)[0].state == State.TOO_DEAR
        ask(service, name, order, max_price_cents=priced.price_cents, **change)
        Changer(executor).look()
        for company, view in asked(service, name, owner).items():
            reply(service, company, view)
        Changer(executor).look()
        assert {v.state for v in listed(service, owner, name)} == {State.ACCEPTED, State.TOO_DEAR}
        assert store.look(SYSTEM, lambda s: s.get(OrderRow, order)).destination == other


def test_a_short_quantity_takes_effect(store, service, executor, committed):
    """Less travels at the agreed price; the carrier's part shows what there is."""
    name, order = committed
    owner = order.split("/")[1]
    ask(service, name, order, short_quantity=pb.ShortQuantity(pallets=1, weight_kg=200))
    Changer(executor).look()
    views = asked(service, name, owner)
    assert any(j.pallets == 1 for v in views.values() for ld in v.part.carrier_part.loads for j in ld.jobs)
    for company, view in views.items():
        reply(service, company, view)
    Changer(executor).look()
    assert listed(service, owner, name)[0].state == State.ACCEPTED
    changed = [o for o in world.proposals(store, name)[owner].owner_part.orders if o.order == order]
    assert {leg.pallets for leg in changed[0].legs} == {1.0}


def test_a_carrier_with_its_own_agent_keeps_its_price(store, service, executor, synchronizer, monkeypatch):
    """What it saves is not known here: it is asked to agree, at the price that was agreed."""
    from dataclasses import replace

    name, order = commit(store, synchronizer)
    real = changes.in_force

    def remote(session, which):
        freeze, settlement, alone = real(session, which)
        seats = {w: replace(s, remote=s.roles) for w, s in freeze.seats.items()}
        return replace(freeze, seats=seats), settlement, alone

    monkeypatch.setattr(changes, "in_force", remote)
    assert ask(service, name, order, only=True, **CANCEL).price_cents == 0


def test_others_see_their_own_part_alone(store, service, executor, committed):
    """Canaries: an asked view names no foreign order, price limit or price; to a stranger there is no such name."""
    name, order = committed
    owner = order.split("/")[1]
    limit = 987_654_321
    ask(service, name, order, max_price_cents=limit, amendment=pb.OrderAmendment(pallets=4.25))
    Changer(executor).look()
    (own,) = listed(service, owner, name)
    views = asked(service, name, owner)
    assert own.max_price_cents == limit
    for view in views.values():
        assert not view.own
        assert (view.order, view.max_price_cents) == ("", 0)
        assert not view.HasField("price_cents")
        assert order.encode() not in view.SerializeToString()
        assert not view.part.HasField("owner_part")
    names = {own.name, *(v.name for v in views.values())}
    assert len(names) == 1 + len(views)
    for company in world.COMPANIES:
        seen = store.look(Viewer(company), lambda s: list(s.exec(select(Record).where(Record.kind == "change"))))
        assert seen == []
        foreign = names - {v.name for v in listed(service, company, name)}
        rows = store.look(
            Viewer(company), lambda s, f=foreign: list(s.exec(select(Record).where(col(Record.name).in_(f))))
        )
        assert rows == []


def fail(service, company, name, thing, reason="the axle broke", **given):
    failure = pb.ProviderFailure(load_or_booking_id=thing, reason=reason)
    return ask(service, name, "", company=company, provider_failure=failure, **given)


def first_load(store, name):
    """A carrier with a load, the load as its proposal names it, and the orders on it."""
    carrier, part = next((c, p) for c, p in sorted(world.proposals(store, name).items()) if p.carrier_part.loads)
    load = part.carrier_part.loads[0].load_id
    legs = store.look(SYSTEM, lambda s: list(s.exec(select(LegRow).where(LegRow.load_id == load))))
    return carrier, load, sorted({leg.order_name for leg in legs})


class TestProviderFailure:
    """A carrier cannot do its load."""

    def test_gives_the_load_to_who_takes_it(self, store, service, executor, committed):
        """Another carrier agrees to drive it: nobody else pays, owners keep their times, capacity and legs follow."""
        name, _ = committed
        carrier, load, orders = first_load(store, name)
        before, others = money(store, name), world.proposals(store, name)
        made = fail(service, carrier, name, load)
        assert (made.state, made.order) == (State.PRICING, "")
        Changer(executor).look()
        views = asked(service, name, carrier)
        assert set(views) == {"swift", "tempo"} - {carrier}
        ((taker, view),) = views.items()
        (own,) = listed(service, carrier, name)
        assert (own.state, own.HasField("price_cents")) == (State.AWAITING_REPLIES, False)
        assert not own.HasField("part")
        assert view.provider_failure == pb.ProviderFailure(reason="the axle broke")
        assert [one.load_id for one in view.part.carrier_part.loads if one.load_id == load]
        reply(service, taker, view)
        Changer(executor).look()
        (own,) = listed(service, carrier, name)
        assert own.state == State.ACCEPTED
        after, proposals = money(store, name), world.proposals(store, name)
        assert sum(after.values()) == 0
        assert after[COORDINATOR] == before[COORDINATOR]
        assert after[f"companies/{carrier}"] - before[f"companies/{carrier}"] == own.price_cents == own.part.net_cents
        part = proposals[carrier].carrier_part
        assert load not in {one.load_id for one in part.loads}
        assert part.received_cents == sum(one.price_cents for one in part.loads) - part.liability_cents
        for owner in world.pool.SHIPPERS:
            now, was = proposals[owner].owner_part, others[owner].owner_part
            assert now.paid_cents <= was.paid_cents
            assert now.saving_cents == now.standalone_cents - now.paid_cents
            for mine, then in zip(now.orders, was.orders, strict=True):
                assert (mine.pickup_at, mine.delivery_at) == (then.pickup_at, then.delivery_at)
        assert {world.orders(store)[order] for order in orders} == {"COMMITTED"}
        legs = store.look(SYSTEM, lambda s: list(s.exec(select(LegRow).where(LegRow.load_id == load))))
        assert {leg.carrier for leg in legs} == {taker}
        held = store.look(SYSTEM, lambda s: s.exec(select(CommitmentRow).where(CommitmentRow.id == load)).one())
        assert held.company == taker
        told = asked(service, name, carrier)
        assert {v.state for v in told.values()} == {State.ACCEPTED}
        assert {c for c in told if c in world.pool.SHIPPERS} == {o.split("/")[1] for o in orders}

    @pytest.mark.parametrize("silent", [False, True])
    def test_releases_what_nobody_takes(self, store, service, executor, committed, monkeypatch, silent):
        """All decline or are silent: orders are released, and their owners are left with what they paid before."""
        name, _ = committed
        carrier, load, orders = first_load(store, name)
        before, others = money(store, name), world.proposals(store, name)
        fail(service, carrier, name, load)
        for _ in range(4):
            Changer(executor).look()
            for company, view in asked(service, name, carrier).items():
                if view.state == State.AWAITING_REPLIES and view.HasField("part") and not silent:
                    reply(service, company, view, "Decline")
            if silent:
                monkeypatch.setattr("server.durable.changes._past", lambda *_: True)
        assert listed(service, carrier, name)[0].state == State.ACCEPTED
        states = world.orders(store)
        assert {states[order] for order in orders} == {"RELEASED"}
        after, proposals = money(store, name), world.proposals(store, name)
        assert sum(after.values()) == 0
        assert after[COORDINATOR] == before[COORDINATOR]
        for owner in sorted({order.split("/")[1] for order in orders}):
            part = proposals[owner].owner_part
            assert part.paid_cents <= others[owner].owner_part.paid_cents
            lines = {line.line: line.cents for line in part.lines}
            assert lines["compensation"] < 0
            assert sum(lines.values()) == part.paid_cents + part.reservation_cents + part.fees_cents
            assert {o.outcome for o in part.orders if o.order in orders} == {proposals_pb2.OUTCOME_STANDALONE}
        for order in orders:
            assert store.look(SYSTEM, lambda s, o=order: s.get(ShipmentRow, f"{o}/shipment")) is None
        assert not store.look(SYSTEM, lambda s: list(s.exec(select(LegRow).where(LegRow.load_id == load))))

    def test_takes_no_vehicle_that_another_plan_holds(self, store, service, executor, committed):
        """Vehicles that were free when the market was frozen, and are another plan's by now, are not asked for."""
        name, _ = committed
        carrier, load, orders = first_load(store, name)
        other = f"{world.POOL}/synchronizations/other"

        def hold(tx):
            for taken in world.pool.CARRIERS:
                good = f"companies/{taken}/vehicleTypes/rigid"
                row = {"id": f"l-{taken}", "company": taken, "good": good, "quantity": 4.0}
                times = {"since": world.pool.START, "until": world.pool.END}
                tx.connection.execute(insert(CommitmentRow), [{"synchronization": other, **row, **times}])

        store.transact(hold)
        fail(service, carrier, name, load)
        Changer(executor).look()
        assert {world.orders(store)[order] for order in orders} == {"RELEASED"}

    def test_is_refused_where_it_cannot_be(self, store, service, executor, committed):
        """Another's load is as unknown as one that is not; what moves cannot be given up any more."""
        name, _ = committed
        carrier, load, _ = first_load(store, name)
        for company, thing in (("acme", load), ("north", load), (carrier, "l-none")):
            with pytest.raises(Fault) as fault:
                fail(service, company, name, thing)
            assert fault.value.reason == "LOAD_UNKNOWN"
        before = plan_bytes(store, name)
        priced = fail(service, carrier, name, load, only=True)
        # What it would pay tells others' prices: it is not to be had for the asking.
        assert (priced.state, priced.HasField("price_cents"), priced.HasField("part")) == (State.PRICING, False, False)
        fail(service, carrier, name, load)
        with pytest.raises(Fault) as fault:
            fail(service, carrier, name, load)
        assert fault.value.reason == "CHANGE_OPEN"
        assert plan_bytes(store, name) == before
        store.transact(
            lambda tx: tx.connection.execute(update(LegRow).where(col(LegRow.load_id) == load).values(state="LOADED"))
        )
        Changer(executor).look()
        (own,) = listed(service, carrier, name)
        assert own.state == State.DECLINED
        assert "under way" in own.reason


def test_a_late_reply_to_a_failure_counts_no_more(store, service, executor, committed):
    """Who declined is left out of what follows: an answer to the view that it had is refused."""
    name, _ = committed
    carrier, load, _ = first_load(store, name)
    fail(service, carrier, name, load)
    Changer(executor).look()
    ((taker, view),) = asked(service, name, carrier).items()
    reply(service, taker, view, "Decline")
    Changer(executor).look()
    now = listed(service, taker, name)[-1]
    with pytest.raises(Fault) as fault:
        reply(service, taker, now)
    assert fault.value.reason == "CHANGE_NOT_OPEN"


@pytest.mark.parametrize("percent", [0.0, 40.0])
def test_who_declines_a_cancellation_keeps_the_dead_freight(store, service, executor, synchronizer, percent):
    """By the rulebook's liability: so many per cent of the order's part of the load's price, by pallets."""
    liability = rulebooks_pb2.Liability(dead_freight_percent=percent)
    name, order = commit(store, synchronizer, liability=liability)
    owner = order.split("/")[1]
    freeze, plan, _ = store.look(SYSTEM, lambda s: changes.in_force(s, name))
    (load,) = [x for x in plan.loads if order in {j for stop in x.stops for j in stop.deliveries}]
    on = [j for stop in load.stops for j in stop.deliveries]
    pallets = {j: freeze.market.shipments[j].pallets for j in on}
    part = sum(load.price_lines.values()) * pallets[order] / sum(pallets.values())
    ask(service, name, order, **CANCEL)
    Changer(executor).look()
    for company, view in asked(service, name, owner).items():
        reply(service, company, view, "Decline")
    Changer(executor).look()
    (own,) = listed(service, owner, name)
    assert own.state == State.ACCEPTED
    assert own.price_cents == -math.floor(part * (100 - percent) / 100)


def test_the_shown_saving_is_that_of_the_orders_as_they_are(store, service, executor, committed):
    """After a cancellation an owner's account compares what it pays with what its remaining orders cost alone."""
    name, order = committed
    owner = order.split("/")[1]
    was = world.proposals(store, name)[owner].owner_part
    ask(service, name, order, **CANCEL)
    Changer(executor).look()
    for company, view in asked(service, name, owner).items():
        reply(service, company, view)
    Changer(executor).look()
    now = world.proposals(store, name)[owner].owner_part
    assert now.standalone_cents < was.standalone_cents
    assert now.saving_cents == now.standalone_cents - now.paid_cents


def test_goods_that_depart_at_that_moment_are_not_cancelled(
    store, store_url, service, executor, committed, monkeypatch
):
    """A load departs while a cancellation takes effect: what was seen to be on its way stays in the plan."""
    name, order = committed
    ask(service, name, order, **CANCEL)
    Changer(executor).look()
    for company, view in asked(service, name, order.split("/")[1]).items():
        reply(service, company, view)
    leg = store.look(SYSTEM, lambda s: s.exec(select(LegRow).where(LegRow.order_name == order)).first())
    event = tracking_events_pb2.TrackingEvent(event_id="e", biz_step="departing", order=order)
    event.event_at.GetCurrentTime()
    carrier, put, seen = Store(store_url), record.put_blob, []

    def takes_effect(pause):
        def after_the_check(*given):
            pause()
            return put(*given)

        monkeypatch.setattr(record, "put_blob", after_the_check)
        Changer(executor).look()

    def departs():
        carrier.transact(lambda tx: tracking.report(tx, leg.carrier, event, [leg]))
        seen.append(world.orders(store)[order])

    race(takes_effect, departs)
    carrier.close()
    assert (seen, world.orders(store)[order]) in ((["CANCELLED"], "CANCELLED"), (["IN_TRANSIT"], "IN_TRANSIT"))


@pytest.mark.parametrize("failure", [False, True])
def test_a_killed_worker_leaves_what_another_prices(store, service, synchronizer, workers, failure):
    """kill -9 while a change is to be priced: another worker prices it, once."""
    name, order = commit(store, synchronizer)
    owner = order.split("/")[1]
    first = workers.start(beat_s=0.2, dead_after_s=1.0, processes=1)
    if failure:
        owner, load, _ = first_load(store, name)
        fail(service, owner, name, load)
    else:
        ask(service, name, order, max_price_cents=10**9, amendment=pb.OrderAmendment(pallets=4.5))
    first.send_signal(signal.SIGKILL)
    first.wait()
    workers.start(beat_s=0.2, dead_after_s=1.0, processes=1)
    eventually(lambda: listed(service, owner, name)[0].state == State.AWAITING_REPLIES)
    for company in asked(service, name, owner):
        assert len(listed(service, company, name)) == 1
