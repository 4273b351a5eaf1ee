"""Ruin and recreate: takes neighbouring jobs out of a few tours and inserts them again where they cost least.

Slack induction by string removals (Christiaens and Vanden Berghe 2020) on our insertion kernel, for problems in which
vehicles collect goods at several sites: PyVRP's search gets there too, but needs many times as long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from logistics.routing.insertion import NOWHERE, Inserter, Rounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator

    from logistics.routing.problem import Job
    from logistics.routing.schedule import Visit

Tours = tuple[tuple[int, "tuple[Visit, ...]"], ...]

MEAN_REMOVED = 10.0  # jobs a ruin takes out on average; the paper's 10 for customers without pickups
LONGEST_STRING = 8
BLINK = 0.02  # chance of overlooking a tour, so that the same ruin is not mended the same way
FIRST_TEMPERATURE, LAST_TEMPERATURE = 0.1, 0.003  # of the cost of an average tour
REMEMBERED = 60_000  # insertions kept by the inserter before it forgets them


def ruin_and_recreate(
    inserter: Inserter,
    start: Rounds,
    jobs: Sequence[Job],
    prizes: Mapping[str, int],
    iterations: int,
    rng: Generator,
) -> Rounds:
    """Improve feasible tours; every tour on the way is feasible.

    Parameters
    ----------
    start
        Feasible; may leave jobs out.
    prizes
        Cents for leaving a job out; jobs without a prize are left out only where they fit nowhere.
    """
    search = _Ruin(inserter, jobs, prizes, rng)
    return Rounds(search.run(start.tours, iterations))


class _Ruin:
    def __init__(self, inserter: Inserter, jobs: Sequence[Job], prizes: Mapping[str, int], rng: Generator) -> None:
        self.inserter, self.rng = inserter, rng
        self.jobs = {job.id: job for job in jobs}
        self.ids = sorted(self.jobs)
        self.counts = [v.count for v in inserter.fleet]
        solo = {j: min(inserter.best(inserter.tour(v), j).cents for v in range(len(inserter.fleet))) for j in self.ids}
        self.penalty = {j: float(prizes[j]) if j in prizes else 10 * solo[j] + 1e6 for j in self.ids}
        self.optional = frozenset(prizes)
        self.near = self._neighbours()

    def _neighbours(self) -> dict[str, list[str]]:
        """For each job all jobs, nearest first: by distance between clients and half of that between origins."""
        network = self.inserter.network
        to = np.array([network.index[self.jobs[j].destination] for j in self.ids])
        frm = np.array([network.index[self.jobs[j].origins[0]] for j in self.ids])
        km = network.distance_km[np.ix_(to, to)] + 0.5 * network.distance_km[np.ix_(frm, frm)]
        order = np.argsort(km, axis=1, kind="stable")
        return {j: [self.ids[k] for k in order[i]] for i, j in enumerate(self.ids)}

    def cost(self, tours: Tours, left: Sequence[str]) -> float:
        return sum(self.inserter.price(*tour) for tour in tours) + sum(self.penalty[j] for j in left)

    def run(self, tours: Tours, iterations: int) -> Tours:
        carried = {v.job for _, visits in tours for v in visits}
        left = [j for j in self.ids if j not in carried]
        current = best = (self.cost(tours, left), tours, left)
        heat = current[0] / max(1, len(tours))
        for step in range(iterations):
            part = step / max(1, iterations)
            temperature = heat * FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** part
            tours, removed = self.ruin(current[1])
            tours, left = self.recreate(tours, [*removed, *current[2]])
            found = (self.cost(tours, left), tours, left)
            if found[0] < current[0] - temperature * math.log(max(self.rng.random(), 1e-12)):
                current = found
                if found[0] < best[0] - 1e-6:
                    best = found
            if self.inserter.remembered > REMEMBERED:
                self.inserter.forget()
        return best[1]

    def ruin(self, tours: Tours) -> tuple[Tours, list[str]]:
        """Take strings of neighbouring jobs out of tours near a random job; now and then whole tours."""
        if not tours:
            return tours, []
        at = {v.job: t for t, (_, visits) in enumerate(tours) for v in visits}
        sizes = [len(visits) // 2 for _, visits in tours]
        longest = max(1, min(LONGEST_STRING, round(sum(sizes) / len(tours))))
        strings = max(1, int(self.rng.integers(1, max(2, round(4 * MEAN_REMOVED / (1 + longest)))) + 1))
        gone: set[str] = set()
        touched: set[int] = set()
        centre = self.ids[int(self.rng.integers(len(self.ids)))]
        for job in self.near[centre]:
            if len(touched) >= strings:
                break
            tour = at.get(job)
            if tour is None or tour in touched:
                continue
            touched.add(tour)
            order = list(dict.fromkeys(v.job for v in tours[tour][1] if not v.pickup))
            length = int(self.rng.integers(1, min(longest, len(order)) + 1))
            if self.rng.random() < 0.1:
                length = len(order)
            place = order.index(job)
            first = max(0, min(place - int(self.rng.integers(length)), len(order) - length))
            gone.update(order[first : first + length])
        kept = []
        for t, (vehicle, visits) in enumerate(tours):
            rest = tuple(v for v in visits if v.job not in gone) if t in touched else visits
            if rest and (t not in touched or self.inserter.price(vehicle, rest) < math.inf):
                kept.append((vehicle, rest))
            elif rest:
                gone.update(v.job for v in rest)
        return tuple(kept), sorted(gone)

    def recreate(self, tours: Tours, absent: list[str]) -> tuple[Tours, list[str]]:
        """Insert absent jobs one by one where each costs least; jobs that fit nowhere, or do not pay, stay out."""
        grown = list(tours)
        used: dict[int, int] = {}
        for vehicle, _ in grown:
            used[vehicle] = used.get(vehicle, 0) + 1
        left = []
        for job in self.order(absent):
            found, at, vehicle = NOWHERE, -1, -1
            for t, (v, visits) in enumerate(grown):
                if self.rng.random() >= BLINK:
                    place = self.inserter.best(self.inserter.tour(v, visits), job)
                    if place.cents < found.cents:
                        found, at, vehicle = place, t, v
            for v, count in enumerate(self.counts):
                if count is None or used.get(v, 0) < count:
                    place = self.inserter.best(self.inserter.tour(v), job)
                    if place.cents < found.cents:
                        found, at, vehicle = place, len(grown), v
            if found.cents == math.inf or (job in self.optional and found.cents >= self.penalty[job]):
                left.append(job)
            elif at == len(grown):
                grown.append((vehicle, found.visits))
                used[vehicle] = used.get(vehicle, 0) + 1
            else:
                grown[at] = (vehicle, found.visits)
        return tuple(self.better_vehicles(grown, used)), sorted(left)

    def better_vehicles(self, tours: list[tuple[int, tuple[Visit, ...]]], used: dict[int, int]) -> Tours:
        """Give each tour the cheapest vehicle that stands idle and can drive it."""
        out = []
        for vehicle, visits in tours:
            chosen, cost = vehicle, self.cost(((vehicle, visits),), ())
            for v, count in enumerate(self.counts):
                if v != vehicle and (count is None or used.get(v, 0) < count):
                    other = self.inserter.price(v, visits)
                    if other < cost - 1e-6:
                        chosen, cost = v, other
            if chosen != vehicle:
                used[vehicle] -= 1
                used[chosen] = used.get(chosen, 0) + 1
            out.append((chosen, visits))
        return tuple(out)

    def order(self, absent: list[str]) -> list[str]:
        """Sort jobs for insertion: at random, large first, far first, or early windows first."""
        jobs = [absent[i] for i in self.rng.permutation(len(absent))]
        way = self.rng.random()
        if way < 0.4:
            return jobs
        if way < 0.7:
            return sorted(jobs, key=lambda j: -self.jobs[j].pallets)
        if way < 0.9:
            network = self.inserter.network
            return sorted(jobs, key=lambda j: -network.km(self.jobs[j].origins[0], self.jobs[j].destination))
        return sorted(jobs, key=lambda j: self.jobs[j].delivery_close_min)
