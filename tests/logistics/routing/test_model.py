"""The problem in PyVRP's integers: exact to the cent, never over capacity, never silently too large."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupage.errors import RoutingError
from logistics.fleet import OperatingCosts
from logistics.routing.builder import build
from logistics.routing.formulation import common_origins, compatible_sets, nearest_origin
from logistics.routing.insertion import Inserter, Rounds
from logistics.routing.model import depot_visits
from logistics.routing.problem import RoutingProblem
from logistics.routing.solve import search
from logistics.routing.units import NEVER, load_scale
from logistics.shipments import Handling, Temperature
from tests.logistics.routing.test_insertion import unrounded_cents
from tests.logistics.routing.worlds import job, plane, random_problem, vehicle

NETWORK = plane({"b": (0, 0), "f": (10, 0), "g": (0, 7), "c1": (20, 0), "c2": (30, 3), "c3": (11, 19)})
COLD = Handling(temperature=Temperature.FROZEN)


def with_rates(problem: RoutingProblem, factor: float) -> RoutingProblem:
    return replace(problem, fleet=tuple(replace(v, costs=v.costs.scaled(factor)) for v in problem.fleet))


@pytest.mark.parametrize("factor", [1.0, 1.15, 0.8765432, 1 / 3])
@pytest.mark.parametrize("single", [False, True])
def test_pyvrp_s_cost_is_ours_to_the_cent(factor: float, single: bool) -> None:
    """Route by route, PyVRP's objective and our own price before rounding differ by less than a cent."""
    problem = with_rates(random_problem(3, 30, single=single), factor)
    # Loading times would make the depot formulation inexact.
    jobs = tuple(replace(j, loading_min=0.0, pickup_open_min=0.0, pickup_close_min=900.0) for j in problem.jobs)
    problem = replace(problem, jobs=jobs[:12] if single else jobs[:20])
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    model = build(problem, {})
    assert (model.depot, model.exact) == (single, True)
    found = search(model, 30, 1, None)
    assert found.is_feasible()
    for tour, theirs in zip(model.rounds(found).tours, found.routes(), strict=True):
        ours = inserter.route(*tour)
        assert ours is not None
        units = theirs.fixed_vehicle_cost() + theirs.distance_cost() + theirs.duration_cost()
        price = unrounded_cents(problem.fleet[tour[0]].costs, ours)
        assert units / model.cost_units_per_cent == pytest.approx(price, abs=0.99)
        assert abs(ours.cost_cents - price) <= 2.5  # five lines, each rounded


def test_units_are_chosen_per_problem() -> None:
    """Whole-cent rates are whole cost units, and a common divisor is taken out."""
    plain = RoutingProblem(NETWORK, (job("j", "c1"),), (vehicle(costs=OperatingCosts(per_km_eur=1.0)),))
    model = build(plain, {})
    assert (model.cost_units_per_cent, model.data.vehicle_type(0).unit_distance_cost) == (1000, 1)
    fine = build(replace(plain, fleet=(vehicle(costs=OperatingCosts(70.07, 1.11, 33.33, 0.19)),)), {})
    kind = fine.data.vehicle_type(0)
    assert kind.unit_distance_cost / fine.cost_units_per_cent == pytest.approx(130 / 100_000, rel=1e-12)
    assert kind.unit_duration_cost / fine.cost_units_per_cent == pytest.approx(3333 / 600_000, rel=1e-12)
    assert kind.fixed_cost == 7007 * fine.cost_units_per_cent


@given(st.lists(st.fractions(0, 40, max_denominator=60).map(float), min_size=1, max_size=12), st.floats(1, 60))
def test_loads_in_integers_never_exceed_a_capacity_in_floats(pallets: list[float], capacity: float) -> None:
    """Whatever set of jobs fits in integers fits in floats; sets that fill a vehicle exactly still fit."""
    jobs = tuple(job(f"j{i}", "c1", pallets=p) for i, p in enumerate(pallets))
    model = build(RoutingProblem(NETWORK, jobs, (vehicle(capacity=capacity),)), {})
    if model.data.num_load_dimensions == 0:
        assert sum(pallets) <= capacity * (1 + 1e-9)
        return
    limit = model.data.vehicle_type(0).capacity[0]
    loads = [c.delivery[0] for c in model.data.clients()]
    taken, total = 0.0, 0
    for p, units in zip(pallets, loads, strict=True):
        assert units >= 0
        if total + units <= limit:
            taken, total = taken + p, total + units
            assert taken <= capacity + 1e-6 * max(1, capacity)


