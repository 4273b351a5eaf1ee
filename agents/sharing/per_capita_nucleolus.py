"""The per-capita nucleolus: as the nucleolus, with complaints counted per member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from agents.sharing.explore import Exploration, most_tempted_first
from agents.sharing.nucleolus import lexicographic_shares, note_on_losers

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame


@dataclass(frozen=True, slots=True)
class PerCapitaNucleolus:
    """Nucleolus of complaints per head, over the splits that leave nobody worse off than alone.

    A large group's complaint weighs less than the same complaint of a small one. In the core wherever the core is not
    empty. Where every split leaves somebody worse off, it is over all splits, and ``note`` says so.

    References
    ----------
    J. H. Grotte, "Computation of and observations on the nucleolus, the normalized nucleolus and the central games",
    M.Sc. thesis, Cornell University, 1970.
    H. P. Young, "Cost allocation: methods, principles, applications", 1985.
    """

    name: ClassVar[str] = "per_capita_nucleolus"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; of a partial game, over the known coalitions."""
        return lexicographic_shares(game, np.maximum(game.sizes, 1).astype(np.float64))

    def note(self, game: Game) -> str:
        """Say so where it had to be taken over all splits."""
        return note_on_losers(game, "per-capita prenucleolus")

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for the coalitions that the shares are likely to hang on."""
        del rng
        return most_tempted_first(self.shares, start, budget)
