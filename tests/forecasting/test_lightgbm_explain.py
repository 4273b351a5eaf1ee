"""Tests for forecasting.lightgbm_explain."""

from __future__ import annotations

from math import prod

import numpy as np
import pandas as pd
import pytest

from forecasting import LightGBM, Panel, read_history
from forecasting.lightgbm_explain import contributions, importances, weights
from forecasting.lightgbm_model import FittedLightGBM
from tests.forecasting.samples import factory_demand, long_frame


@pytest.fixture(scope="module")
def panel() -> Panel:
    return read_history(factory_demand(168))


@pytest.fixture(scope="module")
def fitted(panel: Panel) -> FittedLightGBM:
    return LightGBM(trees=30).fit(panel, 1)


def test_shares_of_gain(fitted: FittedLightGBM):
    """Features have names, and their shares fall from the greatest and sum to one."""
    told = importances(fitted)
    assert sum(told.values()) == pytest.approx(1)
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert {"lag7", "promotion", "place"} <= set(told)


def test_weights_sum_to_one(fitted: FittedLightGBM):
    """Every bucket tells what its ensemble averages, for regular and sparse demand."""
    for bucket in weights(fitted):
        for group in ("regular", "sparse"):
            assert sum(bucket[group].values()) == pytest.approx(1)


@pytest.mark.parametrize("period", [1, 7, 8, 14])
def test_factors_multiply_to_the_mean(fitted: FittedLightGBM, panel: Panel, period: int):
    """Level, start and all factors multiply to the mean; the strongest factor comes first."""
    told = contributions(fitted, panel, "F1|75|dairy", period)
    assert told is not None
    assert told.level * told.start * prod(told.factors.values()) == pytest.approx(told.mean)
    strength = np.abs(np.log(list(told.factors.values())))
    assert (np.diff(strength) <= 1e-12).all()


def test_a_planned_promotion_is_seen_to_lift():
    """Where promotions double demand, a planned one is a factor above 1.3, and below 1 where none is planned."""
    rng = np.random.default_rng(1)
    promotion = (rng.random(300) < 0.3).astype(float)
    frame = long_frame({"a": rng.poisson(20 * (1 + promotion)).astype(float)}, promotion)
    frame.loc[frame.index >= 290, "y"] = np.nan
    frame.loc[frame.index >= 290, "promotion"] = [1.0, 0.0] * 5
    panel = read_history(frame)
    fitted = LightGBM(trees=60).fit(panel, 1)
    with_it, without = (contributions(fitted, panel, "a", period) for period in (1, 2))
    assert with_it is not None
    assert without is not None
    assert with_it.factors["promotion"] > 1.3
    assert without.factors["promotion"] < 1


def test_where_no_model_speaks(fitted: FittedLightGBM, panel: Panel):
    """Beyond the last bucket, and after too short a record, there is nothing to take apart."""
    assert contributions(fitted, panel, "F1|75|dairy", 500) is None
    short = read_history(pd.DataFrame(factory_demand(20)))
    assert contributions(LightGBM().fit(short, 1), short, "F1|75|dairy", 1) is None
    assert importances(LightGBM().fit(short, 1)) == {}
