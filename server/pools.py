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
    from collections.abc import Iterable

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


def _member_shown(viewer: Viewer, message: Any) -> None:
    # Who the members are may be shown to members; why one leaves and what it is charged is no other's business.
    if not viewer.operator and message.company != viewer.name:
        message.ClearField("leave_reason")
        message.ClearField("monthly_fees")


MEMBER = Kind(
    "member",
    Member,
    "members",
    "member",
    filters=("state", "roles"),
    columns=lambda m: {"state": Member.State.Name(m.state)},
    shown=_member_shown,
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
    # By which certificate or token somebody signed, and why it would not, is no other member's business.
    if not viewer.operator and message.company != viewer.name:
        message.ClearField("signed_by")
        message.ClearField("reason")


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
    if found is None:
        return
    record, message = found
    if message.proposed_rulebook:
        book = one(tx, RULEBOOK, message.proposed_rulebook)
        if book is not None and book[1].effective_time.ToDatetime(UTC) <= tx.now:
            _decide(tx, record, message, *book)
    in_force = one(tx, RULEBOOK, message.rulebook) if message.rulebook and message.state != Pool.CLOSED else None
    members = records(tx, MEMBER, pool).values()
    for row, member in members:
        _pass(tx, row, member, in_force[1] if in_force else None)
    # Who is bound by an older version that had fees was charged while that was in force.
    if (in_force and _by_the_month(in_force[1])) or any(member.monthly_fees for _, member in members):
        _charge(tx, pool)


def _by_the_month(book: Any) -> list[Any]:
    return [fee for fee in book.fees if fee.WhichOneof("basis") == "cents_per_month"]


def _charge(tx: Transaction, pool: str) -> None:
    """Charge members what is due for each month of taking part that is not charged yet."""
    books = binding(tx, pool)
    this = tx.now.year * 12 + tx.now.month - 1
    for row, member in records(tx, MEMBER, pool).values():
        if member.state not in (Member.ACTIVE, Member.LEAVING):
            continue
        book = bound_by(tx, row, member, books)
        due = _by_the_month(book) if book is not None else []
        due = [fee for fee in due if fee.payer in member.roles and fee.cents_per_month]
        if not due:
            continue
        charged = {fee.month for fee in member.monthly_fees}
        since = max(member.join_time.ToDatetime(UTC), book.effective_time.ToDatetime(UTC))
        # More than one only where no server was there to charge them in time.
        months = [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(since.year * 12 + since.month - 1, this + 1)]
        fresh = [month for month in months if month not in charged]
        for month in fresh:
            for fee in due:
                member.monthly_fees.add(
                    month=month,
                    line=fee.line,
                    payer=fee.payer,
                    cents=fee.cents_per_month,
                    rulebook_version=book.version,
                )
        if fresh:
            change_record(tx, MEMBER, row, member)


def advance_all(tx: Transaction) -> None:
    """Do so for every pool, those included that are closed and still left by somebody."""
    pools = select(Record.name).where(Record.kind == POOL.kind, Record.state != Pool.State.Name(Pool.CLOSED))
    leaving = select(Record.parent).where(Record.kind == MEMBER.kind, Record.state == Member.State.Name(Member.LEAVING))
    with tx.reading() as session:
        names = {*session.exec(pools), *session.exec(leaving)}
    for name in sorted(names):
        advance(tx, name)


def stands(row: Record, consent: Any) -> bool:
    """Whether a consent counts for a membership: it was given, and not before the last invitation."""
    return bool(consent.consented and consent.consent_time.ToDatetime(UTC) >= row.created_at)


def consents_to(tx: Transaction, row: Record, member: Any, book: Any) -> bool:
    """Whether a member consented to a version; consent to a later one, not in force yet, takes nothing back."""
    if member.consented_version <= book.version:
        return bool(member.consented_version == book.version)
    found = one(tx, CONSENT, f"{book.name}/consents/{row.company}")
    return found is not None and stands(row, found[1])


def binding(tx: Transaction, pool: str) -> list[Any]:
    """Versions that are or were in force, the newest first."""
    books = [book for _, book in records(tx, RULEBOOK, pool).values()]
    came = [book for book in books if book.state in (Rulebook.IN_FORCE, Rulebook.SUPERSEDED)]
    return sorted(came, key=lambda book: -book.version)


def bound_by(tx: Transaction, row: Record, member: Any, books: Iterable[Any] | None = None) -> Any:
    """The version that binds a member: the newest of `binding` that it consented to; None if it did to none."""
    books = binding(tx, row.parent) if books is None else books
    return next((book for book in books if consents_to(tx, row, member, book)), None)


def _decide(tx: Transaction, record: Record, pool: Any, book_row: Record, book: Any) -> None:
    """Put the open version into force, if enough have consented; who has not leaves after the exit notice."""
    members = records(tx, MEMBER, record.name)
    here = [(row, m) for row, m in members.values() if m.state not in (Member.INVITED, Member.LEFT)]
    willing = [m for row, m in here if consents_to(tx, row, m, book)]
    if len(willing) < FEWEST:
        lapse(tx, record, pool)
        return
    pool.proposed_rulebook = ""
    old = one(tx, RULEBOOK, pool.rulebook) if pool.rulebook else None
    if old is not None:
        old[1].state = Rulebook.SUPERSEDED
        change_record(tx, RULEBOOK, *old)
    book.state = Rulebook.IN_FORCE
    change_record(tx, RULEBOOK, book_row, book)
    pool.rulebook, pool.state = book.name, Pool.ACTIVE
    change_record(tx, POOL, record, pool)
    show(tx, record.name, book.visibility.members_see_members)
    for row, member in members.values():
        if consents_to(tx, row, member, book):
            continue
        if member.state == Member.ACTIVE and old is not None:
            # By the notice that it agreed to: the new version's binds nobody who did not consent.
            leaves(tx, row, member, tx.now + timedelta(days=old[1].exit_notice_days))
        elif member.state == Member.JOINING:
            _invited_again(tx, row, member)


def lapse(tx: Transaction, record: Record, pool: Any) -> Record:
    """End the open version without its coming into force; who joined by it alone is invited as before."""
    found = one(tx, RULEBOOK, pool.proposed_rulebook)
    pool.proposed_rulebook = ""
    if found is not None:
        found[1].state = Rulebook.LAPSED
        change_record(tx, RULEBOOK, *found)
    in_force = one(tx, RULEBOOK, pool.rulebook) if pool.rulebook else None
    for row, member in records(tx, MEMBER, record.name).values():
        if member.state == Member.JOINING and not (in_force and consents_to(tx, row, member, in_force[1])):
            _invited_again(tx, row, member)
    return change_record(tx, POOL, record, pool)


def _invited_again(tx: Transaction, row: Record, member: Any) -> None:
    member.state, member.consented_version = Member.INVITED, 0
    member.ClearField("join_time")
    change_record(tx, MEMBER, row, member)


def show(tx: Transaction, pool: str, shown: bool) -> None:
    """Let the members of a pool see each other, or not."""
    tx.connection.execute(
        update(Membership).where(col(Membership.pool) == pool.removeprefix("pools/")).values(shown=shown)
    )


def leaves(tx: Transaction, row: Record, member: Any, at: datetime, reason: str = "") -> Record:
    """Say when a member leaves, and why if it said so; until then it takes part."""
    member.state, member.leave_reason = Member.LEAVING, reason
    member.leave_time.FromDatetime(at)
    return change_record(tx, MEMBER, row, member)


def _pass(tx: Transaction, row: Record, member: Any, in_force: Any) -> None:
    joins = member.state == Member.JOINING and member.join_time.ToDatetime(UTC) <= tx.now
    if joins and in_force is not None and consents_to(tx, row, member, in_force):
        member.state = Member.ACTIVE
        change_record(tx, MEMBER, row, member)
    elif member.state == Member.LEAVING and member.leave_time.ToDatetime(UTC) <= tx.now:
        member.state = Member.LEFT
        change_record(tx, MEMBER, row, member)
        tx.connection.execute(
            delete(Membership).where(
                col(Membership.pool) == row.parent.removeprefix("pools/"), col(Membership.company) == row.company
            )
        )


def reinvite(tx: Transaction, row: Record, member: Any) -> Record:
    """Invite anew a company that left: what it consented to before binds it no more; what it was charged stays."""
    member.monthly_fees.extend(Member.FromString(row.body).monthly_fees)
    tx.connection.execute(update(Record).where(col(Record.name) == row.name).values(created_at=tx.now))
    changed = change_record(tx, MEMBER, row, member)
    changed.created_at = tx.now
    return changed


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
    member.consented_version = max(member.consented_version, book.version)
    # Who gave notice stays leaving: consent to a later version does not take that back.
    if member.state == Member.INVITED:
        member.state = Member.JOINING
        member.join_time.FromDatetime(tx.now + timedelta(days=book.entry_notice_days))
    change_record(tx, MEMBER, row, member)
