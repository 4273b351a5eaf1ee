"""Concession in kind: gives as much as the other has just given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.concession.timed import check_discount, level

if TYPE_CHECKING:
    from agents.concession.base import Moment


@dataclass(frozen=True, slots=True)
class TitForTat:
    """Lowers its demand by what the other's last offer was better for it than the one before.

    Until two offers have come in it gives way evenly by the clock, so that two of the kind do not wait for each other.
    It takes nothing back when the other does.

    Attributes
    ----------
    reciprocity
        Share of the other's concession that is returned, above 0.
    discount
        Factor on what a deal is worth to it for each round that passes, above 0 and at most 1: how patient it is.

    References
    ----------
    P. Faratin, C. Sierra and N. R. Jennings 1998, the absolute tit-for-tat of their behaviour-dependent tactics with a
    window of one, on the scale of levels in place of each issue's values.
    """

    reciprocity: float = 1.0
    discount: float = 1.0
    name: str = "tit_for_tat"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.reciprocity) and self.reciprocity > 0):
            raise ValueError(f"reciprocity is {self.reciprocity}, expected above 0")
        check_discount(self.discount)

    def demand(self, moment: Moment) -> float:
        """Return the last level demanded less what the other has given since."""
        if len(moment.received) < 2:
            return level(moment.round, moment.rounds, 1.0)
        given = max(0.0, moment.received[-1] - moment.received[-2])
        return moment.demanded[-1] - self.reciprocity * given
