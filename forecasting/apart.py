"""One model for each owner: whose histories may not be learned from together are learned from apart."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import read_history

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.forecast import FittedForecaster, Forecaster
    from forecasting.panel import Panel


class Apart:
    """A forecaster that learns each owner's lanes from that owner's history alone.

    Every owner draws its paths with an equal generator, as owners on machines of their own would, so that their paths
    belong together and a pool's demand is still the sum of its members' (`forecasting.forecast.FittedForecaster`).

    Parameters
    ----------
    forecaster
        What learns.
    owners
        Owner of each series.
    """

    def __init__(self, forecaster: Forecaster, owners: Mapping[str, str]) -> None:
        self.name = forecaster.name
        self._forecaster = forecaster
        self._owners = owners

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedApart:
        """Fit to each owner's part of a history."""
        panel = read_history(history)
        parts = {o: select(panel, rows) for o, rows in rows_by_owner(panel, self._owners).items()}
        return FittedApart({o: self._forecaster.fit(part, seed) for o, part in parts.items()}, self._owners, panel)


class FittedApart:
    """A fitted forecaster for each owner."""

    def __init__(self, fitted: Mapping[str, FittedForecaster], owners: Mapping[str, str], history: Panel) -> None:
        self._fitted = fitted
        self._owners = owners
        self._history = history

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast each owner's lanes from its part of what is recent."""
        known = read_history(recent, "recent", like=self._history)
        rows = rows_by_owner(known, self._owners)
        told = {o: self._fitted[o].forecast(select(known, rows[o]), horizon, paths, copy.deepcopy(rng)) for o in rows}
        joint = np.zeros((len(known.series), horizon, paths))
        for owner, forecast in told.items():
            joint[rows[owner]] = forecast.paths[forecast.rows([known.series[r] for r in rows[owner]])]
        return Forecast(known.series, known.next_period, joint, known.freq)


def rows_by_owner(panel: Panel, owners: Mapping[str, str]) -> dict[str, NDArray[np.intp]]:
    """Rows of each owner's series, owners in order of their names."""
    owner = np.array([owners[series] for series in panel.series], dtype=object)
    return {name: np.flatnonzero(owner == name) for name in sorted(set(owner))}


def select(panel: Panel, rows: NDArray[np.intp]) -> Panel:
    """Keep some series of a panel."""
    return replace(
        panel,
        series=tuple(panel.series[r] for r in rows),
        demand=panel.demand[rows],
        censored=panel.censored[rows],
        ahead={name: values[rows] for name, values in panel.ahead.items()},
        static={name: tuple(values[r] for r in rows) for name, values in panel.static.items()},
    )
