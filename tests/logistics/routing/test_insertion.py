"""The insertion kernel against trying every pair of places."""

from __future__ import annotations

import math
from dataclasses import replace

import numba
import numpy as np
import pytest

from logistics.fleet import OperatingCosts
from logistics.routing.arrays import SIZE, VEHICLE, Slots, World, price_by, refresh
from logistics.routing.insertion import Inserter, Rounds, cheapest
from logistics.routing.problem import Job, Route
from logistics.routing.schedule import Visit
from logistics.shipments import Handling, Temperature
from tests.logistics.routing.worlds import job, plane, random_problem, vehicle


def unrounded_cents(costs: OperatingCosts, route: Route) -> float:
    per_km = costs.per_km_eur + costs.toll_eur_per_km
    return 100 * (costs.fixed_eur + per_km * route.distance_km + costs.per_hour_eur * route.duration_min / 60)


def brute_force(inserter: Inserter, position: int, visits: tuple[Visit, ...], new: Job) -> float:
    """The least added cost over all pairs of places, each timed and priced as a whole route."""
    offer = inserter.fleet[position]
    costs = offer.costs
    standing = inserter.route(position, visits) if visits else None
    before = unrounded_cents(costs, standing) if standing else 0.0
    at_base = offer.type.base in new.origins
    lead = 0
    while lead < len(visits) and visits[lead].pickup and visits[lead].site == offer.type.base:
        lead += 1
    best = math.inf
    for origin in [offer.type.base] if at_base else new.origins:
        for i in [lead] if at_base else range(len(visits) + 1):
            for j in range(i, len(visits) + 1):
                loading, dropping = Visit(new.id, True, origin), Visit(new.id, False, new.destination)
                grown = (*visits[:i], loading, *visits[i:j], dropping, *visits[j:])
                route = inserter.route(position, grown)
                if route is not None:
                    best = min(best, unrounded_cents(costs, route) - before)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("at_base", [False, True])
def test_the_kernel_finds_the_cheapest_place(seed: int, at_base: bool) -> None:
    """For growing routes the kernel's cost is the least over all feasible pairs of places, or there is none."""
    problem = random_problem(seed, 9, single=at_base)
    fleet = tuple(v for v in problem.fleet if "artic" in v.id or "van" in v.id)
    if at_base:
        fleet = tuple(vehicle(v.id, "f0", 3, v.type.capacity_pallets, v.costs, (0, 700), 200.0) for v in fleet)
    else:
        # Short shifts, and weight and volume that bind before pallets do.
        fleet = tuple(replace(v, type=replace(v.type, max_shift_min=240.0)) for v in fleet)
    jobs = tuple(
        replace(j, weight_kg=j.pallets * (60 + 40 * (i % 3)), volume_m3=j.pallets * (0.7 + 0.4 * (i % 2)))
        for i, j in enumerate(problem.jobs)
    )
    problem = replace(problem, jobs=jobs)
    inserter = Inserter(problem.network, fleet, problem.jobs)
    found = 0
    for position in range(len(fleet)):
        visits: tuple[Visit, ...] = ()
        for new in problem.jobs:
            place = inserter.best(inserter.tour(position, visits), new.id)
            assert place.cents == pytest.approx(brute_force(inserter, position, visits, new), abs=1e-3)
            if place.visits:
                route = inserter.route(position, place.visits)
                assert route is not None
                visits = place.visits
                found += 1
    assert found >= 4


@pytest.mark.parametrize("measure", ["pallets", "weight_kg", "volume_m3"])
def test_every_measure_binds_all_along_the_way(measure: str) -> None:
    """Goods that would share the vehicle with too much further on are not taken through, in each measure."""
    network = plane({"b": (0, 0), "x": (5, 0), "f": (10, 0), "c1": (30, 0), "c2": (40, 0)})
    light = {"pallets": 1.0, "weight_kg": 1.0, "volume_m3": 1.0}
    full = {"pallets": 10.0, "weight_kg": 1000.0, "volume_m3": 10.0}
    heavy = replace(job("heavy", "c1"), **light | {measure: full[measure]})
    new = replace(job("new", "c2", ("x",)), **light)
    inserter = Inserter(network, [vehicle()], [heavy, new])
    visits = (Visit("heavy", True, "f"), Visit("heavy", False, "c1"))
    place = inserter.best(inserter.tour(0, visits), "new")
    assert place.cents == pytest.approx(brute_force(inserter, 0, visits, new), abs=1e-3)
    assert place.cents > 100 * 20 * 1.1


def test_a_vehicle_at_an_origin_loads_before_it_leaves() -> None:
    """Of several origins the vehicle's own base is used, even where another lies on the way."""
    network = plane({"b": (0, 0), "near": (9, 0), "c": (10, 0)})
    own = job("j", "c", ("near", "b"), service=(7, 0))
    inserter = Inserter(network, [vehicle(base="b")], [own])
    place = inserter.best(inserter.tour(0), "j")
    assert place.visits == (Visit("j", True, "b"), Visit("j", False, "c"))
    route = inserter.route(0, place.visits)
    assert route is not None
    assert [(stop.site, stop.pickups, stop.deliveries) for stop in route.stops] == [
        ("b", ("j",), ()), ("c", (), ("j",)), ("b", (), ())
    ]  # fmt: skip
    assert route.duration_min == 27.0


