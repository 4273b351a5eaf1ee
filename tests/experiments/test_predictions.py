"""Tests for experiments.predictions: levels from sums of paths, and how far is too far."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from experiments.predictions import MAX_HORIZON, check_horizon, check_size, level_rows, path_rows
from forecasting.forecast import Forecast
from groupage.errors import InputError

SERIES = ("a", "b", "c", "d")
STATIC = {"factory": ("F1", "F1", "F2", "F2"), "product": ("milk", "cheese", "milk", "")}
LEVELS = (0.1, 0.5, 0.9)


def forecast() -> Forecast:
    """Four lanes of which two always move against each other."""
    rng = np.random.default_rng(1)
    paths = rng.gamma(2.0, 3.0, (4, 2, 400))
    paths[1] = paths[0].max() - paths[0]
    return Forecast(SERIES, date(2026, 3, 2), paths)


def test_quantiles_of_a_level_are_those_of_summed_paths():
    """A factory's quantile is that of its lanes' sum on each path; where lanes offset each other it has no spread."""
    made = forecast()
    table, left_out = level_rows(made, STATIC, ("factory",), LEVELS)
    assert left_out == {}
    assert list(table) == ["by", "unique_id", "ds", "mean", "q0.1", "q0.5", "q0.9"]
    own = table[(table["by"] == "factory") & (table["unique_id"] == "F1")]
    np.testing.assert_allclose(own[["q0.1", "q0.5", "q0.9"]].to_numpy(), made.paths[0].max())
    other = table[(table["by"] == "factory") & (table["unique_id"] == "F2")]
    summed = made.pooled(("c", "d"))
    np.testing.assert_allclose(other["q0.9"], np.quantile(summed, 0.9, axis=1))
    lanes = table[table["by"] == "unique_id"]
    assert list(lanes["unique_id"].unique()) == list(SERIES)
    np.testing.assert_allclose(lanes["q0.5"], np.median(made.paths, axis=2).ravel())


def test_levels_agree():
    """Means of lanes add up to those of factories, and these to the pool's: all come from the same paths."""
    table, _ = level_rows(forecast(), STATIC, ("factory", "pool"), LEVELS)
    means = table.groupby(["by", "ds"])["mean"].sum().unstack("by")
    np.testing.assert_allclose(means["factory"], means["unique_id"])
    np.testing.assert_allclose(means["pool"], means["unique_id"])
    assert set(table.loc[table["by"] == "pool", "unique_id"]) == {"pool"}


def test_lanes_without_a_product():
    """A lane of no product is in no product's sum, and it is told how many there are."""
    table, left_out = level_rows(forecast(), STATIC, ("product",), LEVELS)
    assert left_out == {"product": 1}
    assert set(table.loc[table["by"] == "product", "unique_id"]) == {"cheese", "milk"}


def test_level_that_is_not_there():
    """A level that the data does not name is refused, with those that it does."""
    with pytest.raises(InputError, match=r"by is 'zone', expected one of factory, product, pool"):
        level_rows(forecast(), STATIC, ("zone",), LEVELS)


def test_paths_of_levels():
    """Rows of paths are of lanes alone: whoever has them can sum any group."""
    assert len(path_rows(forecast())) == 4 * 2 * 400


@pytest.mark.parametrize("freq", ["D", "W-MON", "MS"])
def test_horizon_has_an_end(freq: str):
    """Two years are the most that a forecast looks ahead, and what is too much is refused before anything is drawn."""
    most = MAX_HORIZON[freq.partition("-")[0]]
    check_horizon(most, freq)
    with pytest.raises(InputError, match=rf"horizon is {most + 1}, expected at most {most}"):
        check_horizon(most + 1, freq)


def test_size_has_an_end():
    """Lanes, periods and paths that together fill the memory are refused, with the number of paths that would go."""
    check_size(10_000, 14, 500)
    with pytest.raises(InputError, match=r"paths is 500, expected at most 34"):
        check_size(10_000, 731, 500)
    with pytest.raises(InputError, match="expected fewer lanes or a shorter horizon"):
        check_size(1_000_000, 731, 1)
