"""Everyone pays the same percentage of a base figure: the rule of thumb of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from groupage.errors import PolicyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.sharing.game import Game

Base = Literal["standalone", "weights", "volume", "tonne_km"]


@dataclass(frozen=True, slots=True)
class Proportional:
    """Split in proportion to stand-alone costs, or to the game's weights.

    In proportion to stand-alone costs everybody saves the same percentage, so nobody is worse off wherever all
    together save anything. In proportion to weights somebody may be.

    Attributes
    ----------
    to
        ``standalone``, or the game's ``weights``, whatever they are. ``volume`` and ``tonne_km`` are weights too, and
        say what a settlement shall weigh by.

    Raises
    ------
    ValueError
        If ``to`` is none of these.
    """

    to: Base = "standalone"
    name: ClassVar[str] = "proportional"
    needs_coalitions: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.to not in get_args(Base):
            raise ValueError(f"to is {self.to!r}, expected one of {', '.join(get_args(Base))}")

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; equal where the bases sum to nothing.

        Raises
        ------
        PolicyError
            If the split is to be by weights and the game has none.
        """
        base = self._base(game)
        total = base.sum()
        part = base / total if total > 0 else np.full(game.n, 1 / game.n)
        return np.asarray(game.grand_cost * part)

    def note(self, game: Game) -> str:
        """Say so where there was nothing to be proportional to."""
        if self._base(game).sum() > 0:
            return ""
        base = "stand-alone costs" if self.to == "standalone" else "weights"
        return f"the {base} sum to nothing, so the cost is split equally"

    def _base(self, game: Game) -> NDArray[np.float64]:
        if self.to == "standalone":
            return game.standalone
        if game.weights is None:
            raise PolicyError("sharing rule proportional is to split by weights, and the game has no weights")
        return game.weights
