"""Empirical quantiles: what a series had at this place in the season, the last times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# How many earlier periods the quantiles are taken of: same weekdays of a quarter, or simply the last weeks or months.
WINDOW = {"D": 13, "W": 13, "MS": 24}


def empirical_quantiles(
    observed: NDArray[np.float64],
    columns: NDArray[np.intp],
    reach: int,
    season: int,
    freq: str,
    levels: Sequence[float],
) -> NDArray[np.float64]:
    """Quantiles of the last figures known ``reach`` periods before each column.

    In seasons no longer than a fortnight only the same place counts, as the same weekday; where it has not been seen,
    all of the last figures do.

    Parameters
    ----------
    observed
        Shape ``(series, periods)``, NaN where nothing is known; columns may lie ahead of it.

    Returns
    -------
        Shape ``(levels, series, columns)``; 0 for a series of which nothing is known.
    """
    window = WINDOW[freq.partition("-")[0]]
    step = season if season <= 14 else 1
    nearest = -(-reach // step) * step
    places = _quantiles(observed, columns, nearest + step * np.arange(window), levels)
    gaps = np.flatnonzero(np.isnan(places[0]).any(axis=1))
    if len(gaps):
        any_place = _quantiles(observed[gaps], columns, reach + np.arange(window * step), levels)
        places[:, gaps] = np.where(np.isnan(places[:, gaps]), np.nan_to_num(any_place), places[:, gaps])
    return places


def _quantiles(
    observed: NDArray[np.float64], columns: NDArray[np.intp], lags: NDArray[np.intp], levels: Sequence[float]
) -> NDArray[np.float64]:
    """Quantiles of what is known at some lags; all at once, as `numpy.nanquantile` takes series by series."""
    back = columns[None, :] - lags[:, None]
    inside = (back >= 0) & (back < observed.shape[1])
    values = observed[:, np.clip(back, 0, observed.shape[1] - 1)]
    # Unknown ones come last.
    values = np.sort(np.where(inside[None], values, np.nan), axis=1)
    last = (~np.isnan(values)).sum(axis=1, keepdims=True) - 1
    found = np.empty((len(levels), len(observed), len(columns)))
    for number, level in enumerate(levels):
        place = level * np.maximum(last, 0)
        low = place.astype(np.intp)
        below = np.take_along_axis(values, low, axis=1)
        above = np.take_along_axis(values, np.minimum(low + 1, np.maximum(last, 0)), axis=1)
        found[number] = (below + (place - low) * (above - below))[:, 0]
    return found
