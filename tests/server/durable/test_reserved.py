"""Capacity reserved ahead: bound with the plan that reserves it, used on its day, settled whether used or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from agents import records
from agents.lookahead import PoolDay
from agents.synchronize import replayed
from groupage.v1 import change_requests_pb2, proposals_pb2
from logistics.fleet import is_reserved
from server import later
from server.durable import gather, record
from server.durable.changes import Changer
from server.durable.effect import take_effect
from server.durable.keeping import Keeper
from server.services.synchronizations import Synchronizations
from server.store.tables import CommitmentRow, PoolDayRow, ReservationRow
from server.viewer import SYSTEM
from tests.server.durable import forecasts, world
from tests.server.durable import test_changes as changing
from tests.server.durable.conftest import until
from tests.server.wire import pool

DAY = timedelta(days=1)
RIGIDS = {pool.name(c, "vehicleTypes", "rigid") for c in pool.CARRIERS}


def window(day):
    """Planning window of a day after Monday."""
    return pool.START + day * DAY, pool.END + day * DAY


def reserves(book):
    book.policy.reservation.name = "newsvendor"
    book.policy.reservation.params["least_days"].integer = 1


def fleet(count=4, release=100):
    """Vehicles that cost twice as much on the day as ahead."""
    made = [pool.vehicle(c, "rigid", count=count) for c in pool.CARRIERS]
    for one in made:
        one.call_up.spot_fixed_eur_micros = 300_000_000
        one.call_up.release_eur_micros = release * 1_000_000
    return made


def orders_of(days):
    """Each shipper has two orders a day."""
    made = []
    for day in days:
        for order in pool.orders(2):
            order.name += f"-{day}"
            order.external_ref += f"-{day}"
            for field in ("ready_at", "window_open", "window_close"):
                pool.stamp(order, field, getattr(order, field).ToDatetime(pool.START.tzinfo) + day * DAY)
            made.append(order)
    return made


def planned(store, synchronizer, day, **said):
    """Have a day planned, and its plan answered."""
    name = world.ask(store, window=window(day))
    until(synchronizer, name)
    if world.state(store, name) == "PROPOSED":
        world.answer(store, name, **said)
        until(synchronizer, name)
    return name


def rows(store):
    """Reservations as they are stored."""
    return sorted(store.look(SYSTEM, lambda s: list(s.exec(select(ReservationRow)))), key=lambda r: r.id)


@pytest.fixture
def reserved(store, synchronizer):
    """A pool that drove on Monday, and reserved with Tuesday's plan for Wednesday; answers that plan's name."""
    world.fill(store, change=reserves, orders=orders_of((0, 1, 2)), vehicle_types=fleet())
    forecasts.forecast(store, acme=9.0, bolt=11.0, core=13.0)
    assert world.state(store, planned(store, synchronizer, 0)) == "COMMITTED"
    name = world.ask(store, window=window(1))
    until(synchronizer, name)
    return name


def accepted(store, synchronizer, name):
    world.answer(store, name)
    assert until(synchronizer, name)["state"] == "COMMITTED"


def test_learns_from_its_own_days(store, synchronizer):
    """Before the pool has driven nothing is reserved; each committed plan says what its volume needed."""
    world.fill(store, change=reserves, orders=orders_of((0,)), vehicle_types=fleet())
    forecasts.forecast(store, acme=9.0, bolt=11.0, core=13.0)
    name = planned(store, synchronizer, 0)
    assert rows(store) == []
    (day,) = store.look(SYSTEM, lambda s: list(s.exec(select(PoolDayRow))))
    last = world.negotiations(store, name)[-1]
    freeze, settlement = store.look(SYSTEM, lambda s: (record.freeze_of(s, last), record.settlement_of(s, last)))
    assert records.loads(day.body) == PoolDay.of(freeze.market, settlement)


def test_is_proposed_before_it_binds(store, synchronizer, reserved):
    """Providers read what is reserved with them, owners their part of the price; nothing is owed before all accept."""
    assert rows(store) == []
    made = world.proposals(store, reserved)
    told = [r for c in pool.CARRIERS if c in made for r in made[c].carrier_part.reserving]
    assert told
    assert {(r.day.year, r.day.month, r.day.day) for r in told} == {(2026, 3, 4)}
    assert {r.good for r in told} <= RIGIDS
    for company, part in made.items():
        for r in part.carrier_part.reserving:
            assert r.good.startswith(f"companies/{company}/")
    borne = sum(made[c].owner_part.reserving_cents for c in pool.SHIPPERS if c in made)
    assert borne == sum(r.price_cents for r in told) > 0
    # Owed with the day's plan: it is in no sum of today's.
    assert not any(made[c].owner_part.reservation_cents for c in pool.SHIPPERS if c in made)


def test_an_owner_who_declines_takes_its_reservations_along(store, synchronizer, reserved):
    """Who would have borne a part and does not accept bears nothing, and nobody bears it instead."""
    world.answer(store, reserved, acme="DECLINED")
    until(synchronizer, reserved)
    if world.state(store, reserved) == "PROPOSED":
        assert not any(p.carrier_part.reserving for p in world.proposals(store, reserved).values())
        accepted(store, synchronizer, reserved)
    assert rows(store) == []


def test_is_used_and_paid_on_its_day(store, synchronizer, reserved):
    """The plan of its day has the vehicles as types of their own; owners pay, providers get, and read it settled."""
    accepted(store, synchronizer, reserved)
    before = rows(store)
    assert {(r.state, r.since, r.until) for r in before} == {(later.OPEN, *window(2))}
    name = world.ask(store, window=window(2))
    until(synchronizer, name)
    last = world.negotiations(store, name)[-1]
    freeze, transcript = store.look(SYSTEM, lambda s: (record.freeze_of(s, last), record.transcript_of(s, last)))
    assert {r.id for r in freeze.market.reserved} == {r.id for r in before}
    assert {v for v in freeze.market.vehicles if is_reserved(v)}
    again = replayed(freeze.market, freeze.policy, transcript).settlement
    assert records.dumps(again) == world.settlement_text(store, last)
    accepted(store, synchronizer, name)
    made = world.proposals(store, name)
    owed = sum(made[c].owner_part.reservation_cents for c in pool.SHIPPERS if c in made)
    got = sum(
        r.price_cents - r.release_cents for c in pool.CARRIERS if c in made for r in made[c].carrier_part.reservations
    )
    assert owed == got > 0
    done = {r.id: r for r in again.reservations}
    for row in (r for r in rows(store) if r.since == window(2)[0]):
        assert (row.state, row.used, row.paid_cents, row.back_cents) == (
            later.SETTLED,
            done[row.id].used,
            done[row.id].price_cents,
            done[row.id].release_cents,
        )
    then = world.proposals(store, reserved)
    assert all(r.settled for c in pool.CARRIERS if c in then for r in then[c].carrier_part.reserving)
    borne = sum(then[c].owner_part.reserving_cents for c in pool.SHIPPERS if c in then)
    assert borne == owed


def test_is_kept_free_for_its_pool(store, synchronizer, reserved):
    """To every other plan of its day it is held; to its own it is there once, and held no more when it is settled."""
    accepted(store, synchronizer, reserved)
    quantity = {r.good: r.quantity for r in rows(store)}
    held = store.look(SYSTEM, lambda s: gather.held(s, *window(2), "pools/other/synchronizations/x"))
    assert held == quantity
    name = world.ask(store, window=window(2))
    until(synchronizer, name)
    last = world.negotiations(store, name)[-1]
    vehicles = store.look(SYSTEM, lambda s: record.freeze_of(s, last)).market.vehicles
    for good, count in quantity.items():
        assert vehicles[f"{good}|reserved"].count == count
        assert vehicles[f"{good}|reserved"].count + (vehicles[good].count if good in vehicles else 0) == 4
    accepted(store, synchronizer, name)
    ids = {r.id for r in rows(store) if r.since == window(2)[0]}
    assert not ids & {c.id for c in store.look(SYSTEM, lambda s: list(s.exec(select(CommitmentRow))))}


def cancelled(store, executor, name):
    """Have an order of a committed plan cancelled, with everybody's consent; answers what its owner reads of it."""
    service = Synchronizations(store, lambda _: None, lambda _: None)
    order = next(o for o, state in sorted(world.orders(store).items()) if state == "COMMITTED" and o.endswith("-1"))
    changing.ask(service, name, order, **changing.CANCEL)
    Changer(executor).look()
    for company, view in changing.asked(service, name, order.split("/")[1]).items():
        changing.reply(service, company, view)
    Changer(executor).look()
    return changing.listed(service, order.split("/")[1], name)[-1]


