"""One set of quantiles from several: weights and a last correction, both from days that no model had seen.

Quantiles are averaged before they are clipped at zero, and sorted last: clipping first pulls the average up.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 10
# Weights are chosen on few days of one season: a part of them stays evenly spread, and of the correction undone.
EVENLY = 0.1
# Who alone has so many times the loss of the best is left out, of the even part too.
TOO_BAD = 1.3
TRUST = 0.4
MAX_SHIFT = 0.5
MAX_CASES = 20_000


def pinball(
    actual: NDArray[np.float64], quantiles: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Pinball loss of quantiles, shape ``(levels, ...)``: level times what came above, one minus it times below."""
    above = actual[None] - quantiles
    tau = levels.reshape(-1, *(1,) * actual.ndim)
    return np.asarray(np.maximum(tau * above, (tau - 1) * above))


def mean_loss(
    quantiles: NDArray[np.float64], actual: NDArray[np.float64], unit: NDArray[np.float64], levels: NDArray[np.float64]
) -> float:
    """Mean pinball loss of quantiles that are clipped at zero, in a unit per case; 0 without a case."""
    if not actual.size:
        return 0.0
    return float((pinball(actual, np.maximum(quantiles, 0.0), levels) / unit).mean())


def choose_weights(
    members: NDArray[np.float64], actual: NDArray[np.float64], unit: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of the members whose average had the least pinball loss, without those that are far behind alone.

    Parameters
    ----------
    members
        Shape ``(members, levels, cases)``.
    actual, unit
        What came, and what losses are measured in, shape ``(cases,)``.

    Returns
    -------
        Shape ``(members,)``, summing to 1; even without a case.
    """
    count = len(members)
    even = np.full(count, 1 / count)
    if not actual.size:
        return even
    step = -(-actual.size // MAX_CASES)
    members, actual, unit = members[:, :, ::step], actual[::step], unit[::step]
    alone = np.array([mean_loss(member, actual, unit, levels) for member in members])
    good = alone <= TOO_BAD * alone.min()
    best, least = even, np.inf
    for parts in product(range(STEPS + 1), repeat=count - 1):
        weights = np.array([*parts, STEPS - sum(parts)]) / STEPS
        if weights[-1] < 0 or weights[~good].any():
            continue
        loss = mean_loss(np.tensordot(weights, members, axes=1), actual, unit, levels)
        if loss < least:
            best, least = weights, loss
    return np.asarray((1 - EVENLY) * best + EVENLY * good / good.sum())


def combine(
    members: NDArray[np.float64], weights: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average, correct, clip at zero and sort.

    Parameters
    ----------
    members
        Shape ``(members, levels, cases)``.
    weights
        Shape ``(members, cases)``.
    shift
        In units of each case's own spread, shape ``(levels, cases)``.

    Returns
    -------
        Shape ``(levels, cases)``, growing with the level.
    """
    average = np.sort(np.einsum("mc,mlc->lc", weights, members), axis=0)
    return np.asarray(np.sort(np.maximum(average + shift * _spread(average), 0.0), axis=0))


def choose_shift(
    members: NDArray[np.float64],
    weights: NDArray[np.float64],
    actual: NDArray[np.float64],
    levels: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How far, in units of its spread, each averaged quantile has to move to be one, on cases not learned from.

    Conformalized quantile regression (Romano, Patterson and Candès 2019), level by level.

    Parameters
    ----------
    members
        Shape ``(members, levels, cases)``.
    weights
        Shape ``(members,)``.

    Returns
    -------
        Shape ``(levels,)``; zeros with few cases.
    """
    average = np.sort(np.tensordot(weights, members, axes=1), axis=0)
    spread = _spread(average)
    certain = spread > 0
    if certain.sum() < 20:
        return np.zeros(len(levels))
    off = (actual - average)[:, certain] / spread[certain]
    moved = np.array([np.quantile(off[i], level) for i, level in enumerate(levels)])
    # Outward only: days to come are seldom closer to what was expected than those that chose the weights.
    low, high = np.where(levels < 0.5, -MAX_SHIFT, 0.0), np.where(levels > 0.5, MAX_SHIFT, 0.0)
    return np.asarray(TRUST * np.clip(moved, low, high))


def _spread(average: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(average, 0.0)[-1] - np.maximum(average, 0.0)[0])
