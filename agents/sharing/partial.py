"""What is known of a cost game that has too many coalitions to cost them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MIN_PLAYERS = 3


@dataclass(frozen=True, eq=False)
class PartialGame:
    """The costs of some coalitions: at least of each player alone, of everybody, and of everybody without one.

    Attributes
    ----------
    players
        Three or more; with fewer there is nothing between one and all.
    known
        Cost by coalition, in one unit.
    weights
        Per player, as in a `CoalitionGame`.
    drawn
        Whether the coalitions were drawn at random, in pairs of a coalition and everybody else, and with equal chances
        within a size; only then can they stand for the others.
    """

    players: tuple[str, ...]
    known: Mapping[frozenset[str], float] = field(repr=False)
    weights: NDArray[np.float64] | None = None
    drawn: bool = False
    _rows: NDArray[np.bool_] = field(init=False, repr=False)
    costs: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.players)
        if n < MIN_PLAYERS or len(set(self.players)) != n:
            raise ValueError(f"players are {self.players}, expected {MIN_PLAYERS} or more distinct names")
        everybody = frozenset(self.players)
        needed = [{p} for p in self.players] + [everybody - {p} for p in self.players] + [everybody]
        for group in needed:
            if frozenset(group) not in self.known:
                raise ValueError(f"no cost for {','.join(sorted(group))}, expected one for each, all, and all but one")
        at = {player: i for i, player in enumerate(self.players)}
        groups = sorted({tuple(sorted(at[p] for p in group)) for group in self.known} | {()}, key=_by_size)
        rows = np.zeros((len(groups), n), dtype=bool)
        for row, positions in enumerate(groups):
            rows[row, np.array(positions, dtype=np.int64)] = True
        costs = [0.0] + [float(self.known[frozenset(self.players[i] for i in positions)]) for positions in groups[1:]]
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "costs", np.array(costs))
        if not np.isfinite(self.costs).all():
            raise ValueError("costs must be finite")

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.players)

    @property
    def evaluated(self) -> int:
        """Number of coalitions whose cost is known, nobody not counted."""
        return len(self.costs) - 1

    @property
    def grand_cost(self) -> float:
        """Cost of all together, c(N)."""
        return float(self.costs[-1])

    @property
    def standalone(self) -> NDArray[np.float64]:
        """Cost of each alone, shape ``(players,)``."""
        return self.costs[self.singles]

    @property
    def savings(self) -> NDArray[np.float64]:
        """What each known coalition saves against its members alone, by row."""
        return np.asarray(self.sums(self.standalone) - self.costs)

    @cached_property
    def sizes(self) -> NDArray[np.integer]:
        """Number of members by row."""
        return np.asarray(self._rows.sum(axis=1))

    @property
    def singles(self) -> NDArray[np.int64]:
        """Rows of the players alone, in order."""
        return np.arange(1, self.n + 1)

    @property
    def all_but_one(self) -> NDArray[np.int64]:
        """Rows of everybody without one player, in the order of who is missing."""
        # The last rows but one, and in lexicographic order: who is missing goes backwards.
        return np.arange(len(self.costs) - 2, len(self.costs) - 2 - self.n, -1)

    def sums(self, per_player: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add a figure per player up over the members of every row."""
        return np.asarray(self._members @ per_player)

    @cached_property
    def _members(self) -> NDArray[np.float64]:
        return self._rows.astype(np.float64)

    def indicators(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 for members and 0 for the others; shape ``(rows, players)``."""
        return self._members[rows]

    def holding(self, player: int) -> NDArray[np.bool_]:
        """Whether a player (by position) is a member, by row."""
        return self._rows[:, player]

    def members(self, row: int) -> tuple[str, ...]:
        """Players of a row, in order."""
        return tuple(p for p, inside in zip(self.players, self._rows[row], strict=True) if inside)


def _by_size(group: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return len(group), group
