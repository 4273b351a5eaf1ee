"""Reserves by the newsvendor's quantile of what will be needed (`forecasting.reservation`).

How many vehicles or dock slots a volume needs the pool knows only from its own days: on each sample path the good is
needed as much per pallet as on one of the last days, day after day in turn. So both what will be sent and how it will
be driven are as uncertain as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from forecasting import Reserve, reserve_units
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.reserving.base import GoodView


@dataclass(frozen=True)
class Newsvendor:
    """Reserves each unit that is needed likely enough to pay.

    Parameters
    ----------
    least_days
        Days that the pool must have driven before anything is reserved.
    most_days
        Last days of the pool that say how much a volume needs.
    """

    least_days: int = 2
    most_days: int = 20
    name: str = field(default="newsvendor", init=False)
    reserves: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        checks = (
            ("least_days", self.least_days, self.least_days >= 1, "at least 1"),
            ("most_days", self.most_days, self.most_days >= self.least_days, f"at least least_days, {self.least_days}"),
        )
        wrong = [Problem("policy reservation newsvendor", k, str(v), want) for k, v, good, want in checks if not good]
        if wrong:
            raise PolicyError(wrong)

    def choose(self, good: GoodView) -> Reserve:
        """Choose the units of which each is expected to save something."""
        seen = [(pallets, used) for pallets, used in good.seen if pallets > 0][-self.most_days :]
        if len(seen) < self.least_days or not good.offers or not len(good.volume_pallets):
            return Reserve((0,) * len(good.offers))
        # More than is offered is needed no more: a day with hardly a pallet on it would make any volume need the world.
        need = np.minimum(self.need(good.volume_pallets, seen), sum(o.units for o in good.offers))
        return reserve_units(need, good.offers)

    def need(self, volume_pallets: NDArray[np.float64], seen: list[tuple[float, int]]) -> NDArray[np.float64]:
        """Sample paths of the units needed, whole numbers, shape ``(paths,)``."""
        per_pallet = np.array([used / pallets for pallets, used in seen])
        return np.asarray(np.floor(np.resize(per_pallet, len(volume_pallets)) * volume_pallets + 0.5))
