"""The iterated contract net."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from agents.messages import Message, Performative, Topic
from agents.model import pooling_model
from agents.participants.contracting import parts_of
from agents.policy import Choice
from agents.registry import create
from agents.synchronize import Synchronization, replayed, synchronize
from agents.verify import settlement_faults
from experiments.importers.mdvrp import import_mdvrp
from experiments.policies import load_policy
from experiments.runs import world_of
from experiments.scenario import load_scenario
from tests.agents.markets import Small, policy, small_market
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, ProtocolContract, lively, run
from tests.agents.protocols.promises import check_promises

LARGER = (1, 5, 10)  # seeds of markets in which contracts are signed, of several types


@lru_cache(maxsize=8)
def larger(seed: int) -> Small:
    """A market with something to contract about."""
    return small_market(seed, factories=4, shipments=24, carriers=3, hubs=0)


@lru_cache(maxsize=16)
def negotiated(seed: int, protocol: str = "iterated_contract_net", bidding: str = "truthful") -> Synchronization:
    """Negotiate one of these markets."""
    small = larger(seed)
    parties = small.parties(create("bidding", Choice(name=bidding)))
    return synchronize(small.market, dict(parties), policy(protocol, bidding=bidding), 11)


def signings(outcome: Synchronization) -> list[tuple[Message, Message]]:
    """Every contract that was put up for signing to one party, and what that said."""
    return [
        (sent, reply)
        for one in outcome.transcript.rounds
        for sent, reply in zip(sorted(one.sent, key=lambda m: m.receiver), one.replies, strict=True)
        if sent.topic == Topic.SIGNING and sent.performative == Performative.ACCEPT_PROPOSAL
    ]


def offered(outcome: Synchronization) -> dict[tuple[str, int], tuple[int, frozenset[str]]]:
    """By carrier and contract: what it asked for all it has, and what of the contract it would carry."""
    found: dict[tuple[str, int], tuple[int, frozenset[str]]] = {}
    replies = (m for one in outcome.transcript.rounds for m in one.replies if m.topic == Topic.CONTRACTS)
    for m in (m for m in replies if m.performative == Performative.PROPOSE):
        rows = m.body.to_pylist()
        for number in {row["contract"] for row in rows}:
            own = [row for row in rows if row["contract"] == number]
            price = next(row["price_cents"] for row in own if row["price_cents"] is not None)
            found[m.sender, number] = price, frozenset(row["job"] for row in own) - {""}
    return found


class TestIteratedContractNet(ProtocolContract):
    """Holds to the contract."""

    protocol = "iterated_contract_net"

    @pytest.mark.parametrize("what", ["refuses", "malformed", "nulls", "negative", "exaggerated"])
    @pytest.mark.parametrize("topic", [Topic.CONTRACTS, Topic.SIGNING])
    def test_spoilt_contracts(self, topic: Topic, what: str) -> None:
        """Whoever spoils a contract harms only itself, and all promises are kept."""
        for small, who in [(lively(WITH_HUB)[0], "v0"), (lively(TWO_HAULIERS)[0], "v1"), (larger(5), "v0")]:
            parties = small.parties()
            spoilt = Misbehaving(parties[who], what, frozenset({topic}))
            check_promises(small, run(small, {**parties, who: spoilt}, self.protocol))
        assert topic in spoilt.heard


@pytest.mark.parametrize("bidding", ["truthful", "markup"])
@pytest.mark.parametrize("seed", LARGER)
def test_promises_where_contracts_are_signed(seed: int, bidding: str) -> None:
    """With many contracts signed nobody is worse off, and every other promise holds; the record replays."""
    outcome = negotiated(seed, bidding=bidding)
    assert signings(outcome)
    check_promises(larger(seed), outcome.settlement)
    replay = replayed(larger(seed).market, policy("iterated_contract_net", bidding=bidding), outcome.transcript)
    assert replay.settlement == outcome.settlement


def test_types() -> None:
    """Contracts of every one of Sandholm's types are signed on these markets."""
    notes = " ".join(note for seed in LARGER for note in negotiated(seed).settlement.evidence.notes)
    assert all(kind in notes for kind in ("original", "cluster", "swap", "multi-agent"))


@pytest.mark.parametrize("seed", LARGER)
def test_paid_what_it_asked(seed: int) -> None:
    """Each party of a contract is told to sign it as it answered it, at what it asked, and signs."""
    outcome = negotiated(seed)
    asked = offered(outcome)
    for sent, reply in signings(outcome):
        ((number, part),) = parts_of(sent).items()
        price, carries = asked[sent.receiver, number]
        assert [c for c in sent.body["price_cents"].to_pylist() if c is not None] == [price]
        worth = dict(part)
        assert {job for job, cents in worth.items() if cents is None} <= carries
        assert carries <= {job for job, cents in worth.items() if cents != 0}
        assert reply.performative == Performative.INFORM


