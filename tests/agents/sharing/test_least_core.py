"""The least core's point against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.sharing.least_core import LeastCore
from agents.sharing.nucleolus import Nucleolus
from agents.sharing.stability import stability
from tests.agents.sharing.contract import SharingContract
from tests.agents.sharing.games import cost_games, game_from, pooling_games
from tests.agents.sharing.reference import gap_to_nearest, least_complaint, sorted_excesses


class TestLeastCore(SharingContract):
    rule = LeastCore()

    @settings(max_examples=60)
    @given(game=cost_games(2, 5))
    def test_definition(self, game):
        """The largest complaint is as small as any split makes it: what one program over all coalitions finds."""
        close = 1e-7 * max(1.0, np.abs(game.costs).max())
        assert sorted_excesses(game, self.rule.shares(game))[0] == pytest.approx(least_complaint(game), abs=close)

    @settings(max_examples=60)
    @given(game=cost_games(2, 5))
    def test_nearest_to_proportional(self, game):
        """Of all such splits it is the one nearest to the shares in proportion to stand-alone costs."""
        shares = self.rule.shares(game)
        complaint = float(sorted_excesses(game, shares)[0])
        assert gap_to_nearest(game, shares, complaint) == pytest.approx(
            (0, 0), abs=1e-6 * max(1.0, np.abs(game.costs).max())
        )

    @given(game=pooling_games())
    def test_in_the_core(self, game):
        """Wherever any split is stable, this one is."""
        found = stability(game, self.rule.shares(game))
        assert found.in_core or least_complaint(game) > 1e-7 * max(1.0, np.abs(game.costs).max())

    def test_ties(self):
        """A line of splits is equally good: the nearest to proportional is on it, where the nucleolus is elsewhere."""
        # Only a and c save, 6 together, so that b saves nothing; in proportion all would save 2, 1 and 3.
        game = game_from([0, 12, 6, 18, 18, 24, 24, 30])
        assert self.rule.shares(game) == pytest.approx([9.5, 6, 14.5])
        assert Nucleolus().shares(game) == pytest.approx([9, 6, 15])
        assert self.rule.note(game) == ""
