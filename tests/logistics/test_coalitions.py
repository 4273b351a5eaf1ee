"""Coalition costs are asked once, hang on the set alone, and are closed under splits."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from logistics.coalitions import CoalitionCosts, set_seed, subadditive_closure

GAMES = st.integers(1, 6).flatmap(lambda n: arrays(float, 1 << n, elements=st.floats(-1e6, 1e6)))


def game(costs: np.ndarray) -> np.ndarray:
    costs[0] = 0.0
    return costs


def splits(mask: int) -> list[tuple[int, int]]:
    return [(part, mask ^ part) for part in range(1, mask) if part & mask == part]


@given(GAMES)
def test_the_closure_is_subadditive(costs: np.ndarray) -> None:
    """No coalition costs more than the parts of any split of it."""
    closed = subadditive_closure(game(costs))
    for mask in range(closed.size):
        assert all(closed[mask] <= closed[a] + closed[b] for a, b in splits(mask))


@given(GAMES)
def test_the_closure_never_raises_a_cost_and_changes_nothing_twice(costs: np.ndarray) -> None:
    """Every cost stays or falls, and closing again leaves all as it is; the input is not touched."""
    before = game(costs).copy()
    closed = subadditive_closure(costs)
    assert (closed <= before).all()
    np.testing.assert_array_equal(subadditive_closure(closed), closed)
    np.testing.assert_array_equal(costs, before)


@given(GAMES)
def test_the_closure_is_the_cheapest_partition(costs: np.ndarray) -> None:
    """A closed cost is that of the best partition, by brute force over the splits of splits."""
    given_costs = game(costs)
    best: dict[int, float] = {0: 0.0}
    for mask in range(1, given_costs.size):
        best[mask] = min([given_costs[mask], *(best[a] + best[b] for a, b in splits(mask))])
    np.testing.assert_array_equal(subadditive_closure(given_costs), [best[m] for m in range(given_costs.size)])


def test_subadditive_costs_stay_as_they_are() -> None:
    """Where nobody gains by splitting, nothing changes."""
    costs = np.array([0.0, 10.0, 12.0, 17.0])
    np.testing.assert_array_equal(subadditive_closure(costs), costs)


@pytest.mark.parametrize("players", [12, 13, 14])
def test_many_players_are_closed_too(players: int) -> None:
    """Twelve exactly, more over splits of one or two members: never dearer, closed under those, changed only once."""
    rng = np.random.default_rng(players)
    costs = game(rng.uniform(1, 100, 1 << players))
    closed = subadditive_closure(costs)
    assert (closed <= costs).all()
    np.testing.assert_array_equal(subadditive_closure(closed), closed)
    masks = np.arange(costs.size)
    parts = [1 << i for i in range(players)] + [1 << i | 1 << j for i in range(players) for j in range(i)]
    for part in parts:
        whole = masks[(masks & part == part) & (masks != part)]
        assert (closed[whole] <= closed[part] + closed[whole ^ part]).all()


@pytest.mark.parametrize(
    "costs", [np.zeros(3), np.zeros((2, 2)), np.zeros(0), np.array([1.0, 2.0]), np.array([0.0, np.nan])]
)
def test_what_is_no_game_is_refused(costs: np.ndarray) -> None:
    """Wrong shapes, a cost for nobody and figures that are none are errors."""
    with pytest.raises(ValueError, match="costs"):
        subadditive_closure(costs)


def test_a_coalition_is_asked_once_whatever_its_order() -> None:
    """The memo knows sets, so the same members in another order are not costed again."""
    asked: list[frozenset[str]] = []

    def cost(members: frozenset[str], seed: int) -> int:
        asked.append(members)
        return 100 * len(members) + seed % 7

    costs = CoalitionCosts(cost, root_seed=3)
    answers = {costs(order) for order in permutations("abc")}
    assert len(answers) == 1
    assert asked == [frozenset("abc")]
    assert costs([]) == 0


def test_a_coalitions_seed_hangs_on_root_and_members_only() -> None:
    """The order of asking, and who else was asked, change nothing."""
    first = CoalitionCosts(lambda members, seed: seed, root_seed=1)
    second = CoalitionCosts(lambda members, seed: seed, root_seed=1)
    ab, abc = first("ab"), first("abc")
    assert second("cba") == abc
    assert second("ba") == ab
    assert set_seed(2, "ab") != set_seed(1, "ab")
    assert set_seed(1, ["ab", "c"]) != set_seed(1, ["a", "bc"])
    assert 0 <= set_seed(1, "ab") < 1 << 32


def test_the_vector_is_indexed_by_bit_mask() -> None:
    """Player i is in coalition m when bit i of m is set."""
    weights = {"a": 1, "b": 10, "c": 100}
    costs = CoalitionCosts(lambda members, seed: sum(weights[m] for m in members), root_seed=0)
    np.testing.assert_array_equal(costs.vector("abc"), [0, 1, 10, 11, 100, 101, 110, 111])
