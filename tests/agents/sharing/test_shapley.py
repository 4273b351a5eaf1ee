"""The Shapley value by its axioms, and by its definition."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.game import CoalitionGame
from agents.sharing.shapley import Shapley
from tests.agents.sharing.contract import SharingContract, close
from tests.agents.sharing.games import cost_games, game_from


class TestShapley(SharingContract):
    rule = Shapley()

    @given(game=cost_games())
    def test_definition(self, game):
        """Everyone pays its marginal cost averaged over all orders of joining."""
        orders = list(permutations(range(game.n)))
        expected = np.zeros(game.n)
        for order in orders:
            mask = 0
            for i in order:
                expected[i] += (game.costs[mask | 1 << i] - game.costs[mask]) / len(orders)
                mask |= 1 << i
        assert self.rule.shares(game) == pytest.approx(expected, abs=close(game))

    @given(game=cost_games(2))
    def test_symmetry(self, game):
        """Two players that add the same to everybody else pay the same."""
        masks = np.arange(game.costs.size)
        swapped = (masks & ~3) | (masks & 1) << 1 | (masks >> 1) & 1
        alike = CoalitionGame(game.players, (game.costs + game.costs[swapped]) / 2)
        shares = self.rule.shares(alike)
        assert shares[0] == pytest.approx(shares[1], abs=close(alike))

    @given(game=cost_games(1, 4))
    def test_null_player(self, game):
        """A player that adds nothing to anybody pays nothing, and changes nobody's share."""
        wider = game_from(np.concatenate((game.costs, game.costs)))
        shares = self.rule.shares(wider)
        assert shares[-1] == pytest.approx(0.0, abs=close(game))
        assert shares[:-1] == pytest.approx(self.rule.shares(game), abs=close(game))

    @given(game=cost_games(4, 4), other=cost_games(4, 4))
    def test_additivity(self, game, other):
        """The shares of two games played together are the sums of the shares."""
        both = CoalitionGame(game.players, game.costs + other.costs)
        apart = self.rule.shares(game) + self.rule.shares(other)
        assert self.rule.shares(both) == pytest.approx(apart, abs=close(both))

    def test_many_players(self):
        """At 20 players the airport game still gives the known closed form: each step shared by those who use it."""
        reach = np.arange(1.0, 21.0)
        costs = np.zeros(1 << 20)
        for i, far in enumerate(reach):
            costs[1 << i : 2 << i] = np.maximum(costs[: 1 << i], far)
        game = CoalitionGame(tuple(f"p{i}" for i in range(20)), costs)
        assert self.rule.shares(game) == pytest.approx(np.cumsum(1 / np.arange(20, 0, -1)), rel=1e-12)
