"""Real negotiations in which every message crosses the wire: same settlements, and no rule of the schema in the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from google.type import date_pb2
from numpy.random import Generator

from agents.mediation import _MAY_BE_OPEN
from agents.messages import ANSWERS, QUESTIONS, Message, Performative, Topic, same_message
from agents.participant import Participant
from agents.registry import built_in
from agents.synchronize import synchronize
from groupage.v1 import negotiation_pb2, tables_pb2
from tests.agents.markets import policy, small_market
from tests.groupage.v1.contract import broken

PAIRED = 46  # seed of a market in which every protocol pools
UUID = "7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f"
CELLS = {
    pa.string(): "strings",
    pa.bool_(): "bools",
    pa.int32(): "integers",
    pa.int64(): "integers",
    pa.float64(): "doubles",
}
NOTHING = {"strings": "", "bools": False, "integers": 0, "doubles": 0.0}


def rates(column: str) -> bool:
    """Whether a column of the engine holds euros, which are whole millionths on the wire."""
    return bool(re.search(r"_eur(_|$)", column))


def performative(spoken: Performative) -> int:
    return int(negotiation_pb2.Performative.Value(f"PERFORMATIVE_{spoken.name}"))


def write_rows(body: pa.Table, rows: Any) -> None:
    """Write a table of the engine as typed rows; an empty cell is a field that is not set."""
    for cells in body.to_pylist():
        row = rows.add()
        for name, cell in cells.items():
            if isinstance(cell, list):
                getattr(row, name).extend(cell)
            elif isinstance(cell, date):
                getattr(row, name).CopyFrom(date_pb2.Date(year=cell.year, month=cell.month, day=cell.day))
            elif cell is not None and rates(name):
                setattr(row, name.replace("_eur", "_eur_micros"), round(cell * 1e6))
            elif cell is not None:
                setattr(row, name, cell)


def read_rows(rows: Any, schema: pa.Schema) -> pa.Table:
    """Read typed rows back as a table of the engine."""

    def cell(row: Any, column: pa.Field) -> Any:
        name = column.name.replace("_eur", "_eur_micros") if rates(column.name) else column.name
        field = row.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            return list(getattr(row, name))
        if field.has_presence and not row.HasField(name):
            return None
        if pa.types.is_date(column.type):
            day = getattr(row, name)
            return date(day.year, day.month, day.day)
        return getattr(row, name) / 1e6 if rates(column.name) else getattr(row, name)

    columns = {c.name: pa.array([cell(row, c) for row in rows], type=c.type) for c in schema}
    return pa.table(columns, schema=schema)


def write_table(body: pa.Table) -> tables_pb2.Table:
    """Write a table of any columns."""
    table = tables_pb2.Table()
    for column in body.schema:
        written, cells = table.columns.add(name=column.name), body[column.name].to_pylist()
        if pa.types.is_list(column.type):
            for texts in cells:
                written.string_lists.cells.add(cells=texts)
            continue
        kind = CELLS[column.type]
        getattr(written, kind).SetInParent()
        getattr(written, kind).cells.extend(NOTHING[kind] if c is None else c for c in cells)
        if None in cells:
            written.valid.extend(c is not None for c in cells)
    return table


def read_table(table: tables_pb2.Table, schema: pa.Schema) -> pa.Table:
    """Read a table of any columns back."""
    columns = {}
    for column in table.columns:
        cells = list(getattr(column, column.WhichOneof("cells")).cells)
        if column.HasField("string_lists"):
            cells = [list(one.cells) for one in cells]
        filled = list(column.valid) or [True] * len(cells)
        shown = [c if there else None for c, there in zip(cells, filled, strict=True)]
        columns[column.name] = pa.array(shown, type=schema.field(column.name).type)
    return pa.table(columns, schema=schema)


SAMPLES: Mapping[pa.DataType, Any] = {
    pa.string(): "a1",
    pa.bool_(): False,
    pa.int32(): 0,
    pa.int64(): 4200,
    pa.float64(): 2.5,
    pa.date32(): date(2026, 5, 4),
    pa.list_(pa.string()): ["a1", "a2"],
    pa.list_(pa.float64()): [0.0, 1.5],
}


@pytest.mark.parametrize("tables", [QUESTIONS, ANSWERS], ids=["questions", "answers"])
def test_any_table_crosses_as_rows(tables: Mapping[Topic, pa.Schema]) -> None:
    """A table of every topic is the same after it was written as typed rows and read back, empty cells included."""
    kind = negotiation_pb2.Question if tables is QUESTIONS else negotiation_pb2.Answer
    for topic, schema in tables.items():
        if not len(schema):
            continue
        emptied = {c.name: [SAMPLES[c.type], None if may_be_empty(c, tables) else SAMPLES[c.type]] for c in schema}
        body = pa.table({c.name: pa.array(emptied[c.name], type=c.type) for c in schema}, schema=schema)
        sent = kind()
        write_rows(body, getattr(sent, topic.value).rows)
        arrived = kind.FromString(sent.SerializeToString())
        assert read_rows(getattr(arrived, topic.value).rows, schema).equals(body), topic


def may_be_empty(column: pa.Field, tables: Mapping[Topic, pa.Schema]) -> bool:
    """Whether the wire tells an empty cell: in questions any but a list, in answers those that the engine takes."""
    if tables is QUESTIONS:
        return not pa.types.is_list(column.type)
    return column.name in _MAY_BE_OPEN


@dataclass(frozen=True)
class FarAway:
    """A participant at the far end of the stream: what it hears and says is bytes in between.

    Attributes
    ----------
    generic
        Write all bodies as tables of any columns.
    """

    own: Participant
    generic: bool

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer over the wire."""
        heard = self.heard(message)
        answer = self.own.respond(heard, history, rng)
        return self.said(message, answer)

    def heard(self, message: Message) -> Message:
        """What arrives of a question."""
        question = negotiation_pb2.Question(
            question_id=message.id,
            conversation=message.conversation,
            performative=performative(message.performative),
            topic=message.topic.value,
        )
        schema = QUESTIONS[message.topic]
        if self.generic:
            question.table.CopyFrom(write_table(message.body))
        else:
            getattr(question, message.topic.value).SetInParent()
            write_rows(message.body, getattr(question, message.topic.value).rows)
        sent = negotiation_pb2.ConverseResponse(sequence=1, question=question).SerializeToString()
        arrived = negotiation_pb2.ConverseResponse.FromString(sent).question
        body = (
            read_table(arrived.table, schema)
            if self.generic
            else read_rows(getattr(arrived, arrived.WhichOneof("body")).rows, schema)
        )
        name = negotiation_pb2.Performative.Name(arrived.performative).removeprefix("PERFORMATIVE_")
        received = Message(
            id=arrived.question_id,
            performative=Performative[name],
            sender=message.sender,
            receiver=message.receiver,
            conversation=arrived.conversation,
            topic=Topic(arrived.topic),
            body=body,
        )
        assert same_message(received, message)
        return received

    def said(self, question: Message, message: Message) -> Message:
        """What arrives of an answer."""
        answer = negotiation_pb2.Answer(
            question_id=question.id, performative=performative(message.performative), reason=message.reason
        )
        carried = message.performative in (Performative.PROPOSE, Performative.INFORM)
        schema = ANSWERS[question.topic]
        generic = self.generic and not any(rates(c.name) for c in schema)
        if carried and generic:
            answer.table.CopyFrom(write_table(message.body))
        elif carried:
            getattr(answer, question.topic.value).SetInParent()
            write_rows(message.body, getattr(answer, question.topic.value).rows)
        request = negotiation_pb2.ConverseRequest(request_id=UUID, answer=answer)
        assert broken(request) == []
        arrived = negotiation_pb2.ConverseRequest.FromString(request.SerializeToString()).answer
        name = negotiation_pb2.Performative.Name(arrived.performative).removeprefix("PERFORMATIVE_")
        if not carried:
            return question.reply(Performative[name], reason=arrived.reason)
        table = (
            read_table(arrived.table, schema)
            if generic
            else read_rows(getattr(arrived, arrived.WhichOneof("body")).rows, schema)
        )
        return question.reply(Performative[name], table, reason=arrived.reason)


