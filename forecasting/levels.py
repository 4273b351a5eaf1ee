"""The quantile levels that forecasts are made of, and how paths read between and beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
# No path goes further into a tail than one case in five hundred.
SUREST = 0.998


def read_quantiles(quantiles: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantile function through quantiles at `LEVELS`: straight between them, exponential above, straight below.

    Parameters
    ----------
    quantiles
        Shape ``(levels, cases)``, growing and not negative.
    at
        Probabilities, shape ``(paths,)``.

    Returns
    -------
        Shape ``(cases, paths)``, not negative.
    """
    at = np.clip(at, 1 - SUREST, SUREST)
    above = np.clip(np.searchsorted(LEVELS, at, side="left"), 1, len(LEVELS) - 1)
    # Below the lowest level the same line goes on.
    share = (at - LEVELS[above - 1]) / (LEVELS[above] - LEVELS[above - 1])
    # Above the highest, the excess has the scale that the last two levels show.
    beyond = np.log((1 - LEVELS[-1]) / (1 - np.maximum(at, LEVELS[-1])))
    share = np.where(at > LEVELS[-1], 1 + beyond / np.log((1 - LEVELS[-2]) / (1 - LEVELS[-1])), share)
    low, high = quantiles[above - 1].T, quantiles[above].T
    return np.asarray(np.maximum(low + share * (high - low), 0.0))
