"""What every negotiation protocol promises; a protocol's test class inherits it and names the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.random import Generator

from agents.messages import ANSWERS, Message, Performative, Topic, same_message
from agents.participant import Participant
from agents.participants import Party
from agents.policy import Choice
from agents.registry import create
from agents.settlement import LeftStatus, Settlement
from agents.synchronize import Synchronization, replayed, synchronize
from agents.verify import settlement_faults
from tests.agents.markets import Small, policy, small_market
from tests.agents.protocols.promises import check_money, check_promises, check_rationality

BLOCK = 10  # markets in one test, so that test processes can share the work
# Markets in which all protocols that pool do pool, with a hub and several owners: what misbehaviour is tried on.
LIVELY: dict[str, Any] = {"factories": 3, "shipments": 8, "hubs": 1, "carriers": 2}
WITH_HUB, TWO_HAULIERS = 31, 24  # seeds


@lru_cache(maxsize=64)
def drawn(seed: int) -> tuple[Small, str, dict[str, Party]]:
    """A market, how its carriers bid, and its parties; they keep no state, so every protocol may meet the same."""
    small = small_market(seed)
    bidding = ("truthful", "markup")[seed % 2]
    return small, bidding, small.parties(create("bidding", Choice(name=bidding)))


@lru_cache(maxsize=8)
def lively(seed: int) -> tuple[Small, dict[str, Party]]:
    """A market with everybody in it."""
    small = small_market(seed, **LIVELY)
    return small, small.parties()


@dataclass
class Misbehaving:
    """Answers as its party would, but for some topics (all when none is named) does something else."""

    party: Participant
    what: str
    topics: frozenset[Topic] = frozenset()
    heard: set[Topic] = field(default_factory=set)

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Refuse, answer with a table of another topic, or fill the right table with nonsense."""
        self.heard.add(message.topic)
        honest = self.party.respond(message, history, rng)
        if self.topics and message.topic not in self.topics:
            return honest
        if self.what == "refuses":
            return message.reply(Performative.REFUSE, reason="not today")
        if self.what == "malformed":
            return message.reply(Performative.INFORM, pa.table({"cents": [1.5]}))
        if self.what == "foreign":
            return replace(honest, in_reply_to="somebody else's question")
        if honest.performative not in (Performative.PROPOSE, Performative.INFORM):
            return honest
        return replace(honest, body=_spoilt(honest.body, ANSWERS[message.topic], self.what))


