"""A routing problem in PyVRP's integers (`logistics.routing.units`), and its solutions back in ours.

Travel and service times are rounded up and windows inwards, so that what holds in integers holds in floats.
Where the goods of all jobs that a vehicle may carry are at its base, or at one common origin, that
origin is its depot (a positioning leg is part of the first edge). Otherwise every job is a PyVRP shipment with a pickup
and a delivery. There a job with several origins is loaded at the one with the shortest way from the nearest base
through the origin to the destination, as PyVRP has no alternatives for shipments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyvrp

from logistics.routing.insertion import Rounds
from logistics.routing.schedule import Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logistics.routing.problem import RoutingProblem
    from logistics.shipments import Handling


@dataclass(frozen=True, slots=True, eq=False)
class VehicleClass:
    """A PyVRP vehicle type: vehicles of one position in the fleet that carry compatible handling classes only."""

    vehicle: int
    handlings: frozenset[Handling]
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A problem as PyVRP data, and what is needed to read its solutions.

    Attributes
    ----------
    depot
        Whether the origins are depots; otherwise jobs are shipments.
    exact
        Whether a feasible solution is always a feasible plan. The depot formulation spreads loading over the
        deliveries, which moves clocks; its solutions are then timed anew.
    cost_units_per_cent
        What one cent is in PyVRP's objective.
    penalties, max_penalty
        Start and bound of what PyVRP charges for a unit of excess load, lateness and excess distance.
    """

    problem: RoutingProblem
    data: pyvrp.ProblemData
    depot: bool
    exact: bool
    classes: tuple[VehicleClass, ...]
    job_ids: tuple[str, ...]
    pickup_sites: tuple[str, ...]
    cost_units_per_cent: float
    penalties: tuple[list[float], float, float]
    max_penalty: float

    def counts_of(self, rounds: Rounds) -> dict[tuple[int, frozenset[Handling]], int]:
        """Share out each position's vehicles to handling classes as tours use them, the spare ones to the busiest."""
        handlings = {job.id: job.handling for job in self.problem.jobs}
        counts = {(c.vehicle, c.handlings): 0 for c in self.classes}
        for position, visits in rounds.tours:
            carried = {handlings[v.job] for v in visits}
            counts[next(key for key in counts if key[0] == position and carried <= key[1])] += 1
        for position, offer in enumerate(self.problem.fleet):
            mine = [key for key in counts if key[0] == position]
            if mine:
                spare = len(self.job_ids) if offer.count is None else offer.count - sum(counts[k] for k in mine)
                counts[max(mine, key=lambda key: counts[key])] += spare
        return counts

    def rounds(self, solution: pyvrp.Solution) -> Rounds:
        """Read a solution's routes as visits."""
        tours = []
        for route in solution.routes():
            found = self.classes[route.vehicle_type()]
            if self.depot:
                carried = [self.job_ids[a.idx] for a in route if a.is_client()]
                tours.append((found.vehicle, depot_visits(self.problem, carried, found.origin)))
                continue
            visits = tuple(
                Visit(self.job_ids[a.idx], a.is_pickup(), self.pickup_sites[a.idx] if a.is_pickup() else "")
                for a in route
                if a.is_shipment()
            )
            tours.append((found.vehicle, visits))
        if self.depot:
            return Rounds(tuple(tours))
        ends = {job.id: job.destination for job in self.problem.jobs}
        return Rounds(
            tuple((v, tuple(x if x.pickup else x._replace(site=ends[x.job]) for x in visits)) for v, visits in tours)
        )

    def solution(self, rounds: Rounds) -> pyvrp.Solution:
        """Write tours as a PyVRP solution; jobs unknown to the model are left out."""
        known = {job: i for i, job in enumerate(self.job_ids)}
        handlings = {job.id: job.handling for job in self.problem.jobs}
        kinds = pyvrp.ActivityType
        routes = []
        for vehicle, visits in rounds.tours:
            mine = [v for v in visits if v.job in known]
            if not mine:
                continue
            carried = {handlings[v.job] for v in mine}
            kind = next(
                (i for i, c in enumerate(self.classes) if c.vehicle == vehicle and carried <= c.handlings), None
            )
            if kind is None:
                continue
            if self.depot:
                steps = [pyvrp.Activity(kinds.CLIENT, known[v.job]) for v in mine if not v.pickup]
            else:
                steps = [pyvrp.Activity(kinds.PICKUP if v.pickup else kinds.DELIVERY, known[v.job]) for v in mine]
            routes.append(pyvrp.Route(self.data, steps, kind))
        return pyvrp.Solution(self.data, routes)


def depot_visits(problem: RoutingProblem, carried: Sequence[str], origin: str) -> tuple[Visit, ...]:
    """Return the visits of a tour that loads everything at one origin, first what is ready first, then delivers."""
    jobs = {job.id: job for job in problem.jobs}
    loading = sorted(carried, key=lambda j: (jobs[j].pickup_open_min, jobs[j].pickup_close_min, j))
    return (
        *(Visit(j, True, origin) for j in loading),
        *(Visit(j, False, jobs[j].destination) for j in carried),
    )
