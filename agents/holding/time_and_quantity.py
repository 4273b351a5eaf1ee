"""Time-and-quantity holding: a load leaves when its oldest shipment has waited long enough, or when it is full enough.

The time-and-quantity policy of shipment consolidation (Higginson and Bookbinder, Policy recommendations for a shipment-
consolidation program, Journal of Business Logistics 15(1), 1994). It looks at no forecast: what a forecast is worth is
held against it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.holding.base import HoldingDecision, HoldingView, refuse_wrong

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class TimeAndQuantity:
    """Lets a lane's shipments gather until the oldest has waited so long, or so many pallets are there.

    What gathered on a lane leaves together, also where one of its shipments must go today to arrive in time.

    Parameters
    ----------
    min_pallets
        Volume of an economic load on a lane.
    max_days
        Planning days that the oldest shipment of a load waits at most.
    """

    min_pallets: float = 6.0
    max_days: int = 1
    name: str = field(default="time_and_quantity", init=False)
    uses_forecast: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        refuse_wrong(self.name, (min_pallets_check(self.min_pallets), max_days_check(self.max_days)))

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide lane by lane; nothing is drawn."""
        return gathered(views, self.min_pallets, self.max_days)


def min_pallets_check(min_pallets: float) -> tuple[str, float, bool, str]:
    """Volumes of an economic load that make sense."""
    return "min_pallets", min_pallets, 0 < min_pallets < math.inf, "a number of pallets > 0"


def max_days_check(max_days: int) -> tuple[str, float, bool, str]:
    """Days of waiting that make sense."""
    return "max_days", max_days, max_days >= 1, "at least 1"


def gathered(views: Sequence[HoldingView], min_pallets: float, max_days: float) -> tuple[HoldingDecision, ...]:
    """Hold each lane's shipments until the first of three: enough pallets, enough days, or one that must go."""
    lanes: dict[tuple[object, ...], list[HoldingView]] = defaultdict(list)
    for view in views:
        lanes[view.lane, view.series].append(view)
    verdicts = {lane: _leaves(of, min_pallets, max_days) for lane, of in lanes.items()}
    return tuple(HoldingDecision(v.shipment, *verdicts[v.lane, v.series]) for v in views)


def _leaves(lane: Sequence[HoldingView], min_pallets: float, max_days: float) -> tuple[bool, str]:
    pallets = math.fsum(v.pallets for v in lane)
    oldest = max(v.held_days for v in lane)
    load = f"of the {min_pallets:g} pallets for an economic load"
    if any(v.last_day <= 0 for v in lane):
        return False, "a shipment on its lane must go today to arrive in time, and takes the others along"
    if pallets >= min_pallets:
        return False, f"its lane has {pallets:.1f} pallets today, enough {load}"
    if oldest >= max_days:
        return False, f"the oldest shipment on its lane was held for {_days(oldest)} already, the most allowed"
    gathers = f"its lane has {pallets:.1f} {load}" if min_pallets < math.inf else f"its lane has {pallets:.1f} pallets"
    until = f", and no shipment was held for {_days(max_days)} yet" if max_days < math.inf else ""
    return True, f"{gathers}{until}"


def _days(number: float) -> str:
    return "1 day" if number == 1 else f"{number:g} days"
