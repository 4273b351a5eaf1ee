"""Sample paths from past errors, drawn jointly: for all series at once, and for periods in a row.

A block is what a forecaster got wrong from one past origin on: errors of every series in the periods that followed.
Whole blocks are drawn, from origins at the same place in the week as the forecast, so correlation between series and
from day to day stays, and a day on which a lane is closed never gets another weekday's error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray


def fill_missing(blocks: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
    """Give series without an error of their own at an origin that of another series at the same origin.

    Parameters
    ----------
    blocks
        Shape ``(origins, series, periods)``, comparable between series; NaN where there is none.

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


def draw_origins(
    candidates: Callable[[int], NDArray[np.intp]], horizon: int, periods: int, paths: int, rng: Generator
) -> NDArray[np.intp]:
    """Draw the past origins that paths take after.

    Nothing but the calendar decides what is drawn: owners who forecast apart, from records of equal length and with
    equal generators, draw the same.

    Parameters
    ----------
    candidates
        The origins to draw from for a block that begins so many periods after the forecast does.
    periods
        Length of a block.

    Returns
    -------
        Shape ``(blocks, paths)``.
    """
    drawn = []
    for start in range(0, horizon, periods):
        # Every origin about equally often: the quantiles are steadier than with free draws.
        drawn.append(rng.permutation(np.resize(rng.permutation(candidates(start)), paths)))
    return np.array(drawn)


def add_blocks(point: NDArray[np.float64], blocks: NDArray[np.float64], drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """Add drawn error blocks to a point forecast.

    Parameters
    ----------
    point
        Shape ``(series, horizon)``.
    blocks
        Shape ``(origins, series, periods)``, in the unit of ``point``.
    drawn
        As `draw_origins` gives them.

    Returns
    -------
        Shape ``(series, horizon, paths)``, clipped at zero only here: the point is a mean, and clipping before
        adding would shift it.
    """
    horizon, periods = point.shape[1], blocks.shape[2]
    sampled = np.repeat(point[:, :, None], drawn.shape[1], axis=2)
    for number, origins in enumerate(drawn):
        start = number * periods
        stop = min(start + periods, horizon)
        sampled[:, start:stop] += blocks[origins][:, :, : stop - start].transpose(1, 2, 0)
    return np.maximum(sampled, 0.0)
