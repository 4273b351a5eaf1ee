"""Means over replications with their intervals."""

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
