"""The planning days of a pool to come: what is held, reserved or promised is so for one of them."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from logistics.jobs import planning_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from groupage.v1 import rulebooks_pb2, sites_pb2

DAY = timedelta(days=1)
WORKING_DAYS = frozenset(range(1, 6))  # ISO: Monday is 1


def weekdays_of(rulebook: rulebooks_pb2.Rulebook) -> frozenset[int]:
    """Days of the week on which a pool plans, as ISO counts them: Monday to Friday where its rulebook names none."""
    return frozenset(int(d) for d in rulebook.planning_days) or WORKING_DAYS


def clock_of(sites: Iterable[sites_pb2.Site]) -> str:
    """Time zone that most of a pool's sites are in; of several, the first by name."""
    zones = Counter(s.time_zone for s in sites if s.time_zone)
    return min(zones, key=lambda z: (-zones[z], z), default="UTC")


def starts_after(
    start: datetime, end: datetime, count: int, zone: str, weekdays: Collection[int] = WORKING_DAYS
) -> tuple[datetime, ...]:
    """Starts of the planning windows that follow one.

    They begin at the same time of the clock, on the planning days to come. Windows longer than a day follow one
    another without a gap of days, whatever weekday that is.

    Parameters
    ----------
    start, end
        Of the window, UTC.
    zone
        Whose clock counts: in summer a window begins an hour earlier than in winter.

    Returns
    -------
    tuple
        ``count`` moments, UTC, in order.
    """
    step = max(1, math.ceil((end - start) / DAY))
    here = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    found: list[datetime] = []
    while len(found) < count:
        here += step * DAY
        at = here.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if step > 1 or planning_day(at, zone).isoweekday() in weekdays:
            found.append(at)
    return tuple(found)
