"""The combinatorial auction."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from agents.auction import WinnerProblem, determine_winners
from agents.messages import Topic
from agents.policy import Choice
from agents.protocols import combinatorial_auction
from agents.protocols.closing import Payment, _paid
from agents.protocols.deal import Deal, pooled_owners, settle, unpooled_game
from agents.protocols.talk import Talk
from agents.registry import create
from agents.sharing import allocate
from agents.synchronize import Synchronization, synchronize
from agents.tools import Tools
from agents.verify import settlement_faults
from groupage.errors import PolicyError
from tests.agents.markets import QUICK, Small, policy, small_market
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, ProtocolContract, lively, run
from tests.agents.protocols.promises import check_promises
from tests.agents.protocols.standing import check_reserves_untold, check_standing

LAST_ROUND = 27  # seed of a market whose last round is cheaper than the winners of its winner problem
TWO_WINNERS = 3  # seed of a market in which two carriers win


@cache
def watched(seed: int, **params: Any) -> tuple[Small, Synchronization, tuple[WinnerProblem, ...]]:
    """Auction a lively market with some parameters, and keep the winner problems; all frozen, so once is enough."""
    small, parties = lively(seed)
    chosen = policy("combinatorial_auction").model_copy(
        update={"protocol": Choice(name="combinatorial_auction", params=params)}
    )
    problems: list[WinnerProblem] = []

    def watch(problem: WinnerProblem, **given: Any) -> Any:
        problems.append(problem)
        return determine_winners(problem, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combinatorial_auction, "determine_winners", watch)
        outcome = synchronize(small.market, dict(parties), chosen, 11)
    return small, outcome, tuple(problems)


def auctioned(seed: int, **params: Any) -> tuple[Small, Synchronization]:
    """Auction a lively market with some parameters, paying as asked unless they say otherwise."""
    small, outcome, _ = watched(seed, **({"payments": "first_price"} | params))
    return small, outcome


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
        assert asked.settlement.operator_cents == core.settlement.operator_cents == 0

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
        paid = _paid(small.market, deal, Payment("vcg", lambda _: payments), Talk("test"), "")
        assert paid.price_cents == may_pay
        assert paid.subsidy_cents == sum(payments.values()) - may_pay > 0
        tools = Tools(small.market, create("sharing", Choice(name="proportional")), QUICK, 11)
        owners = pooled_owners(small.market, paid)
        game = unpooled_game(owners, paid, dict.fromkeys(owners, 1.0))
        after = settle(small.market, tools, paid, Talk("test"), allocate(tools.sharing, game))
        assert after.operator_cents == -paid.subsidy_cents
        assert settlement_faults(small.market, after) == []
        assert {c: after.received_cents[c] for c in payments} == payments
        kept = replace(after, evidence=replace(after.evidence, subsidy_cents=0))
        assert any("coordinator keeps" in fault for fault in settlement_faults(small.market, kept))

    def test_core_payments_never_cost_the_operator(self) -> None:
        """Core-selecting payments are what the owners may pay at most, also where reserves were raised on the way."""
        for seed in (5, 13, 21):
            small = small_market(seed, carriers=3, shipments=8)
            chosen = policy("combinatorial_auction").model_copy(
                update={"protocol": Choice(name="combinatorial_auction", params={"payments": "core_selecting"})}
            )
            check_promises(small, synchronize(small.market, small.parties(), chosen, 11).settlement)

    @pytest.mark.parametrize("payments", ["first_price", "vcg"])
    def test_reserves_sum_to_going_alone(self, payments: str) -> None:
        """In the last winner problem accepting nothing costs what all that is offered costs alone, owner by owner."""
        raised = 0
        for seed in (WITH_HUB, TWO_HAULIERS, 20, 28):
            small, outcome, problems = watched(seed, payments=payments)
            settlement = outcome.settlement
            offered = settlement.evidence.reserves
            if set(offered) != set(small.market.shipments):
                continue
            owed = sum(small.parties()[o].desks[0].alone(frozenset()).price_cents for o in small.market.owners)
            for problem in problems:
                assert sum(problem.reserves_cents) == sum(settlement.standalone_cents.values()) - owed
                raised += problem.reserves_cents != tuple(offered[s] for s in sorted(offered))
        assert raised

    def test_says_why_it_paid_as_asked(self) -> None:
        """Where a payment rule could not be applied the notes name it and why, whatever the cause."""

        def notes(outcome: Synchronization) -> list[str]:
            return [n for n in outcome.settlement.evidence.notes if n.startswith("paid as asked instead of by vcg: ")]

        small = small_market(LAST_ROUND, carriers=3, shipments=8)
        vcg = Choice(name="combinatorial_auction", params={"payments": "vcg"})
        chosen = policy("combinatorial_auction").model_copy(update={"protocol": vcg})
        (note,) = notes(synchronize(small.market, small.parties(), chosen, 11))
        assert "of the last round" in note

        small = small_market(TWO_WINNERS, carriers=3, shipments=8)
        parties = small.parties()
        silent = Misbehaving(parties["v1"], "refuses", frozenset({Topic.PLAN}))
        outcome = synchronize(small.market, {**parties, "v1": silent}, chosen, 11)
        assert {load.carrier for load in outcome.settlement.loads} == {"v0"}
        (note,) = notes(outcome)
        assert "no sound plan came for" in note

    def test_says_so_where_an_owner_falls_away(self) -> None:
        """Once an owner's goods are withdrawn, what the rule said of all the winners holds no more, and is not paid."""
        small, outcome = auctioned(TWO_HAULIERS)
        before = outcome.settlement
        deal = Deal(before.loads, standalone=before.standalone_cents, left_alone=before.left_cents)
        talk = Talk("test")
        assert (
            _paid(small.market, deal, Payment("vcg", lambda _: {}), talk, "part of what was won was withdrawn") == deal
        )
        assert talk.notes == ["paid as asked instead of by vcg: part of what was won was withdrawn"]

    def test_every_bid_counts_where_payments_need_the_best(self) -> None:
        """VCG is over all bids ever made; paid as asked, the bids put aside as dear are counted."""
        few = auctioned(TWO_HAULIERS, final=5)[1].settlement.evidence.notes
        every = auctioned(TWO_HAULIERS, final=5, payments="vcg")[1].settlement.evidence.notes
        assert any("put aside as dearer" in n for n in few if n.startswith("winner determination"))
        assert not any("put aside" in n for n in every if n.startswith("winner determination"))

    def test_unknown_payment(self) -> None:
        """A payment rule that does not exist is named with those that do."""
        with pytest.raises(PolicyError, match="first_price"):
            auctioned(TWO_HAULIERS, payments="second_price")
