"""Tests for forecasting.rules."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting import Croston, MovingAverage, known_at, read_history
from forecasting.moving_average import moving_means
from forecasting.rules import FittedRule, level_paths, shuffled
from tests.forecasting.contract import run
from tests.forecasting.samples import factory_demand, long_frame

RULES = [MovingAverage(periods=9), Croston(smoothing=0.2, variant="classic")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_comes_back_with_its_settings(rule: MovingAverage | Croston):
    """What a state is restored to forecasts to the byte the same, whatever the settings of who restores it."""
    history = factory_demand(90)
    fitted = rule.fit(history, 1)
    again = type(rule)().restore(fitted.state())
    assert run(again, history).paths.tobytes() == run(fitted, history).paths.tobytes()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_update_is_as_if_known_before(rule: MovingAverage | Croston):
    """A day taken in later leads where a longer history leads; the one before it stays as it was."""
    demand = factory_demand(100)
    early, late = date(2024, 3, 1), date(2024, 3, 4)
    fitted = rule.fit(known_at(demand, early), 1)
    before = run(fitted, known_at(demand, early)).paths.tobytes()
    days = known_at(demand, late)
    updated = fitted.update(days[days["ds"] >= pd.Timestamp(early - timedelta(days=1))])
    longer = rule.fit(known_at(demand, late), 1)
    last = days[days["ds"] >= pd.Timestamp(late - timedelta(days=1))]
    assert run(updated, last).paths.tobytes() == run(longer, last).paths.tobytes()
    assert run(fitted, known_at(demand, early)).paths.tobytes() == before


def test_closed_days_stay_closed():
    """A day marked as shut down ahead is 0 on every path, and shut days in the past are no errors, nor hide others."""
    closed = np.arange(140) % 7 == 3
    other = np.random.default_rng(1).poisson(20, 140).astype(float)
    history = long_frame({"a": np.where(closed, 0.0, 10.0), "b": other})
    history["shutdown"] = np.concatenate([closed, np.zeros(140)]).astype(float)
    ahead = known_at(history, date(2024, 1, 1) + timedelta(days=133), 7)
    paths = run(MovingAverage().fit(ahead, 1), ahead, 7).paths[0]
    np.testing.assert_array_equal(paths, np.where(np.arange(7) == 3, 0.0, 10.0)[:, None] * np.ones(40))


def test_months():
    """Months are forecast with errors of months: a monthly record gives as many months as asked, never below zero."""
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    history = pd.DataFrame({"unique_id": "a", "ds": months, "y": np.arange(40.0) % 12})
    forecast = MovingAverage(periods=12).fit(history, 1).forecast(history, 15, 200, np.random.default_rng(1))
    assert forecast.freq == "MS"
    assert forecast.first_day == date(2023, 5, 1)
    assert forecast.paths.shape == (1, 15, 200)
    assert 4 < forecast.paths.mean() < 8
    assert forecast.paths.min() >= 0


def test_shuffle_keeps_values_and_takes_ranks():
    """A Schaake shuffle changes no series' values, only which path has them: the ranks are the template's."""
    rng = np.random.default_rng(1)
    values, template = rng.random((2, 3, 50)), rng.normal(size=(2, 3, 50))
    result = shuffled(values, template)
    np.testing.assert_array_equal(np.sort(result), np.sort(values))
    np.testing.assert_array_equal(np.argsort(result), np.argsort(template))


def test_levels_look_back_only():
    """A change of the last known day moves the level, and no error of an earlier forecast."""
    demand = np.random.default_rng(2).poisson(5, (1, 60)).astype(float)
    changed = demand.copy()
    changed[0, -1] += 90
    one, other = (moving_means(d, 7) for d in (demand, changed))
    np.testing.assert_array_equal(one[:, :-1], other[:, :-1])
    panel = read_history(long_frame({"a": demand[0]}))
    rng = np.random.default_rng(3)
    assert level_paths(panel, one, 5, 10, rng).shape == (1, 5, 10)
    assert isinstance(FittedRule(MovingAverage(), panel).update(panel), FittedRule)
