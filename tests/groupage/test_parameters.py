"""Parameters of strategies against their annotations and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from groupage.parameters import check_bounds, check_types

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Strategy:
    """Of every kind of parameter."""

    count: int = 1
    rate: float = 1.0
    rule: str = "a"
    to: Literal["x", "y"] = "x"
    on: bool = True


def later(frame: pd.DataFrame, anything=None) -> None:
    """Takes what only a type checker can name, and what has no annotation."""


def test_right_values_pass():
    """Values of the annotated type pass, and a whole number passes for a float."""
    check_types(Strategy, {"count": 3, "rate": 2, "rule": "b", "to": "y", "on": False})
    check_types(Strategy, {"rate": 0.5})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"count": "many"}, "count is 'many', expected a whole number"),
        ({"count": 2.5}, "count is 2.5, expected a whole number"),
        ({"count": True}, "count is True, expected a whole number"),
        ({"rate": float("nan")}, "rate is nan, expected a finite number"),
        ({"rate": float("inf")}, "rate is inf, expected a finite number"),
        ({"rate": [1.0]}, r"rate is \[1.0\], expected a finite number"),
        ({"rule": ["vcg"]}, r"rule is \['vcg'\], expected text"),
        ({"to": "z"}, "to is 'z', expected one of x, y"),
        ({"on": 1}, "on is 1, expected true or false"),
    ],
)
def test_wrong_values_are_named(params, said):
    """What does not fit its annotation is named with what would."""
    with pytest.raises(ValueError, match=said):
        check_types(Strategy, params)


def test_what_cannot_be_read_is_not_checked():
    """A parameter without an annotation, or with one for type checkers alone, may be anything."""
    check_types(later, {"frame": 1, "anything": object()})


def test_bounds():
    """Bounds are within what may be; beyond, and for what is no number, the field is named with both ends."""
    check_bounds(Strategy(count=1, rate=2.0), count=(1, float("inf")), rate=(0, 2))
    with pytest.raises(ValueError, match="count is 0, expected at least 1"):
        check_bounds(Strategy(count=0), count=(1, float("inf")))
    for rate in (2.5, -1.0, float("nan")):
        with pytest.raises(ValueError, match=f"rate is {rate}, expected 0 to 2"):
            check_bounds(Strategy(rate=rate), rate=(0, 2))
