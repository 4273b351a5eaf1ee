"""Tests for agents.holding.ship_now."""

from __future__ import annotations

import numpy as np

from agents.holding import HOLDING, HoldingRule, HoldingView, ShipNow
from tests.agents.holding.contract import LANE, TODAY, HoldingContract, forecast_of


class TestShipNow(HoldingContract):
    def build(self) -> HoldingRule:
        return ShipNow()


def test_nothing_waits():
    """However good tomorrow looks, everything goes today."""
    views = [HoldingView("s", LANE, 1.0, 5)]
    assert not ShipNow().decide(views, forecast_of([40.0]), TODAY, np.random.default_rng(1))[0].hold


def test_registered_by_name():
    """Each rule is registered under the name that it carries."""
    assert {name: rule().name for name, rule in HOLDING.items()} == {name: name for name in HOLDING}
