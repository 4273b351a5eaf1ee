"""What the trees look at: lags and rolling figures of scaled demand, the calendar, and known-ahead features.

A table is made for one bucket of the horizon. Its lags lie at or beyond the bucket's last period, so that each of the
bucket's periods can be predicted directly from what is known at the origin: a forecast is never fed into the next one
(recursive quantiles are wrong). Training, validation and forecasting use the same tables.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.calendar import calendar_features
from forecasting.periods import days_per_period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from forecasting.panel import Panel

# A level below a tenth of a series' usual positive demand is taken as that: ratios to nearly nothing mean nothing.
LEVEL_FLOOR = 0.1
# Lags of a whole year are looked at where so many periods more than a year have been seen.
YEAR_AND = {"D": 200, "W": 40, "MS": 18}
YEAR = {"D": 364, "W": 52, "MS": 12}
FILL_SEASONS = 4
MAX_PROMOTED = 0.4


@dataclass(frozen=True)
class Recipe:
    """Which features one bucket takes.

    Attributes
    ----------
    reach
        Last period of the bucket, counted from 1; the shortest lag.
    season
        Season of the panel.
    yearly
        Whether the same time of the year before is looked at.
    known_ahead
        Names of the panel's known-ahead features.
    categories
        Static features by name, with the texts seen in training.
    country, subdivision
        For `forecasting.calendar`.
    """

    reach: int
    season: int
    yearly: bool
    known_ahead: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """Features, a row per series and period.

    Attributes
    ----------
    values
        Shape ``(rows, features)``; lagged figures are divided by the level.
    level
        Recent level of each row's series, in its scaled unit, at least `LEVEL_FLOOR`.
    row, column
        Series and period of each row.
    categorical
        Columns of ``values`` that are codes.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    level: NDArray[np.float64]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    categorical: tuple[int, ...]


def recipe(panel: Panel, reach: int, country: str | None = None, subdivision: str | None = None) -> Recipe:
    """Features for a bucket that ends ``reach`` periods ahead, from what a panel has."""
    kind = panel.freq.partition("-")[0]
    return Recipe(
        reach=reach,
        season=panel.season,
        yearly=panel.periods >= YEAR[kind] + YEAR_AND[kind],
        known_ahead=tuple(sorted(name for name in panel.ahead if name != "shutdown")),
        categories={name: tuple(sorted({*texts} - {""})) for name, texts in sorted(panel.static.items())},
        country=country,
        subdivision=subdivision,
    )


def filled(panel: Panel) -> NDArray[np.float64]:
    """Ordinary demand: where it is masked, promoted or unknown after a series' start, a guess from earlier figures.

    Lags and levels are of ordinary demand, so that what a promotion adds is not taken for the level after it. A guess
    is the mean of the last figures known at the same place in the season (in seasons longer than a fortnight: of the
    last ones), and never below a censored figure, which is the least that demand was.
    """
    observed = panel.observed()
    started = np.maximum.accumulate(~np.isnan(panel.demand), axis=1)
    promoted = panel.feature("promotion", panel.periods) > 0
    # Where promotions are the rule, they are ordinary.
    rare = promoted.sum(axis=1) <= MAX_PROMOTED * np.maximum(started.sum(axis=1), 1)
    observed[promoted & rare[:, None]] = np.nan
    lost = started & np.isnan(observed)
    step = panel.season if panel.season <= 14 else 1
    for column in np.flatnonzero(lost.any(axis=0)):
        rows = np.flatnonzero(lost[:, column])
        back = [c for c in range(column - step, column - step * FILL_SEASONS - 1, -step) if c >= 0]
        guess, count = np.zeros(len(rows)), np.zeros(len(rows))
        if back:
            known = observed[np.ix_(rows, np.array(back))]
            count = (~np.isnan(known)).sum(axis=1)
            guess = np.nansum(known, axis=1) / np.maximum(count, 1)
        if column:
            guess = np.where(count > 0, guess, np.nan_to_num(observed[rows, column - 1]))
        observed[rows, column] = np.fmax(guess, np.where(panel.censored[rows, column], panel.demand[rows, column], 0.0))
    return observed


