"""Plans: feasible whatever happens, exact, reproducible, and good."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvrp
from hypothesis import given, settings
from hypothesis import strategies as st

from groupage.errors import RoutingError
from logistics.fleet import OperatingCosts
from logistics.money import to_cents
from logistics.network import Network
from logistics.routing import FleetVehicle, Job, Plan, RoutingProblem, Stop, solve, violations
from logistics.routing.insertion import Inserter, Rounds
from logistics.routing.model import Model
from logistics.routing.schedule import Visit
from logistics.routing.solve import mend, plan_of, rounds_of
from logistics.shipments import Handling, Temperature
from tests.logistics.routing.worlds import job, plane, random_problem, read_mdvrp, vehicle

NETWORK = plane({"b": (0, 0), "f": (10, 0), "g": (0, 10), "c1": (20, 0), "c2": (30, 0), "c3": (0, 25)})
COLD = Handling(temperature=Temperature.FROZEN)


def planned(jobs: Sequence[Job], *fleet: FleetVehicle, iterations: int = 40, network: Network = NETWORK) -> Plan:
    """Plan, and hold the plan against the judge."""
    problem = RoutingProblem(network, tuple(jobs), fleet or (vehicle(),))
    plan = solve(problem, iterations=iterations, seed=1)
    assert violations(problem, plan) == []
    return plan


def total_cents(problem: RoutingProblem, plan: Plan) -> int:
    prizes = {j.id: j.prize_cents or 0 for j in problem.jobs}
    return plan.cost_cents + sum(prizes[j] for j in plan.unserved)


def test_one_job_costs_what_pencil_and_paper_say() -> None:
    """Base 0, factory 10, client 20 km away and back: 40 km, and an hour with loading and unloading."""
    plan = planned([job("j", "c1", service=(8, 12))])
    (route,) = plan.routes
    assert route.stops == (
        Stop("b", 0, 0, 0), Stop("f", 10, 10, 18, ("j",)), Stop("c1", 28, 28, 40, (), ("j",)), Stop("b", 60, 60, 60)
    )  # fmt: skip
    assert route.cost_lines == {"fixed": 10000, "distance": 4000, "time": 3000, "toll": 400, "waiting": 0}
    assert plan.cost_cents == 17400


def test_nothing_to_do_and_nobody_to_do_it() -> None:
    """Without jobs the plan is empty; without vehicles every job is unserved."""
    assert planned([]) == Plan()
    nobody = RoutingProblem(NETWORK, (job("j", "c1"),), ())
    assert solve(nobody, iterations=5, seed=1) == Plan((), ("j",))
    assert planned([job("j", "c1")], vehicle(count=0)).unserved == ("j",)
    assert solve(RoutingProblem(NETWORK, (), ()), iterations=5, seed=1) == Plan()


def test_the_same_call_gives_the_same_plan() -> None:
    """Problem, iterations and seed decide the plan; another seed may differ and holds as well."""
    problem = random_problem(5, 25)
    first, again = (solve(problem, iterations=60, seed=3) for _ in range(2))
    assert first == again
    assert violations(problem, solve(problem, iterations=60, seed=4)) == []


def test_a_plan_that_is_not_worth_an_iteration_is_refused() -> None:
    """Iterations below one are an error."""
    with pytest.raises(RoutingError, match="iterations is 0"):
        solve(random_problem(5, 3), iterations=0, seed=1)


def test_two_jobs_under_one_id_are_refused() -> None:
    """A job id stands for one job."""
    with pytest.raises(RoutingError, match="job j is given twice"):
        solve(RoutingProblem(NETWORK, (job("j", "c1"), job("j", "c2")), (vehicle(),)), iterations=5, seed=1)


def test_a_poor_search_does_not_make_a_plan_dearer_than_greedy_insertion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if PyVRP came back with a vehicle for every job, the plan is as cheap as inserting one by one."""
    jobs = [job(f"j{i}", "c1") for i in range(4)]

    def alone(model: Model, *_: object) -> pyvrp.Solution:
        tours = (((0, (Visit(j.id, True, "f"), Visit(j.id, False, "c1")))) for j in jobs)
        return model.solution(Rounds(tuple(tours)))

    monkeypatch.setattr(sys.modules["logistics.routing.solve"], "search", alone)
    assert len(planned(jobs).routes) == 1


