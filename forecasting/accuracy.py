"""How well forecasts of each series would have fared, fold by fold of a rolling origin: what an owner is told of it.

`forecasting.evaluate` compares forecasters over many series; this is about one forecaster and each series by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.evaluate import DEFAULT_PATHS, folds_of, forecast_fold
from forecasting.measures import LEVELS, naive_quantiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from forecasting.evaluate import Learns
    from forecasting.panel import Panel

LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Accuracy:
    """Figures of one series over all folds in which it had begun.

    Attributes
    ----------
    periods
        Periods that were judged.
    absolute_error
        Mean absolute error of a period: of the median, which has the least.
    bias
        Mean of forecast less demand: of the mean, which has none if the forecast is right.
    absolute_error_share
        Sum of absolute errors over sum of demand; None where nothing was demanded.
    coverage
        Share of periods whose demand lay from the quantile at `LOW` to the one at `HIGH`, both included.
    skill
        Share of the absolute error of repeating the last season (`forecasting.measures.naive_quantiles`) that this
        forecaster does not make; negative where it makes more, None where repeating made none.
    """

    periods: int
    absolute_error: float
    bias: float
    absolute_error_share: float | None
    coverage: float
    skill: float | None


def accuracies(
    panel: Panel,
    forecaster: Learns,
    *,
    horizon: int,
    folds: int,
    seed: int,
    series: Collection[str] | None = None,
    paths: int = DEFAULT_PATHS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Accuracy]:
    """Judge a forecaster on each series.

    Parameters
    ----------
    series
        Whom to judge; all if ``None``. The others are learned from only.
    progress
        Told how many folds are done, of how many.

    Returns
    -------
        By series, those of which at least one period could be judged.

    Raises
    ------
    InputError
        Where the history is too short for the folds.
    """
    wanted = set(panel.series if series is None else series)
    sums: dict[str, np.ndarray] = {}
    cuts = list(folds_of(panel, horizon, folds))
    for done, fold in enumerate(cuts):
        progress(done, len(cuts))
        forecast = forecast_fold(fold, forecaster, seed, paths)
        told = forecast.paths[forecast.rows(fold.known.series)]
        low, median, high = np.quantile(told, (LOW, 0.5, HIGH), axis=2)
        naive = naive_quantiles(fold.known.observed(), fold.known.season, horizon)[LEVELS.index(0.5)]
        actual = fold.actual
        known = ~np.isnan(actual)
        within = known & (low <= actual) & (actual <= high)
        figures = (
            known,
            np.where(known, actual, 0.0),
            np.where(known, np.abs(actual - median), 0.0),
            np.where(known, told.mean(axis=2) - actual, 0.0),
            within,
            np.where(known, np.abs(actual - naive), 0.0),
        )
        rows = np.stack([f.sum(axis=1) for f in figures], axis=1).astype(np.float64)
        for name, row in zip(fold.known.series, rows, strict=True):
            if name in wanted:
                sums[name] = sums.get(name, np.zeros(len(figures))) + row
    progress(len(cuts), len(cuts))
    return {name: _accuracy(row) for name, row in sorted(sums.items()) if row[0]}


def _accuracy(row: np.ndarray) -> Accuracy:
    periods, demand, error, signed, within, naive = (float(value) for value in row)
    return Accuracy(
        periods=int(periods),
        absolute_error=error / periods,
        bias=signed / periods,
        absolute_error_share=error / demand if demand > 0 else None,
        coverage=within / periods,
        skill=1 - error / naive if naive > 0 else None,
    )