def table(
    panel: Panel,
    demand: NDArray[np.float64],
    traits: NDArray[np.float64],
    chosen: Recipe,
    start: int,
    stop: int,
    beyond: int = 0,
) -> Table:
    """Features of the columns from ``start`` to before ``stop``.

    Parameters
    ----------
    demand
        Scaled and `filled`, shape ``(series, periods)``.
    traits
        Figures per series (`series_traits`), shape ``(series, traits)``.
    stop
        At most ``panel.periods + chosen.reach``.
    beyond
        Whole seasons by which the periods meant lie later than the columns: what is known of the periods themselves is
        then theirs, and what was before them that of the columns.
    """
    lags, transforms, level_name, year_name, look_back = lag_features(chosen, panel.freq)
    begin = max(0, start - look_back)
    # Columns ahead count as 0, which no lag reaches.
    cut_out = np.full((len(panel.series), stop - begin), 0.0)
    known = min(panel.periods, stop) - begin
    cut_out[:, :known] = demand[:, begin : begin + known]
    row, column = np.nonzero(~np.isnan(cut_out))
    frame = pd.DataFrame({"unique_id": row, "ds": column, "y": cut_out[row, column]})
    from mlforecast import MLForecast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Integer time: the panel's calendar has done the dates.
        lagged: Any = MLForecast([], freq=1, lags=lags, lag_transforms=transforms).preprocess(
            frame, static_features=[], dropna=False, validate_data=False
        )
    wanted = column + begin >= start
    row, column = row[wanted], column[wanted] + begin
    features: dict[str, NDArray[Any]] = {
        name: lagged[name].to_numpy()[wanted] for name in lagged.columns if name not in ("unique_id", "ds", "y")
    }
    recent = features[level_name]
    level = np.maximum(np.nan_to_num(recent, nan=1.0), LEVEL_FLOOR)
    if chosen.yearly:
        year = YEAR[panel.freq.partition("-")[0]]
        then = np.maximum(features[year_name], LEVEL_FLOOR)
        shape = features[f"lag{year}"] / then
    features = {name: figures / level for name, figures in features.items()}
    features["level"] = recent
    if chosen.yearly:
        # How the same time of the year stood out a year ago, whatever the level then.
        features["year_shape"] = shape
    features |= _periods(panel, chosen, column + beyond, begin + beyond, stop + beyond)
    for name in chosen.known_ahead:
        planned = panel.feature(name, stop + beyond)
        features[name] = planned[row, column + beyond]
    for number in range(traits.shape[1]):
        features[f"trait_{number}"] = traits[row, number]
    categorical = []
    for name, texts in chosen.categories.items():
        if len(texts) > 1:
            code = {text: float(n) for n, text in enumerate(texts)}
            codes = np.array([code.get(t, np.nan) for t in panel.static.get(name, ("",) * len(panel.series))])
            categorical.append(len(features))
            features[name] = codes[row]
    values = np.empty((len(row), len(features)), dtype=np.float32)
    for number, figures in enumerate(features.values()):
        values[:, number] = figures
    return Table(tuple(features), values, level, row, column, tuple(categorical))


def series_traits(demand: NDArray[np.float64], season: int) -> NDArray[np.float64]:
    """How series behave: share of periods without demand, and mean absolute difference from one season to the next.

    Parameters
    ----------
    demand
        Scaled and observed only, shape ``(series, periods)``.

    Returns
    -------
        Shape ``(series, 2)``; the difference is never below 0.02.
    """
    seen = ~np.isnan(demand)
    zeros = ((demand == 0) & seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    lag = season if demand.shape[1] > season else 1
    change = np.abs(demand[:, lag:] - demand[:, :-lag])
    count = (~np.isnan(change)).sum(axis=1)
    total = np.nansum(change, axis=1)
    usual = float(total.sum() / count.sum()) if count.sum() else 1.0
    # Three differences' worth of what is usual: a young series is not taken for a sure one.
    spread = (total + 3.0 * usual) / (count + 3.0)
    return np.stack([zeros, np.maximum(spread, 0.02)], axis=1)


def lag_features(chosen: Recipe, freq: str) -> tuple[list[int], dict[int, list[Any]], str, str, int]:
    """Lags and rolling figures for mlforecast, names of the levels now and a year ago, and how far back all look."""
    from mlforecast.lag_transforms import RollingMean, RollingQuantile, RollingStd, SeasonalRollingMean

    reach, season = chosen.reach, chosen.season
    short, middle, long = {"D": (7, 28, 91), "W": (4, 13, 26), "MS": (3, 12, 24)}[freq.partition("-")[0]]
    transforms: dict[int, list[Any]] = {
        reach: [
            RollingMean(short, min_samples=1),
            RollingMean(middle, min_samples=1),
            RollingMean(long, min_samples=1),
            RollingStd(middle, min_samples=2),
            RollingQuantile(0.1, 2 * middle, min_samples=1),
            RollingQuantile(0.5, middle, min_samples=1),
            RollingQuantile(0.9, 2 * middle, min_samples=1),
        ]
    }
    lags = {reach, reach + 1, reach + 2}
    year = YEAR[freq.partition("-")[0]]
    look_back = reach + max(long, 2 * middle)
    if season <= 14 and season > 1:
        place = -(-reach // season) * season
        lags |= {place, place + season, place + 2 * season, place + 3 * season}
        transforms.setdefault(place, []).extend(
            [SeasonalRollingMean(season, 4, min_samples=1), SeasonalRollingMean(season, 8, min_samples=1)]
        )
        look_back = max(look_back, place + 8 * season)
    if chosen.yearly:
        lags |= {year - 1, year, year + 1} if year >= reach + 1 else {year}
        near = max(reach, year - short // 2)
        transforms.setdefault(near, []).append(RollingMean(short, min_samples=1))
        transforms.setdefault(year + reach, []).append(RollingMean(middle, min_samples=1))
        look_back = max(look_back, year + reach + middle)
    now, then = (f"rolling_mean_lag{lag}_window_size{middle}_min_samples1" for lag in (reach, year + reach))
    return sorted(lags), transforms, now, then, look_back


def _periods(panel: Panel, chosen: Recipe, column: NDArray[np.intp], begin: int, stop: int) -> dict[str, NDArray[Any]]:
    """Features of the period itself."""
    dates = panel.dates(np.arange(begin, stop))
    months = dates.astype("datetime64[M]")
    place = {"month": (months.astype(np.int64) % 12).astype(np.float64)}
    if panel.season <= 14 and panel.freq == "D":
        place["place"] = panel.phases(np.arange(begin, stop)).astype(np.float64)
    if panel.freq == "D":
        place["day"] = (dates - months.astype("datetime64[D]")).astype(np.float64)
    if panel.freq != "MS" and chosen.yearly:
        place["day_of_year"] = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.float64)
    if not chosen.yearly and panel.freq == "D":
        # With less than a year and a half, the place in the year only tells the past from the present.
        del place["month"]
    days = round(days_per_period(panel.freq))
    place |= calendar_features(dates, days, chosen.country, chosen.subdivision)
    return {name: figures[column - begin] for name, figures in place.items()}
