"""Ship now: nothing waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.holding.base import HoldingDecision, HoldingView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class ShipNow:
    """Puts every shipment on the table on the first day it can go."""

    name: str = field(default="ship_now", init=False)
    uses_forecast: bool = field(default=False, init=False)

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Ship everything."""
        return tuple(HoldingDecision(v.shipment, False, "shipments go on the first day they can") for v in views)
