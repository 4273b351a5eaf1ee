"""What coalitions would pay together: each asked once, a pure function of who is in it, and repaired for subadditivity.

Routing is heuristic, so a coalition's cost may come out above what its parts cost apart, though they could always go
apart. The subadditive closure takes that back: ``c(S) = min over splits c(A) + c(S without A)``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

MAX_EXACT_PLAYERS = 12
MAX_PAIR_PLAYERS = 20


def set_seed(root_seed: int, members: Iterable[str]) -> int:
    """Derive a seed from a root seed and a set of names; the same for every order of the names. Fits 32 bits."""
    text = "\x00".join([str(root_seed), *sorted(members)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


@dataclass(frozen=True)
class CoalitionCosts:
    """Costs of coalitions, each worked out once.

    Attributes
    ----------
    cost
        Cents of a coalition (owners or shipments), given its members and a seed; must depend on nothing else, so that
        the order of asking changes nothing.
    root_seed
        Each coalition's seed is `set_seed` of this and its members.
    """

    cost: Callable[[frozenset[str], int], int]
    root_seed: int
    _known: dict[frozenset[str], int] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, members: Iterable[str]) -> int:
        """Return a coalition's cost in cents; nobody costs nothing."""
        coalition = frozenset(members)
        if not coalition:
            return 0
        if coalition not in self._known:
            self._known[coalition] = self.cost(coalition, set_seed(self.root_seed, coalition))
        return self._known[coalition]

    def vector(self, players: Sequence[str]) -> NDArray[np.float64]:
        """Return the costs of all coalitions of players, shape ``(2 ** players,)``.

        Player ``i`` is in coalition ``mask`` when ``mask >> i & 1``.
        """
        return np.array(
            [self(p for i, p in enumerate(players) if mask >> i & 1) for mask in range(1 << len(players))],
            dtype=np.float64,
        )


def subadditive_closure(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest subadditive costs that are nowhere above the given ones.

    Up to 12 players exact, over all splits. Beyond, over a fixed family: each coalition against itself without one of
    its members, up to 20 players also without two of them (applied from small coalitions to large, so that repeated
    splits count); there the result may still violate subadditivity for splits outside the family.

    Parameters
    ----------
    costs
        By bit mask, shape ``(2 ** players,)``, finite, the empty coalition's 0.

    Raises
    ------
    ValueError
        If the shape is not a power of two, a cost is not finite or the empty coalition costs something.
    """
    closed = np.array(costs, dtype=np.float64)
    players = max(closed.size, 1).bit_length() - 1
    if closed.shape != (1 << players,):
        raise ValueError(f"costs have shape {closed.shape}, expected (2 ** players,)")
    if not np.isfinite(closed).all() or closed[0] != 0:
        raise ValueError("costs must be finite, and 0 for the empty coalition")
    if players <= MAX_EXACT_PLAYERS:
        _close_exactly(closed, players)
    else:
        _close_by_family(closed, players)
    return closed


def _close_exactly(closed: NDArray[np.float64], players: int) -> None:
    """Lower each coalition to its cheapest split; its parts have smaller masks, so they are done before it."""
    for mask in range(3, 1 << players):
        bits = [1 << i for i in range(players) if mask >> i & 1]
        if len(bits) < 2:
            continue
        # One side of each split holds the lowest member: all subsets of the others, but not all of them.
        part = np.array([bits[0]])
        for bit in bits[1:]:
            part = np.concatenate([part, part | bit])
        part = part[:-1]
        closed[mask] = min(closed[mask], (closed[part] + closed[mask ^ part]).min())


def _close_by_family(closed: NDArray[np.float64], players: int) -> None:
    masks = np.arange(closed.size)
    size = np.bitwise_count(masks)
    parts = [1 << i for i in range(players)]
    if players <= MAX_PAIR_PLAYERS:
        parts += [1 << i | 1 << j for i in range(players) for j in range(i)]
    for members in range(2, players + 1):
        layer = masks[size == members]
        for part in parts:
            whole = layer[(layer & part == part) & (layer != part)]
            closed[whole] = np.minimum(closed[whole], closed[part] + closed[whole ^ part])
