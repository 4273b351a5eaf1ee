"""A routing problem in PyVRP's integers, and its solutions back in ours.

Units. Distances count centimetres, times 1/10000 minute, and one cent is a whole number of cost units chosen so that
every rate is a whole number of cost units per unit of distance or time; rates in EUR with two decimals need 600,000 units a
cent, or fewer where all rates share a divisor. Travel and service times are rounded up and windows inwards, so that what holds in
integers holds in floats.

Formulations. Where the goods of all jobs that a vehicle may carry are at its base, or at one common origin, the
origin is its depot (`depot` formulation; a positioning leg is part of the first edge). Otherwise every job is a PyVRP shipment with a pickup
and a delivery. There a job with several origins is loaded at the one with the shortest way from the nearest base through
the origin to the destination, as PyVRP has no alternatives for shipments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyvrp
from pyvrp.constants import MAX_VALUE

from groupage.errors import RoutingError
from logistics.compliance import conflict
from logistics.routing.insertion import Rounds
from logistics.routing.problem import FleetVehicle
from logistics.routing.schedule import Visit, travel_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.routing.problem import Job, RoutingProblem
    from logistics.shipments import Handling

DISTANCE_UNITS_PER_KM = 100_000
TIME_UNITS_PER_MIN = 10_000
# A cent in cost units that makes a whole-cent rate per km and per hour whole: 1/6 of a cent per 100,000.
COST_UNITS_PER_CENT = 600_000
MAX_RATE_DECIMALS = 3
MAX_LOAD_SCALE = 1_000_000
MAX_COST = 1 << 60
NEVER = np.iinfo(np.int64).max


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
        """Share out the vehicles of each position to handling classes as tours use them, the spare ones to the first."""
        handlings = {job.id: job.handling for job in self.problem.jobs}
        counts = {(c.vehicle, c.handlings): 0 for c in self.classes}
        for vehicle, visits in rounds.tours:
            carried = {handlings[v.job] for v in visits}
            counts[next(key for key in counts if key[0] == vehicle and carried <= key[1])] += 1
        for position, vehicle in enumerate(self.problem.fleet):
            mine = [key for key in counts if key[0] == position]
            if mine:
                spare = len(self.job_ids) if vehicle.count is None else vehicle.count - sum(counts[k] for k in mine)
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


def compatible_sets(handlings: Iterable[Handling]) -> list[frozenset[Handling]]:
    """Return the largest sets of handling classes that may share a vehicle (maximal cliques, Bron and Kerbosch 1973)."""
    distinct = sorted(set(handlings), key=lambda h: (h.temperature, h.adr_labels, h.certificates))
    friends = {a: frozenset(b for b in distinct if b != a and conflict(a, b) is None) for a in distinct}
    found: list[frozenset[Handling]] = []

    def grow(clique: frozenset[Handling], candidates: frozenset[Handling], done: frozenset[Handling]) -> None:
        if not candidates and not done:
            found.append(clique)
            return
        pivot = max(sorted(candidates | done, key=distinct.index), key=lambda h: len(friends[h] & candidates))
        for h in sorted(candidates - friends[pivot], key=distinct.index):
            grow(clique | {h}, candidates & friends[h], done & friends[h])
            candidates -= {h}
            done |= {h}

    grow(frozenset(), frozenset(distinct), frozenset())
    return sorted(found, key=lambda c: sorted(map(distinct.index, c)))


def _ceil(values: NDArray[np.float64], unit: float) -> NDArray[np.int64]:
    scaled = values * unit
    return np.asarray(np.ceil(scaled - 1e-6 - 1e-12 * np.abs(scaled)), dtype=np.int64)


def load_scale(values: NDArray[np.float64]) -> int:
    """Return the smallest found scale that makes all loads whole, at most a million.

    Decimals are tried first, then common denominators such as thirds; loads that still are not whole are rounded up.
    """
    for scale in (1, 2, 4, 10, 100, 1000):
        scaled = values * scale
        if (np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, scaled)).all():
            return scale
    scale = 1
    for value in np.unique(values):
        scale = math.lcm(scale, Fraction(float(value)).limit_denominator(1000).denominator)
        if scale > MAX_LOAD_SCALE:
            return MAX_LOAD_SCALE
    scaled = values * scale
    whole = (np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, scaled)).all()
    return scale if whole else MAX_LOAD_SCALE


def _loads(
    problem: RoutingProblem, needed: NDArray[np.float64], total_units: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Scale the dimensions that can bind: whole loads (jobs, dimensions) and capacities (fleet, dimensions).

    Loads add up to about ``total_units``, as PyVRP bounds the penalty per unit alike for loads and time.
    """
    capacities = np.array(
        [[v.type.capacity_pallets, v.type.capacity_kg, v.type.capacity_m3] for v in problem.fleet], dtype=np.float64
    ).reshape(-1, 3)
    binding = [d for d in range(3) if needed[:, d].sum() > capacities[:, d].min(initial=math.inf)]
    loads = np.zeros((len(needed), len(binding)), dtype=np.int64)
    limits = np.zeros((len(capacities), len(binding)), dtype=np.int64)
    for k, d in enumerate(binding):
        scale = load_scale(needed[:, d])
        total = float(needed[:, d].sum())
        if total * scale > MAX_COST:
            name = ("pallets", "weight_kg", "volume_m3")[d]
            raise RoutingError(f"{name} of all jobs add up to {total:g}, expected less than {MAX_COST / scale:g}")
        finer = max(1, int(total_units / max(1.0, total * scale)))
        loads[:, k] = _ceil(needed[:, d], scale) * finer
        limits[:, k] = np.floor(np.minimum(capacities[:, d], total + 1) * scale + 1e-6 + 1e-9 * scale) * finer
    return loads, limits


