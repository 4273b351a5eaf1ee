"""Concession by the clock: slow, even, or fast.

P. Faratin, C. Sierra and N. R. Jennings, "Negotiation decision functions for autonomous agents", Robotics and
Autonomous Systems 24(3-4), 1998, 159-182: the time-dependent tactics of their equation 3, polynomial form, with nothing
conceded at the start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.concession.base import Moment


def level(round_: int, rounds: int, speed: float) -> float:
    """Level still demanded: ``1 - t ** (1 / speed)``, where ``t`` runs from 0 in the first round to 1 in the last."""
    if round_ >= rounds - 1:
        return 0.0
    return float(1.0 - (round_ / (rounds - 1)) ** (1.0 / speed))


def check_discount(discount: float) -> None:
    """Refuse a discount that is none.

    Raises
    ------
    ValueError
        If it is not above 0 and at most 1.
    """
    if not 0 < discount <= 1:
        raise ValueError(f"discount is {discount}, expected above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class Boulware:
    """Holds out, and gives way only towards the deadline.

    Attributes
    ----------
    speed
        Above 0 and below 1; the smaller, the longer it holds out.
    discount
        Factor on what a deal is worth to it for each round that passes, above 0 and at most 1: how patient it is.
    """

    speed: float = 0.2
    discount: float = 1.0
    name: str = "boulware"

    def __post_init__(self) -> None:
        if not 0 < self.speed < 1:
            raise ValueError(f"speed is {self.speed}, expected above 0 and below 1")
        check_discount(self.discount)

    def demand(self, moment: Moment) -> float:
        """Return the level that the clock says."""
        return level(moment.round, moment.rounds, self.speed)


@dataclass(frozen=True, slots=True)
class Linear:
    """Gives way by the same amount in every round.

    Attributes
    ----------
    discount
        Factor on what a deal is worth to it for each round that passes, above 0 and at most 1: how patient it is.
    """

    discount: float = 1.0
    name: str = "linear"

    def __post_init__(self) -> None:
        check_discount(self.discount)

    def demand(self, moment: Moment) -> float:
        """Return the level that the clock says."""
        return level(moment.round, moment.rounds, 1.0)


@dataclass(frozen=True, slots=True)
class Conceder:
    """Gives most of the way in the first rounds.

    Attributes
    ----------
    speed
        Above 1; the larger, the sooner it has given way.
    discount
        Factor on what a deal is worth to it for each round that passes, above 0 and at most 1: how patient it is.
    """

    speed: float = 3.0
    discount: float = 1.0
    name: str = "conceder"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed) and self.speed > 1):
            raise ValueError(f"speed is {self.speed}, expected above 1")
        check_discount(self.discount)

    def demand(self, moment: Moment) -> float:
        """Return the level that the clock says."""
        return level(moment.round, moment.rounds, self.speed)
