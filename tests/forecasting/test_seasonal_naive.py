"""Tests for forecasting.seasonal_naive."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import Forecaster, SeasonalNaive
from forecasting.seasonal_naive import seasonal_mean
from groupage.errors import PolicyError
from tests.forecasting.contract import ForecasterContract, run
from tests.forecasting.samples import long_frame


class TestSeasonalNaive(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return SeasonalNaive()


class TestFourWeeks(ForecasterContract):
    def build(self, truth: pd.DataFrame) -> Forecaster:
        return SeasonalNaive(seasons=4)


def test_last_week_again():
    """With one week, an undisturbed weekly pattern is continued exactly, on the right weekdays."""
    history = long_frame({"a": np.tile(np.arange(7.0), 20)[:-3]})
    paths = run(SeasonalNaive().fit(history, 1), history, 9).paths
    expected = np.array([4.0, 5, 6, 0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(paths, np.broadcast_to(expected[None, :, None], paths.shape))


def test_mean_of_weeks():
    """Four weeks' mean is taken per weekday; a weekday not seen yet gets the mean of all days."""
    demand = np.array([[1.0, 2, 3, 4, 5, 6, 7, 3.0, 4, 5, 6, 7, 8, 9]])
    np.testing.assert_array_equal(seasonal_mean(demand, 7, 4, 8), [[2.0, 3, 4, 5, 6, 7, 8, 2]])
    np.testing.assert_array_equal(seasonal_mean(np.array([[3.0, 5.0]]), 7, 1, 7), [[4.0, 4, 4, 4, 4, 3, 5]])


def test_errors_come_in_whole_weeks():
    """A path's errors within a week all come from one past week: a whole bad week is drawn, or none of it."""
    weeks = np.random.default_rng(1).choice([10.0, 20.0], 60)
    history = long_frame({"a": np.repeat(weeks, 7)})
    paths = run(SeasonalNaive().fit(history, 1), history, 7).paths[0]
    assert (paths == paths[0]).all()
    assert len(np.unique(paths[0])) > 1


def test_zero_weeks():
    """A mean over no week is refused by name."""
    with pytest.raises(PolicyError, match="seasons is 0, expected at least 1"):
        SeasonalNaive(seasons=0)


def test_new_lane_was_not_wrong_before_it_began():
    """The first days of a new lane are no error of a rule that could not know of it."""
    steady = {"old": np.full(140, 50.0)}
    history = pd.concat(
        [long_frame(steady), long_frame({"new": np.full(21, 100.0)}, start="2024-04-29")], ignore_index=True
    )
    paths = run(SeasonalNaive().fit(history, 1), history, 7).paths
    np.testing.assert_array_equal(paths[0], 100.0)
