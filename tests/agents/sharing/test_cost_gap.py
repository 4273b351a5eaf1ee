"""The cost gap method by its formula, as the tau value, and where that is not defined."""

import pytest
from hypothesis import given

from agents.sharing.cost_gap import CostGap
from tests.agents.sharing.contract import SharingContract, close
from tests.agents.sharing.games import game_from, pooling_games


def least_and_most(game):
    """Separable cost of each player, and that plus its least gap, coalition by coalition."""
    everyone = game.costs.size - 1
    least = [game.grand_cost - game.costs[everyone ^ 1 << i] for i in range(game.n)]
    gap = [game.costs[mask] - sum(least[i] for i in range(game.n) if mask >> i & 1) for mask in range(game.costs.size)]
    most = [least[i] + min(gap[mask] for mask in range(game.costs.size) if mask >> i & 1) for i in range(game.n)]
    return least, most


class TestCostGap(SharingContract):
    rule = CostGap()

    @given(game=pooling_games(2))
    def test_compromise(self, game):
        """It lies between the least and the most of everybody, at the same part of the way, where that is possible."""
        least, most = least_and_most(game)
        ways = [m - own for own, m in zip(least, most, strict=True)]
        if min(ways) < 0 or sum(ways) == 0 or not sum(least) <= game.grand_cost <= sum(most):
            assert self.rule.note(game) or sum(least) == pytest.approx(game.grand_cost, abs=close(game))
            return
        part = (game.grand_cost - sum(least)) / sum(ways)
        expected = [own + part * way for own, way in zip(least, ways, strict=True)]
        assert self.rule.shares(game) == pytest.approx(expected, abs=close(game))

    @given(game=pooling_games(2, 2))
    def test_two_players(self, game):
        """Two players save the same."""
        saving = (game.standalone.sum() - game.grand_cost) / 2
        assert self.rule.shares(game) == pytest.approx(game.standalone - saving, abs=close(game))

    def test_not_defined(self):
        """Where the most that all can be asked does not cover the cost, the rest is split equally, and it says so."""
        game = game_from([0, 10, 10, 10, 10, 10, 10, 20])
        assert self.rule.shares(game) == pytest.approx([20 / 3] * 3)
        assert "not defined" in self.rule.note(game)

    def test_most_does_not_cover(self):
        """Nor where nobody has a negative gap, but all would have to pay more than the most of each."""
        game = game_from([0, 1, 1, 6, 2, 6, 6, 6])
        assert self.rule.shares(game) == pytest.approx([2, 2, 2])
        assert "not defined" in self.rule.note(game)

    def test_nothing_to_split(self):
        """Where everybody adds what it costs alone, that is what it pays, and there is nothing to say."""
        game = game_from([0, 10, 20, 30])
        assert self.rule.shares(game).tolist() == [10, 20]
        assert self.rule.note(game) == ""
