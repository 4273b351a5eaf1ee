"""The least core: the most tempted coalition is tempted as little as can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.linalg import null_space

from agents.sharing.explore import Exploration, most_tempted_first
from agents.sharing.programs import Bounds, least_level, nearest, settled_by
from agents.sharing.proportional import Proportional

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame


@dataclass(frozen=True, slots=True)
class LeastCore:
    """The point of the least core that is nearest to the shares proportional to stand-alone costs.

    The least core holds the splits under which the largest complaint of any coalition, one player or more, is least.
    In the core wherever the core is not empty; otherwise somebody may pay more than alone.

    References
    ----------
    M. Maschler, B. Peleg and L. S. Shapley, "Geometric properties of the kernel, nucleolus, and related solution
    concepts", Mathematics of Operations Research 4(4), 1979, 303-338.
    """

    name: ClassVar[str] = "least_core"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; of a partial game, over the known coalitions."""
        savings, target, scale = scaled_savings(game)
        if game.n == 1 or scale == 0:
            return game.standalone + 0.0
        tight, complaint = least_complaint(game, savings)
        equal = equalities(game, savings, tight, complaint)
        split = nearest(game, target, equal, savings - complaint, Bounds.none(game.n))
        return np.asarray(game.standalone - scale * split)

    def note(self, game: Game) -> str:
        """Nothing to say: no game is without a least core."""
        return ""

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for the coalitions that the shares are likely to hang on."""
        del rng
        return most_tempted_first(self.shares, start, budget)


def scaled_savings(game: Game) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Savings by row and the proportional shares' savings by player, both over the largest saving, and that."""
    savings = game.savings
    scale = float(np.abs(savings).max()) or 0.0
    target = game.standalone - Proportional().shares(game)
    if scale == 0:
        return savings, target, scale
    return savings / scale, target / scale, scale


def least_complaint(game: Game, savings: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Find the least that the largest complaint of any coalition can be, negative where all are content.

    Returns
    -------
    tuple
        The coalitions whose complaint is that in every such split, and the complaint.
    """
    n = game.n
    everyone = savings.size - 1
    free = null_space(np.ones((1, n)), rcond=1e-9)
    rows = np.unique(np.concatenate((game.singles, game.all_but_one)))
    split = np.full(n, savings[everyone] / n)
    found = least_level(game, savings, np.ones(savings.size), split, free, rows, settled_by(game, free), Bounds.none(n))
    # What is tight determines the complaint: solved for, it is free of the program's tolerance.
    system = np.column_stack((game.indicators(found.tight), np.ones(found.tight.size)))
    system = np.vstack((system, np.append(np.ones(n), 0.0)))
    solution = np.linalg.lstsq(system, np.append(savings[found.tight], savings[everyone]), rcond=None)[0]
    return found.tight, float(solution[-1])


def equalities(
    game: Game, savings: NDArray[np.float64], tight: NDArray[np.int64], complaint: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums that are fixed: of everybody, and of the coalitions that complain by just so much."""
    matrix = np.vstack((game.indicators(tight), np.ones(game.n)))
    return matrix, np.append(savings[tight] - complaint, savings[-1])
