"""Tests for forecasting.reservation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.reservation import CapacityOffer, critical_ratio, reserve_units, reserved_quantity


def expected_cost(need: list[int], offers: list[CapacityOffer], units: tuple[int, ...]) -> float:
    """Mean cost over the paths: unused units give back most first, what is missing is bought at the lowest spot."""
    spot = min(o.spot for o in offers)
    paid = sum(n * o.reserved for n, o in zip(units, offers, strict=True))
    back = sorted((o.release for n, o in zip(units, offers, strict=True) for _ in range(n)), reverse=True)
    total = 0.0
    for needed in need:
        unused = max(0, len(back) - needed)
        total += paid - sum(back[:unused]) + spot * max(0, needed - len(back))
    return total / len(need)


@st.composite
def goods(draw: st.DrawFn, same_release: bool = True) -> tuple[list[int], list[CapacityOffer]]:
    need = draw(st.lists(st.integers(0, 6), min_size=1, max_size=9))
    release = draw(st.integers(0, 40))
    offers = [
        CapacityOffer(
            draw(st.integers(0, 3)),
            reserved := release + draw(st.integers(1, 100)),
            reserved + draw(st.integers(-20, 100)),
            release if same_release else draw(st.integers(0, reserved - 1)),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return need, offers


@given(goods())
def test_no_other_choice_is_cheaper(case: tuple[list[int], list[CapacityOffer]]) -> None:
    """Where unused units give back the same, brute force over all choices of units finds none that costs less."""
    need, offers = case
    found = reserve_units(need, offers)
    nothing = expected_cost(need, offers, (0,) * len(offers))
    best = min(expected_cost(need, offers, u) for u in itertools.product(*(range(o.units + 1) for o in offers)))
    assert expected_cost(need, offers, found.units) == pytest.approx(best)
    assert found.saving == pytest.approx(nothing - best, abs=1e-9)


@given(goods(same_release=False))
def test_saving_is_kept(case: tuple[list[int], list[CapacityOffer]]) -> None:
    """Whatever is given back, the saving is not negative, and not more than what reserving really saves."""
    need, offers = case
    found = reserve_units(need, offers)
    assert all(0 <= n <= o.units for n, o in zip(found.units, offers, strict=True))
    saved = expected_cost(need, offers, (0,) * len(offers)) - expected_cost(need, offers, found.units)
    assert 0 <= found.saving <= saved + 1e-9


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(1, 100), st.integers(1, 100))
def test_units_are_the_quantile(need: list[int], premium: int, reserved: int) -> None:
    """With one offer without limit, the units reserved are the quantile of the need at the critical ratio."""
    spot = float(reserved + premium)
    ratio = critical_ratio(spot, reserved)
    quantile = reserved_quantity(need, spot, reserved)
    found = reserve_units(need, [CapacityOffer(99, reserved, spot)])
    below = np.mean(np.array(need) < quantile), np.mean(np.array(need) <= quantile)
    assert below[0] < ratio <= below[1] + 1e-12
    # Where a unit breaks even exactly both are right, and the smaller is taken.
    assert found.total == quantile or np.isclose(np.mean(np.array(need) <= found.total), ratio)


def test_pools_need_less_than_their_lanes() -> None:
    """Two lanes that are never full together reserve less together than apart: the sum of paths is what counts."""
    one, other = np.array([4.0, 0.0, 4.0, 0.0]), np.array([0.0, 4.0, 0.0, 4.0])
    apart = reserved_quantity(one, 200, 80) + reserved_quantity(other, 200, 80)
    assert (apart, reserved_quantity(one + other, 200, 80)) == (8.0, 4.0)


def test_nothing_to_gain() -> None:
    """A price that is not below spot, no offer, or no need: nothing is reserved."""
    assert critical_ratio(100, 100) == 0.0
    assert reserved_quantity([3.0, 5.0], 100, 120) == 0.0
    assert reserve_units([3, 5], [CapacityOffer(9, 100, 100)]).total == 0
    assert reserve_units([3, 5], []).units == ()
    assert reserve_units([0, 0], [CapacityOffer(9, 10, 100)]).total == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: critical_ratio(150, 100, 100), "release is 100 and reserved 100"),
        (lambda: critical_ratio(float("inf"), 100), "expected finite prices"),
        (lambda: CapacityOffer(1, 50, 100, 60), "expected to get back less than was paid"),
        (lambda: CapacityOffer(-1, 50, 100), "units are -1"),
        (lambda: reserve_units([1.5], [CapacityOffer(1, 50, 100)]), "expected whole numbers"),
        (lambda: reserved_quantity([], 100, 50), "at least one path"),
        (lambda: reserved_quantity([-1.0], 100, 50), "below 0"),
    ],
)
def test_errors(call: object, said: str) -> None:
    """What no newsvendor can answer is refused, saying what was given and what was expected."""
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
