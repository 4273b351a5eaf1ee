"""Cuts a large market into pools that overlap, so that no protocol needs every pair of shipments or of parties.

A group of too many shipments is cut across its longest side into parts of equal size, again and again (recursive
bisection; Bentley 1975, the k-d tree). A side is kilometres to the east, to the north, or the longest time in which no
window of the group is open, at `KM_PER_GAP_MIN`. Each shipment is at home in the one pool where the cutting leaves it.
So that a cut parts no neighbours, a pool then takes in guests: shipments from beyond its borders that are among the
nearest of some shipment at home and whose windows meet with its own, the nearest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from logistics.network import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agents.market import Market
    from logistics.routing.problem import FleetVehicle, Job

KM_PER_GAP_MIN = 0.5  # waiting an hour for the next window is taken as far apart as 30 km
MOST = 250  # shipments in a pool
GUESTS = 0.2  # part of a pool that is kept for shipments from beyond its borders
NEIGHBOURS = 16  # of a shipment, that may be guests in its pool
CARRIERS = 6  # of a pool
HUBS = 2  # of a shipment


@dataclass(frozen=True, slots=True)
class Pool:
    """Shipments that are near to each other, with whom they could well travel.

    Attributes
    ----------
    home
        Shipments of this pool and of no other, sorted.
    guests
        Shipments at home in a neighbouring pool, sorted; each shares a border and a time with some of ``home``.
    carriers, hubs
        Who is near to them and may serve them, sorted.
    """

    home: tuple[str, ...]
    guests: tuple[str, ...]
    carriers: tuple[str, ...]
    hubs: tuple[str, ...]

    @property
    def shipments(self) -> tuple[str, ...]:
        """All shipments in the pool, sorted."""
        return tuple(sorted((*self.home, *self.guests)))


def find_pools(
    market: Market, jobs: Mapping[str, Job], fleet: Sequence[FleetVehicle], most: int = MOST
) -> tuple[Pool, ...]:
    """Cut the shipments on offer into pools of at most ``most``.

    Up to ``most`` shipments are one pool with all carriers and hubs. In a larger market a pool has the `CARRIERS`
    carriers whose empty ways for its shipments are shortest on the mean (from base to origin and from client to base),
    and for shipments that none of them may carry the nearest that may; and hubs that are among the `HUBS` nearest to
    some client.

    Parameters
    ----------
    jobs
        Direct transports of the shipments, by shipment.
    fleet
        Vehicles on offer, whatever they cost.
    most
        At least 2.

    Returns
    -------
    tuple
        The pools, in order; every shipment is at home in exactly one. The same arguments give the same pools.
    """
    ids = sorted(jobs)
    if len(ids) <= most:
        carriers = sorted({v.carrier for v in market.vehicles.values()})
        return (Pool(tuple(ids), (), tuple(carriers), tuple(sorted(market.hubs))),) if ids else ()
    places = _places(market, [jobs[s] for s in ids])
    windows = np.array([(jobs[s].delivery_open_min, jobs[s].delivery_close_min) for s in ids])
    cells = _cells(np.arange(len(ids)), places, windows, max(1, int(most * (1 - GUESTS))))
    guests = _guests(cells, places, windows, most)
    carriers = sorted({v.type.carrier for v in fleet})
    empty_km = _empty_km(market, [jobs[s] for s in ids], fleet, carriers)
    hubs_of = _hubs_near(market, [jobs[s] for s in ids])
    pools = []
    for cell, others in zip(cells, guests, strict=True):
        members = [*cell.tolist(), *others.tolist()]
        pools.append(
            Pool(
                tuple(ids[k] for k in sorted(cell.tolist())),
                tuple(ids[k] for k in sorted(others.tolist())),
                tuple(carriers[c] for c in _nearest_carriers(empty_km[:, members])),
                tuple(sorted({h for k in members for h in hubs_of[k]})),
            )
        )
    return tuple(pools)


def _places(market: Market, jobs: Sequence[Job]) -> NDArray[np.float64]:
    """Put clients on a plane, in km, near enough for neighbourhoods; shape ``(jobs, 2)``."""
    sites = [market.sites[job.destination] for job in jobs]
    at = np.radians(np.array([(site.lon, site.lat) for site in sites]))
    return np.asarray(EARTH_RADIUS_KM * at * (np.cos(at[:, 1].mean()), 1.0))


def _cells(
    group: NDArray[np.intp], places: NDArray[np.float64], windows: NDArray[np.float64], size: int
) -> list[NDArray[np.intp]]:
    """Cut a group until no part has more than ``size``."""
    if len(group) <= size:
        return [group]
    spans = np.ptp(places[group], axis=0)
    side = int(np.argmax(spans))
    by_time = group[np.argsort(windows[group, 0], kind="stable")]
    pauses = windows[by_time[1:], 0] - np.maximum.accumulate(windows[by_time, 1])[:-1]
    if pauses.max() * KM_PER_GAP_MIN > spans[side]:
        order, at = by_time, int(np.argmax(pauses)) + 1
    else:
        parts = -(-len(group) // size)
        order, at = group[np.argsort(places[group, side], kind="stable")], len(group) * (parts // 2) // parts
    return [
        *_cells(order[:at], places, windows, size),
        *_cells(order[at:], places, windows, size),
    ]


def _guests(
    cells: Sequence[NDArray[np.intp]], places: NDArray[np.float64], windows: NDArray[np.float64], most: int
) -> list[NDArray[np.intp]]:
    """For each cell who comes in from beyond its borders, as many as there is room for."""
    home = np.empty(len(places), dtype=np.intp)
    for number, cell in enumerate(cells):
        home[cell] = number
    km, near = cKDTree(places).query(places, k=min(NEIGHBOURS + 1, len(places)))
    found = []
    for number, cell in enumerate(cells):
        others, far, own = near[cell].ravel(), km[cell].ravel(), np.repeat(cell, near.shape[1])
        meet = (windows[others, 0] <= windows[own, 1]) & (windows[own, 0] <= windows[others, 1])
        outside = meet & (home[others] != number)
        others, far = others[outside], far[outside]
        order = np.lexsort((others, far))
        first = dict.fromkeys(others[order].tolist())
        found.append(np.array(list(first)[: most - len(cell)], dtype=np.intp))
    return found


def _empty_km(
    market: Market, jobs: Sequence[Job], fleet: Sequence[FleetVehicle], carriers: Sequence[str]
) -> NDArray[np.float64]:
    """Each carrier's empty way for each job, from base to origin and from client to base; ``inf`` if it may not."""
    index, km = market.network.index, market.network.distance_km
    to = np.array([index[job.destination] for job in jobs])
    empty_km = np.full((len(carriers), len(jobs)), np.inf)
    for vehicle in fleet:
        base = index[vehicle.type.base]
        able = np.array([job.id not in vehicle.excluded and _holds(vehicle, job) for job in jobs])
        out = np.array([min(float(km[base, index[o]]) for o in job.origins) for job in jobs])
        row = empty_km[carriers.index(vehicle.type.carrier)]
        np.minimum(row, np.where(able, out + km[to, base], np.inf), out=row)
    return empty_km


