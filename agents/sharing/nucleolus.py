"""The nucleolus: make the most dissatisfied coalition as content as can be, then the next, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog

from agents.sharing.game import CoalitionGame, coalition_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Savings are scaled to 1 before solving, so these are relative to the largest saving in the game.
FEASIBILITY = 1e-9
POSITIVE_DUAL = 1e-7
# Relative to the largest cost: what lies below is rounding of the costs themselves.
ROUNDING = 1e-13
# Sums along orthonormal directions: a coalition that is not settled moves by far more.
SAME = 1e-9
ROWS_PER_PLAYER = 3


@dataclass(frozen=True, slots=True)
class Nucleolus:
    """Nucleolus over the splits that leave nobody worse off than alone; in the core wherever the core is not empty.

    Where all together pay more than the sum of the stand-alone costs no such split exists, and the prenucleolus
    (over all splits) takes its place; ``note`` says so.

    References
    ----------
    D. Schmeidler, "The nucleolus of a characteristic function game", SIAM J. Appl. Math. 17(6), 1969, 1163-1170.
    M. Guajardo and K. Jörnsten, "Common mistakes in computing the nucleolus", EJOR 241(3), 2015, 931-935.
    """

    name: ClassVar[str] = "nucleolus"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: CoalitionGame) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs."""
        if not has_imputations(game):
            return prenucleolus(game)
        return np.asarray(game.standalone - _lexicographic(game.savings, individually_rational=True))

    def note(self, game: CoalitionGame) -> str:
        """Say so where the prenucleolus had to take the nucleolus' place."""
        if has_imputations(game):
            return ""
        return "all together cost more than each alone, so nobody can be kept from losing: this is the prenucleolus"


def has_imputations(game: CoalitionGame) -> bool:
    """Whether some split of the cost of all leaves nobody worse off than alone."""
    rounding = ROUNDING * game.n * float(np.abs(game.costs).max())
    return bool(game.standalone.sum() - game.grand_cost >= -rounding)


def prenucleolus(game: CoalitionGame) -> NDArray[np.float64]:
    """Compute the nucleolus over all splits of the cost, even those that leave somebody worse off than alone."""
    return np.asarray(game.standalone - _lexicographic(game.savings, individually_rational=False))


def _lexicographic(savings: NDArray[np.float64], *, individually_rational: bool) -> NDArray[np.float64]:
    """Split ``savings[-1]`` so that the complaints ``savings[S] - split(S)``, largest first, are least.

    Stage by stage the largest complaint that is still open is minimised. A coalition with a positive dual is tight in
    every optimum of its stage (complementary slackness), and only such coalitions are frozen at their complaint; one
    that is tight in the optimum found, but not in all, stays open. Coalitions whose complaint follows from the frozen
    ones drop out, so every stage takes at least one dimension away and there are fewer stages than players.
    """
    n = savings.size.bit_length() - 1
    scale = np.abs(savings).max()
    if n == 1 or scale == 0:
        return np.full(n, savings[-1] / n)
    savings = savings / scale
    everyone = savings.size - 1
    singles = 1 << np.arange(n)
    rows = np.unique(np.concatenate((singles, everyone ^ singles)))
    split = np.full(n, savings[everyone] / n)
    # The frozen coalitions, and the stage at whose complaint each stands; stage 0 means no complaint at all.
    frozen, stages = [everyone], [0]
    while True:
        free = null_space(_indicators(np.array(frozen), n), rcond=1e-9)
        if not free.shape[1]:
            break
        settled = _settled(free)
        rows = rows[~np.isin(rows, settled)]
        split, rows, duals, at_zero = _least_complaint(savings, split, free, rows, settled, individually_rational)
        binding = rows[duals > POSITIVE_DUAL]
        frozen += [*binding.tolist(), *singles[at_zero].tolist()]
        stages += [max(stages) + 1] * binding.size + [0] * int(at_zero.sum())
    return np.asarray(scale * _solution(savings, np.array(frozen), np.array(stages), n))


def _least_complaint(
    savings: NDArray[np.float64],
    split: NDArray[np.float64],
    free: NDArray[np.float64],
    rows: NDArray[np.int64],
    settled: NDArray[np.int64],
    individually_rational: bool,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Minimise the largest open complaint, moving the split along the columns of ``free``.

    Only some coalitions are rows of the program; those that the optimum treats worse join until there are none.

    Returns
    -------
    tuple
        The split, the rows, their duals, and which players are held at zero in every optimum.
    """
    n, freedom = free.shape
    objective = np.append(np.zeros(freedom), 1.0)
    floor = np.column_stack((-free, np.zeros(n)))[: n if individually_rational else 0]
    while True:
        members = _indicators(rows, n)
        result = linprog(
            objective,
            A_ub=np.vstack((np.column_stack((-members @ free, -np.ones(rows.size))), floor)),
            b_ub=np.concatenate((members @ split - savings[rows], np.maximum(split, 0)[: len(floor)])),
            bounds=(None, None),
            method="highs-ds",
            options={"primal_feasibility_tolerance": FEASIBILITY, "dual_feasibility_tolerance": FEASIBILITY},
        )
        if result.status != 0:
            raise ArithmeticError(f"the nucleolus' linear program ended with {result.message!r}, expected an optimum")
        moved = split + free @ result.x[:-1]
        complaints = savings - coalition_sums(moved)
        complaints[settled] = complaints[rows] = -np.inf
        count = min(ROWS_PER_PLAYER * n, complaints.size - 1)
        worst = np.argpartition(complaints, -count)[-count:]
        worst = worst[complaints[worst] > result.x[-1] + FEASIBILITY]
        if not worst.size:
            duals = -result.ineqlin.marginals
            at_zero = np.zeros(n, dtype=bool)
            at_zero[: len(floor)] = duals[rows.size :] > POSITIVE_DUAL
            return moved, rows, duals[: rows.size], at_zero
        rows = np.concatenate((rows, worst))


def _indicators(masks: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    return ((masks[:, None] >> np.arange(n)) & 1).astype(np.float64)


def _settled(free: NDArray[np.float64]) -> NDArray[np.int64]:
    """Coalitions (masks) whose sum no move along ``free`` changes; the empty one is among them."""
    # One direction in general position leaves few candidates; only they are held against every direction.
    direction = free @ np.sqrt(np.arange(2, free.shape[1] + 2))
    candidates = np.flatnonzero(np.abs(coalition_sums(direction)) < SAME)
    moves = np.abs(_indicators(candidates, len(free)) @ free).max(axis=1)
    return np.asarray(candidates[moves < SAME])


def _solution(
    savings: NDArray[np.float64], frozen: NDArray[np.int64], stages: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """Solve for split and complaints together from what is frozen: free of the programs' tolerances."""
    which_stage = (stages[:, None] == np.arange(1, stages.max() + 1)).astype(np.float64)
    system = np.column_stack((_indicators(frozen, n), which_stage))
    return np.asarray(np.linalg.lstsq(system, savings[frozen], rcond=None)[0][:n])
