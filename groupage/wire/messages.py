"""Questions and answers of the contract as messages of the engine; names stay as they are.

With it a built-in desk answers at the far end of a stream: `heard` is what it is asked, `said` what it sends back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.messages import ANSWERS, COORDINATOR, EMPTY_BODY, QUESTIONS, Message, Performative, Topic
from groupage.v1 import negotiation_pb2
from groupage.wire.rows import fill, table_of
from groupage.wire.tables import fill_columns, table_from_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

CARRIES_ROWS = frozenset({Performative.PROPOSE, Performative.INFORM})


def performative(value: int) -> Performative:
    """Return the act of speech that a number of the contract stands for.

    Raises
    ------
    ValueError
        It stands for none.
    """
    name = negotiation_pb2.Performative.Name(value)
    return Performative(name.removeprefix("PERFORMATIVE_").lower().replace("_", "-"))


def performative_number(act: Performative) -> negotiation_pb2.Performative:
    """Return the contract's number of an act of speech."""
    name = act.value.upper().replace("-", "_")
    number: negotiation_pb2.Performative = negotiation_pb2.Performative.Value(f"PERFORMATIVE_{name}")
    return number


def has_rows(message: Any, topic: str) -> bool:
    """Tell whether a topic has typed rows in a question or an answer."""
    return topic != "table" and topic in {f.name for f in message.DESCRIPTOR.oneofs_by_name["body"].fields}


def put(message: Any, topic: str, table: pa.Table) -> None:
    """Write a table into the body of a question or an answer: typed rows where the topic has them."""
    if has_rows(message, topic):
        fill(getattr(message, topic), table)
    elif len(table.schema):
        fill_columns(message.table, table)


def take(message: Any, topic: str, schemas: Mapping[Topic, pa.Schema]) -> pa.Table:
    """Read the body of a question or an answer as the table of its topic; without a body it has no rows.

    Raises
    ------
    ValueError
        The body is of another topic, or a table that does not fit.
    """
    schema = schemas.get(topic)  # type: ignore[call-overload]  # topics of other packages are plain text
    member = message.WhichOneof("body")
    if member is None:
        return schema.empty_table() if schema is not None else EMPTY_BODY
    if member == "table":
        return table_from_columns(message.table, schema)
    if member != topic or schema is None:
        raise ValueError(f"the body is {member}, expected {topic}")
    return table_of(getattr(message, member), schema)


def topic_of(name: str) -> Topic:
    """Return a topic by name; one of another package's stays plain text."""
    try:
        return Topic(name)
    except ValueError:
        return name  # type: ignore[return-value]


def heard(question: negotiation_pb2.Question, receiver: str) -> Message:
    """Return a question as the message that a participant is asked.

    Parameters
    ----------
    receiver
        How the participant calls itself.
    """
    return Message(
        id=question.question_id,
        performative=performative(question.performative),
        sender=COORDINATOR,
        receiver=receiver,
        conversation=question.conversation,
        topic=topic_of(question.topic),
        body=take(question, question.topic, QUESTIONS),
    )


def said(reply: Message) -> negotiation_pb2.Answer:
    """Return a participant's reply to a `heard` message as the answer to send.

    Costs that are floats in the engine are rounded to the millionth of a euro.
    """
    answer = negotiation_pb2.Answer(
        question_id=reply.in_reply_to, performative=performative_number(reply.performative), reason=reply.reason[:1000]
    )
    if reply.performative in CARRIES_ROWS:
        put(answer, reply.topic, reply.body)
    return answer


def answered(question: negotiation_pb2.Question, answer: negotiation_pb2.Answer, receiver: str) -> Message:
    """Return an answer as the reply to a `heard` question, such as one on record after a reconnect.

    Raises
    ------
    ValueError
        The body is not of the question's topic.
    """
    act = performative(answer.performative)
    body = take(answer, question.topic, ANSWERS) if act in CARRIES_ROWS else None
    return heard(question, receiver).reply(act, body, answer.reason)
