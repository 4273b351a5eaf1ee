"""Why shipments stay outside the pool, through the protocols, with participants that go back on their word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.random import Generator

from agents.jobs import shipment_of
from agents.messages import ANSWERS, Message, Performative, Topic
from agents.participant import Participant
from agents.policy import Choice
from agents.protocols import reasons
from agents.settlement import Settlement
from agents.synchronize import Synchronization, synchronize
from logistics import PublicTariffs
from tests.agents.markets import QUICK, Small, policy, small_market
from tests.agents.protocols.contract import LIVELY, TWO_HAULIERS, WITH_HUB, Misbehaving, lively
from tests.agents.protocols.promises import check_promises

POOLING = ("contract_net", "trustee")


def negotiate(
    small: Small, parties: Mapping[str, Participant], protocol: str, params: dict[str, int] | None = None
) -> Synchronization:
    """Negotiate once; whatever anybody does, the promises hold."""
    chosen = policy(protocol).model_copy(update={"protocol": Choice(name=protocol, params=params or {})})
    outcome = synchronize(small.market, parties, chosen, 11)
    check_promises(small, outcome.settlement)
    return outcome


def spoilt(
    parties: Mapping[str, Participant], who: Iterable[str], topic: Topic, what: str = "refuses"
) -> dict[str, Participant]:
    """Everybody as they are, but some that misbehave on a topic."""
    return {**parties, **{w: Misbehaving(parties[w], what, frozenset({topic})) for w in who}}


def reason_of(settlement: Settlement) -> dict[str, str]:
    """Reasons by shipment."""
    return {row.shipment: row.reason for row in settlement.left}


def taken(outcome: Synchronization, carrier: str) -> set[str]:
    """Shipments of the awards that a carrier took."""
    messages = list(outcome.transcript.messages())
    took = {m.in_reply_to for m in messages if m.topic == Topic.AWARD and m.performative == Performative.INFORM}
    awards = [m for m in messages if m.id in took and m.receiver == carrier]
    return {shipment_of(job) for m in awards for job in m.body["job"].to_pylist()}


def owners_of(small: Small) -> list[str]:
    """All owners."""
    return sorted({s.owner for s in small.shipments.values()})


@pytest.mark.parametrize("protocol", POOLING)
@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_not_offered(protocol: str, seed: int) -> None:
    """What its owner did not put on the table has that reason, and nothing else has it."""
    small, parties = lively(seed)
    for owner in owners_of(small):
        found = reason_of(negotiate(small, spoilt(parties, [owner], Topic.OFFER), protocol).settlement)
        own = {s for s in small.shipments if small.shipments[s].owner == owner}
        assert own == {s for s, why in found.items() if why == reasons.NOT_OFFERED}


@pytest.mark.parametrize("protocol", POOLING)
def test_somebody_else_pays(protocol: str) -> None:
    """A shipment whose freight somebody else pays is not offered."""
    small = small_market(WITH_HUB, **LIVELY).changed(freight_payer="client")
    found = reason_of(negotiate(small, small.parties(), protocol).settlement)
    assert set(found.values()) == {reasons.NOT_OFFERED}


@pytest.mark.parametrize(("what", "seed"), [("refuses", 31), ("nulls", 31), ("negative", 31), ("refuses", 24)])
def test_plan_refused(what: str, seed: int) -> None:
    """What a carrier won and gave no plan for says so; nothing is said to have been dearer than going alone."""
    small, parties = lively(seed)
    outcome = negotiate(small, spoilt(parties, ["v1"], Topic.PLAN, what), "contract_net")
    found = reason_of(outcome.settlement)
    won = taken(outcome, "v1")
    assert won
    assert {found[s] for s in won} == {reasons.NO_PLAN}
    assert reasons.NO_PLAN not in {why for s, why in found.items() if s not in won}
    assert reasons.NOT_CHEAPER not in found.values()


@dataclass
class Understating:
    """An owner that says that going alone costs a tenth of its reserves."""

    party: Participant

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer as its party, with a tenth of every cost of going alone."""
        reply = self.party.respond(message, history, rng)
        if message.topic != Topic.STANDALONE or reply.performative != Performative.INFORM:
            return reply
        tenth = pc.divide(reply.body["standalone_cents"], 10)
        columns = {"set": reply.body["set"], "standalone_cents": tenth}
        return replace(reply, body=pa.table(columns, schema=ANSWERS[Topic.STANDALONE]))


@pytest.mark.parametrize("protocol", POOLING)
def test_left_out(protocol: str) -> None:
    """Owners with whom the pool was dearer than going alone read that, and no word of anybody's refusal."""
    small, parties = lively(TWO_HAULIERS)
    understating = {**parties, **{o: Understating(parties[o]) for o in owners_of(small)}}
    found = reason_of(negotiate(small, understating, protocol).settlement)
    assert set(found.values()) == {reasons.DEARER}


