"""Tests for agents.holding.time_and_quantity, time_based and quantity: the policies that look at no forecast."""

from __future__ import annotations

import numpy as np
import pytest

from agents.holding import HoldingDecision, HoldingRule, HoldingView, Quantity, TimeAndQuantity, TimeBased
from groupage.errors import PolicyError
from tests.agents.holding.contract import TODAY, HoldingContract

NORTH, SOUTH = ("F1", "75"), ("F1", "69")


class TestTimeAndQuantity(HoldingContract):
    def build(self) -> HoldingRule:
        return TimeAndQuantity()


class TestTimeBased(HoldingContract):
    def build(self) -> HoldingRule:
        return TimeBased()


class TestQuantity(HoldingContract):
    def build(self) -> HoldingRule:
        return Quantity()


def view(
    name: str, pallets: float, *, last_day: int = 3, held_days: int = 0, lane: tuple[str, ...] = NORTH
) -> HoldingView:
    return HoldingView(name, (), pallets, last_day, held_days, lane)


def decide(rule: HoldingRule, *views: HoldingView) -> tuple[HoldingDecision, ...]:
    return rule.decide(views, None, TODAY, np.random.default_rng(1))


def held(rule: HoldingRule, *views: HoldingView) -> list[bool]:
    return [d.hold for d in decide(rule, *views)]


def test_whichever_comes_first():
    """A load waits until it has its quantity or its oldest shipment its days, and then leaves as one."""
    rule = TimeAndQuantity(min_pallets=6, max_days=2)
    assert held(rule, view("s", 3.0), view("t", 2.9)) == [True, True]
    assert held(rule, view("s", 3.0), view("t", 3.0)) == [False, False]
    assert held(rule, view("s", 1.0, held_days=1), view("t", 1.0)) == [True, True]
    assert held(rule, view("s", 1.0, held_days=2), view("t", 1.0)) == [False, False]


def test_time_alone():
    """By time alone even a full lorry waits for its day, and a single pallet leaves on it."""
    assert held(TimeBased(max_days=2), view("s", 40.0, held_days=1), view("t", 1.0)) == [True, True]
    assert held(TimeBased(max_days=2), view("s", 1.0, held_days=2)) == [False]


def test_quantity_alone():
    """By quantity alone a load waits as long as all of it can."""
    assert held(Quantity(min_pallets=6), view("s", 5.0, held_days=9, last_day=1)) == [True]
    assert held(Quantity(min_pallets=6), view("s", 5.0), view("t", 1.0)) == [False, False]


@pytest.mark.parametrize("rule", [TimeAndQuantity(99, 9), TimeBased(9), Quantity(99)])
def test_what_must_go_takes_its_lane_along(rule: HoldingRule):
    """Where a shipment has to leave, what gathered on its lane leaves with it; other lanes wait."""
    decisions = decide(rule, view("s", 1.0), view("urgent", 1.0, last_day=0), view("t", 1.0, lane=SOUTH))
    assert [d.hold for d in decisions] == [False, False, True]
    assert decisions[0].reason == "a shipment on its lane must go today to arrive in time, and takes the others along"


def test_lanes_are_told_apart_without_a_forecast():
    """Nobody forecasts for these rules, so lanes go by places: volume of one fills no load of another."""
    assert held(Quantity(6), view("s", 4.0), view("t", 4.0, lane=SOUTH)) == [True, True]
    assert held(Quantity(6), view("s", 4.0), view("t", 4.0)) == [False, False]


@pytest.mark.parametrize(
    ("rule", "views", "reason"),
    [
        (
            TimeAndQuantity(6, 2),
            [view("s", 4.0)],
            "its lane has 4.0 of the 6 pallets for an economic load, and no shipment was held for 2 days yet",
        ),
        (Quantity(6), [view("s", 4.0)], "its lane has 4.0 of the 6 pallets for an economic load"),
        (TimeBased(1), [view("s", 4.0)], "its lane has 4.0 pallets, and no shipment was held for 1 day yet"),
        (Quantity(6), [view("s", 7.0)], "its lane has 7.0 pallets today, enough of the 6 pallets for an economic load"),
        (
            TimeBased(1),
            [view("s", 4.0, held_days=1)],
            "the oldest shipment on its lane was held for 1 day already, the most allowed",
        ),
    ],
)
def test_reasons(rule: HoldingRule, views: list[HoldingView], reason: str):
    """The owner is told in plain words why its shipment waits or leaves."""
    assert decide(rule, *views)[0].reason == reason


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quantity(0.0), r"quantity: min_pallets is 0\.0, expected a number of pallets > 0"),
        (lambda: TimeBased(0), "time_based: max_days is 0, expected at least 1"),
        (lambda: TimeAndQuantity(float("inf"), 0), "min_pallets is inf(.|\n)*max_days is 0"),
    ],
)
def test_parameters_out_of_range(make, message: str):
    """A parameter out of range is refused with its rule, its name, its value and what is allowed."""
    with pytest.raises(PolicyError, match=message):
        make()
