"""The tables. What is private to a company carries its id; `visible_to` of a table is its row filter.

Resources with standard methods are rows of one table, `records`: their content is the contract's own message, so that
a new field is no migration. What must be searched, counted or joined by the thousand has tables with columns.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint, false, or_, select, true
from sqlmodel import Field, SQLModel, col

from server.store.moments import Moment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from server.viewer import Viewer


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Moment, nullable=nullable, index=index))


def _bytes(*, nullable: bool = False) -> Any:
    return Field(default=None if nullable else b"", sa_column=Column(LargeBinary, nullable=nullable))


def table_of(kind: Any) -> Table:
    """The table of a class."""
    table: Table = kind.__table__
    return table


class Scoped(SQLModel):
    """A table whose rows are not for everybody."""

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Rows that a viewer may see; the operator sees all."""
        if viewer.operator:
            return true()
        return col(cls.company) == viewer.company if viewer.company else false()  # type: ignore[attr-defined]


class _Nobodys:
    """A table that is read by workers and the operator only."""

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Nobody's but the operator's."""
        return true() if viewer.operator else false()


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


class QuestionRow(Scoped, table=True):
    """A question to a participant's own agent, and its answer: the bus between servers and workers.

    What is sent to the agent are events of its stream (`server.bus`), whose versions are the agent's sequence numbers.

    Attributes
    ----------
    question_id
        Unique among all that the company was ever asked.
    workflow
        Who waits for the answer.
    question, answer
        The contract's messages; an answer once there is one that fits.
    """

    __tablename__ = "questions"
    __table_args__ = (Index("questions_synchronization", "synchronization"),)

    company: str = Field(primary_key=True)
    question_id: str = Field(primary_key=True)
    synchronization: str
    workflow: str
    role: int = 0
    reply_by: datetime = _moment()
    question: bytes = _bytes()
    answer: bytes | None = _bytes(nullable=True)
    answered_at: datetime | None = _moment(nullable=True)
    withdrawn: bool = False


class AgentRow(Scoped, table=True):
    """A participant's own agent that is connected now: for which role, by which stream, when last seen."""

    __tablename__ = "agents"

    company: str = Field(primary_key=True)
    role: int = Field(primary_key=True)
    connection: str
    agent: str = ""
    seen_at: datetime = _moment()


class CapacityOfferRow(Scoped, table=True):
    """What a carrier or hub offers for a planning window, in place of its master data; the last one counts."""

    __tablename__ = "capacity_offers"

    company: str = Field(primary_key=True)
    pool: str = Field(primary_key=True)
    since: datetime = Field(sa_column=Column(Moment, primary_key=True))
    until: datetime = Field(sa_column=Column(Moment, primary_key=True))
    at: datetime = _moment()
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


class PromiseRow(_Nobodys, Scoped, table=True):
    """What an owner and a carrier are bound to for a later day; either learns of it by its own proposals only.

    Attributes
    ----------
    id
        As the market of its day calls it.
    synchronization
        The plan that it was made with.
    day
        Start of the planning day on which it is due.
    release_at
        By then a plan of its day must have taken it up, or both sides are free.
    due_in
        The synchronization that has taken it up; empty before.
    state
        ``OPEN``, ``KEPT`` or ``VOID``.
    body
        JSON of `agents.promise.Promise`.
    """

    __tablename__ = "promises"
    __table_args__ = (Index("promises_due", "pool", "state", "day"), Index("promises_made", "synchronization"))

    id: str = Field(primary_key=True)
    pool: str
    owner: str
    carrier: str
    synchronization: str
    day: datetime = _moment()
    release_at: datetime = _moment()
    due_in: str = ""
    state: str = "OPEN"
    body: bytes = _bytes()


class ReservationRow(_Nobodys, Scoped, table=True):
    """What owners bear of capacity that a provider keeps free for a day; each learns of it by its own proposals only.

    Attributes
    ----------
    id, provider, good, since, until, synchronization, due_in
        As in `PromiseRow`; by ``until`` it is settled at the latest, used or not.
    state
        ``OPEN``, ``SETTLED``, or ``VOID`` where the provider cannot keep it: nobody pays then.
    used, paid_cents, back_cents
        Once settled: units, what all owners paid, and what came back of that.
    body
        JSON of `agents.reservations.Reserved`.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        Index("reservations_due", "pool", "state", "since"),
        Index("reservations_good", "good", "state"),
        Index("reservations_made", "synchronization"),
    )

    id: str = Field(primary_key=True)
    pool: str
    provider: str
    good: str
    quantity: int
    synchronization: str
    since: datetime = _moment()
    until: datetime = _moment()
    due_in: str = ""
    state: str = "OPEN"
    used: int = 0
    paid_cents: int = 0
    back_cents: int = 0
    body: bytes = _bytes()


class PoolDayRow(_Nobodys, Scoped, table=True):
    """What a committed plan of a pool needed: JSON of `agents.lookahead.PoolDay`."""

    __tablename__ = "pool_days"
    __table_args__ = (Index("pool_days_listed", "pool", "since"),)

    synchronization: str = Field(primary_key=True)
    pool: str
    since: datetime = _moment()
    body: bytes = _bytes()


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


class TrackingRow(Scoped, table=True):
    """One EPCIS event, as a participant reported it."""

    __tablename__ = "tracking_events"

    company: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    digest: bytes = _bytes()
    at: datetime = _moment()
    recorded_at: datetime = _moment()
    body: bytes = _bytes()


class TraceRow(Scoped, table=True):
    """What of a reported event its order's owner may see: the trace of a shipment."""

    __tablename__ = "traces"
    __table_args__ = (Index("traces_listed", "shipment", "at", "id"),)

    id: str = Field(primary_key=True)
    company: str
    shipment: str
    at: datetime = _moment()
    body: bytes = _bytes()


class LegRow(_Nobodys, Scoped, table=True):
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
    pickup_at: datetime = _moment()
    delivery_at: datetime = _moment()
    state: str = "PLANNED"
    seen_at: datetime | None = _moment(nullable=True)


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
    due_at: datetime = _moment()
    version: int = 1
    updated_at: datetime = _moment()
    body: bytes = _bytes()

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Its owner's, and what a carrier carries."""
        mine = super().visible_to(viewer)
        if viewer.operator or not viewer.company:
            return mine
        return or_(mine, col(cls.carriers).contains(f" {viewer.company} ", autoescape=True))
