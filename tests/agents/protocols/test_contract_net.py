"""The contract net."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from agents.jobs import shipment_of
from agents.messages import Message, Performative, Topic
from agents.pools import find_pools
from agents.protocols.asking import restated
from agents.protocols.contract_net import REFUSALS, Award, Table
from agents.protocols.lots import Open, first_lots
from agents.protocols.talk import Talk
from agents.registry import create
from agents.synchronize import Synchronization, synchronize
from agents.tools import Tools
from tests.agents.markets import Small, policy, small_market
from tests.agents.protocols.contract import LIVELY, WITH_HUB, Misbehaving, ProtocolContract, lively
from tests.agents.protocols.promises import check_promises

Lot = tuple[str, ...]


class TestContractNet(ProtocolContract):
    """Holds to the contract."""

    protocol = "contract_net"


def negotiated(small: Small) -> Synchronization:
    """Negotiate among honest parties, and check the promises."""
    outcome = synchronize(small.market, small.parties(), policy("contract_net"), 11)
    check_promises(small, outcome.settlement)
    return outcome


def conversations(outcome: Synchronization) -> Iterator[list[tuple[Message, Message]]]:
    """Questions with their answers about quotes and awards, of each carrier in each conversation."""
    found: dict[tuple[str, str], list[tuple[Message, Message]]] = defaultdict(list)
    for one in outcome.transcript.rounds:
        replies = {m.in_reply_to: m for m in one.replies}
        for question in one.sent:
            if question.topic in (Topic.QUOTES, Topic.AWARD):
                found[question.receiver, question.conversation].append((question, replies[question.id]))
    return iter(found.values())


def lots_in(message: Message) -> set[Lot]:
    """Lots of a question, by their jobs."""
    jobs: dict[int, list[str]] = defaultdict(list)
    for lot, job in zip(message.body["lot"].to_pylist(), message.body["job"].to_pylist(), strict=True):
        jobs[lot].append(job)
    return {tuple(sorted(part)) for part in jobs.values()}


def moved(lots: set[Lot]) -> set[str]:
    """Shipments of some lots."""
    return {shipment_of(job) for lot in lots for job in lot}


def tools_of(small: Small) -> Tools:
    """What the coordinator may use."""
    chosen = policy("contract_net")
    return Tools(small.market, create("sharing", chosen.sharing), chosen.effort, 11)


def test_near() -> None:
    """A shipment is near to itself, and what is near to several is what is near to each."""
    small = small_market(WITH_HUB, **LIVELY)
    tools = tools_of(small)
    ids = sorted(tools.jobs.direct)
    assert all(s in tools.near([s]) for s in ids)
    assert tools.near(ids[:2]) == tools.near(ids[:1]) | tools.near(ids[1:2])
    assert tools.near([]) == frozenset()


def board_of(fees: dict[Lot, int], reserves: dict[str, int], *carriers: str) -> Table:
    """A table with some lots, all of which the carriers have been asked about."""
    board = Table({lot: Open(fee, frozenset(carriers)) for lot, fee in fees.items()}, reserves)
    for asked in board.to_ask.values():
        asked.clear()
    return board


def test_ask_again() -> None:
    """Quotes of lots with a near shipment are forgotten, through a hub too; all are, where no nearness is given."""
    far, near, hub = ("a",), ("b", "c"), ("b@h:in", "b@h:out")
    board = board_of(dict.fromkeys((far, near, hub), 0), dict.fromkeys("abc", 9), "v", "w")
    for carrier in ("v", "w"):
        board.quote(carrier, dict.fromkeys((far, near, hub), 5))
    board.ask_again("v", {"b"})
    assert board.to_ask == {"v": {near, hub}, "w": set()}
    assert board.quotes == {far: {"v": 5, "w": 5}, near: {"w": 5}, hub: {"w": 5}}
    board.ask_again("v")
    assert board.to_ask["v"] == {far, near, hub}
    assert all(bids.keys() == {"w"} for bids in board.quotes.values())


def test_winners() -> None:
    """Largest saving first; a carrier wins one lot a round, and a lot waits for the carrier that quotes it lowest."""
    a, b, c, both = ("a",), ("b",), ("c",), ("a", "b")
    board = board_of({a: 0, b: 0, c: 0, both: 0}, {"a": 100, "b": 100, "c": 100}, "v", "w")
    board.quote("v", {a: 80, b: 70, c: 60, both: 90})
    board.quote("w", {a: 90, c: 61})
    assert board.winners() == {"v": both}  # saves 110; c, at which v is lower than w, waits
    board.quote("w", {c: 59})
    assert board.winners() == {"v": both, "w": c}
    board.lots[both] = Open(111, frozenset("vw"))  # a hub fee above what it saves
    assert board.winners() == {"v": b, "w": c}


def test_an_awarded_lot_leaves_the_table() -> None:
    """Lots with its shipments go on as what is left of them, with their part of the fee, and are asked about anew."""
    a, ab, ac, bc = ("a",), ("a", "b"), ("a", "c"), ("b", "c")
    board = board_of({a: 0, ab: 10, ac: 0, bc: 4}, dict.fromkeys("abc", 100), "v", "w")
    board.quote("v", {a: 50, bc: 60})
    board.award("v", a)
    assert board.awards == [Award("v", a, 50, 0)]
    assert {lot: found.fee_cents for lot, found in board.lots.items()} == {bc: 4, ("b",): 5, ("c",): 0}
    assert board.to_ask == {"v": {("b",), ("c",)}, "w": {("b",), ("c",)}}
    assert board.quotes == {bc: {"v": 60}}
    assert board.left == {"b", "c"}


def test_a_lot_is_announced_to_its_pools() -> None:
    """Carriers are asked about lots of their pools alone; what is left of two goes to both's carriers."""
    ab, bc = ("a", "b"), ("b", "c")
    first = {ab: Open(0, frozenset("v")), bc: Open(0, frozenset("w")), ("a",): Open(0, frozenset("v"))}
    board = Table(first | {("c",): Open(0, frozenset("w"))}, dict.fromkeys("abc", 100))
    assert board.to_ask == {"v": {ab, ("a",)}, "w": {bc, ("c",)}}
    for carrier, lot in (("v", ("a",)), ("w", ("c",))):
        board.to_ask[carrier].clear()
        board.quote(carrier, {lot: 10})
    board.award("v", ("a",))
    assert board.to_ask == {"v": {("b",)}, "w": set()}
    board.award("w", ("c",))
    assert board.lots == {("b",): Open(0, frozenset("vw"))}
    assert board.to_ask == {"v": {("b",)}, "w": {("b",)}}
    board.ask_again("w", {"b"})
    assert board.to_ask["w"] == {("b",)}


