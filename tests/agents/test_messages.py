"""Messages: schemas, private figures, equality."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from agents.messages import (
    ANSWERS,
    COORDINATOR,
    QUESTIONS,
    Exchange,
    Message,
    Performative,
    Topic,
    same_message,
    table,
)


def question(receiver: str = "v0", topic: Topic = Topic.QUOTES) -> Message:
    body = table(QUESTIONS[topic])
    return Message(f"talk/1/{receiver}", Performative.CFP, COORDINATOR, receiver, "talk", topic, body=body)


def answer(prices: list[int | None]) -> Message:
    body = table(ANSWERS[Topic.QUOTES], {"lot": list(range(len(prices))), "price_cents": prices})
    return question().reply(Performative.PROPOSE, body)


def test_every_topic_has_both_tables() -> None:
    """Each topic has a schema for its question and its answer."""
    assert QUESTIONS.keys() == ANSWERS.keys() == set(Topic)


def test_only_answers_are_private() -> None:
    """Private columns are in answers only, all of them costs, prices or forecasts; the coordinator has no secrets."""
    marked = {c.name for schema in ANSWERS.values() for c in schema if c.metadata}
    assert not any(c.metadata for schema in QUESTIONS.values() for c in schema)
    assert all("cents" in name or "eur" in name or name == "path_pallets" for name in marked)
    unmarked = {c.name for schema in ANSWERS.values() for c in schema} - marked
    assert not any("cents" in name or "eur" in name for name in unmarked)


def test_private_figures() -> None:
    """Every figure in a private column counts once; an empty cell and a public column do not."""
    assert answer([100, None, 250]).private_figures == 2
    assert answer([]).private_figures == 0
    assert question().private_figures == 0
    terms = {"from_min": [0.0], "to_min": [60.0], "slots": [2], "slot_cents": [800]}
    fees = {"handling_cents_per_pallet": [300], "storage_cents_per_pallet_hour": [20]}
    body = table(ANSWERS[Topic.HUB_TERMS], terms | fees)
    assert question("h0", Topic.HUB_TERMS).reply(Performative.PROPOSE, body).private_figures == 3


def test_lists_of_private_figures() -> None:
    """In a private column of lists every figure counts, not every list."""
    lanes = {"origin": ["F", "F"], "zone": ["Z1", "Z2"], "temperature": ["ambient", "ambient"]}
    body = table(ANSWERS[Topic.OUTLOOK], lanes | {"path_pallets": [[1.0, 2.0, 0.0], []]})
    assert question("f0", Topic.OUTLOOK).reply(Performative.INFORM, body).private_figures == 3


def test_table() -> None:
    """A body has the schema's columns and types in its order, however they are given; an empty one too."""
    body = table(ANSWERS[Topic.QUOTES], {"price_cents": [5], "lot": [1]})
    assert body.schema.equals(ANSWERS[Topic.QUOTES], check_metadata=True)
    assert table(ANSWERS[Topic.QUOTES]).schema.equals(ANSWERS[Topic.QUOTES], check_metadata=True)
    with pytest.raises(KeyError):
        table(ANSWERS[Topic.QUOTES], {"lot": [1]})
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        table(ANSWERS[Topic.QUOTES], {"lot": [1], "price_cents": ["dear"]})


def test_reply() -> None:
    """A reply goes back to who asked, in the same conversation, naming the question."""
    reply = question().reply(Performative.REFUSE, reason="full")
    assert (reply.sender, reply.receiver, reply.conversation) == ("v0", COORDINATOR, "talk")
    assert (reply.in_reply_to, reply.topic, reply.reason) == ("talk/1/v0", Topic.QUOTES, "full")
    assert reply.id != question().id
    assert len(reply.body) == 0


def test_same_message() -> None:
    """Messages agree when every field, cell and type does."""
    one = answer([100, 200])
    assert same_message(one, answer([100, 200]))
    assert not same_message(one, answer([100, 201]))
    assert not same_message(one, answer([100]))
    for field, value in {
        "id": "x",
        "performative": Performative.INFORM,
        "sender": "x",
        "receiver": "x",
        "conversation": "x",
        "topic": Topic.PLAN,
        "in_reply_to": "x",
        "reason": "x",
    }.items():
        assert not same_message(one, replace(one, **{field: value})), field
    bare = one.body.replace_schema_metadata(None).cast(pa.schema([("lot", pa.int32()), ("price_cents", pa.int64())]))
    assert not same_message(one, replace(one, body=bare)), "the private mark is part of a message"


def test_one_message_a_receiver() -> None:
    """An exchange asks nobody twice."""
    Exchange((question("a"), question("b")))
    with pytest.raises(ValueError, match="two messages for one receiver"):
        Exchange((question("a"), question("a", Topic.PLAN)))
