"""Many owners share pool by pool: each pool is a game of its members, and the pools' games are summed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.sharing.allocation import Allocation, allocate
from agents.sharing.game import CoalitionGame
from agents.sharing.partial import PartialGame
from agents.sharing.stability import stability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from agents.sharing.game import Game, SharingRule

MAX_POOL_PLAYERS = 12
# Up to here the summed game is held against every coalition, beyond against those that the pools point at.
MAX_PLAYERS_SUMMED = 16


def share_pools(rule: SharingRule, games: Sequence[Game], tolerance: float | None = None) -> Allocation:
    """Split the cost of each pool by a rule, and add up what everybody pays.

    A player may belong to several pools. The figures of stability are those of the summed game: a coalition costs what
    its members cost in each pool, pool by pool. Wherever the shares of every pool are in its core, the summed shares
    are in the core of the summed game, and nobody who loses in no pool loses in all.

    Parameters
    ----------
    games
        One per pool, in one unit, with the pool's members as players.

    Returns
    -------
    Allocation
        Players in the order in which they first occur. Certified where every pool is, and no coalition across pools can
        have been missed: up to 16 players, with pools apart, or with every pool's shares in its core.

    Raises
    ------
    ValueError
        If there is no pool.
    """
    if not games:
        raise ValueError("there are no pools, expected one or more")
    parts = [allocate(rule, game, tolerance) for game in games]
    players = tuple(dict.fromkeys(p for game in games for p in game.players))
    shares = _summed_by_player(players, games, [part.shares for part in parts])
    exact = all(isinstance(game, CoalitionGame) for game in games)
    apart = len(players) == sum(game.n for game in games)
    game: Game
    if exact and len(players) <= MAX_PLAYERS_SUMMED:
        game, complete = summed_game(games), True
    else:
        groups = _tempting(parts, games, players)
        game = _partly_summed(games, players, groups)
        complete = apart or all(part.stability.in_core for part in parts)
    errors = [part.standard_error for part in parts]
    error = None
    if any(e is not None for e in errors):
        squared = [np.zeros(g.n) if e is None else e**2 for g, e in zip(games, errors, strict=True)]
        error = np.sqrt(_summed_by_player(players, games, squared))
    return Allocation(
        game=game,
        rule=rule.name,
        shares=shares,
        stability=stability(game, shares, tolerance),
        certified=complete and all(part.certified for part in parts),
        coalitions_evaluated=sum(part.coalitions_evaluated for part in parts),
        standard_error=error,
        note="; ".join(dict.fromkeys(part.note for part in parts if part.note)),
    )


def summed_game(games: Sequence[Game]) -> CoalitionGame:
    """Sum complete games: c(S) is what the members of S in each pool cost there, over all pools.

    Raises
    ------
    ValueError
        If a game is partial, or the players are too many for a table of all coalitions.
    """
    players = tuple(dict.fromkeys(p for game in games for p in game.players))
    costs = np.zeros(1 << len(players))
    masks = np.arange(costs.size)
    for game in games:
        if not isinstance(game, CoalitionGame):
            raise ValueError("a pool's game is partial, expected the cost of every coalition")
        inside = np.zeros_like(masks)
        for i, player in enumerate(game.players):
            inside |= (masks >> players.index(player) & 1) << i
        costs += game.costs[inside]
    return CoalitionGame(players, costs)


def _partly_summed(games: Sequence[Game], players: tuple[str, ...], groups: Iterable[frozenset[str]]) -> PartialGame:
    everybody = frozenset(players)
    wanted = [frozenset([p]) for p in players] + [everybody - {p} for p in players] + [everybody, *groups]
    costs = {group: _cost(games, group) for group in wanted}
    return PartialGame(players, {group: cost for group, cost in costs.items() if cost is not None})


def _tempting(parts: Sequence[Allocation], games: Sequence[Game], players: tuple[str, ...]) -> list[frozenset[str]]:
    """Each pool's most tempted coalition, and unions of them: where pools are apart, the summed game's is one."""
    tempted = [part.stability for part in parts if part.stability.violating_coalition]
    tempted.sort(key=lambda s: (-s.largest_violation, s.violating_coalition))
    groups = [frozenset(s.violating_coalition) for s in tempted]
    union: frozenset[str] = frozenset()
    unions = []
    for group in groups:
        union |= group
        unions.append(union)
    return [g for g in (*groups, *unions) if len(g) < len(players) and _cost(games, g) is not None]


def _cost(games: Sequence[Game], group: frozenset[str]) -> float | None:
    """Cost of a group in the summed game; nothing where a pool does not know it."""
    total = 0.0
    for game in games:
        inside = group.intersection(game.players)
        if isinstance(game, CoalitionGame):
            total += float(game.costs[game.mask_of(inside)])
        elif isinstance(game, PartialGame) and inside:
            if inside not in game.known:
                return None
            total += game.known[inside]
    return total


def _summed_by_player(
    players: tuple[str, ...], games: Sequence[Game], figures: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    at = {player: i for i, player in enumerate(players)}
    total = np.zeros(len(players))
    for game, figure in zip(games, figures, strict=True):
        total[[at[p] for p in game.players]] += figure
    return total
