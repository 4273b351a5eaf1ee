"""The named lines that every cost in groupage is broken into."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class CostLine(StrEnum):
    """Names of the lines. Direct first, then indirect."""

    FIXED = "fixed"
    DISTANCE = "distance"
    TIME = "time"
    TOLL = "toll"
    GROUPAGE = "groupage"
    COMMITMENT = "unused_commitment"
    RESERVATION = "reservation"
    HANDLING = "handling"
    DOCK_SLOT = "dock_slot"
    STORAGE = "storage"
    WAITING = "waiting"
    HOLDING = "holding"
    LATENESS = "lateness"
    LINE_STOP = "line_stop"


LINE_ORDER: tuple[str, ...] = tuple(CostLine)


def sum_lines(breakdowns: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add cost breakdowns line by line; lines come out in the order of `CostLine`, others after them by name."""
    total: Counter[str] = Counter()
    for lines in breakdowns:
        for name, cents in lines.items():
            total[name] += cents
    known = {str(name): total[name] for name in LINE_ORDER if name in total}
    return known | {name: total[name] for name in sorted(total.keys() - known.keys())}
