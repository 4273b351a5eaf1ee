"""Reserves nothing: all capacity is bought on the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecasting import Reserve

if TYPE_CHECKING:
    from agents.reserving.base import GoodView


@dataclass(frozen=True)
class Nothing:
    """Leaves everything to the day."""

    name: str = field(default="none", init=False)
    reserves: bool = field(default=False, init=False)

    def choose(self, good: GoodView) -> Reserve:
        """Nothing of each offer."""
        return Reserve((0,) * len(good.offers))
