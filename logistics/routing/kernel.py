"""Compiled code: the cheapest feasible place for a job in a route, and the price of a route.

A route is held as arrays with forward and backward *duration segments* (Vidal, Crainic, Gendreau and Prins 2013): a
sequence of visits has a least duration, and an interval of starting times that reach it. Two segments join in constant
time, so all pairs of places for a pickup and its delivery in a route of n visits cost O(n^2).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from logistics.routing.schedule import TIME_EPS


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


@compiled
def tour_cents(
    km: Any,
    minutes: Any,
    places: Any,
    segments: Any,
    on_board: Any,
    limits: Any,
    cents_per_km: float,
    cents_per_min: float,
    longest_min: float,
) -> Any:
    """Price a route by distance and time, unrounded; ``inf`` if it cannot be driven (see `best_insertion`)."""
    nodes = places.shape[0]
    whole = (segments[0, 0], segments[0, 1], segments[0, 2])
    way = 0.0
    for k in range(1, nodes):
        if on_board[k, 0] > limits[0] or on_board[k, 1] > limits[1] or on_board[k, 2] > limits[2]:
            return np.inf
        whole = _join(whole, segments[k], minutes[places[k - 1], places[k]])
        if whole[0] < 0:
            return np.inf
        way += km[places[k - 1], places[k]]
    if whole[0] > longest_min + TIME_EPS:
        return np.inf
    return cents_per_km * way + cents_per_min * whole[0]
