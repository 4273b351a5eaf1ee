"""Mixed plans: through the hub where that pays, chains and docks always sound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics import Handling
from logistics.consolidation import MixedPlan, hub_violations, leg_jobs, mixed_plan
from logistics.costs import CostLine
from logistics.hub_legs import HubOffer, hub_visits, overbooked_hours
from logistics.routing import RoutingProblem, Stop, solve, violations
from tests.logistics.worlds import HubRegion, hub_offer, hub_region, job

ITERATIONS = 150


def planned(region: HubRegion, *offers: HubOffer, prizes: dict[str, int] | None = None) -> MixedPlan:
    return mixed_plan(region.network, region.jobs, region.fleet, offers, iterations=ITERATIONS, seed=1, prizes=prizes)


def faults(region: HubRegion, plan: MixedPlan, *offers: HubOffer) -> list[str]:
    left = set(plan.plan.unserved)
    jobs = tuple(replace(j, prize_cents=None) for j in plan.jobs.values())
    problem = RoutingProblem(region.network, jobs, region.fleet)
    found = [f for f in violations(problem, plan.plan) if "unserved" not in f]
    return found + hub_violations(plan.plan.routes, plan.jobs, plan.chains, offers) + sorted(left & plan.chains.keys())


def test_without_hubs_it_is_the_route_planner() -> None:
    """No hub on offer: the plan, its cost and its leftovers are those of solve()."""
    region = hub_region(8, far=True)
    problem = RoutingProblem(region.network, tuple(region.jobs.values()), region.fleet)
    plan = planned(region)
    assert plan.plan == solve(problem, iterations=ITERATIONS, seed=1)
    assert plan.visits == ()
    assert plan.total_cents == plan.plan.cost_cents


@pytest.fixture(scope="module")
def paying() -> tuple[HubRegion, MixedPlan]:
    region = hub_region(12, far=True, seed=4)
    return region, planned(region, region.offer)


def test_the_hub_pays_for_many_small_shipments_from_afar(paying: tuple[HubRegion, MixedPlan]) -> None:
    """Twelve small shipments of far factories into one city: most take the hub, and the whole is far cheaper."""
    region, plan = paying
    direct = planned(region)
    assert sum(len(legs) == 2 for legs in plan.chains.values()) > 6
    assert plan.total_cents < 0.9 * direct.total_cents
    assert plan.plan.unserved == direct.plan.unserved == ()


def test_the_hub_does_not_pay_next_door() -> None:
    """The same shipments from factories beside the city go direct; the hub is left alone."""
    region = hub_region(12, far=False)
    plan = planned(region, region.offer)
    assert plan.visits == ()
    assert plan.total_cents == planned(region).total_cents


def test_a_plan_through_a_hub_is_sound_and_adds_up(paying: tuple[HubRegion, MixedPlan]) -> None:
    """Chains are whole and in time, docks suffice, and the lines say what was driven and handled."""
    region, plan = paying
    assert faults(region, plan, region.offer) == []
    through = [s for s, legs in plan.chains.items() if len(legs) == 2]
    pallets = sum(region.jobs[s].pallets for s in through)
    assert plan.cost_lines[CostLine.HANDLING] == 350 * pallets
    assert plan.cost_lines[CostLine.DOCK_SLOT] == 800 * len(plan.visits)
    assert sum(v.pallets for v in plan.visits) == pallets
    assert plan.cost_cents == plan.plan.cost_cents + sum(
        v.handling_cents + v.slot_cents + v.storage_cents for v in plan.visits
    )
    assert plan.chains.keys() == region.jobs.keys()


@settings(max_examples=6)
@given(st.integers(0, 30), st.integers(0, 3), st.booleans())
def test_no_hour_holds_more_visits_than_slots(seed: int, slots: int, priced: bool) -> None:
    """However few the slots: sound plans only, no dearer than without the hub, nothing lost."""
    region = hub_region(8, far=True, slots=slots, seed=seed)
    prizes = {s: 15000 for s in list(region.jobs)[::2]} if priced else None
    plan = planned(region, region.offer, prizes=prizes)
    direct = planned(region, prizes=prizes)
    assert faults(region, plan, region.offer) == []
    assert overbooked_hours(plan.visits, [region.offer]) == {}
    assert sorted([*plan.chains, *plan.plan.unserved]) == sorted(region.jobs)
    if not direct.plan.unserved or priced:
        assert plan.total_cents <= direct.total_cents
    if slots == 0:
        assert plan.visits == ()


def test_a_crowded_dock_is_relieved() -> None:
    """Where the best plan would have two vehicles at the dock in an hour, one slot makes it another sound plan."""
    free, tight = (hub_region(12, far=True, slots=slots, seed=7) for slots in (9, 1))
    wished = planned(free, free.offer)
    assert overbooked_hours(wished.visits, [tight.offer])
    plan = planned(tight, tight.offer)
    assert plan.visits
    assert faults(tight, plan, tight.offer) == []
    assert plan.total_cents <= planned(tight).total_cents


@pytest.mark.parametrize(("slots", "seed"), [(1, 2), (1, 5), (2, 9)])
def test_the_last_search_may_not_crowd_a_dock_again(slots: int, seed: int) -> None:
    """Regions where the last, longest search finds a cheaper plan with too many vehicles in an hour: it is refused."""
    region = hub_region(12, far=True, slots=slots, seed=seed)
    assert faults(region, planned(region, region.offer), region.offer) == []


def test_the_same_question_has_the_same_answer(paying: tuple[HubRegion, MixedPlan]) -> None:
    """A mixed plan is a pure function of its arguments."""
    region, plan = paying
    assert planned(region, region.offer) == plan


def test_a_dear_hub_is_left_alone() -> None:
    """Handling that eats the saving keeps every shipment on direct tours."""
    region = hub_region(8, far=True)
    dear = replace(region.offer, handling_cents_per_pallet=50_000)
    assert planned(region, dear).visits == ()


def test_prizes_decide_what_is_left_out() -> None:
    """A shipment whose prize is below any way of carrying it stays out, and the prize is counted."""
    region = hub_region(6, far=True)
    prizes = dict.fromkeys(region.jobs, 100)
    plan = planned(region, region.offer, prizes=prizes)
    assert plan.chains == {}
    assert plan.foregone_cents == plan.total_cents == 600


def test_excluded_vehicles_stay_excluded_on_both_legs() -> None:
    """What a vehicle may not carry direct it may not carry to or from a hub either."""
    region = hub_region(12, far=True)
    barred = frozenset(list(region.jobs)[:3])
    fleet = tuple(replace(v, excluded=barred) if v.id == "van" else v for v in region.fleet)
    plan = mixed_plan(region.network, region.jobs, fleet, [region.offer], iterations=ITERATIONS, seed=1)
    on_vans = {plan.jobs[j].shipment for r in plan.plan.routes if r.vehicle == "van" for j in r.jobs}
    assert on_vans
    assert not barred & on_vans


def test_goods_that_may_not_meet_do_not_meet_at_the_hub_either() -> None:
    """Handling classes go with both legs, so a conflict keeps two shipments on different vehicles."""
    region = hub_region(8, far=True)
    odd = {s: replace(j, handling=Handling(("1",))) if s == "s0" else j for s, j in region.jobs.items()}
    odd |= {s: replace(j, handling=Handling(("3",))) for s, j in odd.items() if s in ("s1", "s2")}
    tense = replace(region, jobs=odd)
    assert faults(tense, planned(tense, tense.offer), tense.offer) == []


def test_legs_keep_the_chain_by_their_windows() -> None:
    """Inbound ends by the cutoff; outbound starts after it plus handling, which grows with the pallets."""
    direct = job("s", "f0", "c0", 40.0, loading_min=10.0)
    legs = leg_jobs(direct, hub_offer())
    assert legs is not None
    inbound, outbound = legs
    assert (inbound.id, outbound.id) == ("s@H:in", "s@H:out")
    assert (inbound.origins, inbound.destination, outbound.origins, outbound.destination) == (
        ("f0",),
        "h",
        ("h",),
        "c0",
    )
    assert inbound.delivery_close_min + inbound.unloading_min == 660.0
    assert outbound.pickup_open_min == 660.0 + 80.0
    assert outbound.pickup_close_min + outbound.loading_min <= 1200.0
    assert (outbound.delivery_open_min, outbound.delivery_close_min) == (480.0, 1080.0)


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"delivery_close_min": 700.0}, {}),  # the client wants it before the hub could hand it on
        ({"pickup_open_min": 655.0}, {}),  # ready too late to be unloaded by the cutoff
        ({"origins": ("h",)}, {}),  # it is there already
        ({"destination": "h"}, {}),
        ({}, {"cutoff_min": 1190.0}),  # the hub closes before handling is over
    ],
)
def test_days_too_short_for_a_hub_have_no_legs(changes: dict[str, object], terms: dict[str, object]) -> None:
    """Where no chain can keep its times there is none."""
    assert leg_jobs(replace(job("s", "f0", "c0", 2.0), **changes), hub_offer(**terms)) is None


def tour(base: str, *stops: Stop):
    from logistics.routing import Route

    return Route("v", (Stop(base, 0.0, 0.0, 0.0), *stops, Stop(base, 1400.0, 1400.0, 1400.0)), 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("inbound_end", "outbound_start", "said"),
    [
        (640.0, 700.0, []),
        (665.0, 700.0, ["expected by the cutoff"]),
        (640.0, 665.0, ["expected from 670.0"]),
        (640.0, 1190.0, ["outside its opening"]),
        (640.0, None, ["expected the whole chain"]),
    ],
)
def test_the_checker_sees_broken_chains(inbound_end: float, outbound_start: float | None, said: list[str]) -> None:
    """Late at the cutoff, out before handling is over, outside opening hours, or half a chain: each is named."""
    offer = hub_offer()
    legs = leg_jobs(job("s", "f0", "c0", 2.0), offer)
    assert legs is not None
    jobs = {leg.id: leg for leg in legs}
    routes = [
        tour(
            "b",
            Stop("f0", 300.0, 300.0, 315.0, ("s@H:in",)),
            Stop("h", inbound_end - 15, inbound_end - 15, inbound_end, (), ("s@H:in",)),
        )
    ]
    if outbound_start is not None:
        routes.append(
            tour(
                "h",
                Stop("h", outbound_start, outbound_start, outbound_start + 15, ("s@H:out",)),
                Stop("c0", 1215.0, 1215.0, 1230.0, (), ("s@H:out",)),
            )
        )
    found = hub_violations(routes, jobs, {"s": ("s@H:in", "s@H:out")}, [offer])
    assert len(found) == len(said)
    assert all(text in fault for text, fault in zip(said, found, strict=True))


def test_the_checker_counts_vehicles_at_the_dock() -> None:
    """Two vehicles in an hour with one slot are one too many; storage counts from unloading to loading."""
    offer = hub_offer(slots=1)
    jobs = {}
    routes = []
    for s in ("a", "b"):
        legs = leg_jobs(job(s, "f0", "c0", 2.0), offer)
        assert legs is not None
        jobs |= {leg.id: leg for leg in legs}
        routes.append(
            tour(
                "b",
                Stop("f0", 300.0, 300.0, 315.0, (f"{s}@H:in",)),
                Stop("h", 560.0, 560.0, 580.0, (), (f"{s}@H:in",)),
                Stop("h", 700.0, 700.0 + 60 * (s == "b"), 715.0 + 60 * (s == "b"), (f"{s}@H:out",)),
                Stop("c0", 900.0, 900.0, 915.0, (), (f"{s}@H:out",)),
            )
        )
    found = hub_violations(routes, jobs, {s: (f"{s}@H:in", f"{s}@H:out") for s in "ab"}, [offer])
    assert found == ["hub H has 1 visits more than dock slots in hour 9"]
    visits = hub_visits(routes, jobs, [offer])
    assert [(v.pallets, v.storage_pallet_hours, v.handling_cents, v.storage_cents) for v in visits] == [
        (2.0, 0.0, 700, 0),
        (0.0, 4.0, 0, 80),
        (2.0, 0.0, 700, 0),
        (0.0, 6.0, 0, 120),
    ]