def _cost_units(
    problem: RoutingProblem, prizes_cents: Sequence[int], most_decimals: int
) -> tuple[NDArray[np.int64], list[int], float]:
    """Choose cost units: per vehicle (fixed, per distance unit, per time unit), prizes, and units a cent."""
    rates = np.array(
        [
            [v.costs.fixed_eur * 100, (v.costs.per_km_eur + v.costs.toll_eur_per_km) * 100, v.costs.per_hour_eur * 100]
            for v in problem.fleet
        ]
    ).reshape(-1, 3)
    # Per cent, per cent/km and per cent/hour, in units of 1/600,000 cent.
    weights = np.array([COST_UNITS_PER_CENT, COST_UNITS_PER_CENT / DISTANCE_UNITS_PER_KM, 1.0])
    factor, whole = 1, rates
    for decimals in range(most_decimals + 1):
        factor = 10**decimals
        exact = rates * weights * factor
        whole = np.rint(exact)
        if (np.abs(exact - whole) <= 1e-9 * np.maximum(1.0, np.abs(exact))).all():
            break
    if not np.abs(whole).max(initial=0.0) < MAX_COST:
        worst = problem.fleet[int(np.abs(whole).max(axis=1).argmax())]
        raise RoutingError(f"the costs of vehicle {worst.id} are {worst.costs}, expected figures that add up exactly")
    prizes = [p * COST_UNITS_PER_CENT * factor for p in prizes_cents]
    costs = whole.astype(np.int64)
    divisor = math.gcd(*(int(c) for c in np.unique(costs)), *prizes) or 1
    return costs // divisor, [p // divisor for p in prizes], COST_UNITS_PER_CENT * factor / divisor


def common_origins(problem: RoutingProblem) -> list[str] | None:
    """Return where each vehicle loads if all that it may carry is ready at one place; ``None`` if some has no such place.

    Its base goes first, then the nearest of the common origins.
    """
    places: list[str] = []
    shared: dict[frozenset[str], frozenset[str]] = {}
    for vehicle in problem.fleet:
        base = vehicle.type.base
        if vehicle.excluded not in shared:
            sets = [frozenset(job.origins) for job in problem.jobs if job.id not in vehicle.excluded]
            shared[vehicle.excluded] = frozenset.intersection(*sets) if sets else frozenset({base})
            if not sets:
                places.append(base)
                continue
        common = shared[vehicle.excluded]
        if not common:
            return None
        places.append(base if base in common else min(common, key=lambda o: (problem.network.km(base, o), o)))
    return places


def nearest_origin(problem: RoutingProblem, job: Job) -> str:
    """Return the origin with the shortest way from the nearest base through it to the destination."""
    if len(job.origins) == 1:
        return job.origins[0]
    km = problem.network.km
    bases = sorted({v.type.base for v in problem.fleet if job.id not in v.excluded}) or [job.destination]
    return min(job.origins, key=lambda o: (min(km(b, o) for b in bases) + km(o, job.destination), o))


