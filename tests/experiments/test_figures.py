"""Ratios of means and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.figures import ratio_of_means

FIGURES = st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=12)


def test_by_hand():
    """Halves of (2, 4, 6) are a half of them, whatever the spread of the wholes."""
    found = ratio_of_means([10.0, 20.0, 30.0, 40.0], [20.0, 40.0, 60.0, 80.0])
    assert found == {"mean": 0.5, "low": 0.5, "high": 0.5}


@given(FIGURES)
def test_the_ends_are_where_a_paired_test_turns(pairs: list[tuple[float, float]]):
    """Fieller's interval holds just the ratios that Student's test on parts - ratio * wholes does not reject."""
    parts, wholes = (np.round(np.array(x), 3) for x in zip(*pairs, strict=True))
    found = ratio_of_means(parts.tolist(), wholes.tolist())
    quantile = stats.t.ppf(0.975, len(parts) - 1)

    def t_of(values: np.ndarray) -> float:
        error = values.std(ddof=1) / np.sqrt(len(values))
        return abs(values.mean()) / error if error > 1e-9 else np.inf if abs(values.mean()) > 1e-9 else 0.0

    if found is None:
        assert t_of(wholes) <= quantile * (1 + 1e-6)
        return
    assert found["low"] <= found["mean"] <= found["high"]
    wide = found["high"] - found["low"]
    if wide > 1e-3:
        for ratio, sign in ((found["low"], -1), (found["high"], 1)):
            assert t_of(parts - (ratio + sign * 0.01 * wide) * wholes) > quantile * (1 - 1e-3)
            assert t_of(parts - (ratio - sign * 0.01 * wide) * wholes) < quantile * (1 + 1e-3)


def test_no_share_of_what_may_be_nothing():
    """Where wholes scatter around zero no ratio is given, however neat it would look."""
    assert ratio_of_means([1.0, 1.0, 1.0], [5.0, -4.0, 2.0]) is None
    assert ratio_of_means([1.0], [0.0]) is None


def test_one_replication():
    """One pair has a ratio and no interval."""
    assert ratio_of_means([1.0], [4.0]) == {"mean": 0.25, "low": None, "high": None}


@pytest.mark.slow
def test_coverage():
    """In repeated draws the interval holds the true ratio in about 95 of 100 cases."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(2000):
        whole = rng.normal(10, 8, 30)
        part = 0.6 * whole + rng.normal(0, 6, 30)
        found = ratio_of_means(part.tolist(), whole.tolist())
        held += found is None or found["low"] <= 0.6 <= found["high"]
    assert 0.935 <= held / 2000 <= 0.965
