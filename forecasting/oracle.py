"""The oracle knows what really comes: what it saves is the most that a better forecast could be worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import read_history
from forecasting.panel import Panel, extend
from forecasting.seasonal_naive import seasonal_mean
from groupage.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator

    from forecasting.model_state import ModelState

NO_MODEL = "the oracle is told the future and learns nothing: there is no model to keep; choose another forecaster"


class Oracle:
    """Answers with the truth, on every path.

    Parameters
    ----------
    future
        What really comes, as a long frame valid for `forecasting.history.read_history`; it may hold the past too. After
        its last period the oracle knows no more than that each season is like the last one known.
    """

    name: str = "oracle"

    def __init__(self, future: pd.DataFrame | Panel) -> None:
        self._future = future

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedOracle:
        """Take note of which series there are; nothing is learned.

        Raises
        ------
        InputError
            Where the history or the future breaks the contract of `forecasting.history`.
        """
        known = read_history(history)
        return FittedOracle(known, read_history(self._future, "future", like=known))

    def restore(self, state: ModelState) -> FittedOracle:
        """Refuse: there is nothing to restore."""
        raise InputError(NO_MODEL)


class FittedOracle:
    """The truth, from any period on."""

    def __init__(self, history: Panel, future: Panel) -> None:
        self._history = history
        self._future = future

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Give the truth for the periods that follow ``recent``; a series without a row in the future gets 0.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = extend(self._history, read_history(recent, "recent", like=self._history))
        truth = extend(known, self._future) if self._future.next_period > known.next_period else known
        demand = np.nan_to_num(truth.demand)
        start = truth.column(known.next_period)
        beyond = start + horizon - truth.periods
        if beyond > 0:
            demand = np.hstack([demand, seasonal_mean(demand, truth.season, 1, beyond)])
        periods = demand[:, start : start + horizon]
        return Forecast(truth.series, known.next_period, np.repeat(periods[:, :, None], paths, axis=2), truth.freq)

    def update(self, recent: pd.DataFrame | Panel) -> FittedOracle:
        """Take in what came since."""
        known = extend(self._history, read_history(recent, "recent", like=self._history))
        return FittedOracle(known, self._future)

    def state(self) -> ModelState:
        """Refuse: what an oracle knows is not a model."""
        raise InputError(NO_MODEL)
