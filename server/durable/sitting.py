"""A negotiation in a process of its own: what is asked next, and what the built-in participants answer.

Planning holds the interpreter for seconds on end, and a worker must stay awake meanwhile: to beat, to receive. So the
generator lives in a process of `server.durable.processes`; what is not on record is lost with it, and had again by
feeding the record to a new one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents import records
from agents.mediation import Mediation
from agents.messages import Exchange, Message, same_message
from agents.synchronize import Negotiation
from agents.transcript import Transcript
from groupage.errors import ReplayError
from server.foresight import Foresight, look_from, looked_text
from server.market import Freeze, alone_kgco2e, built_in, freeze_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.participants import Party
    from agents.transcript import Round
    from server.foresight import Look

# Live negotiations that a process keeps; one that was dropped is fed its record anew.
_KEPT = 8
# Rounds among built-in participants are stored together, so long after the first of them.
TOGETHER_S = 1.0


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a negotiation came in one go. All text is JSON of `agents.records`.

    Attributes
    ----------
    rounds
        What happened, a record for each round.
    heard
        By round: who was asked what, and what was answered; for the events of the participants.
    exchange
        What is asked now, where somebody's own agent must answer; empty otherwise.
    own
        Participants whose own agents must answer it.
    settlement
        Where the negotiation ended.
    alone_kgco2e
        With it: emissions of shipments without the pool, where they are known.
    """

    rounds: tuple[str, ...]
    heard: tuple[tuple[Heard, ...], ...]
    exchange: str = ""
    own: tuple[str, ...] = ()
    settlement: str = ""
    alone_kgco2e: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A question and its answer, without what they hold."""

    participant: str
    message_id: str
    topic: str
    performative: str
    disclosed: int
    by: str  # "own", "built-in" or "nobody"


class Sitting:
    """One negotiation, fed with what is on record."""

    mediation: Mediation[Any]

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        self._negotiation = Negotiation(freeze.market, freeze.policy, freeze.seed)
        self._parties: Mapping[str, Party] = built_in(freeze)
        self.mediation = Mediation(self._negotiation.conduct())

    @property
    def count(self) -> int:
        """Rounds so far."""
        return len(self.mediation.rounds)

    def feed(self, rounds: Sequence[Round]) -> None:
        """Take rounds from the record.

        Raises
        ------
        ReplayError
            If the protocol asks for something else than was asked then.
        """
        for recorded in rounds:
            exchange = self.mediation.exchange
            asked = exchange.messages if exchange is not None else ()
            same = len(asked) == len(recorded.sent) and all(map(same_message, asked, recorded.sent))
            if exchange is None or not same:
                raise ReplayError(f"round {self.count}: the protocol asks for something else than the record has")
            self.mediation.take(recorded.replies)

    def own(self) -> tuple[str, ...]:
        """Participants whose own agents are asked now."""
        exchange = self.mediation.exchange
        return tuple(m.receiver for m in exchange.messages if self._is_own(m)) if exchange is not None else ()

    def _is_own(self, question: Message) -> bool:
        return self.freeze.is_remote(question.receiver, question.topic)

    def take(self, replies: Mapping[str, Message]) -> tuple[Round, tuple[Heard, ...]]:
        """Complete the exchange: replies of own agents, by participant, and all others' built-in answers."""
        exchange = self.mediation.exchange
        if exchange is None:
            raise LookupError("the negotiation is over, nothing was asked")
        raw: list[Message | None] = []
        by: list[str] = []
        for question in exchange.messages:
            who = question.receiver
            reply: Message | None = None
            if self._is_own(question) and who in replies:
                reply, said = replies[who], "own"
            elif who in self._parties and not (self._is_own(question) and self.freeze.seats[who].sits_out):
                reply, said = self.mediation.respond(self._parties[who], question, self.freeze.seed), "built-in"
            else:
                said = "nobody"
            raw.append(reply)
            by.append(said)
        sent = exchange.messages
        taken = self.mediation.take(raw)
        answers = {(r.sender, r.in_reply_to): r for r in taken.replies}
        heard = []
        for question, said in zip(sent, by, strict=True):
            who = question.receiver
            reply = answers[who, question.id]
            heard.append(
                Heard(who, question.id, str(question.topic), str(reply.performative), reply.private_figures, said)
            )
        return taken, tuple(heard)

    def finished(self) -> str:
        """What it came to, as JSON."""
        done = self._negotiation.finished(self.mediation.outcome, self.mediation.rounds)
        return records.dumps(done.settlement)

    def alone_kgco2e(self) -> dict[str, float]:
        """Emissions of shipments without the pool, where they are known."""
        return alone_kgco2e(self.freeze, self._parties)


class LookingAhead(Sitting):
    """The conversation before a negotiation, in which a pool looks ahead."""

    def __init__(self, look: Look) -> None:
        self.freeze = look.freeze
        self._foresight = Foresight(look)
        self._parties = self._foresight.parties()
        self.mediation = Mediation(self._foresight.conduct())

    def finished(self) -> str:
        """What it came to, as JSON."""
        freeze = self.freeze
        record = Transcript(freeze.seed, freeze.market.digest, freeze.policy.digest, tuple(self.mediation.rounds))
        return looked_text(self._foresight.looked(self.mediation.outcome, record.disclosed))

    def alone_kgco2e(self) -> dict[str, float]:
        """Nothing is driven by it."""
        return {}


def sitting_of(text: str) -> Sitting:
    """Sit down to what was frozen: a negotiation, or a look ahead before one."""
    look = look_from(text)
    return Sitting(freeze_from(text)) if look is None else LookingAhead(look)


_live: OrderedDict[str, Sitting] = OrderedDict()


def go_on(key: str, count: int, replies: str, freeze: str | None = None, rounds: Sequence[str] = ()) -> Advance | None:
    """Go on with a negotiation; runs in a process of the pool.

    Parameters
    ----------
    key
        Which negotiation.
    count
        Rounds on record.
    replies
        What own agents answered to the exchange that was asked last, by participant; empty where none was.
    freeze, rounds
        Its freeze and record, for a process that does not have it.

    Returns
    -------
    Advance
        ``None`` where this process does not have it, and was not given it either.
    """
    sitting = _live.pop(key, None)
    if sitting is None or sitting.count != count:
        if freeze is None:
            return None
        sitting = sitting_of(freeze)
        for text in rounds:
            sitting.feed([records.loads(text)])
    advance = _advance(sitting, records.loads(replies) if replies else None)
    if not advance.settlement:
        _live[key] = sitting
        while len(_live) > _KEPT:
            _live.popitem(last=False)
    return advance


def _advance(sitting: Sitting, replies: Mapping[str, Message] | None) -> Advance:
    began = time.monotonic()
    taken: list[str] = []
    heard: list[tuple[Heard, ...]] = []
    while sitting.mediation.exchange is not None:
        own = sitting.own()
        if own and replies is None:
            exchange: Exchange = sitting.mediation.exchange
            return Advance(tuple(taken), tuple(heard), records.dumps(exchange), own)
        one, said = sitting.take(replies or {})
        replies = None
        taken.append(records.dumps(one))
        heard.append(said)
        if time.monotonic() - began > TOGETHER_S and sitting.mediation.exchange is not None:
            # What comes next may take long: what happened is stored first.
            return Advance(tuple(taken), tuple(heard))
    return Advance(
        tuple(taken),
        tuple(heard),
        settlement=sitting.finished(),
        alone_kgco2e=sitting.alone_kgco2e(),
    )
