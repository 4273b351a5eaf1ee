"""Coalition formation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest
from numpy.random import Generator

from agents.messages import Message, Performative, Topic
from agents.participant import Participant
from agents.policy import Choice
from agents.protocols.coalition_formation import CoalitionFormation
from agents.protocols.deal import Deal
from agents.protocols.pooling import Fleet, Planner
from agents.protocols.reasons import NO_COALITION
from agents.protocols.talk import Talk
from agents.protocols.trustee import Stated
from agents.registry import create
from agents.settlement import Booking, Load
from agents.synchronize import Synchronization, synchronize
from agents.tools import Tools
from logistics import Stakes
from logistics.consolidation import HubOffer
from tests.agents.markets import QUICK, Small, policy, small_market
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, Misbehaving, ProtocolContract, lively
from tests.agents.protocols.promises import check_promises

SEEDS = (WITH_HUB, TWO_HAULIERS, 3)


class TestCoalitionFormation(ProtocolContract):
    """Holds to the contract."""

    protocol = "coalition_formation"


def negotiated(
    small: Small, parties: dict[str, Participant], sharing: str = "proportional", **params: int
) -> Synchronization:
    """Form coalitions once; whatever comes out, the promises hold."""
    choice = Choice(name="coalition_formation", params=params)
    chosen = policy("standalone", sharing).model_copy(update={"protocol": choice})
    outcome = synchronize(small.market, parties, chosen, 11)
    check_promises(small, outcome.settlement)
    return outcome


def market_of(seed: int) -> Small:
    """A market of four owners and two carriers."""
    return small_market(seed, factories=4, shipments=9, carriers=2)


def changes(outcome: Synchronization) -> list[tuple[dict[str, tuple[int, int]], bool]]:
    """Every change put to owners: what each pays now and would pay, and whether all joined."""
    found = []
    for one in outcome.transcript.rounds:
        if one.sent[0].topic == Topic.COALITION:
            rows = {m.receiver: m.body.to_pylist()[0] for m in one.sent}
            told = {o: (row["now_cents"], row["then_cents"]) for o, row in rows.items()}
            found.append((told, all(r.performative == Performative.ACCEPT_PROPOSAL for r in one.replies)))
    return found


def answered(generator: Any, parties: dict[str, Participant], small: Small) -> Any:
    """Drive a generator of exchanges with parties that answer without a history."""
    replies = None
    while True:
        try:
            exchange = generator.send(replies)
        except StopIteration as end:
            return end.value
        replies = tuple(
            sorted((parties[m.receiver].respond(m, (), None) for m in exchange.messages), key=lambda m: m.sender)  # type: ignore[arg-type]
        )


def planner_of(small: Small, parties: dict[str, Participant], sharing: str) -> Planner:
    """A planner that was told everything, as in `negotiated`."""
    from agents.protocols.trustee import ask_stated

    tools = Tools(small.market, create("sharing", Choice(name=sharing)), QUICK, 11)
    talk = Talk("test")
    return Planner(small.market, tools, answered(ask_stated(small.market, tools, talk), parties, small), talk)


@pytest.mark.parametrize("sharing", ["proportional", "nucleolus"])
@pytest.mark.parametrize("seed", SEEDS)
def test_stable(seed: int, sharing: str) -> None:
    """At the end no owners could merge, and no pool split in two, so that nobody loses and somebody gains.

    Looked at by brute force, with costs worked out apart from the search.
    """
    small = market_of(seed)
    parties: dict[str, Participant] = dict(small.parties())
    planner = planner_of(small, parties, sharing)
    groups = answered(CoalitionFormation()._formed(planner), parties, small)
    assert sorted(o for g in groups for o in g) == sorted({small.shipments[s].owner for s in planner.stated.reserves})
    again = planner_of(small, parties, sharing)

    def costs(group: frozenset[str]) -> dict[str, int] | None:
        shared = answered(again.shared(group), parties, small)
        if shared is not None:
            return {o: shared.pays(o) for o in group}
        if len(group) > 1:
            return None
        (owner,) = group
        own = frozenset(small.market.owned_by(owner))
        return {owner: answered(again.known({owner: [own]}), parties, small)[owner, own]}

    def improves(before: Sequence[frozenset[str]], after: Sequence[frozenset[str]]) -> bool:
        found = [costs(g) for g in after]
        if any(c is None for c in found):
            return False
        then = {o: c for one in found for o, c in one.items()}  # type: ignore[union-attr]
        now = {o: c for g in before for o, c in (costs(g) or {}).items()}
        return all(then[o] <= now[o] for o in now) and then != now

    for size in range(2, len(groups) + 1):
        for some in combinations(groups, size):
            assert not improves(some, [frozenset().union(*some)])
    for group in groups:
        others = sorted(group)[1:]
        for size in range(1, len(others) + 1):
            for part in combinations(others, size):
                assert not improves([group], [group - set(part), frozenset(part)])


def test_merges_where_it_pays() -> None:
    """In markets where pooling pays, owners come together; some stay alone, and are told why."""
    sizes: Counter[str] = Counter()
    for seed in range(30):
        small = market_of(seed)
        outcome = negotiated(small, dict(small.parties()))
        sizes["joined"] += any(yes for _, yes in changes(outcome))
        sizes["alone"] += any(row.reason == NO_COALITION for row in outcome.settlement.left)
        if min(sizes["joined"], sizes["alone"]) > 1:
            return
    raise AssertionError(sizes)


@pytest.mark.parametrize("seed", SEEDS)
def test_only_improvements_are_proposed(seed: int) -> None:
    """Owners are asked only to changes by which none of them loses and one gains, and each with its own figures."""
    small = market_of(seed)
    outcome = negotiated(small, dict(small.parties()))
    now: dict[str, int] = {}
    for told, joined in changes(outcome):
        assert all(before == now.get(o, before) for o, (before, _) in told.items())
        assert all(then <= before for before, then in told.values())
        assert any(then < before for before, then in told.values())
        if joined:
            now |= {o: then for o, (_, then) in told.items()}
    for one in outcome.transcript.rounds:
        for message in one.sent:
            if message.topic == Topic.COALITION:
                assert message.body.column_names == ["now_cents", "then_cents"]
                assert len(message.body) == 1


def test_owners_decide() -> None:
    """Whoever declines every change stays by itself: no vehicle carries its goods with another's."""
    met = 0
    for seed in SEEDS:
        small = market_of(seed)
        parties = small.parties()
        outcome = negotiated(small, dict(parties))
        for who in sorted({o for told, _ in changes(outcome) for o in told})[:2]:
            hermit = Misbehaving(parties[who], "refuses", frozenset({Topic.COALITION}))
            settlement = negotiated(small, {**parties, who: hermit}).settlement
            met += Topic.COALITION in hermit.heard
            for load in settlement.loads:
                owners = {small.shipments[j.split("@")[0]].owner for stop in load.stops for j in stop.deliveries}
                assert who not in owners or owners == {who}
    assert met > 1


