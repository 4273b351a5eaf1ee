"""A gain-sharing rule that lives outside groupage: everybody saves the same amount of money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from agents.sharing import CoalitionGame


@dataclass(frozen=True, slots=True)
class EqualSaving:
    """Stand-alone cost less an equal part of what all save together.

    Simple to explain, and hard on the small: a player may be paid for taking part.
    """

    name: ClassVar[str] = "equal_saving"
    needs_coalitions: ClassVar[bool] = False

    def shares(self, game: CoalitionGame) -> NDArray[np.float64]:
        """Return each player's share, in the unit of the game's costs."""
        return game.standalone - (game.standalone.sum() - game.grand_cost) / game.n

    def note(self, game: CoalitionGame) -> str:
        """Never falls back to anything else."""
        return ""
