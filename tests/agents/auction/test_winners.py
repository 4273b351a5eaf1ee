"""Winner determination against trying everything, and what it promises where that cannot be tried."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.auction import Bid, Search, WinnerProblem, determine_winners
from groupage.errors import AuctionError
from tests.agents.auction.auctions import auctions, best_cost, lanes


@settings(max_examples=150, deadline=None)
@given(auctions())
def test_small_auctions_are_decided_exactly(problem: WinnerProblem) -> None:
    """The cost is that of the best of all sets of bids, proven; where no set keeps the rules, it says so."""
    best = best_cost(problem)
    if best is None:
        with pytest.raises(AuctionError, match="no reserve"):
            determine_winners(problem)
        return
    winners = determine_winners(problem)
    assert winners.cost_cents == problem.cost_cents(winners.accepted) == best
    assert winners.optimal
    assert winners.gap == 0


@settings(max_examples=60, deadline=None)
@given(auctions(must=False), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 30)))
def test_fees_count_once_a_bidder(problem: WinnerProblem, fees: dict[str, int]) -> None:
    """A fee is paid once for a bidder with any accepted bid, however many of its bids are accepted."""

    def cost(accepted: tuple[int, ...]) -> int:
        bidders = {problem.bids[index].bidder for index in accepted}
        return problem.cost_cents(accepted) + sum(fees.get(name, 0) for name in bidders)

    def allowed(mask: int) -> int | None:
        try:
            return cost(tuple(index for index in range(len(problem.bids)) if mask >> index & 1))
        except AuctionError:
            return None

    best = min(c for mask in range(1 << len(problem.bids)) if (c := allowed(mask)) is not None)
    winners = determine_winners(problem, fees_cents=fees)
    assert winners.cost_cents == cost(winners.accepted) == best
    assert winners.optimal


@pytest.mark.parametrize(("most", "cost"), [(1, 10 + 8 + 50), (2, 10 + 10 + 8), (None, 10 + 10 + 8)])
def test_a_fee_is_not_paid_for_the_second_bid(most: int | None, cost: int) -> None:
    """Two bids of one bidder cost its fee of 8 once; counted twice, accepting both would cost more."""
    problem = WinnerProblem((50, 50), (Bid("a", frozenset({0}), 10), Bid("a", frozenset({1}), 10)), most)
    winners = determine_winners(problem, fees_cents={"a": 8})
    assert (winners.cost_cents, winners.optimal) == (cost, True)


@settings(max_examples=60, deadline=None)
@given(auctions(must=False), st.randoms(use_true_random=False))
def test_the_order_of_bids_does_not_matter(problem: WinnerProblem, random: object) -> None:
    """Shuffled bids get the same bids accepted."""
    order = list(range(len(problem.bids)))
    random.shuffle(order)
    shuffled = problem.of(problem.bids[index] for index in order)
    one, other = determine_winners(problem), determine_winners(shuffled)
    assert {problem.bids[i] for i in one.accepted} == {shuffled.bids[i] for i in other.accepted}


def test_a_large_auction_is_the_same_in_any_order_and_states_its_gap() -> None:
    """Without branch and bound: same answer twice and from shuffled bids, limits kept, a start never made worse."""
    problem = lanes(60, 900, 5, seed=3)
    search = Search(nodes=4, moves_per_bid=300, windows=10, most_columns=0)
    winners = determine_winners(problem, search=search)
    assert "annealing" in winners.method
    assert winners.nodes <= 10
    assert winners.cost_cents == problem.cost_cents(winners.accepted) < sum(problem.reserves_cents)
    assert 0 <= winners.gap < 0.06
    assert winners == determine_winners(problem, search=search)
    order = np.random.default_rng(0).permutation(len(problem.bids))
    shuffled = determine_winners(problem.of(problem.bids[i] for i in order), search=search)
    assert sorted(int(order[i]) for i in shuffled.accepted) == list(winners.accepted)
    none = Search(nodes=1, runs=1, moves_per_bid=1, windows=0, most_columns=0)
    again = determine_winners(problem, search=none, start=winners.accepted)
    assert again.lower_bound_cents <= winners.cost_cents
    assert again.cost_cents <= winners.cost_cents


def test_annealing_alone_comes_near_the_proven_optimum() -> None:
    """On lanes that branch and bound solves, annealing and windows without it come within 1 %."""
    problem = lanes(40, 700, 3, seed=1)
    proven = determine_winners(problem, search=Search(nodes=2_000, moves_per_bid=500))
    assert proven.optimal
    searched = determine_winners(problem, search=Search(moves_per_bid=1_000, most_columns=0))
    assert searched.lower_bound_cents <= proven.cost_cents <= searched.cost_cents <= 1.01 * proven.cost_cents


def test_parts_that_share_nothing_are_solved_apart() -> None:
    """Two copies of an auction side by side cost twice as much, and the bounds add up."""
    one = lanes(12, 60, 3, seed=5, most_per_bidder=None)
    shifted = [Bid(f"{b.bidder}'", frozenset(i + 12 for i in b.items), b.price_cents) for b in one.bids]
    both = WinnerProblem(one.reserves_cents * 2, (*one.bids, *shifted), None)
    single, double = determine_winners(one), determine_winners(both)
    assert (double.cost_cents, double.lower_bound_cents) == (2 * single.cost_cents, 2 * single.lower_bound_cents)


def test_no_bids_leave_everything_stand_alone() -> None:
    """Without a bid worth taking the cost is the sum of the reserves, proven without a solver."""
    winners = determine_winners(WinnerProblem((10, 20), (Bid("a", frozenset({0, 1}), 30),)))
    assert (winners.accepted, winners.cost_cents, winners.method) == ((), 30, "presolve")
    assert winners.optimal
    assert str(winners) == "0 bids accepted at 0.30 EUR, proven best (presolve)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bids": (Bid("a", frozenset(), 1),)}, "is for items"),
        ({"bids": (Bid("a", frozenset({2}), 1),)}, "expected some of 0 to 1"),
        ({"bids": (Bid("a", frozenset({0}), 1, frozenset({"dock"})),)}, "group dock"),
        ({"bids": (), "most_per_bidder": 0}, "at least 1"),
        ({"bids": (), "most_per_group": {"dock": -1}}, "negative"),
    ],
)
def test_ill_posed_auctions_are_refused(arguments: dict, words: str) -> None:
    """Empty or unknown items, unknown groups and senseless limits are errors that say what was expected."""
    with pytest.raises(AuctionError, match=words):
        WinnerProblem((10, 20), **arguments)
