"""Mediation: what comes back from participants, and what replay finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pytest
from numpy.random import Generator

from agents.mediation import completed, mediate, replay
from agents.messages import ANSWERS, COORDINATOR, QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocol import Conduct
from agents.settlement import Evidence, Settlement
from agents.transcript import Round
from groupage.errors import ReplayError


def ask(receiver: str, number: int = 1, topic: Topic = Topic.QUOTES) -> Message:
    body = table(QUESTIONS[topic])
    return Message(f"talk/{number}/{receiver}", Performative.CFP, COORDINATOR, receiver, "talk", topic, body=body)


def quote(question: Message, cents: int | None = 100) -> Message:
    body = table(ANSWERS[Topic.QUOTES], {"lot": [0], "price_cents": [cents]})
    return question.reply(Performative.PROPOSE, body)


@dataclass
class Echo:
    """Quotes a drawn price, and remembers what it heard."""

    heard: list[tuple[Message, ...]] = field(default_factory=list)

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        self.heard.append(tuple(history))
        return quote(message, int(rng.integers(10**9)))


def conduct(names: Sequence[str], rounds: int = 2) -> Conduct:
    """Ask everybody some times; the settlement notes what came."""
    notes: list[str] = []
    for number in range(1, rounds + 1):
        replies = yield Exchange(tuple(ask(n, number) for n in names))
        notes += [f"{r.sender} {r.performative} {r.body.to_pydict() or r.reason}" for r in replies]
    return Settlement("digest", evidence=Evidence(notes=tuple(notes)))


def test_silence_is_a_failure() -> None:
    """Who says nothing, or is not there, has a failure written in its place, from it to the coordinator."""
    exchange = Exchange((ask("a"), ask("b")))
    replies = completed(exchange, [quote(ask("a")), None])
    assert [(r.sender, r.performative) for r in replies] == [("a", Performative.PROPOSE), ("b", Performative.FAILURE)]
    assert replies[1].receiver == COORDINATOR
    assert replies[1].in_reply_to == "talk/1/b"
    assert "no reply" in replies[1].reason
    settlement, rounds = mediate(conduct(["a", "b"]), {"a": Echo()}, 1)
    assert all(one.replies[1].performative == Performative.FAILURE for one in rounds)
    assert len(settlement.evidence.notes) == 4


def test_replies_are_sorted() -> None:
    """Replies come by sender, whoever was asked or answered first."""
    exchange = Exchange((ask("b"), ask("c"), ask("a")))
    replies = completed(exchange, [quote(ask(n)) for n in "cab"])
    assert [r.sender for r in replies] == ["a", "b", "c"]


GOOD = quote(ask("a"))
MALFORMED: dict[str, Callable[[], Message]] = {
    "another table": lambda: replace(GOOD, body=pa.table({"lot": [1]})),
    "other types": lambda: replace(GOOD, body=pa.table({"lot": [1], "price_cents": [1.0]})),
    "no mark for private": lambda: replace(
        GOOD, body=pa.table({"lot": pa.array([1], pa.int32()), "price_cents": pa.array([1], pa.int64())})
    ),
    "no table": lambda: replace(GOOD, body=pa.table({})),
    "another topic": lambda: replace(GOOD, topic=Topic.PLAN),
    "another conversation": lambda: replace(GOOD, conversation="else"),
    "another receiver": lambda: replace(GOOD, receiver="b"),
    "another name": lambda: replace(GOOD, id="mine"),
    "a refusal with a body": lambda: replace(GOOD, performative=Performative.REFUSE),
    "a question": lambda: replace(GOOD, performative=Performative.CFP),
    "a negative price": lambda: quote(ask("a"), -1),
    "an empty lot": lambda: replace(GOOD, body=table(ANSWERS[Topic.QUOTES], {"lot": [None], "price_cents": [1]})),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_is_not_understood(kind: str) -> None:
    """What does not answer the question as it must is replaced, with the reason, and leaks nothing."""
    (reply,) = completed(Exchange((ask("a"),)), [MALFORMED[kind]()])
    assert reply.performative == Performative.NOT_UNDERSTOOD
    assert reply.reason
    assert reply.sender == "a"
    assert len(reply.body) == 0


@pytest.mark.parametrize("column", ["fixed_eur", "per_km_eur", "per_hour_eur", "toll_eur_per_km"])
@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -0.5, None])
def test_costs_must_be_figures(column: str, figure: float | None) -> None:
    """Costs are finite and not below zero; an empty one is no answer either."""
    question = ask("a", topic=Topic.TARIFFS)
    columns: dict[str, list[object]] = {n: [1.0] for n in ANSWERS[Topic.TARIFFS].names} | {"vehicle": ["v"]}
    good = question.reply(Performative.INFORM, table(ANSWERS[Topic.TARIFFS], columns))
    bad = question.reply(Performative.INFORM, table(ANSWERS[Topic.TARIFFS], columns | {column: [figure]}))
    assert completed(Exchange((question,)), [good]) == (good,)
    (reply,) = completed(Exchange((question,)), [bad])
    assert reply.performative == Performative.NOT_UNDERSTOOD
    assert column in reply.reason


def test_well_formed_passes() -> None:
    """Quotes, an open price, an empty table and refusals reach the protocol as they are."""
    empty = replace(GOOD, body=table(ANSWERS[Topic.QUOTES]))
    refusal = ask("a").reply(Performative.REFUSE, reason="full")
    for reply in (GOOD, quote(ask("a"), None), empty, refusal):
        assert completed(Exchange((ask("a"),)), [reply]) == (reply,)


def test_nobody_answers_for_another() -> None:
    """A reply in another's name, or to another's question, counts as silence."""
    forged = replace(GOOD, sender="b")
    (reply,) = completed(Exchange((ask("a"),)), [forged])
    assert reply.performative == Performative.FAILURE


def test_history() -> None:
    """A participant hears its own conversation only: what it was asked and what was taken as its answer."""
    a, b = Echo(), Echo()
    mediate(conduct(["a", "b"], 3), {"a": a, "b": b}, 1)
    assert [len(h) for h in a.heard] == [0, 2, 4]
    assert all({m.sender, m.receiver} == {"a", COORDINATOR} for m in a.heard[-1])
    assert [m.id for m in a.heard[-1]] == ["talk/1/a", "talk/1/a<", "talk/2/a", "talk/2/a<"]


def test_draws_hang_on_name_and_round() -> None:
    """What a participant draws depends on the seed, its name and the round, not on who else takes part."""
    together, _ = mediate(conduct(["a", "b"]), {"a": Echo(), "b": Echo()}, 1)
    alone, _ = mediate(conduct(["a"]), {"a": Echo()}, 1)
    other, _ = mediate(conduct(["a"]), {"a": Echo()}, 2)
    mine = [n for n in together.evidence.notes if n.startswith("a ")]
    assert mine == list(alone.evidence.notes)
    assert len(set(together.evidence.notes)) == 4
    assert alone != other


@pytest.fixture
def record() -> tuple[Settlement, tuple[Round, ...]]:
    return mediate(conduct(["a", "b"]), {"a": Echo()}, 1)


def test_replay(record: tuple[Settlement, tuple[Round, ...]]) -> None:
    """The record leads to the same settlement without participants."""
    settlement, rounds = record
    assert replay(conduct(["a", "b"]), rounds) == settlement


def test_replay_finds_a_changed_question(record: tuple[Settlement, tuple[Round, ...]]) -> None:
    """A message that differs from the record's is named with its round."""
    _, rounds = record
    sent = (rounds[1].sent[0], replace(rounds[1].sent[1], reason="changed"))
    with pytest.raises(ReplayError, match="round 1: the message talk/2/b"):
        replay(conduct(["a", "b"]), (rounds[0], replace(rounds[1], sent=sent)))


