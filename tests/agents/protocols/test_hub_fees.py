"""Owners and hubs bargain about what a way through a hub costs, at most the hub's named terms."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from agents.bidding.markup import Markup
from agents.concession import Conceder, Linear
from agents.jobs import JobBook, hub_offer
from agents.messages import Message, Performative, Topic
from agents.participants import HubDesk, Party
from agents.protocols.talks import NAMED_CENTS
from agents.synchronize import Synchronization
from logistics import HubCosts
from tests.agents.markets import Small
from tests.agents.protocols.bargains import agrees_with_bargains, negotiated, talks_of
from tests.agents.protocols.contract import WITH_HUB, Misbehaving, heard_of, lively, run
from tests.agents.protocols.promises import check_promises

PERCENT = 40.0


def asking(parties: dict[str, Party], percent: float, concession: object = None) -> dict[str, Party]:
    """The same parties, hubs with a markup and a strategy of their own."""
    how = {"bidding": Markup(percent=percent)} | ({"concession": concession} if concession else {})
    return {
        who: Party(who, tuple(replace(d, **how) if isinstance(d, HubDesk) else d for d in party.desks))  # type: ignore[arg-type]
        for who, party in parties.items()
    }


@lru_cache(maxsize=4)
def dear() -> tuple[Small, dict[str, Party], Synchronization]:
    """A market that uses its hub though the hub names terms far above its costs."""
    small, parties = lively(WITH_HUB)
    hubs = asking(parties, PERCENT)
    return small, hubs, negotiated(small, dict(hubs))


def at_named_terms(small: Small, outcome: Synchronization) -> dict[str, int]:
    """What the bookings of a settlement would cost at the terms that hubs named."""
    named = [m for m in outcome.transcript.messages() if m.topic == Topic.HUB_TERMS]
    offers = [hub_offer(small.market, m.sender, m.body) for m in named if m.performative == Performative.PROPOSE]
    made = JobBook(small.market).bookings(outcome.settlement.loads, offers)
    return {b.id: b.price_cents for b in made}


def test_booked_at_what_was_agreed() -> None:
    """Bookings cost less than the hub named, and no less than they cost it (see the promises)."""
    small, _, outcome = dear()
    bookings = outcome.settlement.bookings
    assert bookings
    named = at_named_terms(small, outcome)
    assert all(b.price_cents < named[b.id] for b in bookings)
    check_promises(small, outcome.settlement)


def test_truthful_hub_has_nothing_to_give() -> None:
    """A hub that names its costs gives nothing away: its named terms hold."""
    small, parties = lively(WITH_HUB)
    outcome = negotiated(small, dict(parties))
    fees = [t for t in talks_of(outcome).values() if t.owner.topic == Topic.FEES]
    assert fees
    assert not any(t.ending == Performative.ACCEPT_PROPOSAL for t in fees)
    assert {b.id: b.price_cents for b in outcome.settlement.bookings} == at_named_terms(small, outcome)


def test_talks_about_fees_are_bargains() -> None:
    """Talks with hubs make the offers, and come to the end, that their sides would by themselves."""
    _, hubs, outcome = dear()
    assert agrees_with_bargains(outcome, hubs) > 0
    assert any(
        t.ending == Performative.ACCEPT_PROPOSAL and t.owner.topic == Topic.FEES for t in talks_of(outcome).values()
    )


def agreed_fees(outcome: Synchronization) -> dict[int, int]:
    """What was agreed with hubs by talk, in cents for 100 EUR at their named terms."""
    told = talks_of(outcome).items()
    return {
        n: t.offers[-1][0] for n, t in told if t.owner.topic == Topic.FEES and t.ending == Performative.ACCEPT_PROPOSAL
    }


def test_hub_that_gives_way_sooner_gets_less() -> None:
    """Each hub bargains by its own strategy: one that gives way early is paid less for the same lots."""
    small, parties = lively(WITH_HUB)
    fees = [agreed_fees(negotiated(small, dict(asking(parties, PERCENT, how)))) for how in (Linear(), Conceder(8.0))]
    both = fees[0].keys() & fees[1].keys()
    assert both
    assert all(fees[1][n] <= fees[0][n] for n in both)
    assert sum(fees[1][n] for n in both) < sum(fees[0][n] for n in both)


def test_hubs_hear_of_no_goods() -> None:
    """A hub is told what part of its terms is offered, and neither which goods, nor whose, nor what they come to."""
    _, _, outcome = dear()
    heard = [m for one in outcome.transcript.rounds for m in one.sent if m.topic == Topic.HOSTING]
    assert heard
    for m in heard:
        assert set(m.body["top_cents"].to_pylist()) == {NAMED_CENTS}
        assert not any(m.body["jobs"].to_pylist())
        assert not {"fee_cents", "provider"} & set(m.body.column_names)


@pytest.mark.parametrize("topic", [Topic.FEES, Topic.HOSTING])
@pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative", "exaggerated"])
def test_spoilt_talks(topic: Topic, what: str) -> None:
    """Whoever spoils talks about fees harms only itself: the named terms hold for what it has part in."""
    small, hubs, outcome = dear()
    asked = heard_of(outcome, topic)
    assert asked
    for who in sorted(asked):
        spoiler = Misbehaving(hubs[who], what, frozenset({topic}))
        check_promises(small, run(small, {**hubs, who: spoiler}, "alternating_offers"))
        assert topic in spoiler.heard


@pytest.mark.parametrize("costs", [HubCosts(3.0, 7.5, 0.25), HubCosts(3.33, 0.0, 0.0), HubCosts(0.0, 9.99, 0.01)])
@pytest.mark.parametrize("percent", [0.0, 3.0, 40.0])
def test_no_fee_below_the_hubs_costs(costs: HubCosts, percent: float) -> None:
    """At the least that a hub takes, every named rate still covers what it is for."""
    small, _ = lively(WITH_HUB)
    desk = HubDesk(next(iter(small.region.hubs.values())), costs, Markup(percent=percent), (240.0, 1200.0))
    question = Message("m", Performative.CFP, "coordinator", "h0", "c", Topic.HUB_TERMS)
    named = desk.answer(question, (), np.random.default_rng(0)).body.to_pylist()[0]
    for key, eur in (
        ("slot_cents", costs.slot_eur),
        ("handling_cents_per_pallet", costs.handling_eur_per_pallet),
        ("storage_cents_per_pallet_hour", costs.storage_eur_per_pallet_hour),
    ):
        assert desk.floor * named[key] >= 100 * eur - 1e-9
    assert desk.floor <= 1.0


def test_agreed_terms_of_a_visit() -> None:
    """A visit costs the mean of what its shipments agreed on, by pallets, rounded up; all by default."""
    small, _, outcome = dear()
    named = [m for m in outcome.transcript.messages() if m.topic == Topic.HUB_TERMS]
    offers = [hub_offer(small.market, m.sender, m.body) for m in named if m.performative == Performative.PROPOSE]
    loads, book = outcome.settlement.loads, JobBook(small.market)
    whole = book.bookings(loads, offers)
    half = book.bookings(loads, offers, dict.fromkeys(small.shipments, 0.5))
    assert [b.price_cents for b in half] == [-(-b.price_cents // 2) for b in whole]
    assert book.bookings(loads, offers, dict.fromkeys(small.shipments, 1.0)) == whole
