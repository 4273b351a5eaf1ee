"""The oracle knows what really comes: what it saves is the most that a better forecast could be worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import Panel, extend, read_history
from forecasting.seasonal_naive import weekday_mean

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator


class Oracle:
    """Answers with the truth, on every path.

    Parameters
    ----------
    future
        What really comes, as a long frame valid for `forecasting.history.read_history`; it may hold the past too. After
        its last day the oracle knows no more than that each week is like the last one known.
    """

    name: str = "oracle"

    def __init__(self, future: pd.DataFrame) -> None:
        self._future = future

    def fit(self, history: pd.DataFrame, seed: int) -> FittedOracle:
        """Take note of which series there are; nothing is learned.

        Raises
        ------
        InputError
            Where the history or the future breaks the contract of `forecasting.history`.
        """
        return FittedOracle(read_history(history), read_history(self._future, "future"))


class FittedOracle:
    """The truth, from any day on."""

    def __init__(self, history: Panel, future: Panel) -> None:
        self._history = history
        self._future = future

    def forecast(self, recent: pd.DataFrame, horizon_days: int, paths: int, rng: Generator) -> Forecast:
        """Give the truth for the days that follow ``recent``; a series without a row in the future gets 0.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self._history, read_history(recent, "recent"))
        truth = extend(known, self._future) if self._future.next_day > known.next_day else known
        demand = np.nan_to_num(truth.demand)
        start = (known.next_day - truth.first_day).days
        beyond = start + horizon_days - truth.days
        if beyond > 0:
            demand = np.hstack([demand, weekday_mean(demand, 1, beyond)])
        days = demand[:, start : start + horizon_days]
        return Forecast(truth.series, known.next_day, np.repeat(days[:, :, None], paths, axis=2))
