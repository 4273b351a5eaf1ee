"""Linear programs over the coalitions of a game, and the point of their optimum that lies nearest to a target.

Everything is in savings: ``split[i]`` is what player ``i`` saves, and a coalition ``S`` complains by what it could save
on its own less what its members get. The programs state only the coalitions that matter, and find them themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog, nnls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.sharing.game import Game

# Savings are scaled to 1 before solving, so these are relative to the largest saving in the game.
FEASIBILITY = 1e-9
POSITIVE_DUAL = 1e-7
# Sums along orthonormal directions: a coalition that is not settled moves by far more.
SAME = 1e-9
ROWS_PER_PLAYER = 3
# What a bound may be missed by in the search for the nearest point; a tie in the last bit is no contradiction.
ROUNDING_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds ``matrix @ split + slack * level >= lower``."""

    matrix: NDArray[np.float64]
    slack: NDArray[np.float64]
    lower: NDArray[np.float64]

    @classmethod
    def none(cls, n: int) -> Bounds:
        """No bounds at all."""
        return cls(np.zeros((0, n)), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Optimum:
    """The least level that a program found.

    Attributes
    ----------
    rows
        Coalitions that were stated.
    tight
        Those of them that are tight in every optimum (positive dual, complementary slackness).
    tight_bounds
        The same for the further bounds, by position.
    """

    split: NDArray[np.float64]
    level: float
    rows: NDArray[np.int64]
    tight: NDArray[np.int64]
    tight_bounds: NDArray[np.bool_]


def least_level(
    game: Game,
    lower: NDArray[np.float64],
    slack: NDArray[np.float64],
    split: NDArray[np.float64],
    free: NDArray[np.float64],
    rows: NDArray[np.int64],
    settled: NDArray[np.int64],
    bounds: Bounds,
) -> Optimum:
    """Minimise the level, moving a split along the columns of ``free``, so that no coalition lacks more than it allows.

    Parameters
    ----------
    lower, slack
        By row of the game: a coalition has to get ``lower - slack * level`` at least.
    rows
        Coalitions stated from the start; those that the optimum treats worse join until there are none.
    settled
        Rows that are left out: no move changes their sums.
    bounds
        Further bounds; where their slack is 0 the split meets them from the start.
    """
    freedom = free.shape[1]
    while True:
        matrix = np.vstack((game.indicators(rows), bounds.matrix))
        level_factor = np.concatenate((slack[rows], bounds.slack))
        missing = np.concatenate((lower[rows], bounds.lower)) - matrix @ split
        # A bound that no level moves is met already, but for rounding.
        missing[rows.size :] = np.where(bounds.slack == 0, np.minimum(missing[rows.size :], 0), missing[rows.size :])
        result = linprog(
            np.append(np.zeros(freedom), 1.0),
            A_ub=-np.column_stack((matrix @ free, level_factor)),
            b_ub=-missing,
            bounds=(None, None),
            method="highs-ds",
            options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
        )
        if result.status != 0:
            raise ArithmeticError(f"the linear program of a sharing rule ended with {result.message!r}")
        level = float(result.x[-1])
        moved = split + free @ result.x[:-1]
        lacks = lower - game.sums(moved) - slack * level
        lacks[settled] = lacks[rows] = -np.inf
        count = min(ROWS_PER_PLAYER * game.n, lacks.size - 1)
        worst = np.argpartition(lacks, -count)[-count:]
        worst = worst[lacks[worst] > FEASIBILITY]
        if not worst.size:
            positive = -result.ineqlin.marginals > POSITIVE_DUAL
            return Optimum(moved, level, rows, rows[positive[: rows.size]], positive[rows.size :])
        rows = np.concatenate((rows, worst))


def settled_by(game: Game, free: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows whose sum no move along ``free`` changes; nobody is among them."""
    # One direction in general position leaves few candidates; only they are held against every direction.
    direction = free @ np.sqrt(np.arange(2, free.shape[1] + 2))
    candidates = np.flatnonzero(np.abs(game.sums(direction)) < SAME)
    moves = np.abs(game.indicators(candidates) @ free).max(axis=1)
    return np.asarray(candidates[moves < SAME])


def nearest(
    game: Game,
    target: NDArray[np.float64],
    equal: tuple[NDArray[np.float64], NDArray[np.float64]],
    lower: NDArray[np.float64],
    bounds: Bounds,
) -> NDArray[np.float64]:
    """Find the split nearest to a target in least squares.

    Least distance programming by nonnegative least squares, with the coalitions that matter added one batch at a time.

    Parameters
    ----------
    equal
        A matrix and what its product with the split has to be.
    lower
        What each row of the game has to get at least.
    bounds
        Further bounds; their level is 0.

    References
    ----------
    C. L. Lawson and R. J. Hanson, "Solving Least Squares Problems", 1974, chapter 23.
    """
    matrix, values = equal
    # The nearest split that meets the equalities alone; from there it moves within them, and as little as it must.
    start = target + np.linalg.lstsq(matrix, values - matrix @ target, rcond=1e-9)[0]
    free = null_space(matrix, rcond=1e-9)
    if not free.shape[1]:
        return np.asarray(start)
    settled = settled_by(game, free)
    stated = np.zeros((0, game.n))
    missing = np.zeros(0)
    split = start
    chosen: set[int] = set()
    while True:
        lacks = lower - game.sums(split)
        lacks[settled] = -np.inf
        count = min(game.n, lacks.size - 1)
        worst = [int(r) for r in np.argpartition(lacks, -count)[-count:] if lacks[r] > ROUNDING_SLACK]
        worst = [r for r in worst if r not in chosen]
        lacks_bounds = bounds.lower - bounds.matrix @ split
        worst_bounds = [int(k) for k in np.flatnonzero(lacks_bounds > ROUNDING_SLACK) if ~k not in chosen]
        if not (worst or worst_bounds):
            return np.asarray(split)
        chosen.update(worst, (~k for k in worst_bounds))
        added = np.vstack((game.indicators(np.array(worst, dtype=np.int64)), bounds.matrix[worst_bounds]))
        stated = np.vstack((stated, added))
        missing = np.concatenate((missing, np.concatenate((lower[worst], bounds.lower[worst_bounds])) - added @ start))
        split = start + free @ _shortest(stated @ free, missing)


def _shortest(matrix: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the shortest ``move`` with ``matrix @ move >= lower``; some lower bound is positive."""
    scale = float(lower.max())
    relaxed = lower / scale - ROUNDING_SLACK
    pull, _ = nnls(np.vstack((matrix.T, relaxed)), np.append(np.zeros(matrix.shape[1]), 1.0))
    binding = pull > ROUNDING_SLACK * pull.max()
    # The same move, from the bounds that bind: free of the relaxation.
    return np.asarray(np.linalg.lstsq(matrix[binding], lower[binding], rcond=1e-9)[0])
