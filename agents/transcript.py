"""The record of a negotiation: every message, in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR, Message

if TYPE_CHECKING:
    from collections.abc import Iterator


LOOK_AHEAD = "look_ahead"  # name of the conversation before a negotiation (`agents.lookahead`)


@dataclass(frozen=True, slots=True)
class Round:
    """One exchange: what was sent, and what came back sorted by sender."""

    sent: tuple[Message, ...]
    replies: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """All rounds of one negotiation, with the seed and the digests of what was negotiated under what policy."""

    seed: int
    market_digest: str
    policy_digest: str
    rounds: tuple[Round, ...] = ()

    def messages(self) -> Iterator[Message]:
        """All messages, in order."""
        for one in self.rounds:
            yield from one.sent
            yield from one.replies

    @property
    def message_count(self) -> int:
        """Number of messages."""
        return sum(len(r.sent) + len(r.replies) for r in self.rounds)

    @property
    def disclosed(self) -> dict[str, int]:
        """Private figures that left each participant for the coordinator."""
        count: Counter[str] = Counter()
        for message in self.messages():
            if message.sender != COORDINATOR:
                count[message.sender] += message.private_figures
        return dict(sorted(count.items()))
