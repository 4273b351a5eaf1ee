"""Tests for forecasting.ensemble, demand_classes, calendar, cold_start, rest_days and features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting import read_history
from forecasting.calendar import calendar_features, holiday_dates
from forecasting.cold_start import group_quantiles, own_share
from forecasting.demand_classes import demand_classes
from forecasting.ensemble import choose_shift, choose_weights, combine
from forecasting.features import filled, recipe, series_traits, table
from forecasting.levels import LEVELS
from forecasting.rest_days import rest_days
from groupage.errors import PolicyError
from tests.forecasting.samples import factory_demand, long_frame


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_quantiles_never_cross(seed: int):
    """Combined quantiles grow with the level and are not negative, however their parts cross."""
    rng = np.random.default_rng(seed)
    members = rng.normal(1.0, 5.0, (3, 7, 20))
    found = combine(members, rng.dirichlet(np.ones(3), 20).T, rng.normal(0, 0.3, (7, 20)))
    assert (found >= 0).all()
    assert (np.diff(found, axis=0) >= 0).all()


def test_average_before_clipping():
    """Quantiles of -4 and 2 average to 0, not to 1."""
    members = np.stack([np.full((7, 1), -4.0), np.full((7, 1), 2.0)])
    assert not combine(members, np.full((2, 1), 0.5), np.zeros((7, 1))).any()


def test_the_better_member_gets_the_weight():
    """Weights go to the member whose quantiles are right, and the correction widens those that are too narrow."""
    actual = np.random.default_rng(1).normal(50, 10, 2000)
    right = np.quantile(actual, LEVELS)[:, None].repeat(2000, axis=1)
    weights = choose_weights(np.stack([right + 40, right]), actual, np.ones(2000), LEVELS)
    assert weights[1] > 0.9
    shift = choose_shift((50 + 0.5 * (right - 50))[None], np.ones(1), actual, LEVELS)
    assert shift[0] < -0.05
    assert shift[-1] > 0.05


def test_demand_classes():
    """Regular or rare, steady or of any size: the four classes of Syntetos and Boylan."""
    rare = np.tile([1.0, 0, 0, 0], 25)
    sizes = np.resize([1.0, 1, 1, 9], 100)
    panel = read_history(
        long_frame(
            {"a": np.full(100, 5.0), "b": sizes, "c": rare, "d": np.where(rare > 0, np.repeat(sizes, 4)[:100], 0)}
        )
    )
    assert demand_classes(panel) == ("smooth", "erratic", "intermittent", "lumpy")


def test_calendar():
    """Bavaria has Epiphany, Berlin has not; a country or part that nobody knows is refused by name."""
    epiphany = np.datetime64("2026-01-06")
    assert epiphany in holiday_dates("DE", "BY", range(2026, 2027))
    assert epiphany not in holiday_dates("DE", "BE", range(2026, 2027))
    days = np.arange(np.datetime64("2026-04-01"), np.datetime64("2026-04-08"))
    features = calendar_features(days, 1, "DE")
    np.testing.assert_array_equal(features["holidays"], [0, 0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(features["days_from_easter"], np.arange(-4, 3))
    with pytest.raises(PolicyError, match="country is 'XX'"):
        holiday_dates("XX", None, range(2026, 2027))
    with pytest.raises(PolicyError, match="subdivision is 'ZZ'"):
        holiday_dates("DE", "ZZ", range(2026, 2027))


def test_cold_start_takes_the_nearest_group():
    """A lane without a past gets the quantiles of its product's lanes, not of all."""
    rng = np.random.default_rng(1)
    lanes = {f"{size}{n}": rng.poisson(size, 100).astype(float) for size in (10, 500) for n in range(4)}
    frame = long_frame(lanes)
    frame["product"] = np.where(frame["unique_id"].str.startswith("10"), "small", "large")
    new = pd.DataFrame({"unique_id": ["new"], "ds": [frame["ds"].max() + pd.Timedelta(days=1)], "product": ["small"]})
    panel = read_history(pd.concat([frame, new.assign(y=np.nan)], ignore_index=True))
    row = np.array([panel.series.index("new")])
    assert own_share(panel)[row] == 0
    quantiles = group_quantiles(panel, row, panel.periods + np.arange(3))
    assert 3 < quantiles.min() < quantiles.max() < 25


def test_rest_days():
    """A weekday that never has demand rests; a rare lane's empty weekdays are chance."""
    panel = read_history(factory_demand(182))
    resting = rest_days(panel, panel.periods + np.arange(7))
    np.testing.assert_array_equal(resting[1], np.arange(7) == 6)


@settings(max_examples=20, deadline=None)
@given(st.integers(30, 79), st.integers(0, 100))
def test_features_know_nothing_later(column: int, seed: int):
    """A row's features are the same whatever demand comes within its bucket's reach or later."""
    rng = np.random.default_rng(seed)
    history = rng.poisson(5.0, (2, 80)).astype(float)
    changed = history.copy()
    changed[:, column - 6 :] = rng.poisson(50.0, (2, 80 - column + 6))
    found = []
    for figures in (history, changed):
        panel = read_history(long_frame({"a": figures[0], "b": figures[1]}))
        found.append(table(panel, filled(panel), np.ones((2, 2)), recipe(panel, 7), column, column + 1).values)
    np.testing.assert_array_equal(found[0], found[1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_censored_figures_are_least(seed: int):
    """What fills a censored day is never below it, comes from earlier days, and leaves other days alone."""
    rng = np.random.default_rng(seed)
    frame = long_frame({"a": rng.poisson(8.0, 60).astype(float)}).assign(stockout=rng.random(60) < 0.2)
    panel = read_history(frame)
    guess = filled(panel)
    assert (guess >= panel.demand).all()
    np.testing.assert_array_equal(guess[~panel.censored], panel.demand[~panel.censored])
    np.testing.assert_array_equal(filled(panel.until(40)), guess[:, :40])
    assert (series_traits(panel.observed(), 7)[:, 1] >= 0.02).all()


def test_a_member_far_behind_is_left_out():
    """Who alone has much more loss than the best gets no weight, not even of the part that is spread evenly."""
    actual = np.random.default_rng(1).normal(50, 10, 2000)
    right = np.quantile(actual, LEVELS)[:, None].repeat(2000, axis=1)
    weights = choose_weights(np.stack([right + 2, right, right + 40]), actual, np.ones(2000), LEVELS)
    assert weights[2] == 0
    assert weights[0] > 0
    assert weights.sum() == pytest.approx(1)
