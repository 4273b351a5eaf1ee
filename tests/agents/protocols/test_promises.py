"""Promises for later days: made, kept or void, and never broken in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

import pytest
from numpy.random import Generator

from agents.messages import Message, Performative, Topic, same_message
from agents.participant import Participant
from agents.participants import CarrierDesk, Party
from agents.participants.talks import latest_start_min
from agents.promise import Promise
from agents.protocols import PROTOCOLS
from agents.protocols import promises as rules
from agents.settlement import LeftStatus, Settlement
from agents.synchronize import Synchronization, replayed
from agents.verify import settlement_faults
from logistics import Stakes
from tests.agents.markets import START, Small, policy
from tests.agents.protocols.bargains import agrees_with_bargains, negotiated, talks_of, with_days
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, heard_of, lively, run

SEEDS = (3, 7, 23, 26)
AO = policy("alternating_offers")


@lru_cache(maxsize=8)
def promised(seed: int) -> tuple[Small, dict[str, Party], Synchronization]:
    """A market in which promises are made, its parties, and what they came to."""
    small = with_days(seed)
    parties = small.parties()
    return small, parties, negotiated(small, dict(parties))


def price_in(settlement: Settlement, owner: str) -> int:
    """What an owner pays today, for the pool and for what goes alone."""
    net = settlement.paid_cents.get(owner, 0) - settlement.received_cents.get(owner, 0)
    return net + settlement.left_cents[owner]


@pytest.mark.parametrize("seed", SEEDS)
def test_made(seed: int) -> None:
    """What is promised is held until its day with a reason, in no load and no owner's cost of today."""
    small, parties, outcome = promised(seed)
    s = outcome.settlement
    assert s.promises
    rows = {row.shipment: row for row in s.left}
    for p in s.promises:
        assert p.made == START
        assert p.day in small.later
        assert not s.pooled & set(p.lot)
        assert {small.shipments[k].owner for k in p.lot} == {p.owner}
        assert p.shipments == tuple(small.market.shipments[k] for k in p.lot)
        for k in p.lot:
            assert rows[k].status == LeftStatus.HELD
            assert rows[k].until_min == (p.day - START).total_seconds() / 60
            assert str(p.day.date()) in rows[k].reason
            assert p.carrier not in rows[k].reason
    lots = [k for p in s.promises for k in p.lot]
    assert len(set(lots)) == len(lots)
    for owner in small.market.owners:
        desk = parties[owner].desks[0]
        own = [k for k in small.market.owned_by(owner) if k not in lots]
        assert s.standalone_cents[owner] == desk.alone(frozenset(own)).price_cents  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", SEEDS)
def test_waiting_leaves_no_owner_worse_off(seed: int) -> None:
    """What an owner pays today and is to pay for its promises is no more than sending everything alone today."""
    small, parties, outcome = promised(seed)
    s = outcome.settlement
    for owner in {p.owner for p in s.promises}:
        later = sum(p.price_cents for p in s.promises if p.owner == owner)
        desk = parties[owner].desks[0]
        everything = desk.alone(frozenset(small.market.owned_by(owner))).price_cents  # type: ignore[attr-defined]
        assert price_in(s, owner) <= s.most_cents[owner] <= everything - later


@pytest.mark.parametrize("seed", SEEDS)
def test_a_promise_pays_its_carrier(seed: int) -> None:
    """What carriers promise adds no more to their tours of that day than they are paid for it, in that order."""
    _, parties, outcome = promised(seed)
    sold: dict[tuple[str, object], tuple[tuple[str, ...], ...]] = {}
    for p in outcome.settlement.promises:
        carrier = next(d for d in parties[p.carrier].desks if isinstance(d, CarrierDesk))
        desk = next(d for d in carrier.later if d.jobs.market.start == p.day)
        before = sold.get((p.carrier, p.day), ())
        assert desk.pays(before, p.lot, p.price_cents)
        sold[p.carrier, p.day] = (*before, p.lot)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_record(seed: int) -> None:
    """A market with promises negotiates to the same record again, and its record replays to the same settlement."""
    small, _, outcome = promised(seed)
    again = negotiated(small, dict(with_days(seed).parties()))
    pairs = zip(again.transcript.messages(), outcome.transcript.messages(), strict=True)
    assert all(same_message(a, b) for a, b in pairs)
    assert again.settlement == outcome.settlement
    assert replayed(small.market, AO, outcome.transcript).settlement == outcome.settlement


