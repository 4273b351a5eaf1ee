"""Calendars as known-ahead features: public holidays of a country or a part of it, and Easter."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import numpy as np

from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Further from a holiday than this, its day no longer matters.
REACH_DAYS = 14
EASTER_REACH_DAYS = 21
# A mistyped code is answered by so many that are like it, from so much likeness on (`difflib`), not by all there are.
MAX_MATCHES, MIN_LIKENESS = 5, 0.6
MAX_PARTS = 20


def holiday_dates(country: str, subdivision: str | None, years: range) -> NDArray[np.datetime64]:
    """Public holidays, sorted.

    Parameters
    ----------
    country
        ISO 3166-1 code, such as ``DE``.
    subdivision
        ISO 3166-2 code without the country, such as ``BY``; ``None`` for the country's own holidays only.

    Raises
    ------
    PolicyError
        For a country or subdivision whose holidays are not known.
    """
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=years)
    except NotImplementedError as error:
        known = holidays.list_supported_countries()
        if country not in known:
            expected = f"an ISO 3166-1 code, such as {', '.join(_closest_countries(country))}"
            raise PolicyError([Problem("calendar", "country", repr(country), expected)]) from error
        expected = _of_parts(subdivision or "", known[country])
        raise PolicyError([Problem("calendar", "subdivision", repr(subdivision), expected)]) from error
    return np.sort(np.array(list(found), dtype="datetime64[D]"))


def _closest_countries(given: str) -> list[str]:
    """Codes and names of the countries that somebody may have meant; one as an example where none comes close."""
    from holidays.registry import COUNTRIES

    # By everything that a country is called: its two codes and its name.
    called: dict[str, list[str]] = {}
    for name, two, three, *_ in COUNTRIES.values():
        told = f"{two} ({re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name)})"
        for text in (name, two, three):
            called.setdefault(text.lower(), []).append(told)
    close = difflib.get_close_matches(given.lower().replace(" ", ""), called, n=MAX_MATCHES, cutoff=MIN_LIKENESS)
    return list(dict.fromkeys(told for text in close for told in called[text]))[:MAX_MATCHES] or ["DE (Germany)"]


def _of_parts(given: str, parts: Sequence[str]) -> str:
    """Name the parts of a country, where they are many the closest."""
    if len(parts) <= MAX_PARTS:
        return f"one of {', '.join(parts)}" if parts else "none: the country has no parts of its own here"
    close = difflib.get_close_matches(given.upper(), parts, n=MAX_MATCHES, cutoff=0.0)
    return f"one of {len(parts)} ISO 3166-2 codes, such as {', '.join(close)}"


def calendar_features(
    dates: NDArray[np.datetime64], days: int, country: str | None, subdivision: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """What the calendar says of periods.

    Parameters
    ----------
    dates
        First days of the periods.
    days
        Days in a period.
    country
        ``None`` for no holidays: only the place in the year is then known.

    Returns
    -------
        By name, a figure per period: ``holidays`` in the period, ``days_to_holiday`` and ``days_since_holiday`` from
        its first day (at most `REACH_DAYS`), ``days_from_easter`` (signed, Western Easter).
    """
    if country is None or not len(dates):
        return {}
    first, last = (int(str(d)[:4]) for d in (dates.min(), dates.max()))
    found = holiday_dates(country, subdivision, range(first - 1, last + 2))
    after = np.searchsorted(found, dates)
    within = np.searchsorted(found, dates + np.timedelta64(days, "D")) - after
    ahead = (found[np.minimum(after, len(found) - 1)] - dates).astype(np.float64)
    since = (dates - found[np.maximum(after - 1, 0)]).astype(np.float64)
    from dateutil.easter import easter

    easters = np.array([easter(year) for year in range(first - 1, last + 2)], dtype="datetime64[D]")
    distance = (dates[:, None] - easters[None, :]).astype(np.float64)
    nearest = distance[np.arange(len(dates)), np.abs(distance).argmin(axis=1)]
    return {
        "holidays": within.astype(np.float64),
        "days_to_holiday": np.clip(ahead, 0, REACH_DAYS),
        "days_since_holiday": np.clip(since, 0, REACH_DAYS),
        "days_from_easter": np.clip(nearest, -EASTER_REACH_DAYS, EASTER_REACH_DAYS),
    }
