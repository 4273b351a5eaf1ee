"""Whether anybody, alone or as a group, would do better without the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agents.sharing.game import Game

# Relative to the largest cost in the game.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Stability:
    """Shares held against what every coalition would pay on its own.

    Attributes
    ----------
    rational
        By player: whether it pays at most its stand-alone cost.
    in_core
        Whether the shares cover the cost of all, and no coalition pays more than it would on its own.
    largest_violation
        What the most tempted coalition pays above its own cost, in the unit of the game; 0 where there is none.
    violating_coalition
        The most tempted coalition, the smallest of several; empty where there is none.
    jain_index
        Jain's index of the players' relative savings: 1 where all save the same percentage (or nobody saves
        anything), ``1 / players`` where one saves and the others do not, less where somebody loses.
        Players whose stand-alone cost is 0 have no relative saving and do not count.

    References
    ----------
    R. Jain, D. Chiu and W. Hawe, "A quantitative measure of fairness and discrimination for resource allocation in
    shared computer systems", DEC-TR-301, 1984.
    """

    rational: Mapping[str, bool]
    in_core: bool
    largest_violation: float
    violating_coalition: tuple[str, ...]
    jain_index: float

    @property
    def individually_rational(self) -> bool:
        """Whether nobody pays more than its stand-alone cost."""
        return all(self.rational.values())


def stability(game: Game, shares: NDArray[np.float64], tolerance: float | None = None) -> Stability:
    """Hold shares against a game's coalitions; of a partial game, against those whose cost is known.

    Parameters
    ----------
    shares
        In the order of the players and in the unit of the game's costs; shape ``(players,)``.
    tolerance
        What counts as nothing, in the unit of the game (for shares rounded to cents: a cent per player). By default
        a billionth of the largest cost.

    Raises
    ------
    ValueError
        If there is not one finite share per player.
    """
    if shares.shape != (game.n,) or not np.isfinite(shares).all():
        raise ValueError(f"shares are {shares}, expected {game.n} finite figures")
    if tolerance is None:
        tolerance = TOLERANCE * float(np.abs(game.costs).max())
    excess = game.sums(shares) - game.costs
    balanced = abs(float(excess[-1])) <= tolerance
    # Neither nobody nor everybody can leave.
    excess[0] = excess[-1] = -np.inf
    largest = float(excess.max())
    tempted = largest > tolerance
    coalition: tuple[str, ...] = ()
    if tempted:
        close = np.flatnonzero(excess >= largest - TOLERANCE * np.abs(game.costs).max())
        coalition = game.members(int(min(close, key=lambda row: (int(game.sizes[row]), int(row)))))
    rational = shares <= game.standalone + tolerance
    return Stability(
        rational={p: bool(r) for p, r in zip(game.players, rational, strict=True)},
        in_core=balanced and not tempted,
        largest_violation=largest if tempted else 0.0,
        violating_coalition=coalition,
        jain_index=jain_index(game.standalone, shares, tolerance),
    )


def jain_index(standalone: NDArray[np.float64], shares: NDArray[np.float64], tolerance: float) -> float:
    """Jain's index of the relative savings, as in `Stability`; no coalition's cost is needed."""
    saving = standalone - shares
    counts = standalone > tolerance
    if not counts.any() or np.abs(saving[counts]).max() <= tolerance:
        return 1.0
    relative = saving[counts] / standalone[counts]
    return float(relative.sum() ** 2 / (relative.size * (relative**2).sum()))
