"""Messages of the engine as questions of the contract, and the answers as the very replies that a protocol expects.

One table says what kind of name each column of text holds; everything else is read off schemas and descriptors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from agents.messages import ANSWERS, Message, Performative
from groupage.v1 import negotiation_pb2
from groupage.wire.messages import CARRIES_ROWS, performative, performative_number, put, take
from logistics.fleet import is_reserved, type_of
from server.wire.answers import malformed, violations
from server.wire.pseudonyms import last_segment
from server.wire.reserved import asked_once, set_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from server.faults import Fault
    from server.wire.pseudonyms import Pseudonyms

# What a column of text names. The reader's own vehicles and hubs go by the last segment of their names.
JOB, PLACE, COMPANY, OWN, MARK, QUESTION, PLAIN = "job", "place", "company", "own", "mark", "question", "plain"
KINDS: Mapping[str, str] = {
    "shipment": JOB,
    "job": JOB,
    "jobs": JOB,
    "lot_jobs": JOB,
    "site": PLACE,
    "origin": PLACE,
    "provider": COMPANY,
    "carrier": COMPANY,
    "vehicle": OWN,
    "hub": OWN,
    "good": OWN,
    "load": MARK,
    "booking": MARK,
    "reservation": MARK,
    "question": QUESTION,
    "act": PLAIN,
    "zone": PLAIN,
    "temperature": PLAIN,
}


def question_id(names: Pseudonyms, message_id: str) -> str:
    """Id of a question on the wire: unique among all that its reader is ever asked, and telling nothing."""
    return names.called("question", message_id)


def conversation_id(names: Pseudonyms, negotiation: str, message: Message) -> str:
    """Id of a message's conversation on the wire: the negotiation's, a slash, and which one of it.

    A protocol names conversations after the owners in them. A company that runs hubs has one with each.
    """
    return f"{negotiation}/{names.called('conversation', f'{message.conversation}>{message.receiver}')}"


def question(
    message: Message, names: Pseudonyms, *, negotiation: str, synchronization: str, reply_by: datetime
) -> negotiation_pb2.Question:
    """Return a message of the coordinator's as its receiver's agent is asked it.

    Parameters
    ----------
    negotiation
        Id, as in `MarketPart.conversation`.
    synchronization
        Resource name.
    """
    asked = negotiation_pb2.Question(
        question_id=question_id(names, message.id),
        conversation=conversation_id(names, negotiation, message),
        synchronization=synchronization,
        performative=performative_number(message.performative),
        topic=str(message.topic),
    )
    asked.reply_by.FromDatetime(reply_by)
    put(asked, message.topic, asked_once(message.topic, _renamed(message.body, lambda name: _says(names, name))))
    return asked


def reply(message: Message, answer: negotiation_pb2.Answer, names: Pseudonyms) -> Message | Fault:
    """Return an answer as the reply to the message that was asked, its table of the topic's very schema.

    Returns
    -------
    Message or Fault
        REPLY_MALFORMED with every row that does not fit; never an exception, whatever the answer holds.
    """
    try:
        asked = negotiation_pb2.Question(topic=str(message.topic))
        put(asked, message.topic, asked_once(message.topic, _renamed(message.body, lambda name: _says(names, name))))
        wrong = violations(asked, answer)
        if wrong:
            return malformed(answer.question_id, wrong)
        act = performative(answer.performative)
        if act not in CARRIES_ROWS:
            return message.reply(act, reason=answer.reason)
        if message.topic not in ANSWERS:
            return malformed(answer.question_id, [("topic", f"no rows: {message.topic} has no answers")])
        heard = take(answer, message.topic, ANSWERS)
    except (ValueError, TypeError, pa.ArrowException) as error:
        return malformed(answer.question_id, [("body", str(error))])
    body, unknown = _read_back(heard, _meaning(message, names), str(message.topic))
    if unknown:
        return malformed(answer.question_id, unknown)
    reserved = {type_of(v.id): v.count for v in names.market.vehicles.values() if is_reserved(v.id)}
    return message.reply(act, set_apart(message, body, reserved), answer.reason)


def _read_back(
    heard: pa.Table, meant: Callable[[str], Callable[[str], str | None] | None], topic: str
) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Put engine ids in place of what an answer calls things, and list the cells that name nothing known."""
    unknown: list[tuple[str, str]] = []
    arrays = []
    for column in heard.schema:
        mapping = meant(column.name) if _is_text(column.type) else None
        if mapping is None:
            arrays.append(heard[column.name])
            continue
        out: list[Any] = []
        for row, cell in enumerate(heard[column.name].to_pylist()):
            parts = cell if isinstance(cell, list) else [cell]
            found = [None if part is None else mapping(part) for part in parts]
            if any(f is None and p is not None for f, p in zip(found, parts, strict=True)):
                unknown.append((f"{topic}.rows[{row}].{column.name}", "a name of this negotiation"))
            out.append(found if isinstance(cell, list) else found[0])
        arrays.append(pa.array(out, column.type))
    return (pa.Table.from_arrays(arrays, schema=heard.schema) if arrays else heard), unknown