def test_small_problems_are_solved_to_the_optimum() -> None:
    """With three jobs the plan is as cheap as the best of all partitions and orders."""
    for seed in range(4):
        problem = random_problem(seed, 3, origins=2)
        inserter = Inserter(problem.network, problem.fleet, problem.jobs)
        plan = solve(problem, iterations=150, seed=1)
        assert violations(problem, plan) == []
        best = min((sum(chosen), len(chosen)) for chosen in _all_plans(inserter, problem) if chosen)
        assert plan.cost_cents <= best[0] + 3


def _all_plans(inserter: Inserter, problem: RoutingProblem) -> list[list[int]]:
    def cheapest_route(ids: tuple[str, ...]) -> int | None:
        jobs = [inserter.jobs[i] for i in ids]
        steps = [
            Visit(j.id, pickup, j.origins[0] if pickup else j.destination) for j in jobs for pickup in (True, False)
        ]
        costs = []
        for order in itertools.permutations(steps):
            place = {(v.job, v.pickup): k for k, v in enumerate(order)}
            if all(place[j.id, True] < place[j.id, False] for j in jobs):
                for v in range(len(inserter.fleet)):
                    if (route := inserter.route(v, order)) is not None:
                        costs.append(route.cost_cents)
        return min(costs) if costs else None

    ids = [j.id for j in problem.jobs]
    partitions = ([ids], [ids[:1], ids[1:]], [ids[1:2], ids[:1] + ids[2:]], [ids[2:], ids[:2]], [[i] for i in ids])
    plans = []
    for partition in partitions:
        costs = [cheapest_route(tuple(group)) for group in partition]
        if None not in costs:
            plans.append([c for c in costs if c is not None])
    return plans


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    jobs=st.integers(1, 14),
    single=st.booleans(),
    fleet=st.sampled_from(["all", "few", "lifted", "fast", "own"]),
    goods=st.sampled_from(["plain", "mixed", "optional", "barred"]),
)
def test_every_plan_holds_and_is_no_dearer_than_greedy_insertion(
    seed: int, jobs: int, single: bool, fleet: str, goods: str
) -> None:
    """Random regions, fleets and goods: no violation, and never worse than inserting each job where it costs least."""
    problem = random_problem(seed, jobs, single=single)
    offers = list(problem.fleet)
    if fleet == "few":
        offers = [replace(v, count=1) for v in offers[1:3]]
    elif fleet == "lifted":
        offers = [replace(v, count=None) for v in offers]
    elif fleet == "fast":
        offers = [replace(v, type=replace(v.type, speed_kmh=45.0 + 20 * i)) for i, v in enumerate(offers)]
    elif fleet == "own":
        offers = [replace(v, type=replace(v.type, base="f0")) for v in offers]
    kinds = [Handling(), COLD, Handling(("3",)), Handling(("1",)), Handling(("8",))]
    changed = list(problem.jobs)
    if goods == "mixed":
        changed = [replace(j, handling=kinds[(seed + i) % 5]) for i, j in enumerate(changed)]
    elif goods == "optional":
        changed = [
            replace(j, prize_cents=(seed * 37 + i * 1009) % 9000 if i % 3 else None) for i, j in enumerate(changed)
        ]
    elif goods == "barred":
        offers = [replace(v, excluded=frozenset(j.id for j in changed[k::3])) for k, v in enumerate(offers)]
    problem = RoutingProblem(problem.network, tuple(changed), tuple(offers))
    plan = solve(problem, iterations=30 if seed % 3 else 5, seed=seed)
    assert violations(problem, plan) == []
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    greedy = plan_of(inserter, mend(inserter, Rounds(), problem.jobs), problem.jobs)
    required = {j.id for j in problem.jobs if j.prize_cents is None}
    assert len(required.intersection(plan.unserved)) <= len(required.intersection(greedy.unserved))
    if required.isdisjoint(greedy.unserved):
        assert total_cents(problem, plan) <= total_cents(problem, greedy)


