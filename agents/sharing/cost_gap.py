"""The cost gap method, which is the tau value: a fair compromise between least and most that each could be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from agents.sharing.alternative_cost_avoided import ROUNDING, separable_costs
from agents.sharing.explore import Exploration, most_tempted_first

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame


@dataclass(frozen=True, slots=True)
class CostGap:
    """Cost gap method, equal to Tijs' tau value.

    Everyone pays its separable cost ``m(i) = c(N) - c(N without i)``. The gap of a coalition is what its members'
    separable costs leave of its cost, and nobody is asked for more than the least gap of a coalition it belongs to,
    ``w(i)``; what the separable costs leave of ``c(N)`` is split in proportion to ``w(i)``. Defined where no gap is
    negative and the ``w(i)`` together cover what is left (for savings: a quasi-balanced game). Elsewhere what is left
    is split equally; ``note`` says so.

    References
    ----------
    S. H. Tijs, "Bounds for the core and the tau-value", Game Theory and Mathematical Economics, 1981, 123-132.
    S. H. Tijs and T. S. H. Driessen, "Game theory and cost allocation problems", Management Science 32(8), 1986,
    1015-1028.
    """

    name: ClassVar[str] = "cost_gap"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; of a partial game, over the known coalitions."""
        separable = separable_costs(game)
        most = self._most(game)
        part = np.full(game.n, 1 / game.n) if most is None else most / most.sum()
        return np.asarray(separable + (game.grand_cost - separable.sum()) * part)

    def note(self, game: Game) -> str:
        """Say so where the tau value is not defined."""
        left = game.grand_cost - separable_costs(game).sum()
        if self._most(game) is not None or abs(left) <= ROUNDING * game.n * float(np.abs(game.costs).max()):
            return ""
        return "the tau value is not defined for this game, so what the separable costs leave is split equally"

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for coalitions with small gaps."""
        del rng
        return most_tempted_first(separable_costs, start, budget)

    def _most(self, game: Game) -> NDArray[np.float64] | None:
        """Most that each can be asked above its separable cost; nothing where the tau value is not defined."""
        gaps = game.costs - game.sums(separable_costs(game))
        most = np.array([gaps[game.holding(i)].min() for i in range(game.n)])
        rounding = ROUNDING * game.n * float(np.abs(game.costs).max())
        if (most < -rounding).any() or most.max() <= rounding or most.sum() < gaps[-1] - rounding:
            return None
        return np.asarray(np.maximum(most, 0.0))
