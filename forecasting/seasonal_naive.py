"""Seasonal naive: next week is like the last ones, and as wrong as it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import Panel, extend, read_history
from forecasting.resampling import fill_missing, joint_paths
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

WEEK = 7
# Errors come from at most a year of past weeks, and reach at most so many weeks ahead in one block.
MAX_ORIGINS = 52
MAX_BLOCK_WEEKS = 4


class SeasonalNaive:
    """The mean of the same weekday over the last weeks, with the errors that this rule made in the past year.

    Parameters
    ----------
    weeks
        How many weeks the mean takes; 1 is the classic rule.
    """

    name: str = "seasonal_naive"

    def __init__(self, weeks: int = 1) -> None:
        if weeks < 1:
            raise PolicyError([Problem("forecaster seasonal_naive", "weeks", str(weeks), "at least 1")])
        self.weeks = weeks

    def fit(self, history: pd.DataFrame, seed: int) -> FittedSeasonalNaive:
        """Keep the history; nothing is estimated, so the seed plays no part.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        """
        return FittedSeasonalNaive(read_history(history), self.weeks)


class FittedSeasonalNaive:
    """A history, and the rule's way to look ahead from it."""

    def __init__(self, history: Panel, weeks: int) -> None:
        self._history = history
        self._weeks = weeks

    def forecast(self, recent: pd.DataFrame, horizon_days: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the days that follow ``recent`` for every series of the history or of ``recent``.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self._history, read_history(recent, "recent"))
        return naive_forecast(known, self._weeks, horizon_days, paths, rng)


def naive_forecast(known: Panel, weeks: int, horizon_days: int, paths: int, rng: Generator) -> Forecast:
    """Seasonal naive sample paths for the days after a panel.

    With less than two weeks of history there is no past forecast to be wrong: the errors are then the days' deviations
    from each series' mean. Series with too short a history borrow scaled errors from the others.
    """
    demand = known.demand
    days = known.days
    scale = known.scale()
    length = min(WEEK * min(-(-horizon_days // WEEK), MAX_BLOCK_WEEKS), (days - WEEK) // WEEK * WEEK)
    if length >= WEEK:
        origins = np.arange(days - length, WEEK - 1, -WEEK)[:MAX_ORIGINS]
        errors = np.stack([demand[:, o : o + length] - weekday_mean(demand[:, :o], weeks, length) for o in origins])
        unseen = np.isnan(demand[:, origins - 1]).T
        errors[unseen] = np.nan
    else:
        errors = (demand - weekday_mean(demand, weeks, 1)).T[:, :, None]
    scaled = fill_missing(errors / np.where(scale > 0, scale, 1.0)[None, :, None], rng)
    blocks = scaled * scale[None, :, None]
    # Origins lie whole weeks back, so all have the weekday of the first day to forecast.
    same_weekday = np.zeros(len(blocks), dtype=np.int64)
    point = weekday_mean(demand, weeks, horizon_days)
    return Forecast(known.series, known.next_day, joint_paths(point, blocks, same_weekday, 0, paths, rng))


def weekday_mean(demand: NDArray[np.float64], weeks: int, horizon_days: int) -> NDArray[np.float64]:
    """Mean of the same weekday over the last weeks, shape ``(series, horizon)``.

    A weekday not seen yet gets the mean of all days seen, and a series never seen gets 0.
    """
    span = weeks * WEEK
    recent = demand[:, -span:]
    recent = np.pad(recent, ((0, 0), (span - recent.shape[1], 0)), constant_values=np.nan)
    by_weekday = _mean(recent.reshape(len(demand), weeks, WEEK), axis=1)
    overall = np.nan_to_num(_mean(demand, axis=1))[:, None]
    week = np.where(np.isnan(by_weekday), overall, by_weekday)
    return np.resize(week.T, (horizon_days, len(demand))).T


def _mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean of what is known; NaN, without a warning, where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
