"""The contract net."""

from __future__ import annotations

from tests.agents.protocols.contract import ProtocolContract


class TestContractNet(ProtocolContract):
    """Holds to the contract."""

    protocol = "contract_net"
