"""What every bidding strategy promises. A strategy's test class inherits it and says how to build one."""

from __future__ import annotations

import math
import pickle

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.bidding import BiddingStrategy, LearningStrategy, Tally

costs = st.floats(0.0, 1e9)
# The same test runs in every class that inherits it.
inherited = settings(suppress_health_check=[HealthCheck.differing_executors])


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """A day on which some of what was offered was won."""
    offered = draw(st.integers(0, 50))
    return Tally(offered, draw(st.integers(0, offered)))


class BiddingContract:
    """Inherit, and build the strategy with its default parameters."""

    def build(self) -> BiddingStrategy:
        raise NotImplementedError

    @inherited
    @given(cost=costs)
    def test_prices_are_money(self, cost):
        """A price is a finite figure, never below zero, and the same again when asked again."""
        strategy = self.build()
        price = strategy.price(cost)
        assert math.isfinite(price)
        assert price >= 0
        assert strategy.price(cost) == price
        assert self.build().price(cost) == price

    @inherited
    @given(cost=costs, more=costs)
    def test_dearer_work_is_not_cheaper(self, cost, more):
        """Work that costs more is never offered for less."""
        strategy = self.build()
        assert strategy.price(cost + more) >= strategy.price(cost)

    def test_nothing_below_nothing(self):
        """Where work makes tours cheaper, nobody is paid for handing it over."""
        assert self.build().price(-5.0) >= 0

    def test_copies(self):
        """A strategy is a value: it equals another one built alike, and can be sent to another process."""
        strategy = self.build()
        assert strategy == self.build()
        assert pickle.loads(pickle.dumps(strategy)) == strategy

    @inherited
    @given(days=st.lists(tallies(), max_size=20))
    def test_learning_makes_another_value(self, days):
        """What learns leaves itself as it was, learns the same from the same, and keeps its promises."""
        strategy = self.build()
        if not isinstance(strategy, LearningStrategy):
            return
        learned = again = strategy
        for day in days:
            learned, again = learned.learned(day), again.learned(day)
        assert strategy == self.build()
        assert learned == again
        assert learned.name == strategy.name
        assert learned.price(100.0) >= 0
        assert learned.price(200.0) >= learned.price(100.0)
