"""Tests for forecasting.croston."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import Croston, Forecaster, known_at
from forecasting.croston import croston_levels
from groupage.errors import PolicyError
from tests.forecasting.contract import TODAY, ForecasterContract, run
from tests.forecasting.samples import long_frame

statsforecast = pytest.importorskip("statsforecast.models")


class CrostonContract(ForecasterContract):
    def test_censored_days(self, demand: pd.DataFrame) -> None:
        """Days without stock neither lengthen an interval nor count as errors: the forecast is above the blind one's.

        The contract asks for more, but a rule that smooths only when demand comes is not pulled down much by zeros.
        """
        past = known_at(demand, TODAY)
        out = (past["unique_id"] == "F1|75|dairy") & past["ds"].between("2024-05-01", "2024-05-14")
        short = past[past["y"].notna()].assign(y=past["y"].where(~out, 0.0), stockout=out)
        blind = short.drop(columns="stockout")
        told, untold = (run(self.build(demand).fit(d, 1), d).paths[2].mean() for d in (short, blind))
        assert told > untold


class TestCroston(CrostonContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return Croston()


class TestClassic(CrostonContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return Croston(smoothing=0.3, variant="classic")


def test_by_hand():
    """Sizes 6 and 2, intervals 2 and 3, smoothed by a quarter; an unknown period does not count as waiting."""
    demand = np.array([[0.0, 6.0, 0.0, np.nan, 0.0, 2.0, 0.0]])
    size, interval = 6 + 0.25 * (2 - 6), 2 + 0.25 * (3 - 2)
    expected = [0, 0, 3, 3, 3, 3, size / interval, size / interval]
    np.testing.assert_allclose(croston_levels(demand, 0.25)[0], expected)


@pytest.mark.parametrize("seed", range(5))
def test_same_as_statsforecast(seed: int):
    """The classic rule and the corrected one agree with the library whose users know them, but for the zeros before."""
    rng = np.random.default_rng(seed)
    demand = np.where(rng.random(80) < 0.3, rng.integers(1, 9, 80), 0).astype(float)
    demand[0] = 4.0
    level = croston_levels(demand[None], 0.1)[0, -1]
    assert level == pytest.approx(statsforecast.CrostonClassic().forecast(demand, 1)["mean"][0])
    assert 0.95 * level == pytest.approx(statsforecast.CrostonSBA().forecast(demand, 1)["mean"][0])


def test_corrected_bias_is_smaller():
    """On many lanes with rare demand of unit size, the corrected level is nearer to the true mean than the classic."""
    demand = (np.random.default_rng(3).random((2000, 400)) < 0.2).astype(float)
    level = croston_levels(demand, 0.2)[:, -1].mean()
    assert abs(0.9 * level - 0.2) < abs(level - 0.2)


def test_paths_are_as_rare_as_demand_was():
    """Paths of a rare lane are mostly zeros, as its record is, and not its mean every day."""
    rng = np.random.default_rng(5)
    history = long_frame({"a": np.where(rng.random(300) < 0.2, 5.0, 0.0)})
    paths = run(Croston().fit(history, 1), history, 14).paths
    assert 0.7 < (paths < 1).mean() < 0.9


@pytest.mark.parametrize(
    ("params", "message"), [({"smoothing": 0.0}, "smoothing is 0.0"), ({"variant": "tsb"}, "'tsb'")]
)
def test_bad_settings(params: dict, message: str):
    """A smoothing out of range and a variant that is none are refused by name."""
    with pytest.raises(PolicyError, match=message):
        Croston(**params)
