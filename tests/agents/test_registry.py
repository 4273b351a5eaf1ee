"""Names of strategies."""

from __future__ import annotations

import pytest

from agents.bidding import Markup
from agents.policy import Choice, Policy
from agents.registry import KINDS, built_in, check_policy, create, names
from groupage.errors import PolicyError


def test_everything_built_in_can_be_made() -> None:
    """Each name of each kind makes a strategy of that name with its default parameters."""
    for kind in KINDS:
        known = built_in(kind)
        assert set(known) <= set(names(kind))
        for name in known:
            if kind != "forecasters":  # made by `create_forecaster`, which hands over the future
                assert create(kind, Choice(name=name)).name == name


@pytest.mark.parametrize(
    ("kind", "given", "near"),
    [
        ("protocols", "contractnet", "contract_net"),
        ("sharing", "shaply", "shapley"),
        ("bidding", "mark-up", "markup"),
        ("concession", "boulwar", "boulware"),
        ("holding", "shipnow", "ship_now"),
    ],
)
def test_unknown_name(kind: str, given: str, near: str) -> None:
    """An unknown name is named, with the nearest known one and all that there are."""
    with pytest.raises(PolicyError, match=f"did you mean {near}") as caught:
        create(kind, Choice(name=given))
    assert repr(given) in str(caught.value)
    assert all(name in str(caught.value) for name in names(kind))


def test_nothing_near() -> None:
    """Where no known name is near, none is suggested."""
    with pytest.raises(PolicyError) as caught:
        create("protocols", Choice(name="zzz"))
    assert "did you mean" not in str(caught.value)


def test_parameters() -> None:
    """Known parameters arrive; unknown ones and the name are refused, wrong values named."""
    assert create("bidding", Choice(name="markup", params={"percent": 3.0})) == Markup(3.0)
    for params in ({"percents": 3.0}, {"name": "other"}):
        with pytest.raises(PolicyError, match=r"expected one of: percent$"):
            create("bidding", Choice(name="markup", params=params))
    with pytest.raises(PolicyError, match=r"expected one of: none"):
        create("bidding", Choice(name="truthful", params={"percent": 1}))
    for percent in (-1.0, float("nan"), "much"):
        with pytest.raises(PolicyError, match="markup"):
            create("bidding", Choice(name="markup", params={"percent": percent}))


def test_check_policy() -> None:
    """A policy with one wrong choice of any kind is refused before a run; a right one is not."""
    good = {"name": "p", "protocol": Choice(name="standalone")}
    check_policy(Policy(**good))
    for kind in ("protocol", "sharing", "bidding", "concession", "holding", "forecaster"):
        with pytest.raises(PolicyError, match="nonsense"):
            check_policy(Policy(**good | {kind: Choice(name="nonsense")}))