def test_fractional_pallets_fill_a_vehicle_exactly() -> None:
    """Thirds and tenths of pallets add up without rounding."""
    assert load_scale(np.array([1 / 3, 2 / 3, 0.5])) == 6
    assert load_scale(np.array([0.1, 0.25])) == 100
    assert load_scale(np.array([0.123456789, 0.5])) == 1_000_000
    jobs = tuple(job(f"j{i}", "c1", pallets=1 / 3) for i in range(6))
    model = build(RoutingProblem(NETWORK, jobs, (vehicle(capacity=1),)), {})
    assert 3 * model.data.client(0).delivery[0] == model.data.vehicle_type(0).capacity[0]


@pytest.mark.parametrize(
    ("problem", "names"),
    [
        (lambda p: replace(p, fleet=(vehicle(costs=OperatingCosts(fixed_eur=1e17)),)), "vehicle truck"),
        (lambda p: replace(p, fleet=(vehicle(costs=OperatingCosts(fixed_eur=0.01, per_km_eur=1e15)),)), "too large"),
        (lambda p: replace(p, fleet=(vehicle(shift=(0, 1e12)),)), "shifts span"),
        (lambda p: replace(p, network=plane({"b": (0, 0), "f": (1, 0), "c1": (1e12, 0)})), "a distance is"),
        (lambda p: replace(p, jobs=(job("j", "c1", pallets=1e19), job("k", "c1"))), "pallets of all jobs"),
    ],
)
def test_what_is_too_large_is_named(problem: object, names: str) -> None:
    """Figures that PyVRP's integers cannot hold raise an error that says which; nothing overflows in silence."""
    plain = RoutingProblem(NETWORK, (job("j", "c1"),), (vehicle(),))
    with pytest.raises(RoutingError, match=names):
        build(problem(plain), {})


def test_a_prize_too_large_is_named() -> None:
    """Prizes count in the bound on costs."""
    plain = RoutingProblem(NETWORK, (job("j", "c1"),), (vehicle(),))
    with pytest.raises(RoutingError, match="prizes of"):
        build(plain, {"j": 10**18})


def test_one_common_place_of_loading_makes_it_a_depot() -> None:
    """Jobs ready at every base, or all at one site, are delivered from a depot; others are picked up and delivered."""
    both = (job("j1", "c1", ("b", "g")), job("j2", "c2", ("g", "b")))
    fleet = (vehicle("one", "b"), vehicle("two", "g"))
    assert common_origins(RoutingProblem(NETWORK, both, fleet)) == ["b", "g"]
    assert build(RoutingProblem(NETWORK, both, fleet), {}).depot
    single = RoutingProblem(NETWORK, (job("j1", "c1"), job("j2", "c2")), fleet)
    assert common_origins(single) == ["f", "f"]
    mixed = RoutingProblem(NETWORK, (job("j1", "c1"), job("j2", "c2", ("g",))), fleet)
    assert common_origins(mixed) is None
    assert not build(mixed, {}).depot
    barred = replace(
        mixed, fleet=(vehicle("one", "b", excluded=frozenset({"j2"})), replace(fleet[1], excluded=frozenset({"j1"})))
    )
    assert common_origins(barred) == ["f", "g"]


def test_a_job_without_a_common_place_is_loaded_where_the_way_is_shortest() -> None:
    """The chosen origin has the shortest way base, origin, destination."""
    problem = RoutingProblem(
        NETWORK, (job("j1", "c3", ("f", "g")), job("j2", "c1", ("f",)), job("j3", "c2", ("g",))), (vehicle(),)
    )
    assert nearest_origin(problem, problem.jobs[0]) == "g"
    assert build(problem, {}).pickup_sites == ("g", "f", "g")