def test_replay_finds_another_number_of_messages(record: tuple[Settlement, tuple[Round, ...]]) -> None:
    """An exchange with more or fewer messages than the record's is no replay."""
    _, rounds = record
    with pytest.raises(ReplayError, match="round 0: 1 messages"):
        replay(conduct(["a"]), rounds)


def test_replay_too_short(record: tuple[Settlement, tuple[Round, ...]]) -> None:
    """A protocol that goes on after the record's end, or finds no record at all, is no replay."""
    _, rounds = record
    for kept in (rounds[:1], ()):
        with pytest.raises(ReplayError, match=f"goes on after the record's {len(kept)} rounds"):
            replay(conduct(["a", "b"]), kept)


def test_replay_too_long(record: tuple[Settlement, tuple[Round, ...]]) -> None:
    """A record that goes on after the protocol has settled is no replay."""
    _, rounds = record
    with pytest.raises(ReplayError, match="settled after round 1, the record has 3 rounds"):
        replay(conduct(["a", "b"]), (*rounds, rounds[-1]))
    with pytest.raises(ReplayError, match="the record has 2 rounds"):
        replay(conduct(["a", "b"], 0), rounds)


def test_protocol_without_exchanges() -> None:
    """A protocol that asks nobody settles at once, in mediation and in replay of no rounds."""
    settlement, rounds = mediate(conduct([], 0), {}, 1)
    assert rounds == ()
    assert replay(conduct([], 0), ()) == settlement
