"""From an order of visits to a timed and priced route, in float arithmetic.

The driver's paid time runs from the first service at the base (loading counts) or the departure, whichever is
first, to the return. Loading and unloading of several jobs at one stop follow one another.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

from logistics.costs import CostLine
from logistics.money import to_cents
from logistics.routing.problem import FleetVehicle, Job, Route, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logistics.fleet import OperatingCosts
    from logistics.network import Network

# Slack in comparisons of times (minutes) and of loads (share of capacity), for sums of floats.
TIME_EPS = 1e-7
LOAD_EPS = 1e-9


class Visit(NamedTuple):
    """One service of a route: a job's goods loaded or unloaded at a site."""

    job: str
    pickup: bool
    site: str


def travel_minutes(network: Network, vehicle: FleetVehicle) -> NDArray[np.float64]:
    """Return the vehicle's travel times between all sites of the network, shape ``(sites, sites)``."""
    if vehicle.type.speed_kmh is None:
        return network.duration_min
    return network.distance_km / vehicle.type.speed_kmh * 60


def cost_lines(costs: OperatingCosts, distance_km: float, duration_min: float, waiting_min: float) -> dict[str, int]:
    """Price a route by named line, each rounded to the cent; waiting is the part of the paid time spent idle."""
    return {
        CostLine.FIXED: to_cents(costs.fixed_eur),
        CostLine.DISTANCE: to_cents(costs.per_km_eur * distance_km),
        CostLine.TIME: to_cents(costs.per_hour_eur * (duration_min - waiting_min) / 60),
        CostLine.TOLL: to_cents(costs.toll_eur_per_km * distance_km),
        CostLine.WAITING: to_cents(costs.per_hour_eur * waiting_min / 60),
    }


def fits_loads(vehicle: FleetVehicle, jobs: Mapping[str, Job], visits: Sequence[Visit]) -> bool:
    """Tell whether the goods on board stay within pallets, kg and m3 at every point of the route."""
    capacities = (vehicle.type.capacity_pallets, vehicle.type.capacity_kg, vehicle.type.capacity_m3)
    limits = [capacity * (1 + LOAD_EPS) for capacity in capacities]
    on_board = [0.0, 0.0, 0.0]
    for visit in visits:
        job = jobs[visit.job]
        sign = 1 if visit.pickup else -1
        for k, load in enumerate((job.pallets, job.weight_kg, job.volume_m3)):
            on_board[k] += sign * load
            if on_board[k] > limits[k]:
                return False
    return True


def schedule(
    network: Network,
    travel_min: NDArray[np.float64],
    vehicle: FleetVehicle,
    jobs: Mapping[str, Job],
    visits: Sequence[Visit],
) -> Route | None:
    """Time and price a route; ``None`` where its windows, shift or longest shift cannot be kept.

    The vehicle leaves so late that no waiting is left that a later departure could avoid, and no later. Loads are
    not looked at (`fits_loads`).

    Parameters
    ----------
    travel_min
        The vehicle's travel times (`travel_minutes`).
    """
    index = network.index
    base = vehicle.type.base
    places = [index[base], *(index[v.site] for v in visits), index[base]]
    windows = [(vehicle.shift_open_min, math.inf, 0.0)]
    for visit in visits:
        job = jobs[visit.job]
        if visit.pickup:
            windows.append((job.pickup_open_min, job.pickup_close_min, job.loading_min))
        else:
            windows.append((job.delivery_open_min, job.delivery_close_min, job.unloading_min))
    windows.append((vehicle.shift_open_min, vehicle.shift_close_min, 0.0))
    legs = [float(travel_min[a, b]) for a, b in itertools.pairwise(places)]

    departure = _departure(windows, legs)
    if departure is None:
        return None
    clock = departure
    timed: list[tuple[float, float, float]] = []
    for k, (opens, _, service) in enumerate(windows):
        arrival = clock
        start = max(arrival, opens)
        clock = start + service
        timed.append((arrival, start, clock))
        if k < len(legs):
            clock += legs[k]
    longest = vehicle.type.max_shift_min
    duration = timed[-1][2] - departure
    if longest is not None and duration > longest + TIME_EPS:
        return None

    km = math.fsum(float(network.distance_km[a, b]) for a, b in itertools.pairwise(places))
    stops = _stops(base, visits, timed)
    waiting = math.fsum(stop.start_min - stop.arrival_min for stop in stops)
    return Route(vehicle.id, stops, km, duration, waiting, cost_lines(vehicle.costs, km, duration, waiting))


def _departure(windows: Sequence[tuple[float, float, float]], legs: Sequence[float]) -> float | None:
    """Return the earliest departure among those of least duration (Savelsbergh 1992, forward time slack)."""
    clock = windows[0][0]
    waited = 0.0
    slack = math.inf
    for k, (opens, closes, service) in enumerate(windows):
        if clock < opens:
            waited += opens - clock
            clock = opens
        if clock > closes + TIME_EPS:
            return None
        slack = min(slack, waited + max(0.0, closes - clock))
        clock += service + (legs[k] if k < len(legs) else 0.0)
    return windows[0][0] + min(slack, waited)


def _stops(base: str, visits: Sequence[Visit], timed: Sequence[tuple[float, float, float]]) -> tuple[Stop, ...]:
    """Join services at one site that follow without a pause; unloading goes before loading within a stop."""
    stops: list[Stop] = [Stop(base, *timed[0])]
    for visit, (arrival, start, departure) in zip(visits, timed[1:-1], strict=True):
        last = stops[-1]
        joins = last.site == visit.site and start - last.departure_min <= TIME_EPS
        if joins and (visit.pickup or not last.pickups):
            stops.pop()
            arrival, start = last.arrival_min, last.start_min
        else:
            last = Stop(visit.site, arrival, start, departure)
        stops.append(
            Stop(
                visit.site,
                arrival,
                start,
                departure,
                (*last.pickups, visit.job) if visit.pickup else last.pickups,
                last.deliveries if visit.pickup else (*last.deliveries, visit.job),
            )
        )
    end = timed[-1]
    last = stops[-1]
    if len(stops) > 1 and last.site == base and not last.pickups:
        stops[-1] = Stop(base, last.arrival_min, last.start_min, end[2], (), last.deliveries)
    else:
        stops.append(Stop(base, *end))
    return tuple(stops)


def visits_of(route: Route) -> tuple[Visit, ...]:
    """Return the order of services behind a route: at each stop unloading first, then loading."""
    return tuple(
        Visit(job, pickup, stop.site)
        for stop in route.stops
        for pickup, ids in ((False, stop.deliveries), (True, stop.pickups))
        for job in ids
    )