def test_talks_about_days_are_bargains() -> None:
    """Talks in which days are agreed on make the offers, and come to the end, that their sides would by themselves."""
    agreed = set()
    for seed in SEEDS[:2]:
        _, parties, outcome = promised(seed)
        assert agrees_with_bargains(outcome, parties) > 0
        told = talks_of(outcome).values()
        agreed |= {t.offers[-1][1] for t in told if t.ending == Performative.ACCEPT_PROPOSAL}
    assert 0 in agreed
    assert max(agreed) > 0


def test_only_lots_of_one_owner_wait() -> None:
    """A lot through a hub or of several owners is bargained about for today alone, any other for all days it has."""
    seen = set()
    for seed in SEEDS:
        small, _, outcome = promised(seed)
        for told in talks_of(outcome).values():
            if told.carrier.topic == Topic.SELLING:
                rows = zip(*(told.carrier.body[c].to_pylist() for c in ("days", "lot_jobs")), strict=True)
                for days, jobs in rows:
                    owners = {small.shipments[j.split("@")[0]].owner for j in jobs}
                    today = len(owners) > 1 or any("@" in j for j in jobs)
                    assert days == 1 or not today
                    seen.add((today, days > 1))
    assert seen == {(True, False), (False, True)}


def test_one_day_alone() -> None:
    """Under ``days = 1``, and on the last day of a run, nothing is promised."""
    small, parties, _ = promised(SEEDS[0])
    last = replace(small, later=())
    assert not negotiated(last, dict(last.parties())).settlement.promises
    assert not run(small, dict(parties), "contract_net").promises


def test_goods_that_must_not_wait() -> None:
    """No promise goes past the day on which goods are due, or the end of their window."""
    for seed in SEEDS:
        small = with_days(seed)
        # Lateness costs these owners nothing: it is the rule alone that keeps them from it.
        due = {
            k: replace(s, due_at=s.window_close - timedelta(days=2), stakes=Stakes())
            for k, s in small.shipments.items()
        }
        hurried = replace(small, shipments=due)
        assert not negotiated(hurried, dict(hurried.parties())).settlement.promises


def test_keeping_goods_costs_their_owner() -> None:
    """Where keeping a pallet for a day is dearer than any saving, nothing is promised."""
    for seed in SEEDS:
        dear = with_days(seed).changed(stakes=Stakes(holding_eur_per_pallet_day=5000.0))
        assert not negotiated(dear, dict(dear.parties())).settlement.promises


@pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative"])
def test_owner_that_regrets(what: str) -> None:
    """An owner that would rather not wait, or does not say, has its promises withdrawn, and the others keep theirs."""
    small, parties, outcome = promised(26)
    for who in {p.owner for p in outcome.settlement.promises}:
        turncoat = Misbehaving(parties[who], what, frozenset({Topic.PROMISED}))
        settlement = run(small, {**parties, who: turncoat}, "alternating_offers")
        assert turncoat.heard
        assert all(p.owner != who for p in settlement.promises)


@pytest.mark.parametrize("topic", [Topic.DEAL, Topic.WISHES, Topic.CHOICE, Topic.BUYING, Topic.SELLING])
@pytest.mark.parametrize("what", ["refuses", "nulls", "negative", "exaggerated"])
def test_spoilt_days(topic: Topic, what: str) -> None:
    """Whoever spoils talks about days spoils no settlement."""
    small, parties, outcome = promised(7)
    asked = heard_of(outcome, topic)
    assert asked
    for who in sorted(asked):
        spoiler = Misbehaving(parties[who], what, frozenset({topic}))
        run(small, {**parties, who: spoiler}, "alternating_offers")
        assert topic in spoiler.heard


# What is due.


