"""Whole cents that cover the total and leave nobody worse off."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.sharing.settle import rational_shares


@st.composite
def claims(draw):
    """Shares that sum to a total of whole cents but for float noise, and ceilings that can cover it."""
    n = draw(st.integers(1, 7))
    keys = [f"p{i}" for i in range(n)]
    ceilings = dict(zip(keys, draw(st.lists(st.integers(0, 10**7), min_size=n, max_size=n)), strict=True))
    total = draw(st.integers(-1000, sum(ceilings.values())))
    parts = draw(st.lists(st.floats(-1e6, 1e7), min_size=n, max_size=n))
    raw = {k: x + (total - sum(parts)) / n for k, x in zip(keys, parts, strict=True)}
    return raw, ceilings, total


@given(claims())
def test_covers_the_total_below_the_ceilings(case):
    """The cents sum to the total exactly, and nobody pays a cent above its ceiling."""
    raw, ceilings, total = case
    cents = rational_shares(raw, ceilings, total)
    assert sum(cents.values()) == total
    assert all(type(c) is int and c <= ceilings[k] for k, c in cents.items())
    assert list(cents) == list(raw)


@given(claims())
def test_only_rounds_what_is_feasible(case):
    """Where nobody is above its ceiling, shares move by rounding only."""
    raw, ceilings, total = case
    ceilings = {k: max(ceilings[k], int(raw[k]) + 1) for k in raw}
    assume(total <= sum(ceilings.values()))
    cents = rational_shares(raw, ceilings, total)
    assert all(abs(cents[k] - raw[k]) <= 1 + 1e-6 for k in raw)


@given(claims())
def test_nobody_below_the_rule_but_by_clipping(case):
    """Only those above their ceilings pay less than the rule said; the others pay at least that, but for rounding."""
    raw, ceilings, total = case
    cents = rational_shares(raw, ceilings, total)
    assert all(cents[k] >= min(raw[k], ceilings[k]) - 1 - 1e-6 for k in raw)


def test_spreads_what_clipping_leaves():
    """What the clipped do not pay is paid by the others in proportion to the room below their ceilings."""
    cents = rational_shares({"a": 900.0, "b": 300.0, "c": 300.0}, {"a": 600, "b": 400, "c": 600}, 1500)
    assert cents == {"a": 600, "b": 375, "c": 525}


def test_no_room_to_round_up():
    """A share just below its ceiling is never rounded above it: the missing cent goes to somebody with room."""
    assert rational_shares({"a": 10.5, "b": 10.5}, {"a": 10, "b": 30}, 21) == {"a": 10, "b": 11}
    assert rational_shares({"a": 33.4, "b": 33.3, "c": 33.3}, {"a": 34, "b": 33, "c": 33}, 100) == {
        "a": 34,
        "b": 33,
        "c": 33,
    }


def test_ties_go_to_the_first_key():
    """Equal remainders are settled by key, not by the order of the mapping."""
    assert rational_shares({"b": 0.5, "a": 0.5}, {"b": 5, "a": 5}, 1) == {"b": 0, "a": 1}


def test_everybody_at_the_ceiling():
    """Where the total is the sum of the ceilings, everybody pays its own."""
    assert rational_shares({"a": 1.0, "b": 16.0}, {"a": 10, "b": 7}, 17) == {"a": 10, "b": 7}


def test_a_share_that_is_paid_out():
    """A negative share is money received, and stays so."""
    assert rational_shares({"a": -200.0, "b": 700.0}, {"a": 100, "b": 800}, 500) == {"a": -200, "b": 700}


@pytest.mark.parametrize(
    ("raw", "ceilings", "total", "words"),
    [
        ({"a": 11.0}, {"a": 10}, 11, "expected at most 10, the sum of the ceilings"),
        ({"a": 11.0}, {"b": 20}, 11, "ceilings are given for"),
        ({"a": float("nan")}, {"a": 20}, 11, "expected finite"),
        ({"a": 9.0}, {"a": 20}, 11, "shares sum to 9.0 cents, expected the total, 11"),
        ({}, {}, 1, "at most 0"),
    ],
)
def test_refuses(raw, ceilings, total, words):
    """What cannot be covered, or is no split of the total, is an error that says so."""
    with pytest.raises(ValueError, match=words):
        rational_shares(raw, ceilings, total)


def test_nobody():
    """Nothing is split between nobody."""
    assert rational_shares({}, {}, 0) == {}
