"""Shares in proportion to stand-alone costs or to weights."""

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.proportional import Proportional
from groupage.errors import PolicyError
from tests.agents.sharing.contract import SharingContract
from tests.agents.sharing.games import game_from, pooling_games


class TestToStandalone(SharingContract):
    rule = Proportional()

    @given(game=pooling_games())
    def test_nobody_worse_off(self, game):
        """Where all together pay no more than alone, nobody does, and all save the same percentage."""
        shares = self.rule.shares(game)
        assert (shares <= game.standalone * (1 + 1e-12)).all()
        assert shares * game.standalone.sum() == pytest.approx(game.standalone * game.grand_cost)


class TestToWeights(SharingContract):
    rule = Proportional(to="weights")

    def test_by_weight(self):
        """Twice the weight pays twice as much, whatever it costs alone."""
        game = game_from([0, 10, 50, 45], np.array([2.0, 1.0]))
        assert self.rule.shares(game).tolist() == [30.0, 15.0]

    @pytest.mark.parametrize("to", ["volume", "tonne_km"])
    def test_by_name(self, to):
        """Volume and tonne-kilometres are the game's weights, by another name."""
        game = game_from([0, 10, 50, 45], np.array([2.0, 1.0]))
        assert Proportional(to=to).shares(game).tolist() == [30.0, 15.0]

    def test_no_weights(self):
        """A game without weights cannot be split by weights: an error, not a guess."""
        with pytest.raises(PolicyError, match="no weights"):
            self.rule.shares(game_from([0, 10, 12, 17]))

    def test_no_base(self):
        """Where the weights sum to nothing the split is equal, and the note says so."""
        game = game_from([0, 10, 12, 17], np.zeros(2))
        assert self.rule.shares(game).tolist() == [8.5, 8.5]
        assert "weights sum to nothing" in self.rule.note(game)
        assert Proportional().note(game) == ""


def test_unknown_base():
    """A base that there is not is refused by name, with those that there are."""
    with pytest.raises(ValueError, match="'value', expected one of standalone, weights, volume, tonne_km"):
        Proportional(to="value")
