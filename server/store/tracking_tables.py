"""The tables of what becomes of committed plans: what was reported, what owners see of it, and how far each leg is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Index, or_
from sqlmodel import Field, col

from server.store.table_parts import Nobodys, Scoped, binary, moment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from server.viewer import Viewer


class TrackingRow(Scoped, table=True):
    """One EPCIS event, as a participant reported it."""

    __tablename__ = "tracking_events"

    company: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    digest: bytes = binary()
    at: datetime = moment()
    recorded_at: datetime = moment()
    body: bytes = binary()


class TraceRow(Scoped, table=True):
    """What of a reported event its order's owner may see: the trace of a shipment."""

    __tablename__ = "traces"
    __table_args__ = (Index("traces_listed", "shipment", "at", "id"),)

    id: str = Field(primary_key=True)
    company: str
    shipment: str
    at: datetime = moment()
    body: bytes = binary()


class LegRow(Nobodys, Scoped, table=True):
    """One hop of an order in a committed plan; of the service's own, since it ties an owner to a carrier.

    Attributes
    ----------
    job
        Name of the hop on its load, as the carrier knows it.
    final
        It ends at the client, and not at a hub.
    state
        ``PLANNED``, ``LOADED`` or ``DONE``.
    """

    __tablename__ = "legs"
    __table_args__ = (Index("legs_carrier", "carrier", "load_id"), Index("legs_order", "order_name"))

    synchronization: str = Field(primary_key=True)
    load_id: str = Field(primary_key=True)
    job: str = Field(primary_key=True)
    carrier: str
    hub: str = ""
    order_name: str
    owner: str
    position: int = 0
    final: bool = True
    pickup_at: datetime = moment()
    delivery_at: datetime = moment()
    state: str = "PLANNED"
    seen_at: datetime | None = moment(nullable=True)


class ShipmentRow(Scoped, table=True):
    """A shipment that is under way, as its owner sees it; carriers see the times of what they carry.

    Attributes
    ----------
    carriers
        Ids between spaces, with one before and behind.
    """

    __tablename__ = "shipments"
    __table_args__ = (Index("shipments_company", "company", "name"),)

    name: str = Field(primary_key=True)
    company: str
    carriers: str = " "
    state: str = "PLANNED"
    due_at: datetime = moment()
    version: int = 1
    updated_at: datetime = moment()
    body: bytes = binary()

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Its owner's, and what a carrier carries."""
        mine = super().visible_to(viewer)
        if viewer.operator or not viewer.company:
            return mine
        return or_(mine, col(cls.carriers).contains(f" {viewer.company} ", autoescape=True))
