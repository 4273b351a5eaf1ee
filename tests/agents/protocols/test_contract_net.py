"""The contract net."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from agents.jobs import shipment_of
from agents.messages import Message, Performative, Topic
from agents.protocols.contract_net import REFUSALS, Table
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


def test_ask_again() -> None:
    """Quotes of lots with a near shipment are forgotten, through a hub too; all are, where no nearness is given."""
    far, near, hub = ("a",), ("b", "c"), ("b@h:in", "b@h:out")
    quotes = dict.fromkeys((far, near, hub), 5)
    board = Table(dict.fromkeys((far, near, hub), 0), quotes={"v": dict(quotes)}, asked={"v": set(quotes)})
    board.ask_again("v", {"b"})
    assert board.quotes["v"] == {far: 5}
    assert board.asked["v"] == {far}
    board.ask_again("v")
    assert not board.quotes["v"]
    assert not board.asked["v"]


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
