"""Tests for forecasting.auto_ets."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from forecasting import AutoETS, Forecaster
from forecasting.auto_ets import _between
from groupage.errors import MissingLibraryError, PolicyError
from tests.forecasting.contract import ForecasterContract, run
from tests.forecasting.samples import long_frame

models = pytest.importorskip("statsforecast.models")


class TestAutoETS(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return AutoETS()


def trending(days: int = 120) -> np.ndarray:
    """A weekly pattern on a slope, with noise."""
    rng = np.random.default_rng(2)
    return 40 + 0.3 * np.arange(days) + np.tile([5.0, 3, 0, 1, 8, -9, -12], 40)[:days] + rng.normal(0, 2, days)


def test_quantiles_are_the_librarys():
    """Paths have the quantiles of statsforecast's own intervals."""
    demand = trending()
    history = long_frame({"a": demand})
    forecast = AutoETS().fit(history, 1).forecast(history, 14, 2000, np.random.default_rng(1))
    scale = demand.mean()
    told = models.AutoETS(season_length=7).forecast(demand / scale, 14, level=[80])
    ours = forecast.quantiles([0.1, 0.5, 0.9])[:, 0]
    expected = scale * np.stack([told["lo-80"], told["mean"], told["hi-80"]])
    np.testing.assert_allclose(ours, expected, rtol=0.01)


def test_between_the_ends_is_normal():
    """Where the ends are a normal distribution's, so is what lies between them and beyond."""
    from scipy.stats import norm

    from forecasting.auto_ets import ENDS

    levels = np.array([0.003, 0.05, 0.3, 0.5, 0.999])
    ends = norm.ppf(ENDS, 10, 3)[:, None]
    np.testing.assert_allclose(_between(ends, levels)[0], norm.ppf(levels, 10, 3))


def test_long_seasons_are_left_out():
    """A year of weeks is more than ETS takes: the forecast is that of a model without a season."""
    weeks = pd.date_range("2022-01-03", periods=110, freq="W-MON")
    history = pd.DataFrame({"unique_id": "a", "ds": weeks, "y": trending(110)})
    forecast = AutoETS().fit(history, 1).forecast(history, 8, 500, np.random.default_rng(1))
    told = models.AutoETS(season_length=1).forecast(history["y"].to_numpy() / history["y"].mean(), 8, level=[80])
    np.testing.assert_allclose(forecast.quantiles([0.5])[0, 0], history["y"].mean() * told["mean"], rtol=0.01)


def test_unknown_days_are_bridged():
    """A censored day in the record leaves a forecast near that of the whole record."""
    history = long_frame({"a": trending()})
    capped = history.assign(capped=history.index == 70)
    capped.loc[70, "y"] = 1.0
    whole, bridged = (run(AutoETS().fit(h, 1), h).paths.mean(axis=2) for h in (history, capped))
    np.testing.assert_allclose(bridged, whole, rtol=0.05)


def test_without_statsforecast(monkeypatch: pytest.MonkeyPatch):
    """Where the library is missing the error says what to install, on fitting and on restoring."""
    history = long_frame({"a": trending()})
    state = AutoETS().fit(history, 1).state()
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'groupage\[ets\]'"):
        AutoETS().fit(history, 1)
    with pytest.raises(MissingLibraryError, match="statsforecast"):
        AutoETS().restore(state)


def test_bad_season():
    """A season of no period is refused by name."""
    with pytest.raises(PolicyError, match="season is 0, expected at least 1 period"):
        AutoETS(season=0)
