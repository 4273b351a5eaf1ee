"""Demand classes: how often a series has demand, and how much its sizes vary.

Sources
-------
Syntetos, Boylan and Croston 2005, On the categorization of demand patterns, Journal of the Operational Research Society
56, 495-503: the cut-offs 1.32 for the average inter-demand interval and 0.49 for the squared coefficient of variation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.panel import Panel

ADI_CUT_OFF = 1.32
CV2_CUT_OFF = 0.49
CLASSES = ("smooth", "erratic", "intermittent", "lumpy")


def interval_and_variation(panel: Panel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average inter-demand interval (periods per period with demand), and squared coefficient of variation of sizes.

    Returns
    -------
        Two figures per series, from observed periods; the interval is infinite and the variation 0 without any demand.
    """
    observed = panel.observed()
    positive = observed > 0
    count = positive.sum(axis=1)
    seen = (~np.isnan(observed)).sum(axis=1)
    interval = np.where(count > 0, seen / np.maximum(count, 1), np.inf)
    sizes = np.where(positive, observed, 0.0)
    mean = sizes.sum(axis=1) / np.maximum(count, 1)
    spread = (np.where(positive, observed - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(count, 1)
    return interval, spread / np.where(mean > 0, mean, 1.0) ** 2


def demand_classes(panel: Panel) -> tuple[str, ...]:
    """Class of each series: ``smooth``, ``erratic``, ``intermittent`` or ``lumpy``; without demand ``intermittent``."""
    interval, variation = interval_and_variation(panel)
    number = 2 * (interval > ADI_CUT_OFF) + (variation > CV2_CUT_OFF)
    return tuple(CLASSES[n] for n in number)
