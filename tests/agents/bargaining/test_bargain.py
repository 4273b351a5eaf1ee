"""Alternating offers between two."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.bargaining import Bargain, Ending, Issues, Side, bargain, bargainers, converse
from agents.concession import CONCESSION, Boulware, Conceder, Linear, Moment, TitForTat
from agents.sharing.nash_bargaining import nash_point

PRICE = Issues(("price",), (101,))
STRATEGIES = (Boulware(), Boulware(0.03), Linear(), Conceder(), Conceder(20.0), TitForTat(), TitForTat(1.7))


def priced(first, second, reserves=(0.0, 0.0), discounts=(1.0, 1.0)) -> tuple[Side, Side]:
    """Two sides that divide 100."""
    return (
        Side(PRICE.worth([range(101)]), first, reserves[0], discounts[0]),
        Side(PRICE.worth([range(100, -1, -1)]), second, reserves[1], discounts[1]),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[Issues, Side, Side, int]:
    """Any issues; worths with many ties, some hopeless; waiting may cost much."""
    sizes = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    issues = Issues(tuple(f"i{k}" for k in range(len(sizes))), sizes)
    coarse = draw(st.booleans())

    def side() -> Side:
        worth = rng.uniform(-20, 100, len(issues.points))
        return Side(
            np.round(worth, -1) if coarse else worth,
            draw(st.sampled_from(STRATEGIES)),
            draw(st.sampled_from([0.0, 30.0, 60.0, -40.0, 101.0])),
            draw(st.sampled_from([1.0, 0.99, 0.8])),
        )

    return issues, side(), side(), draw(st.integers(1, 30))


@given(problem=problems())
@settings(max_examples=400, deadline=None)
def test_same_as_in_messages(problem):
    """Compiled talk and talk in messages make the same offers and end the same way in the same round."""
    issues, first, second, rounds = problem
    fast = bargain(issues, first, second, rounds)
    slow = converse(issues, bargainers(issues, first, second, rounds))
    assert (fast.outcome, fast.ending, fast.round) == (slow.outcome, slow.ending, slow.round)
    assert fast.offers.tolist() == slow.offers.tolist()


@given(problem=problems())
@settings(max_examples=200, deadline=None)
def test_nobody_loses(problem):
    """No bargain leaves a side worse off than none, no offer is worth less to its sender than no deal was then."""
    issues, first, second, rounds = problem
    found = bargain(issues, first, second, rounds)
    assert min(first.gain(found), second.gain(found)) >= -1e-9
    assert (found.outcome is not None) == (found.ending is Ending.AGREED)
    assert found.round < rounds
    if found.outcome is not None:
        assert found.outcome == found.offers[-1]
    for k, offer in enumerate(found.offers):
        side = (first, second)[k % 2]
        assert side.worth[offer] * side.discount ** (k // 2) >= side.reserve - 1e-9


@pytest.mark.parametrize("reserve", [0.0, 20.0, 40.0])
@pytest.mark.parametrize("strategy", [Linear(), Conceder(), Boulware()])
def test_alike_reach_the_nash_point(strategy, reserve):
    """Over a price, two whom nothing tells apart meet where Nash has it, within what a round gives way."""
    first, second = priced(strategy, strategy, (reserve, reserve))
    found = bargain(PRICE, first, second, 200)
    expected, _ = nash_point(lambda mine: 100 - mine, (reserve, reserve), 100.0)
    assert first.worth[found.outcome] == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("reserves", [(20.0, 0.0), (10.0, 50.0)])
@pytest.mark.parametrize("strategy", [Linear(), Conceder(), Boulware()])
def test_alike_give_way_alike(strategy, reserves):
    """Two of one strategy meet where both have given up the same part of the way from their best to no deal."""
    first, second = priced(strategy, strategy, reserves)
    found = bargain(PRICE, first, second, 200)
    level = (100 - sum(reserves)) / (200 - sum(reserves))
    assert first.worth[found.outcome] == pytest.approx(reserves[0] + (100 - reserves[0]) * level, abs=2)


def test_patience_pays():
    """Over a price, who holds out longer gets more."""
    outcomes = []
    for strategy in (Conceder(), Linear(), Boulware()):
        first, second = priced(strategy, Linear())
        outcomes.append(first.gain(bargain(PRICE, first, second, 100)))
    assert outcomes == sorted(outcomes)
    assert outcomes[0] + 10 < outcomes[1] < outcomes[2] - 10


def test_trades_issues_off():
    """Where the sides care for different issues each gets its own way, and both gain more than in the middle."""
    issues = Issues(("price", "day"), (11, 11))
    rising, falling = np.arange(11.0), np.arange(10.0, -1, -1)
    first = Side(issues.worth([9 * rising, 1 * rising]), Linear())
    second = Side(issues.worth([1 * falling, 9 * falling]), Linear())
    found = bargain(issues, first, second, 100)
    assert min(first.gain(found), second.gain(found)) > 60


def test_nothing_to_agree_on():
    """Where every outcome leaves one of them worse off there is none, and the deadline ends the talk."""
    first, second = priced(Linear(), Linear(), (60.0, 60.0))
    found = bargain(PRICE, first, second, 7)
    assert (found.outcome, found.ending, found.round, len(found.offers)) == (None, Ending.DEADLINE, 6, 13)
    assert first.gain(found) == second.gain(found) == 0.0


def test_waiting_eats_the_gain():
    """Who finds that even its best is worth no more than no deal leaves, and does not wait for the deadline."""
    first, second = priced(Boulware(0.03), Boulware(0.03), (50.0, 0.0), (0.9, 1.0))
    found = bargain(PRICE, first, second, 50)
    # 100 * 0.9 ** 7 is below 50 for the first time.
    assert (found.ending, found.round) == (Ending.LEFT, 7)


def test_hopeless():
    """Who has no outcome worth more than no deal makes no offer."""
    found = bargain(PRICE, *priced(Linear(), Linear(), (100.0, 0.0)), 5)
    assert (found.ending, found.round, len(found.offers)) == (Ending.LEFT, 0, 0)


def test_last_word():
    """In the last round the second side takes what is better than no deal, whatever its strategy says."""
    first, second = priced(Boulware(0.03), TitForTat())
    found = bargain(PRICE, first, second, 10)
    assert (found.ending, found.round) == (Ending.AGREED, 9)


@dataclass
class Insists:
    """Gives way at once as far as half."""

    name: str = "insists"

    def demand(self, moment: Moment) -> float:
        return 0.5


def test_own_strategy():
    """A strategy from outside bargains too, in messages, with one that is built in."""
    first, second = priced(Insists(), Conceder())
    found = bargain(PRICE, first, second, 50)
    assert found.ending is Ending.AGREED
    assert first.worth[found.outcome] == 50


def test_table():
    """All offers are one table: round, sender, levels; the sides alternate, and the last row is the agreement."""
    issues = Issues(("price", "day"), (4, 3))
    first = Side(issues.worth([[0, 1, 2, 3], [0, 0, 0]]), Linear())
    second = Side(issues.worth([[3, 2, 1, 0], [0, 1, 2]]), Linear())
    found = bargain(issues, first, second, 6)
    rows = found.table(issues, ("factory", "carrier")).to_pylist()
    assert list(rows[0]) == ["round", "sender", "price", "day"]
    assert [r["sender"] for r in rows] == [("factory", "carrier")[k % 2] for k in range(len(rows))]
    assert [r["round"] for r in rows] == [k // 2 for k in range(len(rows))]
    assert [rows[-1]["price"], rows[-1]["day"]] == issues.levels[found.outcome].tolist()
    assert rows[0]["price"] == 3


def test_wrong_input():
    """Wrong sizes, discounts, rounds and figures are refused with what was given and expected."""
    first, second = priced(Linear(), Linear())
    with pytest.raises(ValueError, match="rounds is 0"):
        bargain(PRICE, first, second, 0)
    with pytest.raises(ValueError, match="3 figures, expected 101"):
        bargain(PRICE, Side(np.zeros(3), Linear()), second, 5)
    for discount in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="discount is"):
            Side(np.ones(2), Linear(), discount=discount)
    for worth in (np.array([]), np.array([1.0, np.nan])):
        with pytest.raises(ValueError, match="expected finite"):
            Side(worth, Linear())
    for names, sizes in (((), ()), (("a",), (1, 2)), (("a",), (0,))):
        with pytest.raises(ValueError, match="expected at least one level"):
            Issues(names, sizes)
    with pytest.raises(ValueError, match="expected \\[101\\]"):
        PRICE.worth([[1, 2]])


def test_every_built_in_is_compiled(monkeypatch):
    """No pair of built-in strategies takes the slow way."""
    monkeypatch.setattr(sys.modules["agents.bargaining.bargain"], "converse", None)
    for one in CONCESSION.values():
        for other in CONCESSION.values():
            assert isinstance(bargain(PRICE, *priced(one(), other()), 20), Bargain)
