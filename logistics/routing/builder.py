"""Writes a routing problem as PyVRP data, in the depot or the shipment formulation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict, cast

import numpy as np
import pyvrp
from pyvrp.constants import MAX_VALUE

from groupage.errors import RoutingError
from logistics.compliance import conflict
from logistics.routing.formulation import common_origins, compatible_sets, nearest_origin
from logistics.routing.model import Model, VehicleClass
from logistics.routing.schedule import travel_minutes
from logistics.routing.units import (
    COST_UNITS_PER_CENT,
    DISTANCE_UNITS_PER_KM,
    MAX_COST,
    MAX_LOAD_SCALE,
    MAX_RATE_DECIMALS,
    NEVER,
    TIME_UNITS_PER_MIN,
    Clock,
    cost_units,
    floor_units,
    round_up,
    scaled_loads,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.routing.problem import RoutingProblem
    from logistics.shipments import Handling


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


class _Shared(TypedDict):
    prize: int
    required: bool


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
        self.clock = Clock(first, max(v.shift_close_min for v in self.fleet))
        self.span = self.clock.lasts(self.clock.last - first)
        if not self.span < MAX_VALUE // 4:
            raise RoutingError(f"shifts span {self.clock.last - first:g} min, expected at most {MAX_VALUE // 40_000:g}")
        needed = np.array([[j.pallets, j.weight_kg, j.volume_m3] for j in self.jobs], dtype=np.float64).reshape(-1, 3)
        # No violation of a solution is larger: every job late by two shifts and over a closed edge.
        self.worst = max(len(self.jobs) * 4 * self.span, MAX_LOAD_SCALE)
        self.loads, self.limits = scaled_loads(problem, needed, self.worst)
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
        """Count the distinct travel times: by speed and by what is forbidden."""
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
                longest = (2 * self.span + 1) / TIME_UNITS_PER_MIN
                by_speed[speed] = round_up(np.minimum(minutes, longest), TIME_UNITS_PER_MIN)
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
        services = sorted((Clock.lasts(j.loading_min + j.unloading_min) for j in self.jobs), reverse=True)
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
            shared: _Shared = {"prize": prizes[i], "required": not self.optional[i]}
            if self.depot:
                early, late, service = unloading
                clients.append(pyvrp.Client(deliveries[i], loads[i], [], service, early, late, loading[0], **shared))
            else:
                goods.append(pyvrp.Shipment(pickups[i], deliveries[i], *loading, *unloading, amount=loads[i], **shared))
        types = [
            self._vehicle_type(k, depot_index[home], [int(c) for c in costs[self.classes[k].vehicle]], not untimed)
            for k, home in enumerate(homes)
        ]
        data = pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * len(sites),
            clients,
            [pyvrp.Depot(home) for home in depot_index],
            types,
            [cast("Any", distances)] * len(durations),  # its stubs give arrays a shape of int
            [cast("Any", matrix) for matrix in durations],
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
            costs, prizes, units = cost_units(self.problem, self.prizes_cents, decimals)
            fixed, per_distance, per_time = (int(c) for c in costs.max(axis=0))
            # Python's own integers: the bound itself must not overflow.
            per_job = fixed + 3 * per_distance * longest_edge + per_time * self.span
            if len(self.jobs) * per_job + sum(prizes) < MAX_COST:
                return costs, prizes, units
        edge = longest_edge / DISTANCE_UNITS_PER_KM
        raise RoutingError(
            f"costs of {len(self.jobs)} jobs with prizes of {sum(self.prizes_cents)} cents, edges of {edge:g} km and "
            f"{max((v.costs for v in self.fleet), key=lambda c: c.fixed_eur + c.per_km_eur * edge)} are too large, "
            f"expected a plan below {MAX_COST / COST_UNITS_PER_CENT:.3g} cents"
        )

    def _steps(self, i: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return opening, closing and service of a job's loading and unloading.

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
        """Tell whether every clock is kept: no loading times, and no closing at an origin that binds."""
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
        return floor_units(shortest)

    def _vehicle_type(self, k: int, depot: int, costs: Sequence[int], timed: bool) -> pyvrp.VehicleType:
        found = self.classes[k]
        vehicle = self.fleet[found.vehicle]
        fixed, per_distance, per_time = costs
        opens, closes, longest = 0, NEVER, NEVER
        if timed:
            start = vehicle.shift_open_min
            if self.depot and self._common_release is not None:
                start = max(start, self._common_release - self._detours[k])
            closes = floor_units(vehicle.shift_close_min - self.clock.first)
            opens = min(self.clock.opens(start), closes)
            if vehicle.type.max_shift_min is not None:
                longest = min(floor_units(vehicle.type.max_shift_min), NEVER)
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


def _open_long_enough(step: tuple[int, int, int]) -> tuple[int, int, int]:
    """Keep the opening of a window of a moment, which may round to nothing (plans are timed anew in floats)."""
    early, late, service = step
    return early, max(early, late), service
