"""The tables. What is private to a company carries its id; `visible_to` of a table is its row filter.

Resources with standard methods are rows of one table, `records`: their content is the contract's own message, so that
a new field is no migration. What must be searched, counted or joined by the thousand has tables with columns. Those of
own agents, of tracking and of later days have files of their own; whoever knows this one knows all.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, false, or_, select, true
from sqlmodel import Field, col

from server.store.agent_tables import AgentRow as AgentRow
from server.store.agent_tables import CapacityOfferRow as CapacityOfferRow
from server.store.agent_tables import QuestionRow as QuestionRow
from server.store.later_tables import PoolDayRow as PoolDayRow
from server.store.later_tables import PromiseRow as PromiseRow
from server.store.later_tables import ReservationRow as ReservationRow
from server.store.table_parts import Nobodys as _Nobodys
from server.store.table_parts import Scoped as Scoped
from server.store.table_parts import binary as _bytes
from server.store.table_parts import moment as _moment
from server.store.table_parts import table_of as table_of
from server.store.tracking_tables import LegRow as LegRow
from server.store.tracking_tables import ShipmentRow as ShipmentRow
from server.store.tracking_tables import TraceRow as TraceRow
from server.store.tracking_tables import TrackingRow as TrackingRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from server.viewer import Viewer


class Membership(Scoped, table=True):
    """Who is in which pool; the row filter of what a pool's members share.

    Attributes
    ----------
    shown
        The rulebook in force lets members see each other.
    """

    __tablename__ = "memberships"
    __table_args__ = (Index("memberships_company", "company"),)

    pool: str = Field(primary_key=True)
    company: str = Field(primary_key=True)
    since: datetime = _moment()
    shown: bool = False


class Record(Scoped, table=True):
    """A resource with standard methods.

    Attributes
    ----------
    company
        Whose it is; without one it is shared by the members of `pool`, or of nobody but the operator.
    key
        What else it is known by, such as its GLN.
    version
        Counts changes; the etag is made of it.
    body
        The contract's message, serialized, without what columns say.
    """

    __tablename__ = "records"
    __table_args__ = (
        Index("records_listed", "kind", "parent", "name"),
        Index("records_company", "company", "kind"),
        Index("records_pool", "pool", "kind"),
        Index("records_key", "kind", "parent", "key"),
    )

    name: str = Field(primary_key=True)
    kind: str
    parent: str = ""
    company: str | None = None
    pool: str | None = None
    key: str = ""
    state: str = ""
    version: int = 1
    body: bytes = _bytes()
    created_at: datetime = _moment()
    updated_at: datetime = _moment()

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """What is its own, its pools', or of what it takes part in; fellows' public prices, and fellows if shown."""
        if viewer.operator:
            return true()
        if not viewer.company:
            return false()
        # Of the tables, not the classes: the filter of memberships must not narrow what this one asks them.
        member, part = table_of(Membership), table_of(Participation)
        mine = select(member.c.pool).where(member.c.company == viewer.company)
        shown = mine.where(member.c.shown)
        taking_part = select(part.c.synchronization).where(part.c.company == viewer.company)
        fellow = member.alias()
        fellows = select(fellow.c.company).where(fellow.c.pool.in_(mine))
        shown_fellows = select(fellow.c.company).where(fellow.c.pool.in_(shown))
        return or_(
            col(cls.company) == viewer.company,
            col(cls.company).is_(None) & col(cls.pool).in_(mine),
            col(cls.name).in_(taking_part),
            col(cls.kind).in_(("member", "consent")) & col(cls.pool).in_(shown),
            (col(cls.kind) == "company") & col(cls.company).in_(shown_fellows),
            (col(cls.kind) == "tariff") & (col(cls.state) != "contract") & col(cls.company).in_(fellows),
        )


class OrderRow(Scoped, table=True):
    """An order; `body` is the contract's `Order` without what the columns say.

    Attributes
    ----------
    origins
        Names between spaces, with one before and behind.
    held_until, held_reason
        Of a held one: when it comes on the table again, and why it waits.
    held_days
        Planning days that it was held so far.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("company", "external_ref", name="orders_external_ref"),
        Index("orders_window", "company", "state", "window_open"),
        Index("orders_synchronization", "synchronization"),
        {"sqlite_with_rowid": False},
    )

    name: str = Field(primary_key=True)
    company: str
    external_ref: str
    state: str = "OPEN"
    withheld: bool = False
    destination: str
    origins: str = " "
    product: str = ""
    window_open: datetime = _moment()
    window_close: datetime = _moment()
    due_at: datetime = _moment()
    synchronization: str = ""
    version: int = 1
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
    body: bytes = _bytes()
    held_until: datetime | None = _moment(nullable=True)
    held_reason: str | None = None
    held_days: int | None = None


