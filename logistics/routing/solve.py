"""The route planner: PyVRP's iterated local search under our own units, timing and prices."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
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
from logistics.routing.builder import build
from logistics.routing.insertion import Inserter, Rounds, cheapest
from logistics.routing.problem import Job, Plan, RoutingProblem
from logistics.routing.ruin import ruin_and_recreate
from logistics.routing.schedule import Visit, visits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logistics.routing.model import Model

# Below so many iterations PyVRP's set-up costs more than it finds beyond ruin and recreate; and so many it gets for a
# last look at what ruin and recreate found.
WORTH_PYVRP = 30
# Steps of ruin and recreate for an iteration of PyVRP's; at 40 jobs collected on the way they take as long.
RUINS_PER_ITERATION = 20


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
        If the id of a job or a vehicle is used twice, or a figure is too large for exact integers.
    """
    if iterations < 1:
        raise RoutingError(f"iterations is {iterations}, expected at least 1")
    _refuse_duplicates("job", [job.id for job in problem.jobs])
    _refuse_duplicates("vehicle", [vehicle.id for vehicle in problem.fleet])
    driving = (v for v in problem.fleet if v.count != 0 and v.shift_open_min <= v.shift_close_min)
    usable = _among_its_sites(replace(problem, fleet=tuple(driving)))
    inserter = Inserter(usable.network, usable.fleet, usable.jobs)
    fitting = tuple(job for job in usable.jobs if fits_somewhere(inserter, job.id))
    if not fitting:
        return Plan((), tuple(job.id for job in problem.jobs))
    search = _Search(replace(usable, jobs=fitting), inserter, seed)
    rounds = search.run(iterations, None if warm is None else rounds_of(inserter, warm))
    return plan_of(inserter, rounds, problem.jobs)


def _among_its_sites(problem: RoutingProblem) -> RoutingProblem:
    """Leave out of the network what no vehicle of the problem can visit: a few jobs in a large region are common."""
    sites = {v.type.base for v in problem.fleet}
    sites.update(site for job in problem.jobs for site in (*job.origins, job.destination))
    if 2 * len(sites) > len(problem.network.site_ids):
        return problem
    return replace(problem, network=problem.network.among(sites))


def _refuse_duplicates(kind: str, ids: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(ids).items() if count > 1)
    if twice:
        raise RoutingError(f"{kind} {', '.join(twice)} is given twice, expected each id once")


def fits_somewhere(inserter: Inserter, job_id: str) -> bool:
    """Tell whether some vehicle of the fleet could carry the job alone."""
    return any(inserter.best(inserter.tour(v), job_id).visits for v in range(len(inserter.fleet)))


def rounds_of(inserter: Inserter, plan: Plan) -> Rounds:
    """Read a plan's routes as tours of the jobs that are known and still go from and to where the plan takes them."""
    position = {v.id: i for i, v in enumerate(inserter.fleet)}
    tours = []
    for route in plan.routes:
        order = visits_of(route)
        moved = {v.job for v in order if v.job not in inserter.jobs or v.site not in _places(inserter.jobs[v.job], v)}
        visits = tuple(v for v in order if v.job not in moved)
        if visits and route.vehicle in position:
            tours.append((position[route.vehicle], visits))
    return Rounds(tuple(tours))


