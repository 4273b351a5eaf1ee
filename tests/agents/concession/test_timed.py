"""Concession by the clock."""

from __future__ import annotations

import pytest

from agents.concession import Boulware, Conceder, ConcessionStrategy, Linear, Moment
from agents.policy import Choice
from agents.registry import create
from groupage.errors import PolicyError
from tests.agents.concession.contract import ConcessionContract, demands


class TestBoulware(ConcessionContract):
    """Holds to the contract."""

    def build(self) -> ConcessionStrategy:
        return Boulware()


class TestLinear(ConcessionContract):
    """Holds to the contract."""

    def build(self) -> ConcessionStrategy:
        return Linear()


class TestConceder(ConcessionContract):
    """Holds to the contract."""

    def build(self) -> ConcessionStrategy:
        return Conceder()


def test_levels():
    """The levels are 1 - t^(1/speed), by hand for five rounds."""
    nothing = [0.0] * 5
    assert demands(Linear(), 5, nothing) == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert demands(Boulware(0.5), 5, nothing) == pytest.approx([1.0, 15 / 16, 3 / 4, 7 / 16, 0.0])
    assert demands(Conceder(2.0), 5, nothing) == pytest.approx([1.0, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0.0])


def test_order():
    """In the middle of a talk the boulware demands most and the conceder least; in the last round nobody anything."""
    for r in range(1, 9):
        moment = Moment(r, 10, (), ())
        assert Boulware().demand(moment) > Linear().demand(moment) > Conceder().demand(moment)
    for strategy in (Boulware(), Linear(), Conceder()):
        assert strategy.demand(Moment(9, 10, (), ())) == 0.0


@pytest.mark.parametrize(
    ("name", "speed"),
    [("boulware", 1.0), ("boulware", 0.0), ("boulware", float("nan")), ("conceder", 1.0), ("conceder", float("inf"))],
)
def test_speed(name, speed):
    """A speed that would not be slow, or fast, is refused and named."""
    with pytest.raises(PolicyError, match=f"speed is {speed}"):
        create("concession", Choice(name=name, params={"speed": speed}))
