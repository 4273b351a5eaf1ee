"""Rolling origin: how good forecasts would have been, each made from nothing but what was known by then.

The last ``folds * horizon`` periods are forecast in turn, ``horizon`` at a time; before each fold the forecaster is
fitted anew. A lane that had no demand on record by then is not shown to it. Known-ahead features of the fold are shown,
as a planner has them, and those of later periods are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.apart import select
from forecasting.demand_classes import demand_classes
from forecasting.measures import LEVELS, RESERVATION_LEVELS, naive_quantiles, pinball_loss, scaled_pinball_loss
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from forecasting.forecast import Forecast, Forecaster
    from forecasting.panel import Panel

YARDSTICK = "seasonal_naive"
DEFAULT_PATHS = 200
POOL_SIZE = 7


@dataclass(frozen=True, eq=False)
class Fold:
    """One origin: what was known, and what came.

    Attributes
    ----------
    known
        Everything known by then, for the series that had begun.
    rows
        Which series of the whole panel those are.
    actual
        What came, shape ``(series, horizon)``; NaN where nobody knows (censored, closed, unrecorded).
    """

    number: int
    known: Panel
    rows: NDArray[np.intp]
    actual: NDArray[np.float64]

    @property
    def first(self) -> date:
        """First period of the fold."""
        return self.known.next_period


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a rolling origin found.

    Attributes
    ----------
    lanes
        A row per forecaster, fold and lane: ``forecaster, fold, unique_id, class``, the SPL, and sums over the fold's
        known periods (`_lane_rows`).
    pools
        A row per forecaster, fold, pool and level: sums of losses for the pool and for its members one by one.
    """

    forecasters: tuple[str, ...]
    horizon: int
    season: int
    freq: str
    folds: tuple[date, ...]
    lanes: pd.DataFrame
    pools: pd.DataFrame

    def measures(self, by: str | None = None) -> dict[str, dict[str, Any]]:
        """All measures per forecaster; with ``by`` (``class``, ``unique_id``) per group and forecaster.

        SPL is averaged over lanes and then over folds; WAPE, bias, coverage and regret are of all folds together.
        Figures that are not defined, such as a WAPE without demand, are None.
        """
        if by is None:
            told = _by_forecaster(self.lanes)
            return {n: m | _pool_measures(self.pools[self.pools["forecaster"] == n]) for n, m in told.items()}
        return {
            str(group): {"lanes": int(rows["unique_id"].nunique()), **_by_forecaster(rows)}
            for group, rows in self.lanes.groupby(by, sort=True)
        }


def folds_of(panel: Panel, horizon: int, folds: int) -> Iterator[Fold]:
    """Cut a history into its rolling origins, the earliest first.

    Raises
    ------
    InputError
        Where so many folds leave less history than one horizon before the first.
    """
    for key, value in (("horizon", horizon), ("folds", folds)):
        if value < 1:
            raise InputError([Problem("evaluation", key, str(value), "at least 1")])
    least = panel.periods - folds * horizon
    if least < max(horizon, 2):
        raise InputError(
            [
                Problem(
                    "evaluation",
                    "history",
                    f"{panel.periods} periods",
                    f"at least {(folds + 1) * horizon} for {folds} folds of {horizon}",
                )
            ]
        )
    observed = panel.observed()
    for number in range(folds):
        cut = least + number * horizon
        rows = np.flatnonzero(~np.isnan(panel.demand[:, :cut]).all(axis=1))
        known = select(panel, rows).until(cut)
        planned = {name: values[:, : cut + horizon] for name, values in known.ahead.items()}
        yield Fold(number, replace(known, ahead=planned), rows, observed[rows, cut : cut + horizon])


def forecast_fold(fold: Fold, forecaster: Forecaster, seed: int, paths: int = DEFAULT_PATHS) -> Forecast:
    """Fit on what a fold knows, and look ahead from it."""
    fitted = forecaster.fit(fold.known, seed)
    horizon = fold.actual.shape[1]
    return fitted.forecast(fold.known, horizon, paths, np.random.default_rng([seed, fold.number]))


def evaluate(
    panel: Panel,
    forecasters: Mapping[str, Forecaster],
    *,
    horizon: int,
    folds: int,
    seed: int,
    paths: int = DEFAULT_PATHS,
    pools: Mapping[str, Sequence[str]] | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, word: None,
) -> Evaluation:
    """Judge forecasters by a rolling origin, beside the yardstick `forecasting.measures.naive_quantiles`.

    Parameters
    ----------
    panel
        The whole history.
    forecasters
        By the name that the result calls them.
    pools
        Lanes that reserve together, by the pool's name; by default lanes in order of their ids, seven at a time.
    progress
        Told how many fits are done, of how many, and which comes next.

    Raises
    ------
    InputError
        Where the history is too short for the folds.
    """
    pools = default_pools(panel.series) if pools is None else pools
    cuts = list(folds_of(panel, horizon, folds))
    kinds = dict(zip(panel.series, demand_classes(panel.observed()[:, : cuts[0].known.periods]), strict=True))
    lanes: list[pd.DataFrame] = []
    pooled: list[tuple[Any, ...]] = []
    done = 0
    for fold in cuts:
        history = fold.known.observed()
        naive = naive_quantiles(history, panel.season, horizon)
        middle = naive[LEVELS.index(0.5)]
        lanes.append(_lane_rows(YARDSTICK, fold, naive, middle, middle))
        for name, forecaster in forecasters.items():
            progress(done, len(cuts) * len(forecasters), name)
            forecast = forecast_fold(fold, forecaster, seed, paths)
            told = _in_order(forecast, fold.known.series)
            quantiles = np.asarray(np.quantile(told, LEVELS, axis=2))
            mean = told.mean(axis=2)
            lanes.append(_lane_rows(name, fold, quantiles, quantiles[LEVELS.index(0.5)], mean))
            pooled.extend(_pool_rows(name, fold, told, quantiles, pools))
            done += 1
    progress(done, done, "")
    table = pd.concat(lanes, ignore_index=True)
    table["class"] = table["unique_id"].map(kinds)
    return Evaluation(
        forecasters=(*forecasters, YARDSTICK),
        horizon=horizon,
        season=panel.season,
        freq=panel.freq,
        folds=tuple(fold.first for fold in cuts),
        lanes=table,
        pools=pd.DataFrame(pooled, columns=["forecaster", "fold", "pool", "level", "loss", "alone_loss", "demand"]),
    )


