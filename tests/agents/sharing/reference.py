"""A slow nucleolus, written from the definition, to hold the fast one against."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from agents.sharing.game import CoalitionGame

TIGHT = 1e-7


def slow_nucleolus(game: CoalitionGame, *, over_all_splits: bool = False) -> np.ndarray:
    """Nucleolus by linear programs over all coalitions; one more per coalition finds out if it is always tight.

    No duals, no row generation, no dimension counting: after each stage, the coalitions whose excess cannot be below
    the stage's level while everyone else's is at most that, are fixed.
    """
    n = game.n
    proper = np.arange(1, (1 << n) - 1)
    members = ((proper[:, None] >> np.arange(n)) & 1).astype(float)
    costs = game.costs[proper]
    bounds = [(None, None if over_all_splits else c) for c in game.standalone] + [(None, None)]
    level_of = np.full(proper.size, np.nan)
    shares = np.full(n, game.grand_cost / n)
    while np.isnan(level_of).any():
        is_open = np.isnan(level_of)
        a_ub = np.column_stack((members[is_open], -np.ones(is_open.sum())))
        a_eq = np.vstack((np.ones(n), members[~is_open]))
        b_eq = np.append(game.grand_cost, costs[~is_open] + level_of[~is_open])
        a_eq = np.column_stack((a_eq, np.zeros(len(a_eq))))
        found = _solve(np.append(np.zeros(n), 1.0), a_ub, costs[is_open], a_eq, b_eq, bounds)
        level, shares = found[-1], found[:-1]
        pinned = [*bounds[:n], (level, level + 1e-9)]
        for k in np.flatnonzero(is_open):
            least = _solve(np.append(members[k], 0.0), a_ub, costs[is_open], a_eq, b_eq, pinned)
            if members[k] @ least[:-1] - costs[k] > level - TIGHT:
                level_of[k] = level
    return shares


def sorted_excesses(game: CoalitionGame, shares: np.ndarray) -> np.ndarray:
    """What each proper coalition pays above its own cost, largest first."""
    proper = np.arange(1, (1 << game.n) - 1)
    members = ((proper[:, None] >> np.arange(game.n)) & 1).astype(float)
    return np.sort(members @ shares - game.costs[proper])[::-1]


def _solve(objective, a_ub, b_ub, a_eq, b_eq, bounds):
    found = linprog(objective, A_ub=a_ub, b_ub=b_ub + 1e-10, A_eq=a_eq, b_eq=b_eq, bounds=bounds, method="highs-ipm")
    if found.status != 0:
        found = linprog(objective, A_ub=a_ub, b_ub=b_ub + 1e-8, A_eq=a_eq, b_eq=b_eq, bounds=bounds)
    assert found.status == 0, found.message
    return found.x
