"""Participants at the far end of the wire: asked in bytes of the contract, and answering in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from numpy.random import Generator

from agents.market import Market
from agents.messages import Message, same_message
from agents.participant import Participant
from groupage.v1 import negotiation_pb2
from groupage.wire.messages import heard, said
from server.faults import Fault
from server.wire import messages
from server.wire.answers import check
from server.wire.pseudonyms import Pseudonyms

SECRET = b"a secret of this negotiation"
REPLY_BY = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Recording(Pseudonyms):
    """Pseudonyms that remember whom they stand for."""

    def __init__(self, secret: bytes, company: str, market: Market) -> None:
        super().__init__(secret, company, market)
        self.__dict__["stood_for"] = {}

    def called(self, kind: str, name: str) -> str:
        found = super().called(kind, name)
        self.__dict__["stood_for"][found] = name
        return found


def asked_in_bytes(message: Message, names: Pseudonyms) -> negotiation_pb2.Question:
    """A message as it arrives."""
    asked = messages.question(
        message, names, negotiation="n1", synchronization="pools/rhine/synchronizations/1", reply_by=REPLY_BY
    )
    return negotiation_pb2.Question.FromString(asked.SerializeToString())


def answered_in_bytes(
    message: Message, asked: negotiation_pb2.Question, answer: negotiation_pb2.Answer, names: Pseudonyms
) -> Message:
    """An answer as the coordinator gets it."""
    arrived = negotiation_pb2.Answer.FromString(answer.SerializeToString())
    check(asked, arrived)
    reply = messages.reply(message, arrived, names)
    assert not isinstance(reply, Fault), reply
    return reply


@dataclass
class BehindTheWire:
    """Answers as its party does; all that is said goes over the wire and back under its proper names."""

    party: Participant
    names: Recording
    sent: list[bytes] = field(default_factory=list)

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Check that the question comes over whole, and send the answer back."""
        asked = asked_in_bytes(message, self.names)
        self.sent.append(asked.SerializeToString())
        arrived = heard(asked, message.receiver)
        meant = self.names.__dict__["stood_for"]
        real = messages._renamed(arrived.body, lambda _: lambda cell: meant.get(cell, cell))
        assert meant[arrived.id] == message.id
        question = replace(arrived, body=real, id=message.id, conversation=message.conversation)
        assert same_message(question, message)
        reply = self.party.respond(question, history, rng)
        body = messages._renamed(reply.body, self._says(message))
        answer = said(replace(reply, body=body, in_reply_to=asked.question_id))
        return answered_in_bytes(message, asked, answer, self.names)

    def _says(self, message: Message) -> Any:
        def says(column: str) -> Any:
            kind = messages.KINDS[column]
            same = kind == messages.MARK and column not in message.body.schema.names
            return (lambda cell: cell) if same else messages._says(self.names, column)

        return says


@dataclass
class OwnAgent:
    """An own agent that knows nothing but what was sent to it, under the names in it."""

    party: Participant
    names: Pseudonyms
    history: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer from its own history."""
        del history
        asked = asked_in_bytes(message, self.names)
        question = heard(asked, self.names.company)
        own = self.history[question.conversation]
        reply = self.party.respond(question, tuple(own), rng)
        own += [question, reply]
        return answered_in_bytes(message, asked, said(reply), self.names)
