"""Ruin and recreate: takes neighbouring jobs out of a few tours and inserts them again where they cost least.

Slack induction by string removals (Christiaens and Vanden Berghe 2020) on our insertion kernel, compiled as a whole,
for problems in which vehicles collect goods at several sites or jobs may be left out: PyVRP's search gets there too,
but needs many times as long. Ours are the exchange of vehicles, and tours on credit for jobs that pay only together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logistics.routing.arrays import (
    DELIVERY,
    DESTINATION,
    LOADS,
    MOST_JOBS_ON_TOUR,
    ORIGINS,
    SIZE,
    VEHICLE,
    Slots,
    World,
)
from logistics.routing.insertion import Rounds
from logistics.routing.ruin_steps import alone, run
from logistics.routing.schedule import Visit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from logistics.routing.insertion import Inserter

NEAREST = 100  # jobs that a ruin looks through for tours to take from
MISSING_CENTS = 1e6  # on top of ten times its own tour, for leaving a required job out


class _Wishes(NamedTuple):
    """What the search looks up about jobs, by position.

    Attributes
    ----------
    leaving
        Cents for leaving each out, and 1 where that is allowed, else 0; shape ``(jobs, 2)``.
    solo
        Cents of each in a vehicle of its own, shape ``(vehicles, jobs)``.
    near
        For each job the nearest, itself first, shape ``(jobs, nearest)``.
    orders
        All jobs by size, largest first, by distance, farthest first, and by closing time; shape ``(3, jobs)``.
    """

    leaving: NDArray[np.float64]
    solo: NDArray[np.float64]
    near: NDArray[np.int64]
    orders: NDArray[np.int64]


class _Memory(NamedTuple):
    """What the search remembers.

    Attributes
    ----------
    answers
        By slot and job what `cheapest_in` said, and the version of the tour; shape ``(slots, jobs, 5)``.
    tours, stops
        Slots as they were before a step.
    best_tours, best_stops
        The best tours found.
    asked
        By slot: the last job asked about it, counted; shape ``(slots,)``.
    """

    answers: NDArray[np.float64]
    tours: NDArray[np.int64]
    stops: NDArray[np.int64]
    best_tours: NDArray[np.int64]
    best_stops: NDArray[np.int64]
    asked: NDArray[np.int64]

    @classmethod
    def empty(cls, slots: Slots, jobs: int) -> _Memory:
        answers = np.zeros((len(slots.tours), jobs, 5))
        tours, stops = np.zeros_like(slots.tours), np.empty_like(slots.stops)
        return cls(answers, tours, stops, tours.copy(), stops.copy(), np.zeros(len(slots.tours), dtype=np.int64))


def ruin_and_recreate(
    inserter: Inserter,
    start: Rounds,
    jobs: Sequence[str],
    prizes: Mapping[str, int],
    iterations: int,
    rng: Generator,
) -> Rounds:
    """Improve feasible tours; every tour on the way is feasible.

    Parameters
    ----------
    start
        Feasible, of ``jobs`` only; may leave jobs out.
    jobs
        Ids of jobs that the inserter knows.
    prizes
        Cents for leaving a job out; jobs without a prize are left out only where they fit nowhere.
    """
    if not jobs:
        return start
    world = inserter.world(jobs)
    position = {job: k for k, job in enumerate(jobs)}
    longest = max((len(visits) for _, visits in start.tours), default=0)
    visits = max(longest, 2 * min(len(jobs), MOST_JOBS_ON_TOUR))
    # One slot more than there can be tours, to try what a job would cost alone.
    slots = Slots.empty(len(jobs) + 1, visits, len(world.foes))
    index = inserter.network.index
    for t, (vehicle, order) in enumerate(start.tours):
        slots.tours[t, VEHICLE], slots.tours[t, SIZE] = vehicle, len(order)
        for k, visit in enumerate(order, start=1):
            slots.stops[t, k] = index[visit.site], 2 * position[visit.job] + (not visit.pickup)
    solo = np.empty((len(inserter.fleet), len(jobs)))
    alone(world, slots, solo)
    memory = _Memory.empty(slots, len(jobs))
    run(world, slots, memory, _wishes(world, jobs, prizes, solo), iterations, rng)
    sites = inserter.network.site_ids
    return Rounds(
        tuple(
            (
                vehicle,
                tuple(
                    Visit(jobs[code >> 1], not code & 1, sites[site])
                    for site, code in memory.best_stops[t, 1 : n + 1].tolist()
                ),
            )
            for t, (vehicle, n, *_) in enumerate(memory.best_tours.tolist())
            if n
        )
    )


def _wishes(world: World, jobs: Sequence[str], prizes: Mapping[str, int], solo: NDArray[np.float64]) -> _Wishes:
    cheapest = np.where(np.isfinite(solo).any(axis=0), solo.min(axis=0), 0.0)
    leaving = [
        (float(prizes[j]), 1.0) if j in prizes else (10 * c + MISSING_CENTS, 0.0)
        for j, c in zip(jobs, cheapest.tolist(), strict=True)
    ]
    to, origin = world.places[:, DESTINATION], world.places[:, ORIGINS]
    apart = world.km[np.ix_(to, to)] + 0.5 * world.km[np.ix_(origin, origin)]
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]
    keys = np.array([-world.jobs[:, LOADS], -world.km[origin, to], world.jobs[:, DELIVERY + 2]])
    return _Wishes(np.array(leaving), solo, np.ascontiguousarray(near), np.argsort(keys, axis=1, kind="stable"))
