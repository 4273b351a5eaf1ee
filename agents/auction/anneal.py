"""Simulated annealing over sets of bids that respect every limit: good sets fast, without a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logistics.routing.kernel import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_OUT = 256


@inner
def _next(state: NDArray[np.uint64]) -> np.uint64:
    """Draw 64 bits (xorshift64*, Vigna 2016), so that no state outlives a run."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.uint64(x * np.uint64(2685821657736338717))


@compiled
def anneal(
    first: NDArray[np.int64],
    rows: NDArray[np.int64],
    capacity: NDArray[np.int64],
    gain: NDArray[np.int64],
    guide: NDArray[np.float64],
    moves: int,
    hot: float,
    cold: float,
    seed: int,
) -> tuple[int, NDArray[np.bool_]]:
    """Anneal from the empty set; a move puts one bid in and takes out what then no longer fits.

    Parameters
    ----------
    first, rows
        Bid ``b`` takes one unit of each of ``rows[first[b]:first[b + 1]]``.
    capacity
        Units of each row, at least 1.
    gain
        What each bid is worth, in cents: the best set is judged by it.
    guide
        What each bid counts for when a move is judged. A gain less part of what its items are worth elsewhere, since
        an item that was just set free will be carried by another bid soon.
    moves
        Number of moves tried.
    hot, cold
        First and last temperature, in the unit of ``guide``; geometric in between.
    seed
        Of the draws.

    Returns
    -------
    tuple
        The gain of the best set, and which bids are in it.
    """
    bids = gain.size
    state = np.empty(1, np.uint64)
    state[0] = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1B54A32D192ED03)
    if state[0] == 0:
        state[0] = np.uint64(1)
    offset = np.zeros(capacity.size + 1, np.int64)
    for r in range(capacity.size):
        offset[r + 1] = offset[r] + capacity[r]
    holder = np.empty(offset[-1], np.int64)
    held = np.zeros(capacity.size, np.int64)
    taken = np.zeros(bids, np.bool_)
    leaves_at = np.full(bids, -1, np.int64)
    out = np.empty(MOST_OUT, np.int64)
    value = 0
    best = 0
    best_taken = taken.copy()
    temperature = hot
    cooling = (cold / hot) ** (1024 / max(moves, 1024))
    for move in range(moves):
        if move & 1023 == 1023:
            temperature *= cooling
        b = np.int64(_next(state) % np.uint64(bids))
        if taken[b]:
            continue
        leaving = 0
        delta = guide[b]
        for p in range(first[b], first[b + 1]):
            r = rows[p]
            if held[r] < capacity[r]:
                continue
            staying = 0
            for s in range(offset[r], offset[r] + held[r]):
                if leaves_at[holder[s]] != move:
                    staying += 1
            if staying < capacity[r]:
                continue
            s = offset[r]
            if capacity[r] > 1:
                s += np.int64(_next(state) % np.uint64(capacity[r]))
            o = holder[s]
            leaves_at[o] = move
            out[leaving] = o
            leaving += 1
            delta -= guide[o]
        if delta < 0:
            chance = np.float64(_next(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
            if chance >= np.exp(delta / temperature):
                continue
        for q in range(leaving):
            o = out[q]
            taken[o] = False
            value -= gain[o]
            for p in range(first[o], first[o + 1]):
                r = rows[p]
                s = offset[r]
                while holder[s] != o:
                    s += 1
                held[r] -= 1
                holder[s] = holder[offset[r] + held[r]]
        taken[b] = True
        value += gain[b]
        for p in range(first[b], first[b + 1]):
            r = rows[p]
            holder[offset[r] + held[r]] = b
            held[r] += 1
        if value > best:
            best = value
            best_taken[:] = taken
    return best, best_taken
