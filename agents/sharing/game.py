"""A cost game: what every coalition of owners would pay together without the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAX_PLAYERS_EXACT = 24


@dataclass(frozen=True, eq=False)
class CoalitionGame:
    """Coalition costs as one vector.

    Attributes
    ----------
    players
        In the order of the bits: player ``i`` is in coalition ``mask`` when ``mask >> i & 1``.
    costs
        Shape ``(2 ** players,)``, indexed by mask; ``costs[0]`` is 0. Unit: cents or EUR, as the caller likes.
    weights
        Per player, for rules that split by volume, tonne-km or the like; shape ``(players,)`` or ``None``.
    """

    players: tuple[str, ...]
    costs: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        n = len(self.players)
        if not 1 <= n <= MAX_PLAYERS_EXACT:
            raise ValueError(f"a game has {n} players, expected 1 to {MAX_PLAYERS_EXACT}")
        if len(set(self.players)) != n:
            raise ValueError(f"players are {self.players}, expected distinct names")
        costs = np.array(self.costs, dtype=np.float64)
        if costs.shape != (1 << n,):
            raise ValueError(f"costs have shape {costs.shape}, expected {(1 << n,)} for {n} players")
        if not np.isfinite(costs).all() or costs[0] != 0:
            raise ValueError("costs must be finite, and 0 for the empty coalition")
        costs.setflags(write=False)
        object.__setattr__(self, "costs", costs)
        if self.weights is not None:
            weights = np.array(self.weights, dtype=np.float64)
            if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any():
                raise ValueError(f"weights are {self.weights}, expected {n} finite figures >= 0")
            weights.setflags(write=False)
            object.__setattr__(self, "weights", weights)

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.players)

    @property
    def grand_cost(self) -> float:
        """Cost of all together, c(N)."""
        return float(self.costs[-1])

    @cached_property
    def standalone(self) -> NDArray[np.float64]:
        """Cost of each alone, shape ``(players,)``."""
        return np.asarray(self.costs[1 << np.arange(self.n)])

    @property
    def savings(self) -> NDArray[np.float64]:
        """What each coalition saves against its members alone, by mask; 0 for single players."""
        return np.asarray(coalition_sums(self.standalone) - self.costs)

    def mask_of(self, coalition: frozenset[str]) -> int:
        """Bit mask of a set of players."""
        return sum(1 << i for i, p in enumerate(self.players) if p in coalition)

    def members(self, mask: int) -> tuple[str, ...]:
        """Players of a bit mask, in order."""
        return tuple(p for i, p in enumerate(self.players) if mask >> i & 1)

    @classmethod
    def from_table(
        cls,
        players: tuple[str, ...],
        costs: Mapping[frozenset[str], float],
        weights: Mapping[str, float] | None = None,
    ) -> CoalitionGame:
        """Build a game from a table of coalition costs; every non-empty coalition must be there."""
        vector = np.zeros(1 << len(players))
        for mask in range(1, 1 << len(players)):
            members = frozenset(p for i, p in enumerate(players) if mask >> i & 1)
            if members not in costs:
                raise ValueError(f"no cost for coalition {','.join(sorted(members))}, expected one for every coalition")
            vector[mask] = costs[members]
        return cls(players, vector, None if weights is None else np.array([weights[p] for p in players]))


def coalition_sums(per_player: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add a figure per player up over every coalition; shape ``(2 ** players,)``, by mask."""
    sums = np.zeros(1 << len(per_player))
    for i, figure in enumerate(per_player):
        np.add(sums[: 1 << i], figure, out=sums[1 << i : 2 << i])
    return sums


class SharingRule(Protocol):
    """Splits the cost of all among the players.

    A rule is anonymous (names and order do not matter) and scale-covariant (the currency does not matter).
    """

    @property
    def name(self) -> str:
        """As registered."""
        ...

    @property
    def needs_coalitions(self) -> bool:
        """Whether the costs of coalitions between one player and all count; if not, they may have any value."""
        ...

    def shares(self, game: CoalitionGame) -> NDArray[np.float64]:
        """Return each player's share; shape ``(players,)``, summing to ``game.grand_cost``."""
        ...

    def note(self, game: CoalitionGame) -> str:
        """Return in plain words where the rule fell back to something else on this game; empty where it did not."""
        ...
