"""From shipments and vehicles with dates to jobs and shifts in minutes of one planning window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from logistics.compliance import carrier_refusal
from logistics.routing.problem import FleetVehicle, Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from logistics.fleet import Carrier, OperatingCosts, VehicleType
    from logistics.shipments import Handling, Shipment
    from logistics.sites import Site

Interval = tuple[float, float]

SHORTEST_LOOK_MIN = 1.0  # `Site.open_intervals` needs some length to look at; a window may be one point
NAMED_SHIPMENTS = 3


def jobs_for(
    shipments: Iterable[Shipment], sites: Mapping[str, Site], start: datetime, horizon_min: float
) -> tuple[dict[str, Job], dict[str, str]]:
    """Turn shipments into direct transports of one planning window.

    Delivery starts inside the shipment's window, the client's opening hours and the horizon, and by the due time where
    that still lies inside; loading starts after the goods are ready, before ``pickup_until`` and inside the opening
    hours of the origin. Where a window spans several of the client's openings, the first counts for which the goods can
    be loaded in time; of the origin's openings, the first. Of several origins, those are kept that have a loading
    interval in common, in the order given.

    Parameters
    ----------
    start
        Minute 0.
    horizon_min
        Length of the planning window.

    Returns
    -------
    tuple
        Jobs by shipment id, and for each shipment that cannot be delivered in the window the reason in plain words.
    """
    jobs: dict[str, Job] = {}
    reasons: dict[str, str] = {}
    for shipment in shipments:
        made = _job(shipment, sites, start, horizon_min)
        if isinstance(made, str):
            reasons[shipment.id] = made
        else:
            jobs[shipment.id] = made
    return jobs, reasons


def _job(shipment: Shipment, sites: Mapping[str, Site], start: datetime, horizon_min: float) -> Job | str:
    opens = max(0.0, _minutes(start, shipment.window_open))
    closes = min(horizon_min, _minutes(start, shipment.window_close))
    if closes < opens:
        span = _span(shipment.window_open, shipment.window_close)
        return f"the delivery window is {span}, outside the planning window"
    reason = f"{shipment.destination} is closed during the delivery window"
    for delivery in _openings(sites[shipment.destination], start, opens, closes):
        made = _job_within(shipment, sites, start, horizon_min, delivery)
        if not isinstance(made, str):
            return made
        reason = made
    return reason


def _job_within(
    shipment: Shipment, sites: Mapping[str, Site], start: datetime, horizon_min: float, delivery: Interval
) -> Job | str:
    """Make the job that delivers in one of the client's openings, or say why there is none."""
    due = _minutes(start, shipment.due_at)
    if delivery[0] <= due < delivery[1]:
        delivery = delivery[0], due

    ready = max(0.0, _minutes(start, shipment.ready_at))
    until = horizon_min if shipment.pickup_until is None else min(horizon_min, _minutes(start, shipment.pickup_until))
    latest = min(until, delivery[1])
    if latest < ready:
        return f"the goods are ready at {shipment.ready_at:%Y-%m-%d %H:%M} UTC, after they would have to be loaded"
    origins, pickup = _common_loading(shipment.origins, sites, start, ready, latest)
    if pickup is None:
        return f"{', '.join(shipment.origins)} is closed while the goods could be loaded"
    return Job(
        id=shipment.id,
        shipment=shipment.id,
        origins=origins,
        destination=shipment.destination,
        pallets=shipment.pallets,
        weight_kg=shipment.weight_kg,
        volume_m3=shipment.volume_m3,
        pickup_open_min=pickup[0],
        pickup_close_min=pickup[1],
        delivery_open_min=delivery[0],
        delivery_close_min=delivery[1],
        loading_min=shipment.loading_min,
        unloading_min=shipment.unloading_min,
        handling=shipment.handling,
    )


def _common_loading(
    origins: tuple[str, ...], sites: Mapping[str, Site], start: datetime, ready: float, latest: float
) -> tuple[tuple[str, ...], Interval | None]:
    kept: list[str] = []
    common: Interval | None = None
    for origin in origins:
        openings = _openings(sites[origin], start, ready, latest)
        if not openings:
            continue
        found = openings[0]
        both = found if common is None else (max(common[0], found[0]), min(common[1], found[1]))
        if both[0] <= both[1]:
            kept.append(origin)
            common = both
    return tuple(kept), common


