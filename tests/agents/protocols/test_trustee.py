"""The trustee."""

from __future__ import annotations

from tests.agents.protocols.contract import ProtocolContract


class TestTrustee(ProtocolContract):
    """Holds to the contract."""

    protocol = "trustee"
