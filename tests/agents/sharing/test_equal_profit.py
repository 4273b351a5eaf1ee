"""The equal profit method against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.sharing.equal_profit import EqualProfit
from agents.sharing.proportional import Proportional
from agents.sharing.stability import stability
from tests.agents.sharing.contract import SharingContract
from tests.agents.sharing.games import cost_games, game_from, pooling_games
from tests.agents.sharing.reference import difference_rows, gap_to_nearest, least_complaint, least_difference


class TestEqualProfit(SharingContract):
    rule = EqualProfit()

    @settings(max_examples=60)
    @given(game=pooling_games(2, 5))
    def test_in_the_core(self, game):
        """Wherever any split is stable this one is, and otherwise the note says over what it is."""
        empty = bool(least_complaint(game) > 1e-7 * max(1.0, np.abs(game.costs).max()))
        assert stability(game, self.rule.shares(game)).in_core is not empty
        assert ("least core" in self.rule.note(game)) is empty

    @settings(max_examples=60)
    @given(game=cost_games(2, 5))
    def test_definition(self, game):
        """No allowed split has relative savings that differ less, and of those it is the nearest to proportional."""
        largest = max(1.0, np.abs(game.costs).max())
        complaint = max(0.0, least_complaint(game)) + 1e-9 * largest
        shares = self.rule.shares(game)
        rows = difference_rows(game)
        if rows.size == 0:
            return
        difference = float((rows @ shares).max())
        # A relative saving is over a cost of 0.1 at least, and so may the program's tolerance be.
        assert difference == pytest.approx(least_difference(game, complaint), abs=1e-5 * largest)
        breach, distance = gap_to_nearest(game, shares, complaint, difference)
        assert breach <= 1e-7 * largest
        assert distance <= 1e-4 * largest

    @given(game=pooling_games())
    def test_proportional_where_that_is_stable(self, game):
        """Where equal relative savings are stable, everybody has them."""
        shares = Proportional().shares(game)
        if stability(game, shares).in_core:
            assert self.rule.shares(game) == pytest.approx(shares, abs=1e-9 * max(1.0, np.abs(game.costs).max()))

    def test_bound_by_a_pair(self):
        """Where a pair would leave, its members pay less and the difference falls on the third."""
        # In proportion all pay 8, and a and b 16 together, where apart from c they need 14.
        game = game_from([0, 10, 10, 14, 10, 20, 20, 24])
        assert self.rule.shares(game) == pytest.approx([7, 7, 10])
        game = game_from([0, 10, 10, 14, 10, 20, 20, 23])
        assert self.rule.shares(game) == pytest.approx([7, 7, 9])

    def test_nearest_within_the_least_difference(self):
        """What is left to choose is chosen nearest to proportional, but no difference gets larger for it."""
        # a saves 5 % and c 10 %; b and d share the rest, and with equal parts d would save 15 %.
        game = game_from([0, 20, 20, 40, 10, 28, 30, 50, 2, 21, 22, 40, 11, 30, 29, 48])
        shares = self.rule.shares(game)
        assert shares == pytest.approx([19, 18.2, 9, 1.8])
        assert (difference_rows(game) @ shares).max() == pytest.approx(0.05)

    def test_a_free_player(self):
        """A player that costs nothing alone pays nothing and has no relative saving to compare."""
        game = game_from([0, 10, 20, 24, 0, 10, 20, 24])
        assert self.rule.shares(game) == pytest.approx([8, 16, 0])

    def test_empty_core(self):
        """Three pairs that each save everything: no split is stable, and the equal one is over the least core."""
        game = game_from([0, 10, 10, 10, 10, 10, 10, 20])
        assert self.rule.shares(game) == pytest.approx([20 / 3] * 3)
        assert "least core" in self.rule.note(game)
