"""The request exchange."""

from __future__ import annotations

import pytest

from agents.messages import COORDINATOR, Topic
from agents.synchronize import synchronize
from tests.agents.markets import policy, small_market
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, ProtocolContract, lively, run
from tests.agents.protocols.promises import check_promises
from tests.agents.protocols.standing import check_reserves_untold, check_standing


class TestRequestExchange(ProtocolContract):
    """Holds to the contract, without hubs."""

    protocol = "request_exchange"

    def test_pools(self) -> None:
        """The markets that misbehaviour is tried on are ones where there is a pool to spoil; hubs take no part."""
        for seed in (WITH_HUB, TWO_HAULIERS):
            settlement = run(*lively(seed), self.protocol)
            assert settlement.pooled
            assert not settlement.bookings

    def test_never_dearer(self) -> None:
        """What the owners pay in all is never more than going alone."""
        for seed in range(20):
            small = small_market(seed, factories=3, carriers=2)
            settlement = run(small, dict(small.parties()), self.protocol)
            alone = sum(settlement.standalone_cents.values())
            pays = sum(settlement.left_cents.values())
            shares = [t for t in settlement.transfers if t.line == "share"]
            pays += sum(t.cents if t.payer != COORDINATOR else -t.cents for t in shares)
            assert pays <= alone

    @pytest.mark.parametrize("topic", [Topic.RELEASE, Topic.TOURS, Topic.STAND])
    @pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative", "exaggerated"])
    def test_spoilt_exchange(self, topic: Topic, what: str) -> None:
        """Whoever spoils one phase of the exchange harms only itself."""
        small, parties = lively(TWO_HAULIERS)
        for who in ("v0", "v1"):
            spoilt = Misbehaving(parties[who], what, frozenset({topic}))
            settlement = run(small, {**parties, who: spoilt}, self.protocol)
            check_promises(small, settlement)
            if topic == Topic.STAND and what in ("refuses", "malformed") and topic in spoilt.heard:
                assert all(load.carrier != who for load in settlement.loads)

    def test_no_request_is_on_two_tours(self) -> None:
        """At no time do two tours stand that carry the same request, or more of a vehicle type than there are."""
        small, parties = lively(TWO_HAULIERS)
        transcript = synchronize(small.market, dict(parties), policy(self.protocol), 11).transcript
        check_standing(small.market, transcript)
        check_reserves_untold(small.market, transcript)
