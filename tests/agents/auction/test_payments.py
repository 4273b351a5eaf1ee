"""Payments against the definitions, by trying every group of bidders."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.auction import (
    Bid,
    Search,
    WinnerProblem,
    core_selecting,
    determine_winners,
    first_price,
    vcg,
    vcg_exchange,
)
from groupage.errors import AuctionError, UnprovenError
from tests.agents.auction.auctions import auctions, best_cost, lanes

small = auctions(most_bids=7, must=False, groups=False)


def core_violation(problem: WinnerProblem, paid: dict[str, int], cost: int) -> int:
    """By how much the most tempted group could offer the buyer less, over every group of bidders."""
    winners = determine_winners(problem)
    asked = first_price(problem, winners).cents
    bidders = sorted({bid.bidder for bid in problem.bids})
    now = cost + sum(paid.values()) - sum(asked.values())
    worst = 0
    for size in range(len(bidders) + 1):
        for group in combinations(bidders, size):
            offer = best_cost(problem.of(bid for bid in problem.bids if bid.bidder in group))
            worst = max(worst, now - offer - sum(paid[name] - asked[name] for name in group if name in paid))
    return worst


@settings(max_examples=60, deadline=None)
@given(small)
def test_core_payments_lie_in_the_core_between_prices_and_vcg(problem: WinnerProblem) -> None:
    """Between the price asked and VCG; no group could offer less; no winner alone could get a cent more."""
    winners = determine_winners(problem)
    asked, ceiling, core = first_price(problem, winners), vcg(problem, winners), core_selecting(problem, winners)
    assert asked.cents.keys() == ceiling.cents.keys() == core.cents.keys()
    assert all(asked.cents[name] <= core.cents[name] <= ceiling.cents[name] for name in asked.cents)
    assert core_violation(problem, dict(core.cents), winners.cost_cents) == 0
    assert asked.surplus_cents(problem, winners) >= core.surplus_cents(problem, winners) >= 0
    if core_violation(problem, dict(ceiling.cents), winners.cost_cents) == 0:
        assert core.cents == ceiling.cents
    for name in core.cents:
        more = {**core.cents, name: core.cents[name] + 1}
        assert core_violation(problem, more, winners.cost_cents) > 0


@settings(max_examples=60, deadline=None)
@given(small, st.sampled_from("abcd"), st.sampled_from([0.0, 0.5, 0.8, 1.1, 1.3, 2.0]))
def test_asking_something_else_never_pays_under_vcg(problem: WinnerProblem, liar: str, factor: float) -> None:
    """Whoever asks its true cost profits at least as much as with any scaled report, and never loses."""

    def profit(reported: WinnerProblem) -> int:
        winners = determine_winners(reported)
        paid = vcg(reported, winners).cents.get(liar, 0)
        return paid - sum(problem.bids[i].price_cents for i in winners.accepted if problem.bids[i].bidder == liar)

    lie = problem.of(
        Bid(b.bidder, b.items, round(b.price_cents * factor), b.groups) if b.bidder == liar else b for b in problem.bids
    )
    assert profit(problem) >= max(profit(lie), 0)


def test_core_payments_cut_what_vcg_pays_two_small_against_one_large() -> None:
    """Two bidders of 10 each against one of 30 for both: VCG pays 20 each, dearer than the rival; the core 15 each."""
    bids = (Bid("a", frozenset({0}), 10), Bid("b", frozenset({1}), 10), Bid("large", frozenset({0, 1}), 30))
    problem = WinnerProblem((100, 100), bids)
    winners = determine_winners(problem)
    assert vcg(problem, winners).cents == {"a": 20, "b": 20}
    assert core_selecting(problem, winners).cents == {"a": 15, "b": 15}
    assert core_selecting(problem, winners).surplus_cents(problem, winners) == 170
    assert first_price(problem, winners).total_cents == 20


@settings(max_examples=40, deadline=None)
@given(small, st.floats(0, 1))
def test_core_payments_keep_to_what_may_be_paid(problem: WinnerProblem, part: float) -> None:
    """With less to pay than the core allows: in the core, nobody below its price, and the limit met to the cent."""
    winners = determine_winners(problem)
    asked, free = first_price(problem, winners), core_selecting(problem, winners)
    most = asked.total_cents + int(part * (free.total_cents - asked.total_cents))
    limited = core_selecting(problem, winners, most_cents=most)
    assert all(asked.cents[name] <= cents <= vcg(problem, winners).cents[name] for name, cents in limited.cents.items())
    assert core_violation(problem, dict(limited.cents), winners.cost_cents) == 0
    # A whole cent that only one of several winners could have may be lost between two limits.
    assert most - len(asked.cents) <= limited.total_cents <= most
    assert core_selecting(problem, winners, most_cents=free.total_cents).total_cents == free.total_cents
    if winners.accepted:
        with pytest.raises(AuctionError, match="may be paid"):
            core_selecting(problem, winners, most_cents=asked.total_cents - 1)


def test_the_odd_cent_is_paid_out() -> None:
    """The core allows 31 for two alike: 15.5 each, so the first by name gets 16 and the other 15."""
    bids = (Bid("a", frozenset({0}), 10), Bid("b", frozenset({1}), 10), Bid("large", frozenset({0, 1}), 31))
    problem = WinnerProblem((100, 100), bids)
    assert core_selecting(problem, determine_winners(problem)).cents == {"a": 16, "b": 15}


def test_of_equal_totals_the_core_takes_the_nearest_to_vcg() -> None:
    """Day and Cramton's rule: every winner gives up the same against VCG, but none below its price."""
    bids = (Bid("a", frozenset({0}), 10), Bid("b", frozenset({1}), 28), Bid("large", frozenset({0, 1}), 50))
    problem = WinnerProblem((100, 30), bids)
    winners = determine_winners(problem)
    # VCG: a gets 10 + (50 - 38) = 22, b gets 28 + (40 - 38) = 30; together at most 50, so each gives up 1.
    assert vcg(problem, winners).cents == {"a": 22, "b": 30}
    assert core_selecting(problem, winners).cents == {"a": 21, "b": 29}