def default_pools(series: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Lanes in order of their ids, seven at a time; a rest of one stays alone and is in no pool."""
    groups = [tuple(series[at : at + POOL_SIZE]) for at in range(0, len(series), POOL_SIZE)]
    return {f"{group[0]} to {group[-1]}": group for group in groups if len(group) > 1}


def _in_order(forecast: Forecast, series: tuple[str, ...]) -> NDArray[np.float64]:
    """Paths in the order of some series, which a forecaster of another package may not keep."""
    return forecast.paths if forecast.series == series else forecast.paths[forecast.rows(series)]


def _lane_rows(
    name: str,
    fold: Fold,
    quantiles: NDArray[np.float64],
    median: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> pd.DataFrame:
    """Sums per lane from which `_measures` makes measures of any group of lanes."""
    actual = fold.actual
    known = ~np.isnan(actual)
    loss = pinball_loss(actual, quantiles)
    rows = {
        "forecaster": name,
        "fold": fold.number,
        "unique_id": fold.known.series,
        "spl": scaled_pinball_loss(actual, quantiles, fold.known.observed()),
        "periods": known.sum(axis=1),
        "demand": np.nansum(actual, axis=1),
        # The median has the least absolute error, the mean no bias.
        "absolute_error": np.nansum(np.abs(actual - median), axis=1),
        "signed_error": np.nansum(np.where(known, mean - actual, 0.0), axis=1),
    }
    for number, level in enumerate(LEVELS):
        rows[f"covered_{level}"] = (known & (actual <= quantiles[number])).sum(axis=1)
        rows[f"loss_{level}"] = np.nansum(loss[number], axis=1)
    return pd.DataFrame(rows)


def _pool_rows(
    name: str,
    fold: Fold,
    paths: NDArray[np.float64],
    quantiles: NDArray[np.float64],
    pools: Mapping[str, Sequence[str]],
) -> Iterator[tuple[Any, ...]]:
    """Losses of pools that reserve for the sum of their members, and of the members one by one."""
    place = {series: row for row, series in enumerate(fold.known.series)}
    for pool, members in pools.items():
        rows = [place[m] for m in members if m in place]
        if len(rows) < 2:
            continue
        together = fold.actual[rows].sum(axis=0)  # unknown where any member's demand is
        for level in RESERVATION_LEVELS:
            joint = np.quantile(paths[rows].sum(axis=0), level, axis=1)
            alone = pinball_loss(fold.actual[rows], quantiles[[LEVELS.index(level)]][:, rows], [level])[0].sum(axis=0)
            loss = pinball_loss(together[None], joint[None, None], [level])[0, 0]
            yield (name, fold.number, pool, level, np.nansum(loss), _sum_where(alone, together), np.nansum(together))


def _sum_where(values: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    return float(values[~np.isnan(known)].sum())


def _by_forecaster(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(name): _measures(part) for name, part in rows.groupby("forecaster", sort=False)}


def _measures(rows: pd.DataFrame) -> dict[str, Any]:
    """Measures of some lanes of one forecaster."""
    demand, periods = float(rows["demand"].sum()), int(rows["periods"].sum())
    spl = rows.groupby("fold")["spl"].mean().mean()
    return {
        "spl": _figure(float(spl)),
        "wape": _share(rows["absolute_error"].sum(), demand),
        "bias": _share(rows["signed_error"].sum(), demand),
        "coverage": {str(q): _share(rows[f"covered_{q}"].sum(), periods) for q in LEVELS},
        "regret": {str(q): _share(rows[f"loss_{q}"].sum(), (1 - q) * demand) for q in RESERVATION_LEVELS},
    }


def _pool_measures(rows: pd.DataFrame) -> dict[str, Any]:
    """Regret of reserving together, and its ratio to reserving lane by lane; nothing where there is no pool."""
    if rows.empty:
        return {}
    sums = rows.groupby("level")[["loss", "alone_loss", "demand"]].sum()
    return {
        "pool_regret": {str(q): _share(s["loss"], (1 - float(str(q))) * s["demand"]) for q, s in sums.iterrows()},
        "pool_regret_ratio": {str(q): _share(s["loss"], s["alone_loss"]) for q, s in sums.iterrows()},
    }


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else value
