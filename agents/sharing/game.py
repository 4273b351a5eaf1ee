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


class Game(Protocol):
    """A cost game as rows of coalitions: all of them, or those whose cost is known.

    The first row is nobody, the last everybody. A row is a number, and figures by row are vectors.
    """

    @property
    def players(self) -> tuple[str, ...]:
        """Names, each once."""
        ...

    @property
    def costs(self) -> NDArray[np.float64]:
        """Cost by row."""
        ...

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Per player, for rules that split by volume, tonne-km or the like."""
        ...

    @property
    def n(self) -> int:
        """Number of players."""
        ...

    @property
    def grand_cost(self) -> float:
        """Cost of all together, c(N)."""
        ...

    @property
    def standalone(self) -> NDArray[np.float64]:
        """Cost of each alone, shape ``(players,)``."""
        ...

    @property
    def savings(self) -> NDArray[np.float64]:
        """What each coalition saves against its members alone, by row."""
        ...

    @property
    def sizes(self) -> NDArray[np.integer]:
        """Number of members by row."""
        ...

    @property
    def singles(self) -> NDArray[np.int64]:
        """Rows of the players alone, in order."""
        ...

    @property
    def all_but_one(self) -> NDArray[np.int64]:
        """Rows of everybody without one player, in the order of who is missing."""
        ...

    def sums(self, per_player: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add a figure per player up over the members of every row."""
        ...

    def indicators(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 for members and 0 for the others; shape ``(rows, players)``."""
        ...

    def holding(self, player: int) -> NDArray[np.bool_]:
        """Whether a player (by position) is a member, by row."""
        ...

    def members(self, row: int) -> tuple[str, ...]:
        """Players of a row, in order."""
        ...


@dataclass(frozen=True, eq=False)
class CoalitionGame:
    """The costs of all coalitions as one vector: a row's number is the coalition's bit mask.

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

    @cached_property
    def sizes(self) -> NDArray[np.integer]:
        """Number of members by mask."""
        return np.bitwise_count(np.arange(self.costs.size, dtype=np.uint32))

    @property
    def singles(self) -> NDArray[np.int64]:
        """Masks of the players alone, in order."""
        return 1 << np.arange(self.n)

    @property
    def all_but_one(self) -> NDArray[np.int64]:
        """Masks of everybody without one player, in the order of who is missing."""
        return (self.costs.size - 1) ^ self.singles

    def sums(self, per_player: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add a figure per player up over the members of every coalition."""
        return coalition_sums(per_player)

    def indicators(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 for members and 0 for the others; shape ``(rows, players)``."""
        return ((rows[:, None] >> np.arange(self.n)) & 1).astype(np.float64)

    def holding(self, player: int) -> NDArray[np.bool_]:
        """Whether a player (by position) is a member, by mask."""
        return (np.arange(self.costs.size) >> player & 1).astype(bool)

    def mask_of(self, coalition: frozenset[str]) -> int:
        """Bit mask of a set of players."""
        return sum(1 << i for i, p in enumerate(self.players) if p in coalition)

    def members(self, row: int) -> tuple[str, ...]:
        """Players of a bit mask, in order."""
        return tuple(p for i, p in enumerate(self.players) if row >> i & 1)

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

    def shares(self, game: Game) -> NDArray[np.float64]:
        """Return each player's share; shape ``(players,)``, summing to ``game.grand_cost``.

        A rule that needs the coalitions gets all of them, unless it can also explore (see `agents.sharing.explore`).
        """
        ...

    def note(self, game: Game) -> str:
        """Return in plain words where the rule fell back to something else on this game; empty where it did not."""
        ...
