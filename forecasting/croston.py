"""Croston's rule for intermittent demand: size and interval smoothed apart, with the errors that it made before."""

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

VARIANTS = ("classic", "sba")


class Croston:
    """Demand per period is the smoothed size of a demand over the smoothed interval between two.

    Parameters
    ----------
    smoothing
        Weight of the newest size and interval, above 0 and at most 1.
    variant
        ``sba`` multiplies by ``1 - smoothing / 2``, the correction of Syntetos and Boylan (2005) for the bias that
        Croston's ratio has; ``classic`` is Croston's own (1972).
    """

    name: str = "croston"

    def __init__(self, smoothing: float = 0.1, variant: str = "sba") -> None:
        problems = []
        if not 0 < smoothing <= 1:
            problems.append(Problem("forecaster croston", "smoothing", str(smoothing), "above 0 and at most 1"))
        if variant not in VARIANTS:
            problems.append(Problem("forecaster croston", "variant", repr(variant), f"one of {', '.join(VARIANTS)}"))
        if problems:
            raise PolicyError(problems)
        self.smoothing = smoothing
        self.variant = variant

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedRule:
        """Keep the history; sizes and intervals are smoothed when asked, so the seed plays no part.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        """
        return FittedRule(self, read_history(history))

    def restore(self, state: ModelState) -> FittedRule:
        """Put a fitted one together again."""
        return FittedRule(Croston(**state.spec["settings"]), panel_from_state(state.spec["history"], state.arrays))

    def settings(self) -> dict[str, Any]:
        """Give the keyword arguments that make this rule."""
        return {"smoothing": self.smoothing, "variant": self.variant}

    def sample(self, known: Panel, horizon: int, paths: int, rng: Generator) -> NDArray[np.float64]:
        """Sample paths for the periods after a panel."""
        levels = croston_levels(known.observed(), self.smoothing)
        if self.variant == "sba":
            levels *= 1 - self.smoothing / 2
        return level_paths(known, levels, horizon, paths, rng)


def croston_levels(demand: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    """Croston's (1972) demand per period, before each column and after the last one.

    The first demand's size, and the periods that it took to come, start the two averages. An unknown period is passed
    over: it neither brings demand nor lengthens an interval.

    Returns
    -------
        Shape ``(series, columns + 1)``; 0 before a series' first demand.
    """
    count = len(demand)
    size, interval, waited = np.zeros(count), np.ones(count), np.zeros(count)
    levels = np.zeros((count, demand.shape[1] + 1))
    for column in range(demand.shape[1]):
        today = demand[:, column]
        waited += ~np.isnan(today)
        arrived = today > 0
        first = arrived & (size == 0)
        weight = np.where(first, 1.0, smoothing)
        size = np.where(arrived, size + weight * (np.where(arrived, today, 0.0) - size), size)
        interval = np.where(arrived, interval + weight * (waited - interval), interval)
        waited[arrived] = 0
        levels[:, column + 1] = size / interval
    return levels