def test_a_change_of_the_plan_leaves_it_as_it_is(store, executor, synchronizer, reserved):
    """What the plan keeps free for a later day it keeps free, whatever becomes of its own day's vehicles."""
    accepted(store, synchronizer, reserved)
    quantity = {r.good: r.quantity for r in rows(store)}
    assert cancelled(store, executor, reserved).state == change_requests_pb2.ChangeRequest.ACCEPTED
    assert store.look(SYSTEM, lambda s: gather.held(s, *window(2), "pools/other/synchronizations/x")) == quantity


def test_a_change_after_it_was_settled_takes_nothing_of_that_back(store, executor, synchronizer, reserved):
    """Owners and providers read what came of it also when the plan that reserved it is changed later."""

    def told(made):
        return [
            (c, made[c].owner_part.reserving_cents, [r.SerializeToString() for r in made[c].carrier_part.reserving])
            for c in sorted(made)
        ]

    accepted(store, synchronizer, reserved)
    assert world.state(store, planned(store, synchronizer, 2)) == "COMMITTED"
    before = told(world.proposals(store, reserved))
    assert cancelled(store, executor, reserved).state == change_requests_pb2.ChangeRequest.ACCEPTED
    assert told(world.proposals(store, reserved)) == before


def test_is_settled_as_unused_where_its_day_came_to_no_plan(store, executor, synchronizer, reserved, monkeypatch):
    """Owners pay all of it less what unused units give back; providers and owners read it where it was agreed on."""
    accepted(store, synchronizer, reserved)
    first = world.proposals(store, reserved)
    monkeypatch.setattr(store, "now", lambda: window(2)[1] - timedelta(seconds=1))
    Keeper(executor).look()
    assert {r.state for r in rows(store)} == {later.OPEN}
    monkeypatch.setattr(store, "now", lambda: window(2)[1])
    for _ in range(2):
        Keeper(executor).look()
    back = 0
    for row in rows(store):
        agreed = later.reserved_in(row)
        assert (row.state, row.used) == (later.SETTLED, 0)
        assert row.paid_cents == agreed.price_cents * agreed.quantity
        assert row.back_cents == agreed.release_cents * agreed.quantity > 0
        back += row.back_cents
    then = world.proposals(store, reserved)
    cents = [{c: p[c].owner_part.reserving_cents for c in pool.SHIPPERS if c in p} for p in (first, then)]
    assert sum(cents[0].values()) - sum(cents[1].values()) == back
    assert then["acme"].state == proposals_pb2.Proposal.COMMITTED
    told = [r for c in pool.CARRIERS if c in then for r in then[c].carrier_part.reserving]
    assert sum(r.release_cents for r in told) == back
    assert all(r.settled and not r.used for r in told)


