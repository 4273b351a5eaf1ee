"""What a forecast is: sample paths that keep the correlation between series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.model_state import ModelState
    from forecasting.panel import Panel


@dataclass(frozen=True, eq=False)
class Forecast:
    """Sample paths of demand, day by day or in longer periods.

    Attributes
    ----------
    series
        Series ids, in row order.
    first_day
        First day of the first column.
    paths
        Shape ``(series, horizon, paths)``, in the unit of the history, never negative. One path is one joint future
        of all series, so a pool's demand is the sum of its members' paths.
    freq
        Length of a column: ``D``, ``W-MON`` to ``W-SUN`` or ``MS``.
    """

    series: tuple[str, ...]
    first_day: date
    paths: NDArray[np.float64]
    freq: str = "D"

    def __post_init__(self) -> None:
        if self.paths.ndim != 3 or self.paths.shape[0] != len(self.series):
            raise ValueError(f"paths have shape {self.paths.shape}, expected ({len(self.series)}, horizon, paths)")

    def rows(self, series: Sequence[str]) -> NDArray[np.intp]:
        """Row numbers of some series."""
        index = {s: i for i, s in enumerate(self.series)}
        return np.array([index[s] for s in series], dtype=np.intp)

    def quantiles(self, levels: Sequence[float], series: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Quantiles per series and period, shape ``(levels, series, horizon)``."""
        paths = self.paths if series is None else self.paths[self.rows(series)]
        # As numpy.quantile tells them, which takes ten times as long for many short rows.
        ordered = np.sort(paths, axis=2)
        last = ordered.shape[2] - 1
        found = np.empty((len(levels), *ordered.shape[:2]))
        for number, level in enumerate(levels):
            low = int(level * last)
            below, above = ordered[:, :, low], ordered[:, :, min(low + 1, last)]
            found[number] = below + (level * last - low) * (above - below)
        return found

    def pooled(self, series: Sequence[str]) -> NDArray[np.float64]:
        """Sample paths of the sum of some series, shape ``(horizon, paths)``."""
        return np.asarray(self.paths[self.rows(series)].sum(axis=0))


class FittedForecaster(Protocol):
    """A model that has seen history and can look ahead from any later period."""

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the periods that follow the last one in ``recent``.

        Parameters
        ----------
        recent
            Long frame ``unique_id, ds, y`` (and known-ahead columns) of everything known up to now, or of the last part
            of it: what is older comes from the history.
        horizon
            Number of periods.
        rng
            For the sample paths. Which past periods a path takes after depends on it and the calendar alone, so that
            owners who forecast apart, from records of equal length and with equal generators, get paths that belong
            together: their sum keeps the correlation between them.
        """
        ...

    def update(self, recent: pd.DataFrame | Panel) -> FittedForecaster:
        """Take in what came since, without learning anew: history, scales and past errors, but no model."""
        ...

    def state(self) -> ModelState:
        """Take itself apart, into what `Forecaster.restore` puts together again."""
        ...


class Forecaster(Protocol):
    """Learns from a demand history.

    Attributes
    ----------
    name
        As registered.
    """

    name: str

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedForecaster:
        """Fit to a long frame ``unique_id, ds, y`` with its optional columns, or to a panel read from one."""
        ...

    def restore(self, state: ModelState) -> FittedForecaster:
        """Put together what a forecaster of this name was taken apart into; it forecasts the same, to the byte."""
        ...
