"""Sample paths from past errors, drawn jointly: for all series at once, and for days in a row.

A block is what a forecaster got wrong from one past origin on: errors of every series on the days that followed. Whole
blocks are drawn, from origins on the same weekday as the forecast, so correlation between series and from day to day
stays, and a day on which a lane is closed never gets another weekday's error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def fill_missing(blocks: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
    """Give series without an error of their own at an origin that of another series at the same origin.

    Parameters
    ----------
    blocks
        Shape ``(origins, series, days)``, comparable between series; NaN where there is none.

    Returns
    -------
        The same shape without NaN; 0 where no series has an error.
    """
    missing: NDArray[np.bool_] = np.asarray(np.isnan(blocks).any(axis=2))
    if not missing.any():
        return blocks
    filled = blocks.copy()
    for origin in np.flatnonzero(np.any(missing, axis=1)):
        donors = np.flatnonzero(~missing[origin])
        takers = np.flatnonzero(missing[origin])
        filled[origin, takers] = blocks[origin, rng.choice(donors, len(takers))] if len(donors) else 0.0
    return filled


def joint_paths(
    point: NDArray[np.float64],
    blocks: NDArray[np.float64],
    weekdays: NDArray[np.int64],
    first_weekday: int,
    paths: int,
    rng: Generator,
) -> NDArray[np.float64]:
    """Add drawn error blocks to a point forecast.

    Parameters
    ----------
    point
        Shape ``(series, horizon)``.
    blocks
        Shape ``(origins, series, days)``, in the unit of ``point``; beyond ``days`` further blocks are drawn.
    weekdays
        Weekday of each origin's first day.
    first_weekday
        Weekday of the forecast's first day.

    Returns
    -------
        Shape ``(series, horizon, paths)``, clipped at zero only here: the point is a mean, and clipping before
        adding would shift it.
    """
    horizon, days = point.shape[1], blocks.shape[2]
    sampled = np.repeat(point[:, :, None], paths, axis=2)
    for start in range(0, horizon, days):
        same_weekday = np.flatnonzero(weekdays == (first_weekday + start) % 7)
        origins = same_weekday if len(same_weekday) else np.arange(len(blocks))
        # Every origin about equally often: the quantiles are steadier than with free draws.
        drawn = rng.permutation(np.resize(rng.permutation(origins), paths))
        stop = min(start + days, horizon)
        sampled[:, start:stop] += blocks[drawn][:, :, : stop - start].transpose(1, 2, 0)
    return np.maximum(sampled, 0.0)
