"""Sharing with too many owners to cost every coalition: which coalitions to ask for, one at a time.

An exploration is a generator: it yields a coalition and is sent its cost, so that whoever drives it may plan, negotiate
or look the cost up. It returns the `PartialGame` that it has come to know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from agents.sharing.game import CoalitionGame, SharingRule
from agents.sharing.partial import PartialGame
from groupage.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator as Rng
    from numpy.typing import NDArray

Exploration = Generator[frozenset[str], float, PartialGame]
MAX_PLAYERS_ENUMERATED = 10  # 1,023 coalitions
DEFAULT_BUDGET = 1000


@runtime_checkable
class ExploringRule(SharingRule, Protocol):
    """A rule that can work from the costs of some coalitions, and knows which it wants."""

    def explore(self, start: PartialGame, budget: int, rng: Rng) -> Exploration:
        """Ask for at most ``budget`` further coalitions."""
        ...


def explore(
    rule: SharingRule,
    players: Sequence[str],
    known: Mapping[frozenset[str], float],
    weights: NDArray[np.float64] | None,
    rng: Rng,
    budget: int = DEFAULT_BUDGET,
) -> Generator[frozenset[str], float, CoalitionGame | PartialGame]:
    """Get to know as much of a game as a rule needs, and who might leave under its shares.

    Up to 10 players every coalition is asked for, and the game that is returned is complete.

    Parameters
    ----------
    known
        Cost of each player alone and of all together at least.
    budget
        Coalitions to ask for where there are too many; everybody without one are asked in any case.

    Raises
    ------
    PolicyError
        If the rule needs the cost of every coalition.
    """
    costs = dict(known)
    if len(players) <= MAX_PLAYERS_ENUMERATED:
        for size in range(1, len(players) + 1):
            for members in combinations(players, size):
                if frozenset(members) not in costs:
                    costs[frozenset(members)] = yield frozenset(members)
        game = CoalitionGame.from_table(tuple(players), costs)
        return replace(game, weights=weights)
    for player in players:
        group = frozenset(players) - {player}
        if group not in costs:
            costs[group] = yield group
    start = PartialGame(tuple(players), costs, weights)
    left = max(0, budget - len(players))
    if isinstance(rule, ExploringRule):
        return (yield from rule.explore(start, left, rng))
    if rule.needs_coalitions:
        raise PolicyError(
            f"sharing rule {rule.name} needs the cost of every coalition, and {len(players)} owners have too many"
        )
    return (yield from most_tempted_first(rule.shares, start, left))


def most_tempted_first(
    shares: Callable[[PartialGame], NDArray[np.float64]], start: PartialGame, budget: int
) -> Exploration:
    """Look around the coalitions that are most tempted to leave under the shares found so far.

    Row generation with a heuristic separation: of the ``2 n - 2`` known coalitions with the largest complaints (as many
    determine a nucleolus), all that differ by one member are asked for, and the shares are worked out again. Where
    those are all known, the next ones down are looked around, until the budget is spent. A coalition that lies far from
    all of these can be missed.

    References
    ----------
    H. Reijnierse and J. Potters, "The B-nucleolus of TU-games", Games and Economic Behavior 24, 1998, 77-96.
    """
    game, left = start, budget
    asked = set(game.known)
    while True:
        complaints = game.sums(shares(game)) - game.costs
        order = 1 + np.argsort(-complaints[1:-1], kind="stable")
        news: dict[frozenset[str], float] = {}
        for place, row in enumerate(order):
            if news and place >= 2 * game.n - 2:
                break
            group = frozenset(game.members(int(row)))
            for player in game.players:
                neighbour = group ^ {player}
                if neighbour and neighbour not in asked and left:
                    asked.add(neighbour)
                    news[neighbour] = yield neighbour
                    left -= 1
        if not news:
            return game
        game = replace(game, known={**game.known, **news})


def drawn_pairs(start: PartialGame, budget: int, rng: Rng) -> Exploration:
    """Ask for coalitions drawn at random, each together with everybody else, stratified by size.

    A size ``s`` gets a part of the budget in proportion to ``1 / sqrt(s (n - s))``, which is how much one coalition of
    that size moves a Shapley value, and at least two pairs; small sizes are often complete.
    """
    n = start.n
    everybody = frozenset(start.players)
    known = {group: cost for group, cost in start.known.items() if len(group) in (1, n - 1, n)}
    sizes = range(2, n // 2 + 1)
    left = budget // 2
    for size in sizes:
        pairs = math.comb(n, size) // (2 if 2 * size == n else 1)
        rest = sum(1 / math.sqrt(s * (n - s)) for s in sizes if s >= size)
        count = min(pairs, max(2, round(left / math.sqrt(size * (n - size)) / rest)))
        left = max(0, left - count)
        for members in _draw(n, size, count, rng):
            group = frozenset(start.players[i] for i in members)
            for side in (group, everybody - group):
                known[side] = yield side
    return replace(start, known=known, drawn=True)


def _draw(n: int, size: int, count: int, rng: Rng) -> list[tuple[int, ...]]:
    """Draw groups without replacement; of two halves, the one that holds the first player."""
    halves = 2 * size == n
    pairs = math.comb(n, size) // (2 if halves else 1)
    if pairs <= 4 * count:
        groups = combinations(range(n), size)
        listed = [g for g in groups if not halves or g[0] == 0]
        return [listed[k] for k in np.sort(rng.permutation(len(listed))[:count])]
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        group = np.sort(rng.permutation(n)[:size])
        if halves and group[0] != 0:
            group = np.setdiff1d(np.arange(n), group)
        found.setdefault(tuple(group.tolist()))
    return list(found)
