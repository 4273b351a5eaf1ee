"""LightGBM: one model for all series it is given, on lags and the calendar, with its own past errors as sample paths.

The point forecast is a mean in units of each series' usual demand, predicted day by day, each day fed to the next
through mlforecast. Its errors are measured, not assumed: models that stop learning half a year and a year before the
end forecast from every later day, two weeks ahead, and what they got wrong is drawn in whole blocks
(`forecasting.resampling`).

The model is global over the series of one call. Whose series may learn from each other is the caller's affair.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.forecast import FittedForecaster, Forecast
from forecasting.history import read_history
from forecasting.panel import Panel, extend
from forecasting.resampling import add_blocks, draw_origins, fill_missing
from forecasting.seasonal_naive import naive_forecast
from groupage.errors import InputError, MissingLibraryError, PolicyError, Problem

if TYPE_CHECKING:
    from mlforecast import MLForecast
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.model_state import ModelState

# Below eight weeks there is too little to learn from and to be tested on.
MIN_DAYS = 56
NAIVE_SEASONS = 4
# With less than a year and a half, the place in the year only tells the past from the present.
MIN_SEASON_DAYS = 548
# The longest lag is four weeks.
LOOKBACK_DAYS = 35
BLOCK_DAYS = 14
TEST_PERIODS = 2
MAX_TEST_DAYS = 182
# Past forecasts (origins times series) made to measure errors, unless each weekday then had fewer than four origins.
MAX_TEST_FORECASTS = 6000
MAX_ORIGIN_STEP = 13


class LightGBM:
    """Gradient-boosted trees through mlforecast.

    Parameters
    ----------
    trees
        Boosting rounds.
    threads
        For training and prediction; the figures do not depend on it.
    """

    name: str = "lightgbm"

    def __init__(self, trees: int = 150, threads: int = 1) -> None:
        for key, value in (("trees", trees), ("threads", threads)):
            if value < 1:
                raise PolicyError([Problem("forecaster lightgbm", key, str(value), "at least 1")])
        self.trees = trees
        self.threads = threads

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedForecaster:
        """Learn from a history and measure the errors.

        With less than eight weeks, or no demand before the last half of the record, the seasonal naive rule stays.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        MissingLibraryError
            Where LightGBM cannot load, as on a system without OpenMP.
        """
        panel = read_history(history)
        period = min(MAX_TEST_DAYS, panel.periods // (2 * TEST_PERIODS))
        if (
            panel.freq != "D"
            or panel.periods < MIN_DAYS
            or not panel.scale(panel.periods - TEST_PERIODS * period).any()
        ):
            return FittedLightGBM(panel, None)
        step = max(1, min(MAX_ORIGIN_STEP, TEST_PERIODS * period * len(panel.series) // MAX_TEST_FORECASTS))
        # A step of whole weeks would leave weekdays out.
        step += step % 7 == 0
        tested = []
        for periods_back in range(TEST_PERIODS, 0, -1):
            cut = panel.periods - periods_back * period
            origins = np.arange(cut, min(cut + period, panel.periods - BLOCK_DAYS + 1), step)
            tested.append((origins, self._errors(panel, cut, origins, seed)))
        blocks = fill_missing(np.concatenate([errors for _, errors in tested]), np.random.default_rng(seed))
        origins = np.concatenate([origins for origins, _ in tested])
        weekdays = (origins + panel.first.weekday()) % 7
        return FittedLightGBM(panel, _Trained(self._train(panel, panel.periods, seed), blocks, weekdays))

    def restore(self, state: ModelState) -> FittedLightGBM:
        """Put a fitted one together again."""
        raise InputError("lightgbm cannot be restored yet")

    def _train(self, panel: Panel, days: int, seed: int) -> MLForecast:
        """Fit the global model to the first ``days`` columns."""
        # Imported here: mlforecast takes seconds to load, which only those who train should wait for.
        try:
            from lightgbm import LGBMRegressor
        except OSError as error:
            raise MissingLibraryError(
                f"LightGBM does not load ({error}). It needs the system's OpenMP library: on Debian and Ubuntu "
                "`apt install libgomp1`, on macOS `brew install libomp`; or choose another forecaster, such as "
                "seasonal_naive."
            ) from error
        from mlforecast import MLForecast
        from mlforecast.lag_transforms import RollingMean, SeasonalRollingMean

        season = [season_sine, season_cosine] if days >= MIN_SEASON_DAYS else []
        model = MLForecast(
            LGBMRegressor(
                # A mean that is never negative and in which weekday, season and promotion multiply.
                objective="poisson",
                n_estimators=self.trees,
                learning_rate=0.06,
                num_leaves=10,
                min_child_samples=10,
                colsample_bytree=0.8,
                subsample=0.8,
                subsample_freq=1,
                deterministic=True,
                force_row_wise=True,
                random_state=seed,
                n_jobs=self.threads,
                verbose=-1,
            ),
            freq="D",
            lags=[1, 7, 14, 21, 28],
            lag_transforms={
                1: [RollingMean(7, min_samples=1), RollingMean(28, min_samples=1)],
                7: [SeasonalRollingMean(7, 4, min_samples=1)],
            },
            date_features=["dayofweek", "day", *season],
            num_threads=self.threads,
        )
        scaled = panel.demand[:, :days] / _divisor(panel.scale(days))[:, None]
        known = ~np.isnan(scaled)
        row, day = np.nonzero(known)
        frame = _frame(panel, row, day, panel.feature("promotion", days)[known]).assign(y=scaled[known])
        model.fit(frame, static_features=[], dropna=False)
        return model

    def _errors(self, panel: Panel, cut: int, origins: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """Errors on later days of a model that knows only the days before ``cut``.

        Returns
        -------
            Shape ``(origins, series, BLOCK_DAYS)``, in each series' scale at ``cut``; NaN for a series that had not
            started by then.
        """
        scale = panel.scale(cut)
        divisor = _divisor(scale)
        predicted = _predict(self._train(panel, cut, seed), panel, divisor, origins, BLOCK_DAYS)
        actual = np.stack([panel.demand[:, o : o + BLOCK_DAYS] for o in origins]) / divisor[:, None]
        errors = actual - predicted
        errors[:, scale == 0] = np.nan
        return errors


@dataclass(frozen=True, eq=False)
class _Trained:
    """A model and its past errors, in scaled units: blocks of shape ``(origins, series, BLOCK_DAYS)``."""

    model: MLForecast
    blocks: NDArray[np.float64]
    weekdays: NDArray[np.int64]


class FittedLightGBM:
    """A trained model with its past errors; without one where the history had too little to learn from."""

    def __init__(self, history: Panel, trained: _Trained | None) -> None:
        self._history = history
        self._trained = trained

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the days that follow ``recent`` for every series of the history or of ``recent``.

        The model is not trained again: lags and scales come from ``recent``, and from the history for the days before
        it. A series that the model has not seen is predicted like the others and borrows their scaled errors.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self._history, read_history(recent, "recent", like=self._history))
        if self._trained is None:
            return naive_forecast(known, NAIVE_SEASONS, horizon, paths, rng)
        scale = known.scale()
        origin = np.array([known.periods])
        point = _predict(self._trained.model, known, _divisor(scale), origin, horizon)[0]
        blocks, weekdays, first = self._trained.blocks, self._trained.weekdays, known.next_period.weekday()
        drawn = draw_origins(lambda start: _of_weekday(weekdays, first + start), horizon, BLOCK_DAYS, paths, rng)
        if known.series != self._history.series:
            widened = np.full((len(blocks), len(known.series), BLOCK_DAYS), np.nan)
            widened[:, np.isin(known.series, self._history.series)] = blocks
            blocks = fill_missing(widened, rng)
        sampled = add_blocks(point, blocks, drawn)
        return Forecast(known.series, known.next_period, sampled * scale[:, None, None])

    def update(self, recent: pd.DataFrame | Panel) -> FittedLightGBM:
        """Take in what came since; the model and its errors stay."""
        return FittedLightGBM(extend(self._history, read_history(recent, "recent", like=self._history)), self._trained)

    def state(self) -> ModelState:
        """Take itself apart."""
        raise InputError("lightgbm cannot be taken apart yet")


def season_sine(days: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Place in the year, as a sine."""
    return np.asarray(np.sin(2 * np.pi * days.dayofyear / 365.25))


