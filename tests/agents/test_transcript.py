"""The record of a negotiation."""

from __future__ import annotations

from agents.messages import COORDINATOR
from agents.synchronize import synchronize
from tests.agents.markets import policy, small_market


def test_counts() -> None:
    """Messages are counted and listed in order; what is disclosed is what senders other than the coordinator said."""
    small = small_market(31, factories=3, shipments=8, hubs=1, carriers=2)
    outcome = synchronize(small.market, small.parties(), policy("trustee"), 11)
    transcript = outcome.transcript
    messages = list(transcript.messages())
    assert transcript.message_count == len(messages) == outcome.settlement.evidence.messages
    assert messages[: len(transcript.rounds[0].sent)] == list(transcript.rounds[0].sent)
    disclosed = transcript.disclosed
    assert disclosed == outcome.settlement.evidence.disclosed
    assert COORDINATOR not in disclosed
    for who in disclosed:
        assert disclosed[who] == sum(m.private_figures for m in messages if m.sender == who)
    # Everybody tells the trustee its figures: four rates a vehicle type, for a start.
    vehicles = [v for v in small.region.vehicles.values() if v.carrier == "v0"]
    assert disclosed["v0"] == 4 * len(vehicles)
    assert transcript.market_digest == small.market.digest == outcome.settlement.market_digest


def test_the_coordinator_discloses_nothing_itself() -> None:
    """Contract net asks for no tariffs: a carrier gives away its quotes and no rate."""
    small = small_market(24, factories=3, shipments=8, hubs=1, carriers=2)
    transcript = synchronize(small.market, small.parties(), policy("contract_net"), 11).transcript
    assert not any(m.topic == "tariffs" for m in transcript.messages())
    assert transcript.disclosed["v0"] > 0
