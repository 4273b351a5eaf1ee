"""Drives a protocol's generator: delivers messages, completes replies, writes the transcript, replays one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from agents.messages import ANSWERS, EMPTY_BODY, Exchange, Message, Performative, is_private, leaves, same_message
from agents.seeds import rng_for
from agents.transcript import Round
from groupage.errors import ReplayError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.participant import Participant
    from agents.protocol import Conversation

Outcome = TypeVar("Outcome")

# What may answer a question, and whether the answer must carry the topic's table.
_CARRIES_TABLE = frozenset({Performative.PROPOSE, Performative.INFORM})
# Money may be left open: no quote for a lot, or a load's price in its first row only.
_MAY_BE_OPEN = frozenset({"reserve_cents", "standalone_cents", "price_cents"})
_BARE = frozenset({Performative.ACCEPT_PROPOSAL, Performative.REJECT_PROPOSAL, Performative.REFUSE})


def completed(exchange: Exchange, replies: Sequence[Message | None]) -> tuple[Message, ...]:
    """Turn whatever came back into exactly one well-formed reply per question, sorted by sender.

    The silent get a ``failure``, the malformed a ``not-understood`` in their place.
    """
    given = {(m.sender, m.in_reply_to): m for m in replies if m is not None}
    out = []
    for question in exchange.messages:
        reply = given.get((question.receiver, question.id))
        if reply is None:
            out.append(question.reply(Performative.FAILURE, reason="no reply in time"))
        elif fault := _fault(question, reply):
            out.append(question.reply(Performative.NOT_UNDERSTOOD, reason=fault))
        else:
            out.append(reply)
    return tuple(sorted(out, key=lambda m: m.sender))


def _fault(question: Message, reply: Message) -> str:
    expected = question.reply(reply.performative)
    if (reply.id, reply.receiver, reply.conversation, reply.topic) != (
        expected.id,
        expected.receiver,
        expected.conversation,
        expected.topic,
    ):
        return "the reply does not belong to the question"
    if reply.performative in _CARRIES_TABLE:
        schema = ANSWERS[question.topic]
        if not reply.body.schema.equals(schema, check_metadata=True):
            return f"the body has columns {reply.body.schema.names}, expected {schema.names} of the topic's types"
        return _nonsense(reply.body)
    if reply.performative in _BARE or reply.performative in (Performative.FAILURE, Performative.NOT_UNDERSTOOD):
        return "" if reply.body.equals(EMPTY_BODY) else f"a {reply.performative} carries a body, expected none"
    return f"{reply.performative} does not answer a {question.performative}"


def _nonsense(body: pa.Table) -> str:
    """Say which column no protocol could reckon with."""
    for column in body.schema:
        if body[column.name].null_count and pa.types.is_list(column.type):
            return f"column {column.name} has empty cells, expected none"
        cells = leaves(body[column.name])
        if cells.null_count and column.name not in _MAY_BE_OPEN:
            return f"column {column.name} has empty cells, expected none"
        if pa.types.is_floating(cells.type) and pc.all(pc.is_finite(cells)).as_py() is False:
            return f"column {column.name} has figures that are no numbers, expected finite ones"
        if is_private(column) and pc.any(pc.less(cells, 0)).as_py():
            return f"column {column.name} has figures below 0, expected costs and prices >= 0"
    return ""


class Mediation(Generic[Outcome]):
    """A conversation as it stands between two exchanges: for whoever cannot wait for the answers here.

    Attributes
    ----------
    rounds
        Every round so far.
    exchange
        What is asked now; ``None`` once there is an outcome.
    """

    def __init__(self, conduct: Conversation[Outcome]) -> None:
        self._conduct = conduct
        self._history: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
        self.rounds: list[Round] = []
        self.exchange: Exchange | None = None
        self._outcome: list[Outcome] = []
        self._go_on(None)

    def _go_on(self, replies: tuple[Message, ...] | None) -> None:
        try:
            self.exchange = next(self._conduct) if replies is None else self._conduct.send(replies)
        except StopIteration as end:
            self.exchange = None
            self._outcome.append(end.value)

    @property
    def outcome(self) -> Outcome:
        """What the conversation came to.

        Raises
        ------
        LookupError
            If it goes on.
        """
        if not self._outcome:
            raise LookupError(f"the conversation goes on after {len(self.rounds)} rounds")
        return self._outcome[0]

    def respond(self, participant: Participant, question: Message, seed: int) -> Message:
        """Have a participant in this process answer a question of the exchange, with what it heard and said before.

        A participant's randomness is spawned from (seed, participant, round), so that neither the order of calls nor
        the number of workers matters.
        """
        heard = self._history[question.receiver, question.conversation]
        rng = rng_for(seed, "participant", question.receiver, len(self.rounds))
        return participant.respond(question, tuple(heard), rng)

    def take(self, raw: Sequence[Message | None]) -> Round:
        """Complete the exchange with whatever came back, and go on to the next."""
        if self.exchange is None:
            raise LookupError("the conversation is over, nothing was asked")
        replies = completed(self.exchange, raw)
        for question in self.exchange.messages:
            self._history[question.receiver, question.conversation].append(question)
        for reply in replies:
            self._history[reply.sender, reply.conversation].append(reply)
        taken = Round(self.exchange.messages, replies)
        self.rounds.append(taken)
        self._go_on(replies)
        return taken


def mediate(
    conduct: Conversation[Outcome], participants: Mapping[str, Participant], seed: int
) -> tuple[Outcome, tuple[Round, ...]]:
    """Drive a protocol to its settlement (or another conversation to its outcome) with participants in this process.

    A message to somebody unknown counts as unanswered.

    Returns
    -------
    tuple
        The outcome, and every round as it was.
    """
    mediation = Mediation(conduct)
    while mediation.exchange is not None:
        asked = [(participants.get(q.receiver), q) for q in mediation.exchange.messages]
        mediation.take([mediation.respond(p, q, seed) for p, q in asked if p is not None])
    return mediation.outcome, tuple(mediation.rounds)


def replay(conduct: Conversation[Outcome], rounds: Sequence[Round]) -> Outcome:
    """Feed recorded replies to a protocol and compare every exchange it yields with the record.

    Raises
    ------
    ReplayError
        At the first message that differs, or where the record is too short or too long.
    """
    number = -1
    try:
        exchange = next(conduct)
        for number, recorded in enumerate(rounds):
            if len(exchange.messages) != len(recorded.sent):
                raise ReplayError(
                    f"round {number}: {len(exchange.messages)} messages yielded, the record has {len(recorded.sent)}"
                )
            for yielded, written in zip(exchange.messages, recorded.sent, strict=True):
                if not same_message(yielded, written):
                    raise ReplayError(
                        f"round {number}: the message {yielded.id} differs from the record's {written.id}"
                    )
            exchange = conduct.send(recorded.replies)
    except StopIteration as end:
        if number != len(rounds) - 1:
            raise ReplayError(
                f"the protocol settled after round {number}, the record has {len(rounds)} rounds"
            ) from None
        outcome: Outcome = end.value
        return outcome
    raise ReplayError(f"the protocol goes on after the record's {len(rounds)} rounds")
