"""Tests for forecasting.registry."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from forecasting import FORECASTERS, LightGBM, Oracle, SeasonalNaive, forecaster, registry
from forecasting.registry import with_horizon
from groupage.errors import PolicyError
from tests.forecasting.samples import factory_demand


def test_every_name_builds_its_forecaster():
    """A registered name gives a forecaster of that name, with its parameters."""
    future = factory_demand(30)
    for name in FORECASTERS:
        assert forecaster(name, {}, future=future).name == name
    built = forecaster("lightgbm", {"trees": 7})
    assert isinstance(built, LightGBM)
    assert built.trees == 7
    assert isinstance(forecaster("seasonal_naive", {}, future=future), SeasonalNaive)


def test_unknown_name():
    """An unregistered name is refused with the names that there are."""
    with pytest.raises(
        PolicyError,
        match=r"name is 'prophet', expected one of auto_ets, croston, lightgbm, moving_average, oracle, seasonal_naive",
    ):
        forecaster("prophet", {})


def test_unknown_parameter():
    """A parameter that the forecaster does not take is refused with those that it takes."""
    with pytest.raises(PolicyError, match="leaves is 9, unknown, expected horizon, trees, threads, country"):
        forecaster("lightgbm", {"leaves": 9, "trees": 3})


def test_value_out_of_range():
    """A parameter out of range is refused by name."""
    with pytest.raises(PolicyError, match="trees is 0, expected at least 1"):
        forecaster("lightgbm", {"trees": 0})


def test_oracle_needs_the_future():
    """Where nobody knows what really comes, the oracle says that it cannot be built."""
    with pytest.raises(PolicyError, match="future is missing"):
        forecaster("oracle", {})
    assert isinstance(forecaster("oracle", {}, future=factory_demand(30)), Oracle)


def test_entry_points(monkeypatch: pytest.MonkeyPatch):
    """Another package's forecaster is found by its entry point, and never takes a built-in name."""
    offered = [
        EntryPoint("theirs", "forecasting.seasonal_naive:SeasonalNaive", registry.GROUP),
        EntryPoint("lightgbm", "forecasting.seasonal_naive:SeasonalNaive", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: offered if group == "groupage.forecasters" else [])
    built = forecaster("theirs", {"seasons": 3})
    assert isinstance(built, SeasonalNaive)
    assert built.seasons == 3
    assert isinstance(forecaster("lightgbm", {}), LightGBM)
    with pytest.raises(
        PolicyError, match="one of auto_ets, croston, lightgbm, moving_average, oracle, seasonal_naive, theirs"
    ):
        forecaster("ours", {})


def test_horizon_goes_to_who_wants_to_know() -> None:
    """A forecaster with a horizon of its own is told; a user's parameter goes first; others are left alone."""
    assert with_horizon("lightgbm", {"trees": 3}, 28) == {"horizon": 28, "trees": 3}
    assert with_horizon("lightgbm", {"horizon": 7}, 28) == {"horizon": 7}
    assert with_horizon("croston", {"smoothing": 0.2}, 28) == {"smoothing": 0.2}
    assert with_horizon("somebody_elses", {}, 28) == {}
