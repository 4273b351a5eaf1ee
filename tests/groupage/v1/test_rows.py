"""Negotiations on the wire: the typed rows are the engine's own tables."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest

from agents.mediation import _MAY_BE_OPEN
from agents.messages import ANSWERS, QUESTIONS, Performative, Topic, is_private
from groupage.v1 import negotiation_pb2
from tests.groupage.v1.contract import Behaviour, behaviours, broken, comments, new, rules

TOPICS = [t for t in Topic if t is not Topic.NONE]
COLUMNS = {
    pa.string(): ("TYPE_STRING", False),
    pa.bool_(): ("TYPE_BOOL", False),
    pa.int32(): ("TYPE_INT32", False),
    pa.int64(): ("TYPE_INT64", False),
    pa.float64(): ("TYPE_DOUBLE", False),
    pa.list_(pa.string()): ("TYPE_STRING", True),
    pa.list_(pa.float64()): ("TYPE_DOUBLE", True),
    pa.date32(): ("TYPE_MESSAGE", False),  # google.type.Date
}
BODIES = {"question": negotiation_pb2.Question.DESCRIPTOR, "answer": negotiation_pb2.Answer.DESCRIPTOR}


def schemas(kind: str) -> dict[str, pa.Schema]:
    """The engine's tables by topic; an answer without columns is said without rows."""
    tables = QUESTIONS if kind == "question" else ANSWERS
    return {t.value: tables[t] for t in TOPICS if kind == "question" or len(tables[t])}


def row_of(kind: str, topic: str) -> Any:
    """Descriptor of a topic's row."""
    return BODIES[kind].fields_by_name[topic].message_type.fields_by_name["rows"].message_type


def on_the_wire(column: pa.Field) -> tuple[str, str, bool]:
    """Name, type and whether repeated: money that is a float in the engine is whole millionths of a euro here."""
    kind, repeated = COLUMNS[column.type]
    if re.search(r"_eur(_|$)", column.name):
        return column.name.replace("_eur", "_eur_micros"), "TYPE_INT64", False
    return column.name, kind, repeated


@pytest.mark.parametrize("kind", ["question", "answer"])
def test_every_topic_has_its_rows(kind: str) -> None:
    """The body of a question or an answer has a member for each of the engine's topics, and a table for all others."""
    members = {f.name for f in BODIES[kind].oneofs_by_name["body"].fields}
    assert members == {*schemas(kind), "table"}


@pytest.mark.parametrize("kind", ["question", "answer"])
def test_rows_have_the_columns_of_the_engine(kind: str) -> None:
    """Each row has the names, order and types of the engine's table, and tells an empty cell from a zero."""
    for topic, schema in schemas(kind).items():
        row = row_of(kind, topic)
        said = [
            (f.name, next(n for n in dir(f) if n.startswith("TYPE_") and getattr(f, n) == f.type), f.is_repeated)
            for f in sorted(row.fields, key=lambda f: f.number)
        ]
        assert said == [on_the_wire(column) for column in schema], topic
        assert [f.number for f in row.fields] == list(range(1, len(schema) + 1)), topic
        numbers = [f for f in row.fields if not f.is_repeated and f.type != f.TYPE_STRING]
        assert all(f.has_presence for f in numbers), topic


def test_private_figures_are_called_so() -> None:
    """The comment of a column says that it is counted as disclosed exactly where the engine counts it."""
    said = comments()
    for topic, schema in schemas("answer").items():
        fields = sorted(row_of("answer", topic).fields, key=lambda f: f.number)
        for field, column in zip(fields, schema, strict=True):
            assert ("counted as disclosed" in said[field.full_name]) == is_private(column), field.full_name


def test_cells_of_answers_may_be_empty_where_the_engine_lets_them() -> None:
    """A figure may be left out exactly where the mediator takes an empty cell; costs and prices are never negative."""
    said = rules()
    for topic, schema in schemas("answer").items():
        fields = sorted(row_of("answer", topic).fields, key=lambda f: f.number)
        for field, column in zip(fields, schema, strict=True):
            if field.type == field.TYPE_STRING or field.is_repeated:
                continue
            needed = column.name not in _MAY_BE_OPEN
            assert (Behaviour.REQUIRED in behaviours(field)) == needed, field.full_name
            assert said[field.full_name].required == needed, field.full_name
            if is_private(column):
                assert said[field.full_name].int64.gte == 0
                assert said[field.full_name].int64.HasField("gte")


def test_every_topic_s_question_says_how_it_is_answered() -> None:
    """A question's comment says to whom it goes and with what it is answered, in the engine's performatives."""
    said = comments()
    for topic in schemas("question"):
        text = said[BODIES["question"].fields_by_name[topic].message_type.full_name]
        assert re.match(r"To (a|an|both) \w+", text), topic
        answered = set(re.findall(r"`([a-z-]+)`", text.partition("Answered by")[2]))
        assert answered, topic
        assert answered <= {p.value for p in Performative}, topic


def test_performatives_are_those_of_the_engine() -> None:
    """The wire says what FIPA and the engine say."""
    names = {
        v.name.removeprefix("PERFORMATIVE_")
        for v in negotiation_pb2.DESCRIPTOR.enum_types_by_name["Performative"].values
    }
    assert names - {"UNSPECIFIED"} == {p.value.upper().replace("-", "_") for p in Performative}


@pytest.mark.parametrize("topic", [*schemas("answer"), "table"])
def test_a_refusal_has_no_rows(topic: str) -> None:
    """Rows of any topic go with `propose` and `inform` only."""
    for spoken, fits in (("REFUSE", False), ("ACCEPT_PROPOSAL", False), ("PROPOSE", True), ("INFORM", True)):
        answer = negotiation_pb2.Answer(question_id="q", performative=f"PERFORMATIVE_{spoken}")
        getattr(answer, topic).SetInParent()
        assert (broken(answer) == []) is fits, spoken


def test_a_quote_can_be_given_or_left_open() -> None:
    """A carrier answers a call with a price for one lot and none for another; a price below 0 is refused."""
    answer = negotiation_pb2.Answer(question_id="3/coordinator>swift", performative="PERFORMATIVE_PROPOSE")
    answer.quotes.rows.add(lot=0, price_cents=4200)
    answer.quotes.rows.add(lot=1)
    assert broken(answer) == []
    read = negotiation_pb2.Answer.FromString(answer.SerializeToString())
    assert [row.HasField("price_cents") for row in read.quotes.rows] == [True, False]
    answer.quotes.rows[1].price_cents = -1
    assert broken(answer) == ["quotes.rows[1].price_cents: int64.gte"]
    del answer.quotes.rows[1]
    answer.quotes.rows.add(price_cents=1)
    assert broken(answer) == ["quotes.rows[1].lot: required"]
    assert broken(new(negotiation_pb2.Answer.DESCRIPTOR)) == [
        "question_id: string.min_len",
        "performative: enum.in",
    ]
