"""The Shapley value: everyone pays its average marginal cost over all orders of joining."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.sharing.game import CoalitionGame


@dataclass(frozen=True, slots=True)
class Shapley:
    """Shapley value, exact over all coalitions.

    References
    ----------
    L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953, 307-317.
    """

    name: ClassVar[str] = "shapley"
    needs_coalitions: ClassVar[bool] = True

    def shares(self, game: CoalitionGame) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs."""
        return np.asarray(game.standalone - shapley_value(game.savings))

    def note(self, game: CoalitionGame) -> str:
        """Nothing to say: the value exists for every game."""
        return ""


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
