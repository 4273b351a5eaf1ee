"""Tests for agents.holding.forecast_value."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from agents.holding import ForecastValue, HoldingRule, HoldingView, LaneLoad, PooledHolding, Wait
from groupage.errors import PolicyError
from logistics.lane_costs import LaneCosts, LoadPrice
from tests.agents.holding.contract import LANE, TODAY, HoldingContract, forecast_of

RNG = np.random.default_rng(1)
# A load of up to 3 pallets costs 60 EUR, one of up to 10 pallets 100 EUR.
PRICES = LaneCosts.of((LoadPrice(3.0, 6_000, "list"), LoadPrice(10.0, 10_000, "list")))
TOMORROW = TODAY + timedelta(days=1)


class TestForecastValue(HoldingContract):
    """It keeps what every holding rule promises."""

    def build(self) -> HoldingRule:
        return ForecastValue()


def view(pallets: float = 2.0, holding_cents: int = 0, penalty_cents: int = 0, **fields: object) -> HoldingView:
    """A shipment on the lane of the contract's forecast, with what waiting means."""
    wait = Wait(TOMORROW, "ambient", 500.0, PRICES, 100.0, holding_cents, penalty_cents)
    return replace(HoldingView("s", LANE, pallets, 2, 0, ("F1", "75"), wait), **fields)


def held(*views: HoldingView, tomorrow: list[float], rule: ForecastValue | None = None) -> list[bool]:
    found = (rule or ForecastValue()).decide(views, forecast_of(tomorrow), TODAY, RNG)
    return [d.hold for d in found]


def test_waits_for_a_load_that_goes_anyway() -> None:
    """Two pallets wait where tomorrow's load has room for them at no more, not where they would go by themselves."""
    assert held(view(), tomorrow=[5.0, 6.0]) == [True]
    assert held(view(), tomorrow=[0.0, 0.0]) == [False]
    assert held(view(), tomorrow=[10.0, 10.0]) == [False]


def test_the_mean_over_the_paths_decides() -> None:
    """What waiting saves is weighed over all paths: 60 EUR now, against nothing or 60 EUR more tomorrow."""
    load = LaneLoad(0.0, 2.0, np.array([5.0, 5.0, 5.0, 0.0]), PRICES)
    verdict = ForecastValue().verdict(load)
    assert verdict.saving_cents == 6_000 - 6_000 / 4
    assert verdict.hold


def test_waiting_has_its_price() -> None:
    """Holding costs, and a penalty by the chance of missing, are held against the saving of 60 EUR."""
    assert held(view(holding_cents=5_999), tomorrow=[5.0]) == [True]
    assert held(view(holding_cents=6_000), tomorrow=[5.0]) == [False]
    full = replace(view(penalty_cents=9_000).wait, capacity_pallets=6.9)
    # On every path what is expected is more than all vehicles hold.
    assert held(view(wait=full), tomorrow=[5.0]) == [False]
    assert held(view(wait=replace(full, capacity_pallets=7.0)), tomorrow=[5.0]) == [True]


def test_what_goes_today_takes_it_along() -> None:
    """Beside a load that must go today a shipment costs nothing more, so waiting saves nothing."""
    views = (view(), view(4.0, shipment="t", last_day=0))
    assert held(*views, tomorrow=[5.0]) == [False, False]


def test_waits_only_so_long() -> None:
    """A shipment that was held for the most days allowed goes; with more allowed it waits again."""
    assert held(view(held_days=1), tomorrow=[5.0]) == [False]
    assert held(view(held_days=1), tomorrow=[5.0], rule=ForecastValue(max_days=2)) == [True]


def test_it_says_what_it_saves() -> None:
    """The owner reads what waiting is expected to save and to cost."""
    [decision] = ForecastValue().decide([view(holding_cents=150)], forecast_of([5.0]), TODAY, RNG)
    assert "save 60.00 EUR of transport, more than the 1.50 EUR" in decision.reason


def test_it_says_that_it_looks_at_the_pool() -> None:
    """The coordinator tells a rule of the pool by its methods; others decide owner by owner."""
    from agents.holding import QuantityBased, uses_pool

    assert isinstance(ForecastValue(), PooledHolding)
    assert uses_pool(ForecastValue())
    assert not uses_pool(QuantityBased())


@pytest.mark.parametrize("params", [{"max_days": 0}, {"collect_km": -1.0}, {"collect_km": float("inf")}])
def test_parameters_out_of_range(params: dict[str, float]) -> None:
    """A number of days or a distance that makes no sense is refused, by name."""
    with pytest.raises(PolicyError, match=next(iter(params))):
        ForecastValue(**params)
