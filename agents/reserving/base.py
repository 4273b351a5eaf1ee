"""What a reserving rule is told and what it answers: how many units of a good to reserve from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecasting import CapacityOffer, Reserve


@dataclass(frozen=True, eq=False)
class GoodView:
    """A good that can be reserved for the next planning day.

    Attributes
    ----------
    volume_pallets
        Sample paths of what the reserving owners expect to send in all on that day, shape ``(paths,)``.
    seen
        Past days of the pool, oldest first: pallets on the table, and units of the good that were used.
    offers
        What providers of the good would keep free; prices in cents.
    """

    volume_pallets: NDArray[np.float64]
    seen: tuple[tuple[float, int], ...]
    offers: tuple[CapacityOffer, ...]


class ReservingRule(Protocol):
    """Decides how much to reserve ahead.

    Attributes
    ----------
    reserves
        Whether the rule ever reserves; where not, nobody is asked for a forecast or a price.
    """

    @property
    def name(self) -> str:
        """As registered."""
        ...

    @property
    def reserves(self) -> bool:
        """Whether the rule ever reserves."""
        ...

    def choose(self, good: GoodView) -> Reserve:
        """Choose units of each offer, at most what is offered; the same view, the same choice."""
        ...
