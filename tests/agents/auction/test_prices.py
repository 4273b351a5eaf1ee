"""Prices that guide bids."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from agents.auction import Bid, WinnerProblem, determine_winners, guide_prices
from groupage.errors import AuctionError
from tests.agents.auction.auctions import auctions


@given(auctions(must=False))
def test_prices_bound_the_best_set(problem: WinnerProblem) -> None:
    """Prices lie from 0 to the reserves, no bid asks less than items and limits are worth, and no set costs less."""
    prices, above = guide_prices(problem)
    reserves = np.array(problem.reserves_cents, dtype=np.float64)
    assert (prices >= -1e-9).all()
    assert (prices <= reserves + 1e-6).all()
    assert (above >= -1e-6).all()
    # What limits are worth only lowers the bound, so without them the prices' sum bounds the cost from below.
    if problem.most_per_bidder is None and not any(bid.groups for bid in problem.bids):
        assert prices.sum() <= determine_winners(problem).cost_cents + 1e-6


@given(auctions(must=False, groups=False, limits=(None,)))
def test_no_price_is_too_high(problem: WinnerProblem) -> None:
    """Without limits no bid asks less than its items' prices, and an item in no bid keeps its reserve."""
    prices, above = guide_prices(problem)
    for bid, more in zip(problem.bids, above, strict=True):
        paid = sum(prices[item] for item in bid.items)
        assert math.isclose(bid.price_cents - paid, more, abs_tol=1e-6)
    for item, reserve in enumerate(problem.reserves_cents):
        if not any(item in bid.items for bid in problem.bids):
            assert prices[item] == pytest.approx(reserve)


def test_prices_tell_who_is_dear() -> None:
    """Two bids of 30 for one item each and one of 50 for both: the items are worth 50 together."""
    bids = (Bid("a", frozenset({0}), 30), Bid("b", frozenset({1}), 30), Bid("c", frozenset({0, 1}), 50))
    prices, above = guide_prices(WinnerProblem((100, 100), bids, None))
    assert prices.sum() == pytest.approx(50)
    assert above[2] == pytest.approx(0)
    assert above[:2].sum() == pytest.approx(10)


def test_limits_are_priced() -> None:
    """One vehicle for two tours that save 70 each: the second keeps its reserve, and the tours earn what they save."""
    bids = (
        Bid("a", frozenset({0}), 30, frozenset({"lorry"})),
        Bid("a", frozenset({1}), 30, frozenset({"lorry"})),
    )
    prices, above = guide_prices(WinnerProblem((100, 100), bids, None, {"lorry": 1}))
    assert prices == pytest.approx([100, 100])
    assert above == pytest.approx([0, 0])  # 30 + 70 for the vehicle


def test_what_must_be_carried() -> None:
    """An item without a reserve takes the price of the bid that must carry it; without any bid that is said."""
    prices, _ = guide_prices(WinnerProblem((None,), (Bid("a", frozenset({0}), 30),)))
    assert prices == pytest.approx([30])
    with pytest.raises(AuctionError):
        guide_prices(WinnerProblem((None,), ()))
