"""Tests for forecasting.moving_average."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import Forecaster, MovingAverage
from forecasting.moving_average import moving_means
from groupage.errors import PolicyError
from tests.forecasting.contract import ForecasterContract, run
from tests.forecasting.samples import long_frame


class TestMovingAverage(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return MovingAverage()


class TestShort(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return MovingAverage(periods=7)


def test_means():
    """Each level is the mean of the last known figures before it, however far back, and nothing of later ones."""
    demand = np.array([[np.nan, 2.0, 4.0, np.nan, 9.0, np.nan, np.nan, 1.0]])
    np.testing.assert_array_equal(moving_means(demand, 2), [[0.0, 0.0, 2.0, 3.0, 3.0, 6.5, 6.5, 6.5, 5.0]])


def test_keeps_closed_weekdays():
    """A mean is flat, but its errors are not: a weekday without demand stays without on every path."""
    history = long_frame({"a": np.tile([5.0, 6, 4, 5, 7, 0, 0], 30)})
    paths = run(MovingAverage().fit(history, 1), history, 14).paths[0]
    assert not paths[[5, 6, 12, 13]].any()
    np.testing.assert_allclose(paths[:5].mean(axis=1), [5.0, 6, 4, 5, 7])


def test_no_period():
    """A mean over no period is refused by name."""
    with pytest.raises(PolicyError, match="periods is 0, expected at least 1"):
        MovingAverage(periods=0)
