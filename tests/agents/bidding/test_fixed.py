"""Strategies that always ask alike."""

from __future__ import annotations

import pytest

from agents.bidding import Markup, Truthful
from tests.agents.bidding.contract import BiddingContract


class TestTruthful(BiddingContract):
    """Asks what it costs."""

    def build(self):
        return Truthful()

    def test_marginal_cost(self):
        """The price is the cost."""
        assert Truthful().price(12.34) == 12.34


class TestMarkup(BiddingContract):
    """Asks a percentage more."""

    def build(self):
        return Markup()

    def test_percentage(self):
        """Ten percent on a hundred is ten."""
        assert Markup(10.0).price(100.0) == pytest.approx(110.0)
