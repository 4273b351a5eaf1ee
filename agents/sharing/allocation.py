"""Shares with what is known about them: whether they are exact, and who would rather leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.sharing.partial import PartialGame
from agents.sharing.shapley import Shapley
from agents.sharing.stability import Stability, stability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from agents.sharing.game import Game, SharingRule


@dataclass(frozen=True, eq=False)
class Allocation:
    """What a rule says about a game.

    Attributes
    ----------
    game
        What was shared, as far as it was known.
    shares
        In the order of the players and in the unit of the game's costs.
    stability
        The shares held against every coalition, or against those whose cost is known.
    certified
        Whether every coalition's cost was known. If not, shares that hang on coalitions may still move, and a coalition
        that nobody looked at may be more tempted than the worst that is named.
    coalitions_evaluated
        How many coalitions' costs were known.
    standard_error
        By player, where the shares were estimated from a sample.
    note
        Where the rule fell back to something else; empty where it did not.
    """

    game: Game
    rule: str
    shares: NDArray[np.float64]
    stability: Stability
    certified: bool
    coalitions_evaluated: int
    standard_error: NDArray[np.float64] | None = None
    note: str = ""

    @property
    def players(self) -> tuple[str, ...]:
        """Who shares, in order."""
        return self.game.players


def allocate(rule: SharingRule, game: Game, tolerance: float | None = None) -> Allocation:
    """Split a game's cost by a rule, and say how far the result can be relied on.

    Parameters
    ----------
    tolerance
        What counts as no violation, as in `agents.sharing.stability.stability`.
    """
    shares = rule.shares(game)
    partial = isinstance(game, PartialGame)
    return Allocation(
        game=game,
        rule=rule.name,
        shares=shares,
        stability=stability(game, shares, tolerance),
        certified=not partial or len(game.costs) == 1 << game.n,
        coalitions_evaluated=len(game.costs) - 1,
        standard_error=rule.standard_error(game) if partial and isinstance(rule, Shapley) else None,
        note=rule.note(game),
    )
