"""How carriers and hubs turn costs into prices."""

from __future__ import annotations

from typing import Protocol


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
