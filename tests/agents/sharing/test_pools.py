"""Sharing pool by pool."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.sharing.game import CoalitionGame
from agents.sharing.nucleolus import Nucleolus
from agents.sharing.oracle import OracleGame
from agents.sharing.pools import share_pools, summed_game
from agents.sharing.proportional import Proportional
from agents.sharing.shapley import Shapley
from agents.sharing.stability import stability
from tests.agents.sharing.games import cost_games, pooling_games


def renamed(game, names) -> CoalitionGame:
    """The same game between others."""
    return CoalitionGame(tuple(names[: game.n]), game.costs, game.weights)


@given(first=cost_games(1, 4), second=cost_games(1, 4))
def test_summed_game(first, second):
    """A coalition costs what its members cost in each pool, and somebody in two pools counts in both."""
    second = renamed(second, "cdef")
    both = summed_game([first, second])
    for mask in range(both.costs.size):
        group = frozenset(both.members(mask))
        parts = [float(g.costs[g.mask_of(group & frozenset(g.players))]) for g in (first, second)]
        assert both.costs[mask] == pytest.approx(sum(parts))


@given(first=cost_games(2, 4), second=cost_games(2, 4))
def test_shapley_pool_by_pool(first, second):
    """The Shapley value is additive: pool by pool it is that of the summed game, overlapping or not."""
    games = [first, renamed(second, "cdef")]
    found = share_pools(Shapley(), games)
    both = summed_game(games)
    assert found.players == both.players
    assert found.shares == pytest.approx(Shapley().shares(both))
    assert found.certified


@settings(max_examples=60)
@given(first=pooling_games(2, 4), second=pooling_games(2, 4))
def test_stable_where_every_pool_is(first, second):
    """Nobody loses who loses in no pool, and where every pool is stable, so is the whole."""
    games = [first, renamed(second, "bcde")]
    found = share_pools(Nucleolus(), games)
    assert found.stability.individually_rational
    assert found.shares.sum() == pytest.approx(first.grand_cost + second.grand_cost)
    if all(stability(g, Nucleolus().shares(g)).in_core for g in games):
        assert found.stability.in_core


@given(first=pooling_games(2, 4), second=pooling_games(2, 4))
def test_beyond_the_table(first, second):
    """With pools apart, the most tempted of the whole is found without a table of the whole."""
    filler = [CoalitionGame((f"x{i}", f"y{i}"), np.array([0.0, 5.0, 5.0, 10.0])) for i in range(6)]
    games = [first, renamed(second, "efgh")]
    small, large = share_pools(Proportional(), games), share_pools(Proportional(), games + filler)
    assert len(large.players) > 13
    assert large.certified
    assert large.stability.in_core == small.stability.in_core
    assert large.stability.largest_violation == pytest.approx(small.stability.largest_violation)
    assert large.stability.violating_coalition == small.stability.violating_coalition


def test_overlapping_beyond_the_table():
    """Where pools overlap and some pool is unstable, what is found is not certified to be the worst."""
    rng = np.random.default_rng(0)
    games = []
    for k in range(8):
        costs = rng.uniform(5, 10, 16)
        costs[0] = 0
        games.append(CoalitionGame(tuple(f"p{3 * k + i}" for i in range(4)), costs))
    found = share_pools(Shapley(), games)
    assert len(found.players) == 25
    assert not found.stability.in_core
    assert not found.certified
    assert found.coalitions_evaluated == 8 * 15


def test_pools_that_were_sampled():
    """Errors of independent samples add up by their squares, and a sampled pool makes the whole uncertified."""
    far = {f"p{i:02}": float(i + 1) for i in range(12)}
    lazy = OracleGame(tuple(far), lambda group: max(far[p] for p in group))
    pools = [lazy.worked_out(Shapley(), np.random.default_rng(seed), 200) for seed in (1, 2)]
    one = [share_pools(Shapley(), [pool]) for pool in pools]
    both = share_pools(Shapley(), pools)
    assert both.shares == pytest.approx(one[0].shares + one[1].shares)
    assert both.standard_error == pytest.approx(np.hypot(one[0].standard_error, one[1].standard_error))
    assert not both.certified
    with pytest.raises(ValueError, match="partial"):
        summed_game(pools)


def test_no_pools():
    """Nobody to share with is an error."""
    with pytest.raises(ValueError, match="no pools"):
        share_pools(Shapley(), [])
