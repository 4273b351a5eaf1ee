"""Tours that can be asked what one more lot would cost, grown, and improved."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from groupage.errors import RoutingError
from logistics.routing.insertion import Inserter, Rounds, cheapest
from logistics.routing.problem import FleetVehicle, Job, Plan, RoutingProblem
from logistics.routing.solve import plan_of, rounds_of, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logistics.network import Network


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

    def improve(self, iterations: int, seed: int) -> Tours:
        """Return tours for the same jobs that cost no more, found by PyVRP from these."""
        problem = RoutingProblem(self.network, self.jobs, self.fleet)
        return replace(self, plan=solve(problem, iterations=iterations, seed=seed, warm=self.plan))

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
