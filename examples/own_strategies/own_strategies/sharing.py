"""A gain-sharing rule: part of the saving by heads, the rest by what everybody costs alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.sharing import CoalitionGame


@dataclass(frozen=True, slots=True)
class MixedSaving:
    """Stand-alone cost less a part of the saving: equal parts of one portion, the rest in proportion to that cost.

    With ``equal`` 1 all save the same amount, with 0 the same percentage.
    """

    equal: float = 0.5
    name: str = "mixed_saving"
    needs_coalitions: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.equal <= 1:
            raise ValueError(f"mixed_saving equal is {self.equal}, expected 0 to 1")

    def shares(self, game: CoalitionGame) -> NDArray[np.float64]:
        """Return each player's share, in the unit of the game's costs."""
        alone = game.standalone
        heads = np.full(game.n, 1 / game.n)
        parts = alone / alone.sum() if alone.sum() > 0 else heads
        return alone - (alone.sum() - game.grand_cost) * (self.equal * heads + (1 - self.equal) * parts)

    def note(self, game: CoalitionGame) -> str:
        """Say where it falls back to something else: never."""
        return ""
