"""Asks a fixed percentage more than it costs."""

from __future__ import annotations

from dataclasses import dataclass

from groupage.parameters import check_bounds

MOST_PERCENT = 10_000.0  # beyond it a price means nothing, and far beyond it is no number of cents any more


@dataclass(frozen=True, slots=True)
class Markup:
    """Cost times ``1 + percent / 100``.

    Attributes
    ----------
    percent
        From 0 to 10,000.
    """

    percent: float = 8.0
    name: str = "markup"

    def __post_init__(self) -> None:
        check_bounds(self, percent=(0, MOST_PERCENT))

    def price(self, cost: float) -> float:
        """Return the cost with the markup."""
        return max(0.0, cost) * (1 + self.percent / 100)
