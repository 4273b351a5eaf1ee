"""The nucleolus: make the most dissatisfied coalition as content as can be, then the next, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.linalg import null_space

from agents.sharing.explore import Exploration, most_tempted_first
from agents.sharing.programs import Bounds, least_level, settled_by

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game
    from agents.sharing.partial import PartialGame

# Relative to the largest cost: what lies below is rounding of the costs themselves.
ROUNDING = 1e-13


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

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs; of a partial game, over the known coalitions."""
        return lexicographic_shares(game, np.ones(game.costs.size))

    def note(self, game: Game) -> str:
        """Say so where the prenucleolus had to take the nucleolus' place."""
        return note_on_losers(game, "prenucleolus")

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for the coalitions that the shares are likely to hang on."""
        del rng
        return most_tempted_first(self.shares, start, budget)


def lexicographic_shares(game: Game, heads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares with the lexicographically least complaints per head, over the splits without losers if there are any.

    Parameters
    ----------
    heads
        By row of the game: what a coalition's complaint is divided by.
    """
    return np.asarray(game.standalone - _lexicographic(game, heads, individually_rational=has_imputations(game)))


def note_on_losers(game: Game, instead: str) -> str:
    """Say what was computed where no split keeps everybody from losing; empty where one does."""
    if has_imputations(game):
        return ""
    return f"all together cost more than each alone, so nobody can be kept from losing: this is the {instead}"


def has_imputations(game: Game) -> bool:
    """Whether some split of the cost of all leaves nobody worse off than alone."""
    rounding = ROUNDING * game.n * float(np.abs(game.costs).max())
    return bool(game.standalone.sum() - game.grand_cost >= -rounding)


def prenucleolus(game: Game) -> NDArray[np.float64]:
    """Compute the nucleolus over all splits of the cost, even those that leave somebody worse off than alone."""
    return np.asarray(game.standalone - _lexicographic(game, np.ones(game.costs.size), individually_rational=False))


def _lexicographic(game: Game, heads: NDArray[np.float64], *, individually_rational: bool) -> NDArray[np.float64]:
    """Split what all save so that the complaints ``(saving - split(S)) / heads``, largest first, are least.

    Stage by stage the largest complaint that is still open is minimised. A coalition with a positive dual is tight in
    every optimum of its stage (complementary slackness), and only such coalitions are frozen at their complaint; one
    that is tight in the optimum found, but not in all, stays open. Coalitions whose complaint follows from the frozen
    ones drop out, so every stage takes at least one dimension away and there are fewer stages than players.
    """
    n, savings = game.n, game.savings
    scale = np.abs(savings).max()
    if n == 1 or scale == 0:
        return np.full(n, savings[-1] / n)
    savings = savings / scale
    everyone = savings.size - 1
    rows = np.unique(np.concatenate((game.singles, game.all_but_one)))
    nobody_loses = Bounds(np.eye(n), np.zeros(n), np.zeros(n)) if individually_rational else Bounds.none(n)
    split = np.full(n, savings[everyone] / n)
    # The frozen coalitions, and the stage at whose complaint each stands; stage 0 means no complaint at all.
    frozen, stages = [everyone], [0]
    while True:
        free = null_space(game.indicators(np.array(frozen)), rcond=1e-9)
        if not free.shape[1]:
            break
        settled = settled_by(game, free)
        rows = rows[~np.isin(rows, settled)]
        found = least_level(game, savings, heads, split, free, rows, settled, nobody_loses)
        split, rows = found.split, found.rows
        at_zero = game.singles[found.tight_bounds] if individually_rational else game.singles[:0]
        frozen += [*found.tight.tolist(), *at_zero.tolist()]
        stages += [max(stages) + 1] * found.tight.size + [0] * at_zero.size
    return np.asarray(scale * _solution(game, savings, heads, np.array(frozen), np.array(stages)))


def _solution(
    game: Game,
    savings: NDArray[np.float64],
    heads: NDArray[np.float64],
    frozen: NDArray[np.int64],
    stages: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Solve for split and complaints together from what is frozen: free of the programs' tolerances."""
    which_stage = (stages[:, None] == np.arange(1, stages.max() + 1)) * heads[frozen, None]
    system = np.column_stack((game.indicators(frozen), which_stage))
    return np.asarray(np.linalg.lstsq(system, savings[frozen], rcond=None)[0][: game.n])
