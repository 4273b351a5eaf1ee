"""Seasonal naive: the next season is like the last ones, and as wrong as it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import read_history
from forecasting.model_state import ModelState
from forecasting.panel import Panel, extend, panel_from_state, panel_state
from forecasting.resampling import add_blocks, draw_origins, fill_missing
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

# Errors come from so many past origins, and reach at most so many periods ahead in one block.
MAX_ORIGINS = 52
MAX_BLOCK = 28
# In a season no longer than this, such as a week, each place has errors of its own: a Sunday is no Monday.
WEEK = 7


class SeasonalNaive:
    """The mean of the same place in the last seasons, such as weekdays, with the errors that this rule made before.

    Parameters
    ----------
    seasons
        How many seasons the mean takes; 1 is the classic rule.
    """

    name: str = "seasonal_naive"

    def __init__(self, seasons: int = 1) -> None:
        if seasons < 1:
            raise PolicyError([Problem("forecaster seasonal_naive", "seasons", str(seasons), "at least 1")])
        self.seasons = seasons

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedSeasonalNaive:
        """Keep the history; nothing is estimated, so the seed plays no part.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        """
        return FittedSeasonalNaive(read_history(history), self.seasons)

    def restore(self, state: ModelState) -> FittedSeasonalNaive:
        """Put a fitted one together again."""
        return FittedSeasonalNaive(panel_from_state(state.spec["history"], state.arrays), state.spec["seasons"])


class FittedSeasonalNaive:
    """A history, and the rule's way to look ahead from it."""

    def __init__(self, history: Panel, seasons: int) -> None:
        self._history = history
        self._seasons = seasons

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the periods that follow ``recent`` for every series of the history or of ``recent``.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self._history, read_history(recent, "recent", like=self._history))
        return naive_forecast(known, self._seasons, horizon, paths, rng)

    def update(self, recent: pd.DataFrame | Panel) -> FittedSeasonalNaive:
        """Take in what came since."""
        known = extend(self._history, read_history(recent, "recent", like=self._history))
        return FittedSeasonalNaive(known, self._seasons)

    def state(self) -> ModelState:
        """Take itself apart."""
        spec, arrays = panel_state(self._history)
        return ModelState(SeasonalNaive.name, {"history": spec, "seasons": self._seasons}, arrays=arrays)


def naive_forecast(known: Panel, seasons: int, horizon: int, paths: int, rng: Generator) -> Forecast:
    """Seasonal naive sample paths for the periods after a panel.

    With little more than one season of history there is no past forecast to be wrong: the errors are then the periods'
    deviations from each series' mean. Series with too short a history borrow scaled errors from the others. Closed
    periods are 0.
    """
    demand, season = known.observed(), known.season
    step = season if season <= WEEK else 1
    length = min(step * -(-min(horizon, MAX_BLOCK) // step), (known.periods - season) // step * step)
    if length >= 1:
        origins = np.arange(known.periods - length, season - 1, -step)[:MAX_ORIGINS]
        errors = np.stack(
            [demand[:, o : o + length] - seasonal_mean(demand[:, :o], season, seasons, length) for o in origins]
        )
        unseen = np.isnan(known.demand[:, origins - 1]).T
        errors[unseen] = np.nan
    else:
        errors = (demand - seasonal_mean(demand, season, seasons, 1)).T[:, :, None]
    # Origins lie whole weeks back, so all have the weekday of the first day to forecast.
    drawn = draw_origins(lambda _: np.arange(len(errors)), horizon, errors.shape[2], paths, rng)
    scale = known.scale()
    scaled = fill_missing(errors / np.where(scale > 0, scale, 1.0)[None, :, None], rng)
    point = seasonal_mean(demand, season, seasons, horizon)
    sampled = add_blocks(point, scaled * scale[None, :, None], drawn)
    sampled[known.closed(known.periods + horizon)[:, known.periods :]] = 0.0
    return Forecast(known.series, known.next_period, sampled, known.freq)


def seasonal_mean(demand: NDArray[np.float64], season: int, seasons: int, horizon: int) -> NDArray[np.float64]:
    """Mean of the same place in the last seasons, shape ``(series, horizon)``.

    A place not seen yet gets the mean of all periods seen, and a series never seen gets 0.
    """
    span = seasons * season
    recent = demand[:, -span:]
    recent = np.pad(recent, ((0, 0), (span - recent.shape[1], 0)), constant_values=np.nan)
    by_place = _mean(recent.reshape(len(demand), seasons, season), axis=1)
    overall = np.nan_to_num(_mean(demand, axis=1))[:, None]
    cycle = np.where(np.isnan(by_place), overall, by_place)
    return np.resize(cycle.T, (horizon, len(demand))).T


def _mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean of what is known; NaN, without a warning, where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
