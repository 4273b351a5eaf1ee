"""Workers that die one after the other, each a moment later than the one before, and what a store holds then."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from sqlmodel import SQLModel, select

from groupage.v1 import negotiation_pb2, proposals_pb2, shipments_pb2, synchronizations_pb2
from server.store import Store
from server.store import tables as t
from server.viewer import SYSTEM
from tests.server.durable.dying import Death, live

_MOST = 200
_TABLES: tuple[type[SQLModel], ...] = (
    t.BlobRow,
    t.CommitmentRow,
    t.EventRow,
    t.ExchangeRow,
    t.LegRow,
    t.NegotiationRow,
    t.OrderRow,
    t.Participation,
    t.QuestionRow,
    t.Record,
    t.ShipmentRow,
)
# What the clock says is another time each time.
_CLOCK = frozenset({"at", "created_at", "updated_at", "answered_at", "due_at", "reply_by", "expire_time", "decide_by"})
_BODIES: dict[str, type[Message]] = {
    "synchronization": synchronizations_pb2.Synchronization,
    "proposal": proposals_pb2.Proposal,
}

_STREAMS: dict[str, type[Message]] = {
    "@": synchronizations_pb2.SynchronizationEvent,
    "/agent": negotiation_pb2.ConverseResponse,
}


def one_after_the_other(url: str, durable: str, name: str, death: Death) -> list[str]:
    """Have workers work until one of them lives to the end; answers the moments at which the others died."""
    # Forked from a process that has loaded all and has one thread: to begin one costs a tenth of a second.
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["tests.server.durable.prepared"])
    journal, died = Path(death.journal), []
    for _ in range(_MOST):
        one = forking.Process(target=live, args=(url, durable, name, death))
        one.start()
        one.join(120)
        if one.exitcode == 0:
            return died
        assert one.exitcode == -9, f"a worker ended with {one.exitcode} and was not killed (None: it hangs)"
        died.append(journal.read_text(encoding="utf-8").splitlines()[-1])
    raise AssertionError(f"it is not over after {_MOST} deaths")


def all_of(store: Store) -> dict[str, list[str]]:
    """Everything that a store holds of synchronizations, by table, without what the clock said."""
    found = defaultdict(list)

    def look(session: Any) -> None:
        for table in _TABLES:
            for row in session.scalars(select(table)):
                told = {k: v for k, v in row.model_dump().items() if k not in _CLOCK}
                found[table.__name__].append(repr(_readable(table, told)))

    store.look(SYSTEM, look)
    return {table: sorted(rows) for table, rows in found.items()}


def _readable(table: type[SQLModel], row: dict[str, Any]) -> dict[str, Any]:
    if table is t.EventRow:
        kind = next((said for sign, said in _STREAMS.items() if sign in row["stream"]), None)
        row["body"] = _timeless(kind.FromString(row["body"])) if kind else row["body"]
    elif table is t.QuestionRow:
        row["question"] = _timeless(negotiation_pb2.Question.FromString(row["question"]))
    elif table is t.ShipmentRow:
        shipment = shipments_pb2.Shipment.FromString(row["body"])
        for reckoned in ("alerts", "expected_arrival"):  # how late it is by now
            shipment.ClearField(reckoned)
        row["body"] = _timeless(shipment)
    elif table is t.Record and row["kind"] in _BODIES:
        row["body"] = _timeless(_BODIES[row["kind"]].FromString(row["body"]))
    elif table is t.Record and row["kind"] == "operation":
        del row["body"]  # packed, with the times
    return row


def _timeless(message: Message) -> str:
    for field, value in message.ListFields():
        if field.name in _CLOCK or field.name in ("create_time", "update_time"):
            message.ClearField(field.name)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for one in [value] if isinstance(value, Message) else value:
                _timeless(one)
    return str(message)