class DemandRow(Scoped, table=True):
    """One day of one series' demand, as its company reported it; without pallets only its promotion is known."""

    __tablename__ = "demand"
    __table_args__ = ({"sqlite_with_rowid": False},)

    company: str = Field(primary_key=True)
    zone: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    pallets: float | None = None
    promotion: bool = False
    updated_at: datetime = _moment()


class EventRow(Scoped, table=True):
    """One event. Streams have versions without gaps; the key is the lock: of two writers of a version, one fails."""

    __tablename__ = "events"
    __table_args__ = ({"sqlite_with_rowid": False},)

    stream: str = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    company: str
    kind: str
    at: datetime = _moment()
    body: bytes = _bytes()


class RequestRow(Scoped, table=True):
    """A write that was answered: what it asked, by digest, and what it was told."""

    __tablename__ = "requests"
    __table_args__ = (Index("requests_at", "at"), {"sqlite_with_rowid": False})

    company: str = Field(primary_key=True)
    request_id: str = Field(primary_key=True)
    method: str
    digest: bytes = _bytes()
    answer: bytes = _bytes()
    at: datetime = _moment()


class AuditRow(Scoped, table=True):
    """Who saw or changed what. Append-only; it names ids, never contents or people."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("audit_log_at", "at"), Index("audit_log_company", "company", "at"))

    id: str = Field(primary_key=True)
    at: datetime = _moment()
    company: str
    identity: str = ""
    method: str
    name: str = ""
    outcome: str = "OK"
    request_id: str = ""


class ContactRow(Scoped, table=True):
    """People of a company: the only place where names of people stand, so that erasing them leaves nothing behind."""

    __tablename__ = "contacts"

    company: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    body: bytes = _bytes()


class BlobRow(_Nobodys, Scoped, table=True):
    """Large content by its SHA-256: frozen markets, transcripts, settlements. Read by workers and the operator only."""

    __tablename__ = "blobs"

    digest: str = Field(primary_key=True)
    kind: str
    at: datetime = _moment()
    body: bytes = _bytes()


class Participation(Scoped, table=True):
    """Who takes part in a synchronization: what makes it visible, and keeps a company out of two at once.

    Attributes
    ----------
    since, until
        The planning window.
    open
        It is not final yet: no other of an overlapping window may have this company.
    declined
        Left out of what is negotiated from now on.
    proposal
        Name of the company's part of the last proposal.
    """

    __tablename__ = "participations"
    __table_args__ = (Index("participations_company", "company", "open"),)

    synchronization: str = Field(primary_key=True)
    company: str = Field(primary_key=True)
    since: datetime = _moment()
    until: datetime = _moment()
    open: bool = True
    declined: bool = False
    proposal: str = ""


class CommitmentRow(Scoped, table=True):
    """Capacity that a committed plan holds: what is planned next for the same time has so much less.

    Attributes
    ----------
    id
        Of the load or booking.
    good, quantity
        Vehicle type or hub, by name, and how many vehicles or pallets of it.
    """

    __tablename__ = "commitments"
    __table_args__ = (Index("commitments_company", "company", "until"),)

    synchronization: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    company: str
    good: str
    quantity: float = 1
    since: datetime = _moment()
    until: datetime = _moment()


class NegotiationRow(_Nobodys, Scoped, table=True):
    """One negotiation of a synchronization, and how far it is. Read by workers and the operator only.

    Attributes
    ----------
    round
        Which proposal it leads to, from 1; 0: the conversation before, in which the pool looks ahead.
    freeze
        Digest of the blob of its market and of what built-in participants know.
    count
        Exchanges that are on record.
    exchange, due_at
        What own agents are asked now, and by when they must have answered; empty where nobody is asked.
    asked
        By participant, the question's id.
    settlement
        Digest of the blob of what it came to; empty before.
    alone_kgco2e
        With it, as JSON: emissions of shipments without the pool, where they are known.
    """

    __tablename__ = "negotiations"

    synchronization: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    freeze: str
    count: int = 0
    exchange: str = ""
    asked: str = ""
    due_at: datetime | None = _moment(nullable=True)
    settlement: str = ""
    alone_kgco2e: str = ""
    at: datetime = _moment()


class ExchangeRow(_Nobodys, Scoped, table=True):
    """One exchange of a negotiation, as it was: what was asked, and what was answered. Append-only."""

    __tablename__ = "exchanges"
    __table_args__ = ({"sqlite_with_rowid": False},)

    synchronization: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    body: bytes = _bytes()


class ExecutorRow(_Nobodys, Scoped, table=True):
    """A worker process: when it was last alive, and whether it was declared dead (and so may write no more)."""

    __tablename__ = "executors"

    id: str = Field(primary_key=True)
    host: str = ""
    version: str = ""
    started_at: datetime = _moment()
    seen_at: datetime = _moment()
    fenced: bool = False
