"""What becomes of pools: versions come into force, members come and go, each at its time and told by whom.

Time passes by itself: `advance` does what has become due, before each write that concerns a pool and every second by
the service, so that nothing depends on which of the two comes first.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from groupage.v1 import consents_pb2, members_pb2, pools_pb2, rulebooks_pb2
from server.services.standard import Kind, change_record
from server.store.tables import Membership, Record

if TYPE_CHECKING:
    from server.store import Transaction
    from server.viewer import Viewer

Member, Pool, Rulebook = members_pb2.Member, pools_pb2.Pool, rulebooks_pb2.Rulebook

POOL = Kind(
    "pool",
    Pool,
    "pools",
    "pool",
    filters=("state", "display_name"),
    columns=lambda m: {"state": Pool.State.Name(m.state)},
)
MEMBER = Kind(
    "member",
    Member,
    "members",
    "member",
    filters=("state", "roles"),
    columns=lambda m: {"state": Member.State.Name(m.state)},
)
RULEBOOK = Kind(
    "rulebook",
    Rulebook,
    "rulebooks",
    "rulebook",
    filters=("state", "version"),
    columns=lambda m: {"state": Rulebook.State.Name(m.state)},
)


def _consent_shown(viewer: Viewer, message: Any) -> None:
    # By which certificate or token somebody signed is no other member's business.
    if not viewer.operator and message.company != viewer.name:
        message.ClearField("signed_by")


CONSENT = Kind("consent", consents_pb2.Consent, "consents", "consent", filters=("consented",), shown=_consent_shown)

# A version that fewer than so many have consented to is no agreement.
FEWEST = 2


def digest_of(rulebook: Any) -> str:
    """SHA-256 of what members consent to: all but what the service sets later."""
    content = Rulebook()
    content.CopyFrom(rulebook)
    for field in ("digest", "state", "etag", "create_time"):
        content.ClearField(field)
    return hashlib.sha256(content.SerializeToString(deterministic=True)).hexdigest()


def records(tx: Transaction, kind: Kind, parent: str) -> dict[str, tuple[Record, Any]]:
    """All resources of a kind under a parent, with their messages, by name."""
    query = select(Record).where(Record.kind == kind.kind, Record.parent == parent).order_by(col(Record.name))
    with tx.reading() as session:
        return {r.name: (r, kind.message.FromString(r.body)) for r in session.exec(query)}


def one(tx: Transaction, kind: Kind, name: str) -> tuple[Record, Any] | None:
    """A resource with its message, whoever asks."""
    with tx.reading() as session:
        record = session.get(Record, name)
    if record is None or record.kind != kind.kind:
        return None
    return record, kind.message.FromString(record.body)


def advance(tx: Transaction, pool: str) -> None:
    """Let what has become due happen: a version comes into force or lapses, members join and leave."""
    found = one(tx, POOL, pool)
    if found is None or found[1].state == Pool.CLOSED:
        return
    record, message = found
    if message.proposed_rulebook:
        book = one(tx, RULEBOOK, message.proposed_rulebook)
        if book is not None and book[1].effective_time.ToDatetime(UTC) <= tx.now:
            _decide(tx, record, message, *book)
    for row, member in records(tx, MEMBER, pool).values():
        _pass(tx, pool, row, member)


def advance_all(tx: Transaction) -> None:
    """Do so for every pool."""
    query = select(Record.name).where(Record.kind == POOL.kind, Record.state != Pool.State.Name(Pool.CLOSED))
    with tx.reading() as session:
        pools = list(session.exec(query))
    for pool in pools:
        advance(tx, pool)


def _decide(tx: Transaction, record: Record, pool: Any, book_row: Record, book: Any) -> None:
    """Put the open version into force, if enough have consented; who has not leaves after the exit notice."""
    members = records(tx, MEMBER, record.name)
    willing = [m for _, m in members.values() if m.consented_version == book.version and m.state != Member.LEFT]
    pool.proposed_rulebook = ""
    if len(willing) < FEWEST:
        book.state = Rulebook.LAPSED
        change_record(tx, RULEBOOK, book_row, book)
        change_record(tx, POOL, record, pool)
        return
    if pool.rulebook:
        old = one(tx, RULEBOOK, pool.rulebook)
        if old is not None:
            old[1].state = Rulebook.SUPERSEDED
            change_record(tx, RULEBOOK, *old)
    book.state = Rulebook.IN_FORCE
    change_record(tx, RULEBOOK, book_row, book)
    pool.rulebook, pool.state = book.name, Pool.ACTIVE
    change_record(tx, POOL, record, pool)
    show(tx, record.name, book.visibility.members_see_members)
    for row, member in members.values():
        if member.state == Member.ACTIVE and member.consented_version != book.version:
            leaves(tx, row, member, tx.now + timedelta(days=book.exit_notice_days))


def show(tx: Transaction, pool: str, shown: bool) -> None:
    """Let the members of a pool see each other, or not."""
    tx.connection.execute(
        update(Membership).where(col(Membership.pool) == pool.removeprefix("pools/")).values(shown=shown)
    )


def leaves(tx: Transaction, row: Record, member: Any, at: datetime) -> Record:
    """Say when a member leaves; until then it takes part."""
    member.state = Member.LEAVING
    member.leave_time.FromDatetime(at)
    return change_record(tx, MEMBER, row, member)


def _pass(tx: Transaction, pool: str, row: Record, member: Any) -> None:
    joins = member.state == Member.JOINING and member.join_time.ToDatetime(UTC) <= tx.now
    if joins and _in_force(tx, pool):
        member.state = Member.ACTIVE
        change_record(tx, MEMBER, row, member)
    elif member.state == Member.LEAVING and member.leave_time.ToDatetime(UTC) <= tx.now:
        member.state = Member.LEFT
        change_record(tx, MEMBER, row, member)
        tx.connection.execute(
            delete(Membership).where(
                col(Membership.pool) == pool.removeprefix("pools/"), col(Membership.company) == row.company
            )
        )


def _in_force(tx: Transaction, pool: str) -> bool:
    found = one(tx, POOL, pool)
    return found is not None and bool(found[1].rulebook)


def admit(tx: Transaction, pool: str, company: str) -> None:
    """Let a company see what a pool's members share, from its invitation on."""
    found = one(tx, POOL, pool)
    book = one(tx, RULEBOOK, found[1].rulebook) if found and found[1].rulebook else None
    row = {
        "pool": pool.removeprefix("pools/"),
        "company": company,
        "since": tx.now,
        "shown": bool(book and book[1].visibility.members_see_members),
    }
    tx.connection.execute(insert(Membership), [row])


def join(tx: Transaction, row: Record, member: Any, book: Any) -> None:
    """Take in a member's consent to a version."""
    member.consented_version = book.version
    if member.state == Member.INVITED:
        member.state = Member.JOINING
        member.join_time.FromDatetime(tx.now + timedelta(days=book.entry_notice_days))
    elif member.state == Member.LEAVING and book.state == Rulebook.PROPOSED:
        pass  # it gave notice, and consent to a later version does not take that back
    change_record(tx, MEMBER, row, member)
