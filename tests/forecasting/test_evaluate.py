"""Tests for forecasting.evaluate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting import FORECASTERS, Forecast, MovingAverage, Panel, SeasonalNaive, read_history
from forecasting.evaluate import YARDSTICK, Evaluation, default_pools, evaluate, folds_of, forecast_fold
from forecasting.measures import LEVELS, coverage, naive_quantiles, reservation_regret, scaled_pinball_loss, wape
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand, long_frame

LEARNED = sorted(set(FORECASTERS) - {"oracle"})


def judged(panel: Panel, **more: object) -> Evaluation:
    given = {"horizon": 14, "folds": 3, "seed": 5, "paths": 60} | more
    return evaluate(panel, {"moving_average": MovingAverage(), "classic": SeasonalNaive()}, **given)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return read_history(factory_demand(140))


def test_folds_are_the_last_periods(panel: Panel):
    """Folds follow each other without overlap to the end of the record, and know all that was before them."""
    folds = list(folds_of(panel, 14, 3))
    assert [fold.known.periods for fold in folds] == [98, 112, 126]
    np.testing.assert_array_equal(np.hstack([fold.actual for fold in folds]), panel.demand[:, 98:])
    for fold in folds:
        np.testing.assert_array_equal(fold.known.demand, panel.demand[:, : fold.known.periods])
        assert fold.known.ahead["promotion"].shape[1] == fold.known.periods + 14


@pytest.mark.parametrize("name", LEARNED)
def test_no_fold_sees_a_lane_from_the_future(name: str):
    """A lane whose first row lies ahead is not shown to a fold, and changes no forecast of the lanes that are."""
    if name == "auto_ets":
        pytest.importorskip("statsforecast")
    lanes = factory_demand(140)
    rng = np.random.default_rng(1)
    planted = long_frame({"F1|00|planted": rng.poisson(500, 28).astype(float)}, np.ones(28), start="2024-04-22")
    clean = read_history(lanes)
    dirty = read_history(pd.concat([lanes, planted], ignore_index=True))
    seen = [name for fold in folds_of(dirty, 14, 3) for name in fold.known.series]
    assert seen.count("F1|00|planted") == 1  # the last fold alone begins after its first row
    for one, other in list(zip(folds_of(clean, 14, 3), folds_of(dirty, 14, 3), strict=True))[:2]:
        assert one.known.series == other.known.series
        told = [forecast_fold(fold, FORECASTERS[name](), 1, 20).paths.tobytes() for fold in (one, other)]
        assert told[0] == told[1]


@pytest.mark.parametrize("name", LEARNED)
def test_shuffling_the_future_changes_no_forecast(name: str, panel: Panel):
    """A fold's forecasts are the same to the byte when all demand from it on is shuffled among days and lanes."""
    if name == "auto_ets":
        pytest.importorskip("statsforecast")
    demand = panel.demand.copy()
    future = demand[:, 98:].ravel()
    demand[:, 98:] = np.random.default_rng(2).permutation(future).reshape(3, -1)
    plain, mixed = (next(folds_of(p, 14, 3)) for p in (panel, replace(panel, demand=demand)))
    assert not np.array_equal(plain.actual, mixed.actual)
    told = [forecast_fold(fold, FORECASTERS[name](), 1, 20).paths.tobytes() for fold in (plain, mixed)]
    assert told[0] == told[1]


def test_promotions_beyond_the_horizon_are_not_seen(panel: Panel):
    """What is planned for later than a fold's horizon changes nothing that the fold knows."""
    later = {name: values.copy() for name, values in panel.ahead.items()}
    later["promotion"][:, 112:] = 7.0
    one, other = (next(folds_of(p, 14, 3)).known for p in (panel, replace(panel, ahead=later)))
    np.testing.assert_array_equal(one.ahead["promotion"], other.ahead["promotion"])


def test_measures_are_the_measures(panel: Panel):
    """The yardstick's figures are those that the functions of forecasting.measures give, fold by fold."""
    told = judged(panel).measures()[YARDSTICK]
    spl, actual, quantiles = [], [], []
    for fold in folds_of(panel, 14, 3):
        naive = naive_quantiles(fold.known.demand, 7, 14)
        spl.append(scaled_pinball_loss(fold.actual, naive, fold.known.demand).mean())
        actual.append(fold.actual)
        quantiles.append(naive)
    all_actual, all_quantiles = np.hstack(actual), np.concatenate(quantiles, axis=2)
    assert told["spl"] == pytest.approx(np.mean(spl))
    assert told["wape"] == pytest.approx(wape(all_actual, all_quantiles[3]))
    assert list(told["coverage"].values()) == pytest.approx(coverage(all_actual, all_quantiles).tolist())
    assert told["regret"]["0.9"] == pytest.approx(reservation_regret(all_actual, all_quantiles[5], 0.9))


