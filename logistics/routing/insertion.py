"""Where one more job goes at least cost: routes and jobs as arrays for the kernel, and a memory of its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from groupage.errors import RoutingError
from logistics.compliance import conflict
from logistics.routing.arrays import (
    DELIVERY,
    FLEET_COLUMNS,
    JOB_COLUMNS,
    ORIGINS,
    PICKUP,
    VEHICLE_COLUMNS,
    World,
)
from logistics.routing.kernel import best_insertion
from logistics.routing.schedule import LOAD_EPS, Visit, fits_loads, schedule, travel_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.network import Network
    from logistics.routing.problem import FleetVehicle, Job, Route
    from logistics.shipments import Handling


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


class _Body(NamedTuple):
    """What a tour's arrays are between the bases, whoever drives it."""

    places: NDArray[np.int64]
    segments: NDArray[np.float64]
    on_board: NDArray[np.float64]
    classes: frozenset[int]


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
        self._bodies: dict[tuple[Visit, ...], _Body] = {}
        self._loading: dict[tuple[int, str], NDArray[np.int64]] = {}
        self._world: World | None = None
        self._positions: dict[str, int] = {}
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

    def world(self, ids: Sequence[str]) -> World:
        """Return known jobs, in the order given, and the fleet as arrays for compiled searches."""
        if self._world is None or self._world.jobs.shape[0] != len(self.jobs):
            self._world = self._everything()
            self._positions = {job: k for k, job in enumerate(self.jobs)}
        w = self._world
        if len(ids) == len(self.jobs) and all(a == b for a, b in zip(ids, self.jobs, strict=True)):
            return w
        return w.of(np.array([self._positions[j] for j in ids], dtype=np.int64))

    def _everything(self) -> World:
        """Build the arrays for all known jobs."""
        jobs, fleet = list(self._arrays.values()), self.fleet
        places = np.zeros((len(jobs), ORIGINS + max((len(a.origins) for a in jobs), default=1)), dtype=np.int64)
        for k, a in enumerate(jobs):
            places[k, :ORIGINS] = a.destination, a.handling, len(a.origins)
            places[k, ORIGINS : ORIGINS + len(a.origins)] = a.origins
        figures = np.array([(*a.loads, *a.pickup, *a.delivery) for a in jobs]).reshape(-1, JOB_COLUMNS)
        opens, closes = figures[:, [PICKUP + 1, DELIVERY + 1]], figures[:, [PICKUP + 2, DELIVERY + 2]]
        closed = (opens > closes).any(axis=1)  # segments need windows that open before they close
        excluded = np.zeros((len(fleet), len(jobs)), dtype=np.bool_)
        for v, offer in enumerate(fleet):
            excluded[v] = closed | (offer.shift_open_min > offer.shift_close_min)
            if offer.excluded:
                excluded[v] |= [a.job.id in offer.excluded for a in jobs]
        foes = np.zeros((max(1, len(self._conflicts)),) * 2, dtype=np.bool_)
        for k, others in enumerate(self._conflicts):
            foes[k, list(others)] = True
        tables = list({id(m): m for m in self.minutes}.values())
        speeds = {id(m): k for k, m in enumerate(tables)}
        unlimited = np.iinfo(np.int64).max
        numbers = [
            (speeds[id(m)], base, unlimited if v.count is None else v.count)
            for v, m, base in zip(fleet, self.minutes, self._bases, strict=True)
        ]
        prices = [
            (
                *limits, 0.0, v.shift_open_min, v.shift_close_min, 100 * v.costs.fixed_eur,
                (v.costs.per_km_eur + v.costs.toll_eur_per_km) * 100, v.costs.per_hour_eur / 60 * 100,
                math.inf if v.type.max_shift_min is None else v.type.max_shift_min,
            )
            for v, limits in zip(fleet, self._limits, strict=True)
        ]  # fmt: skip
        return World(
            km=np.ascontiguousarray(self.network.distance_km),
            minutes=np.array(tables),
            vehicles=np.array(prices).reshape(-1, VEHICLE_COLUMNS),
            fleet=np.array(numbers, dtype=np.int64).reshape(-1, FLEET_COLUMNS),
            jobs=figures,
            places=places,
            excluded=excluded,
            foes=foes,
        )

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
        base = self._bases[vehicle]
        body = self._bodies.get(visits)
        if body is None:
            body = self._bodies[visits] = self._build_body(visits)
        places = body.places.copy()
        places[0] = places[-1] = base
        segments = body.segments.copy()
        segments[0] = segments[-1] = 0.0, offer.shift_open_min, offer.shift_close_min
        lead = 1
        while lead <= len(visits) and visits[lead - 1].pickup and places[lead] == base:
            lead += 1
        return Tour(vehicle, visits, body.classes, places, segments, body.on_board, lead)

    def _build_body(self, visits: tuple[Visit, ...]) -> _Body:
        n = len(visits)
        jobs = [self._arrays[v.job] for v in visits]
        index = self.network.index
        places = np.array([0, *(index[v.site] for v in visits), 0], dtype=np.int64)
        segments = np.zeros((n + 2, 3))
        on_board = np.zeros((n + 2, 3))
        if n:
            segments[1:-1] = [a.pickup if v.pickup else a.delivery for v, a in zip(visits, jobs, strict=True)]
            signs = np.array([1.0 if v.pickup else -1.0 for v in visits])
            on_board[1:-1] = np.cumsum(np.array([a.loads for a in jobs]) * signs[:, None], axis=0)
        classes = [a.handling for v, a in zip(visits, jobs, strict=True) if v.pickup]
        return _Body(places, segments, on_board, frozenset(classes))

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
        origins = self._origins(tour.vehicle, new)
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

    def _origins(self, vehicle: int, new: _JobArrays) -> NDArray[np.int64]:
        """Return where this vehicle may load a job: at its base if it can, else at any origin."""
        key = (self._bases[vehicle], new.job.id)
        if key not in self._loading:
            own = new.origins[new.origins == key[0]]
            self._loading[key] = own if len(own) else new.origins
        return self._loading[key]

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
