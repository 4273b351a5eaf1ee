"""What every holding rule promises. A rule's test module inherits the class and says how to build one."""

from __future__ import annotations

import pickle
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.holding import HoldingRule, HoldingView
from forecasting import Forecast

TODAY = date(2026, 3, 2)
LANE = ("F1|75|cheese", "F1|75|dairy")
OTHER_LANE = ("F1|69|dairy",)


def forecast_of(lane_tomorrow: list[float], other_tomorrow: list[float] | None = None) -> Forecast:
    """Sample paths from today on: tomorrow's volume as given, split over the lane's two products; 99 on other days."""
    rows = np.full((3, 3, len(lane_tomorrow)), 99.0)
    rows[0, 1] = other_tomorrow or [0.0] * len(lane_tomorrow)
    rows[1, 1] = 0.25 * np.array(lane_tomorrow)
    rows[2, 1] = 0.75 * np.array(lane_tomorrow)
    return Forecast((*OTHER_LANE, *LANE), TODAY, rows)


def shipments() -> st.SearchStrategy[list[HoldingView]]:
    """Any owner's shipments of a day, on known and unknown lanes."""
    view = st.builds(
        HoldingView,
        shipment=st.uuids().map(str),
        series=st.sampled_from([LANE, OTHER_LANE, (), ("F1|13|dairy",)]),
        pallets=st.floats(0.1, 33.0),
        last_day=st.integers(-1, 4),
        held_days=st.integers(0, 4),
    )
    return st.lists(view, max_size=8, unique_by=lambda v: v.shipment)


# Each inheriting class runs the same test method, which Hypothesis takes for a mistake.
inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])


class HoldingContract:
    """Rules for any holding rule."""

    def build(self) -> HoldingRule:
        """Make the rule with its default parameters."""
        raise NotImplementedError

    @inherited
    @given(views=shipments(), volume=st.lists(st.floats(0, 60), min_size=1, max_size=5), informed=st.booleans())
    def test_decisions(self, views: list[HoldingView], volume: list[float], informed: bool) -> None:
        """Each shipment gets one decision, in order, with a reason; what must go today always goes."""
        forecast = forecast_of(volume) if informed else None
        rule = self.build()
        decisions = rule.decide(views, forecast, TODAY, np.random.default_rng(1))
        assert [d.shipment for d in decisions] == [v.shipment for v in views]
        assert all(d.reason for d in decisions)
        assert not any(d.hold for d, v in zip(decisions, views, strict=True) if v.last_day <= 0)
        assert decisions == rule.decide(views, forecast, TODAY, np.random.default_rng(1))

    @inherited
    @given(views=shipments(), volume=st.lists(st.floats(0, 60), min_size=1, max_size=5))
    def test_order_does_not_matter(self, views: list[HoldingView], volume: list[float]) -> None:
        """The same shipments in another order get the same decisions."""
        forward = self.build().decide(views, forecast_of(volume), TODAY, np.random.default_rng(1))
        backward = self.build().decide(views[::-1], forecast_of(volume), TODAY, np.random.default_rng(1))
        assert {d.shipment: d.hold for d in forward} == {d.shipment: d.hold for d in backward}

    def test_forecast_too_short(self) -> None:
        """A forecast that ends before tomorrow is no reason to fail, and to a rule that needs one none to wait."""
        past = Forecast(LANE, TODAY - timedelta(days=9), np.ones((2, 3, 4)))
        views = [HoldingView("s", LANE, 2.0, 3)]
        (decision,) = self.build().decide(views, past, TODAY, np.random.default_rng(1))
        assert not (decision.hold and self.build().uses_forecast)

    def test_a_forecast_is_needed_or_not(self) -> None:
        """A rule that says it needs no forecast decides the same without one."""
        rule = self.build()
        if rule.uses_forecast:
            pytest.skip("looks at the forecast by design")
        views = [HoldingView("s", LANE, 2.0, 3), HoldingView("t", OTHER_LANE, 9.0, 0)]
        known = rule.decide(views, forecast_of([30.0]), TODAY, np.random.default_rng(1))
        assert known == rule.decide(views, None, TODAY, np.random.default_rng(1))

    def test_value(self) -> None:
        """Two rules with the same parameters are equal, frozen, and survive being sent to another process."""
        rule = self.build()
        assert rule == self.build() == pickle.loads(pickle.dumps(rule))
        with pytest.raises(AttributeError):
            rule.name = "other"  # type: ignore[misc]
