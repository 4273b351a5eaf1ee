"""Tests for agents.holding.quantity_based."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from agents.holding import HoldingDecision, HoldingRule, HoldingView, QuantityBased
from forecasting import Forecast
from groupage.errors import PolicyError
from tests.agents.holding.contract import LANE, OTHER_LANE, TODAY, HoldingContract, forecast_of


class TestQuantityBased(HoldingContract):
    def build(self) -> HoldingRule:
        return QuantityBased()


def decide(rule: QuantityBased, forecast: Forecast | None, *views: HoldingView) -> tuple[HoldingDecision, ...]:
    return rule.decide(views, forecast, TODAY, np.random.default_rng(1))


def test_waits_for_a_likely_load():
    """Below the quantity today, and with the asked probability at it tomorrow, a shipment that can wait is held."""
    tomorrow = [5.0, 8.0, 8.0, 9.0]
    view = HoldingView("s", LANE, 4.0, 1)
    held = decide(QuantityBased(min_pallets=12, probability=0.75), forecast_of(tomorrow), view)[0]
    assert held.hold
    assert held.reason == (
        "with tomorrow's orders the 4.0 pallets that can wait on its lane reach the 12 pallets for an economic load "
        "with a probability of 75%, at least the 75% asked for"
    )
    sent = decide(QuantityBased(min_pallets=12, probability=0.8), forecast_of(tomorrow), view)[0]
    assert not sent.hold
    assert "with a probability of 75%, less than the 80% asked for" in sent.reason


def test_full_today():
    """A lane whose shipments together fill a load today ships them, however much comes tomorrow."""
    decisions = decide(
        QuantityBased(min_pallets=12),
        forecast_of([50.0]),
        HoldingView("s", LANE, 7.0, 3),
        HoldingView("t", LANE, 5.0, 3),
    )
    assert [d.hold for d in decisions] == [False, False]
    assert "12.0 pallets today, enough" in decisions[0].reason


def test_last_day_and_longest_wait():
    """What must go today goes, and so does what was held as long as allowed; the rest of the lane may wait."""
    decisions = decide(
        QuantityBased(min_pallets=12, max_days=2),
        forecast_of([50.0]),
        HoldingView("urgent", LANE, 2.0, 0),
        HoldingView("old", LANE, 2.0, 3, held_days=2),
        HoldingView("young", LANE, 2.0, 3, held_days=1),
    )
    assert [d.hold for d in decisions] == [False, False, True]
    assert decisions[0].reason == "it must go today to arrive in time"
    assert decisions[1].reason == "it was held for 2 days already, the most allowed"


def test_what_leaves_today_fills_nothing_tomorrow():
    """Only what can wait counts towards tomorrow's load: an urgent shipment will be gone by then."""
    rule, forecast = QuantityBased(min_pallets=12), forecast_of([7.0])
    waiting = HoldingView("s", LANE, 5.0, 2)
    assert decide(rule, forecast, waiting)[0].hold
    urgent = HoldingView("u", LANE, 1.0, 0)
    assert decide(rule, forecast, HoldingView("s", LANE, 4.0, 2), urgent)[0].hold is False
    assert decide(rule, forecast, waiting, urgent)[0].hold


def test_lanes_apart():
    """Volume of one lane says nothing about another."""
    decisions = decide(
        QuantityBased(min_pallets=12),
        forecast_of([20.0, 20.0], [1.0, 2.0]),
        HoldingView("s", LANE, 4.0, 2),
        HoldingView("t", OTHER_LANE, 4.0, 2),
    )
    assert [d.hold for d in decisions] == [True, False]


def test_products_move_together():
    """The lane's paths are summed path by path: products that never come together do not make a load together."""
    paths = np.zeros((2, 2, 2))
    paths[:, 1] = [[10.0, 0.0], [0.0, 10.0]]
    forecast = Forecast(LANE, TODAY, paths)
    assert decide(QuantityBased(min_pallets=12, probability=1.0), forecast, HoldingView("s", LANE, 2.0, 2))[0].hold
    assert not decide(QuantityBased(min_pallets=22), forecast, HoldingView("s", LANE, 2.0, 2))[0].hold


def test_tomorrow_is_a_date():
    """Tomorrow is found by its date, wherever the forecast begins."""
    paths = np.zeros((2, 5, 1))
    paths[:, 3] = 30.0
    early = Forecast(LANE, TODAY - timedelta(days=2), paths)
    assert decide(QuantityBased(), early, HoldingView("s", LANE, 2.0, 2))[0].hold
    assert not decide(QuantityBased(), Forecast(LANE, TODAY, paths), HoldingView("s", LANE, 2.0, 2))[0].hold


def test_no_forecast_no_waiting():
    """A lane that nobody forecast ships."""
    views = (HoldingView("s", (), 2.0, 2), HoldingView("t", ("F1|13|dairy",), 2.0, 2))
    for decision in (*decide(QuantityBased(), forecast_of([30.0]), *views), *decide(QuantityBased(), None, *views)):
        assert not decision.hold
        assert decision.reason == "there is no forecast of its lane for tomorrow"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"min_pallets": 0.0}, r"min_pallets is 0\.0, expected a number of pallets > 0"),
        ({"min_pallets": float("nan")}, "min_pallets is nan"),
        ({"probability": 1.5}, r"probability is 1\.5, expected in \(0, 1\]"),
        ({"max_days": 0}, "max_days is 0, expected at least 1"),
    ],
)
def test_parameters_out_of_range(params: dict[str, float], message: str):
    """A parameter out of range is refused with its name, its value and what is allowed."""
    with pytest.raises(PolicyError, match=message):
        QuantityBased(**params)
