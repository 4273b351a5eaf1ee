"""Cents are exact: no rounding loses or invents one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import split_cents, sum_lines, to_cents, to_eur
from logistics.costs import CostLine

WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0, 1e9), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("eur", "cents"),
    [(0.0, 0), (1.005, 100), (1.015, 102), (2.675, 268), (0.1 + 0.2, 30), (-1.235, -124), (1e9, 10**11)],
)
def test_euros_round_half_to_even_on_their_decimal_text(eur: float, cents: int) -> None:
    """An amount rounds as it is written, not as its binary neighbour: 2.675 EUR are 268 cents."""
    assert to_cents(eur) == cents


@given(st.integers(-(10**12), 10**12))
def test_cents_survive_the_way_through_euros(cents: int) -> None:
    """Cents written as EUR and read back are the same cents."""
    assert to_cents(to_eur(cents)) == cents


@given(st.integers(-(10**9), 10**9), WEIGHTS)
def test_a_split_adds_up_and_stays_next_to_proportional(total: int, weights: dict[str, float]) -> None:
    """A split loses no cent, and nobody is more than one cent from its exact share."""
    parts = split_cents(total, weights)
    assert sum(parts.values()) == total
    mass = sum(weights.values())
    for key, part in parts.items():
        exact = total * weights[key] / mass if mass > 0 else total / len(weights)
        assert abs(part - exact) <= 1 + 1e-6 * abs(total)


@given(st.integers(-(10**9), 10**9), WEIGHTS)
def test_a_split_does_not_hang_on_the_order_of_its_keys(total: int, weights: dict[str, float]) -> None:
    """Ties go to the key that sorts first, whatever the order of the table."""
    assert split_cents(total, weights) == split_cents(total, dict(reversed(weights.items())))


def test_equal_remainders_go_to_the_first_names() -> None:
    """Ten cents between three are 4, 3 and 3, the odd one to the first name."""
    assert split_cents(10, {"c": 1.0, "a": 1.0, "b": 1.0}) == {"c": 3, "a": 4, "b": 3}


@pytest.mark.parametrize("weights", [{"a": -1.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_weights_must_be_finite_and_not_negative(weights: dict[str, float]) -> None:
    """A bad weight is an error, not a strange split."""
    with pytest.raises(ValueError, match="expected finite figures"):
        split_cents(100, weights)


def test_nothing_can_be_split_between_nobody_but_nothing() -> None:
    """Cents without anybody to bear them are an error; no cents are not."""
    assert split_cents(0, {}) == {}
    with pytest.raises(ValueError, match="between nobody"):
        split_cents(5, {})


def test_lines_add_up_in_their_fixed_order() -> None:
    """Breakdowns add line by line; known lines first in their order, others after by name."""
    total = sum_lines([{"zeta": 1, CostLine.TIME: 2}, {CostLine.FIXED: 5, CostLine.TIME: 3, "alpha": 4}])
    assert list(total.items()) == [("fixed", 5), ("time", 5), ("alpha", 4), ("zeta", 1)]
