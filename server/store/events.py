"""The append-only event log: streams with versions of their own.

A serial number over all events is no safe cursor: who read 4 may have missed 3, which committed later. A stream's next
version is one more than its last committed one, and the primary key lets only one writer have it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from server.store import bulk_sql
from server.store.tables import EventRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, and to whose eyes; `version` is 0 until it is stored."""

    stream: str
    company: str
    kind: str
    body: bytes
    at: datetime
    version: int = 0


# The end of each stream is looked up in the key; to group the rows of a stream would read all that ever happened in it.
_LAST = "SELECT s, (SELECT max(version) FROM events WHERE stream = s) FROM {}"
_LAST_SQLITE = _LAST.format("(SELECT value AS s FROM json_each(?))")
_LAST_POSTGRESQL = _LAST.format("unnest(%s::text[]) AS q(s)")


def last_versions(connection: Connection, streams: Iterable[str]) -> dict[str, int]:
    """Last version of each stream that has one."""
    wanted = sorted(set(streams))
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(_LAST_SQLITE, (json.dumps(wanted),))
    else:
        rows = connection.exec_driver_sql(_LAST_POSTGRESQL, (wanted,))
    return {stream: version for stream, version in rows.fetchall() if version is not None}


def first_version(connection: Connection, stream: str) -> int:
    """First version of a stream that is still kept; 0 where there is none."""
    query = select(func.min(EventRow.version)).where(EventRow.stream == stream)  # type: ignore[arg-type]
    return connection.execute(query).scalar() or 0


def append(connection: Connection, events: Sequence[Event]) -> None:
    """Store events, each stream's in the order given.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If another writer was faster; the whole transaction is to be tried again.
    """
    if not events:
        return
    _alone(connection, {e.stream for e in events})
    last = defaultdict(int, last_versions(connection, (e.stream for e in events)))
    rows = []
    for e in events:
        last[e.stream] += 1
        rows.append(
            {
                "stream": e.stream,
                "version": last[e.stream],
                "company": e.company,
                "kind": e.kind,
                "at": e.at,
                "body": e.body,
            }
        )
    bulk_sql.insert_rows(connection, EventRow, rows)


def _alone(connection: Connection, streams: set[str]) -> None:
    """Let no other process append to these streams until the transaction ends; SQLite has one writer anyhow."""
    if connection.dialect.name == "postgresql":
        # In the order of their names, so that two who want the same ones do not wait for each other.
        connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(hashtextextended(s, 0)) FROM (SELECT unnest(%s::text[]) AS s OFFSET 0) AS q",
            (sorted(streams),),
        )


def after(connection: Connection, stream: str, version: int, limit: int = 1_000) -> list[Event]:
    """Events of a stream after a version, in order."""
    rows = connection.execute(
        select(EventRow.stream, EventRow.company, EventRow.kind, EventRow.body, EventRow.at, EventRow.version)  # type: ignore[call-overload]
        .where(EventRow.stream == stream, EventRow.version > version)
        .order_by(EventRow.version)
        .limit(limit)
    )
    return [Event(*row) for row in rows]
