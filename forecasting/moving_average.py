"""Moving average: the mean of the last periods, with the errors that this rule made before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.history import read_history
from forecasting.panel import Panel, panel_from_state
from forecasting.rules import FittedRule, level_paths
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.model_state import ModelState


class MovingAverage:
    """The mean of what is known of the last periods, for every period to come.

    Parameters
    ----------
    periods
        How many the mean takes.
    """

    name: str = "moving_average"

    def __init__(self, periods: int = 28) -> None:
        if periods < 1:
            raise PolicyError([Problem("forecaster moving_average", "periods", str(periods), "at least 1")])
        self.periods = periods

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedRule:
        """Keep the history; nothing is estimated, so the seed plays no part.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        """
        return FittedRule(self, read_history(history))

    def restore(self, state: ModelState) -> FittedRule:
        """Put a fitted one together again."""
        history = panel_from_state(state.spec["history"], state.arrays)
        return FittedRule(MovingAverage(**state.spec["settings"]), history)

    def settings(self) -> dict[str, Any]:
        """Give the keyword arguments that make this rule."""
        return {"periods": self.periods}

    def sample(self, known: Panel, horizon: int, paths: int, rng: Generator) -> NDArray[np.float64]:
        """Sample paths for the periods after a panel."""
        return level_paths(known, moving_means(known.observed(), self.periods), horizon, paths, rng)


def moving_means(demand: NDArray[np.float64], periods: int) -> NDArray[np.float64]:
    """Mean of the last ``periods`` known figures before each column and after the last one.

    Unknown ones are passed over, however many: a week without stock is no week without demand, and the days around it
    are no sample of all weekdays.

    Returns
    -------
        Shape ``(series, columns + 1)``; 0 before anything is known.
    """
    last = np.zeros((len(demand), periods))
    seen = np.zeros(len(demand), dtype=np.intp)
    levels = np.zeros((len(demand), demand.shape[1] + 1))
    for column in range(demand.shape[1]):
        known = np.flatnonzero(~np.isnan(demand[:, column]))
        last[known, seen[known] % periods] = demand[known, column]
        seen[known] += 1
        # Summed anew each time: differences of running totals would leave crumbs where there was no demand.
        levels[:, column + 1] = last.sum(axis=1) / np.clip(seen, 1, periods)
    return levels