def test_payments_that_need_proofs_refuse_without_them() -> None:
    """VCG and core-selecting refuse an auction whose optimum is not proven, and name the gap."""
    problem = lanes(40, 700, 6, seed=2)
    winners = determine_winners(problem, search=Search(nodes=1, moves_per_bid=1, most_columns=0))
    assert not winners.optimal
    for rule in (vcg, core_selecting):
        with pytest.raises(UnprovenError, match="proven optimum"):
            rule(problem, winners)
    assert first_price(problem, winners).total_cents > 0


def test_an_indispensable_winner_has_no_vcg_payment() -> None:
    """Where only one bidder can carry what must be carried, nothing limits its payment, and that is said."""
    problem = WinnerProblem((None, 10), (Bid("a", frozenset({0}), 5), Bid("b", frozenset({1}), 5)))
    with pytest.raises(AuctionError, match="no reserve"):
        vcg(problem, determine_winners(problem))


def test_larger_payments_are_in_order() -> None:
    """On lanes with bidders that win several bids: prices <= core-selecting <= VCG, each winner."""
    problem = lanes(20, 200, 4, seed=4)
    winners = determine_winners(problem)
    asked, core, ceiling = first_price(problem, winners), core_selecting(problem, winners), vcg(problem, winners)
    assert all(asked.cents[name] <= core.cents[name] <= ceiling.cents[name] for name in asked.cents)
    assert asked.total_cents < core.total_cents <= ceiling.total_cents
    assert core.solved >= ceiling.solved


@settings(max_examples=40, deadline=None)
@given(small, st.sampled_from("abcd"), st.floats(0.5, 1.5))
def test_an_exchange_under_vcg_rewards_the_truth_and_may_run_a_deficit(
    problem: WinnerProblem, liar: str, factor: float
) -> None:
    """Truth dominates for givers and bidders alike, nobody loses, and the operator's figure closes the books."""
    assume(problem.bids)
    givers = ["abcd"[item % 4] for item in range(len(problem.reserves_cents))]

    def profit(reported: WinnerProblem) -> int:
        winners = determine_winners(reported)
        paid = vcg_exchange(reported, winners, givers)
        assert paid.operator_cents + sum(paid.received_cents.values()) == 0
        assert min(paid.gain_cents.values()) >= 0
        accepted = [problem.bids[index] for index in winners.accepted]
        spared = sum(problem.reserves_cents[item] for bid in accepted for item in bid.items if givers[item] == liar)
        drives = sum(bid.price_cents for bid in accepted if bid.bidder == liar)
        return paid.received_cents.get(liar, 0) + spared - drives

    lie = WinnerProblem(
        tuple(round(r * factor) if g == liar else r for r, g in zip(problem.reserves_cents, givers, strict=True)),
        tuple(Bid(b.bidder, b.items, round(b.price_cents / factor)) if b.bidder == liar else b for b in problem.bids),
        problem.most_per_bidder,
    )
    assert profit(problem) >= max(profit(lie), 0)


def test_two_who_swap_leave_the_operator_a_deficit() -> None:
    """One giver and one bidder who need each other each add the whole gain, so VCG pays it twice."""
    problem = WinnerProblem((100,), (Bid("b", frozenset({0}), 40),))
    paid = vcg_exchange(problem, determine_winners(problem), ["a"])
    assert paid.gain_cents == {"a": 60, "b": 60}
    assert paid.received_cents == {"a": -40, "b": 100}
    assert paid.operator_cents == -60
