"""The alternative cost avoided method by its formula, and where that is not defined."""

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.alternative_cost_avoided import AlternativeCostAvoided
from tests.agents.sharing.contract import SharingContract, close
from tests.agents.sharing.games import game_from, pooling_games


class TestAlternativeCostAvoided(SharingContract):
    rule = AlternativeCostAvoided()

    @given(game=pooling_games(2))
    def test_formula(self, game):
        """Separable cost, and a part of the rest by what joining avoids, wherever nobody avoids less than nothing."""
        everyone = game.costs.size - 1
        separable = [game.grand_cost - game.costs[everyone ^ 1 << i] for i in range(game.n)]
        avoided = [alone - own for alone, own in zip(game.standalone, separable, strict=True)]
        if min(avoided) < 0 or sum(avoided) == 0:
            return
        rest = game.grand_cost - sum(separable)
        expected = [own + rest * a / sum(avoided) for own, a in zip(separable, avoided, strict=True)]
        # What is avoided may nearly cancel, and then rounding counts for more.
        slack = close(game) * max(1.0, abs(rest) / sum(avoided))
        assert self.rule.shares(game) == pytest.approx(expected, abs=slack)
        assert self.rule.note(game) == ""

    def test_nothing_avoided(self):
        """Where nobody avoids anything and something is left, that is split equally, and the note says so."""
        # Everybody adds to the others what it costs alone, though pairs are dearer.
        game = game_from([0, 10, 10, 25, 10, 25, 25, 35])
        assert self.rule.shares(game) == pytest.approx([35 / 3] * 3)
        assert "split equally" in self.rule.note(game)

    def test_nothing_to_split(self):
        """Where the separable costs cover the whole there is nothing to fall back on, and nothing to say."""
        game = game_from([0, 10, 20, 30])
        assert self.rule.shares(game).tolist() == [10, 20]
        assert self.rule.note(game) == ""

    def test_less_than_nothing_avoided(self):
        """Where joining last costs somebody more than staying alone, the rest is split equally, not by signs."""
        game = game_from([0, 10, 10, 12, 10, 12, 20, 28])
        # Separable costs 8, 16 and 16: b and c add more than they cost alone.
        assert self.rule.shares(game) == pytest.approx(np.array([8, 16, 16]) - 4)
        assert "split equally" in self.rule.note(game)
