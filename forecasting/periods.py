"""Regular calendars: days, weeks that begin on a fixed weekday, and months, each counted by whole numbers.

Frequencies go by their pandas aliases: ``D``, ``W-MON`` to ``W-SUN``, ``MS``.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
FREQUENCIES = ("D", *(f"W-{day}" for day in WEEKDAYS), "MS")
SEASONS = {"D": 7, "W": 52, "MS": 12}
DAYS_PER_PERIOD = {"D": 1.0, "W": 7.0, "MS": 30.44}
# 1 January 1970 was a Thursday.
EPOCH_WEEKDAY = 3
# Weekly and monthly records are told from sparse daily ones by at least so many dates.
MIN_WEEKS, MIN_MONTHS = 3, 2
# From so many dates on, a few off the calendar of all others are taken for mistakes, not for a daily record.
MIN_DATES_MIXED, MAX_SHARE_OFF = 10, 0.1


def check_frequency(freq: str, where: str = "history") -> str:
    """Return the frequency.

    Raises
    ------
    InputError
        Where it is not one that is known here.
    """
    if freq not in FREQUENCIES:
        raise InputError([Problem(where, "freq", repr(freq), f"one of {', '.join(FREQUENCIES)}")])
    return freq


def default_season(freq: str) -> int:
    """Periods after which demand usually comes round again: a week of days, a year of weeks or months."""
    return SEASONS[freq.partition("-")[0]]


def days_per_period(freq: str) -> float:
    """Length of a period in days, on average."""
    return DAYS_PER_PERIOD[freq.partition("-")[0]]


def numbers(days: NDArray[np.int64], freq: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Periods' numbers, counted since 1970.

    Parameters
    ----------
    days
        Days since 1 January 1970.

    Returns
    -------
        The numbers, and which days begin no period.
    """
    if freq == "D":
        return days, np.zeros(len(days), dtype=np.bool_)
    if freq == "MS":
        stamps = days.astype("datetime64[D]")
        months = stamps.astype("datetime64[M]")
        return months.astype(np.int64), np.asarray(months.astype("datetime64[D]") != stamps)
    since = days + EPOCH_WEEKDAY - WEEKDAYS.index(freq[2:])
    return since // 7, np.asarray(since % 7 != 0)


def days_of(periods: NDArray[np.int64], freq: str) -> NDArray[np.int64]:
    """First days of numbered periods, as days since 1 January 1970."""
    if freq == "D":
        return periods
    if freq == "MS":
        return periods.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(periods * 7 - EPOCH_WEEKDAY + WEEKDAYS.index(freq[2:]))


def number_of(day: date, freq: str) -> int:
    """Return the number of the period that a day begins, or lies in."""
    return int(numbers(np.array([(day - date(1970, 1, 1)).days]), freq)[0][0])


def date_of(period: int, freq: str) -> date:
    """First day of a numbered period."""
    return date(1970, 1, 1) + timedelta(days=int(days_of(np.array([period]), freq)[0]))


def infer_frequency(days: NDArray[np.int64]) -> tuple[str, NDArray[np.int64]]:
    """Guess the frequency of a record.

    Every date on the first of a month makes it monthly, every date on one weekday weekly; anything else is daily, where
    days without a row are common.

    Parameters
    ----------
    days
        Days since 1 January 1970, in any order.

    Returns
    -------
        The frequency, and the few dates that do not fit it where nearly all others do: a mixed record.
    """
    dates = np.unique(days)
    candidates = [("MS", MIN_MONTHS)]
    weekday = int(np.bincount((dates + EPOCH_WEEKDAY) % 7, minlength=7).argmax()) if len(dates) else 0
    candidates.append((f"W-{WEEKDAYS[weekday]}", MIN_WEEKS))
    for freq, least in candidates:
        off = numbers(dates, freq)[1]
        if not off.any() and len(dates) >= least:
            return freq, dates[:0]
    for freq, _ in candidates:
        off = numbers(dates, freq)[1]
        if len(dates) >= MIN_DATES_MIXED and off.mean() <= MAX_SHARE_OFF:
            return freq, dates[off]
    return "D", dates[:0]
