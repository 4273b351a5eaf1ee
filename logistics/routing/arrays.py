"""A routing problem and its tours as a few arrays, and the compiled steps that change them.

Jobs, vehicles and sites are their positions. A visit is one number, twice the job's position, plus 1 for its delivery.
Columns have names; few wide arrays compile, and are passed on, much faster than many narrow ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logistics.routing.kernel import (
    FRONT,
    NODE_COLUMNS,
    ON_BOARD,
    SEGMENT,
    WAY,
    inner,
    join,
    place_between,
    sweep,
)
from logistics.routing.schedule import TIME_EPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_JOBS_ON_TOUR = 250  # a tour with more is left as it is

# Columns of World.vehicles: capacities (pallets, kg, m3), shift as a segment, prices in cents, longest shift.
LIMITS, SHIFT, FIXED, PER_KM, PER_MIN, LONGEST, VEHICLE_COLUMNS = 0, 3, 6, 7, 8, 9, 10
# Columns of World.fleet: position of its travel times, base, how many there are.
SPEED, BASE, COUNT, FLEET_COLUMNS = 0, 1, 2, 3
# Columns of World.jobs: what it adds on board, its pickup and its delivery as segments.
LOADS, PICKUP, DELIVERY, JOB_COLUMNS = 0, 3, 6, 9
# Columns of World.places: destination, handling class, number of origins, origins.
DESTINATION, HANDLING, ORIGINS_COUNT, ORIGINS = 0, 1, 2, 3
# Columns of Slots.tours: vehicle type, number of visits, nodes at the base before leaving, a number that changes with
# the tour, and the step in which it was last saved.
VEHICLE, SIZE, LEAD, VERSION, STAMP, TOUR_COLUMNS = 0, 1, 2, 3, 4, 5
# Third axis of Slots.stops: site and visit.
SITE, VISIT = 0, 1


class World(NamedTuple):
    """Jobs and vehicles.

    Attributes
    ----------
    km
        Shape ``(sites, sites)``.
    minutes
        Travel times by speed, shape ``(speeds, sites, sites)``.
    vehicles, fleet
        Figures and integers of each vehicle type, by the columns above.
    jobs, places
        Figures and integers of each job, by the columns above.
    excluded
        Whether a vehicle may never carry a job, shape ``(vehicles, jobs)``.
    foes
        Handling classes that may not share a vehicle, shape ``(classes, classes)``.
    """

    km: NDArray[np.float64]
    minutes: NDArray[np.float64]
    vehicles: NDArray[np.float64]
    fleet: NDArray[np.int64]
    jobs: NDArray[np.float64]
    places: NDArray[np.int64]
    excluded: NDArray[np.bool_]
    foes: NDArray[np.bool_]

    def of(self, jobs: NDArray[np.int64]) -> World:
        """Return the world of some of the jobs, in the order given."""
        # Selecting columns leaves them in Fortran's order, another type for which all would be compiled once more.
        excluded = np.ascontiguousarray(self.excluded[:, jobs])
        return self._replace(jobs=self.jobs[jobs], places=self.places[jobs], excluded=excluded)


class Slots(NamedTuple):
    """Tours, one a slot; a slot without visits is free. Written in place.

    Attributes
    ----------
    tours
        Integers of each tour, by the columns above.
    cents
        Cost of each tour, ``inf`` if it cannot be driven.
    stops
        Site and visit of each node, the base first and last, shape ``(slots, nodes, 2)``.
    nodes
        Figures of each node as the kernel reads them, shape ``(slots, nodes, NODE_COLUMNS)``.
    present
        Handling classes on each tour, shape ``(slots, classes)``.
    """

    tours: NDArray[np.int64]
    cents: NDArray[np.float64]
    stops: NDArray[np.int64]
    nodes: NDArray[np.float64]
    present: NDArray[np.bool_]

    @classmethod
    def empty(cls, slots: int, visits: int, classes: int) -> Slots:
        """Make room for tours; pages of memory that no tour reaches are never touched."""
        return cls(
            np.zeros((slots, TOUR_COLUMNS), dtype=np.int64),
            np.zeros(slots),
            np.empty((slots, visits + 2, 2), dtype=np.int64),
            np.empty((slots, visits + 2, NODE_COLUMNS)),
            np.zeros((slots, classes), dtype=np.bool_),
        )


@inner
def refresh(world: Any, slots: Any, t: int) -> None:
    """Work out a slot's figures and cost from its vehicle and stops."""
    v, n = slots.tours[t, VEHICLE], slots.tours[t, SIZE]
    base = world.fleet[v, BASE]
    stops, nodes = slots.stops[t], slots.nodes[t]
    stops[0, SITE] = stops[n + 1, SITE] = base
    for c in range(3):
        nodes[0, SEGMENT + c] = nodes[n + 1, SEGMENT + c] = world.vehicles[v, SHIFT + c]
        nodes[0, ON_BOARD + c] = nodes[n + 1, ON_BOARD + c] = 0.0
    for c in range(slots.present.shape[1]):
        slots.present[t, c] = False
    fits = True
    lead, leading = 1, True
    for k in range(1, n + 1):
        job = stops[k, VISIT] >> 1
        if stops[k, VISIT] & 1:
            sign, visit = -1.0, DELIVERY
            leading = False
        else:
            sign, visit = 1.0, PICKUP
            leading = leading and stops[k, SITE] == base
            lead += leading
            fits = fits and not world.excluded[v, job] and may_join(world, slots, t, job)
            slots.present[t, world.places[job, HANDLING]] = True
        for c in range(3):
            nodes[k, SEGMENT + c] = world.jobs[job, visit + c]
            nodes[k, ON_BOARD + c] = nodes[k - 1, ON_BOARD + c] + sign * world.jobs[job, LOADS + c]
            fits = fits and nodes[k, ON_BOARD + c] <= world.vehicles[v, LIMITS + c]
    slots.tours[t, LEAD] = lead
    slots.cents[t] = np.inf
    if sweep(world.km, world.minutes[world.fleet[v, SPEED]], stops[:, SITE], nodes, n + 2) and fits:
        lasts = nodes[n + 1, FRONT]
        if lasts <= world.vehicles[v, LONGEST] + TIME_EPS:
            driving = world.vehicles[v, PER_KM] * nodes[n + 1, WAY] + world.vehicles[v, PER_MIN] * lasts
            slots.cents[t] = world.vehicles[v, FIXED] + driving


