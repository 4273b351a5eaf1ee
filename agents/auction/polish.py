"""Improve a set of bids window by window: set some neighbouring bids free and solve what that opens exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.auction.program import Program, Relaxation, branch_and_bound, relax

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Accepted bids set free at once, but never more than half. A window grows while the linear relaxation alone shows that
# it holds nothing better, and shrinks where it takes branch and bound.
SMALLEST, FIRST, LARGEST = 6, 14, 40
# Bids that may take the places set free; more take the solver seconds a window.
OPEN = 300
NODES = 5


def polish(
    program: Program, relaxed: Relaxation, best: NDArray[np.bool_], windows: int, nodes: int, seed: int
) -> tuple[NDArray[np.bool_], int]:
    """Re-solve windows of neighbouring bids while their linear relaxation leaves room for a cheaper set.

    Parameters
    ----------
    program
        The whole problem, without fees.
    relaxed
        Its linear relaxation; bids with a low reduced cost link neighbours and are preferred in a window.
    best
        A choice that keeps every row.
    windows
        How many to try.
    nodes
        Branch and bound nodes at most, but for the last window's.
    seed
        Of the choice of windows.

    Returns
    -------
    tuple
        A choice no dearer, and the branch and bound nodes used.
    """
    rng = np.random.default_rng(seed)
    by_column = program.column_matrix
    typical = max(float(np.median(relaxed.reduced)), 1.0)
    liking = np.exp(-np.maximum(relaxed.reduced, 0.0) / typical)
    used, width = 0, FIRST
    for _ in range(windows):
        accepted = np.flatnonzero(best)
        if not accepted.size or used >= nodes:
            break
        touches = by_column.T @ by_column[:, accepted]
        centre = int(rng.integers(accepted.size))
        near = touches.T @ (liking * np.asarray(touches[:, [centre]].todense()).ravel())
        near = near * rng.uniform(0.3, 1.0, accepted.size)
        near[centre] = np.inf
        freed = accepted[np.argsort(-near, kind="stable")[: min(width, accepted.size // 2)]]
        stays = best.copy()
        stays[freed] = False
        best, spent = _window(program, relaxed, best, stays)
        used += spent
        width = min(width + 1, LARGEST) if not spent else max(width - 3, SMALLEST)
    return best, used


def _window(
    program: Program, relaxed: Relaxation, best: NDArray[np.bool_], stays: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], int]:
    """Find the best choice among those that keep ``stays``, of the most promising bids."""
    taken = program.matrix @ stays.astype(np.float64)
    full = np.flatnonzero(program.high - taken < 0.5)
    blocked = np.asarray(program.matrix[full].sum(axis=0)).ravel() > 0
    free = np.flatnonzero(~blocked & ~stays)
    ranked = free[np.argsort(relaxed.reduced[free] - 1e18 * best[free], kind="stable")[:OPEN]]
    inner = Program(program.costs, program.matrix, program.low - taken, program.high - taken).columns(np.sort(ranked))
    start = best[np.sort(ranked)]
    bound = relax(inner)
    room = inner.cost(start) - bound.bound_cents
    if room <= 0:
        return best, 0
    kept = np.flatnonzero((bound.reduced < room) | start)
    answer = branch_and_bound(inner.columns(kept), NODES, start[kept])
    better = stays.copy()
    if answer.chosen is not None:
        better[np.sort(ranked)[kept]] = answer.chosen
    return better, answer.nodes