def test_the_positioning_leg_costs_money_and_time() -> None:
    """A depot away from the base: the way there is part of the route's distance and duration."""
    problem = RoutingProblem(NETWORK, (job("j1", "c1"),), (vehicle(),))
    model = build(problem, {})
    route = model.solution(Rounds(((0, model_visits(problem)),))).routes()[0]
    assert route.distance() == 40 * 100_000
    assert route.duration() == 40 * 10_000


def test_goods_that_are_ready_together_hold_the_departure_back() -> None:
    """Ready at 300, ten minutes from the base: PyVRP's route starts at 290 and does not wait, as ours does."""
    problem = RoutingProblem(
        NETWORK,
        (job("j1", "c1", pickup=(300, 1440), window=(0, 1000)), job("j2", "c2", pickup=(300, 1440))),
        (vehicle(),),
    )
    model = build(problem, {})
    route = model.solution(Rounds(((0, depot_visits(problem, ["j1", "j2"], "f")),))).routes()[0]
    assert model.exact
    assert route.start_time() == 290 * 10_000
    assert route.wait_duration() == 0


def test_goods_that_are_ready_one_after_the_other_release_the_vehicle() -> None:
    """At its own base the vehicle leaves when the last of its goods is ready."""
    jobs = (job("j1", "c1", ("b",), pickup=(100, 1440)), job("j2", "c2", ("b",), pickup=(300, 1440)))
    problem = RoutingProblem(NETWORK, jobs, (vehicle(),))
    model = build(problem, {})
    route = model.solution(Rounds(((0, depot_visits(problem, ["j1", "j2"], "b")),))).routes()[0]
    assert model.exact
    assert route.start_time() == 300 * 10_000


def test_a_twin_of_the_base_is_not_taken_for_it() -> None:
    """Where two common origins are equally near, the vehicle loads at its own base."""
    twins = plane({"a": (0, 0), "b": (0, 0), "c1": (9, 9)})
    assert common_origins(RoutingProblem(twins, (job("j", "c1", ("a", "b")),), (vehicle(),))) == ["b"]


def model_visits(problem: RoutingProblem) -> tuple:
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    return inserter.best(inserter.tour(0), problem.jobs[0].id).visits


def test_windows_that_cannot_bind_are_left_out() -> None:
    """Without binding times PyVRP gets none, which makes it faster; one window brings all of them back."""
    jobs = (job("j1", "c1"), job("j2", "c2"))
    assert not build(RoutingProblem(NETWORK, jobs, (vehicle(),)), {}).data.has_time_windows()
    held = (jobs[0], replace(jobs[1], delivery_close_min=300.0))
    data = build(RoutingProblem(NETWORK, held, (vehicle(),)), {}).data
    assert data.has_time_windows()
    assert data.client(1).tw_late == 3_000_000
    assert data.client(0).tw_late == NEVER


def test_goods_are_split_into_the_largest_sets_that_may_meet() -> None:
    """Every set is free of conflicts and none can be extended."""
    plain, gas, acid = Handling(), Handling(("2.1",)), Handling(("8",))
    bomb = Handling(("1",))
    assert compatible_sets([plain, COLD]) == [frozenset({plain}), frozenset({COLD})]
    found = compatible_sets([plain, gas, acid, bomb, COLD])
    assert set(found) == {frozenset({plain, gas, acid}), frozenset({plain, bomb}), frozenset({COLD})}


def test_a_forbidden_pair_is_infeasible_and_not_only_dear() -> None:
    """In PyVRP's data an excluded job makes the vehicle's route infeasible, whatever it would save."""
    jobs = (job("j1", "c1"), job("j2", "c1"))
    problem = RoutingProblem(NETWORK, jobs, (vehicle(excluded=frozenset({"j2"})), vehicle("other", count=1)))
    model = build(problem, {})
    for excluded, name in ((True, "j2"), (False, "j1")):
        visits = tuple(v for v in (model_visits(replace(problem, jobs=(j,))) for j in jobs if j.id == name) if v)
        tours = (
            [(0, visits[0])]
            if visits
            else [(0, model_visits(replace(problem, fleet=problem.fleet[1:], jobs=(jobs[1],))))]
        )
        assert model.solution(Rounds(tuple(tours))).routes()[0].is_feasible() is not excluded