@inner
def price_by(world: Any, slots: Any, t: int, v: int) -> Any:
    """Price a slot's tour as another vehicle would drive it; ``inf`` if it cannot."""
    n = slots.tours[t, SIZE]
    stops, nodes = slots.stops[t], slots.nodes[t]
    for k in range(1, n + 1):
        for c in range(3):
            if nodes[k, ON_BOARD + c] > world.vehicles[v, LIMITS + c]:
                return np.inf
        if not stops[k, VISIT] & 1 and world.excluded[v, stops[k, VISIT] >> 1]:
            return np.inf
    base, minutes = world.fleet[v, BASE], world.minutes[world.fleet[v, SPEED]]
    shift = (world.vehicles[v, SHIFT], world.vehicles[v, SHIFT + 1], world.vehicles[v, SHIFT + 2])
    whole, at, way = shift, base, 0.0
    for k in range(1, n + 1):
        own = (nodes[k, SEGMENT], nodes[k, SEGMENT + 1], nodes[k, SEGMENT + 2])
        whole = join(whole, own, minutes[at, stops[k, SITE]])
        if whole[0] < 0:
            return np.inf
        way += world.km[at, stops[k, SITE]]
        at = stops[k, SITE]
    whole = join(whole, shift, minutes[at, base])
    if whole[0] < 0 or whole[0] > world.vehicles[v, LONGEST] + TIME_EPS:
        return np.inf
    driving = world.vehicles[v, PER_KM] * (way + world.km[at, base]) + world.vehicles[v, PER_MIN] * whole[0]
    return world.vehicles[v, FIXED] + driving


@inner
def may_join(world: Any, slots: Any, t: int, job: int) -> bool:
    """Tell whether a job's handling class may share a vehicle with those of a slot's tour."""
    own = world.places[job, HANDLING]
    for c in range(world.foes.shape[0]):  # noqa: SIM110 - compiles without a generator
        if slots.present[t, c] and world.foes[own, c]:
            return False
    return True


@inner
def cheapest_in(world: Any, slots: Any, t: int, job: int) -> Any:
    """Find where a job costs least in a slot's tour: cents (``inf``: nowhere), node to load after, to drop after, site.

    An empty tour's fixed cost is not counted.
    """
    v, n = slots.tours[t, VEHICLE], slots.tours[t, SIZE]
    if world.excluded[v, job] or n + 4 > slots.stops.shape[1] or not may_join(world, slots, t, job):
        return np.inf, -1, -1, -1
    count = world.places[job, ORIGINS_COUNT]
    origins = world.places[job, ORIGINS : ORIGINS + count]
    for o in range(count):
        if origins[o] == world.fleet[v, BASE]:
            origins = origins[o : o + 1]
            break
    cents, i, j, option = place_between(
        world.km, world.minutes[world.fleet[v, SPEED]], slots.stops[t, :, SITE], slots.nodes[t], n + 2,
        slots.tours[t, LEAD], world.vehicles[v, LIMITS:SHIFT], world.vehicles[v, PER_KM], world.vehicles[v, PER_MIN],
        world.vehicles[v, LONGEST], origins, world.places[job, DESTINATION], world.jobs[job, PICKUP:DELIVERY],
        world.jobs[job, DELIVERY:JOB_COLUMNS], world.jobs[job, LOADS:PICKUP],
    )  # fmt: skip
    if option < 0:
        return np.inf, -1, -1, -1
    return cents, i, j, origins[option]


@inner
def insert(world: Any, slots: Any, t: int, job: int, i: int, j: int, site: int) -> None:
    """Put a job into a slot's tour after nodes ``i`` and ``j``, as `cheapest_in` said."""
    n = slots.tours[t, SIZE]
    stops = slots.stops[t]
    for k in range(n, j, -1):
        stops[k + 2, SITE], stops[k + 2, VISIT] = stops[k, SITE], stops[k, VISIT]
    stops[j + 2, SITE], stops[j + 2, VISIT] = world.places[job, DESTINATION], 2 * job + 1
    for k in range(j, i, -1):
        stops[k + 1, SITE], stops[k + 1, VISIT] = stops[k, SITE], stops[k, VISIT]
    stops[i + 1, SITE], stops[i + 1, VISIT] = site, 2 * job
    slots.tours[t, SIZE] = n + 2
    refresh(world, slots, t)


@inner
def remove(world: Any, slots: Any, t: int, gone: Any) -> None:
    """Take the jobs marked in ``gone`` out of a slot's tour."""
    kept = 0
    stops = slots.stops[t]
    for k in range(1, slots.tours[t, SIZE] + 1):
        if not gone[stops[k, VISIT] >> 1]:
            kept += 1
            stops[kept, SITE], stops[kept, VISIT] = stops[k, SITE], stops[k, VISIT]
    slots.tours[t, SIZE] = kept
    refresh(world, slots, t)
