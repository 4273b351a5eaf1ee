"""Tours that can be asked what one more lot would cost, grown, and improved."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from groupage.errors import RoutingError
from logistics.routing.insertion import Inserter, Rounds, cheapest
from logistics.routing.problem import FleetVehicle, Job, Plan, Route, RoutingProblem
from logistics.routing.solve import plan_of, rounds_of, solve

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.network import Network


TOGETHER = 4  # tours searched together after one of them has changed


@dataclass(frozen=True, eq=False)
class Tours:
    """A fleet's tours as they stand: a value; every change gives new tours.

    Attributes
    ----------
    network, fleet
        Where, and who drives.
    jobs
        What the tours are asked to carry.
    plan
        Feasible routes for them.
    inserter
        What earlier questions found out; shared by all tours that grow from these.
    """

    network: Network
    fleet: tuple[FleetVehicle, ...]
    jobs: tuple[Job, ...] = ()
    plan: Plan = field(default_factory=Plan)
    inserter: Inserter | None = None

    @classmethod
    def empty(cls, network: Network, fleet: Sequence[FleetVehicle]) -> Tours:
        """Return tours of idle vehicles."""
        return cls(network, tuple(fleet))

    def __post_init__(self) -> None:
        if self.inserter is None:
            object.__setattr__(self, "inserter", Inserter(self.network, self.fleet))
        for job in self.jobs:
            self._inserter.learn(job)

    @property
    def _inserter(self) -> Inserter:
        assert self.inserter is not None  # noqa: S101 - set in __post_init__, optional only for the caller
        return self.inserter

    @property
    def cost_cents(self) -> int:
        """Cost of the tours, without prizes."""
        return self.plan.cost_cents

    @cached_property
    def free(self) -> Mapping[str, int]:
        """How many vehicles stand idle, of the types that are counted."""
        used = Counter(route.vehicle for route in self.plan.routes)
        return {v.id: v.count - used[v.id] for v in self.fleet if v.count is not None}

    def quote(self, lots: Sequence[Sequence[Job]]) -> NDArray[np.float64]:
        """Price lots one by one on top of the tours as they stand.

        The jobs of a lot are inserted in turn, each where it costs least. The price is the difference of the plans'
        cost lines, so `insert` costs exactly what was quoted; a cheaper plan may exist (`improve`, `marginal_cost`).

        Returns
        -------
        ndarray
            Cents per lot, ``inf`` where some job of it does not fit; shape ``(lots,)``.
        """
        rounds = rounds_of(self._inserter, self.plan)
        prices = np.full(len(lots), math.inf)
        for k, lot in enumerate(lots):
            grown = self._grown(rounds, lot)
            if grown is not None:
                prices[k] = self._added_cents(rounds, grown)
        return prices

    def insert(self, jobs: Sequence[Job]) -> Tours:
        """Return the tours with a lot in them, as it was quoted.

        Raises
        ------
        RoutingError
            If some job of it does not fit.
        """
        grown = self._grown(rounds_of(self._inserter, self.plan), jobs)
        if grown is None:
            ids = ", ".join(job.id for job in jobs)
            raise RoutingError(f"jobs {ids} do not fit into the tours, expected a lot with a finite quote")
        together = (*self.jobs, *jobs)
        return replace(self, jobs=together, plan=plan_of(self._inserter, grown, together))

    def improve(self, iterations: int, seed: int, around: Collection[str] = ()) -> Tours:
        """Return tours for the same jobs that cost no more, found by a search from these.

        Parameters
        ----------
        around
            Jobs whose tours, and those nearest to them, are searched alone; by default all tours are.
        """
        touched = self._near(around) if around else list(self.plan.routes)
        rest = [route for route in self.plan.routes if route not in touched]
        busy = Counter(route.vehicle for route in rest)
        fleet = tuple(v if v.count is None else replace(v, count=max(0, v.count - busy[v.id])) for v in self.fleet)
        wanted = {job for route in touched for job in route.jobs}
        if not rest:
            wanted |= set(self.plan.unserved)
        jobs = tuple(job for job in self.jobs if job.id in wanted)
        if not jobs:
            return self
        problem = RoutingProblem(self.network, jobs, fleet)
        found = solve(problem, iterations=iterations, seed=seed, warm=Plan(tuple(touched)))
        before = self.plan.unserved if rest else ()  # without others at rest the search had these too
        return replace(self, plan=Plan((*rest, *found.routes), (*before, *found.unserved)))

    def _near(self, jobs: Collection[str]) -> list[Route]:
        """Return the tours of some jobs and the tours whose deliveries are nearest to theirs, at most ``TOGETHER``."""
        own = [route for route in self.plan.routes if not set(jobs).isdisjoint(route.jobs)]
        if not own:
            return []
        others = [route for route in self.plan.routes if route not in own]
        index, km = self.network.index, self.network.distance_km
        drops = {
            route.stops: [index[stop.site] for stop in route.stops if stop.deliveries] for route in self.plan.routes
        }
        here = [place for route in own for place in drops[route.stops]]
        others.sort(key=lambda route: float(km[np.ix_(here, drops[route.stops])].min()))
        return [*own, *others[: max(0, TOGETHER - len(own))]]

    def _grown(self, rounds: Rounds, lot: Sequence[Job]) -> Rounds | None:
        for job in lot:
            self._inserter.learn(job)
            cents, rounds = cheapest(self._inserter, rounds, job.id)
            if cents == math.inf:
                return None
        return rounds

    def _added_cents(self, before: Rounds, after: Rounds) -> float:
        """Compare the cost lines of the tours that differ; insertion keeps the positions of tours."""
        added = 0
        for position, tour in enumerate(after.tours):
            old = before.tours[position] if position < len(before.tours) else None
            if tour == old:
                continue
            route = self._inserter.route(*tour)
            if route is None:
                return math.inf
            added += route.cost_cents
            if old is not None and (standing := self._inserter.route(*old)) is not None:
                added -= standing.cost_cents
        return float(added)


def marginal_cost(
    problem: RoutingProblem, plan: Plan, jobs: Sequence[Job], *, iterations: int, seed: int
) -> tuple[float, Plan]:
    """Price jobs on top of a plan by planning anew from it.

    Parameters
    ----------
    problem, plan
        What is carried so far, and how.
    jobs
        What would come on top.

    Returns
    -------
    tuple
        Added cents (``inf`` where a required job of ``jobs`` does not fit), and the plan with them.
    """
    grown = replace(problem, jobs=(*problem.jobs, *jobs))
    better = solve(grown, iterations=iterations, seed=seed, warm=plan)
    missing = set(better.unserved) - set(plan.unserved)
    if any(job.id in missing for job in grown.jobs if job.prize_cents is None):
        return math.inf, better
    return float(better.cost_cents - plan.cost_cents), better
