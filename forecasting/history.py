"""Demand history: the long frame that forecasters are given, and its checked, dense form.

The contract: columns ``unique_id`` (text), ``ds`` (a naive day, midnight), ``y`` (a finite number >= 0), and
optionally ``promotion`` (a number or bool, known ahead; 0 where the column or the row is missing). Rows come in any
order. A day without a row, after a series' first one, is a day without demand: a lane that got no order shipped
nothing. Days before a series' first row are unknown, not zero.

Rows without a ``y`` stand for days to come; they must lie after every row with one. The first of them is the first
day to forecast, and their ``promotion`` is what is known ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PROBLEMS_PER_KIND = 20
# A mistyped year must not fill the memory with days.
MAX_DAYS = 50 * 366


@dataclass(frozen=True, eq=False)
class Panel:
    """A history as matrices with a row per series and a column per day.

    Attributes
    ----------
    series
        Ids, sorted.
    first_day
        Day of column 0.
    demand
        Shape ``(series, days)``; NaN before a series' first row, 0 on later days without a row.
    promotion
        Shape ``(series, days + days known ahead)``.
    """

    series: tuple[str, ...]
    first_day: date
    demand: NDArray[np.float64]
    promotion: NDArray[np.float64]

    @property
    def days(self) -> int:
        """Number of days with known demand."""
        return int(self.demand.shape[1])

    @property
    def next_day(self) -> date:
        """First day to forecast."""
        return self.first_day + timedelta(days=self.days)

    def promotion_until(self, day: int) -> NDArray[np.float64]:
        """Promotion of the first ``day`` columns, 0 where nothing is known; shape ``(series, day)``."""
        known = self.promotion[:, :day]
        return np.pad(known, ((0, 0), (0, day - known.shape[1])))

    def scale(self, days: int | None = None) -> NDArray[np.float64]:
        """Mean of each series' positive demand in the first ``days`` columns (all if ``None``), 0 without any."""
        seen = self.demand[:, :days]
        positive = seen > 0
        total = np.where(positive, seen, 0.0).sum(axis=1)
        return np.asarray(total / np.maximum(positive.sum(axis=1), 1))


def read_history(frame: pd.DataFrame, where: str = "history") -> Panel:
    """Check a long frame and make it dense.

    Parameters
    ----------
    frame
        As the module describes; it is not changed.
    where
        What to call the frame in errors; rows are counted from 1.

    Raises
    ------
    InputError
        With every kind of problem found: missing columns, no row with a ``y``, missing ids, days that are none, figures
        that are missing, infinite or negative, two rows for one series and day.
    """
    absent = [c for c in ("unique_id", "ds", "y") if c not in frame.columns]
    if absent:
        raise InputError([Problem(where, c, "missing", "a column of that name") for c in absent])
    if frame.empty:
        raise InputError([Problem(where, "", "0 rows", "at least one")])

    problems: list[Problem] = []

    def check(wrong: NDArray[np.bool_], column: str, expected: str) -> bool:
        rows = np.flatnonzero(wrong)
        problems.extend(
            Problem(f"{where} row {row + 1}", column, str(frame[column].iloc[row]), expected)
            for row in rows[:MAX_PROBLEMS_PER_KIND]
        )
        if len(rows) > MAX_PROBLEMS_PER_KIND:
            problems.append(Problem(where, column, f"wrong in {len(rows) - MAX_PROBLEMS_PER_KIND} more rows", expected))
        return bool(len(rows))

    codes, names = pd.factorize(frame["unique_id"])
    check(codes < 0, "unique_id", "the series id")
    day, bad_day = _days(frame["ds"])
    dated = not check(bad_day, "ds", "a day: midnight, without a time zone")
    demand, bad_demand = _figures(frame["y"])
    check(bad_demand | np.isinf(demand) | (demand < 0), "y", "a finite number >= 0")
    promotion = np.zeros(len(frame))
    if "promotion" in frame.columns:
        promotion, bad_promotion = _figures(frame["promotion"])
        check(bad_promotion | ~np.isfinite(promotion), "promotion", "a finite number or a bool")

    ahead = np.isnan(demand) & ~bad_demand
    if dated:
        known_last = int(day[~ahead].max()) if not ahead.all() else None
        if known_last is None:
            problems.append(Problem(where, "y", "missing in every row", "at least one known day"))
        else:
            check(ahead & (day <= known_last), "y", f"a number: only days after {_as_date(known_last)} may have none")
        if int(day.max()) - int(day.min()) >= MAX_DAYS:
            span = f"{_as_date(int(day.min()))} to {_as_date(int(day.max()))}"
            problems.append(Problem(where, "ds", span, f"fewer than {MAX_DAYS} days"))
        check(pd.DataFrame({"id": codes, "ds": day}).duplicated().to_numpy(), "ds", "one row per unique_id and day")
    if problems:
        raise InputError(problems)

    series = sorted(str(name) for name in names)
    order = np.argsort(np.argsort([str(name) for name in names]))
    if len(set(series)) < len(series):
        raise InputError([Problem(where, "unique_id", "of several types", "text")])
    row = order[codes]
    first = int(day.min())
    end = int(day[ahead].min()) if ahead.any() else int(day.max()) + 1
    dense = np.zeros((len(series), end - first))
    dense[row[~ahead], day[~ahead] - first] = demand[~ahead]
    start = np.full(len(series), end - first)
    np.minimum.at(start, row[~ahead], day[~ahead] - first)
    dense[np.arange(end - first) < start[:, None]] = np.nan
    dense_promotion = np.zeros((len(series), int(day.max()) + 1 - first))
    dense_promotion[row, day - first] = promotion
    return Panel(tuple(series), _as_date(first), dense, dense_promotion)


