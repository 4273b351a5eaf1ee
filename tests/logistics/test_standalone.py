"""An owner's cheapest way without the pool: never dearer for having more to choose from, exact to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics import (
    Body,
    Carrier,
    Certificate,
    DedicatedTariff,
    GroupageBracket,
    GroupageTariff,
    Handling,
    Incumbent,
    OperatingCosts,
    PublicTariffs,
    Region,
    Site,
    SiteKind,
    great_circle_network,
)
from logistics.costs import CostLine
from logistics.jobs import Job
from logistics.routing import Plan, RoutingProblem, violations
from logistics.standalone import (
    GroupageQuote,
    Hire,
    StandalonePlan,
    groupage_for,
    hires_for,
    reserves,
    standalone_plan,
)
from tests.logistics.worlds import LORRY_EUR, Alone, alone_world, job, on_offer, vehicle

ITERATIONS = 120


def plan_of(
    world: Alone,
    hires: tuple[Hire, ...] | None = None,
    groupage: dict[str, GroupageQuote] | None = None,
    jobs: tuple[Job, ...] | None = None,
) -> StandalonePlan:
    return standalone_plan(
        world.network,
        world.jobs if jobs is None else jobs,
        (world.contract, world.dedicated) if hires is None else hires,
        world.groupage if groupage is None else groupage,
        iterations=ITERATIONS,
        seed=1,
    )


def travelling(plan: StandalonePlan) -> list[str]:
    return sorted(
        [*(j for t in plan.tours for j in t.route.jobs), *(c.shipment for c in plan.groupage), *plan.unserved]
    )


@settings(max_examples=15)
@given(st.integers(0, 7), st.integers(0, 40), st.integers(0, 2))
def test_a_plan_is_whole_feasible_and_adds_up(clients: int, seed: int, committed: int) -> None:
    """Every shipment travels once, tours keep all rules, and lines, revenues, parts and reserves agree to the cent."""
    world = alone_world(clients, seed, committed=committed)
    plan = plan_of(world)
    assert travelling(plan) == sorted(world.by_id)
    by_type = {h.vehicle.type.id: h for h in (world.contract, world.dedicated)}
    driven = tuple(world.by_id[j] for t in plan.tours for j in t.route.jobs)
    problem = RoutingProblem(world.network, driven, tuple(h.vehicle for h in by_type.values()))
    assert violations(problem, Plan(tuple(t.route for t in plan.tours))) == []
    parts = sum(t.price_cents for t in plan.tours) + sum(c.cents for c in plan.groupage) + plan.commitment_cents
    assert plan.price_cents == parts == sum(plan.revenue_cents.values())
    assert plan.cost_lines.get(CostLine.COMMITMENT, 0) == plan.commitment_cents
    assert 0 <= plan.resource_cents <= plan.price_cents
    stated = reserves(plan, world.network, world.by_id, world.groupage)
    assert sum(stated.values()) == plan.price_cents - sum(plan.owed_cents.values())
    assert stated.keys() == world.by_id.keys() - set(plan.unserved)
    assert all(cents >= 0 for cents in stated.values())


@settings(max_examples=15)
@given(st.integers(1, 6), st.integers(0, 40), st.data())
def test_more_to_choose_from_is_never_dearer(clients: int, seed: int, data: st.DataObject) -> None:
    """Contracts beside groupage, and vehicles for hire beside contracts, can only help: each is an offer, no duty."""
    world = alone_world(clients, seed, committed=0)
    some = data.draw(st.sets(st.sampled_from(sorted(world.by_id))))
    few = {s: q for s, q in world.groupage.items() if s in some}
    best = (len((plan := plan_of(world, groupage=few)).unserved), plan.price_cents)
    for fewer in (
        plan_of(world, (world.contract,), few),
        plan_of(world, (), few),
    ):
        assert best <= (len(fewer.unserved), fewer.price_cents)


def test_a_small_shipper_pays_a_groupage_price_not_a_whole_lorry() -> None:
    """One pallet for a far client goes by groupage, and that is its reserve."""
    world = alone_world(1, 3, committed=0)
    plan = plan_of(world)
    assert plan.tours == ()
    assert plan.price_cents == world.groupage["s0"].cents
    assert reserves(plan, world.network, world.by_id, world.groupage) == {"s0": plan.price_cents}
    assert plan.resource_cents == round(plan.price_cents * 0.9)
    assert plan.revenue_cents == {"network": plan.price_cents}


def test_a_full_lorry_beats_groupage() -> None:
    """Many pallets around the corner go by the contract's lorry."""
    world = alone_world(6, 1, committed=0, spread_deg=0.05)
    plan = plan_of(world)
    assert plan.groupage == ()
    assert {t.hire.id for t in plan.tours} == {"contract"}


