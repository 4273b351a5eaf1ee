"""Rules written from their definitions over all coalitions, slowly, to hold the fast ones against."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from agents.sharing.game import CoalitionGame

TIGHT = 1e-7


def slow_nucleolus(game: CoalitionGame, *, over_all_splits: bool = False, per_head: bool = False) -> np.ndarray:
    """Nucleolus, if wanted per capita, by linear programs over all coalitions.

    No duals, no row generation, no dimension counting: after each stage, one more program per coalition finds those
    whose excess cannot be below the stage's level while everyone else's is at most that; they are fixed.
    """
    n = game.n
    proper = np.arange(1, (1 << n) - 1)
    members = ((proper[:, None] >> np.arange(n)) & 1).astype(float)
    costs = game.costs[proper]
    heads = members.sum(axis=1) if per_head else np.ones(proper.size)
    bounds = [(None, None if over_all_splits else c) for c in game.standalone] + [(None, None)]
    level_of = np.full(proper.size, np.nan)
    shares = np.full(n, game.grand_cost / n)
    while np.isnan(level_of).any():
        is_open = np.isnan(level_of)
        a_ub = np.column_stack((members[is_open], -heads[is_open]))
        a_eq = np.vstack((np.ones(n), members[~is_open]))
        b_eq = np.append(game.grand_cost, costs[~is_open] + (heads * level_of)[~is_open])
        a_eq = np.column_stack((a_eq, np.zeros(len(a_eq))))
        found = _solve(np.append(np.zeros(n), 1.0), a_ub, costs[is_open], a_eq, b_eq, bounds)
        level, shares = found[-1], found[:-1]
        pinned = [*bounds[:n], (level, level + 1e-9)]
        for k in np.flatnonzero(is_open):
            least = _solve(np.append(members[k], 0.0), a_ub, costs[is_open], a_eq, b_eq, pinned)
            if (members[k] @ least[:-1] - costs[k]) / heads[k] > level - TIGHT:
                level_of[k] = level
    return shares


def sorted_excesses(game: CoalitionGame, shares: np.ndarray) -> np.ndarray:
    """What each proper coalition pays above its own cost, largest first."""
    proper = np.arange(1, (1 << game.n) - 1)
    members = ((proper[:, None] >> np.arange(game.n)) & 1).astype(float)
    return np.sort(members @ shares - game.costs[proper])[::-1]


def least_complaint(game: CoalitionGame) -> float:
    """The least that the largest complaint of any proper coalition can be: one program over all of them."""
    proper, members = _proper(game)
    n = game.n
    return float(
        linprog(
            np.append(np.zeros(n), 1.0),
            A_ub=np.column_stack((members, -np.ones(proper.size))),
            b_ub=game.costs[proper],
            A_eq=np.append(np.ones(n), 0.0)[None, :],
            b_eq=[game.grand_cost],
            bounds=(None, None),
        ).x[-1]
    )


def least_difference(game: CoalitionGame, complaint: float) -> float:
    """The least that the largest difference of relative savings can be, with no complaint above a given one."""
    proper, members = _proper(game)
    n = game.n
    pairs = difference_rows(game)
    return float(
        linprog(
            np.append(np.zeros(n), 1.0),
            A_ub=np.vstack(
                (
                    np.column_stack((members, np.zeros(proper.size))),
                    np.column_stack((pairs, -np.ones(len(pairs)))),
                )
            ),
            b_ub=np.concatenate((game.costs[proper] + complaint, np.zeros(len(pairs)))),
            A_eq=np.append(np.ones(n), 0.0)[None, :],
            b_eq=[game.grand_cost],
            bounds=[(None, None)] * n + [(0, None)],
        ).x[-1]
    )


def difference_rows(game: CoalitionGame) -> np.ndarray:
    """Rows whose product with the shares is one player's share over its stand-alone cost less another's."""
    n = game.n
    counts = [i for i in range(n) if game.standalone[i] > 0]
    rows = [np.eye(n)[i] / game.standalone[i] - np.eye(n)[j] / game.standalone[j] for i in counts for j in counts]
    return np.array(rows).reshape(-1, n)


def gap_to_nearest(
    game: CoalitionGame, shares: np.ndarray, complaint: float, difference: float = np.inf
) -> tuple[float, float]:
    """How far shares are from being the nearest to the proportional ones among those that a rule allows.

    Allowed is what leaves no complaint above a given one, and no difference of relative savings. A point x of a convex
    set is nearest to p exactly where no allowed z has (x - p) (z - x) < 0: one linear program.

    Returns
    -------
    tuple
        The worst breach of what is allowed, and how far below 0 that product can get over the distance from p.
    """
    proper, members = _proper(game)
    alone = game.standalone.sum()
    target = game.grand_cost * (game.standalone / alone if alone > 0 else np.full(game.n, 1 / game.n))
    rows, most = members, game.costs[proper] + complaint
    if np.isfinite(difference):
        pairs = difference_rows(game)
        rows, most = np.vstack((rows, pairs)), np.append(most, np.full(len(pairs), difference))
    away = shares - target
    length = float(np.linalg.norm(away))
    breach = float((rows @ shares - most).max(initial=0.0))
    if length < 1e-9 * max(1.0, np.abs(game.costs).max()):
        return breach, 0.0
    best = _solve(away / length, rows, most, np.ones((1, game.n)), [game.grand_cost], [(None, None)] * game.n)
    return breach, float(max(0.0, away @ shares / length - away @ best / length))


def _proper(game: CoalitionGame) -> tuple[np.ndarray, np.ndarray]:
    proper = np.arange(1, (1 << game.n) - 1)
    return proper, ((proper[:, None] >> np.arange(game.n)) & 1).astype(float)


def _solve(objective, a_ub, b_ub, a_eq, b_eq, bounds):
    found = linprog(objective, A_ub=a_ub, b_ub=b_ub + 1e-10, A_eq=a_eq, b_eq=b_eq, bounds=bounds, method="highs-ipm")
    if found.status != 0:
        found = linprog(objective, A_ub=a_ub, b_ub=b_ub + 1e-8, A_eq=a_eq, b_eq=b_eq, bounds=bounds)
    assert found.status == 0, found.message
    return found.x
