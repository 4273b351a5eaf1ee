"""The same talk in messages, one object for each: for strategies of any kind, and to check the compiled talk by.

Who says what:

    first -> second     an offer
    second -> first     agreed, or an offer in return, or I leave
    first -> second     agreed, or an offer in return, or I leave
    ...                 until the last round, in which the second agrees or not
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agents.bargaining.problem import Bargain, Ending, Issues, Side
from agents.concession import Moment
from agents.messages import Performative


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side says to the other.

    Attributes
    ----------
    act
        ``propose``, ``accept-proposal`` or ``refuse`` (leave).
    outcome
        Offered; -1 with the other acts.
    """

    act: Performative
    outcome: int = -1


@dataclass
class Bargainer:
    """Speaks for one side in one talk.

    Attributes
    ----------
    has_last_word
        Whether nobody can answer what it says in the last round; it then takes whatever is better than no deal.
    """

    side: Side
    issues: Issues
    rounds: int
    has_last_word: bool
    demanded: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.floors = self.side.floors(self.rounds).tolist()

    def answer(self, heard: Utterance | None, round_: int) -> Utterance:
        """Answer an offer, or open the talk."""
        side, floor = self.side, self.floors[round_]
        if side.best <= floor:
            return Utterance(Performative.REFUSE)
        span = side.best - side.reserve
        if heard is not None:
            self.received.append((float(side.worth[heard.outcome]) - side.reserve) / span)
        moment = Moment(round_, self.rounds, self.demanded, self.received)
        level = min(1.0, max(0.0, side.strategy.demand(moment)))
        self.demanded.append(level)
        target = min(side.best, max(floor, side.reserve + span * level))
        ends = self.has_last_word and round_ == self.rounds - 1
        if heard is not None and side.worth[heard.outcome] >= (floor if ends else target):
            return Utterance(Performative.ACCEPT_PROPOSAL)
        if ends:
            return Utterance(Performative.REFUSE)
        return Utterance(Performative.PROPOSE, self.choose(target, heard))

    def choose(self, target: float, heard: Utterance | None) -> int:
        """Of what is worth enough, the outcome most like the other's last offer; ties: worth, then the first.

        The trade-off of Faratin, Sierra and Jennings 2002 with every issue alike: what the other cares about is not
        known to it.
        """
        enough = np.flatnonzero(self.side.worth >= target)
        if heard is not None:
            points = self.issues.points
            apart = np.abs(points[enough] - points[heard.outcome]).sum(axis=1)
            enough = enough[apart == apart.min()]
        return int(enough[np.argmax(self.side.worth[enough])])


def converse(issues: Issues, bargainers: tuple[Bargainer, Bargainer]) -> Bargain:
    """Carry messages between two bargainers until the talk ends."""
    offers: list[int] = []
    heard: Utterance | None = None
    rounds = bargainers[0].rounds
    for round_ in range(rounds):
        for bargainer in bargainers:
            said = bargainer.answer(heard, round_)
            if said.act == Performative.PROPOSE:
                offers.append(said.outcome)
                heard = said
                continue
            made = np.array(offers, dtype=np.int64)
            if said.act == Performative.ACCEPT_PROPOSAL:
                return Bargain(offers[-1], Ending.AGREED, round_, made)
            at_end = bargainer.has_last_word and round_ == rounds - 1
            left = bargainer.side.best <= bargainer.floors[round_]
            return Bargain(None, Ending.DEADLINE if at_end and not left else Ending.LEFT, round_, made)
    raise ValueError("no bargainer has the last word, expected the second to have it")
