"""Loads as message tables and back."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from agents.messages import table
from logistics.routing.problem import FleetVehicle, Route, Stop
from logistics.routing.schedule import cost_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from agents.settlement import Load
    from logistics.network import Network

PICKUP, DELIVERY, PASS = "pickup", "delivery", ""


def table_from_routes(
    schema: pa.Schema, prefix: str, routes: Sequence[Route | Load], prices_cents: Sequence[int]
) -> pa.Table:
    """Write tours as a table: a row per stop and job handled there; the price stands in each load's first row."""
    names = [*schema.names]
    rows: dict[str, list[object]] = {name: [] for name in names}
    for number, (route, price) in enumerate(zip(routes, prices_cents, strict=True), start=1):
        first = True
        for position, stop in enumerate(route.stops):
            acts = [(j, DELIVERY) for j in stop.deliveries] + [(j, PICKUP) for j in stop.pickups] or [("", PASS)]
            for job, act in acts:
                values = {
                    "load": f"{prefix}-{number}",
                    "vehicle": route.vehicle,
                    "position": position,
                    "site": stop.site,
                    "arrival_min": stop.arrival_min,
                    "start_min": stop.start_min,
                    "departure_min": stop.departure_min,
                    "job": job,
                    "act": act,
                    "price_cents": price if first else None,
                }
                for name in names:
                    rows[name].append(values[name])
                first = False
    return table(schema, rows)


def routes_from_table(body: pa.Table) -> tuple[dict[str, Route], dict[str, int]]:
    """Read tours back: routes by load (without distances and costs, which the reader works out) and prices by load."""
    stops: dict[str, dict[int, Stop]] = {}
    vehicle: dict[str, str] = {}
    prices: dict[str, int] = {}
    for row in body.to_pylist():
        load, at = row["load"], row["position"]
        vehicle[load] = row["vehicle"]
        if row["price_cents"] is not None:
            prices[load] = prices.get(load, 0) + row["price_cents"]
        old = stops.setdefault(load, {}).get(at)
        pickups = (old.pickups if old else ()) + ((row["job"],) if row["act"] == PICKUP else ())
        deliveries = (old.deliveries if old else ()) + ((row["job"],) if row["act"] == DELIVERY else ())
        stops[load][at] = Stop(
            row["site"], row["arrival_min"], row["start_min"], row["departure_min"], pickups, deliveries
        )
    routes = {
        load: Route(vehicle[load], tuple(by_position[k] for k in sorted(by_position)), 0.0, 0.0, 0.0)
        for load, by_position in stops.items()
    }
    return routes, prices


def priced(vehicle: FleetVehicle, stops: tuple[Stop, ...], network: Network) -> Route:
    """Work out distance, time and cost of a tour from its stops, at a vehicle's costs."""
    km = math.fsum(network.km(a.site, b.site) for a, b in pairwise(stops))
    duration = stops[-1].departure_min - stops[0].arrival_min
    waiting = math.fsum(stop.start_min - stop.arrival_min for stop in stops)
    return Route(vehicle.id, stops, km, duration, waiting, cost_lines(vehicle.costs, km, duration, waiting))


def carried(routes: Mapping[str, Route]) -> set[str]:
    """Jobs that tours deliver."""
    return {job for route in routes.values() for job in route.jobs}
