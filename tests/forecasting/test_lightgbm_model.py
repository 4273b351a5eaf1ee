"""Tests for forecasting.lightgbm_model."""

from __future__ import annotations

import pickle
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting import FittedForecaster, Forecaster, LightGBM, SeasonalNaive, bucket, known_at, read_history
from forecasting.features import recipe
from groupage.errors import MissingLibraryError, PolicyError
from tests.forecasting.contract import ForecasterContract, run
from tests.forecasting.samples import factory_demand, long_frame

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


class TestLightGBM(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return LightGBM(trees=40)


def pinball(actual: np.ndarray, quantiles: np.ndarray) -> float:
    """Mean pinball loss, in units of each series' mean, of quantiles ``(levels, series, days)``."""
    levels = np.array(LEVELS)[:, None, None]
    error = (actual - quantiles) / actual.mean(axis=1)[:, None]
    return float(np.maximum(levels * error, (levels - 1) * error).mean())


def backtest(
    fitted: FittedForecaster, demand: pd.DataFrame, first: pd.Timestamp, origins: int, step: int, horizon: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quantiles, the 0.9 quantile of the sum of all series, and what came, over rolling origins."""
    wide = demand.pivot(index="unique_id", columns="ds", values="y").sort_index()
    quantiles, pooled, actual = [], [], []
    for k in range(origins):
        day = first + timedelta(days=step * k)
        forecast = fitted.forecast(known_at(demand, day.date(), horizon), horizon, 200, np.random.default_rng(k))
        assert list(forecast.series) == list(wide.index)
        quantiles.append(forecast.quantiles(LEVELS))
        pooled.append(np.quantile(forecast.pooled(forecast.series), 0.9, axis=1))
        actual.append(wide.loc[:, day : day + timedelta(days=horizon - 1)].to_numpy(dtype=float))
    return np.concatenate(quantiles, axis=2), np.concatenate(pooled), np.concatenate(actual, axis=1)


def test_real_demand(shared_dir: Path):
    """On real daily sales, pinball loss is well below seasonal naive's, and q90 covers about nine days in ten.

    Of single series as of their sum; over horizons of two weeks, from origins up to four months after the fit.
    """
    path = shared_dir / "demand" / "m5_store_dept" / "sales.parquet"
    if not path.is_file():
        pytest.skip("the m5_store_dept sales are missing from ../shared/demand")
    sales = pd.read_parquet(path, columns=["unique_id", "ds", "y"])
    chosen = sorted(sales["unique_id"].unique())[::7][:8]
    start, cut = pd.Timestamp("2013-06-03"), pd.Timestamp("2015-06-03")
    demand = sales[sales["unique_id"].isin(chosen) & sales["ds"].between(start, cut + timedelta(days=140))]
    history = demand[demand["ds"] < cut]
    model, pooled, actual = backtest(LightGBM().fit(history, 1), demand, cut, 9, 13, 14)
    naive, _, _ = backtest(SeasonalNaive().fit(history, 1), demand, cut, 9, 13, 14)
    mean_of_weeks, _, _ = backtest(SeasonalNaive(seasons=4).fit(history, 1), demand, cut, 9, 13, 14)
    assert pinball(actual, model) < 0.85 * pinball(actual, naive)
    assert pinball(actual, model) < pinball(actual, mean_of_weeks)
    assert 0.82 < (actual <= model[4]).mean() < 0.96
    assert 0.03 < (actual <= model[0]).mean() < 0.18
    assert 0.8 < (actual.sum(axis=0) <= pooled).mean() < 0.98


def test_finds_weekdays_and_promotions():
    """A weekly pattern and a doubling in planned promotion weeks are forecast, in weeks with and without promotion."""
    rng = np.random.default_rng(1)
    days = 420
    week = np.array([10.0, 12, 14, 12, 18, 4, 0])[np.arange(days) % 7]
    promotion = np.repeat(rng.random(days // 7) < 0.25, 7).astype(float)
    promotion[-28:-14] = 1.0
    promotion[-14:] = 0.0
    mean = week * (1 + promotion)
    demand = long_frame({s: rng.poisson(size * mean).astype(float) for s, size in (("a", 1.0), ("b", 4.0))}, promotion)
    first = pd.Timestamp("2024-01-01") + timedelta(days=days - 28)
    fitted = LightGBM().fit(demand[demand["ds"] < first], 1)
    forecast = fitted.forecast(known_at(demand, first.date(), 28), 28, 100, np.random.default_rng(1))
    found = forecast.paths.mean(axis=2)
    open_days = week[-28:] > 0
    for row, size in ((0, 1.0), (1, 4.0)):
        np.testing.assert_allclose(found[row, open_days], size * mean[-28:][open_days], rtol=0.25, atol=1.5 * size)
        assert found[row, ~open_days].max() < size
    with_promotion, without = found[:, :14].sum(), found[:, 14:].sum()
    assert 1.7 < with_promotion / without < 2.3


def test_unannounced_promotion_is_not_seen():
    """The promotion plan is used, and only the plan: without it the same day is forecast as an ordinary one."""
    demand = factory_demand(385)
    day = (pd.Timestamp("2024-01-01") + timedelta(days=350)).date()
    fitted = LightGBM().fit(known_at(demand, day), 1)
    planned = known_at(demand, day, 5)
    assert planned.loc[planned["y"].isna(), "promotion"].all()
    silent = planned.assign(promotion=planned["promotion"].where(planned["y"].notna(), 0.0))
    assert run(fitted, planned, 5).paths.sum() > 1.2 * run(fitted, silent, 5).paths.sum()


def test_threads_do_not_change_figures():
    """One and two threads give the same bytes."""
    # A small model: on a busy machine two threads wait for each other longer than they work.
    history = factory_demand(80)
    one, two = (run(LightGBM(trees=6, threads=n).fit(history, 1), history).paths.tobytes() for n in (1, 2))
    assert one == two


def test_seed_matters():
    """Another seed fits another model."""
    history = factory_demand(150)
    first, second = (run(LightGBM(trees=30).fit(history, seed), history).paths for seed in (1, 2))
    assert (first != second).any()


def test_closed_days_stay_closed():
    """Days on which a factory never ships get next to nothing on any path: no error of another weekday reaches them."""
    history = factory_demand(364)
    paths = run(LightGBM().fit(history, 1), history, 14).paths
    sundays = paths[:, [6, 13]]
    assert sundays.mean() < 0.02 * paths.mean()


def test_forecasts_leave_the_model_alone():
    """Looking ahead from a shorter record keeps nothing of it: the fitted model stays as it was, to the byte."""
    history = factory_demand(90)
    fitted = LightGBM(trees=5).fit(history, 1)
    before = pickle.dumps(fitted)
    run(fitted, known_at(history, date(2024, 2, 20), 5))
    assert pickle.dumps(fitted) == before


def test_days_without_stock_hardly_pull_the_forecast_down():
    """A week in which a lane's stock ran out leaves most of its forecast, where an unmarked one halves it."""
    history = factory_demand(140)
    out = (history["ds"] >= history["ds"].max() - timedelta(days=6)) & (history["unique_id"] == "F1|75|dairy")
    short = history.assign(y=history["y"].where(~out, 0.0), stockout=out)
    whole, marked, silent = (
        run(LightGBM(trees=40).fit(d, 1), d).paths[2].mean() for d in (history, short, short.drop(columns="stockout"))
    )
    assert marked > 0.75 * whole
    assert marked > 1.15 * silent


def test_late_lane():
    """A lane that had no demand until lately is forecast in its own size, without errors from before."""
    history = long_frame({"early": np.tile([3.0, 5.0, 4.0], 40), "late": np.repeat([0.0, 700.0, 900.0], [80, 20, 20])})
    paths = run(LightGBM(trees=40).fit(history, 1), history).paths
    assert paths[1].max() < 4000.0


def test_many_rows_are_cut(monkeypatch: pytest.MonkeyPatch):
    """Beyond the limit on rows only the newest periods are learned from: an older pattern has no say."""
    monkeypatch.setattr(bucket, "MAX_ROWS", 2 * 200)
    old, new = np.tile([1.0, 9.0], 150), np.tile([5.0, 5.0], 150)
    changed, steady = (long_frame({s: np.concatenate([first, new]) for s in "ab"}) for first in (old, new))
    panels = [read_history(frame) for frame in (changed, steady)]
    chosen = recipe(panels[0], 7)
    learned = [bucket._learn(bucket.sight(panel), chosen, 5, 1, 1)[0] for panel in panels]
    probe = np.ones((1, len(bucket.table(panels[0], panels[0].demand, np.ones((2, 2)), chosen, 590, 600).names)))
    assert learned[0].predict(probe) == pytest.approx(learned[1].predict(probe), rel=0.05)


@pytest.mark.parametrize("key", ["trees", "threads"])
def test_parameters_out_of_range(key: str):
    """No tree or no thread is refused by name."""
    with pytest.raises(PolicyError, match=f"{key} is 0, expected at least 1"):
        LightGBM(**{key: 0})


def test_a_missing_openmp_library_is_named(monkeypatch: pytest.MonkeyPatch):
    """Where LightGBM's own library cannot load, the error names what is missing and how to get it."""
    said = "libgomp.so.1: cannot open shared object file: No such file or directory"

    class NoOpenMP:
        """What the import system meets on a small Debian."""

        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "lightgbm":
                raise OSError(said)

    for name in [name for name in sys.modules if name.partition(".")[0] == "lightgbm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoOpenMP(), *sys.meta_path])
    with pytest.raises(MissingLibraryError) as caught:
        LightGBM(trees=2).fit(factory_demand(100), 1)
    assert said in str(caught.value)
    assert "apt install libgomp1" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