def test_another_plan_of_its_day_may_use_it_where_one_failed(store, synchronizer, reserved):
    """A plan that comes to nothing leaves what was reserved to the next one of the day."""
    accepted(store, synchronizer, reserved)
    name = planned(store, synchronizer, 2, **dict.fromkeys(world.COMPANIES, "DECLINED"))
    while world.state(store, name) == "PROPOSED":
        world.answer(store, name, **dict.fromkeys(world.COMPANIES, "DECLINED"))
        until(synchronizer, name)
    assert world.state(store, name) == "RELEASED"
    assert {(r.state, r.due_in) for r in rows(store)} == {(later.OPEN, "")}


def test_does_not_count_as_a_vehicle_of_its_own_day(store, executor, synchronizer, reserved, monkeypatch):
    """Who takes a failed load over needs a vehicle of that day: what it keeps free for a later one is none."""
    accepted(store, synchronizer, reserved)
    name = reserved
    driver, load, _ = changing.first_load(store, name)
    (taker,) = {*pool.CARRIERS} - {driver}
    good = pool.name(taker, "vehicleTypes", "rigid")
    # As if it had been reserved with who takes the load over.
    ids = [r.id for r in rows(store)]
    moved = update(CommitmentRow).where(col(CommitmentRow.id).in_(ids)).values(good=good, company=taker)
    store.transact(lambda tx: tx.connection.execute(moved))
    service = Synchronizations(store, lambda _: None, lambda _: None)
    changing.fail(service, driver, name, load)
    Changer(executor).look()
    ((asked, view),) = changing.asked(service, name, driver).items()
    assert asked == taker
    changing.reply(service, taker, view)
    before, effect = changing.plan_bytes(store, name), take_effect

    def too_late(tx, *given):
        """Between its pricing and its effect another plan takes all of the taker's vehicles of that day."""
        hold = {"id": "l-other", "company": taker, "good": good, "quantity": 4.0}
        times = dict(zip(("since", "until"), window(1), strict=True))
        other = {"synchronization": f"{world.POOL}/synchronizations/other", **hold, **times}
        tx.connection.execute(insert(CommitmentRow), [other])
        effect(tx, *given)

    monkeypatch.setattr("server.durable.changes.take_effect", too_late)
    Changer(executor).look()
    assert changing.plan_bytes(store, name) == before
    (own,) = changing.listed(service, driver, name)
    assert own.state == change_requests_pb2.ChangeRequest.AWAITING_REPLIES
    monkeypatch.setattr("server.durable.changes.take_effect", effect)
    Changer(executor).look()
    assert changing.listed(service, driver, name)[0].state == change_requests_pb2.ChangeRequest.ACCEPTED
    assert {c.company for c in store.look(SYSTEM, lambda s: list(s.exec(select(CommitmentRow)))) if c.id == load} == {
        taker
    }
