"""Many talks at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.bargaining import ACCEPTS, LEAVES, PROPOSES, Bargain, Ending, Issues, Threads, bargain
from agents.concession import Boulware, Conceder, Linear, Moment, TitForTat


@dataclass(frozen=True)
class Own:
    """Brought from outside: it gives way with what it has heard and demanded."""

    name: str = "own"

    def demand(self, moment: Moment) -> float:
        """Return a figure that hangs on everything a moment tells."""
        heard = sum(moment.received) / 10
        return 1.1 - moment.round / moment.rounds - heard + 0.01 * sum(moment.demanded)


STRATEGIES = (Boulware(), Linear(), Conceder(), TitForTat(), TitForTat(1.7), Own())


@st.composite
def tables(draw: st.DrawFn) -> tuple[Threads, Threads]:
    """Several talks between two, with ties, hopeless ones and impatience."""
    sizes = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    issues = Issues(tuple(f"i{k}" for k in range(len(sizes))), sizes)
    talks, rounds = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    coarse = draw(st.booleans())

    def threads(second: bool) -> Threads:
        worth = rng.uniform(-20, 100, (talks, len(issues.points)))
        return Threads(
            issues,
            np.round(worth, -1) if coarse else worth,
            rng.choice([0.0, 30.0, 60.0, 101.0], talks),
            draw(st.sampled_from(STRATEGIES)),
            rounds,
            second,
            draw(st.sampled_from([1.0, 0.99, 0.8])),
        )

    return threads(False), threads(True)


def conducted(first: Threads, second: Threads) -> list[Bargain]:
    """Carry tables of offers between two sides until all talks have ended; those that have ended stay in the tables."""
    count = len(first.worth)
    offers: list[list[int]] = [[] for _ in range(count)]
    heard = {id(first): np.empty((count, 0), np.int64), id(second): np.empty((count, 0), np.int64)}
    ended: dict[int, Bargain] = {}
    for round_ in range(first.rounds):
        for me, other in ((first, second), (second, first)):
            acts, outcomes = me.answers(heard[id(me)], round_)
            for t in range(count):
                if t in ended:
                    continue
                made = np.array(offers[t], dtype=np.int64)
                if acts[t] == ACCEPTS:
                    ended[t] = Bargain(offers[t][-1], Ending.AGREED, round_, made)
                elif acts[t] == LEAVES:
                    ended[t] = Bargain(None, Ending.LEFT, round_, made)
                else:
                    assert acts[t] == PROPOSES
                    offers[t].append(int(outcomes[t]))
            said = np.where(outcomes < 0, 0, outcomes)
            heard[id(other)] = np.column_stack([heard[id(other)], said])
    return [ended[t] for t in range(count)]


@given(sides=tables())
@settings(max_examples=300, deadline=None)
def test_each_talk_as_by_itself(sides):
    """Every talk of a table makes the offers, and ends in the round and with the outcome, that it has by itself."""
    first, second = sides
    for t, found in enumerate(conducted(first, second)):
        alone = bargain(first.issues, first.side(t), second.side(t), first.rounds)
        assert (found.outcome, found.round) == (alone.outcome, alone.round)
        assert found.offers.tolist() == alone.offers.tolist()


@pytest.mark.parametrize("wrong", [0.0, 1.1, -1.0, float("nan")])
@pytest.mark.parametrize("strategy", [Boulware, Linear, Conceder, TitForTat])
def test_discount_that_is_none(strategy, wrong):
    """A strategy's discount lies above 0 and is at most 1."""
    with pytest.raises(ValueError, match="discount"):
        strategy(discount=wrong)
