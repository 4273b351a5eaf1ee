"""Tours that quote, grow and improve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from groupage.errors import RoutingError
from logistics.routing import Plan, RoutingProblem, Tours, marginal_cost, solve, violations
from logistics.routing.insertion import Inserter
from logistics.routing.tours import TOGETHER
from tests.logistics.routing.worlds import job, plane, random_problem, vehicle

NETWORK = plane({"b": (0, 0), "f": (10, 0), "c1": (20, 0), "c2": (30, 0)})


def grown(problem: RoutingProblem) -> Tours:
    tours = Tours(problem.network, problem.fleet)
    for new in problem.jobs:
        if math.isfinite(tours.quote([[new]])[0]):
            tours = tours.insert([new])
    return tours


def test_inserting_costs_what_was_quoted() -> None:
    """Lot by lot the quote is the difference of the plans' cost lines, to the cent, and every plan holds."""
    problem = random_problem(2, 24)
    tours = Tours(problem.network, problem.fleet)
    inserted = 0
    for k in range(0, 24, 2):
        lot = problem.jobs[k : k + 2]
        (price,) = tours.quote([lot])
        if math.isinf(price):
            with pytest.raises(RoutingError, match="do not fit"):
                tours.insert(lot)
            continue
        after = tours.insert(lot)
        assert after.cost_cents - tours.cost_cents == price
        assert violations(RoutingProblem(problem.network, after.jobs, problem.fleet), after.plan) == []
        tours = after
        inserted += 2
    assert inserted >= 16


def test_quotes_of_many_lots_are_independent_of_each_other() -> None:
    """Lots are priced one by one on top of the same tours, which stay as they are."""
    problem = random_problem(3, 20)
    tours = grown(replace(problem, jobs=problem.jobs[:12]))
    lots = [[j] for j in problem.jobs[12:]] + [list(problem.jobs[12:15])]
    together = tours.quote(lots)
    assert np.array_equal(together, [tours.quote([lot])[0] for lot in lots])
    assert together.shape == (9,)
    assert len(tours.jobs) <= 12


def test_the_first_job_brings_the_vehicle_and_the_second_shares_it() -> None:
    """An empty tour costs the fixed price as well; a second job on the way costs only its detour."""
    tours = Tours(NETWORK, (vehicle(),))
    assert tours.quote([[job("j1", "c2")], [], [job("large", "c1", pallets=11)]]).tolist() == [
        10000 + 6000 + 600 + 3000, 0, math.inf
    ]  # fmt: skip
    tours = tours.insert([job("j1", "c2")])
    assert tours.quote([[job("j2", "c1")]]).tolist() == [0]


def test_only_the_changed_route_is_evaluated_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one insertion, quoting the same lots again asks the kernel about the changed tour only."""
    problem = random_problem(4, 24)
    tours = grown(replace(problem, jobs=problem.jobs[:16]))
    lots = [[j] for j in problem.jobs[16:23]]
    tours.quote(lots)
    asked = []
    search = Inserter._search
    monkeypatch.setattr(Inserter, "_search", lambda self, tour, new: asked.append(tour) or search(self, tour, new))
    tours.quote(lots)
    assert asked == []
    after = tours.insert([problem.jobs[23]])
    asked.clear()
    after.quote(lots)
    assert 0 < len(asked) <= len(lots)
    assert len({tour.visits for tour in asked}) == 1


def test_improving_costs_no_more_and_keeps_the_jobs() -> None:
    """PyVRP from the tours as they stand: never dearer, nothing lost."""
    tours = grown(random_problem(6, 24))
    better = tours.improve(80, 1)
    assert better.cost_cents < tours.cost_cents
    assert (better.jobs, better.plan.unserved) == (tours.jobs, ())
    assert violations(RoutingProblem(tours.network, tours.jobs, tours.fleet), better.plan) == []
    assert better.quote([[job("new", "c1", ("f0",))]]).shape == (1,)


def test_marginal_cost_is_no_more_than_insertion() -> None:
    """Planning anew from a plan prices more jobs at most at what inserting them costs."""
    problem = random_problem(7, 22)
    held = replace(problem, jobs=problem.jobs[:20])
    plan = solve(held, iterations=100, seed=1)
    assert plan.unserved == ()
    tours = Tours(problem.network, problem.fleet, held.jobs, plan)
    quoted = tours.quote([problem.jobs[20:]])[0]
    cents, better = marginal_cost(held, plan, problem.jobs[20:], iterations=20, seed=1)
    assert cents <= quoted
    assert cents == better.cost_cents - plan.cost_cents
    assert violations(problem, better) == []


def test_marginal_cost_of_what_does_not_fit_is_infinite() -> None:
    """A job that no vehicle can carry has no marginal cost."""
    held = RoutingProblem(NETWORK, (), (vehicle(),))
    cents, _ = marginal_cost(held, Plan(), [job("large", "c1", pallets=11)], iterations=5, seed=1)
    assert cents == math.inf


def test_improving_around_a_job_leaves_far_tours_alone() -> None:
    """Only the tours nearest to a job are searched again; the others stay as they are, and nothing gets dearer."""
    tours = grown(random_problem(4, 40))
    one = tours.plan.routes[0].jobs[0]
    better = tours.improve(40, 1, around=[one])
    assert violations(RoutingProblem(tours.network, tours.jobs, tours.fleet), better.plan) == []
    assert {j for r in better.plan.routes for j in r.jobs} == {j for r in tours.plan.routes for j in r.jobs}
    assert better.cost_cents < tours.cost_cents
    kept = [route for route in tours.plan.routes if route in better.plan.routes]
    assert len(kept) >= len(tours.plan.routes) - TOGETHER > 0


def test_improving_around_a_job_names_what_it_leaves_out() -> None:
    """An optional job that is dropped from a tour searched again is unserved, next to those that were before."""
    network = plane(
        {"b": (0, 0), "f": (1, 0), "off": (0, 200), "far": (300, 0), **{f"c{i}": (20, i) for i in range(9)}}
    )
    must = tuple(job(f"j{i}", f"c{i}", pallets=10.0, pickup=(0, 10)) for i in range(9))
    jobs = (
        *must,
        job("dear", "off", pallets=10.0, pickup=(0, 10), prize_cents=100),
        job("never", "far", prize_cents=100),
    )
    fleet = (vehicle(count=None),)
    plan = solve(RoutingProblem(network, (*must, replace(jobs[-2], prize_cents=None)), fleet), iterations=5, seed=1)
    tours = Tours(network, fleet, jobs, Plan(plan.routes, ("never",)))
    assert len(plan.routes) == len(must) + 1
    better = tours.improve(20, 1, around=["dear"])
    assert set(better.plan.unserved) == {"dear", "never"}
    assert {j for r in better.plan.routes for j in r.jobs} == {j.id for j in must}


def test_improving_around_a_job_on_no_tour_changes_nothing() -> None:
    """There is nothing to search next to a job that is not carried."""
    tours = grown(random_problem(4, 10))
    assert tours.improve(20, 1, around=["elsewhere"]).plan == tours.plan
