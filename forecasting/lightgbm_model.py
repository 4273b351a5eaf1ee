"""LightGBM: one model for all series it is given, made of several, judged on what none of them had seen.

For each bucket of the horizon there are a mean with its pooled past errors, direct models of every quantile, and the
empirical quantiles of each series' own past (`forecasting.bucket`); what is averaged of them, and corrected, is decided
by a part of the record that they did not learn from (`forecasting.ensemble`). Paths put the quantiles together as the
past did (`forecasting.paths`).

The model is global over the series of one call. Whose series may learn from each other is the caller's affair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.bucket import Bucket, bucket_quantiles, newer_errors, sight, train_bucket
from forecasting.calendar import holiday_dates
from forecasting.cold_start import group_quantiles, own_share
from forecasting.features import recipe
from forecasting.forecast import Forecast
from forecasting.history import read_history
from forecasting.levels import LEVELS
from forecasting.model_state import ModelState
from forecasting.panel import Panel, extend, panel_from_state, panel_state
from forecasting.paths import draw_templates, joint_paths
from forecasting.rest_days import rest_days
from forecasting.seasonal_naive import naive_forecast
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

# Below eight weeks of days, half a year of weeks or two years of months there is too little to learn and be tested on.
MIN_PERIODS = {"D": 56, "W": 26, "MS": 24}
NAIVE_SEASONS = {"D": 4, "W": 1, "MS": 1}
# The last part of the record judges what the models learned from the rest: a quarter, at most so much.
MAX_JUDGED = {"D": 84, "W": 16, "MS": 9}
HORIZON = {"D": 14, "W": 8, "MS": 3}
BUCKETS = {"D": (7, 14, 28, 56), "W": (1, 2, 4, 8, 13, 26), "MS": (1, 2, 3, 6, 12)}


class LightGBM:
    """Gradient-boosted trees on mlforecast's features.

    Parameters
    ----------
    horizon
        How many periods ahead the models look; 14 days, 8 weeks or 3 months if ``None``. Beyond, the models of the
        last season within it speak, with the lags that they saw there and the calendar of the later periods.
    trees
        Boosting rounds of each model at most; on the days that judge, half or a quarter may turn out better.
    threads
        For training and prediction; the figures do not depend on it.
    country, subdivision
        Whose public holidays matter, such as ``DE`` and ``BY`` (`forecasting.calendar`).
    """

    name: str = "lightgbm"

    def __init__(
        self,
        horizon: int | None = None,
        trees: int = 120,
        threads: int = 1,
        country: str | None = None,
        subdivision: str | None = None,
    ) -> None:
        for key, value in (("horizon", horizon), ("trees", trees), ("threads", threads)):
            if value is not None and value < 1:
                raise PolicyError([Problem("forecaster lightgbm", key, str(value), "at least 1")])
        if country is not None:
            holiday_dates(country, subdivision, range(2020, 2021))
        elif subdivision is not None:
            raise PolicyError([Problem("forecaster lightgbm", "subdivision", repr(subdivision), "a country with it")])
        self.horizon = horizon
        self.trees = trees
        self.threads = threads
        self.country = country
        self.subdivision = subdivision

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedLightGBM:
        """Learn from a history, and judge what was learned.

        With too short a record (`MIN_PERIODS`), or no demand before the part that judges, seasonal naive stays.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        MissingLibraryError
            Where LightGBM cannot load, as on a system without OpenMP.
        """
        panel = read_history(history)
        kind = panel.freq.partition("-")[0]
        cut = panel.periods - min(MAX_JUDGED[kind], panel.periods // 4)
        if panel.periods < MIN_PERIODS[kind] or not panel.scale(cut).any():
            return FittedLightGBM(panel, (), self.threads)
        horizon = self.horizon or HORIZON[kind]
        buckets = []
        for reach in _reaches(kind, horizon, cut):
            chosen = recipe(panel.until(cut), reach, self.country, self.subdivision)
            buckets.append(train_bucket(panel, cut, chosen, self.trees, seed, self.threads))
        return FittedLightGBM(panel, tuple(buckets), self.threads)

    def restore(self, state: ModelState) -> FittedLightGBM:
        """Put a fitted one together again."""
        from forecasting.lightgbm_state import buckets_from_state

        panel = panel_from_state(state.spec["history"], state.arrays)
        return FittedLightGBM(panel, buckets_from_state(state), self.threads)


@dataclass(frozen=True, eq=False)
class FittedLightGBM:
    """Trained models with what they were judged by; without any where the history had too little to learn from."""

    history: Panel
    buckets: tuple[Bucket, ...]
    threads: int = 1

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the periods that follow ``recent`` for every series of the history or of ``recent``.

        Nothing is trained again: lags and scales come from ``recent``, and from the history for the periods before it.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self.history, read_history(recent, "recent", like=self.history))
        if not self.buckets or known.periods <= self.buckets[0].recipe.reach:
            return naive_forecast(known, NAIVE_SEASONS[known.freq.partition("-")[0]], horizon, paths, rng)
        templates = draw_templates(known, horizon, paths, rng)
        sampled = joint_paths(known, self.quantiles(known, horizon), templates)
        return Forecast(known.series, known.next_period, sampled, known.freq)

    def quantiles(self, known: Panel, horizon: int) -> NDArray[np.float64]:
        """Quantiles at `forecasting.levels.LEVELS` of the periods after a panel, ``(levels, series, horizon)``."""
        view = sight(known)
        farthest = self.buckets[-1].recipe.reach
        answer = np.empty((len(LEVELS), len(known.series), max(horizon, farthest)))
        start = 0
        for bucket in self.buckets:
            stop = bucket.recipe.reach
            if start < horizon:
                first, last = known.periods + start, known.periods + stop
                answer[:, :, start:stop] = bucket_quantiles(bucket, view, first, last, self.threads)
            start = stop
        # Beyond the models' reach: what they say of the last season within it, with what is known of the later one.
        farther = self.buckets[-1]
        season = known.season if known.season <= farthest else farthest
        for start in range(farthest, horizon, season):
            beyond = start - farthest + season
            begin, end = known.periods + farthest - season, known.periods + farthest
            found = bucket_quantiles(farther, view, begin, end, self.threads, beyond)
            answer[:, :, start : start + season] = found[:, :, : horizon - start]
        answer = answer[:, :, :horizon]
        share = own_share(known)
        young = np.flatnonzero(share < 1)
        if len(young):
            columns = known.periods + np.arange(horizon)
            group = group_quantiles(known, young, columns)
            own = answer[:, young]
            mixed = share[young][:, None] * np.nan_to_num(own) + (1 - share[young])[:, None] * group
            # Who has nobody like it stands by itself.
            answer[:, young] = np.nan_to_num(np.where(np.isnan(group), own, mixed))
        answer[:, rest_days(known, known.periods + np.arange(horizon))] = 0.0
        # A series that has only ever had zeros has no unit to be forecast in.
        dead = (share > 0) & (known.scale() == 0)
        answer[:, dead] = 0.0
        answer[:, known.closed(known.periods + horizon)[:, known.periods :]] = 0.0
        return answer

    def update(self, recent: pd.DataFrame | Panel) -> FittedLightGBM:
        """Take in what came since: history, scales and past errors; the models stay as they were trained."""
        known = extend(self.history, read_history(recent, "recent", like=self.history))
        start = self.history.periods + (self.history.first_number - known.first_number)
        if not self.buckets or known.periods <= start:
            return replace(self, history=known)
        view = sight(known)
        return replace(
            self, history=known, buckets=tuple(newer_errors(b, view, start, self.threads) for b in self.buckets)
        )

    def state(self) -> ModelState:
        """Take itself apart."""
        from forecasting.lightgbm_state import buckets_state

        spec, arrays = panel_state(self.history)
        bucket_spec, boosters, bucket_arrays = buckets_state(self.buckets)
        everything: dict[str, Any] = {"history": spec, "buckets": bucket_spec}
        return ModelState(LightGBM.name, everything, boosters, arrays | bucket_arrays)


def _reaches(kind: str, horizon: int, periods: int) -> list[int]:
    """Last periods of the buckets, so that the last holds the horizon and all can be learned."""
    able = [reach for reach in BUCKETS[kind] if reach <= periods // 2]
    reaches = [reach for reach in able if reach < horizon]
    return [*reaches, min([reach for reach in able if reach >= horizon], default=reaches[-1] if reaches else able[-1])]
