"""An independent judge of plans: recomputes everything from the problem's own figures, in plain words.

It shares no code with the planner and knows nothing of PyVRP.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from logistics.compliance import conflict
from logistics.costs import CostLine
from logistics.money import to_cents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logistics.routing.problem import FleetVehicle, Job, Plan, Route, RoutingProblem, Stop

MINUTES_TOLERANCE = 1e-6
KM_TOLERANCE = 1e-6
LOAD_TOLERANCE = 1e-6


def violations(problem: RoutingProblem, plan: Plan) -> list[str]:
    """List every way in which a plan breaks its problem; an empty list means that the plan holds.

    Checked are: bases, travel and service times, windows (services at a stop follow one another, unloading first),
    shifts, loading before delivery, capacities at every point, vehicle counts, exclusions, goods that may not share a
    vehicle, distances, waiting and cost lines to the cent, and that every job is carried once or named as unserved.
    """
    jobs = {job.id: job for job in problem.jobs}
    fleet = {vehicle.id: vehicle for vehicle in problem.fleet}
    found: list[str] = []
    for number, route in enumerate(plan.routes):
        where = f"route {number} of vehicle {route.vehicle}"
        vehicle = fleet.get(route.vehicle)
        if vehicle is None:
            found.append(f"{where}: the vehicle is not in the fleet")
            continue
        unknown = [j for stop in route.stops for j in (*stop.pickups, *stop.deliveries) if j not in jobs]
        if unknown:
            found.append(f"{where}: carries unknown jobs {unknown}")
            continue
        unknown_sites = [stop.site for stop in route.stops if stop.site not in problem.network.index]
        if unknown_sites:
            found.append(f"{where}: stops at unknown sites {unknown_sites}")
            continue
        found.extend(f"{where}: {text}" for text in _route_violations(problem, vehicle, jobs, route))
    found.extend(_plan_violations(problem, plan))
    return found


def _plan_violations(problem: RoutingProblem, plan: Plan) -> Iterator[str]:
    used = Counter(route.vehicle for route in plan.routes)
    for vehicle in problem.fleet:
        if vehicle.count is not None and used[vehicle.id] > vehicle.count:
            yield f"vehicle {vehicle.id} drives {used[vehicle.id]} routes, but there are {vehicle.count}"
    carried = Counter(job for route in plan.routes for job in route.jobs)
    unserved = Counter(plan.unserved)
    for job in problem.jobs:
        if carried[job.id] > 1:
            yield f"job {job.id} is delivered {carried[job.id]} times"
        if carried[job.id] and unserved[job.id]:
            yield f"job {job.id} is carried and named as unserved"
        if not carried[job.id] and not unserved[job.id]:
            yield f"job {job.id} is neither carried nor named as unserved"
        if unserved[job.id] > 1:
            yield f"job {job.id} is named as unserved {unserved[job.id]} times"
    for job_id in sorted(unserved.keys() - {job.id for job in problem.jobs}):
        yield f"unserved job {job_id} is unknown"


def _route_violations(
    problem: RoutingProblem, vehicle: FleetVehicle, jobs: dict[str, Job], route: Route
) -> Iterator[str]:
    if len(route.stops) < 2 or not route.jobs:
        yield f"has {len(route.stops)} stops and {len(route.jobs)} deliveries, expected a tour that carries something"
        return
    for name, stop in (("starts", route.stops[0]), ("ends", route.stops[-1])):
        if stop.site != vehicle.type.base:
            yield f"{name} at {stop.site}, expected its base {vehicle.type.base}"
    yield from _order_violations(jobs, route)
    yield from _clock_violations(problem, vehicle, jobs, route)
    yield from _load_violations(vehicle, jobs, route)
    yield from _company_violations(vehicle, jobs, route)
    yield from _price_violations(problem, vehicle, route)


def _order_violations(jobs: dict[str, Job], route: Route) -> Iterator[str]:
    """Each job is loaded once at one of its origins, and later delivered once at its destination."""
    on_board: set[str] = set()
    done: set[str] = set()
    for stop in route.stops:
        for job_id in stop.deliveries:
            if job_id not in on_board:
                yield f"job {job_id} is delivered at {stop.site} without being on board"
            if stop.site != jobs[job_id].destination:
                yield f"job {job_id} is delivered at {stop.site}, expected {jobs[job_id].destination}"
            on_board.discard(job_id)
            done.add(job_id)
        for job_id in stop.pickups:
            if job_id in on_board or job_id in done:
                yield f"job {job_id} is loaded twice"
            if stop.site not in jobs[job_id].origins:
                yield f"job {job_id} is loaded at {stop.site}, expected one of {list(jobs[job_id].origins)}"
            on_board.add(job_id)
    for job_id in sorted(on_board):
        yield f"job {job_id} is loaded and never delivered"


def _travel_min(problem: RoutingProblem, vehicle: FleetVehicle, a: str, b: str) -> float:
    if vehicle.type.speed_kmh is None:
        return problem.network.minutes(a, b)
    return problem.network.km(a, b) * 60 / vehicle.type.speed_kmh


def _clock_violations(
    problem: RoutingProblem, vehicle: FleetVehicle, jobs: dict[str, Job], route: Route
) -> Iterator[str]:
    tolerance = MINUTES_TOLERANCE
    first, last = route.stops[0], route.stops[-1]
    if first.arrival_min < vehicle.shift_open_min - tolerance:
        yield f"starts at {first.arrival_min:.6f} min, expected not before {vehicle.shift_open_min:g}"
    if last.departure_min > vehicle.shift_close_min + tolerance:
        yield f"is back at {last.departure_min:.6f} min, expected by {vehicle.shift_close_min:g}"
    span = last.departure_min - first.arrival_min
    if abs(span - route.duration_min) > tolerance:
        yield f"lasts {span:.6f} min, but {route.duration_min:.6f} are stated"
    longest = vehicle.type.max_shift_min
    if longest is not None and span > longest + tolerance:
        yield f"lasts {span:.6f} min, expected at most {longest:g}"
    for a, b in pairwise(route.stops):
        travel = _travel_min(problem, vehicle, a.site, b.site)
        if b.arrival_min < a.departure_min + travel - tolerance:
            yield f"reaches {b.site} from {a.site} in {b.arrival_min - a.departure_min:.6f} min, expected {travel:.6f}"
    for stop in route.stops:
        yield from _stop_violations(jobs, stop)
    waiting = math.fsum(stop.start_min - stop.arrival_min for stop in route.stops)
    if abs(waiting - route.waiting_min) > tolerance:
        yield f"waits {waiting:.6f} min, but {route.waiting_min:.6f} are stated"


def _stop_violations(jobs: dict[str, Job], stop: Stop) -> Iterator[str]:
    tolerance = MINUTES_TOLERANCE
    if stop.start_min < stop.arrival_min - tolerance:
        yield f"begins at {stop.site} at {stop.start_min:.6f} min, before it arrives at {stop.arrival_min:.6f}"
    clock = stop.start_min
    services = [(j, False) for j in stop.deliveries] + [(j, True) for j in stop.pickups]
    for job_id, pickup in services:
        job = jobs[job_id]
        opens, closes, lasts, verb = (
            (job.pickup_open_min, job.pickup_close_min, job.loading_min, "loaded")
            if pickup
            else (job.delivery_open_min, job.delivery_close_min, job.unloading_min, "delivered")
        )
        if not opens - tolerance <= clock <= closes + tolerance:
            yield f"job {job_id} is {verb} at {clock:.6f} min, expected between {opens:g} and {closes:g}"
        clock += lasts
    if abs(stop.departure_min - clock) > tolerance:
        yield f"leaves {stop.site} at {stop.departure_min:.6f} min, expected {clock:.6f} after its services"


def _load_violations(vehicle: FleetVehicle, jobs: dict[str, Job], route: Route) -> Iterator[str]:
    measures = (
        ("pallets", vehicle.type.capacity_pallets, {j.id: j.pallets for j in jobs.values()}),
        ("kg", vehicle.type.capacity_kg, {j.id: j.weight_kg for j in jobs.values()}),
        ("m3", vehicle.type.capacity_m3, {j.id: j.volume_m3 for j in jobs.values()}),
    )
    for name, capacity, loads in measures:
        on_board: dict[str, float] = {}
        for stop in route.stops:
            for job_id in stop.deliveries:
                on_board.pop(job_id, None)
            for job_id in stop.pickups:
                on_board[job_id] = loads[job_id]
            load = math.fsum(on_board.values())
            if load > capacity + LOAD_TOLERANCE * max(1.0, capacity):
                yield f"carries {load:g} {name} after {stop.site}, expected at most {capacity:g}"


def _company_violations(vehicle: FleetVehicle, jobs: dict[str, Job], route: Route) -> Iterator[str]:
    for job_id in sorted(vehicle.excluded.intersection(route.jobs)):
        yield f"carries job {job_id}, which this vehicle may not carry"
    for a, b in combinations(sorted(set(route.jobs)), 2):
        reason = conflict(jobs[a].handling, jobs[b].handling)
        if reason is not None:
            yield f"jobs {a} and {b} share the vehicle: {reason}"


def _price_violations(problem: RoutingProblem, vehicle: FleetVehicle, route: Route) -> Iterator[str]:
    km = math.fsum(problem.network.km(a.site, b.site) for a, b in pairwise(route.stops))
    if abs(km - route.distance_km) > KM_TOLERANCE:
        yield f"drives {km:.6f} km, but {route.distance_km:.6f} are stated"
    costs, waiting, duration = vehicle.costs, route.waiting_min, route.duration_min
    expected = {
        CostLine.FIXED: costs.fixed_eur,
        CostLine.DISTANCE: costs.per_km_eur * route.distance_km,
        CostLine.TOLL: costs.toll_eur_per_km * route.distance_km,
        CostLine.TIME: costs.per_hour_eur * (duration - waiting) / 60,
        CostLine.WAITING: costs.per_hour_eur * waiting / 60,
    }
    for line in sorted(route.cost_lines.keys() - {str(name) for name in expected}):
        yield f"has a cost line {line}, expected only those of driving"
    for name, eur in expected.items():
        stated = route.cost_lines.get(name, 0)
        if stated != to_cents(eur):
            yield f"states {stated} cents of {name}, expected {to_cents(eur)}"
