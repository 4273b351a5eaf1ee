"""Quantity-based holding: wait for tomorrow's volume where it is likely to fill an economic load.

The quantity policy of shipment consolidation (Higginson and Bookbinder 1994), with a forecast in place of the hope that
more will come.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from agents.holding.base import HoldingDecision, HoldingView, lane_paths, refuse_wrong
from agents.holding.time_and_quantity import max_days_check, min_pallets_check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class QuantityBased:
    """Holds what can wait on a lane that has too little today and probably enough tomorrow.

    What must go today leaves today, so only what can wait counts towards tomorrow's load.

    Parameters
    ----------
    min_pallets
        Volume of an economic load on a lane.
    probability
        How likely the load must be tomorrow; 0.5 looks at the median of the forecast.
    max_days
        Planning days that a shipment is held at most.
    """

    min_pallets: float = 6.0
    probability: float = 0.5
    max_days: int = 1
    name: str = field(default="quantity_based", init=False)
    uses_forecast: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        likely = ("probability", self.probability, 0 < self.probability <= 1, "in (0, 1]")
        refuse_wrong(self.name, (min_pallets_check(self.min_pallets), likely, max_days_check(self.max_days)))

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide lane by lane; nothing is drawn."""
        lanes: dict[tuple[str, ...], list[HoldingView]] = defaultdict(list)
        for view in views:
            lanes[view.series].append(view)
        verdicts = {series: self._lane(lane, series, forecast, day) for series, lane in lanes.items()}
        return tuple(
            HoldingDecision(view.shipment, False, own_reason)
            if (own_reason := self._must_go(view))
            else HoldingDecision(view.shipment, *verdicts[view.series])
            for view in views
        )

    def _must_go(self, view: HoldingView) -> str:
        if view.last_day <= 0:
            return "it must go today to arrive in time"
        if view.held_days >= self.max_days:
            return f"it was held for {view.held_days} days already, the most allowed"
        return ""

    def _lane(
        self, lane: Sequence[HoldingView], series: tuple[str, ...], forecast: Forecast | None, day: date
    ) -> tuple[bool, str]:
        """Whether what can wait on a lane should, and why."""
        today = sum(v.pallets for v in lane)
        load = f"{self.min_pallets:g} pallets for an economic load"
        if today >= self.min_pallets:
            return False, f"its lane has {today:.1f} pallets today, enough of the {load}"
        tomorrow = lane_paths(forecast, series, day + timedelta(days=1))
        if tomorrow is None:
            return False, "there is no forecast of its lane for tomorrow"
        waiting = sum(v.pallets for v in lane if not self._must_go(v))
        likely = float(np.mean(waiting + tomorrow >= self.min_pallets))
        outlook = (
            f"with tomorrow's orders the {waiting:.1f} pallets that can wait on its lane reach the {load} "
            f"with a probability of {likely:.0%}"
        )
        if likely >= self.probability:
            return True, f"{outlook}, at least the {self.probability:.0%} asked for"
        return False, f"{outlook}, less than the {self.probability:.0%} asked for"
