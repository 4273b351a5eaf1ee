"""What every reserving rule promises. A rule's test module inherits the class and says how to build one."""

from __future__ import annotations

import pickle

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.reserving import GoodView, ReservingRule
from forecasting import CapacityOffer

# Each inheriting class runs the same test method, which Hypothesis takes for a mistake.
inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])


@st.composite
def goods(draw: st.DrawFn) -> GoodView:
    """Any good: with or without offers, past days and volume."""
    volume = draw(st.lists(st.floats(0, 200), min_size=0, max_size=12))
    seen = draw(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 9)), max_size=6))
    offers = [
        CapacityOffer(draw(st.integers(0, 5)), float(price := draw(st.integers(1, 200))), price * 1.5, 0.0)
        for _ in range(draw(st.integers(0, 3)))
    ]
    return GoodView(np.array(volume), tuple(seen), tuple(offers))


class ReservingContract:
    """Rules for any reserving rule."""

    def build(self) -> ReservingRule:
        """Make the rule with its default parameters."""
        raise NotImplementedError

    @inherited
    @given(goods())
    def test_choices(self, good: GoodView) -> None:
        """Each offer gets a whole number of units, at most what it has; the saving is not negative; twice the same."""
        rule = self.build()
        found = rule.choose(good)
        assert len(found.units) == len(good.offers)
        assert all(0 <= n <= o.units and int(n) == n for n, o in zip(found.units, good.offers, strict=True))
        assert found.saving >= 0
        assert found == rule.choose(good)
        assert rule.reserves or found.total == 0

    def test_values(self) -> None:
        """A rule is a plain value: equal when built alike, the same after pickling, named as registered."""
        rule = self.build()
        assert rule == self.build() == pickle.loads(pickle.dumps(rule))
        from agents.registry import built_in

        assert isinstance(rule, type(built_in("reserving")[rule.name]()))