def _spoilt(body: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    columns = {}
    for name in schema.names:
        kind = schema.field(name).type
        if what == "nulls":
            columns[name] = pa.nulls(len(body), kind)
        elif what == "not a number" and pa.types.is_floating(kind):
            columns[name] = pa.array([float("nan")] * len(body), kind)
        elif what == "negative" and not pa.types.is_string(kind):
            columns[name] = pa.array([-7] * len(body)).cast(kind)
        elif what == "exaggerated" and not pa.types.is_string(kind):
            columns[name] = pc.multiply(body[name], 1000).cast(kind)
        else:
            columns[name] = body[name]
    return pa.table(columns, schema=schema)


def run(small: Small, parties: dict[str, Participant], protocol: str, sharing: str = "proportional") -> Settlement:
    """Negotiate once; the settlement has no fault by the library's own word."""
    settlement = synchronize(small.market, parties, policy(protocol, sharing), 11).settlement
    assert settlement_faults(small.market, settlement) == []
    return settlement


@lru_cache(maxsize=64)
def asked_about(protocol: str, topic: Topic, seed: int = WITH_HUB) -> frozenset[str]:
    """Who is asked about a topic where everybody behaves; whoever is not has no occasion to misbehave about it."""
    small, parties = lively(seed)
    return heard_of(synchronize(small.market, parties, policy(protocol), 11), topic)


def heard_of(outcome: Synchronization, topic: Topic) -> frozenset[str]:
    """Who was asked about a topic in a negotiation."""
    return frozenset(m.receiver for one in outcome.transcript.rounds for m in one.sent if m.topic == topic)


class ProtocolContract:
    """Inherit, and give ``protocol``; ``pools`` is false for one that leaves everybody alone."""

    protocol: str
    rules: tuple[str, ...] = ("proportional", "shapley", "nucleolus")
    pools: bool = True

    def negotiate(self, seed: int, sharing: str) -> tuple[Small, Synchronization]:
        """Negotiate a drawn market under a sharing rule."""
        small, bidding, parties = drawn(seed)
        return small, synchronize(small.market, parties, policy(self.protocol, sharing, bidding), seed)

    @pytest.mark.parametrize("block", range(10))
    def test_promises(self, block: int) -> None:
        """Whatever the market and the rule: sound, conserving, feasible, balanced, and nobody is worse off."""
        for seed in range(block * BLOCK, (block + 1) * BLOCK):
            # Proportional always, the dear rules that ask about every coalition in turn.
            for sharing in {self.rules[0], self.rules[seed % len(self.rules)]}:
                small, outcome = self.negotiate(seed, sharing)
                assert settlement_faults(small.market, outcome.settlement) == [], seed
                check_promises(small, outcome.settlement)

    @pytest.mark.parametrize("seed", [200, 201, 202])
    def test_same_seed_same_record(self, seed: int) -> None:
        """The same market, policy and seed with newly opened desks: the same record to the last byte."""
        small, outcome = self.negotiate(seed, "shapley")
        _, bidding, _ = drawn(seed)
        fresh = small_market(seed).parties(create("bidding", Choice(name=bidding)))
        again = synchronize(small.market, fresh, policy(self.protocol, "shapley", bidding), seed)
        assert again.settlement == outcome.settlement
        pairs = list(zip(again.transcript.messages(), outcome.transcript.messages(), strict=True))
        assert all(same_message(a, b) for a, b in pairs)
        assert [_bytes(a.body) for a, _ in pairs] == [_bytes(b.body) for _, b in pairs]

    @pytest.mark.parametrize("seed", [203, 204])
    def test_replay(self, seed: int) -> None:
        """The record alone, without any participant, leads to the same settlement."""
        small, outcome = self.negotiate(seed, "shapley")
        _, bidding, _ = drawn(seed)
        again = replayed(small.market, policy(self.protocol, "shapley", bidding), outcome.transcript)
        assert again.settlement == outcome.settlement

    @pytest.mark.parametrize("seed", [205, 206, 207])
    def test_message_names(self, seed: int) -> None:
        """No two messages of a record have one name, also where coalitions are asked about."""
        _, outcome = self.negotiate(seed, "shapley")
        names = [m.id for m in outcome.transcript.messages()]
        assert len(set(names)) == len(names)

    def test_order_of_participants(self) -> None:
        """The order in which participants are listed changes nothing."""
        small, parties = lively(WITH_HUB)
        backward = dict(reversed(parties.items()))
        assert run(small, backward, self.protocol) == run(small, dict(parties), self.protocol)

    def test_pools(self) -> None:
        """The markets that misbehaviour is tried on are ones where there is a pool to spoil."""
        settlement = run(*lively(WITH_HUB), self.protocol)
        check_promises(lively(WITH_HUB)[0], settlement)
        assert bool(settlement.pooled) == self.pools
        assert bool(settlement.bookings) == self.pools
        haulage = run(*lively(TWO_HAULIERS), self.protocol)
        check_promises(lively(TWO_HAULIERS)[0], haulage)
        assert bool(haulage.pooled) == self.pools

    @pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
    def test_silent(self, seed: int) -> None:
        """Whoever is silent is left out, and the others settle soundly; all silent: nothing is pooled."""
        small, parties = lively(seed)
        for who in parties:
            settlement = run(small, {k: p for k, p in parties.items() if k != who}, self.protocol)
            check_promises(small, settlement)
            assert all(small.shipments[s].owner != who for s in settlement.pooled)
            assert all(load.carrier != who for load in settlement.loads)
            assert all(b.hub != who for b in settlement.bookings)
        nobody = run(small, {}, self.protocol)
        check_promises(small, nobody)
        assert not nobody.pooled

    @pytest.mark.parametrize(
        "what", ["refuses", "malformed", "foreign", "nulls", "not a number", "negative", "exaggerated"]
    )
    def test_nonsense(self, what: str) -> None:
        """Refusals, other tables and nonsense in the right tables end no negotiation, and harm only who sends them."""
        small, parties = lively(WITH_HUB)
        for who, party in parties.items():
            settlement = run(small, {**parties, who: Misbehaving(party, what)}, self.protocol)
            check_promises(small, settlement)

    @pytest.mark.parametrize(
        ("topic", "what"),
        [
            (Topic.BOOKINGS, "refuses"),
            (Topic.LOADS, "refuses"),
            (Topic.AWARD, "refuses"),
            (Topic.PLAN, "refuses"),
            (Topic.PLAN, "nulls"),
            (Topic.PLAN, "not a number"),
            (Topic.PLAN, "negative"),
            (Topic.STANDALONE, "refuses"),
        ],
    )
    def test_second_thoughts(self, topic: Topic, what: str) -> None:
        """Whoever goes along at first and then does not is left out; the others settle soundly."""
        small, parties = lively(WITH_HUB)
        for who in sorted(asked_about(self.protocol, topic)):
            turncoat = Misbehaving(parties[who], what, frozenset({topic}))
            settlement = run(small, {**parties, who: turncoat}, self.protocol)
            check_promises(small, settlement)
            assert topic in turncoat.heard
            if topic != Topic.STANDALONE:
                assert all(load.carrier != who for load in settlement.loads)
                assert all(b.hub != who for b in settlement.bookings)

    def test_owner_that_contradicts_itself(self) -> None:
        """An owner whose parts cost more than its whole is not charged above alone."""

        @dataclass
        class Whimsical:
            party: Participant

            def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
                reply = self.party.respond(message, history, rng)
                if message.topic != Topic.STANDALONE or reply.performative != Performative.INFORM:
                    return reply
                figures = [1000 * (1 + n) for n in range(len(reply.body))]
                columns = {"set": reply.body["set"], "standalone_cents": pa.array(figures, pa.int64())}
                return replace(reply, body=pa.table(columns, schema=ANSWERS[Topic.STANDALONE]))

        for seed in (WITH_HUB, TWO_HAULIERS):
            small, parties = lively(seed)
            for who in sorted({s.owner for s in small.shipments.values()}):
                settlement = run(small, {**parties, who: Whimsical(parties[who])}, self.protocol)
                check_money(small, settlement)
                check_rationality(small, settlement)

    @pytest.mark.parametrize("gone", [{"carriers": True}, {"hubs": True}, {"carriers": True, "hubs": True}])
    def test_without(self, gone: dict[str, bool]) -> None:
        """No carriers, no hubs, neither: a correct settlement, and nothing pooled where nobody drives."""
        for seed in (WITH_HUB, TWO_HAULIERS):
            small = small_market(seed, **LIVELY).without(**gone)
            settlement = run(small, dict(small.parties()), self.protocol)
            check_promises(small, settlement)
            if "carriers" in gone:
                assert not settlement.pooled

    def test_empty(self) -> None:
        """Without shipments: nothing is carried, left or paid."""
        small = small_market(WITH_HUB, **LIVELY).without(shipments=True)
        settlement = run(small, dict(small.parties()), self.protocol)
        assert [*settlement.legs, *settlement.loads, *settlement.left, *settlement.transfers] == []

    @pytest.mark.parametrize("sharing", ["proportional", "nucleolus"])
    def test_one_factory(self, sharing: str) -> None:
        """One factory pools with itself at best, and pays at most what it would alone."""
        for seed in (1, 2, 3):
            small = small_market(seed, factories=1, carriers=2)
            check_promises(small, run(small, dict(small.parties()), self.protocol, sharing))

    def test_nothing_feasible(self) -> None:
        """Shipments without a delivery interval on this day stay out with a reason, too large ones too."""
        small = small_market(WITH_HUB, **LIVELY)
        late = small.changed(window_open=_later(small, 3), window_close=_later(small, 4), due_at=_later(small, 4))
        settlement = run(late, dict(late.parties()), self.protocol)
        check_promises(late, settlement)
        assert {row.status for row in settlement.left} == {LeftStatus.UNSERVED}
        huge = small.changed(pallets=500.0)
        settlement = run(huge, dict(huge.parties()), self.protocol)
        check_promises(huge, settlement)
        assert not settlement.pooled


def _later(small: Small, days: int) -> Any:
    return max(s.window_close for s in small.shipments.values()) + np.timedelta64(days, "D").astype(object)


def _bytes(body: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, body.schema) as writer:
        writer.write_table(body)
    return bytes(sink.getvalue())
