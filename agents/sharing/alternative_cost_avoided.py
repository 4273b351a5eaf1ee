"""The alternative cost avoided method: own marginal cost, and a part of the rest by what pooling avoids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from agents.sharing.explore import Exploration, most_tempted_first

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame

# Relative to the largest cost: what lies below is rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class AlternativeCostAvoided:
    """Alternative cost avoided method (ACAM).

    Everyone pays its separable cost ``m(i) = c(N) - c(N without i)``, and what is left of ``c(N)`` is split by the
    alternative cost that joining last avoids, ``c(i) - m(i)``. Where those sum to nothing, or one is negative (so that
    somebody would be charged for avoiding less than nothing), what is left is split equally; ``note`` says so.

    References
    ----------
    S. H. Tijs and T. S. H. Driessen, "Game theory and cost allocation problems", Management Science 32(8), 1986,
    1015-1028.
    """

    name: ClassVar[str] = "alternative_cost_avoided"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs."""
        separable = separable_costs(game)
        avoided = self._avoided(game)
        part = np.full(game.n, 1 / game.n) if avoided is None else avoided / avoided.sum()
        return np.asarray(separable + (game.grand_cost - separable.sum()) * part)

    def note(self, game: Game) -> str:
        """Say so where the split of the rest is equal because the method does not say."""
        left = game.grand_cost - separable_costs(game).sum()
        if self._avoided(game) is not None or abs(left) <= ROUNDING * game.n * float(np.abs(game.costs).max()):
            return ""
        return "joining avoids no cost for all, so what the separable costs leave is split equally"

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for who might leave; the shares themselves need no more than all, all but one and each alone."""
        del rng
        return most_tempted_first(self.shares, start, budget)

    def _avoided(self, game: Game) -> NDArray[np.float64] | None:
        """What joining avoids for each player; nothing where it is no base for a split."""
        avoided = game.standalone - separable_costs(game)
        rounding = ROUNDING * float(np.abs(game.costs).max())
        if (avoided < -rounding).any() or avoided.max() <= rounding:
            return None
        return np.maximum(avoided, 0.0)


def separable_costs(game: Game) -> NDArray[np.float64]:
    """What each player adds to the cost of all the others, shape ``(players,)``."""
    return np.asarray(game.grand_cost - game.costs[game.all_but_one])
