"""A checked demand history as matrices: what forecasters compute with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.periods import date_of, days_of, number_of
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Panel:
    """A history as matrices with a row per series and a column per period.

    Attributes
    ----------
    series
        Ids, sorted.
    first
        First day of column 0.
    demand
        Shape ``(series, periods)``; NaN where it is unknown, as before a series' first row. A censored figure is the
        least that demand was.
    freq
        ``D``, ``W-MON`` to ``W-SUN`` or ``MS``.
    season
        Periods after which demand comes round again.
    gaps
        What a period without a row was: ``zero`` demand, or ``unknown``.
    censored
        Shape ``(series, periods)``: where stock ran out or delivery was capped.
    ahead
        Known-ahead features by name, shape ``(series, periods + periods known ahead)``; ``shutdown`` marks closed
        periods, in which nothing is delivered.
    static
        Static features by name, a text per series; empty where a series has none.
    """

    series: tuple[str, ...]
    first: date
    demand: NDArray[np.float64]
    freq: str = "D"
    season: int = 7
    gaps: str = "zero"
    censored: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    ahead: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    static: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.censored.shape != self.demand.shape:
            object.__setattr__(self, "censored", np.zeros(self.demand.shape, dtype=np.bool_))

    @property
    def periods(self) -> int:
        """Number of periods with known demand."""
        return int(self.demand.shape[1])

    @property
    def first_number(self) -> int:
        """Number of column 0 in the calendar (`forecasting.periods`)."""
        return number_of(self.first, self.freq)

    @property
    def next_period(self) -> date:
        """First day of the first period to forecast."""
        return date_of(self.first_number + self.periods, self.freq)

    def column(self, day: date) -> int:
        """Column of the period that begins on a day, or in which it lies; it may lie outside the panel."""
        return number_of(day, self.freq) - self.first_number

    def dates(self, columns: NDArray[Any]) -> NDArray[np.datetime64]:
        """First days of columns, which may lie ahead."""
        days = days_of(self.first_number + np.asarray(columns, dtype=np.int64), self.freq)
        return np.asarray(days.astype("datetime64[D]"))

    def phases(self, columns: NDArray[Any]) -> NDArray[np.int64]:
        """Place of columns in the season, the same for every panel of this calendar."""
        return np.asarray((self.first_number + np.asarray(columns, dtype=np.int64)) % self.season)

    def feature(self, name: str, columns: int) -> NDArray[np.float64]:
        """Known-ahead feature in the first ``columns`` columns, 0 where nothing is known; ``(series, columns)``."""
        known = self.ahead.get(name, np.zeros((len(self.series), 0)))[:, :columns]
        return np.pad(known, ((0, 0), (0, columns - known.shape[1])))

    def closed(self, columns: int) -> NDArray[np.bool_]:
        """Where nothing is delivered in the first ``columns`` columns, shape ``(series, columns)``."""
        return np.asarray(self.feature("shutdown", columns) > 0)

    def observed(self) -> NDArray[np.float64]:
        """Demand, NaN also where it was censored or the place was closed: what may be learned from and tested on."""
        return np.where(self.censored | self.closed(self.periods), np.nan, self.demand)

    def scale(self, periods: int | None = None) -> NDArray[np.float64]:
        """Mean of each series' positive observed demand in the first ``periods`` columns (all if ``None``), or 0."""
        seen = self.observed()[:, :periods]
        positive = seen > 0
        total = np.where(positive, seen, 0.0).sum(axis=1)
        return np.asarray(total / np.maximum(positive.sum(axis=1), 1))

    def until(self, column: int) -> Panel:
        """What was known before a column began: earlier demand, and the known-ahead features of all columns."""
        return replace(self, demand=self.demand[:, :column], censored=self.censored[:, :column])


