"""What a negotiation protocol is: a generator of exchanges that returns a settlement."""

from __future__ import annotations

from collections.abc import Generator as ConductGenerator
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from agents.messages import Exchange, Message
from agents.settlement import Settlement

if TYPE_CHECKING:
    from numpy.random import Generator

    from agents.market import Market
    from agents.tools import Tools

Outcome = TypeVar("Outcome")
Conversation: TypeAlias = ConductGenerator[Exchange, tuple[Message, ...], Outcome]
Conduct = Conversation[Settlement]


class NegotiationProtocol(Protocol):
    """Conducts participants through exchanges of messages to a settlement.

    It never sleeps, reads a clock, opens a socket or draws an unseeded random number.

    Attributes
    ----------
    name
        As registered.
    """

    name: str

    def conduct(self, market: Market, tools: Tools, rng: Generator) -> Conduct:
        """Yield exchanges, receive their replies sorted by sender, return the settlement."""
        ...
