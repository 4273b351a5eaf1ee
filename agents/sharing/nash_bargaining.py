"""Nash's bargaining solution: the product of the savings is largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.optimize import brentq

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agents.sharing.game import Game


@dataclass(frozen=True, slots=True)
class NashBargaining:
    """Nash bargaining solution with going alone as the disagreement point: all save the same amount of money.

    Where money can be handed over freely, the product of the savings is largest when they are equal. Groups between one
    and all have no say. Where all together cost more than each alone there is nothing to agree on; the loss is then
    split equally, and ``note`` says so.

    References
    ----------
    J. F. Nash, "The bargaining problem", Econometrica 18(2), 1950, 155-162.
    """

    name: ClassVar[str] = "nash_bargaining"
    needs_coalitions: ClassVar[bool] = False

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share in the unit of the game's costs."""
        return np.asarray(game.standalone - (game.standalone.sum() - game.grand_cost) / game.n)

    def note(self, game: Game) -> str:
        """Say so where there was nothing to agree on."""
        saving = float(game.standalone.sum() - game.grand_cost)
        if saving >= -1e-12 * game.n * float(np.abs(game.costs).max()):
            return ""
        return "all together cost more than each alone, so there is no bargain; the loss is split equally"


def nash_point(
    frontier: Callable[[float], float], disagreement: tuple[float, float], most: float
) -> tuple[float, float]:
    """Find Nash's solution of two parties whose gains cannot be handed over one to one.

    Parameters
    ----------
    frontier
        Most that the second party can have, given what the first has; concave and falling.
    disagreement
        What each has without an agreement.
    most
        Most that the first party can have.

    Returns
    -------
    tuple
        What each gets, to about nine digits of what there is to get.

    Raises
    ------
    ValueError
        If no point of the frontier leaves both better off.
    """
    alone, other_alone = disagreement
    if not (most > alone and frontier(alone) > other_alone):
        raise ValueError(f"disagreement is {disagreement}, expected a point below the frontier")
    step = 1e-5 * (most - alone)

    def slope(first: float) -> float:
        """Rise of the product of the gains around a point; its sign changes once."""
        ahead = (first + step - alone) * (frontier(first + step) - other_alone)
        behind = (first - step - alone) * (frontier(first - step) - other_alone)
        return ahead - behind

    low, high = alone + step, most - step
    if slope(high) > 0:
        return most, float(frontier(most))
    first = float(brentq(slope, low, high, xtol=1e-12 * (most - alone)))
    return first, float(frontier(first))
