"""The compiled steps of ruin and recreate (`logistics.routing.ruin` says what they are for)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from logistics.routing.arrays import (
    COUNT,
    FIXED,
    SITE,
    SIZE,
    STAMP,
    VEHICLE,
    VERSION,
    VISIT,
    cheapest_in,
    insert,
    price_by,
    refresh,
    remove,
)
from logistics.routing.kernel import compiled, inner

MEAN_REMOVED = 6.0  # jobs a ruin takes out on average; the paper has 10 for customers without pickups
LONGEST_STRING = 8
NEIGHBOURS = 20  # jobs whose tours are tried when one is inserted, and jobs on no tour that a ruin tries again
BLINK = 0.02  # chance of overlooking a tour, so that the same ruin is not mended the same way
WHOLE_TOUR = 0.1  # chance that a string is its whole tour, so that vehicles can be saved
NOTHING = 0.1  # chance that a tour loses nothing, and may only go on with another vehicle
OTHER_VEHICLE = 0.3  # chance that a tour goes on with another vehicle
CREDIT = 0.5  # chance of a tour on credit: opened for a job that does not pay alone, closed if no others join
FIRST_TEMPERATURE, LAST_TEMPERATURE = 0.1, 0.003  # of the cost of an average tour


@compiled
def alone(world: Any, slots: Any, solo: Any) -> None:
    """Price every job in every vehicle by itself, in the last slot."""
    t = slots.tours.shape[0] - 1
    for v in range(solo.shape[0]):
        slots.tours[t, VEHICLE], slots.tours[t, SIZE] = v, 0
        refresh(world, slots, t)
        for job in range(solo.shape[1]):
            solo[v, job] = cheapest_in(world, slots, t, job)[0] + world.vehicles[v, FIXED]


@compiled
def run(world: Any, slots: Any, memory: Any, wishes: Any, iterations: int, rng: Any) -> None:
    """Anneal; the best tours found stay in the memory."""
    count, jobs = slots.tours.shape[0] - 1, wishes.leaving.shape[0]
    where = np.full(jobs, -1)  # slot of each job, -1 where it is on no tour
    used = np.zeros(world.fleet.shape[0], np.int64)
    top: Any = np.int64(0)  # slots from here on are free; a literal 0 would have all compiled twice
    cents, tours = 0.0, 0
    for t in range(count):
        if slots.tours[t, SIZE]:
            _renew(world, slots, t)
            used[slots.tours[t, VEHICLE]] += 1
            _sign(slots, t, where, t)
            cents += slots.cents[t]
            tours += 1
            top = t + 1
    heat = cents / max(1, tours)
    out = _left_out(wishes, where)
    best = cents + out
    _keep(slots, memory, top)
    gone = np.zeros(jobs, np.bool_)
    absent, saved = np.empty(jobs, np.int64), np.empty(count, np.int64)
    for step in range(1, iterations + 1):
        temperature = heat * FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** (step / iterations)
        centre = int(rng.random() * jobs)
        n_saved, change = _ruin(world, slots, memory, wishes, where, gone, used, top, step, saved, centre, rng)
        for job in wishes.near[centre, :NEIGHBOURS]:
            gone[job] = gone[job] or where[job] < 0
        n_absent = _line_up(gone, wishes.orders, absent, rng)
        n_saved, added, new_top = _recreate(
            world, slots, memory, wishes, where, used, top, step, saved, n_saved, absent[:n_absent], rng
        )
        change += added + _better_vehicles(world, slots, used, saved[:n_saved])
        new_out = _left_out(wishes, where)
        if change + new_out - out < -temperature * math.log(max(rng.random(), 1e-12)):
            cents += change
            out, top = new_out, new_top
            if cents + out < best - 1e-6:
                best = cents + out
                _keep(slots, memory, top)
        else:
            _restore(world, slots, memory, where, used, saved[:n_saved])


@inner
def _renew(world: Any, slots: Any, t: int) -> None:
    """Refresh a slot that changed, under a new version; the spare slot counts versions."""
    refresh(world, slots, t)
    slots.tours[-1, VERSION] += 1
    slots.tours[t, VERSION] = slots.tours[-1, VERSION]


@inner
def _sign(slots: Any, t: int, where: Any, at: int) -> None:
    """Note for all jobs of a slot where they are."""
    for k in range(1, slots.tours[t, SIZE] + 1):
        where[slots.stops[t, k, VISIT] >> 1] = at


@inner
def _copy(tours: Any, stops: Any, t: int, to_tours: Any, to_stops: Any) -> None:
    """Copy one tour: vehicle, size, version and stops."""
    to_tours[t, VEHICLE], to_tours[t, SIZE] = tours[t, VEHICLE], tours[t, SIZE]
    to_tours[t, VERSION] = tours[t, VERSION]
    for k in range(1, tours[t, SIZE] + 1):
        to_stops[t, k, SITE], to_stops[t, k, VISIT] = stops[t, k, SITE], stops[t, k, VISIT]


@inner
def _keep(slots: Any, memory: Any, top: int) -> None:
    """Remember all tours as the best."""
    memory.best_tours[:, SIZE] = 0
    for t in range(top):
        _copy(slots.tours, slots.stops, t, memory.best_tours, memory.best_stops)


@inner
def _save(slots: Any, memory: Any, t: int, step: int, saved: Any, n_saved: int) -> int:
    """Remember a slot before its first change in a step; returns how many are saved."""
    if slots.tours[t, STAMP] == step:
        return n_saved
    slots.tours[t, STAMP] = step
    _copy(slots.tours, slots.stops, t, memory.tours, memory.stops)
    saved[n_saved] = t
    return n_saved + 1


@inner
def _restore(world: Any, slots: Any, memory: Any, where: Any, used: Any, saved: Any) -> None:
    """Take back all changes of a step."""
    for t in saved:
        _sign(slots, t, where, -1)
        used[slots.tours[t, VEHICLE]] -= slots.tours[t, SIZE] > 0
    for t in saved:
        _copy(memory.tours, memory.stops, t, slots.tours, slots.stops)
        refresh(world, slots, t)
        used[slots.tours[t, VEHICLE]] += slots.tours[t, SIZE] > 0
        _sign(slots, t, where, t)


@inner
def _left_out(wishes: Any, where: Any) -> float:
    """Add up what it costs that some jobs are on no tour."""
    cents = 0.0
    for job in range(where.shape[0]):
        if where[job] < 0:
            cents += wishes.leaving[job, 0]
    return cents


@inner
def _ruin(
    world: Any,
    slots: Any,
    memory: Any,
    wishes: Any,
    where: Any,
    gone: Any,
    used: Any,
    top: int,
    step: int,
    saved: Any,
    centre: int,
    rng: Any,
) -> Any:
    """Take strings of neighbouring jobs out of tours near one; marks them as gone.

    Returns slots saved and the change in cents.
    """
    tours, visits = 0, 0
    for t in range(top):
        tours += slots.tours[t, SIZE] > 0
        visits += slots.tours[t, SIZE]
    n_saved, change = 0, 0.0
    longest = max(1, min(LONGEST_STRING, int(visits / 2 / max(1, tours) + 0.5)))
    most = max(2, int(4 * MEAN_REMOVED / (1 + longest) + 0.5))
    strings = 1 + int(rng.random() * most)
    order = np.empty(slots.stops.shape[1] // 2, np.int64)
    for job in wishes.near[centre]:
        t = where[job]
        if n_saved >= strings:
            break
        if t < 0 or slots.tours[t, STAMP] == step:
            continue
        n_saved = _save(slots, memory, t, step, saved, n_saved)
        n, place = 0, 0
        for k in range(1, slots.tours[t, SIZE] + 1):
            if slots.stops[t, k, VISIT] & 1:
                order[n] = slots.stops[t, k, VISIT] >> 1
                if order[n] == job:
                    place = n
                n += 1
        way = rng.random()
        if way < WHOLE_TOUR:
            length = n
        elif way < WHOLE_TOUR + NOTHING:
            length = 0
        else:
            length = 1 + int(rng.random() * min(longest, n))
        first = max(0, min(place - int(rng.random() * length), n - length))
        for job_out in order[first : first + length]:
            gone[job_out] = True
        change -= slots.cents[t]
        remove(world, slots, t, gone)
        if slots.cents[t] == np.inf:
            # What is left cannot be driven on its own: without one stop, a wait may be too long for the shift.
            slots.tours[t, SIZE] = 0
            first, length = 0, n
        for job_out in order[first : first + length]:
            where[job_out] = -1
            gone[job_out] = True
        if slots.tours[t, SIZE]:
            _other_vehicle(world, slots, t, used, rng)
            _renew(world, slots, t)
            change += slots.cents[t]
        else:
            _renew(world, slots, t)
            used[slots.tours[t, VEHICLE]] -= 1
    return n_saved, change


@inner
def _other_vehicle(world: Any, slots: Any, t: int, used: Any, rng: Any) -> None:
    """Now and then give a tour another vehicle that can drive it, dearer or not: a larger one may take two tours."""
    if rng.random() >= OTHER_VEHICLE:
        return
    own = slots.tours[t, VEHICLE]
    other = int(rng.random() * used.shape[0])
    if other == own or used[other] >= world.fleet[other, COUNT]:
        return
    if price_by(world, slots, t, other) < np.inf:
        slots.tours[t, VEHICLE] = other
        used[own] -= 1
        used[other] += 1


@inner
def _line_up(gone: Any, orders: Any, absent: Any, rng: Any) -> int:
    """List the jobs that are gone in an order of insertion, and clear the marks; returns how many.

    Large ones go first, or far ones, or early windows, or they come at random.
    """
    way = rng.random()
    row = 0 if way < 0.7 else (1 if way < 0.9 else 2)
    n = 0
    for job in orders[row]:
        if gone[job]:
            absent[n] = job
            gone[job] = False
            n += 1
    if way < 0.4:
        for k in range(n - 1, 0, -1):
            other = int(rng.random() * (k + 1))
            absent[k], absent[other] = absent[other], absent[k]
    return n


@inner
def _recreate(
    world: Any,
    slots: Any,
    memory: Any,
    wishes: Any,
    where: Any,
    used: Any,
    top: int,
    step: int,
    saved: Any,
    n_saved: int,
    absent: Any,
    rng: Any,
) -> Any:
    """Insert jobs one by one where each costs least; those that fit nowhere, or do not pay, stay out.

    Returns slots saved, change of the tours' cents, and the first slot from which all are free.
    """
    change = 0.0
    asked, asking = memory.asked, memory.asked[-1:]  # the last entry counts questions
    lent = -1 if rng.random() < CREDIT else -2  # slot of a tour on credit, -1: none yet, -2: none shall be
    for job in absent:
        found, at, vehicle = np.inf, -1, -1
        asking[0] += 1
        for other in wishes.near[job, :NEIGHBOURS]:
            t = where[other]
            if t >= 0 and asked[t] != asking[0]:
                asked[t] = asking[0]
                if rng.random() < BLINK:
                    continue
                known = memory.answers[t, job]
                if known[4] != slots.tours[t, VERSION]:
                    known[0], known[1], known[2], known[3] = cheapest_in(world, slots, t, job)
                    known[4] = slots.tours[t, VERSION]
                if known[0] < found:
                    found, at = known[0], t
        for v in range(used.shape[0]):
            if used[v] < world.fleet[v, COUNT] and wishes.solo[v, job] < found:
                found, at, vehicle = wishes.solo[v, job], -1, v
        if found == np.inf:
            continue
        if wishes.leaving[job, 1] and found >= wishes.leaving[job, 0]:
            if lent != -1:
                continue
            found, vehicle = np.inf, -1
            for v in range(used.shape[0]):
                if used[v] < world.fleet[v, COUNT] and wishes.solo[v, job] < found:
                    found, at, vehicle = wishes.solo[v, job], -1, v
            if vehicle < 0:
                continue
        if at < 0:
            at = 0
            while slots.tours[at, SIZE]:
                at += 1
            top = max(top, at + 1)
            if lent == -1 and wishes.leaving[job, 1] and found >= wishes.leaving[job, 0]:
                lent = at
            n_saved = _save(slots, memory, at, step, saved, n_saved)
            slots.tours[at, VEHICLE] = vehicle
            used[vehicle] += 1
            refresh(world, slots, at)
            _, i, j, site = cheapest_in(world, slots, at, job)
        else:
            n_saved = _save(slots, memory, at, step, saved, n_saved)
            known = memory.answers[at, job]
            i, j, site = int(known[1]), int(known[2]), int(known[3])
            change -= slots.cents[at]
        insert(world, slots, at, job, i, j, site)
        slots.tours[-1, VERSION] += 1
        slots.tours[at, VERSION] = slots.tours[-1, VERSION]
        change += slots.cents[at]
        where[job] = at
    if lent >= 0:
        worth = 0.0
        for k in range(1, slots.tours[lent, SIZE] + 1, 1):
            if slots.stops[lent, k, VISIT] & 1:
                worth += wishes.leaving[slots.stops[lent, k, VISIT] >> 1, 0]
        if worth < slots.cents[lent]:
            change -= slots.cents[lent]
            used[slots.tours[lent, VEHICLE]] -= 1
            _sign(slots, lent, where, -1)
            slots.tours[lent, SIZE] = 0
    return n_saved, change, top


@inner
def _better_vehicles(world: Any, slots: Any, used: Any, saved: Any) -> float:
    """Give each changed tour the cheapest vehicle that stands idle and can drive it; returns the change in cents."""
    change = 0.0
    for t in saved:
        if slots.tours[t, SIZE] == 0:
            continue
        own, before = slots.tours[t, VEHICLE], slots.cents[t]
        chosen, cents = own, before
        for v in range(used.shape[0]):
            if v != own and used[v] < world.fleet[v, COUNT]:
                by_other = price_by(world, slots, t, v)
                if by_other < cents - 1e-6:
                    chosen, cents = v, by_other
        if chosen != own:
            slots.tours[t, VEHICLE] = chosen
            _renew(world, slots, t)
            used[own] -= 1
            used[chosen] += 1
            change += slots.cents[t] - before
    return change
