"""Who would rather leave."""

import numpy as np
import pytest
from hypothesis import given

from agents.sharing.stability import stability
from tests.agents.sharing.games import cost_games, game_from, scaled

GAME = game_from([0, 10, 12, 17, 20, 24, 30, 35])


def test_stable():
    """Shares that no coalition could undercut are in the core, with nothing violated."""
    found = stability(GAME, np.array([5.2, 11.4, 18.4]))
    assert found.in_core
    assert found.individually_rational
    assert found.largest_violation == 0.0
    assert found.violating_coalition == ()


def test_names_the_most_tempted():
    """The largest violation is what the most tempted coalition pays above its own cost, and it is named."""
    found = stability(GAME, np.array([9.0, 10.0, 16.0]))
    assert not found.in_core
    assert found.individually_rational
    assert found.largest_violation == pytest.approx(2.0)
    assert found.violating_coalition == ("a", "b")


def test_names_the_loser():
    """Whoever pays more than alone is named, and is a coalition of one."""
    found = stability(GAME, np.array([4.0, 10.0, 21.0]))
    assert found.rational == {"a": True, "b": True, "c": False}
    assert not found.individually_rational
    assert found.violating_coalition == ("c",)
    assert found.largest_violation == pytest.approx(1.0)


def test_the_smallest_of_several():
    """Of coalitions that are tempted alike the one with the fewest members is named."""
    found = stability(game_from([0, 10, 5, 15, 5, 15, 10, 20]), np.array([14.0, 5.0, 1.0]))
    assert found.violating_coalition == ("a",)
    assert found.largest_violation == pytest.approx(4.0)


def test_must_cover_the_cost():
    """Shares that do not sum to the cost of all are not in the core, though nobody would leave."""
    for shares in ([5.0, 6.0], [9.0, 11.0]):
        found = stability(game_from([0, 10, 12, 17]), np.array(shares))
        assert not found.in_core
        assert found.violating_coalition == ()


def test_tolerance():
    """A violation within the tolerance is none: cents in place of exact shares do not make shares unstable."""
    shares = np.array([5.5, 11.51, 17.99])
    assert stability(GAME, shares).violating_coalition == ("a", "b")
    found = stability(GAME, shares, tolerance=0.03)
    assert found.in_core
    assert found.largest_violation == 0.0


@pytest.mark.parametrize(
    ("shares", "index"),
    [
        ([9.0, 10.8, 18.0], 1.0),
        ([5.0, 12.0, 20.0], 1 / 3),
        ([10.0, 12.0, 20.0], 1.0),
    ],
)
def test_jain_index(shares, index):
    """1 where all save the same percentage or nobody saves, 1 / n where one player saves and the others do not."""
    assert stability(GAME, np.array(shares)).jain_index == pytest.approx(index)


def test_jain_index_without_a_stand_alone_cost():
    """A player that costs nothing alone has no relative saving and does not count."""
    assert stability(game_from([0, 10, 0, 8]), np.array([8.0, 0.0])).jain_index == 1.0


@given(game=cost_games())
def test_definition(game):
    """In the core means: the cost is covered and no coalition pays more than on its own, counted one by one."""
    shares = game.standalone - (game.standalone.sum() - game.grand_cost) / game.n
    found = stability(game, shares)
    above = {
        mask: sum(shares[i] for i in range(game.n) if mask >> i & 1) - game.costs[mask]
        for mask in range(1, game.costs.size - 1)
    }
    slack = 1e-9 * np.abs(game.costs).max()
    assert found.in_core == all(x <= slack for x in above.values())
    if not found.in_core:
        assert found.largest_violation == pytest.approx(max(above.values()))
        mask = game.mask_of(frozenset(found.violating_coalition))
        assert above[mask] == pytest.approx(found.largest_violation, abs=2 * slack)
    for i, player in enumerate(game.players):
        assert found.rational[player] == (shares[i] <= game.standalone[i] + slack)
    again = stability(scaled(game, 1e6), shares * 1e6)
    assert (again.in_core, again.violating_coalition) == (found.in_core, found.violating_coalition)


def test_refuses_what_is_no_split():
    """A share for every player, each a finite figure."""
    with pytest.raises(ValueError, match="expected 3 finite figures"):
        stability(GAME, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="finite"):
        stability(GAME, np.array([1.0, np.nan, 2.0]))
