"""What a forecast tells of its paths."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from forecasting.forecast import Forecast


@pytest.mark.parametrize("paths", [1, 2, 7, 500])
def test_quantiles_are_those_of_the_paths(paths: int) -> None:
    """Whatever the number of paths, quantiles are numpy's own, for all series or in the order of some."""
    sampled = np.random.default_rng(2).gamma(2.0, 3.0, (3, 4, paths))
    forecast = Forecast(("a", "b", "c"), date(2024, 1, 1), sampled)
    levels = [0.0, 0.05, 0.5, 0.9, 1.0]
    np.testing.assert_allclose(forecast.quantiles(levels), np.quantile(sampled, levels, axis=2))
    np.testing.assert_allclose(forecast.quantiles(levels, ["c", "a"]), np.quantile(sampled[[2, 0]], levels, axis=2))