def test_a_vehicle_from_elsewhere_collects_at_the_best_origin() -> None:
    """With several origins that are not the base, the kernel takes the one that costs least."""
    network = plane({"b": (0, 0), "far": (0, 40), "near": (5, 0), "c": (10, 0)})
    inserter = Inserter(network, [vehicle()], [job("j", "c", ("far", "near"))])
    assert inserter.best(inserter.tour(0), "j").visits[0].site == "near"


def test_excluded_and_conflicting_jobs_have_no_place() -> None:
    """The kernel never offers an excluded vehicle, or a tour with goods that may not meet."""
    network = plane({"b": (0, 0), "f": (5, 0), "c": (10, 0)})
    warm, cold = job("warm", "c"), job("cold", "c", handling=Handling(temperature=Temperature.FROZEN))
    bombs = [job(f"bomb{i}", "c", handling=Handling(("1",))) for i in range(2)]
    inserter = Inserter(network, [vehicle(excluded=frozenset({"warm"})), vehicle("other")], [warm, cold, *bombs])
    assert inserter.best(inserter.tour(0), "warm").cents == math.inf
    first = inserter.best(inserter.tour(1), "warm")
    assert inserter.best(inserter.tour(1, first.visits), "cold").cents == math.inf
    alone = inserter.best(inserter.tour(1), "bomb0")
    assert alone.visits
    assert inserter.best(inserter.tour(1, alone.visits), "bomb1").cents == math.inf


def test_another_vehicle_is_used_only_while_there_is_one() -> None:
    """`cheapest` opens tours up to the count of the vehicle and then finds no place."""
    network = plane({"b": (0, 0), "f": (5, 0), "c": (10, 0)})
    jobs = [job(f"j{i}", "c", pallets=10) for i in range(3)]
    inserter = Inserter(network, [vehicle(count=2, shift=(0, 25))], jobs)
    rounds = Rounds()
    costs = []
    for new in jobs:
        cents, rounds = cheapest(inserter, rounds, new.id)
        costs.append(cents)
    assert costs[2] == math.inf
    assert len(rounds.tours) == 2
    assert np.allclose(costs[:2], 100 * (100 + 1.1 * 20 + 30 * 20 / 60))


def test_an_id_stands_for_one_job() -> None:
    """Two different jobs under one id are refused."""
    inserter = Inserter(plane({"b": (0, 0), "f": (5, 0), "c": (10, 0)}), [vehicle()], [job("j", "c")])
    inserter.learn(job("j", "c"))
    with pytest.raises(ValueError, match="job j is given twice"):
        inserter.learn(job("j", "c", pallets=2))


@numba.njit
def _priced(world: World, slots: Slots) -> tuple[float, float]:
    refresh(world, slots, 0)
    return slots.cents[0], price_by(world, slots, 0, slots.tours[0, VEHICLE])


def compiled_cents(inserter: Inserter, vehicle_at: int, visits: list[Visit]) -> tuple[float, float]:
    """What the compiled search takes a tour to cost, and takes it to cost with a vehicle that is the same."""
    ids = list(inserter.jobs)
    world = inserter.world(ids)
    slots = Slots.empty(1, len(visits), len(world.foes))
    slots.tours[0, [VEHICLE, SIZE]] = vehicle_at, len(visits)
    for k, visit in enumerate(visits, start=1):
        slots.stops[0, k] = inserter.network.index[visit.site], 2 * ids.index(visit.job) + (not visit.pickup)
    own, by_other = _priced(world, slots)
    return float(own), float(by_other)


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_price_is_that_of_the_timed_route(seed: int) -> None:
    """For feasible and infeasible orders alike, the compiled price agrees with the schedule, exclusions included."""
    problem = random_problem(seed, 8)
    kinds = (Handling(), Handling(temperature=Temperature.FROZEN), Handling(("1",)))
    jobs = tuple(replace(j, handling=kinds[i % 3] if seed else kinds[0]) for i, j in enumerate(problem.jobs))
    short = [replace(v, type=replace(v.type, max_shift_min=260.0)) for v in problem.fleet]
    fleet = tuple(replace(v, excluded=frozenset({"j3"})) for v in short[:3]) + tuple(short[3:])
    inserter = Inserter(problem.network, fleet, jobs)
    rng = np.random.default_rng(seed)
    feasible = 0
    for _ in range(150):
        chosen = rng.permutation(8)[: rng.integers(1, 4)]
        order = rng.permutation(np.repeat(chosen, 2))
        seen: set[int] = set()
        visits = []
        for i in order:
            pickup = i not in seen
            seen.add(i)
            visits.append(Visit(f"j{i}", pickup, jobs[i].origins[0] if pickup else jobs[i].destination))
        vehicle_at = int(rng.integers(len(fleet)))
        route = inserter.route(vehicle_at, tuple(visits))
        own, by_other = compiled_cents(inserter, vehicle_at, visits)
        expected = math.inf if route is None else unrounded_cents(fleet[vehicle_at].costs, route)
        assert own == pytest.approx(expected, abs=1e-3)
        # Another vehicle is only asked about what may travel together.
        if route is not None:
            assert by_other == pytest.approx(expected, abs=1e-3)
        feasible += route is not None
    assert 15 <= feasible <= 135
