"""Means over replications, and ratios of means, with their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean of some figures and its 95 % t-interval; no interval from one figure.

    Returns
    -------
    dict
        ``mean``, ``low`` and ``high``.
    """
    mean = float(np.mean(values))
    low = high = None
    if len(values) > 1:
        quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
        half = quantile * float(np.std(values, ddof=1)) / math.sqrt(len(values))
        low, high = round(mean - half, 6), round(mean + half, 6)
    return {"mean": round(mean, 6), "low": low, "high": high}


def ratio_of_means(parts: Sequence[float], wholes: Sequence[float]) -> dict[str, float | None] | None:
    """Ratio of two means over the same replications, and its 95 % interval by Fieller's theorem.

    Replications are paired: the interval takes account of parts and wholes rising and falling together, and it need not
    lie evenly around the ratio. Source: Fieller, Some problems in interval estimation, Journal of the Royal Statistical
    Society B 16(2), 1954.

    Parameters
    ----------
    parts, wholes
        A figure of each replication.

    Returns
    -------
    dict or None
        ``mean``, ``low`` and ``high``; no interval from one replication. ``None`` where the mean of the wholes cannot
        be told apart from zero: any ratio could be true then.
    """
    part, whole = float(np.mean(parts)), float(np.mean(wholes))
    if len(wholes) == 1:
        return {"mean": round(part / whole, 6), "low": None, "high": None} if whole else None
    (v_part, covariance), (_, v_whole) = np.cov(parts, wholes) / len(wholes)
    t2 = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(wholes) - 1)) ** 2
    a, b, c = whole**2 - t2 * v_whole, part * whole - t2 * covariance, part**2 - t2 * v_part
    if a <= 0:
        return None
    half = math.sqrt(max(0.0, b * b - a * c))
    return {"mean": round(part / whole, 6), "low": round((b - half) / a, 6), "high": round((b + half) / a, 6)}
