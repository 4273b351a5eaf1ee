"""Names of strategies."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint

import pandas as pd
import pytest

from agents import registry
from agents.bidding import Markup
from agents.policy import Choice, Policy
from agents.registry import KINDS, built_in, check_policy, create, create_forecaster, names
from agents.synchronize import synchronize
from groupage.errors import PolicyError
from tests.agents.markets import policy, small_market


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


def parameters() -> list[tuple[str, str, str]]:
    """Every parameter of everything built in: kind, name, parameter."""
    return [
        (kind, name, parameter)
        for kind in KINDS
        for name, factory in built_in(kind).items()
        for parameter in inspect.signature(factory).parameters
        if parameter not in ("name", "future")
    ]


def refusal(kind: str, choice: Choice) -> str | None:
    """Why a strategy is not made; ``None`` where it is."""
    try:
        if kind == "forecasters":
            create_forecaster(choice, pd.DataFrame({"unique_id": [], "ds": [], "y": []}))
        else:
            create(kind, choice)
    except PolicyError as error:
        return str(error)
    return None


@pytest.mark.parametrize(("kind", "name", "parameter"), parameters())
def test_no_parameter_breaks_anything_but_itself(kind: str, name: str, parameter: str) -> None:
    """A value of a wrong type, no number, or one out of all bounds is refused by name; nothing else is raised."""
    for value in (["a"], {"a": 1}, None, float("nan"), float("inf"), -1, -0.5, 0, 2.5, 10**9, 1e300, "many", True):
        said = refusal(kind, Choice(name=name, params={parameter: value}))
        assert said is None or (parameter in said and (name in said or kind == "forecasters"))
        if isinstance(value, list | dict) or value == float("inf") or value != value:
            assert said is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameter"), [(name, parameter) for kind, name, parameter in parameters() if kind == "protocols"]
)
def test_the_least_and_the_huge_that_a_protocol_takes_work(name: str, parameter: str) -> None:
    """A protocol that takes a value negotiates with it: the least, and one far too large."""
    small = small_market(3, shipments=4)
    for value in (1, 10**9):
        choice = Choice(name=name, params={parameter: value})
        if refusal("protocols", choice) is None:
            chosen = policy(name, "proportional").model_copy(update={"protocol": choice})
            settled = synchronize(small.market, small.parties(), chosen, 1)
            assert settled.settlement.market_digest == small.market.digest


def test_a_broken_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point whose module or attribute is missing is a word about that package, not a traceback."""
    for value in ("no_such_module:Rule", "agents.sharing:NoSuchRule"):
        point = EntryPoint("odd", value, "groupage.sharing")
        monkeypatch.setattr(registry, "entry_points", lambda point=point, **_: [point])
        with pytest.raises(PolicyError, match=f"'odd' of an installed package does not load from '{value}'"):
            create("sharing", Choice(name="odd"))
