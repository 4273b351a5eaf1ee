"""Kinds of demand by how often and how evenly it comes, after Syntetos, Boylan and Croston (2005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "none")
MAX_FREQUENT_INTERVAL = 1.32
MAX_EVEN_VARIATION = 0.49


def demand_classes(demand: NDArray[np.float64]) -> NDArray[np.str_]:
    """Tell each series' kind of demand.

    The average interval between demands (ADI) is the number of known periods per period with demand; CV² is the
    variance of the demands that are not zero over their squared mean. Below an ADI of 1.32 demand is ``smooth`` up to a
    CV² of 0.49 and ``erratic`` above, else ``intermittent`` and ``lumpy``; a series without demand is ``none``.

    Parameters
    ----------
    demand
        Shape ``(series, periods)``; NaN where it is unknown.

    Returns
    -------
        Shape ``(series,)``, of `CLASSES`.
    """
    known = (~np.isnan(demand)).sum(axis=1)
    positive = demand > 0
    count = positive.sum(axis=1)
    some = np.maximum(count, 1)
    mean = np.where(positive, demand, 0.0).sum(axis=1) / some
    variance = np.where(positive, demand - mean[:, None], 0.0)
    variation = (variance**2).sum(axis=1) / some / np.where(mean > 0, mean, 1.0) ** 2
    frequent = known / some < MAX_FREQUENT_INTERVAL
    even = variation <= MAX_EVEN_VARIATION
    kind = np.where(frequent, np.where(even, "smooth", "erratic"), np.where(even, "intermittent", "lumpy"))
    return np.asarray(np.where(count > 0, kind, "none"))
