"""Alternating offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.random import Generator

from agents.concession import Boulware, Conceder, Linear, TitForTat
from agents.messages import Message, Performative, Topic, table
from agents.participant import Participant
from agents.participants import CarrierDesk, Party, ShipperDesk
from agents.participants.talks import latest_start_min
from agents.protocols.lots import Open
from agents.protocols.talks import round_up, without
from agents.synchronize import Synchronization
from logistics import Stakes
from tests.agents.markets import Small
from tests.agents.protocols.bargains import (
    OPENING,
    TALKS,
    agrees_with_bargains,
    giving_way,
    history_before,
    negotiated,
    pacts,
    talks_of,
    threads_of,
)
from tests.agents.protocols.contract import (
    TWO_HAULIERS,
    WITH_HUB,
    Misbehaving,
    ProtocolContract,
    asked_about,
    lively,
    run,
)
from tests.agents.protocols.promises import check_promises


class TestAlternatingOffers(ProtocolContract):
    """Holds to the contract."""

    protocol = "alternating_offers"

    @pytest.mark.parametrize("topic", [*TALKS, Topic.WISHES, Topic.CHOICE, Topic.DEAL, Topic.REMAINDER])
    @pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative", "exaggerated"])
    def test_spoilt_talks(self, topic: Topic, what: str) -> None:
        """Whoever spoils its talks, or the closing of deals, harms only itself."""
        tried = 0
        for seed in (WITH_HUB, TWO_HAULIERS):
            small, parties = lively(seed)
            for who in sorted(asked_about("alternating_offers", topic, seed)):
                spoiler = Misbehaving(parties[who], what, frozenset({topic}))
                settlement = run(small, {**parties, who: spoiler}, "alternating_offers")
                check_promises(small, settlement)
                assert topic in spoiler.heard
                tried += 1
        assert tried


@pytest.mark.parametrize(
    ("owners", "carriers"), [(Boulware(), Boulware()), (TitForTat(), Linear()), (Conceder(), TitForTat())]
)
@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS, 3])
def test_each_talk_is_the_bargain_of_its_sides(seed: int, owners: object, carriers: object) -> None:
    """What is said and agreed in tables, by way of the coordinator, is what the two sides bargain by themselves."""
    small, parties = lively(seed)
    parties = giving_way(giving_way(parties, ShipperDesk, owners), CarrierDesk, carriers)  # type: ignore[arg-type]
    outcome = negotiated(small, dict(parties))
    assert agrees_with_bargains(outcome, parties) > 0


def first_prices(outcome: Synchronization) -> dict[int, int]:
    """Prices agreed in the talks before the first deal was closed."""
    first: set[int] = set()
    for one in outcome.transcript.rounds:
        if one.sent[0].topic == Topic.WISHES:
            break
        first |= {talk for m in one.sent if m.topic == Topic.BUYING for talk in m.body["talk"].to_pylist()}
    known = talks_of(outcome)
    return {n: t.offers[-1][0] for n, t in known.items() if n in first and t.ending == Performative.ACCEPT_PROPOSAL}


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_who_gives_way_sooner_gets_less(seed: int) -> None:
    """Owners that give way early pay more for the same lots, and carriers that do are paid less."""
    small, parties = lively(seed)
    paid = {}
    for role in (ShipperDesk, CarrierDesk):
        for strategy in (Linear(), Conceder(8.0)):
            paid[role, strategy.name] = first_prices(
                negotiated(small, giving_way(parties, role, strategy), rounds=12, windows=1)
            )
    for role, sign in ((ShipperDesk, 1), (CarrierDesk, -1)):
        held, gave = paid[role, "linear"], paid[role, "conceder"]
        both = held.keys() & gave.keys()
        assert len(both) > 5
        assert all(sign * (gave[t] - held[t]) >= 0 for t in both)
        assert sum(sign * (gave[t] - held[t]) for t in both) > 0


def test_deadline() -> None:
    """With a single round the owner's opening offer, nothing, is all that a carrier can take: nothing is pooled."""
    small, parties = lively(TWO_HAULIERS)
    assert not negotiated(small, dict(parties), rounds=1).settlement.pooled
    assert negotiated(small, dict(parties), rounds=2).settlement.pooled


