"""Holding by the value of the forecast: wait where the transport that waiting saves is expected to be worth more.

What can wait on a lane, ``w``, is held when

    C(t + w) - C(t) + E[C(D)] - E[C(D + w)] > h(w) + penalty * P(miss)

where ``t`` goes today in any case, ``D`` is what can join it on the next planning day, from joint sample paths, and
``C`` what the open market asks for a volume on the lane (`logistics.lane_costs`). With nothing else today it is the
marginal rule of dispatch under uncertain demand: what sending it now costs against what it adds to a later load. A load
is missed where all that is expected is more than all vehicles hold.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.holding.base import (
    HoldingDecision,
    HoldingView,
    LaneLoad,
    LaneVerdict,
    lane_paths,
    miss_probability,
    refuse_wrong,
)
from agents.holding.time_and_quantity import max_days_check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.random import Generator

    from forecasting import Forecast


@dataclass(frozen=True)
class ForecastValue:
    """Holds what can wait on a lane if that is expected to save more than it costs.

    Parameters
    ----------
    max_days
        Planning days that a shipment is held at most.
    collect_km
        Goods at places so near each other are collected on one tour, and wait for each other.
    """

    max_days: int = 1
    collect_km: float = 20.0
    name: str = field(default="forecast_value", init=False)
    uses_forecast: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        near = ("collect_km", self.collect_km, 0 <= self.collect_km < math.inf, "a distance >= 0")
        refuse_wrong(self.name, (max_days_check(self.max_days), near))

    def may_wait(self, view: HoldingView) -> bool:
        """Tell whether a shipment has a later chance and has not waited long enough."""
        return view.last_day > 0 and view.held_days < self.max_days

    def verdict(self, lane: LaneLoad) -> LaneVerdict:
        """Weigh what waiting saves against what it costs."""
        cents = lane.costs.cents
        now = int(cents(lane.today_pallets + lane.waiting_pallets)) - int(cents(lane.today_pallets))
        then = float(np.mean(cents(lane.tomorrow_pallets + lane.waiting_pallets) - cents(lane.tomorrow_pallets)))
        return LaneVerdict(now - then, lane.holding_cents + lane.penalty_cents * lane.miss)

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide on an owner's own forecast, lane by lane; nothing is drawn and nothing disclosed."""
        lanes: dict[tuple[object, ...], list[HoldingView]] = defaultdict(list)
        for view in views:
            lanes[view.lane, view.series, view.wait.temperature if view.wait else ""].append(view)
        verdicts = {key: self._own(lane, forecast) for key, lane in lanes.items()}
        decisions = []
        for view in views:
            hold, reason = verdicts[view.lane, view.series, view.wait.temperature if view.wait else ""]
            if view.last_day <= 0:
                hold, reason = False, "it must go today to arrive in time"
            elif not self.may_wait(view):
                hold, reason = False, f"it was held for {view.held_days} days already, the most allowed"
            decisions.append(HoldingDecision(view.shipment, hold, reason))
        return tuple(decisions)

    def _own(self, lane: Sequence[HoldingView], forecast: Forecast | None) -> tuple[bool, str]:
        """Whether what can wait on a lane of an owner's own should, and why."""
        wait = lane[0].wait
        waiting = [v for v in lane if self.may_wait(v) and v.wait is not None]
        if wait is None or wait.costs is None or not waiting:
            return False, "there is no price or no later day to weigh waiting by"
        tomorrow = lane_paths(forecast, lane[0].series, wait.next_day)
        everything = lane_paths(forecast, forecast.series if forecast else (), wait.next_day)
        if tomorrow is None or everything is None:
            return False, "there is no forecast of its lane for the next planning day"
        volume = math.fsum(v.pallets for v in waiting)
        load = LaneLoad(
            today_pallets=math.fsum(v.pallets for v in lane if v not in waiting),
            waiting_pallets=volume,
            tomorrow_pallets=tomorrow,
            costs=wait.costs,
            holding_cents=sum(v.wait.holding_cents for v in waiting if v.wait),
            penalty_cents=sum(v.wait.penalty_cents for v in waiting if v.wait),
            miss=miss_probability(everything + volume, wait.capacity_pallets),
        )
        verdict = self.verdict(load)
        return verdict.hold, outlook(verdict)


def outlook(verdict: LaneVerdict) -> str:
    """What waiting is expected to save and to cost, in plain words."""
    more = "more" if verdict.hold else "no more"
    return (
        f"waiting for the next day's orders on its lane is expected to save {verdict.saving_cents / 100:.2f} EUR of "
        f"transport, {more} than the {verdict.cost_cents / 100:.2f} EUR that it costs"
    )
