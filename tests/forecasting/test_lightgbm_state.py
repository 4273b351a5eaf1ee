"""Tests for forecasting.lightgbm_state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.lightgbm_model import LightGBM
from forecasting.model_state import ModelState
from tests.forecasting.samples import factory_demand


@pytest.fixture(scope="module")
def state() -> ModelState:
    """A trained model, taken apart."""
    return LightGBM(horizon=7, trees=4).fit(factory_demand(90), 1).state()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("weights", np.full(3, 1 / 3)),
        ("weights", np.full((2, 4), 1 / 4)),
        ("weights", np.full((2, 3), np.nan)),
        ("shift", np.zeros((2, 5))),
        ("errors.regular", np.zeros((3, 3))),
        ("errors.sparse", np.array([0.1, np.nan])),
    ],
)
def test_other_shapes_are_told(state: ModelState, part: str, value: np.ndarray):
    """Weights, corrections and errors of another shape, or without a value, are not put to use."""
    name = f"bucket_7.{part}"
    assert name in state.arrays
    with pytest.raises(ValueError, match=rf"{name} .*, expected"):
        LightGBM().restore(replace(state, arrays={**state.arrays, name: value}))


def test_other_levels_are_told(state: ModelState):
    """A model of fewer quantile levels than forecasts are made of is not put to use."""
    boosters = {name: text for name, text in state.boosters.items() if not name.endswith("quantile_6")}
    with pytest.raises(ValueError, match=r"bucket_7 has 6 quantile models, expected 7"):
        LightGBM().restore(replace(state, boosters=boosters))


def test_no_errors_but_what_was_written(state: ModelState):
    """What was taken apart is put together without a word."""
    assert len(LightGBM().restore(state).buckets) == 1