def not_understood(message: Message, fault: Fault) -> Message:
    """Return what stands in place of an answer that does not fit."""
    told = "; ".join(f"{field}: expected {expected}" for field, expected in fault.violations[:3])
    return message.reply(Performative.NOT_UNDERSTOOD, reason=told or fault.message)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind)) or bool(pa.types.is_list(kind) and pa.types.is_string(kind.value_type))


def _says(names: Pseudonyms, column: str) -> Callable[[str], str]:
    """How the cells of a column are called on the wire."""
    kind = KINDS.get(column)
    if kind in (JOB, PLACE, COMPANY):
        return lambda cell: names.called(kind, cell)
    if kind == OWN:
        return last_segment
    if kind == MARK:
        return lambda cell: names.called(column, cell)
    if kind == QUESTION:
        return lambda cell: question_id(names, cell)
    return names.guarded if kind is None else lambda cell: cell


def _renamed(body: pa.Table, says: Callable[[str], Callable[[str], str]]) -> pa.Table:
    """Put other names into the columns of text; the schema stays."""
    arrays = []
    for column in body.schema:
        cells = body[column.name]
        if not _is_text(column.type):
            arrays.append(cells)
            continue
        call = says(column.name)
        called: dict[str, str] = {}

        def put_in(cell: str, call: Callable[[str], str] = call, called: dict[str, str] = called) -> str:
            if cell not in called:
                called[cell] = call(cell)
            return called[cell]

        lists = pa.types.is_list(column.type)
        out = [
            None if cell is None else [put_in(one) for one in cell] if lists else put_in(cell)
            for cell in cells.to_pylist()
        ]
        arrays.append(pa.array(out, column.type))
    return pa.Table.from_arrays(arrays, schema=body.schema) if arrays else body


def _meaning(message: Message, names: Pseudonyms) -> Callable[[str], Callable[[str], str | None] | None]:
    """How the cells of an answer's column are read back: what was asked about, and what the market knows."""

    def meant(column: str) -> Callable[[str], str | None] | None:
        kind = KINDS.get(column)
        if kind in (None, PLAIN):
            return None
        if column in message.body.schema.names:
            says = _says(names, column)
            # A reserved vehicle and the others of its type are called alike: the type is meant, see `reserved`.
            asked = {says(c): type_of(c) if column == "vehicle" else c for c in message.body[column].to_pylist() if c}
            return lambda cell: asked.get(cell) if cell else cell
        if kind in (JOB, PLACE, COMPANY):
            return lambda cell: names.meant(kind, cell)
        if kind == OWN:
            vehicles = names.market.vehicles.values()
            return {last_segment(v.id): type_of(v.id) for v in vehicles if v.carrier == names.company}.get
        return None  # loads of a plan are named by who plans them

    return meant
