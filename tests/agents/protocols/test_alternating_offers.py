"""Alternating offers."""

from __future__ import annotations

from tests.agents.protocols.contract import ProtocolContract


class TestAlternatingOffers(ProtocolContract):
    """Holds to the contract."""

    protocol = "alternating_offers"
