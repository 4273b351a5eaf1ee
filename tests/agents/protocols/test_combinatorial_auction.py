"""The combinatorial auction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.messages import Topic
from agents.policy import Choice
from agents.protocols.closing import _paid
from agents.protocols.deal import Deal, settle
from agents.protocols.talk import Talk
from agents.registry import create
from agents.synchronize import Synchronization, synchronize
from agents.tools import Tools
from agents.verify import settlement_faults
from groupage.errors import PolicyError
from tests.agents.markets import QUICK, Small, policy
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, ProtocolContract, lively, run
from tests.agents.protocols.promises import check_promises
from tests.agents.protocols.standing import check_reserves_untold, check_standing


def auctioned(seed: int, **params: Any) -> tuple[Small, Synchronization]:
    """Auction a lively market with some parameters."""
    small, parties = lively(seed)
    chosen = policy("combinatorial_auction").model_copy(
        update={"protocol": Choice(name="combinatorial_auction", params=params)}
    )
    return small, synchronize(small.market, dict(parties), chosen, 11)


def received(outcome: Synchronization) -> dict[str, int]:
    """What carriers are paid for transport."""
    paid: dict[str, int] = {}
    for t in outcome.settlement.transfers:
        if t.line == "transport":
            paid[t.payee] = paid.get(t.payee, 0) + t.cents
    return paid


class TestCombinatorialAuction(ProtocolContract):
    """Holds to the contract, without hubs."""

    protocol = "combinatorial_auction"

    def test_pools(self) -> None:
        """The markets that misbehaviour is tried on are ones where there is a pool to spoil; hubs take no part."""
        for seed in (WITH_HUB, TWO_HAULIERS):
            settlement = run(*lively(seed), self.protocol)
            assert settlement.pooled
            assert not settlement.bookings

    @pytest.mark.parametrize("topic", [Topic.TOURS, Topic.STAND])
    @pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative", "exaggerated"])
    def test_spoilt_auction(self, topic: Topic, what: str) -> None:
        """Whoever spoils one phase of the auction harms only itself."""
        small, parties = lively(TWO_HAULIERS)
        for who in ("v0", "v1"):
            spoilt = Misbehaving(parties[who], what, frozenset({topic}))
            check_promises(small, run(small, {**parties, who: spoilt}, self.protocol))

    def test_no_request_is_on_two_tours(self) -> None:
        """At no time do two tours stand that carry the same request, or more of a vehicle type than there are."""
        small, outcome = auctioned(TWO_HAULIERS)
        check_standing(small.market, outcome.transcript)
        check_reserves_untold(small.market, outcome.transcript)

    def test_gap_is_told(self) -> None:
        """Whoever reads the evidence sees over how many bids winners were determined, and how surely."""
        _, outcome = auctioned(TWO_HAULIERS)
        notes = [n for n in outcome.settlement.evidence.notes if n.startswith("winner determination over")]
        assert len(notes) == 1
        assert "proven best" in notes[0] or "within" in notes[0]

    @pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS, 20, 28])
    def test_payments(self, seed: int) -> None:
        """As asked <= core-selecting <= VCG for every winner; what owners may not pay of VCG the operator adds."""
        asked, core, vcg = (auctioned(seed, payments=p)[1] for p in ("first_price", "core_selecting", "vcg"))
        assert asked.settlement.loads == () or received(asked)
        for who, cents in received(asked).items():
            assert cents <= received(core)[who] <= received(vcg)[who]
        for outcome in (asked, core, vcg):
            settlement = outcome.settlement
            assert settlement.operator_cents == -settlement.evidence.subsidy_cents <= 0
            for owner, alone in settlement.standalone_cents.items():
                shares = sum(t.cents for t in settlement.transfers if t.line == "share" and t.payer == owner)
                assert shares + settlement.left_cents[owner] <= alone
        assert asked.settlement.operator_cents == 0

    def test_vcg_pays_above_asked(self) -> None:
        """In some lively market VCG pays a carrier more than it asked: the rule does something."""
        seeds = (WITH_HUB, TWO_HAULIERS, 20, 28)
        more = [
            sum(received(auctioned(s, payments="vcg")[1]).values()) > sum(received(auctioned(s)[1]).values())
            for s in seeds
        ]
        assert any(more)

    def test_operator_adds_what_owners_may_not_pay(self) -> None:
        """Payments above what going alone costs all owners are made up by the operator, to the cent, and verified."""
        small, outcome = auctioned(TWO_HAULIERS)
        before = outcome.settlement
        deal = Deal(before.loads, standalone=before.standalone_cents, left_alone=before.left_cents)
        may_pay = sum(deal.ceilings(small.market.owners).values())
        payments = {carrier: cents + may_pay for carrier, cents in received(outcome).items()}
        paid = _paid(small.market, deal, payments)
        assert paid.price_cents == may_pay
        assert paid.subsidy_cents == sum(payments.values()) - may_pay > 0
        tools = Tools(small.market, create("sharing", Choice(name="proportional")), QUICK, 11)
        after = settle(small.market, tools, paid, Talk("test"))
        assert after.operator_cents == -paid.subsidy_cents
        assert settlement_faults(small.market, after) == []
        assert {c: after.received_cents[c] for c in payments} == payments
        kept = replace(after, evidence=replace(after.evidence, subsidy_cents=0))
        assert any("coordinator keeps" in fault for fault in settlement_faults(small.market, kept))

    def test_unknown_payment(self) -> None:
        """A payment rule that does not exist is named with those that do."""
        with pytest.raises(PolicyError, match="first_price"):
            auctioned(TWO_HAULIERS, payments="second_price")