def test_jobs_that_fit_no_vehicle_are_named_and_the_rest_is_carried() -> None:
    """Too large, a window that cannot be met, a window that closes before it opens, nobody may: each is unserved."""
    jobs = [
        job("fine", "c1"),
        job("large", "c1", pallets=11),
        job("soon", "c2", window=(0, 20)),
        job("never", "c2", window=(300, 200)),
        job("barred", "c3"),
    ]
    plan = planned(jobs, vehicle(excluded=frozenset({"barred"})))
    assert plan.unserved == ("large", "soon", "never", "barred")
    assert plan.routes[0].jobs == ("fine",)


def test_a_fleet_that_is_too_small_carries_what_it_can() -> None:
    """One vehicle for ten pallets of fifteen: it drives full, and the rest is named."""
    jobs = [job(f"j{i}", "c1", pallets=5, window=(0, 25)) for i in range(3)]
    plan = planned(jobs, vehicle(count=1, shift=(0, 60)))
    assert len(plan.unserved) == 1
    many = [job(f"j{i}", ("c1", "c2", "c3")[i % 3], pallets=3, window=(0, 90)) for i in range(12)]
    crowded = planned(many, vehicle(count=2, shift=(0, 72)), iterations=100)
    assert len(crowded.unserved) == 6


def test_a_lifted_limit_gives_as_many_vehicles_as_needed() -> None:
    """A count of None is no limit."""
    jobs = [job(f"j{i}", "c1", pallets=10, window=(0, 20)) for i in range(7)]
    plan = planned(jobs, vehicle(count=None))
    assert (len(plan.routes), plan.unserved) == (7, ())


def test_excluded_vehicles_never_carry_a_job() -> None:
    """The cheap vehicle may not carry the job, so the dear one does, for that job only."""
    jobs = [job("j1", "c1"), job("j2", "c2", window=(0, 35))]
    cheap = vehicle("cheap", costs=OperatingCosts(10, 0.1), excluded=frozenset({"j2"}))
    dear = vehicle("dear", costs=OperatingCosts(900, 9))
    plan = planned(jobs, cheap, dear)
    assert {route.vehicle: route.jobs for route in plan.routes} in (
        {"cheap": ("j1",), "dear": ("j2",)}, {"dear": ("j1", "j2")}
    )  # fmt: skip
    assert plan.cost_cents == min(1000 + 400 + 90000 + 54000, 90000 + 54000)


@pytest.mark.parametrize("single", [False, True])
def test_goods_that_may_not_meet_share_no_vehicle_and_no_count(single: bool) -> None:
    """Temperatures and ADR classes are kept apart, and all classes together use no more vehicles than there are."""
    problem = random_problem(8, 24, single=single)
    kinds = [Handling(), COLD, Handling(("3",)), Handling(("1",)), Handling(temperature=Temperature.CHILLED)]
    jobs = tuple(
        replace(j, handling=kinds[i % 5], delivery_open_min=0.0, delivery_close_min=900.0)
        for i, j in enumerate(problem.jobs)
    )
    fleet = (vehicle("big", "b0", 6, 40, shift=(0, 900)), vehicle("small", "b1", 3, 9, shift=(0, 900)))
    hard = RoutingProblem(problem.network, jobs, fleet)
    plan = solve(hard, iterations=60, seed=1)
    assert violations(hard, plan) == []
    assert len(plan.unserved) <= 4  # five explosives alone and three temperatures take eight of the nine vehicles


