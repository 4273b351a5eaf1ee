"""Looking ahead with a model, as tables: mean and quantiles of lanes and of groups of them, and sample paths.

A group's quantiles are those of the sums of its lanes' paths, path by path. So factories, products and the pool agree
with each other and with the lanes, and bad days that do not fall together do not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.problems import problem_error
from forecasting.forecast import Forecast
from forecasting.measures import LEVELS
from forecasting.periods import days_of, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from experiments.demand_files import Demand
    from experiments.forecasts import Model

# Looked ahead of in this many paths, unless somebody asks for more.
PATHS = 500
# Two years of periods: beyond, a forecast says nothing that its last season does not.
MAX_HORIZON = {"D": 731, "W": 104, "MS": 24}
# Figures of all paths of a forecast together: 2 GB.
MAX_FIGURES = 250_000_000
LANES, POOL = "unique_id", "pool"


def check_horizon(horizon: int | None, freq: str) -> None:
    """Refuse to look ahead further than `MAX_HORIZON`.

    Raises
    ------
    InputError
        With the longest horizon of the frequency.
    """
    most = MAX_HORIZON[freq.partition("-")[0]]
    if horizon is not None and horizon > most:
        raise problem_error("forecast", "horizon", horizon, f"at most {most} periods of {freq}, two years")


def check_size(lanes: int, horizon: int, paths: int) -> None:
    """Refuse more figures than `MAX_FIGURES`.

    Raises
    ------
    InputError
        With the number of paths that would go.
    """
    if lanes * horizon * paths <= MAX_FIGURES:
        return
    most = MAX_FIGURES // (lanes * horizon)
    wanted = f"at most {most}" if most else "fewer lanes or a shorter horizon"
    raise problem_error("forecast", "paths", paths, f"{wanted} for {lanes} lanes and {horizon} periods")


def predict(
    model: Model,
    recent: Demand | None,
    horizon: int,
    seed: int,
    paths: int = PATHS,
    levels: Sequence[float] = LEVELS,
    by: Sequence[str] = (),
) -> tuple[pd.DataFrame, Forecast, dict[str, int]]:
    """Forecast the periods after what is recent.

    Parameters
    ----------
    by
        Levels beside the lanes, as for `level_rows`.

    Returns
    -------
        A row per lane and period (``unique_id, ds, mean`` and a column per level such as ``q0.9``), or as `level_rows`
        gives them where levels are asked for; the paths; and how many lanes are in no group of a level.

    Raises
    ------
    InputError
        Where that is too far, too much, or a level that the model does not know.
    """
    check_horizon(horizon, model.history.freq)
    known = model.known(recent)
    check_size(len(known.series), horizon, paths)
    _groups(known.series, known.static, by)
    forecast = model.fitted.forecast(known, horizon, paths, np.random.default_rng(seed))
    if not by:
        return _rows(forecast, levels), forecast, {}
    # A forecaster gives its lanes in an order of its own.
    place = {s: i for i, s in enumerate(known.series)}
    static = {name: tuple(texts[place[s]] for s in forecast.series) for name, texts in known.static.items()}
    table, left_out = level_rows(forecast, static, by, levels)
    return table, forecast, left_out


def level_rows(
    forecast: Forecast, static: Mapping[str, Sequence[str]], by: Sequence[str], levels: Sequence[float]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Mean and quantiles of the lanes and of every level asked for.

    Parameters
    ----------
    static
        By column, what each series is, in the order of the forecast's series; empty text where nobody said.
    by
        Names of these columns, or ``pool`` for all lanes together.

    Returns
    -------
        Rows ``by, unique_id, ds, mean, q...``, the lanes' own first with ``by`` being ``unique_id``, then each level's
        groups in alphabetical order; and by level the number of lanes that are in no group of it, where there are any.

    Raises
    ------
    InputError
        For a level that is no column.
    """
    tables, left_out = [_rows(forecast, levels).assign(by=LANES)], {}
    for level, groups in _groups(forecast.series, static, by).items():
        sums = np.array([forecast.pooled(lanes) for lanes in groups.values()])
        summed = Forecast(tuple(groups), forecast.first_day, sums, forecast.freq)
        tables.append(_rows(summed, levels).assign(by=level))
        missing = len(forecast.series) - sum(len(lanes) for lanes in groups.values())
        if missing:
            left_out[level] = missing
    table = pd.concat(tables, ignore_index=True)
    return table[["by", *(c for c in table.columns if c != "by")]], left_out


def _groups(
    series: Sequence[str], static: Mapping[str, Sequence[str]], by: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """By level, the lanes of each of its groups."""
    named = {name: texts for name, texts in static.items() if any(texts)}
    found: dict[str, dict[str, list[str]]] = {}
    for level in dict.fromkeys(by):
        if level == POOL:
            found[level] = {POOL: list(series)}
            continue
        if level not in named:
            known = f"one of {', '.join((*named, POOL))}" if named else f"{POOL}: no lane has a factory or product"
            raise problem_error("forecast", "by", repr(level), known)
        groups: dict[str, list[str]] = {}
        for lane, text in zip(series, named[level], strict=True):
            if text:
                groups.setdefault(text, []).append(lane)
        found[level] = dict(sorted(groups.items()))
    return found


def path_rows(forecast: Forecast) -> pd.DataFrame:
    """Write sample paths as rows: ``unique_id, ds, path, y``, a path's number being the same for all lanes."""
    paths = forecast.paths.shape[2]
    grid = _grid(forecast)
    frame = grid.loc[grid.index.repeat(paths)].reset_index(drop=True)
    return frame.assign(path=np.tile(np.arange(paths), len(grid)), y=forecast.paths.ravel())


def _rows(forecast: Forecast, levels: Sequence[float]) -> pd.DataFrame:
    columns = {f"q{level:g}": values.ravel() for level, values in zip(levels, forecast.quantiles(levels), strict=True)}
    return _grid(forecast).assign(mean=forecast.paths.mean(axis=2).ravel(), **columns)


def _grid(forecast: Forecast) -> pd.DataFrame:
    lanes, horizon, _ = forecast.paths.shape
    first = number_of(forecast.first_day, forecast.freq)
    days = days_of(np.arange(first, first + horizon), forecast.freq).astype("datetime64[D]").astype("datetime64[us]")
    return pd.DataFrame({"unique_id": np.repeat(forecast.series, horizon), "ds": np.tile(days, lanes)})
