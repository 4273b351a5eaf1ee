"""Time-based holding: a load leaves when its oldest shipment has waited for so many days.

The time policy of shipment consolidation (Higginson and Bookbinder 1994; Çetinkaya and Bookbinder, Stochastic models
for the dispatch of consolidated shipments, Transportation Research Part B 37(8), 2003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.holding.base import HoldingDecision, HoldingView, refuse_wrong
from agents.holding.time_and_quantity import gathered, max_days_check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class TimeBased:
    """Lets a lane's shipments gather until the oldest has waited so many days, however many pallets that makes.

    Parameters
    ----------
    max_days
        Planning days that the oldest shipment of a load waits, counted from its release.
    """

    max_days: int = 1
    name: str = field(default="time_based", init=False)
    uses_forecast: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        refuse_wrong(self.name, (max_days_check(self.max_days),))

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide lane by lane; nothing is drawn."""
        return gathered(views, math.inf, self.max_days)
