"""How models are trained."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting import boosting
from forecasting.boosting import Lesson, draw_rows
from forecasting.point_model import train_mean


def test_rows_are_drawn_as_often_as_they_weigh() -> None:
    """A row of k times the mean weight is drawn k times, give or take one, and as many rows are drawn as there are."""
    rng = np.random.default_rng(5)
    weight = rng.gamma(1.0, size=1000)
    drawn = draw_rows(weight, rng)
    often = np.bincount(drawn, minlength=1000)
    assert often.sum() == 1000
    assert (np.abs(often - weight / weight.mean()) < 2).all()


def test_many_rows_teach_the_quantile_that_weights_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the number from which rows are drawn, a model tells the weighted quantile, not the plain one."""
    rng = np.random.default_rng(6)
    values = np.zeros((4000, 1), dtype=np.float32)
    # Half of the rows lie around 10 and weigh nine times as much as those around 0.
    heavy = np.arange(4000) % 2 == 0
    target = np.where(heavy, 10.0, 0.0) + rng.random(4000)
    weight = np.where(heavy, 9.0, 1.0)
    told = {}
    for way, least in (("weighed", 10_000), ("drawn", 1000)):
        monkeypatch.setattr(boosting, "DRAWN_FROM", least)
        lesson = Lesson(values, target, weight, [], np.random.default_rng(7))
        told[way] = lesson.train(200, 1, objective="quantile", alpha=0.5).predict(values[:1])[0]
    # Of all weight a tenth lies around 0, so the middle is the quantile at 4/9 of the heavy rows.
    assert told["weighed"] == pytest.approx(10 + 4 / 9, abs=0.05)
    assert told["drawn"] == pytest.approx(told["weighed"], abs=0.05)


def test_a_mean_of_nothing_is_nothing():
    """Rows without any demand are learned to have none, where LightGBM's Poisson refuses them."""
    values = np.arange(200, dtype=np.float32).reshape(100, 2)
    lesson = Lesson(values, np.zeros(100), np.ones(100), [], np.random.default_rng(1))
    assert not train_mean(lesson, 5, 1).predict(values, 1, None).any()