def _nearest_carriers(empty_km: NDArray[np.float64]) -> list[int]:
    """Carriers with the shortest ways on the mean, and the nearest of each job that none of them may carry."""
    known = np.isfinite(empty_km)
    if not known.any():
        return []
    mean = np.where(known, empty_km, empty_km[known].max()).mean(axis=1)
    mean[~known.any(axis=1)] = np.inf
    chosen = np.argsort(mean, kind="stable")[:CARRIERS]
    chosen = chosen[np.isfinite(mean[chosen])]
    left = known.any(axis=0) & ~known[chosen].any(axis=0)
    return sorted({*chosen.tolist(), *empty_km[:, left].argmin(axis=0).tolist()})


def _holds(vehicle: FleetVehicle, job: Job) -> bool:
    kind = vehicle.type
    return (
        job.pallets <= kind.capacity_pallets and job.weight_kg <= kind.capacity_kg and job.volume_m3 <= kind.capacity_m3
    )


def _hubs_near(market: Market, jobs: Sequence[Job]) -> list[list[str]]:
    """For each job the hubs that are nearest to its client."""
    hubs = sorted(market.hubs)
    if not hubs:
        return [[] for _ in jobs]
    index = market.network.index
    to = np.array([index[job.destination] for job in jobs])
    at = np.array([index[market.hubs[h].site] for h in hubs])
    from_hubs = market.network.distance_km[np.ix_(at, to)]
    order = np.argsort(from_hubs, axis=0, kind="stable")[:HUBS]
    return [[hubs[h] for h in order[:, k]] for k in range(len(jobs))]
