"""The store as the guard needs it: where identities are looked up, and where reads are audited."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import insert

from server.identity import StoredCertificate, StoredToken
from server.store import identities
from server.store.ids import new_ids
from server.store.tables import AuditRow
from server.store.writer import Transaction, Write
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.audit import Seen
    from server.store import Store
    from server.store.reading import Reading

log = structlog.get_logger(__name__)


class StoreRegister:
    """Identities as the store keeps them (see `server.identity.Register`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def token(self, token_id: str) -> StoredToken | None:
        """The token of an id."""

        def find(session: Reading) -> StoredToken | None:
            row = identities.token_of(session, token_id)
            if row is None:
                return None
            return StoredToken(row.id, row.company, row.operator, row.mac, row.expires_at, row.revoked_at)

        return await self._store.read(SYSTEM, find)

    async def certificates(self, keys: tuple[tuple[str, str], ...]) -> list[StoredCertificate]:
        """All that is mapped by one of these kinds and values, equal in full."""

        def find(session: Reading) -> list[StoredCertificate]:
            return [
                StoredCertificate(r.id, r.kind, r.value, r.company, r.operator, r.expires_at, r.revoked_at)
                for r in identities.certificates_of(session, keys)
            ]

        return await self._store.read(SYSTEM, find)

    async def suspended(self, company: str) -> bool:
        """Whether a company is suspended."""
        return await self._store.read(SYSTEM, lambda session: identities.is_suspended(session, company))


class StoreAudit:
    """Writes reads into the audit log, some at a time (see `server.audit.AuditSink`).

    What was read in the last moment before a crash is not in the log; `run` writes every `every_s` seconds, and calls
    wait while more than `most` entries are held, so that neither memory grows nor an entry is dropped.

    Parameters
    ----------
    store
        Where to.
    every_s
        Seconds between two writes.
    most
        Entries that are held at most.
    """

    def __init__(self, store: Store, *, every_s: float = 0.2, most: int = 10_000) -> None:
        self._store = store
        self._every_s = every_s
        self._most = most
        self._held: list[Seen] = []
        self._room = asyncio.Event()
        self._room.set()

    async def seen(self, read: Seen) -> None:
        """Take one read in."""
        while len(self._held) >= self._most:
            self._room.clear()
            await self._room.wait()
        self._held.append(read)

    async def run(self) -> None:
        """Write what comes, until it is cancelled; then what is left."""
        try:
            while True:
                await asyncio.sleep(self._every_s)
                await self.flush()
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await self.flush()
            raise

    async def flush(self) -> None:
        """Write what is held; where the store does not take it, it stays held."""
        batch, rest = self._held[: self._most], self._held[self._most :]
        if not batch:
            return
        self._held = rest
        try:
            await self._store.write(Write(SYSTEM, "", "", b"", _keep, batch))
        except Exception as error:
            log.warning("reads cannot be audited now", held=len(batch), error=str(error))
            self._held = batch + self._held
        else:
            self._room.set()


def _keep(tx: Transaction, writes: Sequence[Write]) -> list[bytes]:
    rows: list[dict[str, Any]] = [
        {
            "at": read.at,
            "company": read.viewer.key,
            "identity": read.viewer.identity,
            "method": read.method,
            "name": name,
            "outcome": read.outcome,
            "request_id": read.request_id,
        }
        for write in writes
        for read in write.payload
        for name in (read.names or ("",))
    ]
    for row, key in zip(rows, new_ids(len(rows)), strict=True):
        row["id"] = key
    tx.connection.execute(insert(AuditRow), rows)
    return [b""] * len(writes)
