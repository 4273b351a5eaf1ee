"""Games for tests: drawn by Hypothesis, and the published ones turned into cost games."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from agents.sharing.game import CoalitionGame, coalition_sums

NAMES = "abcdefghijklmnopqrstuvwx"


def game_from(costs, weights=None) -> CoalitionGame:
    """A game on players a, b, c, ... from costs by mask."""
    n = len(costs).bit_length() - 1
    return CoalitionGame(tuple(NAMES[:n]), np.array(costs, dtype=float), weights)


@st.composite
def cost_games(draw, min_players: int = 1, max_players: int = 5) -> CoalitionGame:
    """Any costs at all: whole figures, so that ties are common, or tenths."""
    n = draw(st.integers(min_players, max_players))
    step = draw(st.sampled_from([1.0, 0.1, 25.0]))
    figures = draw(st.lists(st.integers(0, 40), min_size=(1 << n) - 1, max_size=(1 << n) - 1))
    weights = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    return game_from(np.array([0, *figures]) * step, np.array(weights, dtype=float))


@st.composite
def pooling_games(draw, min_players: int = 2, max_players: int = 5) -> CoalitionGame:
    """Pooling that pays: the cost of all is at most the sum of the stand-alone costs."""
    game = draw(cost_games(min_players, max_players))
    alone = coalition_sums(game.standalone)
    return CoalitionGame(game.players, np.minimum(game.costs, alone), game.weights)


def permuted(game: CoalitionGame, order) -> CoalitionGame:
    """The same game with player ``order[k]`` in place ``k``."""
    order = list(order)
    masks = np.arange(game.costs.size)
    moved = sum(((masks >> old) & 1) << new for new, old in enumerate(order))
    costs = np.empty_like(game.costs)
    costs[moved] = game.costs
    weights = None if game.weights is None else game.weights[order]
    return CoalitionGame(tuple(game.players[old] for old in order), costs, weights)


def scaled(game: CoalitionGame, factor: float) -> CoalitionGame:
    """The same game in another currency."""
    return CoalitionGame(game.players, game.costs * factor, game.weights)


def masks_by_size(n: int) -> list[int]:
    """Non-empty coalitions by size, then lexicographically: the order of published vectors."""
    return [sum(1 << i for i in members) for size in range(1, n + 1) for members in combinations(range(n), size)]


def vector_by_mask(figures) -> np.ndarray:
    """Turn a vector by size, then lexicographically, into one by mask."""
    n = (len(figures) + 1).bit_length() - 1
    by_mask = np.zeros(1 << n)
    by_mask[masks_by_size(n)] = figures
    return by_mask


def cost_game_of_values(values: np.ndarray) -> tuple[CoalitionGame, np.ndarray]:
    """Turn a game of values v into a cost game, and say how its shares turn back.

    c(S) = sum over S of a(i) - v(S), with a(i) so large that no cost is negative. Shapley value and nucleolus are
    covariant: whoever pays x(i) in the cost game gets a(i) - x(i) in the value game.
    """
    n = values.size.bit_length() - 1
    paid_in = np.full(n, max(1.0, float(values.max())))
    return game_from(coalition_sums(paid_in) - values), paid_in


def values_where(n: int, value: Callable[[frozenset[int]], float]) -> np.ndarray:
    """Values by mask from a function of the set of players, numbered from 0."""
    return np.array([value(frozenset(i for i in range(n) if mask >> i & 1)) for mask in range(1 << n)], dtype=float)
