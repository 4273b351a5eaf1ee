"""Empirical quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.empirical import empirical_quantiles

LEVELS = [0.1, 0.5, 0.9]


def test_the_last_thirteen_of_the_same_weekday_count() -> None:
    """In a season of seven days the quantiles are those of the same weekday's last thirteen figures that are known."""
    rng = np.random.default_rng(3)
    demand = rng.poisson(4.0, (5, 150)).astype(float)
    demand[rng.random(demand.shape) < 0.2] = np.nan
    columns = np.array([149, 150, 156])
    found = empirical_quantiles(demand, columns, 7, 7, "D", LEVELS)
    for at, column in enumerate(columns):
        past = demand[:, column - 7 * np.arange(1, 14)]
        np.testing.assert_allclose(found[:, :, at], np.nanquantile(past, LEVELS, axis=1))


@pytest.mark.parametrize(("freq", "window"), [("W-MON", 13), ("MS", 24)])
def test_in_long_seasons_the_last_figures_count(freq: str, window: int) -> None:
    """Where a season is longer than a fortnight, the quantiles are those of the last known figures."""
    demand = np.random.default_rng(4).gamma(2.0, size=(3, 60))
    found = empirical_quantiles(demand, np.array([60, 62]), 3, 52, freq, LEVELS)
    for at, column in enumerate((60, 62)):
        back = column - 3 - np.arange(window)
        np.testing.assert_allclose(found[:, :, at], np.quantile(demand[:, back[back < 60]], LEVELS, axis=1))


def test_a_weekday_never_seen_has_the_quantiles_of_all_days() -> None:
    """A place in the season without a figure takes all of the last ones; a series without any has zeros."""
    demand = np.full((2, 70), np.nan)
    demand[0, 63:67] = [1.0, 2.0, 3.0, 4.0]
    found = empirical_quantiles(demand, np.array([75, 77]), 7, 7, "D", LEVELS)
    np.testing.assert_allclose(found[:, 0, 0], np.quantile([1.0, 2.0, 3.0, 4.0], LEVELS))
    np.testing.assert_allclose(found[:, 0, 1], 1.0)
    assert not found[:, 1].any()