def test_owner_that_pays_more_than_alone_declines() -> None:
    """The built-in owner joins for no more than it pays now and alone, by its own reckoning."""
    small = market_of(3)
    parties = small.parties()
    outcome = negotiated(small, dict(parties))
    asked = next(m for one in outcome.transcript.rounds for m in one.sent if m.topic == Topic.COALITION)
    row = asked.body.to_pylist()[0]
    for now, then, joins in (
        (row["now_cents"], row["then_cents"], True),
        (row["now_cents"], row["now_cents"] + 1, False),
        (10**9, 10**9, False),
    ):
        schema = asked.body.schema
        body = type(asked.body).from_pydict({"now_cents": [now], "then_cents": [then]}, schema=schema)
        reply = parties[asked.receiver].respond(replace(asked, body=body), (), None)  # type: ignore[arg-type]
        assert (reply.performative == Performative.ACCEPT_PROPOSAL) == joins


@pytest.mark.parametrize("seed", SEEDS)
def test_size_is_limited(seed: int) -> None:
    """With one owner in a pool at most nobody is asked to join; with two no load carries goods of three."""
    small = market_of(seed)
    parties = dict(small.parties())
    assert not changes(negotiated(small, parties, largest=1))
    for load in negotiated(small, parties, largest=2).settlement.loads:
        owners = {small.shipments[j.split("@")[0]].owner for stop in load.stops for j in stop.deliveries}
        assert len(owners) <= 2


@pytest.mark.parametrize("seed", [5])
def test_many_owners(seed: int) -> None:
    """With more owners than all unions could be tried of, they form pools of near ones; sound as any."""
    small = small_market(seed, factories=9, shipments=18, carriers=3)
    outcome = negotiated(small, dict(small.parties()))
    assert outcome.settlement.pooled