def test_optional_jobs_are_carried_where_that_pays() -> None:
    """A vehicle is worth its fixed cost only for all jobs together; a job whose prize is too small stays behind."""
    worth = [job(f"j{i}", "c1", pallets=2, prize_cents=4500) for i in range(5)]
    plan = planned(worth)
    assert plan.unserved == ()
    cheap = [job(f"j{i}", "c1", pallets=2, prize_cents=2500) for i in range(5)]
    assert planned(cheap).unserved == tuple(j.id for j in cheap)
    mixed = [*worth, job("far", "c3", origins=("g",), prize_cents=100), job("must", "c2")]
    assert planned(mixed).unserved == ("far",)


def test_the_portfolio_is_no_dearer_than_all_or_nothing() -> None:
    """Serve-or-subcontract costs at most what carrying everything, or nothing, costs."""
    for seed in range(4):
        base = random_problem(seed, 16)
        jobs = tuple(replace(j, prize_cents=int(1500 + 900 * j.pallets)) for j in base.jobs)
        problem = replace(base, jobs=jobs)
        plan = solve(problem, iterations=60, seed=1)
        everything = solve(base, iterations=30, seed=1)
        assert violations(problem, plan) == []
        assert total_cents(problem, plan) <= sum(j.prize_cents or 0 for j in jobs)
        if not everything.unserved:
            assert total_cents(problem, plan) <= everything.cost_cents


def test_mending_dissolves_what_the_fleet_does_not_have() -> None:
    """Of three tours for two vehicles the smallest is dissolved, and its job goes where there is room."""
    jobs = [job(f"j{i}", "c1", pallets=3) for i in range(5)]
    inserter = Inserter(NETWORK, [vehicle(count=2)], jobs)
    tours = [
        (0, tuple(Visit(j.id, pickup, "f" if pickup else "c1") for pickup in (True, False) for j in group))
        for group in (jobs[:1], jobs[1:3], jobs[3:])
    ]
    mended = mend(inserter, Rounds(tuple(tours)), jobs)
    assert sorted(len(visits) for _, visits in mended.tours) == [4, 6]
    assert violations(RoutingProblem(NETWORK, tuple(jobs), inserter.fleet), plan_of(inserter, mended, jobs)) == []


def test_a_warm_start_keeps_what_it_was_given() -> None:
    """From a plan of a subset, more jobs come on top, and the answer is no dearer than inserting them."""
    problem = random_problem(11, 24)
    subset = replace(problem, jobs=problem.jobs[:20])
    before = solve(subset, iterations=150, seed=1)
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    inserted = plan_of(inserter, mend(inserter, rounds_of(inserter, before), problem.jobs), problem.jobs)
    after = solve(problem, iterations=10, seed=1, warm=before)
    assert violations(problem, after) == []
    assert len(after.unserved) <= len(inserted.unserved)
    if len(after.unserved) == len(inserted.unserved):
        assert after.cost_cents <= inserted.cost_cents
    shrunk = solve(replace(problem, jobs=problem.jobs[:5]), iterations=10, seed=1, warm=before)
    assert violations(replace(problem, jobs=problem.jobs[:5]), shrunk) == []