def test_left_out_after_a_refusal() -> None:
    """An owner left out while a carrier's plan is missing reads that; what the carrier had won has its own reason."""
    for seed in range(40):
        small, parties = small_market(seed, **LIVELY), small_market(seed, **LIVELY).parties()
        understating = {**parties, **{o: Understating(parties[o]) for o in owners_of(small)}}
        outcome = negotiate(small, spoilt(understating, ["v0"], Topic.PLAN), "contract_net")
        unplanned, others = taken(outcome, "v0"), taken(outcome, "v1")
        if unplanned and others:
            found = reason_of(outcome.settlement)
            assert {found[s] for s in unplanned} == {reasons.NO_PLAN}
            assert reasons.DEARER + reasons.AFTER_REFUSAL in {found.get(s) for s in others}
            return
    pytest.fail("no market in which two carriers won")


@pytest.mark.parametrize("protocol", POOLING)
def test_silent_about_going_alone(protocol: str) -> None:
    """Whoever does not say what going alone costs is left out with that reason."""
    small, parties = lively(WITH_HUB)
    everybody = owners_of(small)
    found = reason_of(negotiate(small, spoilt(parties, everybody, Topic.STANDALONE), protocol).settlement)
    assert reasons.NOT_STATED in found.values()
    assert not [why for why in found.values() if why.startswith(reasons.DEARER)]


@pytest.mark.parametrize(("protocol", "topic"), [("contract_net", Topic.QUOTES), ("trustee", Topic.TARIFFS)])
def test_no_carrier(protocol: str, topic: Topic) -> None:
    """Where no carrier offers anything, or none has a vehicle, that is what every shipment reads."""
    small, parties = lively(WITH_HUB)
    none_offers = negotiate(small, spoilt(parties, small.region.carriers, topic), protocol)
    assert set(reason_of(none_offers.settlement).values()) == {reasons.NO_CARRIER}
    bare = small_market(WITH_HUB, **LIVELY).without(carriers=True)
    assert set(reason_of(negotiate(bare, bare.parties(), protocol).settlement).values()) <= {
        reasons.NO_CARRIER,
        reasons.NOTHING_TO_SAVE,
    }


@pytest.mark.parametrize(("protocol", "topic"), [("contract_net", Topic.QUOTES), ("trustee", Topic.TARIFFS)])
def test_room_is_known_of_those_only_who_answer(protocol: str, topic: Topic) -> None:
    """That no carrier could fit a shipment is not said where a carrier did not answer."""
    small, parties = lively(WITH_HUB)
    assert reasons.NO_ROOM in reason_of(negotiate(small, parties, protocol).settlement).values()
    for carrier in ("v0", "v1"):
        found = reason_of(negotiate(small, spoilt(parties, [carrier], topic), protocol).settlement)
        assert reasons.NO_ROOM not in found.values()


@pytest.mark.parametrize(("topic", "why"), [(Topic.LOADS, reasons.NOT_DRIVEN), (Topic.BOOKINGS, reasons.NOT_HANDLED)])
def test_trustee_is_refused(topic: Topic, why: str) -> None:
    """What the planner had on a load or at a hub that was then refused says so; the rest does not."""
    small, parties = lively(WITH_HUB)
    outcome = negotiate(small, spoilt(parties, ["v0", "v1", "h0"], topic), "trustee")
    found = reason_of(outcome.settlement)
    asked = [m for m in outcome.transcript.messages() if m.topic == Topic.LOADS and "job" in m.body.column_names]
    planned = {shipment_of(job) for m in asked for job in m.body["job"].to_pylist() if job}
    said = {s for s, reason in found.items() if reason == why}
    assert said
    assert said <= planned
    if topic == Topic.LOADS:
        assert said == planned


def test_word_broken() -> None:
    """Where the only offers worth taking are turncoats', that is the reason: going alone is not called cheaper."""
    small, parties = lively(TWO_HAULIERS)
    found = reason_of(negotiate(small, spoilt(parties, ["v0", "v1"], Topic.AWARD), "contract_net").settlement)
    assert set(found.values()) == {reasons.WORD_BROKEN}


def test_out_of_rounds() -> None:
    """Shipments still open when the rounds are over say so."""
    small, parties = lively(WITH_HUB)
    settlement = negotiate(small, parties, "contract_net", {"max_rounds": 1}).settlement
    assert settlement.pooled
    assert set(reason_of(settlement).values()) == {reasons.OUT_OF_ROUNDS}


@pytest.mark.parametrize("protocol", POOLING)
def test_owner_that_cannot_go_alone(protocol: str) -> None:
    """With no vehicle or tariff open to anybody alone nothing can be saved, and nobody is made to pay for it."""
    small = small_market(TWO_HAULIERS, **LIVELY)
    region = replace(small.region, tariffs=PublicTariffs((), ()), incumbents=())
    shut = Small(region, small.shipments)
    settlement = negotiate(shut, shut.parties(effort=QUICK), protocol).settlement
    assert not settlement.pooled
    assert set(reason_of(settlement).values()) == {reasons.NOTHING_TO_SAVE}


def test_quotes_that_were_dearer() -> None:
    """A lowest quote is named only where it is not below what going alone was put at."""
    seen = 0
    for seed in (2, 5, 31):
        small = small_market(seed, **LIVELY)
        for why in reason_of(negotiate(small, small.parties(), "contract_net").settlement).values():
            if why.startswith("the lowest quote"):
                quote, alone = (float(word) for word in why.split() if word[0].isdigit())
                assert quote >= alone > 0
                seen += 1
    assert seen > 3
