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

# Columns of a route's nodes: the visit as a segment (service, opening, closing), loads after it, segments joined from
# the front and from the back, and km up to it.
SEGMENT, ON_BOARD, FRONT, BACK, WAY, NODE_COLUMNS = 0, 3, 6, 9, 12, 13


def compiled(function: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where some folder allows it.

    The code on disk is renewed when the function's own file changes; after a change in another file that it calls into,
    delete ``__pycache__``.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder to write to
        return numba.njit(nogil=True)(function)


def inner(function: Any) -> Any:
    """Compile for calls from compiled code only, which takes less time; it is kept with its callers."""
    unwrapped: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, **unwrapped)(function)


@inner
def join(a: Any, b: Any, travel: float) -> Any:
    """Join two segments (duration, earliest start, latest start); duration -1 where they do not fit together."""
    gap = a[0] + travel
    if a[1] + gap > b[2] + TIME_EPS:
        return -1.0, 0.0, 0.0
    wait = max(b[1] - gap - a[2], 0.0)
    earliest = max(b[1] - gap, a[1]) - wait
    return a[0] + b[0] + travel + wait, earliest, max(min(b[2] - gap, a[2]), earliest)


@inner
def sweep(km: Any, minutes: Any, places: Any, nodes: Any, count: int) -> bool:
    """Join a route's nodes from the front and from the back, and add up its km; false where it cannot be driven.

    Parameters
    ----------
    places
        As in `best_insertion`; only the first ``count`` matter.
    nodes
        Columns as named above; segments are read, the joined ones and the way are written.
    """
    for c in range(3):
        nodes[0, FRONT + c] = nodes[0, SEGMENT + c]
        nodes[count - 1, BACK + c] = nodes[count - 1, SEGMENT + c]
    nodes[0, WAY] = 0.0
    front = (nodes[0, SEGMENT], nodes[0, SEGMENT + 1], nodes[0, SEGMENT + 2])
    back = (nodes[count - 1, SEGMENT], nodes[count - 1, SEGMENT + 1], nodes[count - 1, SEGMENT + 2])
    for k in range(1, count):
        own = (nodes[k, SEGMENT], nodes[k, SEGMENT + 1], nodes[k, SEGMENT + 2])
        front = join(front, own, minutes[places[k - 1], places[k]])
        nodes[k, FRONT], nodes[k, FRONT + 1], nodes[k, FRONT + 2] = front
        nodes[k, WAY] = nodes[k - 1, WAY] + km[places[k - 1], places[k]]
        if front[0] < 0:
            return False
    for k in range(count - 2, -1, -1):
        own = (nodes[k, SEGMENT], nodes[k, SEGMENT + 1], nodes[k, SEGMENT + 2])
        back = join(own, back, minutes[places[k], places[k + 1]])
        nodes[k, BACK], nodes[k, BACK + 1], nodes[k, BACK + 2] = back
    return True


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
    nodes = np.empty((places.shape[0], NODE_COLUMNS))
    for k in range(places.shape[0]):  # a loop: assigning slices takes seconds to compile
        for c in range(3):
            nodes[k, SEGMENT + c], nodes[k, ON_BOARD + c] = segments[k, c], on_board[k, c]
    if not sweep(km, minutes, places, nodes, places.shape[0]):
        return np.inf, -1, -1, -1
    return place_between(
        km, minutes, places, nodes, places.shape[0], lead, limits, cents_per_km, cents_per_min, longest_min,
        origins, destination, pickup, delivery, loads,
    )  # fmt: skip


@inner
def place_between(
    km: Any,
    minutes: Any,
    places: Any,
    nodes: Any,
    count: int,
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
    """Do what `best_insertion` does for a route of ``count`` nodes that was swept already (`sweep`)."""
    length = nodes[count - 1, WAY]
    old = cents_per_km * length + cents_per_min * nodes[count - 1, FRONT]
    loading = (pickup[0], pickup[1], pickup[2])
    dropping = (delivery[0], delivery[1], delivery[2])
    room = (limits[0] - loads[0], limits[1] - loads[1], limits[2] - loads[2])
    best = np.inf
    best_i = best_j = best_origin = -1

    for option in range(origins.shape[0]):
        origin = origins[option]
        at_base = origin == places[0]
        first = lead - 1 if at_base else 0
        last = lead if at_base else count - 1
        for i in range(first, last):
            if nodes[i, ON_BOARD] > room[0] or nodes[i, ON_BOARD + 1] > room[1] or nodes[i, ON_BOARD + 2] > room[2]:
                continue
            before = (nodes[i, FRONT], nodes[i, FRONT + 1], nodes[i, FRONT + 2])
            middle = join(before, loading, minutes[places[i], origin])
            if middle[0] < 0:
                continue
            road = nodes[i, WAY] + km[places[i], origin]
            at = origin
            for j in range(i, count - 1):
                if j > i:
                    if (
                        nodes[j, ON_BOARD] > room[0]
                        or nodes[j, ON_BOARD + 1] > room[1]
                        or nodes[j, ON_BOARD + 2] > room[2]
                    ):
                        break
                    own = (nodes[j, SEGMENT], nodes[j, SEGMENT + 1], nodes[j, SEGMENT + 2])
                    middle = join(middle, own, minutes[at, places[j]])
                    if middle[0] < 0:
                        break
                    road += km[at, places[j]]
                    at = places[j]
                dropped = join(middle, dropping, minutes[at, destination])
                if dropped[0] < 0:
                    continue
                after = places[j + 1]
                rest = (nodes[j + 1, BACK], nodes[j + 1, BACK + 1], nodes[j + 1, BACK + 2])
                whole = join(dropped, rest, minutes[destination, after])
                if whole[0] < 0 or whole[0] > longest_min + TIME_EPS:
                    continue
                driven = road + km[at, destination] + km[destination, after] + length - nodes[j + 1, WAY]
                cost = cents_per_km * driven + cents_per_min * whole[0] - old
                if cost < best - 1e-6:
                    best = cost
                    best_i, best_j, best_origin = i, j, option
    return best, best_i, best_j, best_origin
