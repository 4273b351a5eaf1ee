"""What a participant is to a protocol: somebody who answers messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from agents.messages import Message


class Participant(Protocol):
    """A factory, hub or carrier; plain, without hidden state.

    The same message, history and generator give the same answer, in this process or at the far end of a stream.
    """

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer a message.

        Parameters
        ----------
        message
            The question.
        history
            What this participant heard and said before in the same conversation, oldest first.
        rng
            Spawned from (seed, participant, round).
        """
        ...
