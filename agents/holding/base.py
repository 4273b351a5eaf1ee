"""What a holding rule is told and what it answers: hold a shipment for a later planning day, or ship it today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting import Forecast


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
    """

    shipment: str
    series: tuple[str, ...]
    pallets: float
    last_day: int
    held_days: int = 0
    lane: tuple[str, ...] = ()


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
