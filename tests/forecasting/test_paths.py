"""Tests for forecasting.paths and forecasting.levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting import read_history
from forecasting.levels import LEVELS, read_quantiles
from forecasting.paths import draw_templates, joint_paths
from tests.forecasting.samples import factory_demand, long_frame


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=7, max_size=7), st.integers(10, 300))
def test_quantile_function_grows(figures: list[float], paths: int):
    """Between and beyond the levels paths never cross, are not negative, and meet the quantiles they are read from."""
    quantiles = np.sort(figures)[:, None]
    at = (np.arange(paths) + 0.5) / paths
    read = read_quantiles(quantiles, at)[0]
    assert (np.diff(read) >= -1e-9 * (1 + read[:-1])).all()
    assert (read >= 0).all()
    np.testing.assert_allclose(read_quantiles(quantiles, LEVELS)[0], quantiles[:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("horizon", [1, 5, 40])
def test_templates_hang_on_the_calendar_alone(horizon: int):
    """Owners with other lanes, but records of equal length, draw the same stretches, at the forecast's weekdays."""
    one = read_history(factory_demand(150))
    other = read_history(long_frame({"x": np.random.default_rng(5).gamma(2.0, 3.0, 150)}))
    first, second = (draw_templates(p, horizon, 60, np.random.default_rng(9)) for p in (one, other))
    np.testing.assert_array_equal(first, second)
    wanted = one.phases(one.periods + np.arange(horizon))
    assert (one.phases(first) == wanted[:, None]).all()
    assert first.max() < one.periods


def test_paths_are_the_quantiles_reordered():
    """Whatever the past's order, each period's paths are the quantiles that were forecast."""
    panel = read_history(factory_demand(150))
    quantiles = np.sort(np.random.default_rng(1).gamma(2.0, 5.0, (7, 3, 6)), axis=0)
    paths = joint_paths(panel, quantiles, draw_templates(panel, 6, 80, np.random.default_rng(2)))
    at = (np.arange(80) + 0.5) / 80
    for row in range(3):
        np.testing.assert_allclose(np.sort(paths[row], axis=1), read_quantiles(quantiles[:, row], at))
