"""Tests for forecasting.monitor."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from forecasting import Forecast, MovingAverage, Panel, read_history
from forecasting.monitor import MIN_FIGURES, monitor
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand, long_frame

LEARNED = date(2024, 1, 1) + timedelta(days=112)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return read_history(factory_demand(168))


class Fixed:
    """Says the same share of what comes, give or take a spread, on every path."""

    def __init__(self, truth: Panel, factor: float = 1.0, spread: float = 0.4) -> None:
        self.truth, self.factor, self.spread = truth, factor, spread

    def forecast(self, recent: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Forecast:
        told = self.truth.demand[:, recent.periods : recent.periods + horizon]
        around = self.factor + self.spread * (np.linspace(-1, 1, paths) - 0.05)
        return Forecast(recent.series, recent.next_period, np.maximum(told[:, :, None] * around, 0.0))


def test_good_model(panel: Panel):
    """A model that learned the pattern and is judged by what came since need not learn anew."""
    found = monitor(MovingAverage().fit(panel.until(112), 1), panel, LEARNED, seed=1)
    assert (found.first, found.last) == (LEARNED, LEARNED + timedelta(days=55))
    assert found.figures == 3 * 56
    assert found.measures["model"]["spl"] < found.measures["seasonal_naive"]["spl"]
    assert set(found.lanes) == set(panel.series)
    assert found.reasons == ()
    assert not found.retrain


def test_only_what_came_since_is_judged(panel: Panel):
    """No period from before the model learned is in the window, whatever window is asked for; whole horizons only."""
    found = monitor(Fixed(panel), panel, LEARNED + timedelta(days=3), seed=1, horizon=10, window=1000)
    assert found.first == LEARNED + timedelta(days=6)
    assert found.figures == 3 * 50
    short = monitor(Fixed(panel), panel, LEARNED, seed=1, horizon=7, window=20)
    assert short.figures == 3 * 14


def test_each_stretch_knows_what_was_before_it_alone(panel: Panel):
    """The model is handed, for each stretch, exactly the periods before it."""
    handed = []

    class Listens(Fixed):
        def forecast(self, recent: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Forecast:
            handed.append(recent.periods)
            return super().forecast(recent, horizon, paths, rng)

    monitor(Listens(panel), panel, LEARNED, seed=1)
    assert handed == list(range(112, 168, 7))


@pytest.mark.parametrize(
    ("factor", "spread", "reason"),
    [
        (1.5, 0.4, r"it says 4\d% more than came"),
        (0.7, 0.2, r"it says 3\d% less than came"),
        (0.9, 0.001, r"of demands are within its 90 % quantile, expected 82% to 97%"),
        (6.0, 0.1, r"its loss \(.*\) is above that of the naive rule"),
        (6.0, 0.1, r"2 of 3 lanes do worse|3 of 3 lanes do worse"),
    ],
)
def test_each_rule(panel: Panel, factor: float, spread: float, reason: str):
    """Bias, coverage, loss and losing lanes each say in words why the model should learn anew."""
    busy = replace(panel, demand=panel.demand + 5)
    found = monitor(Fixed(busy, factor, spread), busy, LEARNED, seed=1)
    assert found.retrain
    assert any(re.search(reason, line) for line in found.reasons)


def test_new_lanes(panel: Panel):
    """More than a fifth of lanes that the model never saw are a reason of their own."""
    good = MovingAverage().fit(panel.until(112), 1)
    assert monitor(good, panel, LEARNED, seed=1, new_lanes=1).reasons == ("1 of 3 lanes are new since it learned",)


def test_too_little_to_judge():
    """Of fewer than thirty figures nothing is said, however bad they are."""
    panel = read_history(long_frame({"a": np.full(70, 8.0) + np.arange(70) % 2}))
    few = monitor(Fixed(panel, 9.0), panel, date(2024, 1, 1) + timedelta(days=56), seed=1)
    assert few.figures < MIN_FIGURES
    assert not few.retrain
    more = monitor(Fixed(panel, 9.0), panel, date(2024, 1, 1) + timedelta(days=35), seed=1)
    assert more.retrain


def test_nothing_came_yet(panel: Panel):
    """Without one horizon of new periods there is nothing to judge, and the error says how many there are."""
    with pytest.raises(
        InputError, match=r"recent is 3 periods since it learned .*, expected at least one horizon of 7"
    ):
        monitor(Fixed(panel), panel, LEARNED + timedelta(days=53), seed=1)


def test_same_every_time(panel: Panel):
    """Twice the same monitoring gives the same figures."""
    fitted = MovingAverage().fit(panel.until(112), 1)
    one, other = (monitor(fitted, panel, LEARNED, seed=4) for _ in range(2))
    assert (one.measures, one.lanes) == (other.measures, other.lanes)
