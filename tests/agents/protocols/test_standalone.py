"""The protocol that does not pool."""

from __future__ import annotations

from tests.agents.protocols.contract import ProtocolContract


class TestStandalone(ProtocolContract):
    """Holds to the contract, and leaves everybody alone."""

    protocol = "standalone"
    rules = ("proportional",)
    pools = False

    def test_nothing_moves(self) -> None:
        """Nothing is pooled, nobody pays into a pool, and each owner's cost is its cost alone."""
        for seed in range(10):
            small, outcome = self.negotiate(seed, "proportional")
            settlement = outcome.settlement
            assert [*settlement.legs, *settlement.transfers, *settlement.bookings] == []
            assert settlement.left_cents == settlement.standalone_cents
            assert {row.shipment for row in settlement.left} == set(small.shipments)
