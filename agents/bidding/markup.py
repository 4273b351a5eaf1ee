"""Asks a fixed percentage more than it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Markup:
    """Cost times ``1 + percent / 100``.

    Attributes
    ----------
    percent
        At least 0.
    """

    percent: float = 8.0
    name: str = "markup"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.percent) and self.percent >= 0):
            raise ValueError(f"markup percent is {self.percent}, expected >= 0")

    def price(self, cost: float) -> float:
        """Return the cost with the markup."""
        return max(0.0, cost) * (1 + self.percent / 100)
