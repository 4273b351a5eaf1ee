"""Alternating offers between two parties, to an agreement or to none."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.bargaining.kernel import AGREED, DEADLINE, talk
from agents.bargaining.problem import Bargain, Ending, Issues, Side
from agents.bargaining.talk import Bargainer, converse
from agents.concession import Boulware, Conceder, Linear, Moment, TitForTat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.concession import ConcessionStrategy

_COMPILED: tuple[type, ...] = (Boulware, Conceder, Linear, TitForTat)


def bargain(issues: Issues, first: Side, second: Side, rounds: int) -> Bargain:
    """Let two sides make offers in turn.

    In each round the first side speaks, then the second: it takes the offer it has just heard, makes one in return, or
    leaves. It takes an offer that is worth at least what it would demand now; the second side, which has the last word,
    takes in the last round whatever is better than no deal. Talks of built-in strategies run in compiled code, others
    in messages; what comes out is the same.

    Parameters
    ----------
    rounds
        Deadline: rounds before the talk fails, at least 1.

    Raises
    ------
    ValueError
        If a side does not value every outcome, or there is no round.

    References
    ----------
    A. Rubinstein, "Perfect equilibrium in a bargaining model", Econometrica 50(1), 1982, 97-109. R. Aydogan, D. Festen,
    K. V. Hindriks and C. M. Jonker, "Alternating offers protocols for multilateral negotiation", in Modern Approaches
    to Agent-based Complex Automated Negotiation, 2017, 153-167 (stacked alternating offers, here for two).
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}, expected at least 1")
    count = len(issues.points)
    for side in (first, second):
        if len(side.worth) != count:
            raise ValueError(f"worth has {len(side.worth)} figures, expected {count}, one for each outcome")
    strategies: list[Any] = [first.strategy, second.strategy]
    if not all(type(strategy) in _COMPILED for strategy in strategies):
        return converse(issues, bargainers(issues, first, second, rounds))
    sides = (first, second)
    offers = np.empty(2 * rounds, dtype=np.int64)
    ended, round_, made = talk(
        issues.points,
        np.stack([s.worth for s in sides]).astype(np.float64, copy=False),
        np.stack([np.argsort(-s.worth, kind="stable") for s in sides]),
        np.array([s.reserve for s in sides], dtype=np.float64),
        np.array([s.best for s in sides]),
        np.stack([s.floors(rounds) for s in sides]),
        np.stack([_clock(strategy, rounds) for strategy in strategies]),
        np.array([getattr(strategy, "reciprocity", 0.0) for strategy in strategies], dtype=np.float64),
        offers,
    )
    said = offers[:made].copy()
    if ended == AGREED:
        return Bargain(int(said[-1]), Ending.AGREED, int(round_), said)
    return Bargain(None, Ending.DEADLINE if ended == DEADLINE else Ending.LEFT, int(round_), said)


def bargainers(issues: Issues, first: Side, second: Side, rounds: int) -> tuple[Bargainer, Bargainer]:
    """Two speakers for a talk in messages."""
    return Bargainer(first, issues, rounds, False), Bargainer(second, issues, rounds, True)


@lru_cache(maxsize=256)
def _clock(strategy: ConcessionStrategy, rounds: int) -> NDArray[np.float64]:
    """Levels that a built-in strategy demands in each round when nothing was heard."""
    levels = np.array([strategy.demand(Moment(r, rounds, (), ())) for r in range(rounds)])
    levels.setflags(write=False)
    return levels
