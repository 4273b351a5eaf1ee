"""Rolling origin: how good forecasts would have been, each made from nothing but what was known by then.

The last ``folds * horizon`` periods are forecast in turn, ``horizon`` at a time; before each fold the forecaster is
fitted anew. A lane that had no demand on record by then is not shown to it. Known-ahead features of the fold are shown,
as a planner has them, and those of later periods are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from forecasting.apart import select
from forecasting.demand_classes import demand_classes
from forecasting.measures import LEVELS, RESERVATION_LEVELS, naive_quantiles, pinball_loss, scaled_pinball_loss
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.forecast import Forecast
    from forecasting.panel import Panel

YARDSTICK = "seasonal_naive"
DEFAULT_PATHS = 200
POOL_SIZE = 7
# Columns of a lane's row that can be added up over lanes and folds.
SUMS = (
    "periods",
    "demand",
    "absolute_error",
    "signed_error",
    *(f"covered_{level}" for level in LEVELS),
    *(f"loss_{level}" for level in LEVELS),
)


class LooksAhead(Protocol):
    """What can be judged: any fitted forecaster can."""

    def forecast(self, recent: Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the periods that follow the last one in ``recent``."""
        ...


class Learns(Protocol):
    """What a rolling origin can fit: any forecaster, and `forecasting.apart.Apart`."""

    def fit(self, history: Panel, seed: int) -> LooksAhead:
        """Fit to a history."""
        ...


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
            told = by_forecaster(self.lanes)
            return {n: m | _pool_measures(self.pools[self.pools["forecaster"] == n]) for n, m in told.items()}
        lanes = self.lanes.groupby(by)["unique_id"].nunique()
        return {group: {"lanes": int(lanes[group]), **told} for group, told in by_group(self.lanes, by).items()}


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
    for number in range(folds):
        yield fold_at(panel, least + number * horizon, horizon, number)


def fold_at(panel: Panel, cut: int, horizon: int, number: int = 0) -> Fold:
    """Cut a history at a column: what is known before it, and what comes in the ``horizon`` columns from it on."""
    rows = np.flatnonzero(~np.isnan(panel.demand[:, :cut]).all(axis=1))
    part = select(panel, rows)
    planned = {name: values[:, : cut + horizon] for name, values in part.ahead.items()}
    return Fold(number, replace(part.until(cut), ahead=planned), rows, part.observed()[:, cut : cut + horizon])


def forecast_fold(fold: Fold, forecaster: Learns, seed: int, paths: int = DEFAULT_PATHS) -> Forecast:
    """Fit on what a fold knows, and look ahead from it."""
    fitted = forecaster.fit(fold.known, seed)
    horizon = fold.actual.shape[1]
    return fitted.forecast(fold.known, horizon, paths, np.random.default_rng([seed, fold.number]))


def evaluate(
    panel: Panel,
    forecasters: Mapping[str, Learns],
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
    kinds = dict(zip(panel.series, kinds_of_demand(panel.until(cuts[0].known.periods)), strict=True))
    lanes: list[pd.DataFrame] = []
    pooled: list[tuple[Any, ...]] = []
    done = 0
    for fold in cuts:
        lanes.append(yardstick_rows(fold))
        for name, forecaster in forecasters.items():
            progress(done, len(cuts) * len(forecasters), name)
            forecast = forecast_fold(fold, forecaster, seed, paths)
            lanes.append(forecast_rows(name, fold, forecast))
            pooled.extend(_pool_rows(name, fold, _in_order(forecast, fold.known.series), pools))
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


def kinds_of_demand(panel: Panel) -> tuple[str, ...]:
    """Class of each series' demand, ``none`` where there was none."""
    count = (panel.observed() > 0).sum(axis=1).tolist()
    return tuple(kind if some else "none" for kind, some in zip(demand_classes(panel), count, strict=True))


def yardstick_rows(fold: Fold) -> pd.DataFrame:
    """Sums per lane for the yardstick."""
    naive = naive_quantiles(fold.known.observed(), fold.known.season, fold.actual.shape[1])
    middle = naive[LEVELS.index(0.5)]
    return _lane_rows(YARDSTICK, fold, naive, middle, middle)


def forecast_rows(name: str, fold: Fold, forecast: Forecast) -> pd.DataFrame:
    """Sums per lane for a forecast of a fold."""
    told = _in_order(forecast, fold.known.series)
    quantiles = forecast.quantiles(LEVELS, fold.known.series)
    return _lane_rows(name, fold, quantiles, quantiles[LEVELS.index(0.5)], told.mean(axis=2))


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
            own = np.quantile(paths[rows], level, axis=2)
            alone = pinball_loss(fold.actual[rows], own[None], [level])[0].sum(axis=0)
            loss = pinball_loss(together[None], joint[None, None], [level])[0, 0]
            yield (name, fold.number, pool, level, np.nansum(loss), _sum_where(alone, together), np.nansum(together))


def _sum_where(values: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    return float(values[~np.isnan(known)].sum())


def by_forecaster(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Make measures of some lanes, per forecaster."""
    return by_group(rows.assign(all=""), "all")[""]


def by_group(rows: pd.DataFrame, by: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Make measures of groups of lanes, per group and forecaster."""
    keys = [by, "forecaster"]
    sums = rows.groupby(keys)[list(SUMS)].sum()
    spl = rows.groupby([*keys, "fold"])["spl"].mean().groupby(level=keys).mean()
    order = {name: place for place, name in enumerate(rows["forecaster"].unique())}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for group, name in sorted(sums.index, key=lambda key: (key[0], order[key[1]])):
        found.setdefault(str(group), {})[str(name)] = _measures(sums.loc[(group, name)], spl[(group, name)])
    return found


def _measures(sums: pd.Series, spl: float) -> dict[str, Any]:
    """Measures of some lanes of one forecaster, from sums of `_lane_rows` and the mean SPL."""
    total = sums.to_dict()
    demand, periods = total["demand"], total["periods"]
    return {
        "spl": None if np.isnan(spl) else float(spl),
        "wape": _share(total["absolute_error"], demand),
        "bias": _share(total["signed_error"], demand),
        "coverage": {str(q): _share(total[f"covered_{q}"], periods) for q in LEVELS},
        "regret": {str(q): _share(total[f"loss_{q}"], (1 - q) * demand) for q in RESERVATION_LEVELS},
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
