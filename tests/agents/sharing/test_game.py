"""The cost game as a value."""

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.game import CoalitionGame, coalition_sums
from tests.agents.sharing.games import cost_games


@given(game=cost_games())
def test_sums_and_savings(game):
    """Sums run over the members of a mask, and a coalition saves its members' stand-alone costs less its own."""
    sums = coalition_sums(game.standalone)
    for mask in range(game.costs.size):
        alone = sum(game.standalone[i] for i in range(game.n) if mask >> i & 1)
        assert sums[mask] == pytest.approx(alone)
        assert game.savings[mask] == pytest.approx(alone - game.costs[mask])


def test_from_table():
    """A table names coalitions in any order; one that is missing is an error by name."""
    table = {frozenset("a"): 10, frozenset("b"): 12, frozenset("ab"): 17}
    game = CoalitionGame.from_table(("b", "a"), table, {"a": 1, "b": 2})
    assert game.costs.tolist() == [0, 12, 10, 17]
    assert game.weights is not None
    assert game.weights.tolist() == [2, 1]
    assert game.members(game.mask_of(frozenset("a"))) == ("a",)
    del table[frozenset("ab")]
    with pytest.raises(ValueError, match="no cost for coalition a,b"):
        CoalitionGame.from_table(("b", "a"), table)


def test_keeps_its_own_figures():
    """A game copies what it is given: the giver may go on writing to its array, nobody to the game's."""
    costs = np.array([0.0, 1.0])
    game = CoalitionGame(("a",), costs)
    costs[1] = 5.0
    assert game.grand_cost == 1.0
    with pytest.raises(ValueError, match="read-only"):
        game.costs[1] = 3.0


@pytest.mark.parametrize(
    ("players", "costs", "weights", "words"),
    [
        ((), [0], None, "0 players, expected 1 to 24"),
        (("a", "a"), [0, 1, 1, 1], None, "distinct"),
        (("a",), [0, 1, 2], None, "expected \\(2,\\)"),
        (("a",), [0, np.nan], None, "finite"),
        (("a",), [1, 1], None, "0 for the empty"),
        (("a",), [0, 1], [-1], "finite figures >= 0"),
        (("a",), [0, 1], [1, 1], "expected 1 finite"),
    ],
)
def test_refuses(players, costs, weights, words):
    """What is no game is an error that says what was expected."""
    with pytest.raises(ValueError, match=words):
        CoalitionGame(players, np.array(costs, dtype=float), None if weights is None else np.array(weights))