@dataclass(frozen=True)
class WholeMicros:
    """A participant whose rates are whole millionths of a euro, as the wire has them."""

    own: Participant

    def respond(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer, with rates rounded."""
        answer = self.own.respond(message, history, rng)
        for place, column in enumerate(answer.body.schema):
            if rates(column.name):
                rounded = pc.divide(pc.round(pc.multiply(answer.body[column.name], 1e6)), 1e6)
                answer = replace(answer, body=answer.body.set_column(place, column, rounded))
        return answer


@pytest.mark.parametrize("generic", [False, True], ids=["typed rows", "tables"])
@pytest.mark.parametrize("protocol", sorted(set(built_in("protocols")) - {"standalone"}))
def test_far_participants_settle_as_near_ones(protocol: str, generic: bool) -> None:
    """Every message of every protocol crosses the wire without loss and breaks no rule: the same record comes out."""
    small = small_market(PAIRED, factories=2, shipments=4, hubs=1, carriers=2)
    parties = {name: WholeMicros(party) for name, party in small.parties().items()}
    near = synchronize(small.market, parties, policy(protocol), 7)
    far = {name: FarAway(WholeMicros(party), generic) for name, party in small.parties().items()}
    outcome = synchronize(small.market, far, policy(protocol), 7)
    assert near.settlement.pooled
    pairs = list(zip(outcome.transcript.messages(), near.transcript.messages(), strict=True))
    assert [a.id for a, b in pairs if not same_message(a, b)] == []
    assert outcome.settlement == near.settlement