def _openings(site: Site, start: datetime, opens: float, closes: float) -> list[Interval]:
    """Return the times inside ``[opens, closes]`` during which the site is open, in order."""
    look = max(closes - opens, SHORTEST_LOOK_MIN)
    return [
        (opens + first, min(closes, opens + last))
        for first, last in site.open_intervals(start + timedelta(minutes=opens), look)
        if opens + first <= closes
    ]


def fleet_for(
    vehicles: Mapping[str, VehicleType],
    costs: Mapping[str, OperatingCosts],
    carriers: Mapping[str, Carrier],
    jobs: Mapping[str, Job],
    sites: Mapping[str, Site],
    start: datetime,
    horizon_min: float,
) -> tuple[tuple[FleetVehicle, ...], tuple[tuple[str, str], ...]]:
    """Put vehicles on offer to a planning window, with the jobs that each may never carry.

    Shifts run on the wall clock of the base's time zone, on the local day that holds the middle of the first 24 hours,
    and are clipped to the window; certificates must be valid on that day.

    Parameters
    ----------
    vehicles, costs
        By vehicle type id; every vehicle needs its costs.

    Returns
    -------
    tuple
        Vehicles in the order of their ids, and pairs of who is kept from what (a carrier, or a shipment that nobody
        may carry) and why.
    """
    fleet: list[FleetVehicle] = []
    refused: dict[tuple[str, str], set[str]] = {}
    by_handling: dict[Handling, list[str]] = {}
    for job in jobs.values():
        by_handling.setdefault(job.handling, []).append(job.id)
    shared: dict[frozenset[Handling], frozenset[str]] = {}  # many vehicles are kept from the same thousands of jobs
    for vehicle_id in sorted(vehicles):
        vehicle = vehicles[vehicle_id]
        carrier = carriers[vehicle.carrier]
        on, shift = _shift(vehicle, sites[vehicle.base], start, horizon_min)
        if shift is None:
            refused.setdefault((vehicle.carrier, f"vehicle {vehicle_id} has no shift in the planning window"), set())
            continue
        reasons = {h: carrier_refusal(carrier, vehicle, h, on) for h in by_handling}
        barred = {h: reason for h, reason in reasons.items() if reason is not None}
        for handling, reason in barred.items():
            refused.setdefault((vehicle.carrier, reason), set()).update(by_handling[handling])
        kinds = frozenset(barred)
        if kinds not in shared:
            shared[kinds] = frozenset(job for handling in kinds for job in by_handling[handling])
        fleet.append(FleetVehicle(vehicle, costs[vehicle_id], vehicle.count, shift[0], shift[1], shared[kinds]))
    told = [(who, reason + _named(ids)) for (who, reason), ids in sorted(refused.items())]
    nobody = frozenset.intersection(*(v.excluded for v in fleet)) if fleet else frozenset()
    told += [(job, "no vehicle on offer may carry it") for job in sorted(nobody)]
    return tuple(fleet), tuple(told)


def planning_day(start: datetime, time_zone: str) -> date:
    """Return the local day that holds the middle of a window's first 24 hours."""
    return (start + timedelta(hours=12)).astimezone(ZoneInfo(time_zone)).date()


def _shift(vehicle: VehicleType, base: Site, start: datetime, horizon_min: float) -> tuple[date, Interval | None]:
    day = planning_day(start, base.time_zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(base.time_zone))
    # Wall-clock arithmetic inside one zone: shifts follow daylight saving as people do.
    opens = max(0.0, _minutes(start, midnight + timedelta(minutes=vehicle.shift_open_min)))
    closes = min(horizon_min, _minutes(start, midnight + timedelta(minutes=vehicle.shift_close_min)))
    return day, ((opens, closes) if opens < closes else None)


def _minutes(start: datetime, at: datetime) -> float:
    # Through timestamps: subtracting two datetimes of one zone would ignore a change of the clocks.
    return (at.timestamp() - start.timestamp()) / 60


def _span(opens: datetime, closes: datetime) -> str:
    return f"{opens:%Y-%m-%d %H:%M} to {closes:%Y-%m-%d %H:%M} UTC"


def _named(ids: set[str]) -> str:
    if not ids:
        return ""
    first = sorted(ids)[:NAMED_SHIPMENTS]
    more = len(ids) - len(first)
    return f" (shipments {', '.join(first)}{f' and {more} more' if more else ''})"
