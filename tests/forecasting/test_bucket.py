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


@pytest.mark.parametrize(("least", "apart"), [(0.02, True), (0.9, False)])
def test_groups_are_weighed_apart_where_that_pays(monkeypatch: pytest.MonkeyPatch, least: float, apart: bool) -> None:
    """Sparse demand, for which one member is far off, has weights of its own only where these save it enough."""
    rng = np.random.default_rng(10)
    sparse = np.where(rng.random((4, DAYS)) < 0.3, 6.0, 0.0)
    panel = read_history(
        long_frame({f"r{n}": rng.gamma(4.0, 5.0, DAYS) for n in range(4)} | {f"s{n}": sparse[n] for n in range(4)})
    )
    given = bucket.direct_quantiles

    def off_for_sparse(models: tuple, seen: bucket.Table, *rest: int) -> np.ndarray:
        return given(models, seen, *rest) + 3.0 * (seen.row >= 4)

    monkeypatch.setattr(bucket, "OWN_GAIN", least)
    monkeypatch.setattr(bucket, "direct_quantiles", off_for_sparse)
    trained = bucket.train_bucket(panel, CUT, recipe(panel.until(CUT), REACH), 8, 1, 1)
    assert (trained.weights[0] != trained.weights[1]).any() == apart
