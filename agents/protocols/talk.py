"""How a protocol asks and reads: numbering messages, sorting answers from refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR, EMPTY_BODY, Exchange, Message, Performative, Topic

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

_ANSWERED = frozenset({Performative.PROPOSE, Performative.INFORM})


@dataclass
class Talk:
    """One conversation of the coordinator's.

    Attributes
    ----------
    conversation
        Its name; a coalition's what-if has its own.
    rounds
        Exchanges so far.
    notes
        Who refused or stayed silent, and why, in order.
    """

    conversation: str
    rounds: int = 0
    notes: list[str] = field(default_factory=list)

    def ask(
        self, topic: Topic, bodies: Mapping[str, pa.Table], performative: Performative = Performative.REQUEST
    ) -> Exchange:
        """Compose one exchange: a message to each receiver, in the order of their names."""
        self.rounds += 1
        return Exchange(
            tuple(
                Message(
                    id=f"{self.conversation}/{self.rounds}/{receiver}",
                    performative=performative,
                    sender=COORDINATOR,
                    receiver=receiver,
                    conversation=self.conversation,
                    topic=topic,
                    body=bodies[receiver] if bodies[receiver] is not None else EMPTY_BODY,
                )
                for receiver in sorted(bodies)
            )
        )

    def answers(self, replies: tuple[Message, ...]) -> dict[str, pa.Table]:
        """Tables of those who answered with one; the others are noted."""
        self.note_refusals(replies)
        return {r.sender: r.body for r in replies if r.performative in _ANSWERED}

    def accepted(self, replies: tuple[Message, ...]) -> frozenset[str]:
        """Senders who accepted; the others are noted."""
        self.note_refusals(replies)
        return frozenset(r.sender for r in replies if r.performative == Performative.ACCEPT_PROPOSAL)

    def note_refusals(self, replies: tuple[Message, ...]) -> None:
        """Note who gave no answer, and their words."""
        for reply in replies:
            if reply.performative not in _ANSWERED and reply.performative != Performative.ACCEPT_PROPOSAL:
                self.notes.append(
                    f"{reply.sender} on {reply.topic}: {reply.performative} ({reply.reason or 'no reason given'})"
                )
