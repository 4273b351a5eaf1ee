"""Learns its markup from wins and losses, day by day."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.bidding.markup import MOST_PERCENT
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from agents.bidding.base import Tally


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Cost times ``1 + percent / 100``, where the percentage follows what was won.

    After a day on which it won a share ``w`` of what was on the table, the markup moves by ``step * (w - aim)``
    percentage points, between 0 and ``most``. It rises while more than the aim is won, falls while less is, and rests
    where just so much is won: stochastic approximation (Robbins and Monro, Annals of Mathematical Statistics 22(3),
    1951) with a constant step, so that it follows when others change. Within a day it stays as it is.

    Attributes
    ----------
    percent
        Markup of the first day.
    aim
        Share of the shipments on the table that it wants to carry, above 0 and below 1.
    step
        Percentage points for winning all instead of nothing.
    most
        Largest markup, from 0 to 10,000.
    """

    percent: float = 8.0
    aim: float = 0.3
    step: float = 10.0
    most: float = 50.0
    name: str = "adaptive"

    def __post_init__(self) -> None:
        check_bounds(self, most=(0, MOST_PERCENT))
        if not 0 <= self.percent <= self.most:
            raise ValueError(f"adaptive percent is {self.percent}, expected 0 to most, which is {self.most}")
        if not 0 < self.aim < 1:
            raise ValueError(f"adaptive aim is {self.aim}, expected above 0 and below 1")
        if not (math.isfinite(self.step) and self.step > 0):
            raise ValueError(f"adaptive step is {self.step}, expected > 0")

    def price(self, cost: float) -> float:
        """Return the cost with the markup as learned so far."""
        return max(0.0, cost) * (1 + self.percent / 100)

    def learned(self, tally: Tally) -> Adaptive:
        """Return the strategy for the next day."""
        if not tally.offered:
            return self
        moved = self.percent + self.step * (tally.won / tally.offered - self.aim)
        return replace(self, percent=min(self.most, max(0.0, moved)))