def test_each_pool_pays_for_itself() -> None:
    """What a pool's owners pay is what its own loads and slots cost, under rules that ignore rationality too."""
    several = 0
    for seed in range(30):
        small = market_of(seed)
        settlement = negotiated(small, dict(small.parties()), largest=2).settlement
        together: dict[str, set[str]] = {}
        for load in settlement.loads:
            owners = {small.shipments[j.split("@")[0]].owner for stop in load.stops for j in stop.deliveries}
            merged = set(owners).union(*(together.get(o, set()) for o in owners))
            together |= dict.fromkeys(merged, merged)
        pools = {frozenset(g) for g in together.values()}
        several += len(pools) > 1
        if several > 2:
            return
        paid: Counter[str] = Counter()
        for t in settlement.transfers:
            if t.line == "share":
                paid[t.payer] += t.cents
                paid[t.payee] -= t.cents
        for pool in pools:
            loads = [
                load
                for load in settlement.loads
                if small.shipments[next(j for stop in load.stops for j in stop.deliveries).split("@")[0]].owner in pool
            ]
            ids = {load.id for load in loads}
            cost = sum(sum(load.price_lines.values()) for load in loads)
            cost += sum(b.price_cents for b in settlement.bookings if b.load in ids)
            assert sum(paid[o] for o in pool) == cost
    raise AssertionError(several)


def test_what_is_left_for_later_pools() -> None:
    """Vehicles and dock slots that a pool takes are not there for the next."""
    market = small_market(WITH_HUB, factories=3, shipments=8, hubs=1, carriers=2).market
    kind = min(market.vehicles)
    count = market.vehicles[kind].count
    hub = HubOffer(
        "h0", "site-h0", ((480.0, 540.0, 2, 300), (540.0, 660.0, 1, 300)), 100, 10, 1.0, 5.0, 600.0, 0.0, 1440.0
    )
    fleet = Fleet(market, (hub,))
    load = Load("x-1", market.vehicles[kind].carrier, kind, (), {})
    booking = Booking("h0-1", "h0", "x-1", 500.0, 510.0, 1.0, 0.0, (), 300)
    fleet.take(Deal(loads=(load,) * count, bookings=(booking, replace(booking, start_min=610.0))))
    assert kind not in fleet.left_market().vehicles
    assert fleet.left_offers()[0].windows == ((480.0, 540.0, 1, 300),)
    assert not fleet.has(Deal(loads=(load,)))
    assert not fleet.has(Deal(bookings=(booking,)))
    other = next((v for v in market.vehicles if v != kind), None)
    assert other is None or fleet.has(Deal(loads=(replace(load, vehicle=other),)))


@dataclass
class Changing:
    """Says another cost alone in the end than while pools were formed."""

    party: Participant
    asked: int = 0

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        reply = self.party.respond(message, history, rng)
        if message.topic != Topic.STANDALONE:
            return reply
        self.asked += 1
        if self.asked == 1:
            return reply
        zero = reply.body.set_column(1, reply.body.schema.field(1), [[0] * len(reply.body)])
        return replace(reply, body=zero)


def test_owner_that_takes_its_word_back() -> None:
    """An owner that in the end says that going alone costs nothing is left out, and the others form anew."""
    for seed in range(30):
        small = market_of(seed)
        parties = small.parties()
        who = min(s.owner for s in small.shipments.values())
        outcome = negotiated(small, {**parties, who: Changing(parties[who])})
        if any("formed again without" in note for note in outcome.settlement.evidence.notes):
            return
    raise AssertionError("nobody was left out")


@pytest.mark.parametrize("what", ["malformed", "foreign"])
def test_spoilt_formation(what: str) -> None:
    """Whoever answers a proposed change with nonsense has declined it, and harms only itself."""
    small, parties = lively(TWO_HAULIERS)
    for who in sorted({s.owner for s in small.shipments.values()}):
        negotiated(small, {**parties, who: Misbehaving(parties[who], what, frozenset({Topic.COALITION}))})


def test_nobody_is_too_many() -> None:
    """Pools of less than one owner are refused."""
    with pytest.raises(ValueError, match="largest"):
        CoalitionFormation(largest=0)


def test_stated_is_kept_apart() -> None:
    """Leaving somebody out keeps what the others stated."""
    small = market_of(3).changed(stakes=Stakes())
    planner = planner_of(small, dict(small.parties()), "proportional")
    stated = planner.stated
    carrier = small.market.vehicles[min(stated.costs)].carrier
    less = stated.without(small.market, {carrier})
    assert isinstance(less, Stated)
    assert {small.market.vehicles[v].carrier for v in less.costs} == {
        small.market.vehicles[v].carrier for v in stated.costs
    } - {carrier}
