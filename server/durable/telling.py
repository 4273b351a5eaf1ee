"""What own agents are asked, and what their answers mean: the wire's translation, by the names of a negotiation."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from agents.messages import Message
from groupage.v1 import companies_pb2
from server.market import SeatRole
from server.wire import messages
from server.wire.markets import market_parts
from server.wire.policies import policy_message
from server.wire.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agents.topics import Topic
    from groupage.v1 import markets_pb2, negotiation_pb2
    from server.market import Freeze

ROLES: dict[str, companies_pb2.Role] = {
    SeatRole.SHIPPER: companies_pb2.ROLE_SHIPPER,
    SeatRole.CARRIER: companies_pb2.ROLE_CARRIER,
    SeatRole.HUB: companies_pb2.ROLE_HUB,
}


def names_for(freeze: Freeze, company: str) -> Pseudonyms:
    """How one company hears of things in one negotiation.

    Parameters
    ----------
    company
        Its resource name.
    """
    # The seed is drawn at random and told to nobody.
    secret = hashlib.sha256(f"{freeze.seed}|{freeze.names_digest}".encode()).digest()
    return Pseudonyms(secret, company, freeze.market)


def parts_for(
    freeze: Freeze, company: str, *, negotiation: str, synchronization: str
) -> Iterator[markets_pb2.MarketPart]:
    """What a company's own agent may know of the market."""
    roles = {ROLES[r] for seat in freeze.seats.values() if seat.company == company for r in seat.remote}
    return market_parts(
        freeze.market,
        names_for(freeze, company),
        roles,
        negotiation=negotiation,
        synchronization=synchronization,
        protocol=policy_message(freeze.policy).protocol,
        circuity_ratio=freeze.circuity,
        speed_kmh=freeze.speed_kmh,
        held=freeze.held,
    )


def question_for(
    freeze: Freeze, message: Message, *, negotiation: str, synchronization: str, reply_by: datetime
) -> negotiation_pb2.Question:
    """Return a message as its receiver's own agent is asked it."""
    return messages.question(
        message,
        names_for(freeze, freeze.seats[message.receiver].company),
        negotiation=negotiation,
        synchronization=synchronization,
        reply_by=reply_by,
    )


def question_id(freeze: Freeze, participant: str, message_id: str) -> str:
    """Id of a question, asked of an own agent or not."""
    return messages.question_id(names_for(freeze, freeze.seats[participant].company), message_id)


def understood(freeze: Freeze, message: Message, answer: negotiation_pb2.Answer) -> Message:
    """Return the reply that an answer means; of what does not fit, `not-understood`."""
    heard = messages.reply(message, answer, names_for(freeze, freeze.seats[message.receiver].company))
    return heard if isinstance(heard, Message) else messages.not_understood(message, heard)


def role_of(freeze: Freeze, participant: str, topic: Topic) -> int:
    """As what a participant is asked about a topic, as the contract counts roles; 0 where it has none."""
    role = freeze.role_of(participant, topic)
    return 0 if role is None else ROLES[role]
