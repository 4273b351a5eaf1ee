"""Lanes of weeks or months among daily ones: another frequency, where it can be told from demand that is only rare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEK_DAYS = 7
# Rows of one series never closer than a week, and at least so many, were never daily where a gap is unknown.
MIN_ROWS_UNKNOWN = 4
# Where a gap may be a zero, so many rows without one missing are no chance: a lane of one weekday that has demand in
# half of all weeks shows six in a row once in 32 times.
MIN_WEEKLY_ROWS, MIN_MONTHLY_ROWS = 6, 4
WEEKLY, MONTHLY, RARER = "once a week", "once a month", "never two days within a week"


def coarser_series(day: NDArray[np.int64], codes: NDArray[np.intp], *, unknown: bool) -> dict[int, str]:
    """Find the series of a daily record that are not daily.

    Parameters
    ----------
    day
        Days since 1 January 1970, shape ``(rows,)``, in any order.
    codes
        Series of each row, shape ``(rows,)``; rows below 0 belong to none.
    unknown
        Whether a day without a row is unknown. Then a series that never has two rows within a week is not daily. Where
        such a day is without demand, a series may be rare; it is not daily only if *all* its gaps are exactly a week,
        over at least `MIN_WEEKLY_ROWS` rows, or all its rows stand on the firsts of months one after the other, at
        least `MIN_MONTHLY_ROWS`.

    Returns
    -------
        By series, how often it has rows, in words. Empty where no series has two rows within a week: then nothing shows
        that any is daily.
    """
    rows = pd.DataFrame({"code": codes, "day": day})[codes >= 0].groupby("code")["day"].agg(["min", "max", "size"])
    size = rows["size"].to_numpy()
    mean_gap = (rows["max"] - rows["min"]).to_numpy() / np.maximum(size - 1, 1)
    daily = bool(((size > 1) & (mean_gap < WEEK_DAYS)).any())
    # Few series are left that have to be sorted.
    slow = rows.index.to_numpy()[(mean_gap >= WEEK_DAYS) & (size >= min(MIN_ROWS_UNKNOWN, MIN_MONTHLY_ROWS))]
    found: dict[int, str] = {}
    kept = np.flatnonzero(np.isin(codes, slow))
    kept = kept[np.lexsort((day[kept], codes[kept]))]
    starts = np.flatnonzero(np.diff(codes[kept])) + 1
    for own in np.split(kept, starts) if len(kept) else ():
        days, gaps = day[own], np.diff(day[own])
        daily = daily or bool(((gaps > 0) & (gaps < WEEK_DAYS)).any())
        often = None
        if (gaps == WEEK_DAYS).all() and len(days) >= (MIN_ROWS_UNKNOWN if unknown else MIN_WEEKLY_ROWS):
            often = WEEKLY
        elif _months_in_order(days) and len(days) >= MIN_MONTHLY_ROWS:
            often = MONTHLY
        elif unknown and gaps.min() >= WEEK_DAYS:
            often = RARER
        if often is not None:
            found[int(codes[own[0]])] = often
    return found if daily else {}


def _months_in_order(days: NDArray[np.int64]) -> bool:
    stamps = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    return bool((months.astype("datetime64[D]") == stamps).all() and (np.diff(months.astype(np.int64)) == 1).all())
