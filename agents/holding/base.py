"""What a holding rule is told and what it answers: hold a shipment for a later planning day, or ship it today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting import Forecast
    from logistics.lane_costs import LaneCosts


@dataclass(frozen=True, slots=True)
class Wait:
    """What keeping a shipment until the next planning day means for its owner; its figures are private to it.

    Attributes
    ----------
    next_day
        The next planning day.
    temperature
        Regime of the goods: what differs in it never shares a vehicle.
    costs
        What the open market asks for volumes on the shipment's lane; ``None`` where nothing serves it.
    capacity_pallets
        What all vehicles of the region hold together.
    holding_cents
        Cost of keeping the shipment until then.
    penalty_cents
        What coming too late costs, if the next planning day is its last chance; else 0.
    """

    next_day: date
    temperature: str
    weight_kg: float
    costs: LaneCosts | None
    capacity_pallets: float
    holding_cents: int
    penalty_cents: int


@dataclass(frozen=True, slots=True)
class HoldingView:
    """A shipment that its owner could put on the table today.

    Attributes
    ----------
    shipment
        Id.
    series
        Forecast series of its lane: the owner's own, one per product. Shipments with the same series share a lane.
    last_day
        Days from today to the last planning day on which it can still be delivered in time; 0 means today.
    held_days
        Planning days that it has been held already.
    lane
        Where it is ready and the zone that it goes to; known without a forecast.
    wait
        What waiting would mean, for rules that weigh it (`PooledHolding`); ``None`` for others, and where there
        is no later planning day.
    """

    shipment: str
    series: tuple[str, ...]
    pallets: float
    last_day: int
    held_days: int = 0
    lane: tuple[str, ...] = ()
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class HoldingDecision:
    """Hold or ship one shipment, with the reason in plain words for its owner."""

    shipment: str
    hold: bool
    reason: str


class HoldingRule(Protocol):
    """Decides which of an owner's shipments wait.

    Attributes
    ----------
    uses_forecast
        Whether the rule looks at a forecast; one that does not saves its owner the work of making one.
    """

    @property
    def name(self) -> str:
        """As registered."""
        ...

    @property
    def uses_forecast(self) -> bool:
        """Whether `decide` looks at the forecast."""
        ...

    def decide(
        self, views: Sequence[HoldingView], forecast: Forecast | None, day: date, rng: Generator
    ) -> tuple[HoldingDecision, ...]:
        """Decide on all of one owner's shipments of today.

        Parameters
        ----------
        forecast
            The owner's own demand, in pallets; ``None`` where there is no history to forecast from.
        day
            Today, the planning day.
        rng
            For rules that draw.

        Returns
        -------
            One decision per view, in the same order. A shipment whose last day is today is never held.
        """
        ...


@runtime_checkable
class PooledHolding(HoldingRule, Protocol):
    """A rule that looks at what others expect, too: the coordinator decides by it on the sum of all members' paths.

    By `HoldingRule.decide` an owner alone decides on its own forecast, which then goes nowhere.

    Attributes
    ----------
    collect_km
        Goods at places so near each other are collected on one tour.
    """

    @property
    def collect_km(self) -> float:
        """How far apart places may be whose goods are collected on one tour."""
        ...

    def may_wait(self, view: HoldingView) -> bool:
        """Tell whether a shipment could be held."""
        ...

    def verdict(self, lane: LaneLoad) -> LaneVerdict:
        """Decide whether what can wait on a lane does."""
        ...


@dataclass(frozen=True, eq=False)
class LaneLoad:
    """What goes from places near each other to one zone, today and on the next planning day.

    Attributes
    ----------
    today_pallets
        What goes today in any case.
    waiting_pallets
        What could wait.
    tomorrow_pallets
        Sample paths of what is expected on the next planning day, shape ``(paths,)``.
    costs
        What the open market asks for volumes on the lane.
    holding_cents
        Cost of keeping what could wait.
    penalty_cents
        What it costs if all that has its last chance then came too late.
    miss
        How likely it is that vehicles run out (`miss_probability`).
    """

    today_pallets: float
    waiting_pallets: float
    tomorrow_pallets: NDArray[np.float64]
    costs: LaneCosts
    holding_cents: float = 0.0
    penalty_cents: float = 0.0
    miss: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneVerdict:
    """Whether what can wait on a lane should.

    Attributes
    ----------
    saving_cents
        Transport that waiting is expected to save, before what it costs.
    cost_cents
        What waiting is expected to cost: holding, and coming too late.
    """

    saving_cents: float
    cost_cents: float

    @property
    def hold(self) -> bool:
        """Whether waiting saves more than it costs."""
        return self.saving_cents > self.cost_cents + 1e-6


def uses_pool(rule: HoldingRule) -> bool:
    """Tell whether a rule decides on what all members of a pool expect."""
    return isinstance(rule, PooledHolding)


def miss_probability(volume_pallets: NDArray[np.float64], capacity_pallets: float) -> float:
    """How likely some volume is more than all vehicles hold: what waited may then come too late.

    That vehicles run out is all that is looked at: not late tours, windows that no tour meets, goods that few vehicles
    may carry, or carriers that do not bid.

    Parameters
    ----------
    volume_pallets
        Sample paths, shape ``(paths,)``.
    """
    return float(np.mean(volume_pallets > capacity_pallets)) if len(volume_pallets) else 0.0


def lane_paths(forecast: Forecast | None, series: Sequence[str], day: date) -> NDArray[np.float64] | None:
    """Sample paths of a lane's volume on a day, shape ``(paths,)``; ``None`` where nothing is forecast for it."""
    if forecast is None or not series or not set(series) <= set(forecast.series):
        return None
    column = (day - forecast.first_day).days
    if not 0 <= column < forecast.paths.shape[1]:
        return None
    return np.asarray(forecast.pooled(series)[column])


def refuse_wrong(rule: str, checks: Iterable[tuple[str, float, bool, str]]) -> None:
    """Refuse a rule's parameters that are out of range.

    Parameters
    ----------
    checks
        Name, value, whether it is good, and what is expected.

    Raises
    ------
    PolicyError
        With every one that is not.
    """
    wrong = [
        Problem(f"policy holding {rule}", key, str(value), expected)
        for key, value, good, expected in checks
        if not good
    ]
    if wrong:
        raise PolicyError(wrong)
