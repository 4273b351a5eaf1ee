"""Tokens and client certificates: whose they are. Secrets are not among them; a token is kept as its HMAC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, LargeBinary, insert, tuple_, update
from sqlmodel import Field, col, select

from server.store.ids import new_id
from server.store.moments import Moment
from server.store.tables import Record, Scoped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.store.reading import Reading
    from server.store.writer import Transaction

KINDS = ("spiffe", "subject", "fingerprint")


class TokenRow(Scoped, table=True):
    """A bearer token.

    Attributes
    ----------
    mac
        HMAC of it under the server's key.
    key_id
        Which key that was.
    successor
        Id of the token that takes its place.
    """

    __tablename__ = "tokens"
    __table_args__ = (Index("tokens_company", "company"),)

    id: str = Field(primary_key=True)
    company: str = ""
    operator: bool = False
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    key_id: str = ""
    note: str = ""
    created_at: datetime = Field(sa_column=Column(Moment, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True))
    successor: str = ""


class ClientCertificateRow(Scoped, table=True):
    """What a client certificate is mapped by, and to whom."""

    __tablename__ = "client_certificates"
    __table_args__ = (Index("client_certificates_value", "kind", "value"),)

    id: str = Field(primary_key=True)
    kind: str
    value: str
    company: str = ""
    operator: bool = False
    note: str = ""
    created_at: datetime = Field(sa_column=Column(Moment, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True))


def token_of(session: Reading, token_id: str) -> TokenRow | None:
    """The token of an id."""
    return session.get(TokenRow, token_id)


def certificates_of(session: Reading, keys: Sequence[tuple[str, str]]) -> list[ClientCertificateRow]:
    """All that is mapped by one of these kinds and values, equal in full."""
    row = ClientCertificateRow
    asked = tuple_(col(row.kind), col(row.value)).in_(keys)
    return list(session.exec(select(row).where(asked).order_by(col(row.id))).all())


def is_suspended(session: Reading, company: str) -> bool:
    """Whether a company is suspended; one that is not there yet is not."""
    record = session.get(Record, f"companies/{company}")
    return record is not None and record.state == "SUSPENDED"


def tokens(session: Reading) -> list[TokenRow]:
    """All tokens, the oldest first."""
    return list(session.exec(select(TokenRow).order_by(col(TokenRow.created_at), col(TokenRow.id))).all())


def certificates(session: Reading) -> list[ClientCertificateRow]:
    """All mappings, the oldest first."""
    row = ClientCertificateRow
    return list(session.exec(select(row).order_by(col(row.created_at), col(row.id))).all())


def add_token(
    tx: Transaction,
    *,
    token_id: str,
    mac: bytes,
    key_id: str,
    company: str,
    operator: bool = False,
    note: str = "",
    expires_at: datetime | None = None,
) -> None:
    """Keep a new token."""
    values = {
        "id": token_id,
        "mac": mac,
        "key_id": key_id,
        "company": company,
        "operator": operator,
        "note": note,
    }
    tx.connection.execute(
        insert(TokenRow).values(**values, created_at=tx.now, expires_at=expires_at, revoked_at=None, successor="")
    )


def revoke_token(tx: Transaction, token_id: str) -> bool:
    """Revoke a token for good; False if there is none, or it was revoked before."""
    return _set(tx, TokenRow, token_id, revoked_at=tx.now)


def succeed_token(tx: Transaction, token_id: str, successor: str, overlap: timedelta) -> bool:
    """Let a token expire after an overlap with the one that takes its place; False if it is revoked or unknown."""
    until = tx.now + overlap
    row = tx.reading().get(TokenRow, token_id)
    if row is not None and row.expires_at is not None:
        until = min(until, row.expires_at)
    return _set(tx, TokenRow, token_id, expires_at=until, successor=successor)


def add_certificate(
    tx: Transaction,
    *,
    kind: str,
    value: str,
    company: str,
    operator: bool = False,
    note: str = "",
    expires_at: datetime | None = None,
) -> str:
    """Map certificates by a value; answers the mapping's id.

    Raises
    ------
    ValueError
        If the kind is none of `KINDS`, or the value is empty.
    """
    if kind not in KINDS or not value:
        raise ValueError(f"client certificate is mapped by {kind!r} {value!r}, expected one of {', '.join(KINDS)}")
    mapping_id = new_id()
    values = {"id": mapping_id, "kind": kind, "value": value, "company": company, "operator": operator, "note": note}
    tx.connection.execute(
        insert(ClientCertificateRow).values(**values, created_at=tx.now, expires_at=expires_at, revoked_at=None)
    )
    return mapping_id


def revoke_certificate(tx: Transaction, mapping_id: str) -> bool:
    """Revoke a mapping for good; False if there is none, or it was revoked before."""
    return _set(tx, ClientCertificateRow, mapping_id, revoked_at=tx.now)


def _set(tx: Transaction, table: Any, row_id: str, **values: Any) -> bool:
    done = tx.connection.execute(update(table).where(table.id == row_id, table.revoked_at.is_(None)).values(**values))
    return bool(done.rowcount)
