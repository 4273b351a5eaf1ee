"""Coalition formation."""

from __future__ import annotations

from tests.agents.protocols.contract import ProtocolContract


class TestCoalitionFormation(ProtocolContract):
    """Holds to the contract."""

    protocol = "coalition_formation"