@pytest.mark.parametrize("seed", LARGER)
def test_one_contract_a_round(seed: int) -> None:
    """In no round does a carrier sign two contracts, or two carriers take the same shipment."""
    outcome = negotiated(seed)
    asked = offered(outcome)
    for one in outcome.transcript.rounds:
        if one.sent[0].topic != Topic.SIGNING or one.sent[0].performative != Performative.ACCEPT_PROPOSAL:
            continue
        taken: Counter[str] = Counter()
        for sent in one.sent:
            ((number, _),) = parts_of(sent).items()
            taken.update(asked[sent.receiver, number][1])
        assert max(taken.values(), default=1) == 1


def test_cheaper_than_the_contract_net() -> None:
    """On the whole owners pay less than after the contract net alone."""

    def paid(protocol: str) -> int:
        found = [negotiated(seed, protocol).settlement for seed in LARGER]
        assert not any(s.bookings for s in found)
        return sum(sum(s.left_cents.values()) + sum(sum(x.price_lines.values()) for x in s.loads) for s in found)

    assert paid("iterated_contract_net") < 0.95 * paid("contract_net")


@pytest.mark.parametrize("seed", LARGER)
def test_no_reserve_reaches_a_carrier(seed: int) -> None:
    """What requests are worth in contracts is drawn: no owner's reserve is told, and no carrier's price to another."""
    outcome = negotiated(seed)
    reserves = set(outcome.settlement.evidence.reserves.values()) - {0}
    prices = {price for price, _ in offered(outcome).values()}
    told = [
        cents
        for one in outcome.transcript.rounds
        for m in one.sent
        if m.topic == Topic.CONTRACTS
        for cents in m.body["worth_cents"].to_pylist()
        if cents
    ]
    assert sum(cents in reserves or cents in prices for cents in told) <= 0.02 * len(told)


@pytest.mark.parametrize("seed", LARGER)
def test_unsigned_contract_is_void_for_all(seed: int) -> None:
    """Where one party does not sign, the others are told so, and contract on as if they had not signed."""
    small = larger(seed)
    parties = small.parties()
    turncoat = Misbehaving(parties["v0"], "refuses", frozenset({Topic.SIGNING}))
    outcome = synchronize(small.market, {**parties, "v0": turncoat}, policy("iterated_contract_net"), 11)
    check_promises(small, outcome.settlement)
    rounds = outcome.transcript.rounds
    for k, one in enumerate(rounds):
        if one.sent[0].topic != Topic.SIGNING or "v0" not in {m.receiver for m in one.sent}:
            continue
        spoilt = {n for m in one.sent if m.receiver == "v0" for n in parts_of(m)}
        others = {m.receiver for m in one.sent if m.receiver != "v0" and spoilt & parts_of(m).keys()}
        told = {m.receiver for m in rounds[k + 1].sent if m.performative == Performative.REJECT_PROPOSAL}
        assert others <= told
        break
    else:
        pytest.fail("v0 was never asked to sign")


# Two depots with three vehicles each, whose customers are those nearest to them. What an owner would send alone is
# good already: no lot of the contract net is cheaper for a carrier than for its owner.
NEAREST = """2 3 12 2
0 60
0 60
1 32 34 0 15
2 49 25 0 8
3 46 5 0 9
4 31 20 0 18
5 0 37 0 10
6 27 1 0 24
7 17 52 0 13
8 4 51 0 24
9 53 2 0 11
10 8 48 0 18
11 2 11 0 8
12 48 41 0 8
13 20 30 0 0
14 40 30 0 0
"""


def test_begins_from_whole_days_where_awards_gain_nothing(tmp_path: Path) -> None:
    """Where the contract net ends no cheaper than going alone, contracts that begin from owners' days still gain."""
    (tmp_path / "nearest.txt").write_text(NEAREST)
    import_mdvrp(tmp_path / "nearest.txt", tmp_path / "scenario", "nearest", 0)
    scenario = load_scenario(tmp_path / "scenario")
    saved_cents = {}
    for protocol in ("contract_net", "iterated_contract_net"):
        with pooling_model(world_of(scenario), load_policy(protocol), seed=1) as model:
            day = model.run_day()
        saved_cents[protocol] = day.alone.resource_cents - day.executed.resource_cents
    assert saved_cents["contract_net"] == 0
    assert saved_cents["iterated_contract_net"] > 500
    # What carriers are told that a day is worth is the same for all of it, and tells no reserve: a power of ten.
    opening = next(one for one in day.transcript.rounds if one.sent[0].conversation.endswith("#days"))
    told = [cents for m in opening.sent for cents in m.body["worth_cents"].to_pylist()]
    assert set(told) == {100_000}
    assert len(told) == 2 * len(day.market.shipments)
    assert not settlement_faults(day.market, day.settlement)
