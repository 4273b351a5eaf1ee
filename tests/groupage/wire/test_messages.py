"""Messages over the wire and back: the very tables."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.messages import ANSWERS, COORDINATOR, EMPTY_BODY, QUESTIONS, Message, Performative, Topic, same_message
from groupage.v1 import negotiation_pb2
from groupage.wire.messages import answered, heard, performative, performative_number, put, said, take
from groupage.wire.rows import table_of
from tests.groupage.wire.bodies import bodies


def over(
    message: negotiation_pb2.Question | negotiation_pb2.Answer,
) -> negotiation_pb2.Question | negotiation_pb2.Answer:
    """The same after a way over the wire."""
    return type(message).FromString(message.SerializeToString())


def question(topic: str, body: pa.Table, act: Performative = Performative.REQUEST) -> negotiation_pb2.Question:
    """A question on a topic."""
    asked = negotiation_pb2.Question(
        question_id="q1", conversation="n1/c1", topic=topic, performative=performative_number(act)
    )
    put(asked, topic, body)
    return asked


@pytest.mark.parametrize("topic", list(Topic))
@settings(max_examples=25)
@given(data=st.data())
def test_a_question_is_heard_as_it_was_asked(topic: Topic, data: st.DataObject) -> None:
    """Every cell of every topic comes over, empty ones too, in the very schema."""
    body = data.draw(bodies(QUESTIONS[topic], answer=False))
    message = heard(over(question(topic, body)), "swift")
    assert message.body.equals(body, check_metadata=True)
    assert (message.topic, message.sender, message.receiver, message.id) == (topic, COORDINATOR, "swift", "q1")
    assert message.conversation == "n1/c1"


@pytest.mark.parametrize("topic", list(Topic))
@settings(max_examples=25)
@given(data=st.data())
def test_an_answer_comes_over_whole(topic: Topic, data: st.DataObject) -> None:
    """Every answer of every topic comes over with the coordinator's own schema, private columns marked."""
    body = data.draw(bodies(ANSWERS[topic], answer=True))
    asked = question(topic, QUESTIONS[topic].empty_table())
    reply = heard(asked, "swift").reply(Performative.INFORM, body)
    back = answered(asked, over(said(reply)), "swift")
    assert same_message(reply, back)
    assert back.body.schema.equals(ANSWERS[topic], check_metadata=True)
    assert back.private_figures == reply.private_figures


@pytest.mark.parametrize("act", [p for p in Performative if p not in (Performative.PROPOSE, Performative.INFORM)])
def test_words_without_rows(act: Performative) -> None:
    """A refusal, an acceptance or a failure carries its words and no rows."""
    asked = question("quotes", QUESTIONS[Topic.QUOTES].empty_table())
    back = answered(asked, over(said(heard(asked, "swift").reply(act, reason="not today"))), "swift")
    assert (back.performative, back.reason, back.body.equals(EMPTY_BODY)) == (act, "not today", True)
    assert performative(performative_number(act)) is act


def test_euros_are_rounded_to_the_millionth() -> None:
    """A rate finer than the contract's millionths is sent as the nearest one."""
    body = pa.table([["van"], [1.23456789], [0.1], [0.0], [1e-7]], schema=ANSWERS[Topic.TARIFFS])
    asked = question("tariffs", QUESTIONS[Topic.TARIFFS].empty_table())
    answer = said(heard(asked, "swift").reply(Performative.INFORM, body))
    row = answer.tariffs.rows[0]
    assert (row.fixed_eur_micros, row.per_km_eur_micros, row.toll_eur_micros_per_km) == (1_234_568, 100_000, 0)
    assert row.HasField("toll_eur_micros_per_km")
    assert table_of(answer.tariffs, ANSWERS[Topic.TARIFFS])["fixed_eur"].to_pylist() == [1.234568]


COLUMNS = pa.schema(
    [
        ("name", pa.string()),
        ("number", pa.int64()),
        ("part", pa.float64()),
        ("yes", pa.bool_()),
        ("names", pa.list_(pa.string())),
    ]
)


@given(rows=st.data())
def test_a_topic_of_another_package_is_a_table(rows: st.DataObject) -> None:
    """Rows of a topic that the contract has no typed rows for come over cell by cell."""
    body = rows.draw(bodies(COLUMNS, answer=False))
    asked = over(question("swaps", body))
    assert asked.WhichOneof("body") == "table"
    message = heard(asked, "swift")
    assert message.topic == "swaps"
    assert message.body.equals(body)


def test_a_column_that_cannot_be_said_is_refused() -> None:
    """A table with cells of another kind than the contract has is an error that names the column."""
    with pytest.raises(TypeError, match="column when is of type timestamp"):
        question("swaps", pa.table({"when": pa.array([0], pa.timestamp("s"))}))


def test_a_body_of_another_topic_is_refused() -> None:
    """An answer of one topic is not read as one of another, nor is a table of other columns."""
    answer = negotiation_pb2.Answer(question_id="q1", performative="PERFORMATIVE_INFORM")
    answer.award.rows.add(lot=1)
    with pytest.raises(ValueError, match="body is award, expected quotes"):
        take(answer, "quotes", ANSWERS)
    answer.table.columns.add(name="cents").integers.cells.append(3)
    with pytest.raises(ValueError, match=r"columns are \['cents'\], expected \['lot', 'price_cents'\]"):
        take(answer, "quotes", ANSWERS)


def test_messages_keep_no_names_of_their_own() -> None:
    """A reply goes back under the id that the question came with."""
    asked = question("offer", QUESTIONS[Topic.OFFER].empty_table())
    reply: Message = heard(asked, "acme").reply(Performative.REFUSE)
    assert said(reply).question_id == "q1"