def _places(job: Job, visit: Visit) -> tuple[str, ...]:
    return job.origins if visit.pickup else (job.destination,)


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
    """The search for one problem, all of whose jobs fit some vehicle alone."""

    def __init__(self, problem: RoutingProblem, inserter: Inserter, seed: int) -> None:
        self.problem = problem
        self.inserter = inserter
        self.seed = seed
        self.prizes = {job.id: job.prize_cents for job in problem.jobs if job.prize_cents is not None}

    def run(self, iterations: int, warm: Rounds | None) -> Rounds:
        greedy = mend(self.inserter, Rounds(), self.problem.jobs)
        start = None if warm is None else mend(self.inserter, warm, self.problem.jobs)
        candidates = [greedy] if start is None else [start, greedy]
        if self.prizes:
            # With optional jobs and high fixed costs PyVRP searches badly; ruin and recreate opens tours on credit.
            candidates.append(self.ruined(min(candidates, key=self.score), self.prizes, iterations))
        else:
            candidates.append(self.pursue({}, iterations, start))
        best = min(candidates, key=self.score)
        if self.score(best).missing:
            # The fleet may be too small: let PyVRP choose what stays behind, at a price above any detour.
            price = 100 + sum(self.prizes.values()) + 2 * round(sum(map(self.solo_cents, self.problem.jobs)))
            everything = {job.id: price if job.prize_cents is None else job.prize_cents for job in self.problem.jobs}
            best = min(best, self.pursue(everything, max(1, iterations // 2), best), key=self.score)
        return best

    def solo_cents(self, job: Job) -> float:
        """Return what the job costs in the cheapest vehicle of its own."""
        empty = (self.inserter.tour(v) for v in range(len(self.inserter.fleet)))
        return min(self.inserter.best(tour, job.id).cents for tour in empty)

    def score(self, rounds: Rounds) -> Score:
        carried = {v.job for _, visits in rounds.tours for v in visits}
        missing = [job for job in self.problem.jobs if job.id not in carried]
        foregone = sum(job.prize_cents or 0 for job in missing)
        return Score(sum(job.prize_cents is None for job in missing), self.cents(rounds) + foregone)

    def cents(self, rounds: Rounds) -> int:
        return sum(route.cost_cents for tour in rounds.tours if (route := self.inserter.route(*tour)))

    def pursue(self, prizes: Mapping[str, int], iterations: int, start: Rounds | None) -> Rounds:
        """Search, and make what was found feasible.

        Where vehicles collect goods on their way no depot formulation is exact. Ruin and recreate searches then, and
        PyVRP's shipment formulation has a last look. A depot formulation that is not exact, for loading times, still
        gives ruin and recreate a better start than insertion does.
        """
        model = None if iterations < WORTH_PYVRP else build(self.problem, prizes)
        found = start
        if model is not None and model.depot:
            found = self.searched(model, prizes, iterations, start)
        if model is None or not (model.exact and model.depot):
            begin = mend(self.inserter, Rounds(), self.problem.jobs) if found is None else found
            found = self.ruined(begin, prizes, iterations)
            if model is not None:
                model = model if not model.depot else build(self.problem, prizes, shipments=True)
                found = self.searched(model, prizes, WORTH_PYVRP, found)
        assert found is not None  # noqa: S101 - one of the two has searched
        return found

    def ruined(self, start: Rounds, prizes: Mapping[str, int], iterations: int) -> Rounds:
        """Search by ruin and recreate from feasible tours."""
        ids = [job.id for job in self.problem.jobs]
        rng = np.random.default_rng(self.seed)
        return ruin_and_recreate(self.inserter, start, ids, prizes, iterations * RUINS_PER_ITERATION, rng)

    def searched(self, model: Model, prizes: Mapping[str, int], iterations: int, start: Rounds | None) -> Rounds:
        """Search with PyVRP; where feasibility may have taken force, search on from there."""
        found = model.rounds(search(model, iterations, self.seed, start))
        mended = mend(self.inserter, found, self.problem.jobs)
        if start is not None:
            mended = min(mended, mend(self.inserter, start, self.problem.jobs), key=self.score)
        used = found.used()
        if any(v.count is not None and used.get(i, 0) > v.count for i, v in enumerate(self.problem.fleet)):
            # Classes of one vehicle type took more vehicles than there are: search with the vehicles shared out.
            model = build(self.problem, prizes, shipments=not model.depot, counts=model.counts_of(mended))
            found = model.rounds(search(model, max(1, iterations // 2), self.seed, mended))
            mended = min(mended, mend(self.inserter, found, self.problem.jobs), key=self.score)
        return mended


def search(model: Model, iterations: int, seed: int, start: Rounds | None) -> pyvrp.Solution:
    """Run PyVRP's iterated local search; the best solution found may be infeasible."""
    data = model.data
    rng = pyvrp.RandomNumberGenerator(seed=seed)
    neighbours = compute_neighbours(data, NeighbourhoodParams())
    local = LocalSearch(data, rng, neighbours, PerturbationManager(PerturbationParams()))
    for operator in OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    manager = pyvrp.PenaltyManager(model.penalties, pyvrp.PenaltyParams(max_penalty=model.max_penalty))
    if start is None:
        initial = local(pyvrp.Solution.make_random(data, rng), manager.max_cost_evaluator(), exhaustive=True)
    else:
        initial = model.solution(start)
    # Late acceptance needs a short memory to get anywhere in a short run.
    history = min(max(iterations // 20, 20), 300)
    settings = pyvrp.IteratedLocalSearchParams(history_length=history)
    algorithm = pyvrp.IteratedLocalSearch(data, manager, local, initial, settings)
    with warnings.catch_warnings():
        # The bound only says that the search struggles; an infeasible best is dealt with by the caller.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        return algorithm.run(MaxIterations(iterations), collect_stats=False).best