def test_what_lies_together_drives_and_what_lies_apart_goes_by_groupage() -> None:
    """Each shipment takes the way that makes the whole cheapest: a tour for the near ones, a price for the far one."""
    near = [Site(f"near{i}", SiteKind.CLIENT, 48.1 + i / 100, 11.0) for i in range(4)]
    sites = [Site("f", SiteKind.FACTORY, 48.0, 11.0), *near, Site("far", SiteKind.CLIENT, 50.5, 11.0)]
    network = great_circle_network(sites)
    jobs = [*(job(s.id, "f", s.id, 4.0) for s in near), job("far", "f", "far", 1.0)]
    quotes = {j.id: GroupageQuote("list", "network", 9000) for j in jobs}
    hires = [Hire("own", on_offer(vehicle("v", "f", 18.0), LORRY_EUR))]
    plan = standalone_plan(network, jobs, hires, quotes, iterations=200, seed=1)
    assert [sorted(t.route.jobs) for t in plan.tours] == [[s.id for s in near]]
    assert [c.shipment for c in plan.groupage] == ["far"]


@settings(max_examples=30)
@given(st.integers(2, 9), st.integers(0, 200))
def test_contracts_alone_stay_a_choice_however_little_is_searched(clients: int, seed: int) -> None:
    """With one iteration a search finds little, but never less than it finds without the vehicles for hire."""
    world = alone_world(clients, seed, committed=0)
    both, contract = (
        standalone_plan(world.network, world.jobs, hires, {}, iterations=1, seed=1)
        for hires in ((world.contract, world.dedicated), (world.contract,))
    )
    assert (len(both.unserved), both.price_cents) <= (len(contract.unserved), contract.price_cents)


def test_an_unused_commitment_is_owed_all_the_same() -> None:
    """With nothing to send, the committed vehicles' fixed price is the whole cost, on its own line."""
    world = alone_world(0, committed=2)
    plan = plan_of(world)
    assert dict(plan.cost_lines) == {"unused_commitment": 24000}
    assert plan.owed_cents == {"contract": 24000}
    assert plan.revenue_cents == {"carrier-r1": 24000}
    assert plan.resource_cents == 22800


def test_a_committed_vehicle_costs_only_km_and_hours_more() -> None:
    """What is owed anyway makes a tour pay that would not without: the lorry is used, and owed money stays the same."""
    world = alone_world(1, 2, committed=0, spread_deg=0.1)
    cheap = {"s0": replace(world.groupage["s0"], cents=9000)}
    free = plan_of(world, (world.contract,), cheap)
    bound = plan_of(world, (replace(world.contract, committed=1),), cheap)
    assert free.tours == ()
    assert [t.hire.id for t in bound.tours] == ["contract"]
    assert bound.tours[0].sunk_cents == bound.cost_lines[CostLine.FIXED] == 12000
    assert bound.commitment_cents == 0
    assert bound.price_cents - 12000 < free.price_cents
    assert bound.tours[0].vehicle == "r1"


def test_what_nothing_can_carry_is_unserved_and_free() -> None:
    """A shipment larger than every vehicle, without a groupage price, is named; it has no reserve."""
    world = alone_world(2)
    jobs = (world.jobs[0], job("huge", "f", "c1", 90.0))
    plan = plan_of(world, jobs=jobs, groupage={"s0": world.groupage["s0"]})
    assert plan.unserved == ("huge",)
    assert "huge" not in reserves(plan, world.network, {j.id: j for j in jobs}, world.groupage)


def test_without_any_vehicle_all_goes_by_groupage() -> None:
    """No contract, nothing for hire: the sum of the price list."""
    world = alone_world(4)
    plan = plan_of(world, ())
    assert plan.price_cents == sum(q.cents for q in world.groupage.values())


def test_the_same_question_has_the_same_answer() -> None:
    """A plan is a pure function of its arguments."""
    world = alone_world(6, 5)
    assert plan_of(world) == plan_of(world)


