from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting.accuracy import accuracies
from forecasting.evaluate import evaluate
from forecasting.history import read_history
from forecasting.moving_average import MovingAverage
from forecasting.seasonal_naive import SeasonalNaive
from groupage.errors import InputError


def panel(days=84, series=("a", "b")):
    rng = np.random.default_rng(3)
    first = date(2026, 1, 5)
    rows = [
        (name, first + timedelta(days=day), float(rng.poisson(4 + 3 * number)))
        for number, name in enumerate(series)
        for day in range(days)
    ]
    frame = pd.DataFrame(rows, columns=["unique_id", "ds", "y"])
    return read_history(frame.assign(ds=pd.to_datetime(frame["ds"])), freq="D", gaps="zero")


def test_figures_are_those_of_the_evaluation():
    """Errors, bias and days of each series, summed over folds, as `evaluate` sums them."""
    history = panel()
    found = accuracies(history, MovingAverage(), horizon=14, folds=4, seed=1)
    rows = evaluate(history, {"moving_average": MovingAverage()}, horizon=14, folds=4, seed=1).lanes
    for name in history.series:
        mine = (
            rows[rows["unique_id"] == name]
            .groupby("forecaster")[["periods", "demand", "absolute_error", "signed_error"]]
            .sum()
        )
        own, naive = mine.loc["moving_average"], mine.loc["seasonal_naive"]
        assert found[name].periods == own["periods"] == 56
        assert found[name].absolute_error == pytest.approx(own["absolute_error"] / 56)
        assert found[name].bias == pytest.approx(own["signed_error"] / 56)
        assert found[name].absolute_error_share == pytest.approx(own["absolute_error"] / own["demand"])
        assert found[name].skill == pytest.approx(1 - own["absolute_error"] / naive["absolute_error"])


def test_constant_demand_is_always_within_and_has_no_skill_to_show():
    """Both ends of the interval count as within; where repeating made no error there is nothing to be better than."""
    history = panel(series=("a",))
    history.demand[:] = 3.0
    (found,) = accuracies(history, SeasonalNaive(), horizon=14, folds=2, seed=1).values()
    assert (found.coverage, found.absolute_error, found.bias, found.skill) == (1.0, 0.0, 0.0, None)
    history.demand[:] = 0.0
    (found,) = accuracies(history, SeasonalNaive(), horizon=14, folds=2, seed=1).values()
    assert (found.coverage, found.absolute_error_share) == (1.0, None)


def test_only_who_is_asked_for_is_judged_and_too_short_a_record_is_refused():
    """Others are learned from; folds need a horizon of history before them; progress is told fold by fold."""
    told = []
    found = accuracies(
        panel(), MovingAverage(), horizon=14, folds=2, seed=1, series=["b"], progress=lambda *at: told.append(at)
    )
    assert set(found) == {"b"}
    assert told == [(0, 2), (1, 2), (2, 2)]
    with pytest.raises(InputError, match="at least 84"):
        accuracies(panel(83), MovingAverage(), horizon=14, folds=5, seed=1)
