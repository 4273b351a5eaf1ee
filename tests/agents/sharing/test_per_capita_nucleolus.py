"""The per-capita nucleolus against its definition, and against what is known of it."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.sharing.per_capita_nucleolus import PerCapitaNucleolus
from agents.sharing.stability import stability
from tests.agents.sharing.contract import SharingContract
from tests.agents.sharing.games import cost_games, game_from, pooling_games
from tests.agents.sharing.reference import least_complaint, slow_nucleolus


class TestPerCapitaNucleolus(SharingContract):
    rule = PerCapitaNucleolus()

    @settings(max_examples=40)
    @given(game=pooling_games(2, 4))
    def test_definition(self, game):
        """It is what linear programs over all coalitions find, with complaints counted per member."""
        close = 1e-6 * max(1.0, np.abs(game.costs).max())
        assert self.rule.shares(game) == pytest.approx(slow_nucleolus(game, per_head=True), abs=close)

    @settings(max_examples=40)
    @given(game=pooling_games())
    def test_in_the_core(self, game):
        """Nobody is worse off than alone, and wherever any split is stable, this one is."""
        found = stability(game, self.rule.shares(game))
        assert found.individually_rational
        assert found.in_core or least_complaint(game) > 1e-7 * max(1.0, np.abs(game.costs).max())

    @given(game=cost_games(2, 2))
    def test_two_players(self, game):
        """Two players share in halves what they save, or lose."""
        half = (game.standalone.sum() - game.grand_cost) / 2
        assert self.rule.shares(game) == pytest.approx(game.standalone - half)

    def test_no_split_without_losers(self):
        """Where all together pay more than alone it is over all splits, and the note says so."""
        game = game_from([0, 10, 10, 18, 10, 18, 18, 33])
        assert self.rule.shares(game) == pytest.approx([11, 11, 11])
        assert "per-capita prenucleolus" in self.rule.note(game)
        assert self.rule.note(game_from([0, 10, 12, 17])) == ""
