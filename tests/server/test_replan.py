"""Random changes of random plans: money balances to the cent, and nobody pays for what another asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.jobs import JobBook
from agents.plans import priced
from server.drafts import Draft, NoPlanError, starts
from server.failures import Failure, failure_of, without_provider
from server.replan import alone_cents, replanned
from server.wire import account
from server.wire.told import Hashed
from tests.agents.markets import small_market
from tests.server.wire import pool
from tests.server.wire.freezes import freeze_of, negotiated

SEEDS = 24
FULL = 17  # where loads have no room for their own: the first of the seeds, and what is before it takes a minute
GENTLE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def plan(seed, hubs=1):
    """A committed plan of a small market in which everybody is a company of its own."""
    small = small_market(seed, factories=3, shipments=12, hubs=hubs, carriers=3)
    freeze = freeze_of(small, small.market)
    return freeze, negotiated(freeze)


def owed(settlement):
    """What everybody pays as an owner, with what stays outside the pool and is paid elsewhere."""
    found = Counter()
    for t in settlement.transfers:
        found[t.payer] += t.cents
    found.update(settlement.left_cents)
    return found


def margin(freeze, settlement, carrier):
    """What a carrier receives less what its tours cost it by its own costs."""
    draft = Draft.of(freeze, freeze, settlement)
    own = [load for load in settlement.loads if load.carrier == carrier]
    cost = sum(priced(draft.fleet[x.vehicle], x.stops, freeze.market.network).cost_cents for x in own)
    return account.received_cents(settlement, carrier) - cost


def must_be_sound(done):
    """The plan can be driven by an independent check, and its legs and loads are of one mind."""
    s = done.settlement
    assert JobBook(done.freeze.market).faults(s.loads) == []
    assert Counter(leg.job for leg in s.legs) == Counter(j for x in s.loads for p in x.stops for j in p.deliveries)
    by_load = {x.id: {j for p in x.stops for j in p.pickups} for x in s.loads}
    assert all(leg.job in by_load[leg.load] for leg in s.legs)
    for load in s.loads:
        for stop in load.stops:
            for leg in (leg for leg in s.legs if leg.job in stop.deliveries and leg.load == load.id):
                assert leg.to_site == stop.site


def must_balance(before, done):
    """No cent comes from nowhere, and the operator's stays what it was."""
    after = done.settlement
    assert sum(after.paid_cents.values()) == sum(after.received_cents.values())
    assert after.operator_cents == before.operator_cents


def amendment(freeze, order, kind, figure):
    goods = freeze.market.shipments[order]
    if kind == "pallets":
        return replace(goods, pallets=goods.pallets * figure, weight_kg=goods.weight_kg * figure)
    if kind == "window":
        by = timedelta(hours=4 * figure - 4)
        return replace(goods, window_open=goods.window_open + by, window_close=goods.window_close + by)
    others = sorted(s.destination for s in freeze.market.shipments.values())
    return replace(goods, destination=others[int(figure * 7) % len(others)])


CHANGES = st.tuples(st.sampled_from(["cancel", "pallets", "window", "place"]), st.floats(0.1, 2.0), st.floats(0, 100))


@GENTLE
@given(st.integers(0, SEEDS - 1), st.integers(0, 99), CHANGES, st.sets(st.integers(0, 2)))
def test_changes_of_an_order_cost_its_owner_alone(seed, which, change, declining):
    """Whoever did not ask pays and gets as before: owners to the cent, carriers their margin, hubs their price."""
    freeze, before = plan(seed)
    kind, figure, percent = change
    orders = sorted(before.pooled)
    if not orders:
        return
    order = orders[which % len(orders)]
    becomes = None if kind == "cancel" else amendment(freeze, order, kind, figure)
    keeping = [sorted(freeze.market.carriers)[i] for i in declining] if kind == "cancel" else []
    try:
        done = replanned(freeze, before, order, becomes, keeping, percent)
    except NoPlanError:
        assert kind != "cancel"
        return
    must_balance(before, done)
    must_be_sound(done)
    owner = freeze.market.shipments[order].owner
    was, now = owed(before), owed(done.settlement)
    for other in {*freeze.market.owners} - {owner}:
        assert now[other] == was[other]
    for hub in freeze.market.hubs:
        assert account.received_cents(done.settlement, hub) == account.received_cents(before, hub)
    for carrier in {*freeze.market.carriers} - {*keeping}:
        assert margin(done.freeze, done.settlement, carrier) >= margin(freeze, before, carrier)
    for carrier in keeping:
        # Who does not agree gives back no more than the rulebook says of the price of its loads.
        price = sum(sum(x.price_lines.values()) for x in before.loads if x.carrier == carrier)
        lost = account.received_cents(before, carrier) - account.received_cents(done.settlement, carrier)
        assert 0 <= lost <= price * (100 - percent) / 100 + 1e-6
    if kind != "cancel":
        assert order in done.settlement.pooled


