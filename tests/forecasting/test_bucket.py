"""How one bucket of the horizon is judged."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting import Panel, bucket, read_history
from forecasting.features import recipe
from tests.forecasting.samples import long_frame

DAYS, CUT, REACH = 154, 140, 14


def judged_members(monkeypatch: pytest.MonkeyPatch, panel: Panel) -> np.ndarray:
    """Quantiles that the members are judged by, shape ``(members, levels, series, judged days)``."""
    seen: list[np.ndarray] = []

    def weigh(members: np.ndarray, *_: object) -> np.ndarray:
        seen.append(members)
        return np.full(3, 1 / 3)

    monkeypatch.setattr(bucket, "choose_weights", weigh)
    bucket.train_bucket(panel, CUT, recipe(panel.until(CUT), REACH), 1, 1, 1)
    return seen[0].reshape(3, 7, len(panel.series), DAYS - CUT)


def test_a_mean_is_judged_with_errors_of_other_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came in the last half of the judged days changes the spread around the mean in the first half alone."""
    demand = np.random.default_rng(8).gamma(4.0, 5.0, (6, DAYS))
    names = [f"lane {n}" for n in range(6)]
    before = judged_members(monkeypatch, read_history(long_frame(dict(zip(names, demand, strict=True)))))
    demand[:, -7:] *= 3.0
    after = judged_members(monkeypatch, read_history(long_frame(dict(zip(names, demand, strict=True)))))
    point = bucket.MEMBERS.index("point")
    np.testing.assert_array_equal(before[point, :, :, 7:], after[point, :, :, 7:])
    assert (before[point, -1, :, :7] < after[point, -1, :, :7]).all()


def test_restless_records_are_learned_by_fewer_trees() -> None:
    """The models that forecast have as many trees as served best on the judged days: few where all is chance."""
    chance = np.random.default_rng(9).gamma(2.0, 5.0, (4, DAYS))
    panel = read_history(long_frame({f"lane {n}": row for n, row in enumerate(chance)}))
    trained = bucket.train_bucket(panel, CUT, recipe(panel.until(CUT), REACH), 100, 1, 1)
    assert {model.text.count("Tree=") for model in (trained.mean, *trained.quantiles)} == {25}