def due_today(seed: int, **changed: object) -> tuple[Small, Promise]:
    """A market in which a deal that would come about anyway was promised the day before."""
    small, parties = lively(seed)
    outcome = negotiated(small, dict(parties))
    for load in outcome.settlement.loads:
        jobs = [j for stop in load.stops for j in stop.deliveries if "@" not in j]
        if jobs:
            s = small.market.shipments[jobs[0]]
            cents = sum(load.price_lines.values())
            made = Promise("y/1", s.owner, load.carrier, (s,), START - timedelta(days=1), START, cents, 0, 3)
            promise = replace(made, **changed)  # type: ignore[arg-type]
            return replace(small, promises=(promise,)), promise
    raise AssertionError("nothing is pooled direct")


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_kept(seed: int) -> None:
    """What is due is closed first, with the carrier that promised it, and owed at the price that was promised."""
    small, promise = due_today(seed)
    parties = small.parties()
    outcome = negotiated(small, dict(parties))
    s = outcome.settlement
    assert not s.void
    carried = {j: load.carrier for load in s.loads for stop in load.stops for j in stop.deliveries}
    assert carried[promise.lot[0]] == promise.carrier
    first = next(m for m in outcome.transcript.messages() if m.topic in (Topic.DEAL, Topic.SELLING))
    assert first.topic == Topic.DEAL
    assert first.body.to_pylist()[0]["jobs"] == list(promise.lot)
    desk = parties[promise.owner].desks[0]
    others = frozenset(small.market.owned_by(promise.owner)) - set(promise.lot)
    rest = desk.alone(others).price_cents  # type: ignore[attr-defined]
    assert s.standalone_cents[promise.owner] == rest + promise.price_cents
    assert price_in(s, promise.owner) <= rest + promise.price_cents


def void_of(small: Small, parties: dict[str, Participant] | None = None) -> str:
    """Why the promise of a market is void."""
    found = negotiated(small, parties or dict(small.parties())).settlement.void
    assert found.keys() == {p.id for p in small.promises}
    return next(iter(found.values()))


def test_changed_goods() -> None:
    """A promise about goods that have changed, or are not there any more, is void."""
    small, promise = due_today(WITH_HUB)
    more = replace(promise, shipments=(replace(promise.shipments[0], pallets=0.25),))
    assert void_of(replace(small, promises=(more,))) == rules.CHANGED
    gone = {k: s for k, s in small.shipments.items() if k not in promise.lot}
    assert void_of(replace(small, shipments=gone)) == rules.CHANGED


def test_other_windows() -> None:
    """A promise in windows that are not those of the talks is void."""
    small, _ = due_today(WITH_HUB, windows=5)
    assert void_of(small) == rules.RULES_CHANGED


def test_goods_that_cannot_go() -> None:
    """A promise is void where the client cannot be served on its day."""
    small, promise = due_today(WITH_HUB)
    late = {
        k: replace(s, window_open=s.window_open + timedelta(days=3), window_close=s.window_close + timedelta(days=3))
        for k, s in small.shipments.items()
    }
    moved = replace(promise, shipments=(late[promise.lot[0]].for_market(),))
    assert void_of(replace(small, shipments=late, promises=(moved,))) == rules.NOT_FEASIBLE


def test_silent_owner() -> None:
    """A promise whose owner offers nothing is void."""
    small, promise = due_today(TWO_HAULIERS)
    parties = {who: p for who, p in small.parties().items() if who != promise.owner}
    assert void_of(small, dict(parties)) in (rules.NOT_OFFERED_NOW, rules.NOT_KEPT)


def test_carrier_that_cannot() -> None:
    """Where a carrier cannot keep its word for the price, the promise is void and the goods are on the table again."""
    small, promise = due_today(WITH_HUB, price_cents=1)
    outcome = negotiated(small, dict(small.parties()))
    assert outcome.settlement.void == {promise.id: rules.REFUSED}
    asked = [m for one in outcome.transcript.rounds for m in one.sent if m.topic == Topic.BUYING]
    assert promise.lot[0] in {j for m in asked for jobs in m.body["jobs"].to_pylist() for j in jobs}


