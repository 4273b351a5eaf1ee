"""What the services show of what is no plain record, as its viewer may see it; exports are written by the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel import select

from groupage.v1 import negotiation_pb2, shipments_pb2, synchronizations_pb2
from server import synchronization as steps
from server.services import standard
from server.store.events import last_versions
from server.store.tables import Participation

if TYPE_CHECKING:
    from server.store import Reading
    from server.store.events import Event
    from server.store.tables import EventRow, QuestionRow, ShipmentRow
    from server.viewer import Viewer


def synchronization(session: Reading, name: str) -> Any:
    """A synchronization, with what is its viewer's own of it.

    Raises
    ------
    Fault
        RESOURCE_NOT_FOUND.
    """
    message = standard.decoded(steps.SYNCHRONIZATION, steps.record_of(session, name))
    company = session.viewer.company
    part = session.exec(
        select(Participation).where(Participation.synchronization == name, Participation.company == company)
    ).first()
    if part is not None:
        message.proposal = part.proposal
        stream = steps.stream_of(name, company)
        message.last_sequence = last_versions(session.connection(), [stream]).get(stream, 0)
    return message


def synchronization_event(event: Event | EventRow) -> synchronizations_pb2.SynchronizationEvent:
    """An event of a company's own stream of a synchronization."""
    said: Any = synchronizations_pb2.SynchronizationEvent.FromString(event.body)
    said.sequence = event.version
    said.event_time.FromDatetime(event.at)
    return said  # type: ignore[no-any-return]


def agent_message(event: Event | EventRow) -> negotiation_pb2.ConverseResponse:
    """What was sent to a company's own agent."""
    said: Any = negotiation_pb2.ConverseResponse.FromString(event.body)
    said.sequence = event.version
    return said  # type: ignore[no-any-return]


def question(row: QuestionRow) -> negotiation_pb2.Question:
    """A question to a company's own agent, with the answer that is on record."""
    asked: Any = negotiation_pb2.Question.FromString(row.question)
    if row.answer is not None:
        asked.recorded_answer.ParseFromString(row.answer)
    return asked  # type: ignore[no-any-return]


def shipment(viewer: Viewer, row: ShipmentRow) -> Any:
    """A shipment: to a carrier, the times of its delivery and nothing else."""
    stored = shipments_pb2.Shipment.FromString(row.body)
    if viewer.operator or viewer.company == row.company:
        message = stored
    else:
        message = shipments_pb2.Shipment(state=stored.state, late_hours=stored.late_hours)
        for field in ("due_at", "delivered_at"):
            if stored.HasField(field):
                getattr(message, field).CopyFrom(getattr(stored, field))
    message.name, message.etag = row.name, standard.etag(row.version)
    message.update_time.FromDatetime(row.updated_at)
    return message
