"""What participants and the coordinator say to each other: FIPA performatives over typed tables.

A message body is a `pyarrow.Table`: immutable, typed, a row per lot or offer, cheap with thousands of rows. Each topic
has one schema for questions and one for answers (`agents.topics`), in which columns with private figures of the sender
are marked; in a column of lists each figure of each list counts as disclosed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from agents.topics import ANSWERS, QUESTIONS, Topic, is_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

COORDINATOR = "coordinator"


class Performative(StrEnum):
    """The FIPA communicative acts in use (FIPA SC00037)."""

    CFP = "cfp"
    PROPOSE = "propose"
    REFUSE = "refuse"
    ACCEPT_PROPOSAL = "accept-proposal"
    REJECT_PROPOSAL = "reject-proposal"
    REQUEST = "request"
    INFORM = "inform"
    FAILURE = "failure"
    NOT_UNDERSTOOD = "not-understood"


def leaves(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Figures of a column: its cells, or what its lists hold."""
    return pc.list_flatten(column) if pa.types.is_list(column.type) else column


EMPTY_BODY = pa.table({})


def table(schema: pa.Schema, columns: Mapping[str, Sequence[Any]] | None = None) -> pa.Table:
    """Build a body of a schema from columns; no columns give an empty table of that schema."""
    if columns is None:
        return schema.empty_table()
    return pa.table(
        {name: pa.array(columns[name], type=schema.field(name).type) for name in schema.names}, schema=schema
    )


def rows_table(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build a body of a schema from rows; what a row has beyond the schema is left out."""
    return table(schema, {name: [row[name] for row in rows] for name in schema.names})


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance.

    Attributes
    ----------
    id
        Unique in a transcript: ``round/sender>receiver`` within the conversation.
    conversation
        The negotiation it belongs to; sub-negotiations (a coalition's what-if) have their own.
    in_reply_to
        Id of the question, for replies.
    body
        Table of the topic's schema.
    reason
        Plain words for a refusal or failure.
    """

    id: str
    performative: Performative
    sender: str
    receiver: str
    conversation: str
    topic: Topic = Topic.NONE
    in_reply_to: str = ""
    body: pa.Table = field(default_factory=lambda: EMPTY_BODY)
    reason: str = ""

    def reply(self, performative: Performative, body: pa.Table | None = None, reason: str = "") -> Message:
        """Answer this message: addressed back, same conversation and topic."""
        if body is None:
            body = EMPTY_BODY
        return Message(
            id=f"{self.id}<",
            performative=performative,
            sender=self.receiver,
            receiver=self.sender,
            conversation=self.conversation,
            topic=self.topic,
            in_reply_to=self.id,
            body=body,
            reason=reason,
        )

    @property
    def private_figures(self) -> int:
        """How many private figures the body carries: those that are filled in columns marked private."""
        figures = [leaves(self.body.column(i)) for i, c in enumerate(self.body.schema) if is_private(c)]
        return sum(len(column) - column.null_count for column in figures)


def same_message(a: Message, b: Message) -> bool:
    """Tell whether two messages agree in every field and every cell."""
    heads = [
        (m.id, m.performative, m.sender, m.receiver, m.conversation, m.topic, m.in_reply_to, m.reason) for m in (a, b)
    ]
    return heads[0] == heads[1] and a.body.equals(b.body, check_metadata=True)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a protocol wants delivered, and by when it needs replies.

    Attributes
    ----------
    messages
        At most one per receiver.
    reply_within
        ``None``: the mediator's default.
    """

    messages: tuple[Message, ...]
    reply_within: timedelta | None = None

    def __post_init__(self) -> None:
        receivers = [m.receiver for m in self.messages]
        if len(set(receivers)) != len(receivers):
            raise ValueError(
                f"an exchange has two messages for one receiver among {receivers}, expected at most one each"
            )


__all__ = [
    "ANSWERS",
    "COORDINATOR",
    "EMPTY_BODY",
    "QUESTIONS",
    "Exchange",
    "Message",
    "Performative",
    "Topic",
    "is_private",
    "leaves",
    "rows_table",
    "same_message",
    "table",
]
