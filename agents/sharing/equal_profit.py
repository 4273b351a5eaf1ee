"""The equal profit method: relative savings as equal as stability allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.linalg import null_space

from agents.sharing.explore import Exploration, most_tempted_first
from agents.sharing.least_core import equalities, least_complaint, scaled_savings
from agents.sharing.programs import Bounds, least_level, nearest, settled_by
from agents.sharing.stability import TOLERANCE

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame


@dataclass(frozen=True, slots=True)
class EqualProfit:
    """Equal profit method (EPM): in the core, the largest difference between two players' relative savings is least.

    Of several such splits, the one nearest to the shares proportional to stand-alone costs. Where the core is empty,
    the same over the least core; ``note`` says so. A player that costs nothing alone has no relative saving.

    References
    ----------
    M. Frisk, M. Göthe-Lundgren, K. Jörnsten and M. Rönnqvist, "Cost allocation in collaborative forest
    transportation", EJOR 205(2), 2010, 448-458.
    """

    name: ClassVar[str] = "equal_profit"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; of a partial game, over the known coalitions."""
        savings, target, scale = scaled_savings(game)
        if game.n == 1 or scale == 0:
            return game.standalone + 0.0
        tight, complaint = least_complaint(game, savings)
        if complaint < -TOLERANCE:
            tight = tight[:0]
        complaint = max(complaint, 0.0)
        lower = savings - complaint
        matrix, values = equalities(game, savings, tight, complaint)
        differences = _differences(game.standalone)
        free = null_space(matrix, rcond=1e-9)
        if free.shape[1]:
            start = np.asarray(np.linalg.lstsq(matrix, values, rcond=1e-9)[0], dtype=np.float64)
            settled = settled_by(game, free)
            rows = np.setdiff1d(np.concatenate((game.singles, game.all_but_one)), settled)
            found = least_level(game, lower, np.zeros(lower.size), start, free, rows, settled, differences)
            fixed = found.tight_bounds
            most = _level(matrix, values, game.indicators(found.tight), lower[found.tight], differences, fixed)
            matrix = np.vstack((matrix, game.indicators(found.tight), differences.matrix[fixed]))
            values = np.concatenate((values, lower[found.tight], np.full(int(fixed.sum()), -most)))
            differences = Bounds(differences.matrix, differences.slack, differences.lower - most)
        return np.asarray(game.standalone - scale * nearest(game, target, (matrix, values), lower, differences))

    def note(self, game: Game) -> str:
        """Say so where the core is empty."""
        savings, _, scale = scaled_savings(game)
        if game.n == 1 or scale == 0:
            return ""
        complaint = scale * least_complaint(game, savings)[1]
        if complaint <= TOLERANCE * float(np.abs(game.costs).max()):
            return ""
        return "no split keeps every group from leaving, so this is over the least core"

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for the coalitions that the shares are likely to hang on."""
        del rng
        return most_tempted_first(self.shares, start, budget)


def _differences(standalone: NDArray[np.float64]) -> Bounds:
    """Bounds that hold every difference of two relative savings at the level or below."""
    n = len(standalone)
    counts = np.flatnonzero(standalone > 0)
    per_cost = np.zeros((n, n))
    # Over the mean cost, so that figures of the order of one enter the program in any currency.
    per_cost[counts, counts] = standalone[counts].mean() / standalone[counts] if counts.size else 0.0
    pairs = [(i, j) for i in counts for j in counts if i != j]
    if not pairs:
        # The level must be bounded by something.
        return Bounds(np.zeros((1, n)), np.ones(1), np.zeros(1))
    matrix = np.array([per_cost[j] - per_cost[i] for i, j in pairs])
    return Bounds(matrix, np.ones(len(pairs)), np.zeros(len(pairs)))


def _level(
    matrix: NDArray[np.float64],
    values: NDArray[np.float64],
    stable: NDArray[np.float64],
    stable_values: NDArray[np.float64],
    differences: Bounds,
    fixed: NDArray[np.bool_],
) -> float:
    """Solve for the level from what is tight: free of the program's tolerance."""
    system = np.vstack(
        (
            np.column_stack((matrix, np.zeros(len(matrix)))),
            np.column_stack((stable, np.zeros(len(stable)))),
            np.column_stack((differences.matrix[fixed], np.ones(int(fixed.sum())))),
        )
    )
    target = np.concatenate((values, stable_values, np.zeros(int(fixed.sum()))))
    return float(np.linalg.lstsq(system, target, rcond=1e-9)[0][-1])
