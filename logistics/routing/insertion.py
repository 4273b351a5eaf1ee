"""The cheapest feasible place for a job in a route, found in compiled code.

A route is held as arrays with forward and backward *duration segments* (Vidal, Crainic, Gendreau and Prins 2013): a
sequence of visits has a least duration, and an interval of starting times that reach it. Two segments join in constant
time, so all pairs of places for a pickup and its delivery in a route of n visits cost O(n^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from groupage.errors import RoutingError
from logistics.compliance import conflict
from logistics.routing.schedule import LOAD_EPS, TIME_EPS, Visit, fits_loads, schedule, travel_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.network import Network
    from logistics.routing.problem import FleetVehicle, Job, Route
    from logistics.shipments import Handling


def compiled(function: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where some folder allows it."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder to write to
        return numba.njit(nogil=True)(function)


@compiled
def _join(a: Any, b: Any, travel: float) -> Any:
    """Join two segments (duration, earliest start, latest start); duration -1 where they do not fit together."""
    gap = a[0] + travel
    if a[1] + gap > b[2] + TIME_EPS:
        return -1.0, 0.0, 0.0
    wait = max(b[1] - gap - a[2], 0.0)
    earliest = max(b[1] - gap, a[1]) - wait
    return a[0] + b[0] + travel + wait, earliest, max(min(b[2] - gap, a[2]), earliest)


@compiled
def best_insertion(
    km: Any,
    minutes: Any,
    places: Any,
    segments: Any,
    on_board: Any,
    lead: int,
    limits: Any,
    cents_per_km: float,
    cents_per_min: float,
    longest_min: float,
    origins: Any,
    destination: int,
    pickup: Any,
    delivery: Any,
    loads: Any,
) -> Any:
    """Find the cheapest way to add one pickup and its delivery to a route.

    Parameters
    ----------
    km, minutes
        Distances and this vehicle's travel times, shape ``(sites, sites)``.
    places
        Site of each node, the base first and last, shape ``(n + 2,)``.
    segments
        Each node as a segment (service, opening, closing), shape ``(n + 2, 3)``.
    on_board
        Loads after each node, shape ``(n + 2, 3)``.
    lead
        How many nodes at the start (base included) are at the base before the vehicle first leaves.
    limits
        Capacities, shape ``(3,)``.
    origins
        Sites where the goods can be loaded; ``origins[0]`` being the base means: loaded before leaving.
    pickup, delivery
        Segments of the new visits, shape ``(3,)``.
    loads
        What the job adds on board, shape ``(3,)``.

    Returns
    -------
    tuple
        Added cost in cents (``inf``: no place), node after which to load, node after which to deliver (equal: right
        after loading), position in ``origins``.
    """
    nodes = places.shape[0]
    front = np.empty((nodes, 3))
    back = np.empty((nodes, 3))
    way = np.empty(nodes)
    front[0] = segments[0]
    back[nodes - 1] = segments[nodes - 1]
    way[0] = 0.0
    for k in range(1, nodes):
        joined = _join(front[k - 1], segments[k], minutes[places[k - 1], places[k]])
        front[k, 0], front[k, 1], front[k, 2] = joined
        way[k] = way[k - 1] + km[places[k - 1], places[k]]
        if front[k, 0] < 0:
            return np.inf, -1, -1, -1
    for k in range(nodes - 2, -1, -1):
        joined = _join(segments[k], back[k + 1], minutes[places[k], places[k + 1]])
        back[k, 0], back[k, 1], back[k, 2] = joined
    old = cents_per_km * way[nodes - 1] + cents_per_min * front[nodes - 1, 0]
    best = np.inf
    best_i = best_j = best_origin = -1

    for option in range(origins.shape[0]):
        origin = origins[option]
        at_base = origin == places[0]
        first = lead - 1 if at_base else 0
        last = lead if at_base else nodes - 1
        for i in range(first, last):
            if (
                on_board[i, 0] + loads[0] > limits[0]
                or on_board[i, 1] + loads[1] > limits[1]
                or on_board[i, 2] + loads[2] > limits[2]
            ):
                continue
            middle = _join(front[i], pickup, minutes[places[i], origin])
            if middle[0] < 0:
                continue
            road = way[i] + km[places[i], origin]
            at = origin
            for j in range(i, nodes - 1):
                if j > i:
                    if (
                        on_board[j, 0] + loads[0] > limits[0]
                        or on_board[j, 1] + loads[1] > limits[1]
                        or on_board[j, 2] + loads[2] > limits[2]
                    ):
                        break
                    middle = _join(middle, segments[j], minutes[at, places[j]])
                    if middle[0] < 0:
                        break
                    road += km[at, places[j]]
                    at = places[j]
                dropped = _join(middle, delivery, minutes[at, destination])
                if dropped[0] < 0:
                    continue
                after = places[j + 1]
                whole = _join(dropped, back[j + 1], minutes[destination, after])
                if whole[0] < 0 or whole[0] > longest_min + TIME_EPS:
                    continue
                length = road + km[at, destination] + km[destination, after] + way[nodes - 1] - way[j + 1]
                cost = cents_per_km * length + cents_per_min * whole[0] - old
                if cost < best - 1e-6:
                    best = cost
                    best_i, best_j, best_origin = i, j, option
    return best, best_i, best_j, best_origin


class Tour(NamedTuple):
    """A route being built: visits, and the arrays that the kernel reads."""

    vehicle: int
    visits: tuple[Visit, ...]
    classes: frozenset[int]
    places: NDArray[np.int64]
    segments: NDArray[np.float64]
    on_board: NDArray[np.float64]
    lead: int


class Place(NamedTuple):
    """A best insertion: its added cost in cents (``inf`` if there is none) and the visits it leads to."""

    cents: float
    visits: tuple[Visit, ...]


NOWHERE = Place(math.inf, ())


@dataclass(frozen=True, slots=True, eq=False)
class _JobArrays:
    job: Job
    handling: int
    origins: NDArray[np.int64]
    destination: int
    pickup: tuple[float, float, float]
    delivery: tuple[float, float, float]
    loads: NDArray[np.float64]


class Inserter:
    """Routes and jobs of one network and fleet in the form that the kernel reads, with what it found before.

    Answers are remembered by the content of the route and the job, so that asking again after one route has changed
    costs only that route.

    Parameters
    ----------
    network, fleet
        Where, and who drives.
    jobs
        Jobs known from the start; more can be made known with `learn`.
    """

    def __init__(self, network: Network, fleet: Sequence[FleetVehicle], jobs: Iterable[Job] = ()) -> None:
        self.network = network
        self.fleet = tuple(fleet)
        self.jobs: dict[str, Job] = {}
        self._arrays: dict[str, _JobArrays] = {}
        self._handlings: dict[Handling, int] = {}
        self._conflicts: list[set[int]] = []
        self._tours: dict[tuple[int, tuple[Visit, ...]], Tour] = {}
        self._found: dict[tuple[int, tuple[Visit, ...], str], Place] = {}
        self._timed: dict[tuple[int, tuple[Visit, ...]], Route | None] = {}
        by_speed: dict[float | None, NDArray[np.float64]] = {}
        for vehicle in self.fleet:
            if vehicle.type.speed_kmh not in by_speed:
                by_speed[vehicle.type.speed_kmh] = np.ascontiguousarray(travel_minutes(network, vehicle))
        self.minutes = [by_speed[v.type.speed_kmh] for v in self.fleet]
        self._bases = [network.index[v.type.base] for v in self.fleet]
        self._limits = [
            np.array([v.type.capacity_pallets, v.type.capacity_kg, v.type.capacity_m3]) * (1 + LOAD_EPS)
            for v in self.fleet
        ]
        for job in jobs:
            self.learn(job)

    @property
    def remembered(self) -> int:
        """How many insertions are remembered."""
        return len(self._found)

    def forget(self) -> None:
        """Let go of all that was found, to bound memory in a long search."""
        self._found.clear()
        self._tours.clear()
        self._timed.clear()

    def learn(self, job: Job) -> None:
        """Make a job known; an id stands for one job only.

        Raises
        ------
        RoutingError
            If another job is known by the same id.
        """
        known = self.jobs.get(job.id)
        if known is not None:
            if known is not job and known != job:
                raise RoutingError(f"job {job.id} is given twice with different content, expected one job per id")
            return
        self.jobs[job.id] = job
        index = self.network.index
        self._arrays[job.id] = _JobArrays(
            job,
            self._handling_class(job.handling),
            np.array([index[o] for o in job.origins], dtype=np.int64),
            index[job.destination],
            (job.loading_min, job.pickup_open_min, job.pickup_close_min),
            (job.unloading_min, job.delivery_open_min, job.delivery_close_min),
            np.array([job.pallets, job.weight_kg, job.volume_m3], dtype=np.float64),
        )

    def _handling_class(self, handling: Handling) -> int:
        if handling not in self._handlings:
            new = len(self._handlings)
            foes = {i for other, i in self._handlings.items() if conflict(other, handling) is not None}
            self._handlings[handling] = new
            self._conflicts.append(foes)
            for i in foes:
                self._conflicts[i].add(new)
            if conflict(handling, handling) is not None:  # explosives without known compatibility groups
                foes.add(new)
        return self._handlings[handling]

    def may_share(self, classes: Iterable[int]) -> bool:
        """Tell whether jobs of these handling classes, one entry a job, may share a vehicle."""
        seen: set[int] = set()
        for c in classes:
            if not seen.isdisjoint(self._conflicts[c]):
                return False
            seen.add(c)
        return True

    def tour(self, vehicle: int, visits: tuple[Visit, ...] = ()) -> Tour:
        """Return the arrays of a route of the vehicle at this position of the fleet."""
        key = (vehicle, visits)
        tour = self._tours.get(key)
        if tour is None:
            tour = self._tours[key] = self._build_tour(vehicle, visits)
        return tour

    def _build_tour(self, vehicle: int, visits: tuple[Visit, ...]) -> Tour:
        offer = self.fleet[vehicle]
        n = len(visits)
        base = self._bases[vehicle]
        places = np.full(n + 2, base, dtype=np.int64)
        segments = np.empty((n + 2, 3))
        on_board = np.zeros((n + 2, 3))
        segments[0] = segments[-1] = 0.0, offer.shift_open_min, offer.shift_close_min
        lead = 1
        for k, visit in enumerate(visits, 1):
            arrays = self._arrays[visit.job]
            places[k] = self.network.index[visit.site]
            segments[k] = arrays.pickup if visit.pickup else arrays.delivery
            on_board[k] = on_board[k - 1] + (arrays.loads if visit.pickup else -arrays.loads)
            if lead == k and visit.pickup and places[k] == base:
                lead = k + 1
        classes = frozenset(self._arrays[v.job].handling for v in visits)
        return Tour(vehicle, visits, classes, places, segments, on_board, lead)

    def best(self, tour: Tour, job_id: str) -> Place:
        """Return the cheapest way to add a known job to a tour; a first job brings the vehicle's fixed cost."""
        key = (tour.vehicle, tour.visits, job_id)
        place = self._found.get(key)
        if place is None:
            place = self._found[key] = self._search(tour, self._arrays[job_id])
        return place

    def _search(self, tour: Tour, new: _JobArrays) -> Place:
        offer = self.fleet[tour.vehicle]
        if new.job.id in offer.excluded or not tour.classes.isdisjoint(self._conflicts[new.handling]):
            return NOWHERE
        job = new.job
        if (
            job.pickup_open_min > job.pickup_close_min
            or job.delivery_open_min > job.delivery_close_min
            or offer.shift_open_min > offer.shift_close_min
        ):
            return NOWHERE  # segments need windows that open before they close
        base = self._bases[tour.vehicle]
        own = new.origins == base
        origins = new.origins[own] if own.any() else new.origins
        costs = offer.costs
        longest = offer.type.max_shift_min
        cents, i, j, option = best_insertion(
            self.network.distance_km,
            self.minutes[tour.vehicle],
            tour.places,
            tour.segments,
            tour.on_board,
            tour.lead,
            self._limits[tour.vehicle],
            (costs.per_km_eur + costs.toll_eur_per_km) * 100,
            costs.per_hour_eur / 60 * 100,
            math.inf if longest is None else longest,
            origins,
            new.destination,
            new.pickup,
            new.delivery,
            new.loads,
        )
        if cents == math.inf:
            return NOWHERE
        loading = Visit(job.id, True, self.network.site_ids[origins[option]])
        dropping = Visit(job.id, False, job.destination)
        visits = (*tour.visits[:i], loading, *tour.visits[i:j], dropping, *tour.visits[j:])
        if not tour.visits:
            # An empty tour costs nothing: its vehicle stays at home.
            cents += costs.fixed_eur * 100
        return Place(float(cents), visits)

    def route(self, vehicle: int, visits: tuple[Visit, ...]) -> Route | None:
        """Time and price a route; ``None`` where a window, shift, capacity, exclusion or conflict is broken."""
        key = (vehicle, visits)
        if key not in self._timed:
            offer = self.fleet[vehicle]
            ids = {v.job for v in visits}
            allowed = (
                offer.excluded.isdisjoint(ids)
                and self.may_share(self._arrays[job].handling for job in ids)
                and fits_loads(offer, self.jobs, visits)
            )
            self._timed[key] = (
                schedule(self.network, self.minutes[vehicle], offer, self.jobs, visits) if allowed else None
            )
        return self._timed[key]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Some tours on the road: pairs of vehicle position and visits."""

    tours: tuple[tuple[int, tuple[Visit, ...]], ...] = ()

    def used(self) -> Mapping[int, int]:
        """Count the vehicles in use by position in the fleet."""
        counts: dict[int, int] = {}
        for vehicle, _ in self.tours:
            counts[vehicle] = counts.get(vehicle, 0) + 1
        return counts

    def replaced(self, at: int, vehicle: int, visits: tuple[Visit, ...]) -> Rounds:
        """Return the tours with one exchanged; past the end: added."""
        return Rounds((*self.tours[:at], (vehicle, visits), *self.tours[at + 1 :]))


def cheapest(inserter: Inserter, rounds: Rounds, job_id: str) -> tuple[float, Rounds]:
    """Insert one job where it costs least, in a tour or with another vehicle; ``inf`` and unchanged if nowhere."""
    best, at, chosen, place = math.inf, -1, -1, NOWHERE
    for position, (vehicle, visits) in enumerate(rounds.tours):
        found = inserter.best(inserter.tour(vehicle, visits), job_id)
        if found.cents < best - 1e-6:
            best, at, chosen, place = found.cents, position, vehicle, found
    used = rounds.used()
    for vehicle, offer in enumerate(inserter.fleet):
        if offer.count is not None and used.get(vehicle, 0) >= offer.count:
            continue
        found = inserter.best(inserter.tour(vehicle), job_id)
        if found.cents < best - 1e-6:
            best, at, chosen, place = found.cents, len(rounds.tours), vehicle, found
    if best == math.inf:
        return best, rounds
    return best, rounds.replaced(at, chosen, place.visits)
