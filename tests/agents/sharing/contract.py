"""What every gain-sharing rule must do; a rule's test class inherits it and names the rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.sharing.game import CoalitionGame, SharingRule
from tests.agents.sharing.games import cost_games, game_from, permuted, scaled

# The same test runs in every class that inherits it.
inherited = settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])


def close(game: CoalitionGame) -> float:
    """What counts as nothing in a game's unit."""
    return 1e-9 * max(float(np.abs(game.costs).max()), 1e-300)


class SharingContract:
    """Inherit, and give ``rule``."""

    rule: SharingRule

    @inherited
    @given(game=cost_games())
    def test_sums(self, game):
        """The shares are finite figures, one per player, and sum to the cost of all."""
        shares = self.rule.shares(game)
        assert shares.shape == (game.n,)
        assert np.isfinite(shares).all()
        assert shares.sum() == pytest.approx(game.grand_cost, abs=close(game))

    @inherited
    @given(game=cost_games(2), data=st.data())
    def test_anonymous(self, game, data):
        """Neither the order of the players nor their names change what anybody pays."""
        order = data.draw(st.permutations(range(game.n)))
        assert self.rule.shares(permuted(game, order)) == pytest.approx(self.rule.shares(game)[order], abs=close(game))

    @inherited
    @given(game=cost_games(), factor=st.sampled_from([1e-12, 0.01, 100.0, 1e9]))
    def test_scale_covariant(self, game, factor):
        """In another currency everybody pays the same, in that currency."""
        assert self.rule.shares(scaled(game, factor)) == pytest.approx(
            self.rule.shares(game) * factor, abs=close(game) * factor
        )

    @inherited
    @given(game=cost_games())
    def test_pure(self, game):
        """A rule changes nothing in the game, and says the same again to the last bit."""
        before = game.costs.copy()
        first = self.rule.shares(game)
        assert self.rule.shares(game).tobytes() == first.tobytes()
        assert game.costs.tobytes() == before.tobytes()
        first += 1.0
        assert self.rule.shares(game).tobytes() != first.tobytes()

    @pytest.mark.parametrize("cost", [0.0, 12.5])
    def test_one_player(self, cost):
        """A single player pays the whole cost."""
        assert self.rule.shares(game_from([0.0, cost], np.array([3.0]))).tolist() == [cost]

    @pytest.mark.parametrize("players", [2, 4, 7])
    def test_equal_players(self, players):
        """Where every coalition of a size costs the same, and weights are equal, everybody pays the same."""
        size = np.bitwise_count(np.arange(1 << players)).astype(float)
        game = game_from(10 * size**0.7, np.full(players, 2.0))
        assert self.rule.shares(game) == pytest.approx(np.full(players, game.grand_cost / players))

    def test_free(self):
        """Where nothing costs anything, nobody pays anything."""
        assert self.rule.shares(game_from(np.zeros(8), np.ones(3))).tolist() == [0.0, 0.0, 0.0]

    @inherited
    @given(game=cost_games(3), other=st.integers(0, 99))
    def test_says_whether_coalitions_count(self, game, other):
        """A rule that does not need coalitions gives the same shares whatever those in between cost."""
        if self.rule.needs_coalitions:
            return
        costs = game.costs.copy()
        size = np.bitwise_count(np.arange(costs.size))
        costs[(size > 1) & (size < game.n)] = other
        changed = CoalitionGame(game.players, costs, game.weights)
        assert self.rule.shares(changed).tolist() == self.rule.shares(game).tolist()
