"""Whether an answer fits its question, by what stands on the wire alone: any server can tell, and says which rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from google.api import field_behavior_pb2

from agents.messages import ANSWERS, Performative, Topic
from groupage.wire.messages import CARRIES_ROWS, has_rows, performative, topic_of
from groupage.wire.rows import row_of
from server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.descriptor import FieldDescriptor

    from groupage.v1 import negotiation_pb2

# Columns that question and answer both have, of which the answer is free.
_FREE = frozenset({"price_cents", "day", "window"})
# Columns of which the answer must keep those together that the question has together.
_TOGETHER = {Topic.CONTRACTS: ("contract", "job")}
_ANSWERING = frozenset(Performative) - {Performative.CFP, Performative.REQUEST}
_MOST_SHOWN = 100


def check(question: negotiation_pb2.Question, answer: negotiation_pb2.Answer) -> None:
    """Check an answer when it comes in.

    Raises
    ------
    Fault
        REPLY_MALFORMED, with the rows that do not fit.
    """
    wrong = violations(question, answer)
    if wrong:
        raise malformed(question.question_id, wrong)


def malformed(question_id: str, wrong: Iterable[tuple[str, str]]) -> Fault:
    """Return the fault of an answer that does not fit."""
    return Fault("REPLY_MALFORMED", metadata={"question_id": question_id}, violations=list(wrong)[:_MOST_SHOWN])


def violations(question: negotiation_pb2.Question, answer: negotiation_pb2.Answer) -> list[tuple[str, str]]:
    """List the fields of an answer that do not fit its question, each with what was expected.

    Another topic, rows where none belong, rows for something that was not asked, and cells that are missing, no numbers
    or negative. Whether a place or vehicle in it is known shows where the answer is read.
    """
    try:
        act = performative(answer.performative)
    except ValueError:
        return [("performative", "an act of speech")]
    if act not in _ANSWERING:
        return [("performative", f"one of {', '.join(sorted(_ANSWERING))}")]
    member = answer.WhichOneof("body")
    topic = question.topic
    if act not in CARRIES_ROWS:
        return [(member, f"no rows with {act}")] if member else []
    if member is None:
        return []
    if not has_rows(answer, topic):
        if member == "table" and not (topic_of(topic) in ANSWERS and not len(ANSWERS[Topic(topic)])):
            return []
        return [(member, "no rows" if member == "table" else f"a table of topic {topic}")]
    if member != topic:
        return [(member, f"rows of topic {topic}")]
    return list(_rows(topic, getattr(question, topic), getattr(answer, topic)))


def _rows(topic: str, asked: Any, answered: Any) -> Iterator[tuple[str, str]]:
    fields = row_of(answered.DESCRIPTOR).fields
    there = {f.name for f in row_of(asked.DESCRIPTOR).fields}
    known = {f.name: {getattr(row, f.name) for row in asked.rows} for f in fields if f.name in there - _FREE}
    pair = _TOGETHER.get(Topic(topic))
    pairs = {tuple(getattr(row, name) for name in pair) for row in asked.rows} if pair else set()
    paths = {row.paths for row in asked.rows} if topic == Topic.OUTLOOK else None
    for number, row in enumerate(answered.rows):
        at = f"{topic}.rows[{number}]"
        for field in fields:
            value = getattr(row, field.name)
            expected = _cell(field, row, value)
            if not expected and field.name in known and value not in known[field.name] and value != "":
                expected = "one that was asked about"
            if not expected and field.is_repeated and paths is not None and len(value) not in paths:
                expected = f"as many figures as paths were asked for ({', '.join(map(str, sorted(paths)))})"
            if expected:
                yield f"{at}.{field.name}", expected
        if pair and getattr(row, pair[1]) and tuple(getattr(row, name) for name in pair) not in pairs:
            yield at, f"{pair[0]} and {pair[1]} as they were asked about"


def _cell(field: FieldDescriptor, row: Any, value: Any) -> str:
    """Say what was expected of a cell; empty where it will do."""
    required = field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    if field.has_presence and not row.HasField(field.name):
        return "a figure" if required else ""
    if required and value == "":
        return "a name"
    figures = value if field.is_repeated else [value]
    if field.type == field.TYPE_DOUBLE and not all(map(math.isfinite, figures)):
        return "numbers that are finite"
    money = field.type == field.TYPE_INT64 or field.name == "path_pallets"
    return "0 or more" if money and any(figure < 0 for figure in figures) else ""