def extend(old: Panel, new: Panel) -> Panel:
    """Everything known on the last day of ``new``.

    Days before ``new`` begins come from ``old``, which is otherwise ignored: what it may know of later days never
    reaches a forecast. Series of either are in the result; days between the two, and days of ``new`` for a series that
    only ``old`` has, are days without demand.
    """
    series = tuple(sorted({*old.series, *new.series}))
    place = {s: i for i, s in enumerate(series)}
    old_rows = [place[s] for s in old.series]
    new_rows = [place[s] for s in new.series]
    first = min(old.first_day, new.first_day)
    offset, gap = (new.first_day - first).days, (old.first_day - first).days
    taken = max(0, min(old.days, offset - gap))

    demand = np.full((len(series), offset + new.days), np.nan)
    demand[old_rows, gap : gap + taken] = old.demand[:, :taken]
    demand[new_rows, offset:] = new.demand
    started = np.maximum.accumulate(~np.isnan(demand), axis=1)
    demand[np.isnan(demand) & started] = 0.0
    promotion = np.zeros((len(series), offset + new.promotion.shape[1]))
    promotion[old_rows, gap : gap + taken] = old.promotion[:, :taken]
    promotion[new_rows, offset:] = new.promotion
    return Panel(series, first, demand, promotion)


def known_at(demand: pd.DataFrame, day: date, horizon_days: int = 1) -> pd.DataFrame:
    """Cut a longer record down to what is known on the morning of a day.

    The result holds the rows before ``day``, and for each series and each of the ``horizon_days`` from ``day`` on a row
    without ``y``, with the promotion planned. A forecast from it begins on ``day``.

    Parameters
    ----------
    demand
        Long frame, valid for `read_history`; it may know the future.
    """
    today = pd.Timestamp(day)
    ids = np.asarray(pd.unique(demand["unique_id"]))
    coming = pd.DataFrame(
        {
            "unique_id": np.repeat(ids, horizon_days),
            "ds": np.tile(pd.date_range(today, periods=horizon_days).to_numpy(), len(ids)),
            "y": np.nan,
        }
    )
    past = demand[demand["ds"] < today]
    if "promotion" in demand.columns:
        planned = demand.loc[demand["ds"] >= today, ["unique_id", "ds", "promotion"]].astype({"promotion": np.float64})
        coming = coming.merge(planned, how="left", on=["unique_id", "ds"]).fillna({"promotion": 0.0})
        past = past.astype({"promotion": np.float64})
    columns = [c for c in ("unique_id", "ds", "y", "promotion") if c in demand.columns]
    return pd.concat([past[columns].astype({"y": np.float64}), coming[columns]], ignore_index=True)


def _days(column: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days since 1970 and where the column holds none."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_numeric_dtype(column):
        return np.zeros(len(column), dtype=np.int64), np.ones(len(column), dtype=np.bool_)
    stamps = column
    if not pd.api.types.is_datetime64_dtype(column):
        stamps = pd.to_datetime(column, errors="coerce", format="ISO8601")
    if isinstance(stamps.dtype, pd.DatetimeTZDtype):
        return np.zeros(len(column), dtype=np.int64), np.ones(len(column), dtype=np.bool_)
    exact = stamps.to_numpy().astype("datetime64[us]")
    days = exact.astype("datetime64[D]")
    return days.astype(np.int64), np.asarray(np.isnat(exact) | (days != exact))


def _figures(column: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers, NaN where missing, and where the column holds something else."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers, np.asarray(np.isnan(numbers) & column.notna().to_numpy())


def _as_date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)
