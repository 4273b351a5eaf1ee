"""Places: factories, hubs, clients and vehicle bases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

GLN_LENGTH = 13
MINUTES_PER_DAY = 24 * 60


class SiteKind(StrEnum):
    """What a site is used for."""

    FACTORY = "factory"
    HUB = "hub"
    CLIENT = "client"
    BASE = "base"


def gln_check_digit(first_twelve: str) -> int:
    """Return the GS1 check digit of a Global Location Number (GS1 General Specifications 7.9.1).

    Digits are weighted 1, 3, 1, 3, ... from the left of twelve; the check digit lifts the sum to a multiple of ten.
    """
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first_twelve))
    return -total % 10


def is_valid_gln(gln: str) -> bool:
    """Tell whether a text is a GLN: thirteen digits of which the last is the check digit."""
    return len(gln) == GLN_LENGTH and gln.isascii() and gln.isdigit() and int(gln[-1]) == gln_check_digit(gln[:-1])


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Daily opening in the site's local time.

    Attributes
    ----------
    open_min, close_min
        Minutes after local midnight; closing after opening.
    weekdays
        Days open, Monday is 0.
    """

    open_min: int
    close_min: int
    weekdays: frozenset[int] = frozenset(range(7))

    def __post_init__(self) -> None:
        if not 0 <= self.open_min < self.close_min <= MINUTES_PER_DAY:
            raise ValueError(
                f"opening hours are {self.open_min} to {self.close_min} min, expected 0 <= open < close <= 1440"
            )


@dataclass(frozen=True, slots=True)
class Site:
    """A place where goods are loaded, handled or delivered.

    Attributes
    ----------
    lat, lon
        Degrees, WGS 84.
    zone
        Tariff and forecast zone, such as the first digits of a postcode.
    gln
        GS1 Global Location Number, checked when given.
    opening
        ``None``: open around the clock.
    """

    id: str
    kind: SiteKind
    lat: float
    lon: float
    name: str = ""
    zone: str = ""
    gln: str | None = None
    time_zone: str = "UTC"
    opening: OpeningHours | None = None

    def __post_init__(self) -> None:
        if not (
            math.isfinite(self.lat) and -90 <= self.lat <= 90 and math.isfinite(self.lon) and -180 <= self.lon <= 180
        ):
            raise ValueError(
                f"site {self.id}: lat, lon are {self.lat}, {self.lon}, expected degrees in [-90, 90] and [-180, 180]"
            )
        if self.gln is not None and not is_valid_gln(self.gln):
            raise ValueError(f"site {self.id}: gln is {self.gln}, expected 13 digits with a valid check digit")

    def open_interval(self, start: datetime, horizon_min: float) -> tuple[float, float] | None:
        """Return the first of `open_intervals`, or ``None`` if the site stays closed."""
        return next(iter(self.open_intervals(start, horizon_min)), None)

    def open_intervals(self, start: datetime, horizon_min: float) -> tuple[tuple[float, float], ...]:
        """Return the openings inside ``[start, start + horizon_min]``.

        Returns
        -------
        tuple
            Opening and closing in minutes after ``start`` (clipped to the horizon), in order. Days that follow each
            other without a break are one opening.
        """
        if self.opening is None:
            return ((0.0, horizon_min),)
        zone = ZoneInfo(self.time_zone)
        local_day = start.astimezone(zone).date()
        found: list[tuple[float, float]] = []
        for ahead in range(-1, math.ceil(horizon_min / MINUTES_PER_DAY) + 2):
            day = local_day + timedelta(days=ahead)
            if day.weekday() not in self.opening.weekdays:
                continue
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            # Wall-clock arithmetic inside one zone: opening times follow daylight saving as people do.
            opens = (midnight + timedelta(minutes=self.opening.open_min)).timestamp()
            closes = (midnight + timedelta(minutes=self.opening.close_min)).timestamp()
            first = max(0.0, (opens - start.timestamp()) / 60)
            last = min(horizon_min, (closes - start.timestamp()) / 60)
            if last > first:
                if found and found[-1][1] == first:
                    first = found.pop()[0]
                found.append((first, last))
        return tuple(found)