def test_groups_add_up(panel: Panel):
    """Every lane is in one class, its own figures weighted by demand make the set's, and classes come from the past."""
    found = judged(panel)
    lanes = found.measures("unique_id")
    assert list(lanes) == list(panel.series)
    demand = found.lanes[found.lanes["forecaster"] == YARDSTICK].groupby("unique_id")["demand"].sum()
    total = sum(lanes[s][YARDSTICK]["wape"] * demand[s] for s in panel.series) / demand.sum()
    assert total == pytest.approx(found.measures()[YARDSTICK]["wape"])
    assert sum(group["lanes"] for group in found.measures("class").values()) == 3


class Perfect:
    """Knows what comes: two paths around the truth, near enough to be told apart."""

    name = "perfect"

    def __init__(self, truth: Panel) -> None:
        self.truth = truth

    def fit(self, history: Panel, seed: int) -> Perfect:
        return self

    def forecast(self, recent: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Forecast:
        rows = [self.truth.series.index(s) for s in reversed(recent.series)]
        told = self.truth.demand[rows, recent.periods : recent.periods + horizon]
        return Forecast(tuple(reversed(recent.series)), recent.next_period, np.repeat(told[:, :, None], paths, 2))


def test_who_knows_is_never_wrong(panel: Panel):
    """The truth as forecast has no loss, no error, no regret and covers everything, in whatever order it comes."""
    told = evaluate(panel, {"perfect": Perfect(panel)}, horizon=7, folds=2, seed=1, paths=4).measures()["perfect"]
    assert told["spl"] == told["wape"] == told["bias"] == told["pool_regret"]["0.9"] == 0
    assert set(told["coverage"].values()) == {1.0}


def test_pool_figures(panel: Panel):
    """A pool's regret is that of the joint quantile against the sum, and the ratio compares it with its members'."""
    forecaster = MovingAverage()
    found = evaluate(panel, {"m": forecaster}, horizon=14, folds=1, seed=3, paths=80, pools={"all": panel.series})
    (fold,) = folds_of(panel, 14, 1)
    paths = forecast_fold(fold, forecaster, 3, 80).paths
    joint = np.quantile(paths.sum(axis=0), 0.9, axis=1)
    alone = np.quantile(paths, 0.9, axis=2)
    told = found.measures()["m"]
    regret = reservation_regret(fold.actual.sum(axis=0), joint, 0.9)
    assert told["pool_regret"]["0.9"] == pytest.approx(regret)
    assert told["pool_regret_ratio"]["0.9"] == pytest.approx(regret / reservation_regret(fold.actual, alone, 0.9))


def test_pools_of_seven():
    """Without pools of its own a set is pooled seven lanes at a time; a single rest is in none."""
    pools = default_pools([f"{n:02}" for n in range(15)])
    assert [len(members) for members in pools.values()] == [7, 7]
    assert list(pools) == ["00 to 06", "07 to 13"]


def test_censored_days_are_not_judged(panel: Panel):
    """A day on which stock ran out counts in no measure: any figure there gives the same result."""
    censored = np.zeros(panel.demand.shape, dtype=bool)
    censored[0, 130:133] = True
    high = panel.demand.copy()
    high[0, 130:133] = 1e6
    one, other = (judged(replace(panel, demand=d, censored=censored)).measures() for d in (panel.demand, high))
    assert one == other


def test_same_every_time(panel: Panel):
    """Twice the same evaluation gives the same figures, and progress is told fit by fold."""
    seen: list[tuple[int, int, str]] = []
    one = judged(panel, progress=lambda *told: seen.append(told))
    pd.testing.assert_frame_equal(one.lanes, judged(panel).lanes)
    assert seen[0] == (0, 6, "moving_average")
    assert seen[-1] == (6, 6, "")
    assert [done for done, _, _ in seen] == list(range(7))


def test_figures_that_are_not_defined():
    """A set without demand in the folds has no WAPE and no regret, rather than an infinite one."""
    history = long_frame({"a": np.repeat([3.0, 1.0, 0.0], [20, 20, 30]), "b": np.zeros(70)})
    told = judged(read_history(history), folds=2).measures()["moving_average"]
    assert told["wape"] is None
    assert told["regret"] == {"0.75": None, "0.9": None}
    assert told["coverage"][str(LEVELS[0])] == 1.0


@pytest.mark.parametrize(("horizon", "folds"), [(14, 10), (0, 1), (7, 0)])
def test_too_short(panel: Panel, horizon: int, folds: int):
    """Folds that do not fit into the record are refused with what would be needed."""
    with pytest.raises(InputError, match="expected at least"):
        list(folds_of(panel, horizon, folds))
