"""Demand history: the long frame that forecasters are given, and how it is checked and made dense.

The contract: columns ``unique_id`` (text), ``ds`` (a naive day, midnight: the first of its period), ``y`` (a finite
number >= 0), in any order of rows. Dates are daily, weekly on one weekday, or the firsts of months.

A day without a row, after a series' first one, is a day without demand: a lane that got no order shipped nothing
(``gaps="zero"``, usual for days). A week or month without a row is unknown (``gaps="unknown"``, usual for these), as is
everything before a series' first row. A record has one frequency: a series with exactly a row a week, or one on the
first of every month, among daily ones is refused (`forecasting.mixed_frequency`), unless ``gaps="zero"`` says that its
other days are without demand.

Rows without a ``y`` stand for periods to come; they must lie after every row with one. The first of them is the first
period to forecast, and their known-ahead features are what is known of it. With unknown gaps, earlier rows may lack
their ``y`` too: it is then unknown.

Optional columns: static features, one value per series (`STATIC`); known-ahead features, numbers or bools, 0 where the
column or the row is missing (`AHEAD`, and others by name); marks of periods in which demand was at least ``y``
(`CENSORED`). A period marked ``shutdown`` is closed: nothing is delivered in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.mixed_frequency import RARER, coarser_series
from forecasting.panel import Panel
from forecasting.periods import check_frequency, date_of, days_of, default_season, infer_frequency, number_of, numbers
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from numpy.typing import NDArray

MAX_PROBLEMS_PER_KIND = 20
# A mistyped year must not fill the memory with days.
MAX_PERIODS = 50 * 366
STATIC = ("factory", "lane", "product", "zone")
AHEAD = ("promotion", "shutdown")
CENSORED = ("censored", "stockout", "capped")
GAPS = ("zero", "unknown")


class _Checks:
    """Collects problems of a frame, with the rows that have them."""

    def __init__(self, frame: pd.DataFrame, where: str) -> None:
        self.frame = frame
        self.where = where
        self.problems: list[Problem] = []

    def rows(
        self, wrong: NDArray[np.bool_], column: str, expected: str, shown: Callable[[int], str] | None = None
    ) -> bool:
        """Note rows that are wrong; whether there are any."""
        rows = np.flatnonzero(wrong)
        told = shown or (lambda row: str(self.frame[column].iloc[row]))
        self.problems.extend(
            Problem(f"{self.where} row {row + 1}", column, told(row), expected) for row in rows[:MAX_PROBLEMS_PER_KIND]
        )
        more = len(rows) - MAX_PROBLEMS_PER_KIND
        if more > 0:
            self.problems.append(Problem(self.where, column, f"wrong in {more} more rows", expected))
        return bool(len(rows))

    def whole(self, column: str, value: str, expected: str) -> None:
        """Note a problem of the frame as a whole."""
        self.problems.append(Problem(self.where, column, value, expected))

    def stop(self) -> None:
        """Raise what was found."""
        if self.problems:
            raise InputError(self.problems)


def read_history(
    frame: pd.DataFrame | Panel,
    where: str = "history",
    *,
    freq: str | None = None,
    season: int | None = None,
    gaps: str | None = None,
    ahead: Sequence[str] = (),
    like: Panel | None = None,
) -> Panel:
    """Check a long frame and make it dense.

    Parameters
    ----------
    frame
        As the module describes; it is not changed. A panel is returned as it is.
    where
        What to call the frame in errors; rows are counted from 1.
    freq
        ``D``, ``W-MON`` to ``W-SUN`` or ``MS``; told from the dates if ``None``.
    season
        Periods after which demand comes round again; 7 days, 52 weeks or 12 months if ``None``.
    gaps
        ``zero`` or ``unknown``; if ``None``, zero in daily records only, and then daily records are looked through for
        series of weeks or months.
    ahead
        Columns that are known ahead, besides ``promotion`` and ``shutdown``.
    like
        Take ``freq``, ``season``, ``gaps`` and the known-ahead columns from this panel.

    Raises
    ------
    InputError
        With every kind of problem found: missing columns, no row with a ``y``, missing ids, days that are none or off
        the calendar of the others, series of weeks or months among daily ones, figures that are missing, infinite or
        negative, two rows for one series and period, static features that change.
    """
    if isinstance(frame, Panel):
        return frame
    if like is not None:
        freq, season, gaps = like.freq, like.season, like.gaps
        ahead = [name for name in like.ahead if name in frame.columns]
    if gaps is not None and gaps not in GAPS:
        raise InputError([Problem(where, "gaps", repr(gaps), f"one of {', '.join(GAPS)}")])
    if season is not None and season < 1:
        raise InputError([Problem(where, "season", str(season), "at least 1 period")])
    absent = [c for c in ("unique_id", "ds", "y", *ahead) if c not in frame.columns]
    if absent:
        raise InputError([Problem(where, c, "missing", "a column of that name") for c in absent])
    if frame.empty:
        raise InputError([Problem(where, "", "0 rows", "at least one")])

    checks = _Checks(frame, where)
    codes, names = pd.factorize(frame["unique_id"])
    checks.rows(codes < 0, "unique_id", "the series id")
    day, bad_day = _days(frame["ds"])
    dated = not checks.rows(bad_day, "ds", "a day: midnight, without a time zone")
    period = day
    if dated:
        freq, period = _periods(checks, day, codes, freq, gaps)
    freq = freq or "D"
    gaps = gaps or ("zero" if freq == "D" else "unknown")
    demand, bad_demand = _figures(frame["y"])
    checks.rows(bad_demand | np.isinf(demand) | (demand < 0), "y", "a finite number >= 0")
    features = {}
    for name in dict.fromkeys([*(c for c in AHEAD if c in frame.columns), *ahead]):
        features[name], bad = _figures(frame[name])
        checks.rows(bad | ~np.isfinite(features[name]), name, "a finite number or a bool")
    censored = _censored(checks)
    static = {name: _static(checks, name, codes, len(names)) for name in STATIC if name in frame.columns}

    unknown = np.isnan(demand) & ~bad_demand
    to_come = unknown
    if dated:
        if unknown.all():
            checks.whole("y", "missing in every row", "at least one known day")
        else:
            last = int(period[~unknown].max())
            to_come = unknown & (period > last)
            if gaps == "zero":
                late = date_of(last, freq)
                checks.rows(unknown & ~to_come, "y", f"a number: only days after {late} may have none")
        if int(period.max()) - int(period.min()) >= MAX_PERIODS:
            span = f"{date_of(int(period.min()), freq)} to {date_of(int(period.max()), freq)}"
            checks.whole("ds", span, f"fewer than {MAX_PERIODS} periods")
        doubled = pd.DataFrame({"id": codes, "ds": period}).duplicated().to_numpy()
        checks.rows(doubled, "ds", "one row per unique_id and day")
    checks.stop()

    series = sorted(str(name) for name in names)
    order = np.argsort(np.argsort([str(name) for name in names]))
    if len(set(series)) < len(series):
        raise InputError([Problem(where, "unique_id", "of several types", "text")])
    row = order[codes]
    first, past = int(period.min()), ~to_come
    shape = (len(series), (int(period[to_come].min()) if to_come.any() else int(period.max()) + 1) - first)
    dense = np.zeros(shape) if gaps == "zero" else np.full(shape, np.nan)
    dense[row[past], period[past] - first] = demand[past]
    start = np.full(len(series), shape[1])
    np.minimum.at(start, row[past], period[past] - first)
    dense[np.arange(shape[1]) < start[:, None]] = np.nan
    dense_censored = np.zeros(shape, dtype=np.bool_)
    dense_censored[row[past], period[past] - first] = censored[past]
    wide = (len(series), int(period.max()) + 1 - first)
    dense_ahead = {}
    for name, values in features.items():
        dense_ahead[name] = np.zeros(wide)
        dense_ahead[name][row, period - first] = values
    texts = {name: tuple(values[np.argsort(order)].tolist()) for name, values in static.items()}
    return Panel(
        series=tuple(series),
        first=date_of(first, freq),
        demand=dense,
        freq=freq,
        season=season or default_season(freq),
        gaps=gaps,
        censored=dense_censored & ~np.isnan(dense),
        ahead=dense_ahead,
        static=texts,
    )


def known_at(
    demand: pd.DataFrame, day: date, horizon: int = 1, *, freq: str = "D", ahead: Sequence[str] = ()
) -> pd.DataFrame:
    """Cut a longer record down to what is known on the morning of a day.

    The result holds the rows before ``day``, and for each series and each of the ``horizon`` periods from ``day`` on a
    row without ``y``, with the known-ahead features. A forecast from it begins on ``day``.

    Parameters
    ----------
    demand
        Long frame, valid for `read_history`; it may know the future.
    day
        The first day of a period.
    freq, ahead
        As for `read_history`.
    """
    today = pd.Timestamp(day)
    ids = np.asarray(pd.unique(demand["unique_id"]))
    first = number_of(day, check_frequency(freq))
    stamps = days_of(np.arange(first, first + horizon), freq).astype("datetime64[D]").astype("datetime64[ns]")
    coming = pd.DataFrame({"unique_id": np.repeat(ids, horizon), "ds": np.tile(stamps, len(ids)), "y": np.nan})
    past = demand[demand["ds"] < today]
    features = [c for c in dict.fromkeys([*AHEAD, *ahead]) if c in demand.columns]
    if features:
        planned = demand.loc[demand["ds"] >= today, ["unique_id", "ds", *features]]
        numbers_ = dict.fromkeys(features, np.float64)
        coming = coming.merge(planned.astype(numbers_), how="left", on=["unique_id", "ds"])
        coming = coming.fillna(dict.fromkeys(features, 0.0))
        past = past.astype(numbers_)
    for name in [c for c in STATIC if c in demand.columns]:
        known = demand[["unique_id", name]].dropna().drop_duplicates("unique_id").set_index("unique_id")[name]
        coming[name] = coming["unique_id"].map(known)
    for name in [c for c in CENSORED if c in demand.columns]:
        coming[name] = False
    columns = ["unique_id", "ds", "y", *(c for c in coming.columns if c not in ("unique_id", "ds", "y"))]
    return pd.concat([past[columns].astype({"y": np.float64}), coming[columns]], ignore_index=True)


def _periods(
    checks: _Checks, day: NDArray[np.int64], codes: NDArray[np.intp], freq: str | None, gaps: str | None
) -> tuple[str, NDArray[np.int64]]:
    """Frequency and period numbers, with what does not fit noted."""
    if freq is None:
        freq, odd = infer_frequency(day)
        hint = f"one frequency: most dates are {freq}; give freq='D' where the record is daily"
        checks.rows(np.isin(day, odd), "ds", hint)
    else:
        check_frequency(freq, checks.where)
        checks.rows(numbers(day, freq)[1], "ds", f"the first day of a period of {freq}")
    period = numbers(day, freq)[0]
    # Whoever says that a day without a row is zero has said that a lane with an order every Monday is a daily one.
    if freq == "D" and gaps != "zero":
        _refuse_coarser(checks, day, codes, unknown=gaps == "unknown")
    return freq, period


def _refuse_coarser(checks: _Checks, day: NDArray[np.int64], codes: NDArray[np.intp], *, unknown: bool) -> None:
    """Note the series that are not daily among daily ones, and their rows."""
    found = coarser_series(day, codes, unknown=unknown)
    ids = checks.frame["unique_id"]
    for code, often in list(found.items())[:MAX_PROBLEMS_PER_KIND]:
        asked = f"a daily series as others here: it has rows {often}; leave it out, or fill in its days"
        if often != RARER:
            asked += ", or say that a day without a row has no demand (gaps='zero')"
        checks.whole("unique_id", str(ids.iloc[int(np.flatnonzero(codes == code)[0])]), asked)
    more = len(found) - MAX_PROBLEMS_PER_KIND
    if more > 0:
        checks.whole("unique_id", f"wrong in {more} more series", "daily series only")

    def shown(row: int) -> str:
        return f"{date_of(int(day[row]), 'D')} of {ids.iloc[row]}"

    checks.rows(np.isin(codes, list(found)), "ds", "one frequency: others are daily", shown)


def _censored(checks: _Checks) -> NDArray[np.bool_]:
    """Rows whose demand was at least their figure."""
    censored = np.zeros(len(checks.frame), dtype=np.bool_)
    for name in [c for c in CENSORED if c in checks.frame.columns]:
        marks, bad = _figures(checks.frame[name])
        checks.rows(bad | ((marks != 0) & (marks != 1) & ~np.isnan(marks)), name, "true or false")
        censored |= marks == 1
    return censored


def _static(checks: _Checks, name: str, codes: NDArray[np.intp], count: int) -> NDArray[np.object_]:
    """Text per series in the order of the codes; a series with two values is a problem."""
    column = checks.frame[name]
    known = column.notna().to_numpy() & (codes >= 0)
    value, texts = pd.factorize(column.astype(object).where(column.notna(), "").astype(str))
    chosen = np.full(count, -1)
    # The last assignment wins, so go backwards: the first row's value is what the others are held against.
    chosen[codes[known][::-1]] = value[known][::-1]
    wrong = np.zeros(len(column), dtype=np.bool_)
    wrong[known] = value[known] != chosen[codes[known]]
    checks.rows(wrong, name, "one value per unique_id")
    return np.array([str(texts[v]) if v >= 0 else "" for v in chosen], dtype=object)


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
    figures = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return figures, np.asarray(np.isnan(figures) & column.notna().to_numpy())