def season_cosine(days: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Place in the year, as a cosine."""
    return np.asarray(np.cos(2 * np.pi * days.dayofyear / 365.25))


def _of_weekday(weekdays: NDArray[np.int64], weekday: int) -> NDArray[np.intp]:
    """Origins on a weekday; all where there is none."""
    same = np.flatnonzero(weekdays == weekday % 7)
    return same if len(same) else np.arange(len(weekdays))


def _divisor(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scale, 1 where a series has shown no demand yet."""
    return np.where(scale > 0, scale, 1.0)


def _predict(
    model: MLForecast, panel: Panel, divisor: NDArray[np.float64], origins: NDArray[np.int64], horizon: int
) -> NDArray[np.float64]:
    """Scaled point forecasts from several origins in one call: each series cut at each origin is a series of its own.

    Returns
    -------
        Shape ``(origins, series, horizon)``; 0 for a series that had not started by the origin.
    """
    count = len(panel.series)
    scaled = panel.demand / divisor[:, None]
    promotion = panel.feature("promotion", panel.periods + horizon)
    origin, row = (grid.ravel() for grid in np.meshgrid(origins, np.arange(count), indexing="ij"))

    back = origin[:, None] - np.arange(min(LOOKBACK_DAYS, int(origins.max())), 0, -1)
    seen = back >= 0
    seen[seen] = ~np.isnan(scaled[np.broadcast_to(row[:, None], back.shape)[seen], back[seen]])
    started = seen.any(axis=1)
    cut_series, place = np.nonzero(seen)
    days, rows = back[cut_series, place], row[cut_series]
    past = _frame(panel, cut_series, days, promotion[rows, days]).assign(y=scaled[rows, days])

    starting = np.flatnonzero(started)
    ids = np.repeat(starting, horizon)
    days = origin[ids] + np.tile(np.arange(horizon), len(starting))
    ahead = _frame(panel, ids, days, promotion[row[ids], days])

    predicted = np.zeros((len(origin), horizon))
    if len(starting):
        with warnings.catch_warnings():
            # Young series have no value four weeks back; LightGBM knows what to do with that.
            warnings.filterwarnings("ignore", message="Found null values", category=UserWarning)
            # Predicting from new data replaces a field of the model: of this copy, so that a forecast changes nothing.
            answer = copy.copy(model).predict(horizon, new_df=past, X_df=ahead)
        predicted[starting] = answer.iloc[:, -1].to_numpy().reshape(len(starting), horizon)
    return predicted.reshape(len(origins), count, horizon)


def _frame(panel: Panel, ids: NDArray[Any], days: NDArray[Any], promotion: NDArray[np.float64]) -> pd.DataFrame:
    """Long frame as mlforecast wants it, from series numbers and columns."""
    first = np.datetime64(panel.first, "ns")
    stamps = first + days.astype("timedelta64[D]")
    return pd.DataFrame({"unique_id": ids, "ds": stamps, "promotion": promotion})
