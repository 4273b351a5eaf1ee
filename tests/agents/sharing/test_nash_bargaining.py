"""Nash's bargaining solution: with money between the players, and without."""

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.nash_bargaining import NashBargaining, nash_point
from tests.agents.sharing.contract import SharingContract
from tests.agents.sharing.games import game_from, pooling_games


class TestNashBargaining(SharingContract):
    rule = NashBargaining()

    @given(game=pooling_games(2))
    def test_largest_product(self, game):
        """Moving money between two players never makes the product of all savings larger, and nobody loses."""
        saving = game.standalone - self.rule.shares(game)
        assert (saving >= -1e-9).all()
        own = np.prod(saving)
        step = 1e-3 * saving.sum()
        for payer in range(game.n):
            for payee in range(game.n):
                moved = saving.copy()
                moved[payer] -= step
                moved[payee] += step
                if (moved >= 0).all():
                    assert np.prod(moved) <= own * (1 + 1e-9)

    def test_nothing_to_agree_on(self):
        """Where all together cost more than each alone the loss is split equally, and the note says so."""
        game = game_from([0, 10, 12, 25])
        assert self.rule.shares(game).tolist() == [11.5, 13.5]
        assert "no bargain" in self.rule.note(game)
        assert self.rule.note(game_from([0, 10, 12, 17])) == ""


def test_nash_point_on_a_line():
    """Where what one gives the other gets, both gain the same above going alone."""
    assert nash_point(lambda x: 10 - x, (1.0, 3.0), 10.0) == pytest.approx((4.0, 6.0), abs=1e-6)
