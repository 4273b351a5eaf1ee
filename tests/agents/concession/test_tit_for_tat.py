"""Concession in kind."""

from __future__ import annotations

import pytest

from agents.concession import CONCESSION, ConcessionStrategy, Linear, Moment, TitForTat
from tests.agents.concession.contract import ConcessionContract, demands


class TestTitForTat(ConcessionContract):
    """Holds to the contract."""

    def build(self) -> ConcessionStrategy:
        return TitForTat()


def test_returns_what_it_gets():
    """After two offers it gives what the other gave, times its reciprocity, and nothing when the other takes back."""
    assert TitForTat().demand(Moment(3, 10, (1.0, 0.9, 0.8), (0.1, 0.1, 0.25))) == pytest.approx(0.65)
    assert TitForTat(0.5).demand(Moment(3, 10, (1.0, 0.9, 0.8), (0.1, 0.1, 0.25))) == pytest.approx(0.725)
    assert TitForTat().demand(Moment(3, 10, (1.0, 0.9, 0.8), (0.3, 0.2))) == 0.8


def test_opening():
    """Until it has heard two offers it goes by the clock."""
    assert demands(TitForTat(), 5, [0.0] * 5)[:2] == demands(Linear(), 5, [0.0] * 5)[:2]


def test_the_stubborn_get_nothing():
    """To somebody who does not move it gives no more than it opened with."""
    assert set(demands(TitForTat(), 20, [0.0] * 20)[1:]) == {1 - 1 / 19}


@pytest.mark.parametrize("reciprocity", [0.0, -1.0, float("nan"), float("inf")])
def test_reciprocity(reciprocity):
    """A reciprocity that returns nothing is refused."""
    with pytest.raises(ValueError, match="reciprocity is"):
        TitForTat(reciprocity)


def test_registered_by_name():
    """Each strategy is registered under the name that it carries."""
    assert {name: make().name for name, make in CONCESSION.items()} == {name: name for name in CONCESSION}