def test_plan_without_it() -> None:
    """Where a carrier's plan leaves out what was due, all is negotiated anew without that promise."""

    @dataclass
    class Forgets:
        party: Party
        job: str

        def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
            first = "#" not in message.conversation
            if first and message.topic == Topic.PLAN and self.job in message.body["job"].to_pylist():
                return message.reply(Performative.REFUSE, reason="it slipped its mind")
            return self.party.respond(message, history, rng)

    small, promise = due_today(TWO_HAULIERS)
    parties: dict[str, Participant] = dict(small.parties())
    parties[promise.carrier] = Forgets(parties[promise.carrier], promise.lot[0])  # type: ignore[arg-type]
    outcome = negotiated(small, parties)
    assert outcome.settlement.void == {promise.id: rules.NOT_KEPT}
    assert any(f"again without {promise.id}" in note for note in outcome.settlement.evidence.notes)
    assert outcome.settlement.pooled


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "alternating_offers"])
def test_other_protocols(protocol: str) -> None:
    """Another protocol makes no promise and asks for none: what was due is void."""
    small, promise = due_today(TWO_HAULIERS)
    settlement = run(small, dict(small.parties()), protocol)
    assert not settlement.promises
    assert settlement.void == {promise.id: rules.NOT_KEPT}


# What the settlement check finds.

BREAKS: dict[str, tuple[Callable[[Settlement], Settlement], str]] = {
    "twice": (lambda s: replace(s, promises=(*s.promises, replace(s.promises[0], id="x"))), "promised 2 times"),
    "another day": (
        lambda s: replace(s, promises=(replace(s.promises[0], day=START + timedelta(days=9)), *s.promises[1:])),
        "expected one of the later days",
    ),
    "nobody's": (lambda s: replace(s, promises=()), "nobody promised to carry it"),
    "no carrier": (
        lambda s: replace(s, promises=(replace(s.promises[0], carrier="ghost"), *s.promises[1:])),
        "is no offer",
    ),
    "another's goods": (
        lambda s: replace(s, promises=(replace(s.promises[0], owner="ghost"), *s.promises[1:])),
        "not on the table like this",
    ),
    "no limit": (lambda s: replace(s, most_cents={}), "does not say what they leave it to pay"),
    "above the limit": (lambda s: replace(s, most_cents=dict.fromkeys(s.most_cents, -1)), "its promises leave it"),
    "void without being due": (lambda s: replace(s, void={"x": "why not"}), "was not due today"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_faults(name: str) -> None:
    """Each way to write promises that nobody can keep is found out."""
    small, _, outcome = promised(7)
    breaks, said = BREAKS[name]
    assert settlement_faults(small.market, outcome.settlement) == []
    assert any(said in fault for fault in settlement_faults(small.market, breaks(outcome.settlement)))


def test_broken_in_silence() -> None:
    """A settlement that does not carry what was due, or late, or says no reason, is at fault."""
    small, promise = due_today(TWO_HAULIERS)
    s = negotiated(small, dict(small.parties())).settlement
    other = next(c for c in small.region.carriers if c != promise.carrier)
    for wrong in (
        replace(promise, carrier=other),
        replace(promise, shipments=(replace(promise.shipments[0], pallets=0.25),)),
    ):
        told = replace(s, market_digest=replace(small, promises=(wrong,)).market.digest)
        faults = settlement_faults(replace(small, promises=(wrong,)).market, told)
        assert len(faults) == 1
        assert "is not kept" in faults[0]
    mute = replace(s, void={promise.id: ""})
    assert any("without a reason" in fault for fault in settlement_faults(small.market, mute))
    job = next(d for p in small.parties().values() for d in p.desks if isinstance(d, CarrierDesk)).jobs[promise.lot[0]]
    start = next(stop.start_min for load in s.loads for stop in load.stops if promise.lot[0] in stop.deliveries)
    narrow = next((n for n in range(2, 500) if latest_start_min(job, n - 1, n) < start - 1), 0)
    if narrow:
        early = replace(small, promises=(replace(promise, window=narrow - 1, windows=narrow),))
        faults = settlement_faults(early.market, replace(s, market_digest=early.market.digest))
        assert any("too late" in fault for fault in faults)