def test_a_tours_reserves_go_by_how_hard_each_would_be_alone() -> None:
    """On one tour the far client's shipment bears more than the near one's."""
    sites = [Site("f", SiteKind.FACTORY, 48.0, 11.0)]
    sites += [Site("near", SiteKind.CLIENT, 48.1, 11.0), Site("far", SiteKind.CLIENT, 48.6, 11.0)]
    network = great_circle_network(sites)
    jobs = {"n": job("n", "f", "near", 2.0), "x": job("x", "f", "far", 2.0)}
    hires = [Hire("own", on_offer(vehicle("v", "f", 18.0), LORRY_EUR))]
    plan = standalone_plan(network, [*jobs.values()], hires, {}, iterations=50, seed=1)
    assert len(plan.tours) == 1
    stated = reserves(plan, network, jobs, {})
    assert stated["x"] > stated["n"] > 0


START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def region() -> Region:
    sites = {
        s.id: s
        for s in (
            Site("f", SiteKind.FACTORY, 48.0, 11.0, zone="80"),
            Site("c", SiteKind.CLIENT, 48.5, 11.0, zone="90"),
            Site("b", SiteKind.BASE, 48.1, 11.1),
        )
    }
    kinds = [vehicle("r1", "f", 18.0), vehicle("r2", "b", 33.0, Body.ARTICULATED), vehicle("r3", "b", 9.0)]
    brackets = (GroupageBracket("*", "*", 9.0, 9e3, 100.0),)
    return Region(
        sites,
        great_circle_network([*sites.values()]),
        {
            f"carrier-{k.id}": Carrier(
                f"carrier-{k.id}", certificates=(Certificate("ADR", date(2026, 3, 2)),) if k.id == "r1" else ()
            )
            for k in kinds
        },
        {k.id: k for k in kinds},
        {k.id: LORRY_EUR for k in kinds},
        {},
        {},
        PublicTariffs(
            (
                GroupageTariff("cheap", "carrier-r2", brackets),
                GroupageTariff("dear", "carrier-r1", brackets, fuel_surcharge_percent=20.0, margin_percent=5.0),
            ),
            (DedicatedTariff("d", "carrier-r2", "r2", OperatingCosts(200.0, 1.0), 15.0),),
        ),
        (Incumbent("i", "owner", "carrier-r1", "r1", OperatingCosts(90.0, 0.5), 1, 3, 8.0),),
    )


def test_what_is_open_to_an_owner_comes_from_the_region(region: Region) -> None:
    """Its own contracts and all public tariffs, nobody else's; a carrier also has its own vehicles, without limit."""
    jobs = {"s": job("s", "f", "c", 2.0)}
    mine = hires_for("owner", region, jobs, START, 1440.0)
    assert [(h.id, h.vehicle.count, h.committed, h.margin_percent) for h in mine] == [
        ("contract i", 3, 1, 8.0),
        ("tariff d", None, 0, 15.0),
    ]
    assert mine[0].vehicle.costs == OperatingCosts(90.0, 0.5)
    assert [h.id for h in hires_for("stranger", region, jobs, START, 1440.0)] == ["tariff d"]
    carrier = hires_for("carrier-r3", region, jobs, START, 1440.0)
    assert [(h.id, h.vehicle.count, h.vehicle.costs) for h in carrier][1:] == [("own r3", None, LORRY_EUR)]


def test_a_contract_without_a_shift_today_is_still_owed(region: Region) -> None:
    """Where the vehicle cannot drive in the window, nothing travels on it and the commitment stays due."""
    mine = hires_for(
        "owner",
        replace(
            region,
            vehicles=region.vehicles | {"r1": vehicle("r1", "f", 18.0, shift_open_min=900.0, shift_close_min=1000.0)},
        ),
        {},
        START,
        600.0,
    )
    plan = standalone_plan(region.network, [], mine, {}, iterations=10, seed=1)
    assert mine[0].vehicle.count == 0
    assert plan.price_cents == 9000


def test_groupage_asks_for_certificates_too(region: Region) -> None:
    """The cheapest tariff counts, but not of a carrier that may not carry the goods that day."""
    jobs = {"plain": job("plain", "f", "c", 2.0), "adr": job("adr", "f", "c", 2.0, handling=Handling(("3",)))}
    quotes = groupage_for(region, jobs | {"big": job("big", "f", "c", 20.0)}, START)
    assert quotes == {
        "plain": GroupageQuote("cheap", "carrier-r2", 10000, 0.0),
        "adr": GroupageQuote("dear", "carrier-r1", 12000, 5.0),
    }
