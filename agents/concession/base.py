"""How much a party still demands in a bargain between two, round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Moment(NamedTuple):
    """What a party knows when it is its turn.

    Levels are on the party's own scale: 1 is its best outcome, 0 one that is worth no more than no deal.

    Attributes
    ----------
    round
        Counted from 0; in each round both parties speak once.
    rounds
        How many there are before the talk fails.
    demanded
        Levels it has demanded in the rounds before, between 0 and 1.
    received
        Levels of the other's offers so far; below 0 where an offer is worse than no deal.
    """

    round: int
    rounds: int
    demanded: Sequence[float]
    received: Sequence[float]


class ConcessionStrategy(Protocol):
    """Names the level that a party demands.

    A strategy may have a ``discount``, above 0 and at most 1: the factor on what a deal is worth to its party for each
    round that passes.
    """

    @property
    def name(self) -> str:
        """As registered."""
        ...

    def demand(self, moment: Moment) -> float:
        """Return the level demanded now; whatever lies outside 0 to 1 is taken as the nearer end."""
        ...