def test_waiting_costs_the_impatient() -> None:
    """Where waiting eats what a deal is worth to carriers, fewer talks end in agreement; where it eats all, none."""
    small, parties = lively(TWO_HAULIERS)
    agreed = []
    for discount in (1.0, 0.97, 0.1):
        carriers = giving_way(parties, CarrierDesk, Boulware(discount=discount))
        agreed.append(len(first_prices(negotiated(small, carriers))))
    assert agreed[0] > agreed[1] > agreed[2] == 0


def urgent(seed: int) -> tuple[Small, dict[str, Party]]:
    """A market whose owners pay dearly for each hour of lateness."""
    small = lively(seed)[0].changed(stakes=Stakes(lateness_eur_per_hour=300.0))
    return small, small.parties()


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_windows_are_bargained_and_kept(seed: int) -> None:
    """Owners to whom lateness is dear get earlier windows, others none; every load keeps what was promised."""
    indifferent = lively(seed)[0].changed(stakes=Stakes())
    calm = negotiated(indifferent, dict(indifferent.parties()))
    small, parties = urgent(seed)
    outcome = negotiated(small, dict(parties))
    early_by = [np.mean([row["window"] for _, row in pacts(one)]) for one in (calm, outcome)]  # type: ignore[arg-type]
    assert early_by[0] == 0
    assert early_by[1] > 0
    early = {j: row for _, row in pacts(outcome) for j in row["jobs"] if row["window"] > 0}  # type: ignore[attr-defined, operator]
    assert early
    book = next(d for p in parties.values() for d in p.desks if isinstance(d, CarrierDesk)).jobs
    for load in outcome.settlement.loads:
        for stop in load.stops:
            for job in early.keys() & set(stop.deliveries):
                row = early[job]
                assert stop.start_min <= latest_start_min(book[job], row["window"], row["windows"]) + 1e-6  # type: ignore[arg-type]


def _with(drawn: tuple[Small, dict[str, Party]]) -> tuple[Small, dict[str, Participant]]:
    return drawn[0], dict(drawn[1])


def test_carrier_that_forgets_its_windows() -> None:
    """A plan that breaks a promised window is refused, and what it carries stays out."""

    @dataclass
    class Forgetful:
        party: Party

        def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
            kept = [m for m in history if m.topic != Topic.DEAL] if message.topic == Topic.PLAN else history
            return self.party.respond(message, kept, rng)

    refused = 0
    for seed in (WITH_HUB, TWO_HAULIERS, 3, 9):
        small, parties = urgent(seed)
        carriers = {v.carrier for v in small.region.vehicles.values()}
        outcome = negotiated(small, {who: Forgetful(p) if who in carriers else p for who, p in parties.items()})
        early = {j: row for _, row in pacts(outcome) for j in row["jobs"] if row["window"] > 0}  # type: ignore[attr-defined, operator]
        book = next(d for p in parties.values() for d in p.desks if isinstance(d, CarrierDesk)).jobs
        for load in outcome.settlement.loads:
            for stop in load.stops:
                for job in early.keys() & set(stop.deliveries):
                    row = early[job]
                    assert stop.start_min <= latest_start_min(book[job], row["window"], row["windows"]) + 1e-6  # type: ignore[arg-type]
        refused += any("promised by" in note for note in outcome.settlement.evidence.notes)
    assert refused


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS, 3])
def test_who_is_told_what(seed: int) -> None:
    """Carriers read no owner's name and no reserve, owners nobody else's shipments, and each only its own talks."""
    small, parties = lively(seed)
    outcome = negotiated(small, dict(parties))
    owners = {s: small.shipments[s].owner for s in small.shipments}
    reserves = {
        row["reserve_cents"]
        for m in outcome.transcript.messages()
        if m.topic in (Topic.OFFER, Topic.REMAINDER) and m.performative == Performative.INFORM
        for row in m.body.to_pylist()
    }
    told: defaultdict[int, set[str]] = defaultdict(set)
    for one in outcome.transcript.rounds:
        for message in one.sent:
            if message.topic in (*OPENING, Topic.CHOICE):
                for jobs in message.body["jobs"].to_pylist():
                    assert {owners[j.split("@")[0]] for j in jobs} == {message.receiver}
            if message.topic == Topic.SELLING:
                assert "owner" not in message.body.column_names
                tops = set(message.body["top_cents"].to_pylist())
                assert all(int(str(top).rstrip("0")) in (1, 2, 5) for top in tops)
                assert not (tops & reserves) - {10**k * d for k in range(9) for d in (1, 2, 5)}
            if message.topic in TALKS:
                for talk in message.body["talk"].to_pylist():
                    told[talk].add(message.receiver)
    assert told
    assert all(len(parties_) <= 2 for parties_ in told.values())


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS, 3])
def test_one_deal_a_carrier_and_no_shipment_twice(seed: int) -> None:
    """In one go a carrier closes one deal at most; over all, a shipment is closed once."""
    small, parties = lively(seed)
    outcome = negotiated(small, dict(parties))
    for one in outcome.transcript.rounds:
        for message in one.sent:
            if message.topic == Topic.DEAL:
                assert len(set(message.body["deal"].to_pylist())) == 1
    closed = [j for _, row in pacts(outcome) for j in row["jobs"]]  # type: ignore[attr-defined]
    assert closed
    assert len({j.split(":")[0] for j in closed}) == len({j.split("@")[0] for j in closed})
    assert len(set(closed)) == len(closed)


