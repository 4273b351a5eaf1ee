"""People of companies: their names and how to reach them stand in one table, and go from there for good.

An answer to a write is kept without them, events and the audit log have ids only. A company's own export has them in a
file of its own, which goes when they change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert
from sqlmodel import col, select

from groupage.v1 import companies_pb2
from server.store.tables import BlobRow, ContactRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from groupage.v1.companies_pb2 import Contact
    from server.store import Reading, Transaction

# Kind of blobs that hold people: files of exports.
EXPORTED = "export of people"


def lock(tx: Transaction, company: str) -> None:
    """Let nobody else write or copy a company's people until the transaction ends."""
    tx.lock(f"people:{company}")


def of(session: Reading, company: str) -> list[Contact]:
    """A company's people, as far as the session's viewer may know them."""
    query = select(ContactRow).where(ContactRow.company == company).order_by(col(ContactRow.position))
    return [companies_pb2.Contact.FromString(row.body) for row in session.exec(query)]


def put(tx: Transaction, company: str, people: Iterable[Contact]) -> None:
    """Let these be a company's people, and nobody else; whoever was before is erased."""
    lock(tx, company)
    after = list(people)
    with tx.reading() as session:
        if of(session, company) == after:
            return
    tx.connection.execute(delete(ContactRow).where(col(ContactRow.company) == company))
    # Ids of companies have no character that LIKE reads in another way.
    copies = col(BlobRow.digest).like(f"export:pools/%/members/{company}:%")
    tx.connection.execute(delete(BlobRow).where(col(BlobRow.kind) == EXPORTED, copies))
    rows = [{"company": company, "position": i, "body": p.SerializeToString()} for i, p in enumerate(after)]
    if rows:
        tx.connection.execute(insert(ContactRow), rows)