@GENTLE
@given(st.integers(0, SEEDS - 1), st.integers(0, 99), st.booleans(), st.sets(st.integers(0, 5)), st.floats(0, 2))
def test_who_fails_bears_it(seed, which, at_a_hub, declining, part):
    """Others pay no more and keep their margin, but for what the liability does not cover of released orders."""
    freeze, before = plan(seed)
    things = before.bookings if at_a_hub else before.loads
    if not things:
        return
    thing = things[which % len(things)]
    failure = Failure(thing.hub, booking=thing) if at_a_hub else Failure(thing.carrier, load=thing)
    companies = sorted({*freeze.market.carriers, *freeze.market.owners} - {failure.provider})
    refused = [companies[i % len(companies)] for i in declining]
    limit = None if part > 1.5 else int(part * 40_000)
    done = without_provider(freeze, before, failure, refused=refused, limit_cents=limit)
    must_balance(before, done)
    must_be_sound(done)
    after = done.settlement
    borne = account.liability_cents(after, failure.provider)
    assert borne >= 0
    assert limit is None or borne <= limit
    lost = {order: alone_cents(freeze, before, order) for order in done.released}
    was, now = owed(before), owed(after)
    for owner in freeze.market.owners:
        short = sum(lost[o] - paid for o, paid in done.released.items() if freeze.market.shipments[o].owner == owner)
        assert now[owner] <= was[owner] + short
        assert short == 0 or borne == limit
    for carrier in {*freeze.market.carriers} - {failure.provider}:
        assert margin(freeze, after, carrier) >= margin(freeze, before, carrier)
    for hub in {*freeze.market.hubs} - {failure.provider}:
        assert account.received_cents(after, hub) == account.received_cents(before, hub)
    assert before.pooled == after.pooled | set(done.released)
    assert not after.pooled & set(done.released)
    taken = {x.id: x.carrier for x in after.loads} | {}
    for carrier in refused:
        assert carrier not in done.carriers
        assert sum(c == carrier for c in taken.values()) <= sum(x.carrier == carrier for x in before.loads)
    then, at = starts(before.loads), starts(after.loads)
    for leg in after.legs:
        if freeze.market.shipments[leg.shipment].owner in refused:
            assert at[leg.job] == then[leg.job]


def test_a_load_is_taken_over_as_it_stands():
    """Where another vehicle can keep all times, it does, and no owner's order is loaded or delivered at another."""
    freeze = pool.frozen()
    before = negotiated(freeze)
    failure = Failure(before.loads[0].carrier, load=before.loads[0])
    done = without_provider(freeze, before, failure)
    assert done.released == {}
    assert starts(done.settlement.loads) == starts(before.loads)
    assert {x.carrier for x in done.settlement.loads if x.id == before.loads[0].id} == done.carriers
    assert done.carriers <= {*freeze.market.carriers} - {failure.provider}


def test_what_nobody_takes_is_released_at_what_it_costs_alone():
    """All carriers would not have it: orders leave the plan, each owner gets what it said that it costs alone."""
    freeze = pool.frozen()
    before = negotiated(freeze)
    load = before.loads[0]
    done = without_provider(freeze, before, Failure(load.carrier, load=load), refused=[*freeze.market.carriers])
    orders = {leg.shipment for leg in before.legs if leg.load == load.id}
    assert done.released == {o: alone_cents(freeze, before, o) for o in orders}
    borne = account.liability_cents(done.settlement, load.carrier)
    assert borne == max(0, sum(done.released.values()) - sum(load.price_lines.values()))
    assert {row.shipment for row in done.settlement.left} >= orders


def test_an_order_moves_where_its_own_load_has_no_room():
    """An amendment that its own load cannot do goes to another with room, priced at what both tours cost more."""
    moved = 0
    for seed in (FULL, *range(SEEDS)):
        freeze, before = plan(seed, hubs=0)
        for order in sorted(before.pooled):
            goods = freeze.market.shipments[order]
            for hours in (-5, -3, 3, 5):
                by = timedelta(hours=hours)
                becomes = replace(goods, window_open=goods.window_open + by, window_close=goods.window_close + by)
                try:
                    done = replanned(freeze, before, order, becomes)
                except NoPlanError:
                    continue
                (was,), (now,) = ([x.load for x in s.legs if x.shipment == order] for s in (before, done.settlement))
                moved += was != now
        if moved:
            break
    assert moved


def test_an_order_moves_to_no_times_that_others_refused():
    """Put onto another load, an order leaves those alone who would not have other times, where else it would not."""
    moved = 0
    for seed in range(SEEDS):
        freeze, before = plan(seed, hubs=0)
        for order in sorted(before.pooled):
            goods = freeze.market.shipments[order]
            others = sorted({s.owner for s in freeze.market.shipments.values()} - {goods.owner})
            draft = Draft.of(freeze, freeze, before).without(order)
            then, at_will = starts(draft.loads.values()), draft.placed(order)
            if at_will is None:
                continue
            theirs = [j for j in then if freeze.market.shipments[j].owner in others]
            moved += any(starts(at_will.loads.values())[j] != then[j] for j in theirs)
            kept = draft.placed(order, others)
            if kept is not None:
                now = starts(kept.loads.values())
                assert all(now[j] == then[j] for j in theirs)
        if moved > 2:
            break
    assert moved


def test_savings_are_of_the_orders_as_they_are():
    """After a cancellation what its owner's orders cost alone is that of the rest, and nobody else's changes."""
    freeze = pool.frozen()
    before = negotiated(freeze)
    order = sorted(before.pooled)[0]
    owner = freeze.market.shipments[order].owner
    after = replanned(freeze, before, order, None).settlement
    rest = freeze.market.restricted_to([s for s in freeze.market.owned_by(owner) if s != order])
    alone = negotiated(replace(freeze, market=rest, seats={owner: freeze.seats[owner]})).standalone_cents[owner]
    assert after.standalone_cents == {**before.standalone_cents, owner: alone}
    assert alone < before.standalone_cents[owner]


def test_only_its_own_can_fail():
    """What is not in the plan in force, or another's, cannot be reported."""
    freeze = pool.frozen()
    before = negotiated(freeze)
    load = before.loads[0]
    called = Hashed.of(freeze).called("load", load.id)
    assert failure_of(freeze, before, called, load.carrier) == Failure(load.carrier, load=load)
    for name, company in ((called, "companies/acme"), ("l-other", load.carrier)):
        with pytest.raises(NoPlanError):
            failure_of(freeze, before, name, company)