def test_carriers_are_paid_what_was_agreed_at_most() -> None:
    """A carrier is paid at most the sum of its deals, and at least what its tours cost it (see the promises)."""
    for seed in (WITH_HUB, TWO_HAULIERS):
        outcome = negotiated(*_with(lively(seed)))
        agreed: defaultdict[str, int] = defaultdict(int)
        for carrier, row in pacts(outcome):
            agreed[carrier] += row["price_cents"]  # type: ignore[call-overload]
        for load in outcome.settlement.loads:
            agreed[load.carrier] -= sum(load.price_lines.values())
        assert all(left >= 0 for left in agreed.values())


@pytest.mark.parametrize(
    ("cents", "seen"), [(1, 100), (100, 100), (101, 200), (201, 500), (501, 1000), (1999, 2000), (20_001, 50_000)]
)
def test_highest_prices_are_coarse(cents: int, seen: int) -> None:
    """The highest price of a talk shows no more of a reserve than its size: 1, 2 or 5 by a power of ten."""
    assert round_up(cents) == seen


def test_groups_shrink() -> None:
    """What is left of a group stays on the table with its part of the fee; of two alike, the lower one."""
    one, other = frozenset({"v0"}), frozenset({"v1"})
    lots = {("a", "b", "c"): Open(300, one), ("a", "b"): Open(10, other), ("d",): Open(0, one)}
    assert without(lots, {"c"}) == {("a", "b"): Open(10, one | other), ("d",): Open(0, one)}
    assert without(lots, {"b"}) == {("a", "c"): Open(200, one), ("a",): Open(5, other), ("d",): Open(0, one)}


@pytest.mark.parametrize("params", [{"rounds": 0}, {"prices": 1}, {"windows": 0}])
def test_parameters(params: dict[str, int]) -> None:
    """Parameters that leave nothing to bargain about are refused."""
    small, parties = lively(WITH_HUB)
    with pytest.raises(ValueError, match=next(iter(params))):
        negotiated(small, dict(parties), **params)


def test_as_many_windows_as_wished() -> None:
    """With one window only the price is bargained; a market of it is as sound as any."""
    small, parties = lively(TWO_HAULIERS)
    outcome = negotiated(small, dict(parties), windows=1, prices=11)
    assert outcome.settlement.pooled
    assert {row["window"] for _, row in pacts(outcome)} == {0}


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_prices_between_the_steps(seed: int) -> None:
    """Nobody takes a price that is a cent worse than no deal, though the next step would be good enough."""
    small, parties = lively(seed)
    outcome = negotiated(small, dict(parties))
    asked = 0
    for one in outcome.transcript.rounds:
        for message in one.sent:
            if message.topic not in TALKS or message.body["price_cents"].null_count:
                continue
            rows = message.body.to_pylist()
            history = history_before(outcome, message)
            desk = next(d for d in parties[message.receiver].desks if message.topic in d.topics)
            reserves = threads_of(parties[message.receiver], message, history).reserve
            if message.topic in OPENING:
                bad = [row["top_cents"] - int(r) + 1 for row, r in zip(rows, reserves, strict=True)]
            else:
                bad = [int(r) - 1 for r in reserves]
            worse = [
                row | {"price_cents": cents}
                for row, cents in zip(rows, bad, strict=True)
                if 0 <= cents <= row["top_cents"]
            ]
            if worse:
                body = table(message.body.schema, {k: [row[k] for row in worse] for k in message.body.schema.names})
                reply = desk.answer(replace(message, body=body), history, np.random.default_rng(0))
                assert Performative.ACCEPT_PROPOSAL not in reply.body["act"].to_pylist()
                asked += len(worse)
    assert asked > 100
