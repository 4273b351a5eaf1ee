"""A whole talk between two built-in strategies in compiled code; `agents.bargaining.talk` is the same in messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from logistics.routing.kernel import compiled

AGREED, DEADLINE, LEFT = 0, 1, 2


@compiled
def talk(
    points: Any,
    worth: Any,
    order: Any,
    reserve: Any,
    best: Any,
    floors: Any,
    levels: Any,
    reciprocity: Any,
    offers: Any,
) -> Any:
    """Let two sides speak in turn until they agree, one leaves, or the rounds are over.

    Parameters
    ----------
    points
        Outcomes by issue, shape ``(outcomes, issues)``.
    worth
        Of each outcome by side, shape ``(2, outcomes)``.
    order
        Outcomes by side, best first and the first of equals first, shape ``(2, outcomes)``.
    reserve, best
        By side, shape ``(2,)``.
    floors, levels
        By side and round, shape ``(2, rounds)``: worth of no deal, and the level demanded by the clock.
    reciprocity
        By side, shape ``(2,)``: share of the other's concession that is returned; 0 for who goes by the clock.
    offers
        Filled with the outcomes offered, shape ``(2 * rounds,)``.

    Returns
    -------
    tuple
        How it ended, in which round, and how many offers were made.
    """
    rounds = floors.shape[1]
    demanded = np.ones(2)
    received = np.zeros((2, 2))  # by side: the last level received, and the one before
    heard = np.zeros(2, np.int64)
    made = 0
    for r in range(rounds):
        for me in range(2):
            floor = floors[me, r]
            if best[me] <= floor:
                return LEFT, r, made
            span = best[me] - reserve[me]
            last = offers[made - 1] if made else -1
            if last >= 0:
                received[me, 1] = received[me, 0]
                received[me, 0] = (worth[me, last] - reserve[me]) / span
                heard[me] += 1
            level = levels[me, r]
            if reciprocity[me] > 0 and heard[me] >= 2:
                level = demanded[me] - reciprocity[me] * max(0.0, received[me, 0] - received[me, 1])
            level = min(1.0, max(0.0, level))
            demanded[me] = level
            target = min(best[me], max(floor, reserve[me] + span * level))
            ends = me == 1 and r == rounds - 1
            if last >= 0 and worth[me, last] >= (floor if ends else target):
                return AGREED, r, made
            if ends:
                return DEADLINE, r, made
            offers[made] = _offer(points, worth[me], order[me], target, last)
            made += 1
    return DEADLINE, rounds - 1, made


@compiled
def _offer(points: Any, worth: Any, order: Any, target: float, last: int) -> Any:
    """Find the outcome of at least this worth that is most like the last offer; ties: worth, then the first."""
    chosen = order[0]
    if last < 0:
        return chosen
    nearest = np.int64(np.iinfo(np.int64).max)
    for k in order:
        if worth[k] < target:
            break
        apart = np.int64(0)
        for i in range(points.shape[1]):
            apart += abs(points[k, i] - points[last, i])
        if apart < nearest:
            chosen, nearest = k, apart
    return chosen
