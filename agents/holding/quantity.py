"""Quantity holding without a forecast: a load leaves when it is full enough, or when one of its shipments must go.

The quantity policy of shipment consolidation (Higginson and Bookbinder 1994); `QuantityBased` is the same with a
forecast in place of the hope that more will come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.holding.base import HoldingDecision, HoldingView, refuse_wrong
from agents.holding.time_and_quantity import gathered, min_pallets_check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class Quantity:
    """Lets a lane's shipments gather until so many pallets are there, or one of them must go to arrive in time.

    Parameters
    ----------
    min_pallets
        Volume of an economic load on a lane.
    """

    min_pallets: float = 6.0
    name: str = field(default="quantity", init=False)
    uses_forecast: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        refuse_wrong(self.name, (min_pallets_check(self.min_pallets),))

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide lane by lane; nothing is drawn."""
        return gathered(views, self.min_pallets, math.inf)
