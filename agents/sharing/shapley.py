"""The Shapley value: everyone pays its average marginal cost over all orders of joining."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from agents.sharing.explore import Exploration, drawn_pairs
from agents.sharing.game import CoalitionGame
from agents.sharing.partial import PartialGame

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import Game


@dataclass(frozen=True, slots=True)
class Shapley:
    """Shapley value, exact over all coalitions; of a partial game, estimated from those that were drawn.

    References
    ----------
    L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953, 307-317.
    J. Castro, D. Gómez and J. Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers &
    Operations Research 36(5), 2009, 1726-1730.
    """

    name: ClassVar[str] = "shapley"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs.

        Raises
        ------
        ValueError
            If some coalitions are missing, and those that are known were not drawn at random.
        """
        if isinstance(game, CoalitionGame):
            return np.asarray(game.standalone - shapley_value(game.savings))
        return estimated_value(game)[0]

    def standard_error(self, game: Game) -> NDArray[np.float64]:
        """Return each share's standard error in the unit of the game's costs; 0 where it is exact."""
        if isinstance(game, CoalitionGame):
            return np.zeros(game.n)
        return estimated_value(game)[1]

    def note(self, game: Game) -> str:
        """Nothing to say: the value exists for every game."""
        del game
        return ""

    def explore(self, start: PartialGame, budget: int, rng: Generator) -> Exploration:
        """Ask for coalitions drawn at random."""
        return drawn_pairs(start, budget, rng)


def estimated_value(game: Game) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate the Shapley value of a game's costs from coalitions that were drawn at random.

    A player's value is ``c(N) / n`` plus, for every size ``s < n``, the mean over the coalitions of that size of
    ``c(S) / s`` where the player is a member and ``- c(S) / (n - s)`` where it is not. So every coalition counts for
    every player. Each mean is estimated from the sample of its stratum, a size together with its complement. Before, a
    figure per player and a figure per size, fitted by least squares, are taken off; their value is known exactly and
    only what they leave has to be estimated (a regression estimator: its bias vanishes faster than its error). A
    stratum that is complete adds no error.

    The fit follows what was drawn, so that what it leaves of a drawn pair is less than of another. The standard error
    is therefore of what a fit without a pair would have left of it (the jackknife's residuals, HC3 for pairs): with 45
    of the 4,095 coalitions of 12 players 95 % intervals still hold the value 93 times in 100.

    References
    ----------
    J. G. MacKinnon and H. White, "Some heteroskedasticity-consistent covariance matrix estimators with improved finite
    sample properties", Journal of Econometrics 29(3), 1985, 305-325.

    Returns
    -------
    tuple
        The shares, which sum to ``c(N)``, and their standard errors.

    Raises
    ------
    ValueError
        If the coalitions were not drawn.
    """
    if not (isinstance(game, PartialGame) and game.drawn):
        raise ValueError("the coalitions of the game were not drawn at random, so no Shapley value can be estimated")
    n = game.n
    inner = np.arange(1, len(game.costs) - 1)
    inside, sizes = game.indicators(inner), game.sizes[inner]
    of_size = (sizes[:, None] == np.arange(1, n)).astype(np.float64)
    # A size weighs as much as in the estimate itself, 1 / (s (n - s)), shared by what was drawn from it.
    weight = np.sqrt(1 / (sizes * (n - sizes) * of_size.sum(axis=0)[sizes - 1]))
    features = np.column_stack((inside, of_size))
    fit = np.linalg.lstsq(features * weight[:, None], game.costs[inner] * weight, rcond=None)[0]
    left = game.costs[inner] - features @ fit
    shares = fit[:n] + (game.grand_cost - fit[:n].sum()) / n
    out_of_sample = _left_without(features * weight[:, None], left * weight, _complements(sizes, n)) / weight
    part = inside / sizes[:, None] - (1 - inside) / (n - sizes)[:, None]
    pull, spread = part * left[:, None], part * out_of_sample[:, None]
    variance = np.zeros(n)
    for size in range(1, n // 2 + 1):
        total = math.comb(n, size) // (2 if 2 * size == n else 1)
        pairs, others = (_by_pair(figures, sizes, size, n) for figures in (pull, spread))
        shares = shares + pairs.mean(axis=0)
        if len(pairs) < total:
            variance += (1 - len(pairs) / total) * others.var(axis=0, ddof=1) / len(pairs)
    return np.asarray(shares), np.sqrt(variance)


def _complements(sizes: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Row of everybody else, by row.

    Rows are sorted by size and then by members: the complements of one size are the other's rows backwards.
    """
    rows = np.empty(len(sizes), dtype=np.int64)
    for size in range(1, n):
        rows[sizes == size] = np.flatnonzero(sizes == n - size)[::-1]
    return rows


def _by_pair(figures: NDArray[np.float64], sizes: NDArray[np.integer], size: int, n: int) -> NDArray[np.float64]:
    """Add a coalition's figures and its complement's up, by pair of a size; halve them where both have that size."""
    own = figures[sizes == size]
    if 2 * size < n:
        return np.asarray(own + figures[sizes == n - size][::-1])
    return np.asarray((own + own[::-1])[: len(own) // 2] / 2)


def _left_without(
    rows: NDArray[np.float64], left: NDArray[np.float64], partner: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What a least squares fit without a row and its partner would leave of the row, from what the whole fit leaves.

    Where the fit hangs on a pair alone there is nothing to tell, and what is left stays as it is.
    """
    basis, strength, _ = np.linalg.svd(rows, full_matrices=False)
    basis = basis[:, strength > 1e-9 * strength[0]]
    own = 1 - (basis**2).sum(axis=1)
    shared = (basis * basis[partner]).sum(axis=1)
    room = own * own[partner] - shared**2
    safe = np.where(room > 1e-9, room, 1.0)
    return np.where(room > 1e-9, (own[partner] * left + shared * left[partner]) / safe, left)


def shapley_value(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the Shapley value of a game given by its values.

    A coalition of ``s`` of ``n`` players counts ``(s - 1)! (n - s)! / n!`` for each member and, negatively,
    ``s! (n - s - 1)! / n!`` for everyone outside. The sum of both over the coalitions that hold player ``i``, less the
    second over all coalitions, is player ``i``'s value; folding the vector in half from the last player to the first
    gives the first sum for everyone in a number of additions of the order of its length.

    Parameters
    ----------
    values
        Value of every coalition by mask, shape ``(2 ** n,)``, 0 for the empty one.

    Returns
    -------
    ndarray
        Shape ``(n,)``, summing to ``values[-1]``.
    """
    n = values.size.bit_length() - 1
    outside = np.array([1 / (n * math.comb(n - 1, s)) for s in range(n)] + [0.0])
    both = outside + np.concatenate(([0.0], outside[:-1]))
    size = np.bitwise_count(np.arange(values.size, dtype=np.uint32))
    outside_total = float((outside[size] * values).sum())
    folded = both[size] * values
    result = np.empty(n)
    for i in reversed(range(n)):
        without, holding = folded[: 1 << i], folded[1 << i :]
        result[i] = holding.sum() - outside_total
        folded = without + holding
    return result
