"""What every concession strategy promises. A strategy's test module inherits the class and says how to build one."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.bargaining import Ending, Issues, Side, bargain
from agents.concession import Conceder, ConcessionStrategy, Linear, Moment

PRICE = Issues(("price",), (101,))


@st.composite
def talks(draw: st.DrawFn) -> tuple[int, list[float]]:
    """How many rounds there are, and the levels that come in, one a round, some worse than no deal."""
    rounds = draw(st.integers(1, 40))
    return rounds, draw(st.lists(st.floats(-2.0, 1.0), min_size=rounds, max_size=rounds))


def demands(strategy: ConcessionStrategy, rounds: int, received: list[float]) -> list[float]:
    """Levels demanded by who speaks first, as the other's offers come in."""
    demanded: list[float] = []
    for r in range(rounds):
        level = strategy.demand(Moment(r, rounds, tuple(demanded), tuple(received[:r])))
        demanded.append(min(1.0, max(0.0, level)))
    return demanded


class ConcessionContract:
    """Inherit, and build the strategy with its default parameters."""

    def build(self) -> ConcessionStrategy:
        raise NotImplementedError

    @given(talk=talks())
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_demands(self, talk):
        """Whatever comes in, a demand is a number, and what was once given up is not demanded again."""
        rounds, received = talk
        said = demands(self.build(), rounds, received)
        assert all(math.isfinite(level) for level in said)
        assert said == sorted(said, reverse=True)

    def test_starts_high(self):
        """Where there is more than one round, the talk opens with the best for oneself."""
        assert self.build().demand(Moment(0, 10, (), ())) == 1.0

    @given(talk=talks())
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_no_memory(self, talk):
        """A strategy used before, its copy, and a new one say the same: all it knows is the moment."""
        rounds, received = talk
        used = self.build()
        said = demands(used, rounds, received)
        assert demands(used, rounds, received) == said
        assert demands(pickle.loads(pickle.dumps(used)), rounds, received) == said
        assert demands(self.build(), rounds, received) == said

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize("other", [Linear(), Conceder()])
    def test_agrees(self, first, other):
        """With somebody who gives way by the clock it agrees over a price from which both gain."""
        cheap, dear = PRICE.worth([range(100, -1, -1)]), PRICE.worth([range(101)])
        mine, theirs = Side(cheap, self.build(), reserve=20), Side(dear, other, reserve=20)
        found = bargain(PRICE, *((mine, theirs) if first else (theirs, mine)), 50)
        assert found.ending is Ending.AGREED
        assert mine.gain(found) >= 0
        assert theirs.gain(found) >= 0
