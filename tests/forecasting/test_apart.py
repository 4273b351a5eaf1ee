"""Tests for forecasting.apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import LightGBM, MovingAverage, read_history
from forecasting.apart import Apart, select
from tests.forecasting.contract import run
from tests.forecasting.samples import factory_demand, long_frame

OWNERS = {"F1|75|dairy": "F1", "F1|75|cheese": "F1", "F1|69|dairy": "F2"}


@pytest.mark.parametrize("forecaster", [MovingAverage(), LightGBM(trees=20)], ids=lambda f: f.name)
def test_nothing_of_another_owner_is_learned(forecaster: MovingAverage | LightGBM):
    """An owner's forecasts are to the byte those of its own model on its own record, whatever others' records say."""
    demand = factory_demand(120)
    mine = demand["unique_id"].map(OWNERS) == "F1"
    other = demand.assign(y=demand["y"].where(mine, 7 * demand["y"] + 3))
    alone = run(forecaster.fit(demand[mine], 1), demand[mine])
    for frame in (demand, other):
        together = run(Apart(forecaster, OWNERS).fit(frame, 1), frame)
        assert together.series == tuple(sorted(OWNERS))
        assert together.paths[together.rows(alone.series)].tobytes() == alone.paths.tobytes()


def test_owners_paths_belong_together():
    """Two owners with the same record draw the same past days: their sum is as unsure as twice one of them."""
    one = factory_demand(120).query("unique_id == 'F1|75|cheese'")
    pair = pd.concat([one.assign(unique_id="a"), one.assign(unique_id="b")], ignore_index=True)
    forecast = run(Apart(MovingAverage(), {"a": "A", "b": "B"}).fit(pair, 1), pair)
    np.testing.assert_array_equal(forecast.paths[0], forecast.paths[1])


def test_select_keeps_all_of_a_series():
    """A selected series keeps its demand, marks and features."""
    frame = long_frame({"a": np.arange(9.0), "b": np.ones(9), "c": np.zeros(9)}, np.arange(9.0))
    frame["factory"] = frame["unique_id"].str.upper()
    frame["capped"] = frame["y"] == 8
    part = select(read_history(frame), np.array([2, 0]))
    assert part.series == ("c", "a")
    assert part.static["factory"] == ("C", "A")
    np.testing.assert_array_equal(part.demand[1], np.arange(9.0))
    assert part.censored[1].tolist() == [False] * 8 + [True]
    np.testing.assert_array_equal(part.ahead["promotion"][1], np.arange(9.0))