@pytest.mark.parametrize("iterations", [5, 40])
def test_the_rest_of_a_region_changes_nothing(iterations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem in a large region is searched among its own sites, and planned as where there are no others."""
    problem = random_problem(13, 12)
    own = problem.network
    rng = np.random.default_rng(0)
    km = rng.uniform(1.0, 90.0, (100, 100))
    inner = len(own.site_ids)
    at = np.array([k for k in range(100) if k % 3][:inner])
    km[np.ix_(at, at)] = own.distance_km
    names = [f"elsewhere{k}" for k in range(100)]
    for k, name in zip(at, own.site_ids, strict=True):
        names[k] = name
    region = replace(problem, network=Network(tuple(names), km, km))
    before = solve(problem, iterations=3, seed=4)
    searched: list[int] = []
    made = Inserter.__init__
    monkeypatch.setattr(Inserter, "__init__", lambda self, *a: (searched.append(len(a[0].site_ids)), made(self, *a))[1])
    found = solve(region, iterations=iterations, seed=4, warm=before)
    assert found == solve(problem, iterations=iterations, seed=4, warm=before)
    assert max(searched) == inner


def test_a_warm_start_for_another_fleet_is_no_obstacle() -> None:
    """Vehicles, windows, counts or places of the warm plan that no longer hold are dropped, not trusted."""
    problem = random_problem(12, 15)
    before = solve(problem, iterations=40, seed=1)
    other = replace(problem, fleet=tuple(replace(v, count=1, shift_open_min=200.0) for v in problem.fleet[2:4]))
    assert violations(other, solve(other, iterations=20, seed=1, warm=before)) == []
    moved = [replace(j, origins=("b0",), destination="f0") if i % 2 else j for i, j in enumerate(problem.jobs)]
    elsewhere = replace(problem, jobs=tuple(moved))
    assert violations(elsewhere, solve(elsewhere, iterations=20, seed=1, warm=before)) == []


def test_zero_distances_and_odd_places_work() -> None:
    """All at one place, origin equal to destination, a client that is the base."""
    here = plane({"b": (0, 0), "f": (0, 0), "c1": (0, 0)})
    assert planned([job("j1", "c1"), job("j2", "c1")], network=here).cost_cents == 10000
    odd = [job("same", "f", origins=("f",)), job("home", "b", origins=("c1",)), job("from", "c2", origins=("b",))]
    assert planned(odd).unserved == ()


def test_fractions_of_pallets_fill_a_vehicle() -> None:
    """Thirty thirds of a pallet fit on ten places, and not one more."""
    jobs = [job(f"j{i}", "c1", pallets=1 / 3, window=(0, 25)) for i in range(31)]
    plan = planned(jobs[:30], vehicle(count=1))
    assert (len(plan.routes), plan.unserved) == (1, ())
    assert len(planned(jobs, vehicle(count=1)).unserved) == 1


def test_costs_as_fine_as_a_hundredth_of_a_cent_stay_feasible() -> None:
    """With 120 jobs and rates down to 1e-4 EUR no penalty bound is met: no warning, everything carried."""
    base = random_problem(21, 120, single=True, bases=1)
    jobs = tuple(replace(j, pickup_open_min=0.0, loading_min=0.0) for j in base.jobs)
    rates = OperatingCosts(100.0001, 0.9999, 33.3333, 0.0101)
    problem = RoutingProblem(base.network, jobs, (vehicle("v", "f0", None, 17.0, rates, (0, 1200)),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = solve(problem, iterations=150, seed=1)
    assert violations(problem, plan) == []
    assert plan.unserved == ()


def test_multi_depot_instance_close_to_the_best_known(shared_dir: Path) -> None:
    """On p01 (50 customers, 4 depots) 1,000 iterations come within 2 % of the best known, at 1 EUR per km."""
    problem, best_km = read_mdvrp(shared_dir / "instances" / "mdvrp", "p01")
    plan = solve(problem, iterations=1000, seed=1)
    assert violations(problem, plan) == []
    assert plan.unserved == ()
    km = sum(route.distance_km for route in plan.routes)
    assert best_km - 0.01 <= km <= 1.02 * best_km
    assert plan.cost_cents == sum(to_cents(route.distance_km) for route in plan.routes)


def test_vehicles_load_at_their_own_base_where_goods_are_ready_there() -> None:
    """Goods ready at both bases: each vehicle serves the client near its own."""
    network = plane({"b": (0, 0), "g": (100, 0), "c1": (5, 0), "c2": (95, 0)})
    fleet = (vehicle("left", "b"), vehicle("right", "g"))
    plan = planned([job("j1", "c1", ("b", "g")), job("j2", "c2", ("b", "g"))], *fleet, network=network)
    assert {r.vehicle: r.jobs for r in plan.routes} == {"left": ("j1",), "right": ("j2",)}
    assert all(r.stops[0].pickups for r in plan.routes)
    assert np.isclose(sum(r.distance_km for r in plan.routes), 20)
