"""Asks what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Truthful:
    """Marginal cost, nothing on top."""

    name: str = "truthful"

    def price(self, cost: float) -> float:
        """Return the cost."""
        return max(0.0, cost)
