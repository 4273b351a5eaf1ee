"""How carriers and hubs turn costs into prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class BiddingStrategy(Protocol):
    """Names a price for work from what it costs.

    Attributes
    ----------
    name
        As registered.
    """

    name: str

    def price(self, cost: float) -> float:
        """Return the price asked for work of this cost, in the same unit; never below zero."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """What one carrier or hub made of a day.

    Attributes
    ----------
    offered
        Others' shipments on the table that could be delivered on this day.
    won
        Those of them that the settlement gives it to carry or handle; at most ``offered``.
    """

    offered: int
    won: int


@runtime_checkable
class LearningStrategy(Protocol):
    """A bidding strategy that is another one after each day, by what was won.

    Within a day it does not change: a participant keeps no state, and a recorded negotiation replays.
    """

    def learned(self, tally: Tally) -> BiddingStrategy:
        """Return the strategy for the next day."""
        ...
