"""The route planner: PyVRP's iterated local search under our own units, timing and prices."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)
from pyvrp.stop import MaxIterations

from groupage.errors import RoutingError
from logistics.routing.insertion import Inserter, Rounds, cheapest
from logistics.routing.model import Model, build
from logistics.routing.problem import Job, Plan, RoutingProblem
from logistics.routing.schedule import Visit, visits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def solve(problem: RoutingProblem, *, iterations: int, seed: int, warm: Plan | None = None) -> Plan:
    """Plan routes that carry the jobs at least cost, plus the prizes of what is left out.

    The same problem, iterations and seed give the same plan. A plan is always feasible: required jobs that fit no
    vehicle, or for which the fleet is too small, are named in `Plan.unserved`.

    Parameters
    ----------
    iterations
        PyVRP iterations in all, at least 1.
    warm
        A plan to start from; it may miss jobs of the problem, and carry jobs that the problem no longer has.

    Raises
    ------
    RoutingError
        If a job id is used twice, or a figure is too large for exact integers.
    """
    if iterations < 1:
        raise RoutingError(f"iterations is {iterations}, expected at least 1")
    usable = replace(problem, fleet=tuple(v for v in problem.fleet if v.count is None or v.count > 0))
    inserter = Inserter(usable.network, usable.fleet, usable.jobs)
    fitting = tuple(job for job in usable.jobs if fits_somewhere(inserter, job.id))
    if not fitting:
        return Plan((), tuple(job.id for job in problem.jobs))
    search = _Search(replace(usable, jobs=fitting), inserter, seed)
    rounds = search.run(iterations, None if warm is None else rounds_of(inserter, warm))
    return plan_of(inserter, rounds, problem.jobs)


def fits_somewhere(inserter: Inserter, job_id: str) -> bool:
    """Tell whether some vehicle of the fleet could carry the job alone."""
    return any(inserter.best(inserter.tour(v), job_id).visits for v in range(len(inserter.fleet)))


def rounds_of(inserter: Inserter, plan: Plan) -> Rounds:
    """Read a plan's routes as tours of known jobs, leaving out routes of vehicles that are not in the fleet."""
    position = {v.id: i for i, v in enumerate(inserter.fleet)}
    tours = []
    for route in plan.routes:
        visits = tuple(v for v in visits_of(route) if v.job in inserter.jobs)
        if visits and route.vehicle in position:
            tours.append((position[route.vehicle], visits))
    return Rounds(tuple(tours))


def plan_of(inserter: Inserter, rounds: Rounds, jobs: Iterable[Job]) -> Plan:
    """Time and price tours, which must be feasible; what they do not carry of the jobs is unserved."""
    routes = []
    for vehicle, visits in sorted(rounds.tours):
        route = inserter.route(vehicle, visits)
        if route is None:
            raise RoutingError(f"a tour of vehicle {inserter.fleet[vehicle].id} with {visits} cannot be driven")
        routes.append(route)
    carried = {job for route in routes for job in route.jobs}
    return Plan(tuple(routes), tuple(job.id for job in jobs if job.id not in carried))


class Score(NamedTuple):
    """How good tours are: fewer required jobs left out, then fewer cents with the prizes foregone."""

    missing: int
    cents: float


def mend(inserter: Inserter, rounds: Rounds, jobs: Sequence[Job]) -> Rounds:
    """Make tours feasible: dissolve those that cannot be driven or exceed the fleet, and insert what is loose.

    A required job goes where it costs least; an optional one only where that is less than its prize.
    """
    counts = [v.count for v in inserter.fleet]
    kept: list[tuple[int, tuple[Visit, ...]]] = []
    taken: set[str] = set()
    wanted = {job.id for job in jobs}
    for vehicle, visits in sorted(rounds.tours, key=lambda tour: -len(tour[1])):
        mine = tuple(v for v in visits if v.job in wanted and v.job not in taken)
        left = counts[vehicle]
        if not mine or left == 0 or inserter.route(vehicle, mine) is None:
            continue
        if left is not None:
            counts[vehicle] = left - 1
        kept.append((vehicle, mine))
        taken.update(v.job for v in mine)
    mended = Rounds(tuple(kept))
    for job in jobs:
        if job.id in taken:
            continue
        cents, with_job = cheapest(inserter, mended, job.id)
        if job.prize_cents is None or cents < job.prize_cents:
            mended = with_job
    return mended


class _Search:
    def __init__(self, problem: RoutingProblem, inserter: Inserter, seed: int) -> None:
        self.problem = problem
        self.inserter = inserter
        self.seed = seed
        self.prizes = {job.id: job.prize_cents for job in problem.jobs if job.prize_cents is not None}

    def score(self, rounds: Rounds) -> Score:
        carried = {v.job for _, visits in rounds.tours for v in visits}
        cents = sum(route.cost_cents for v, visits in rounds.tours if (route := self.inserter.route(v, visits)))
        missing = [job for job in self.problem.jobs if job.id not in carried]
        return Score(
            sum(job.prize_cents is None for job in missing), cents + sum(job.prize_cents or 0 for job in missing)
        )

    def run(self, iterations: int, warm: Rounds | None) -> Rounds:
        model = build(self.problem, self.prizes)
        found = search(model, iterations, self.seed, warm)
        return mend(self.inserter, model.rounds(found), self.problem.jobs)


def search(model: Model, iterations: int, seed: int, start: Rounds | None) -> pyvrp.Solution:
    """Run PyVRP's iterated local search; the best solution found may be infeasible."""
    data = model.data
    rng = pyvrp.RandomNumberGenerator(seed=seed)
    local = LocalSearch(
        data, rng, compute_neighbours(data, NeighbourhoodParams()), PerturbationManager(PerturbationParams())
    )
    for operator in OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    params = pyvrp.PenaltyParams(max_penalty=model.max_penalty)
    manager = pyvrp.PenaltyManager(params.midpoint_penalties(data), params)
    if start is None:
        initial = local(pyvrp.Solution.make_random(data, rng), manager.max_cost_evaluator(), exhaustive=True)
    else:
        initial = model.solution(start)
    settings = pyvrp.IteratedLocalSearchParams(history_length=300)
    algorithm = pyvrp.IteratedLocalSearch(data, manager, local, initial, settings)
    with warnings.catch_warnings():
        # The bound only says that the search struggles; an infeasible best is dealt with by the caller.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        return algorithm.run(MaxIterations(iterations), collect_stats=False).best