@dataclass(slots=True)
class _Clock:
    """Minutes in integers after the earliest shift."""

    first: float
    last: float

    def opens(self, minutes: float) -> int:
        return max(0, math.ceil((minutes - self.first) * TIME_UNITS_PER_MIN - 1e-4))

    def closes(self, minutes: float) -> int:
        """Return the closing, or `NEVER` if it is after every shift."""
        if minutes >= self.last:
            return NEVER
        return math.floor((minutes - self.first) * TIME_UNITS_PER_MIN + 1e-4)

    @staticmethod
    def lasts(minutes: float) -> int:
        return math.ceil(minutes * TIME_UNITS_PER_MIN - 1e-4)


def build(
    problem: RoutingProblem,
    prizes: Mapping[str, int],
    *,
    shipments: bool = False,
    counts: Mapping[tuple[int, frozenset[Handling]], int] | None = None,
) -> Model:
    """Write a problem as PyVRP data.

    Parameters
    ----------
    prizes
        Cents saved by carrying each job that may be left out; all others must be carried.
    shipments
        Whether to use the shipment formulation even where a depot formulation exists.
    counts
        Vehicles by position in the fleet and compatible handling classes; by default each class may use all.

    Raises
    ------
    RoutingError
        If a figure is too large to be held in PyVRP's integers.
    """
    return _Builder(problem, prizes, shipments, counts).model()


