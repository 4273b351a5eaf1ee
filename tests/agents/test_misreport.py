"""What a participant would gain by false reports."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from agents.messages import COORDINATOR
from agents.misreport import Lever, Misreport, had, misreports, truly_handled, turned_away, what_if
from agents.model import World, pooling_model
from agents.registry import built_in
from agents.settlement import Booking, Load, Settlement
from logistics import PublicTariffs
from logistics.routing.problem import Stop
from tests.agents.markets import HORIZON_MIN, START, Small, policy, small_market

EMPTY = pd.DataFrame({"unique_id": [], "ds": [], "y": [], "promotion": []}).astype({"unique_id": str})
LIVELY = {"factories": 3, "shipments": 8, "hubs": 1, "carriers": 2}  # everybody is there and pools
SEED = 31


@contextmanager
def day_of(small: Small, protocol: str):
    """A model after the one day of a small market, the day, and what everybody had of it."""
    world = World(small.region, ((START.date(), START, tuple(small.shipments.values())),), EMPTY, EMPTY, HORIZON_MIN)
    with pooling_model(world, policy(protocol), seed=1) as model:
        day = model.run_day()
        yield model, day, had(day.settlement, day.executed)


def gain(model, day, honest, party, role, lever, factor):
    """What a false report adds to what its teller has, and to what all others have."""
    lied = what_if(model, day, Misreport(party, role, lever, factor))
    own = lied.get(party, 0) - honest.get(party, 0)
    return own, sum(lied.values()) - sum(honest.values()) - own


@pytest.mark.parametrize("protocol", ["contract_net", "request_exchange", "trustee"])
def test_the_truth_gains_nothing(protocol):
    """A report by a factor of one is the truth: everybody has what it had, to the cent, whoever reports."""
    with day_of(small_market(SEED, **LIVELY), protocol) as (model, day, honest):
        assert day.settlement.pooled
        lies = misreports(model.desks, (1.0,))
        assert {lie.role for lie in lies} == {"owner", "carrier", "hub"}
        for lie in lies:
            assert what_if(model, day, lie) == honest, lie


@pytest.mark.parametrize("protocol", sorted(built_in("protocols")))
def test_what_all_have_is_what_is_used_up(protocol):
    """Money only changes hands: receipts less payments and costs of all come to the day's resource cost."""
    with day_of(small_market(SEED, **LIVELY), protocol) as (_, day, honest):
        assert sum(honest.values()) == -day.executed.resource_cents
        assert honest.get(COORDINATOR, 0) == day.settlement.operator_cents


def test_going_alone_invites_nothing():
    """Where nobody pools, no report changes anything."""
    with day_of(small_market(SEED, **LIVELY), "standalone") as (model, day, honest):
        for lie in misreports(model.desks):
            assert what_if(model, day, lie) == honest


def test_a_monopolist_gains_by_asking_more():
    """The only carrier is paid its quotes: feigning higher costs pays it, at the cost of those who pay."""
    small = small_market(6, factories=2, shipments=4, hubs=0, carriers=1)
    # Nothing but dear groupage is open to the owners without the pool.
    tariffs = PublicTariffs(tuple(replace(t, fuel_surcharge_percent=200.0) for t in small.region.tariffs.groupage), ())
    small = Small(replace(small.region, tariffs=tariffs, incumbents=()), small.shipments)
    with day_of(small, "contract_net") as (model, day, honest):
        assert len(day.settlement.pooled) > 1
        own, others = gain(model, day, honest, "v0", "carrier", Lever.COST, 1.25)
        cost = sum(sum(load.cost_lines.values()) for load in day.executed.loads if load.mode == "pool")
        assert own == pytest.approx(0.25 * cost, abs=2)
        assert others == -own
        assert gain(model, day, honest, "v0", "carrier", Lever.COST, 0.8)[0] < 0


def test_a_lower_stand_alone_cost_lowers_a_proportional_share():
    """Shares in proportion to stated stand-alone costs fall with what is stated, for nobody's good but one's own."""
    with day_of(small_market(SEED, **LIVELY), "trustee") as (model, day, honest):
        pays = {o: -honest[o] for o in day.market.owners}
        gains = [gain(model, day, honest, o, "owner", Lever.STANDALONE, 0.95)[0] for o in pays]
        assert max(gains) > 0