def extend(old: Panel, new: Panel) -> Panel:
    """Everything known at the end of ``new``.

    Periods before ``new`` begins come from ``old``, which is otherwise ignored: what it may know of later periods never
    reaches a forecast. Series of either are in the result; periods between the two, and periods of ``new`` for a series
    that only ``old`` has, are without demand, or unknown, as the gaps of ``old`` are.

    Raises
    ------
    InputError
        Where the two do not have the same frequency.
    """
    if old.freq != new.freq:
        raise InputError([Problem("recent", "freq", new.freq, f"{old.freq}, as in the history")])
    series = tuple(sorted({*old.series, *new.series}))
    place = {s: i for i, s in enumerate(series)}
    old_rows = [place[s] for s in old.series]
    new_rows = [place[s] for s in new.series]
    first = min(old.first, new.first)
    offset, gap = new.first_number, old.first_number
    offset, gap = offset - min(offset, gap), gap - min(offset, gap)
    taken = max(0, min(old.periods, offset - gap))

    demand = np.full((len(series), offset + new.periods), np.nan)
    demand[old_rows, gap : gap + taken] = old.demand[:, :taken]
    demand[new_rows, offset:] = new.demand
    if old.gaps == "zero":
        started = np.maximum.accumulate(~np.isnan(demand), axis=1)
        demand[np.isnan(demand) & started] = 0.0
    censored = np.zeros(demand.shape, dtype=np.bool_)
    censored[old_rows, gap : gap + taken] = old.censored[:, :taken]
    censored[new_rows, offset:] = new.censored
    ahead = {}
    for name in {**old.ahead, **new.ahead}:
        wide = new.ahead.get(name, np.zeros((len(new.series), new.periods)))
        ahead[name] = np.zeros((len(series), offset + wide.shape[1]))
        ahead[name][old_rows, gap : gap + taken] = old.feature(name, taken)
        ahead[name][new_rows, offset:] = wide
    static = {}
    for name in {**old.static, **new.static}:
        text = dict.fromkeys(series, "")
        for panel in (old, new):
            text |= {s: t for s, t in zip(panel.series, panel.static.get(name, ()), strict=False) if t}
        static[name] = tuple(text[s] for s in series)
    return replace(old, series=series, first=first, demand=demand, censored=censored, ahead=ahead, static=static)


def panel_state(panel: Panel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a panel apart into JSON's own types and arrays, for `forecasting.model_state.ModelState`."""
    spec = {
        "series": list(panel.series),
        "first": panel.first.isoformat(),
        "freq": panel.freq,
        "season": panel.season,
        "gaps": panel.gaps,
        "ahead": list(panel.ahead),
        "static": {name: list(values) for name, values in panel.static.items()},
    }
    arrays: dict[str, NDArray[Any]] = {"demand": panel.demand, "censored": panel.censored}
    return spec, arrays | {f"ahead.{name}": values for name, values in panel.ahead.items()}


def panel_from_state(spec: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Panel:
    """Put together what `panel_state` took apart.

    Raises
    ------
    LookupError, TypeError, ValueError
        Where a part is missing, or its figures are not one row for each series.
    """
    rows, shape = len(spec["series"]), arrays["demand"].shape
    if len(shape) != 2 or shape[0] != rows:
        raise ValueError(f"demand has the shape {shape}, expected a row for each of {rows} series")
    if arrays["censored"].shape != shape:
        raise ValueError(f"censored has the shape {arrays['censored'].shape}, expected demand's {shape}")
    for name in spec["ahead"]:
        known = arrays[f"ahead.{name}"].shape
        if len(known) != 2 or known[0] != rows:
            raise ValueError(f"ahead.{name} has the shape {known}, expected a row for each of {rows} series")
    return Panel(
        series=tuple(spec["series"]),
        first=date.fromisoformat(spec["first"]),
        demand=np.asarray(arrays["demand"], dtype=np.float64),
        freq=spec["freq"],
        season=spec["season"],
        gaps=spec["gaps"],
        censored=np.asarray(arrays["censored"], dtype=np.bool_),
        ahead={name: np.asarray(arrays[f"ahead.{name}"], dtype=np.float64) for name in spec["ahead"]},
        static={name: tuple(values) for name, values in spec["static"].items()},
    )
