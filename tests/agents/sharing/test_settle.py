"""Whole cents that cover the total and leave nobody worse off."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.policy import Choice
from agents.registry import built_in, check_policy
from agents.sharing import SHARING
from agents.sharing.proportional import Proportional
from agents.sharing.settle import check_rule, rational_shares
from agents.synchronize import synchronize
from groupage.errors import PolicyError
from tests.agents.markets import policy, small_market

REAL = built_in
BY_WEIGHTS, BY_VOLUME = (Choice(name="proportional", params={"to": to}) for to in ("weights", "volume"))


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


class Outsider:
    """A rule from another package that needs every coalition and cannot say which it wants."""

    name = "outsider"
    needs_coalitions = True

    def shares(self, game):
        """Split in proportion to going alone."""
        return Proportional().shares(game)

    def note(self, game):
        """Nothing to say."""
        return ""


def test_a_rule_for_few_owners_is_refused_before_anything_is_negotiated(monkeypatch):
    """A rule that needs all coalitions and knows no exploring shares among ten owners, and more are refused at once."""
    check_rule(Outsider(), 10)
    with pytest.raises(PolicyError, match="there are 11 owners, expected at most 10"):
        check_rule(Outsider(), 11)
    for make in SHARING.values():
        check_rule(make(), 100)
    monkeypatch.setattr("agents.registry.built_in", lambda kind: dict(REAL(kind)) | {"outsider": Outsider})
    small = small_market(0, factories=16, shipments=40)
    assert len(small.market.owners) > 10
    # Without participants: nobody is asked anything.
    with pytest.raises(PolicyError, match="outsider needs the cost of every coalition"):
        synchronize(small.market, {}, policy("contract_net", "outsider"), 1)


def test_a_table_s_own_weights_are_none_of_a_settlement():
    """A policy that shares by weights is refused: only a table of costs has any, whatever they are."""
    with pytest.raises(PolicyError, match="expected standalone, volume or tonne_km"):
        check_policy(policy("contract_net").model_copy(update={"sharing": BY_WEIGHTS}))
    check_policy(policy("contract_net").model_copy(update={"sharing": BY_VOLUME}))
