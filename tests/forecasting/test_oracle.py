"""Tests for forecasting.oracle."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting import Forecaster, Oracle, known_at
from groupage.errors import InputError
from tests.forecasting.contract import HORIZON, TODAY, ForecasterContract, run
from tests.forecasting.samples import factory_demand, long_frame


class TestOracle(ForecasterContract):
    knows_future = True
    keeps_a_model = False

    def build(self, truth: pd.DataFrame) -> Forecaster:
        return Oracle(truth)


def test_every_path_is_the_truth():
    """Each path equals what really comes, day by day and series by series."""
    truth = factory_demand(180)
    forecast = run(Oracle(truth).fit(known_at(truth, TODAY), 1), known_at(truth, TODAY, HORIZON))
    wide = truth.pivot(index="unique_id", columns="ds", values="y").loc[list(forecast.series)]
    coming = wide.loc[:, wide.columns >= pd.Timestamp(TODAY)].to_numpy()[:, :HORIZON]
    np.testing.assert_array_equal(forecast.paths, np.repeat(coming[:, :, None], forecast.paths.shape[2], axis=2))


def test_future_alone():
    """A truth that holds only the days to come is enough, and a lane without a row in it has no demand."""
    truth = factory_demand(180)
    future = truth[(truth["ds"] >= pd.Timestamp(TODAY)) & (truth["unique_id"] != "F1|75|cheese")]
    recent = known_at(truth, TODAY)
    forecast = run(Oracle(future).fit(recent, 1), recent)
    whole = run(Oracle(truth).fit(recent, 1), recent)
    assert not forecast.paths[1].any()
    np.testing.assert_array_equal(forecast.paths[[0, 2]], whole.paths[[0, 2]])


def test_beyond_the_known_future():
    """After its last day the oracle repeats the last known week."""
    truth = long_frame({"a": np.arange(30.0)})
    recent = known_at(truth, date(2024, 1, 29))
    paths = run(Oracle(truth).fit(recent, 1), recent, 5).paths
    np.testing.assert_array_equal(paths[0, :, 0], [28, 29, 23, 24, 25])


def test_future_is_checked_when_it_is_needed():
    """An oracle can be made before anybody has a future to show; fitting it without one is refused in words."""
    oracle = Oracle(pd.DataFrame({"unique_id": [], "ds": [], "y": []}))
    with pytest.raises(InputError, match="future: 0 rows, expected at least one"):
        oracle.fit(factory_demand(30), 1)