def test_late_goods_cost_their_owner():
    """Feigned patience lets goods arrive after their window, and their true stakes are paid then."""
    small = small_market(SEED, **LIVELY)
    closing = {k: min(s.window_close, s.window_open + timedelta(minutes=30)) for k, s in small.shipments.items()}
    tight = {k: replace(s, window_close=closing[k], due_at=closing[k]) for k, s in small.shipments.items()}
    with day_of(Small(small.region, tight), "trustee") as (model, day, honest):
        gains = [gain(model, day, honest, o, "owner", Lever.URGENCY, 0.05)[0] for o in day.market.owners]
        assert min(gains) < -500_00  # a line stop


def _load(*acts: tuple[str, tuple[str, ...], tuple[str, ...]]) -> Settlement:
    stops = tuple(Stop(site, 0.0, 0.0, 0.0, pickups, deliveries) for site, pickups, deliveries in acts)
    return Settlement("", loads=(Load("l", "v0", "v0-0", stops, {}),))


def test_the_largest_of_the_liar_stay_behind():
    """Where a vehicle is overfull, goods of who understated them stay, largest first, and nobody else's."""
    small = small_market(SEED, **LIVELY)
    template = next(iter(small.shipments.values()))
    vehicle = replace(small.region.vehicles["v0-0"], capacity_pallets=10.0, capacity_kg=1e6, capacity_m3=1e6)
    true = {
        name: replace(template, id=name, owner=owner, pallets=pallets)
        for name, owner, pallets in [("a", "liar", 3.0), ("b", "liar", 4.0), ("c", "other", 5.0), ("d", "liar", 6.0)]
    }
    together = _load(("f", ("a", "b", "c"), ()), ("k", (), ("a", "b", "c")))
    assert turned_away(together, true, {"v0-0": vehicle}, "liar") == {"b"}
    in_turn = _load(("f", ("a", "b"), ()), ("k", (), ("b",)), ("f", ("c",), ()), ("k", (), ("a", "c")))
    assert turned_away(in_turn, true, {"v0-0": vehicle}, "liar") == set()
    two = _load(("f", ("c", "d", "b"), ()), ("k", (), ("b", "c", "d")))
    assert turned_away(two, true, {"v0-0": vehicle}, "liar") == {"d"}


def test_a_hub_handles_what_really_comes():
    """Dock slots hold the true pallets of the goods that came, at the price that was agreed."""
    small = small_market(SEED, **LIVELY)
    template = next(iter(small.shipments.values()))
    true = {name: replace(template, id=name, pallets=p) for name, p in (("a", 4.0), ("b", 1.0))}
    stated = true | {"a": replace(true["a"], pallets=2.0)}
    booked = Settlement("", bookings=(Booking("b1", "h0", "l", 0.0, 9.0, 3.0, 6.0, ("a", "b"), 900),))
    (came,) = truly_handled(booked, true, stated, {}).bookings
    assert (came.pallets, came.storage_pallet_hours, came.price_cents) == (5.0, 10.0, 900)
    (less,) = truly_handled(booked, true, stated, {"a": "too large"}).bookings
    assert (less.pallets, less.storage_pallet_hours) == (1.0, 2.0)


def test_overstated_goods_pay_for_room():
    """A hub that is paid for more pallets than come has less to handle, and keeps the difference."""
    with day_of(small_market(SEED, **LIVELY), "trustee") as (model, day, honest):
        assert day.settlement.bookings
        handled = {s for b in day.settlement.bookings for s in b.shipments}
        owner = next(o for o in day.market.owners if handled & set(day.market.owned_by(o)))
        lied = what_if(model, day, Misreport(owner, "owner", Lever.VOLUME, 1.02))
        assert lied["h0"] > honest["h0"]


def test_understated_goods_travel_at_their_true_cost():
    """Who declares far too little is not carried for it: its goods go alone, and it pays what was agreed besides."""
    with day_of(small_market(SEED, **LIVELY), "trustee") as (model, day, honest):
        gains = [gain(model, day, honest, o, "owner", Lever.VOLUME, 0.01)[0] for o in day.market.owners]
        assert min(gains) < 0


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan")])
def test_a_factor_is_positive(factor):
    """A report is some multiple of the truth."""
    with pytest.raises(ValueError, match="factor"):
        Misreport("f0", "owner", Lever.VOLUME, factor)