def test_lots_of_a_market_with_several_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shipment is a lot, no lot is larger than its pool, and no carrier is told of a lot outside its pools."""
    small = small_market(WITH_HUB, factories=3, shipments=10, carriers=3)
    tools = tools_of(small)
    jobs = tools.jobs.direct
    pools = find_pools(small.market, jobs, tools._offered, 4)
    monkeypatch.setattr(Tools, "pools", lambda self, shipments: pools)
    lots = first_lots(small.market, tools, jobs, [])
    assert {lot for lot in lots if len(lot) == 1} == {(s,) for s in jobs}
    assert any(len(lot) > 1 for lot in lots)
    for lot, found in lots.items():
        holding = [pool for pool in pools if moved({lot}) <= set(pool.shipments)]
        assert holding
        assert found.carriers <= {c for pool in holding for c in pool.carriers}


def test_awards_that_did_not_pay_are_withdrawn() -> None:
    """Of the moments at which it is known what the rest costs alone, the cheapest in all counts."""
    lots = {(s,): 0 for s in "abc"}
    board = board_of(lots, dict.fromkeys("abc", 100), "v")
    for number, left_cents in enumerate((200, 190, 50)):
        lot = ("abc"[number],)
        board.quote("v", {lot: 40})
        board.award("v", lot)
        board.mark(left_cents)
    assert board.agreed() == {"v": [(("a",), 40), (("b",), 40), (("c",), 40)]}  # 240, 270, 170
    board.marks[-1] = (3, 241)
    assert board.agreed() == {"v": [(("a",), 40)]}
    del board.marks[-1]  # what all three leave was not asked, so nothing is known against the last
    assert len(board.agreed()["v"]) == 3


def test_reserves_are_raised_to_what_is_left() -> None:
    """A remainder's reserves add up to its cost alone without what is owed anyway; they are never lowered."""
    raised_more = 0
    for seed in range(60, 80):
        small = small_market(seed, factories=2, shipments=8)
        parties = small.parties()
        owner, silent = (*small.market.owners, "nobody")[:2]
        desk = parties[owner].desks[0]
        loose = sorted(s for s in desk.jobs)[::2] + list(small.market.owned_by(silent))
        stated = {s: 10 if n % 2 else 10**6 for n, s in enumerate(sorted(small.shipments))}
        asking = restated(small.market, Talk("test"), stated, loose)
        try:
            (question,) = (m for m in next(asking).messages if m.receiver == owner)
            asking.send((desk.answer(question, (), None),))
        except StopIteration as ended:
            raised, left_cents = ended.value
        own = [s for s in loose if s in desk.jobs]
        worth = desk.alone(frozenset(own)).price_cents - desk.alone(frozenset()).price_cents
        others = [s for s in stated if s not in own]
        assert left_cents == max(0, worth) + sum(stated[s] for s in loose if s not in own)
        assert all(raised[s] >= stated[s] for s in stated)
        assert all(raised[s] == stated[s] for s in others)
        if all(raised[s] > stated[s] for s in own):
            assert sum(raised[s] for s in own) == worth
            raised_more += 1
    assert raised_more > 3