class _Builder:
    def __init__(
        self,
        problem: RoutingProblem,
        prizes: Mapping[str, int],
        shipments: bool,
        counts: Mapping[tuple[int, frozenset[Handling]], int] | None,
    ) -> None:
        self.problem = problem
        self.counts = counts
        self.jobs = problem.jobs
        self.fleet = problem.fleet
        self.origins = None if shipments else common_origins(problem)
        self.depot = self.origins is not None
        first = min(v.shift_open_min for v in self.fleet)
        self.clock = _Clock(first, max(v.shift_close_min for v in self.fleet))
        self.span = self.clock.lasts(self.clock.last - first)
        if not self.span < MAX_VALUE // 4:
            raise RoutingError(f"shifts span {self.clock.last - first:g} min, expected at most {MAX_VALUE // 40_000:g}")
        needed = np.array([[j.pallets, j.weight_kg, j.volume_m3] for j in self.jobs], dtype=np.float64).reshape(-1, 3)
        # No violation of a solution is larger: every job late by two shifts and over a closed edge.
        self.worst = max(len(self.jobs) * 4 * self.span, MAX_LOAD_SCALE)
        self.loads, self.limits = _loads(problem, needed, self.worst)
        for handling in dict.fromkeys(j.handling for j in self.jobs if conflict(j.handling, j.handling) is not None):
            # Goods that may not even travel with their own kind: one such job fills a dimension of its own.
            alone = np.array([[self.worst if job.handling == handling else 0] for job in self.jobs], dtype=np.int64)
            self.loads = np.hstack([self.loads, alone // len(self.jobs)])
            self.limits = np.hstack([self.limits, np.full((len(self.fleet), 1), self.worst // len(self.jobs))])
        self.optional = [job.id in prizes for job in self.jobs]
        self.prizes_cents = [prizes.get(job.id, 0) for job in self.jobs]
        self.classes, self.forbidden = self._classes()
        self.profile_of, self.profiles = self._profiles()

    def _classes(self) -> tuple[list[VehicleClass], list[frozenset[int]]]:
        """Split vehicles by compatible handling classes; with each, the positions of the jobs it must not carry."""
        classes: list[VehicleClass] = []
        forbidden: list[frozenset[int]] = []
        sets = compatible_sets(job.handling for job in self.jobs)
        barred = [frozenset(i for i, j in enumerate(self.jobs) if j.handling not in s) for s in sets]
        for v, vehicle in enumerate(self.fleet):
            excluded = frozenset(i for i, j in enumerate(self.jobs) if j.id in vehicle.excluded)
            for handlings, others in zip(sets, barred, strict=True):
                if self.counts is not None and not self.counts.get((v, handlings)):
                    continue
                classes.append(VehicleClass(v, handlings, self.origins[v] if self.origins else ""))
                forbidden.append(excluded | others)
        return classes, forbidden

    def _profiles(self) -> tuple[list[int], list[tuple[int, frozenset[int]]]]:
        """Number the distinct travel times: by speed and by what is forbidden."""
        numbers: dict[tuple[float | None, frozenset[int]], int] = {}
        profiles: list[tuple[int, frozenset[int]]] = []
        profile_of = []
        for found, forbidden in zip(self.classes, self.forbidden, strict=True):
            key = (self.fleet[found.vehicle].type.speed_kmh, forbidden)
            if key not in numbers:
                numbers[key] = len(profiles)
                profiles.append((found.vehicle, forbidden))
            profile_of.append(numbers[key])
        return profile_of, profiles

    def _places(self) -> tuple[list[int], list[int], list[int], list[int], list[str]]:
        """Lay out PyVRP's locations: sites, depots' locations by class, jobs' pickup and delivery locations."""
        index = self.problem.network.index
        sites: list[int] = []
        known: dict[tuple[int, object], int] = {}

        def location(site: str, mark: object) -> int:
            key = (index[site], mark)
            if key not in known:
                known[key] = len(sites)
                sites.append(key[0])
            return known[key]

        homes = [location(self.fleet[c.vehicle].type.base, ("base", c.origin)) for c in self.classes]
        pickup_sites = [] if self.depot else [nearest_origin(self.problem, job) for job in self.jobs]
        marks = [
            frozenset(p for p, (_, barred) in enumerate(self.profiles) if i in barred) for i in range(len(self.jobs))
        ]
        pickups = [location(site, mark) for site, mark in zip(pickup_sites, marks, strict=not self.depot)]
        deliveries = [location(job.destination, mark) for job, mark in zip(self.jobs, marks, strict=True)]
        return sites, homes, pickups, deliveries, pickup_sites

    def _matrices(
        self, sites: list[int], homes: list[int], entries: list[list[int]]
    ) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
        """Scale distances and durations; a depot's outgoing edges include the way to its origin."""
        network = self.problem.network
        grid = np.ix_(sites, sites)
        km = network.distance_km[grid]
        detours: dict[int, tuple[int, int]] = {}
        for home, found in zip(homes, self.classes, strict=True):
            if found.origin:
                base, origin = network.index[self.fleet[found.vehicle].type.base], network.index[found.origin]
                if base != origin:
                    detours[home] = base, origin
        for home, (base, origin) in detours.items():
            km[home] = network.distance_km[base, origin] + network.distance_km[origin, sites]
            km[home, home] = 0.0
        if not km.max(initial=0.0) * DISTANCE_UNITS_PER_KM < MAX_VALUE:
            raise RoutingError(
                f"a distance is {km.max():g} km, expected less than {MAX_VALUE / DISTANCE_UNITS_PER_KM:g}"
            )
        durations = []
        by_speed: dict[float | None, NDArray[np.int64]] = {}
        for vehicle, barred in self.profiles:
            speed = self.fleet[vehicle].type.speed_kmh
            if speed not in by_speed:
                travel = travel_minutes(network, self.fleet[vehicle])
                minutes = travel[grid]
                for home, (base, origin) in detours.items():
                    minutes[home] = travel[base, origin] + travel[origin, sites]
                    minutes[home, home] = 0.0
                # A longer way than every shift is as good as any other that no vehicle can drive.
                by_speed[speed] = np.minimum(_ceil(minutes, TIME_UNITS_PER_MIN), 2 * self.span + 1)
            scaled = by_speed[speed]
            if barred:
                scaled = scaled.copy()
                closed = sorted({places[i] for places in entries if places for i in barred})
                scaled[:, closed] = 2 * self.span + 1
                scaled[closed, closed] = 0
            durations.append(scaled)
        return np.rint(km * DISTANCE_UNITS_PER_KM).astype(np.int64), durations

    def _longest_route(self, durations: list[NDArray[np.int64]]) -> int:
        """Bound any route's duration in time units, by how many jobs its capacities let on board in all."""
        most = len(self.jobs)
        for d in range(self.loads.shape[1]):
            smallest_first = np.cumsum(np.sort(self.loads[:, d]))
            most = min(most, int(np.searchsorted(smallest_first, self.limits[:, d].max(), side="right")))
        services = sorted((_Clock.lasts(j.loading_min + j.unloading_min) for j in self.jobs), reverse=True)
        return max(int(m.max(initial=0)) for m in durations) * (most + 1) + sum(services[:most])

    def model(self) -> Model:
        sites, homes, pickups, deliveries, pickup_sites = self._places()
        distances, durations = self._matrices(sites, homes, [pickups, deliveries])
        costs, prizes, units = self._affordable(int(distances.max(initial=0)))
        steps = [self._steps(i) for i in range(len(self.jobs))]
        untimed = (
            all(early == 0 and late == NEVER for step in steps for early, late, _ in step)
            and not any(barred for _, barred in self.profiles)
            and self._longest_route(durations) <= self._shortest_shift()
        )
        depot_index = {home: i for i, home in enumerate(dict.fromkeys(homes))}
        loads = [[int(x) for x in row] for row in self.loads]
        clients, goods = [], []
        for i, (loading, unloading) in enumerate(steps):
            shared = {"prize": prizes[i], "required": not self.optional[i]}
            if self.depot:
                early, late, service = unloading
                clients.append(pyvrp.Client(deliveries[i], loads[i], [], service, early, late, loading[0], **shared))
            else:
                (p_early, p_late, p_service), (d_early, d_late, d_service) = loading, unloading
                goods.append(
                    pyvrp.Shipment(
                        pickups[i],
                        deliveries[i],
                        p_early,
                        p_late,
                        p_service,
                        d_early,
                        d_late,
                        d_service,
                        amount=loads[i],
                        **shared,
                    )  # fmt: skip
                )
        types = [
            self._vehicle_type(k, depot_index[home], [int(c) for c in costs[self.classes[k].vehicle]], not untimed)
            for k, home in enumerate(homes)
        ]
        data = pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * len(sites),
            clients,
            [pyvrp.Depot(home) for home in depot_index],
            types,
            [distances] * len(durations),
            durations,
            shipments=goods,
        )
        return Model(
            self.problem,
            data,
            self.depot,
            not self.depot or self._depot_is_exact(),
            tuple(self.classes),
            tuple(job.id for job in self.jobs),
            tuple(pickup_sites),
            units,
            self._penalties(costs, distances, durations[0]),
            MAX_COST / self.worst,
        )

    def _penalties(
        self, costs: NDArray[np.int64], distances: NDArray[np.int64], durations: NDArray[np.int64]
    ) -> tuple[list[float], float, float]:
        """Start at ten times an average edge and vehicle for an average job's load, or an average edge's time.

        Lower starts find nothing feasible in short runs, above all where vehicles are dear (measured).
        """
        fixed, per_distance, per_time = costs.mean(axis=0)
        minutes = max(1.0, float(durations.mean()))
        unit = 10 * max(1.0, fixed + per_distance * float(distances.mean()) + per_time * minutes)
        loads = np.maximum(1.0, self.loads.mean(axis=0))
        return [float(unit / load) for load in loads], unit / minutes, 1.0

    def _affordable(self, longest_edge: int) -> tuple[NDArray[np.int64], list[int], float]:
        """Choose the finest cost units in which no plan's cost overflows."""
        for decimals in range(MAX_RATE_DECIMALS, -1, -1):
            costs, prizes, units = _cost_units(self.problem, self.prizes_cents, decimals)
            fixed, per_distance, per_time = (int(c) for c in costs.max(axis=0))
            # Python's own integers: the bound itself must not overflow.
            per_job = fixed + 3 * per_distance * longest_edge + per_time * self.span
            if len(self.jobs) * per_job + sum(prizes) < MAX_COST:
                return costs, prizes, units
        edge = longest_edge / DISTANCE_UNITS_PER_KM
        raise RoutingError(
            f"costs of {len(self.jobs)} jobs with prizes of {sum(self.prizes_cents)} cents, distances up to {edge:g} km and "
            f"{max((v.costs for v in self.fleet), key=lambda c: c.fixed_eur + c.per_km_eur * edge)} are too large, "
            f"expected a plan below {MAX_COST / COST_UNITS_PER_CENT:.3g} cents"
        )

    def _steps(self, i: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Opening, closing and service of a job's loading and unloading.

        In the depot formulation the loading's opening is the release time (0 where the vehicles' shifts hold it),
        and its service happens with the unloading, whose window moves forward by it.
        """
        job, clock = self.jobs[i], self.clock
        if not self.depot:
            loading = clock.opens(job.pickup_open_min), clock.closes(job.pickup_close_min), clock.lasts(job.loading_min)
            unloading = (
                clock.opens(job.delivery_open_min), clock.closes(job.delivery_close_min), clock.lasts(job.unloading_min)
            )  # fmt: skip
            return _open_long_enough(loading), _open_long_enough(unloading)
        released = 0 if self._common_release is not None else clock.opens(job.pickup_open_min - self._least_detour)
        early = clock.opens(job.delivery_open_min - job.loading_min)
        late = clock.closes(job.delivery_close_min - job.loading_min)
        if job.delivery_close_min >= clock.last:
            late = NEVER
        service = clock.lasts(job.loading_min + job.unloading_min)
        return (released, NEVER, 0), (early, max(late, early, released), service)

    @cached_property
    def _detours(self) -> list[float]:
        """Minutes from each class's base to its origin."""
        index, origins = self.problem.network.index, [c.origin for c in self.classes]
        vehicles = [self.fleet[c.vehicle] for c in self.classes]
        return [
            float(travel_minutes(self.problem.network, v)[index[v.type.base], index[o]]) if v.type.base != o else 0.0
            for v, o in zip(vehicles, origins, strict=True)
        ]

    @property
    def _least_detour(self) -> float:
        return min(self._detours)

    @cached_property
    def _common_release(self) -> float | None:
        """When all goods are ready, if no vehicle can be at an origin between the first and the last of them."""
        reach = min(self.fleet[c.vehicle].shift_open_min + d for c, d in zip(self.classes, self._detours, strict=True))
        ready = {max(job.pickup_open_min, reach) for job in self.jobs}
        return ready.pop() if len(ready) == 1 else None

    def _depot_is_exact(self) -> bool:
        """Tell whether the depot formulation keeps every clock: no loading times, and no closing at an origin that binds."""
        if any(job.loading_min > 0 for job in self.jobs):
            return False
        if self._common_release is None and max(self._detours) > 0:
            return False
        return all(job.pickup_close_min >= min(job.delivery_close_min, self.clock.last) for job in self.jobs)

    def _shortest_shift(self) -> int:
        spans = [v.shift_close_min - max(v.shift_open_min, self.clock.first) for v in self.fleet]
        longest = [v.type.max_shift_min for v in self.fleet if v.type.max_shift_min is not None]
        shortest = min([*spans, *longest])
        if self.depot:
            shortest -= max(0.0, (self._common_release or 0.0) - self.clock.first)
        return _floor(shortest)

    def _vehicle_type(self, k: int, depot: int, costs: Sequence[int], timed: bool) -> pyvrp.VehicleType:
        found = self.classes[k]
        vehicle = self.fleet[found.vehicle]
        fixed, per_distance, per_time = costs
        opens, closes, longest = 0, NEVER, NEVER
        if timed:
            start = vehicle.shift_open_min
            if self.depot and self._common_release is not None:
                start = max(start, self._common_release - self._detours[k])
            closes = _floor(vehicle.shift_close_min - self.clock.first)
            opens = min(self.clock.opens(start), closes)
            if vehicle.type.max_shift_min is not None:
                longest = min(_floor(vehicle.type.max_shift_min), NEVER)
        count = vehicle.count if self.counts is None else self.counts[found.vehicle, found.handlings]
        return pyvrp.VehicleType(
            num_available=len(self.jobs) if count is None else min(count, len(self.jobs)),
            capacity=[int(c) for c in self.limits[found.vehicle]],
            start_depot=depot,
            end_depot=depot,
            fixed_cost=fixed,
            tw_early=opens,
            tw_late=closes,
            shift_duration=longest,
            unit_distance_cost=per_distance,
            unit_duration_cost=per_time,
            profile=self.profile_of[k],
        )


def _floor(minutes: float) -> int:
    return NEVER if math.isinf(minutes) else math.floor(minutes * TIME_UNITS_PER_MIN + 1e-4)


def _open_long_enough(step: tuple[int, int, int]) -> tuple[int, int, int]:
    """A window of a moment may round to nothing: keep its opening (plans are timed anew in floats)."""
    early, late, service = step
    return early, max(early, late), service
