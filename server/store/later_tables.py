"""Tables of what plans leave to later days: promises, reservations, and what past days needed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from server.store.table_parts import Nobodys, Scoped, binary, moment


class PromiseRow(Nobodys, Scoped, table=True):
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
    day: datetime = moment()
    release_at: datetime = moment()
    due_in: str = ""
    state: str = "OPEN"
    body: bytes = binary()


class ReservationRow(Nobodys, Scoped, table=True):
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
    since: datetime = moment()
    until: datetime = moment()
    due_in: str = ""
    state: str = "OPEN"
    used: int = 0
    paid_cents: int = 0
    back_cents: int = 0
    body: bytes = binary()


class PoolDayRow(Nobodys, Scoped, table=True):
    """What a committed plan of a pool needed: JSON of `agents.lookahead.PoolDay`."""

    __tablename__ = "pool_days"
    __table_args__ = (Index("pool_days_listed", "pool", "since"),)

    synchronization: str = Field(primary_key=True)
    pool: str
    since: datetime = moment()
    body: bytes = binary()