def test_what_was_never_offered_is_not_saved() -> None:
    """A remainder costs what it adds to what its owner keeps for itself anyway."""
    cheaper = 0
    for seed in range(60, 80):
        small = small_market(seed, factories=1, shipments=6)
        desk = small.parties()["f0"].desks[0]
        offered = sorted(desk.jobs)[::2]
        asking = restated(small.market, Talk("test"), dict.fromkeys(offered, 1), offered)
        try:
            (question,) = next(asking).messages
            asking.send((desk.answer(question, (), None),))
        except StopIteration as ended:
            _, left_cents = ended.value
        kept = desk.alone(frozenset(desk.jobs) - frozenset(offered)).price_cents
        assert left_cents == max(0, desk.alone(frozenset(desk.jobs)).price_cents - kept)
        cheaper += left_cents < desk.alone(frozenset(offered)).price_cents - desk.alone(frozenset()).price_cents
    assert cheaper > 3


def test_a_second_look_at_what_is_left() -> None:
    """Where nothing saves any more, owners say what the rest costs alone, and more is awarded than before."""
    asked = later = 0
    for seed in (2, 6, 7, 47, 49, 62, 65, WITH_HUB):
        outcome = negotiated(small_market(seed, factories=3, shipments=10, carriers=2))
        topics = [one.sent[0].topic for one in outcome.transcript.rounds]
        last = max(at for at, topic in enumerate(topics) if topic == Topic.QUOTES)
        for at, topic in enumerate(topics[:-2]):
            if topic == Topic.STANDALONE and at < max(last, topics.index(Topic.PLAN) if Topic.PLAN in topics else last):
                asked += 1
                later += topics[at + 1] == Topic.AWARD
    assert asked > later > 0


def test_other_quotes_stand_after_an_award(monkeypatch: pytest.MonkeyPatch) -> None:
    """A carrier that took a lot is asked anew about open lots with a shipment near to it, and about no others."""
    monkeypatch.setattr("agents.tools.NEAREST", 3)
    stood = asked_again = 0
    for seed in (2, 6, 7, 49, WITH_HUB):
        small = small_market(seed, factories=3, shipments=10, carriers=2)
        near_to, outcome = tools_of(small).near, negotiated(small)
        for talks in conversations(outcome):
            asked: set[Lot] = set()
            near: frozenset[str] = frozenset()
            for question, answer in talks:
                lots = lots_in(question)
                if question.topic == Topic.AWARD:
                    took = answer.performative == Performative.INFORM
                    near = near_to(moved(lots)) if took else frozenset(small.shipments)
                    continue
                again = lots & asked
                assert all(moved({lot}) & near for lot in again)
                open_still = {lot for lot in asked if not moved({lot}) & outcome.settlement.pooled}
                assert again >= {lot for lot in open_still if moved({lot}) & near}
                stood += len(open_still - again)
                asked_again += len(open_still & again)
                asked |= lots
                near = frozenset()
    assert stood > 5
    assert asked_again > 5


def test_an_award_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """An honest carrier that hands back what has become dearer is asked about all open lots anew, and may still win."""
    monkeypatch.setattr("agents.tools.NEAREST", 1)  # so that most quotes are old ones
    handed_back = won_later = 0
    for seed in (6, 7, 47, 49, 62, 65):
        outcome = negotiated(small_market(seed, factories=3, shipments=10, carriers=2))
        assert not [note for note in outcome.settlement.evidence.notes if "no more quotes" in note]
        for talks in conversations(outcome):
            asked: set[Lot] = set()
            for at, (question, answer) in enumerate(talks):
                if question.topic == Topic.QUOTES:
                    asked |= lots_in(question)
                elif answer.performative == Performative.REFUSE:
                    handed_back += 1
                    following = talks[at + 1][0]
                    assert following.topic == Topic.QUOTES
                    open_still = {lot for lot in asked if not moved({lot}) & outcome.settlement.pooled}
                    assert lots_in(following) >= open_still | lots_in(question)
                    won_later += any(
                        q.topic == Topic.AWARD and a.performative == Performative.INFORM for q, a in talks[at + 1 :]
                    )
    assert handed_back > 2
    assert won_later


def test_a_carrier_that_keeps_refusing_awards() -> None:
    """After two refusals in a row it is asked for no more quotes, and its low quotes keep no other carrier out."""
    small, parties = lively(WITH_HUB)
    turncoat = Misbehaving(parties["v1"], "refuses", frozenset({Topic.AWARD}))
    outcome = synchronize(small.market, {**parties, "v1": turncoat}, policy("contract_net"), 11)
    check_promises(small, outcome.settlement)
    for talks in conversations(outcome):
        if talks[0][0].receiver == "v1":
            awards = [at for at, (question, _) in enumerate(talks) if question.topic == Topic.AWARD]
            assert len(awards) == REFUSALS
            assert awards[-1] == len(talks) - 1
    assert {load.carrier for load in outcome.settlement.loads} == {"v0"}
    assert any(note.startswith("v1: went back on its word") for note in outcome.settlement.evidence.notes)
