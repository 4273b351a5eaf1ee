"""A participant built of desks: one for its shipments, one for its vehicles, one for its docks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agents.messages import Message, Performative, Topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator


class Desk(Protocol):
    """Answers the topics of one role."""

    @property
    def topics(self) -> frozenset[Topic]:
        """What it answers."""
        ...

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer a question on one of the topics."""
        ...


@dataclass(frozen=True, slots=True)
class Party:
    """One participant; a carrier that owns shipments has two desks.

    Attributes
    ----------
    id
        Its name in messages.
    """

    id: str
    desks: tuple[Desk, ...]

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Hand the message to the desk whose topic it is; see `agents.participant.Participant`."""
        for desk in self.desks:
            if message.topic in desk.topics:
                return desk.answer(message, history, rng)
        return message.reply(Performative.NOT_UNDERSTOOD, reason=f"{self.id} has no desk for {message.topic}")
