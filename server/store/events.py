"""The append-only event log: streams with versions of their own.

A serial number over all events is no safe cursor: who read 4 may have missed 3, which committed later. A stream's next
version is one more than its last committed one, and the primary key lets only one writer have it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, func, select

from server.store import bulk_sql
from server.store.tables import EventRow, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

# Of what is read at once: an event may have as many bytes as a message of a negotiation.
MOST = 1_000
MOST_BYTES = 2**18


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
# SQLite answers with one row: its driver hands the interpreter over at each.
_LAST = "(SELECT max(version) FROM events WHERE stream = s)"
_LAST_SQLITE = f"SELECT json_group_object(s, {_LAST}) FROM (SELECT value AS s FROM json_each(?))"  # noqa: S608
_LAST_POSTGRESQL = f"SELECT s, {_LAST} FROM unnest(%s::text[]) AS q(s)"  # noqa: S608


def last_versions(connection: Connection, streams: Iterable[str]) -> dict[str, int]:
    """Last version of each stream that has one."""
    wanted = sorted(set(streams))
    if connection.dialect.name == "sqlite":
        found = json.loads(connection.exec_driver_sql(_LAST_SQLITE, (json.dumps(wanted),)).scalar_one()).items()
    else:
        found = connection.exec_driver_sql(_LAST_POSTGRESQL, (wanted,)).fetchall()
    return {stream: version for stream, version in found if version is not None}


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


def after(connection: Connection, stream: str, version: int) -> list[Event]:
    """Events of a stream after a version, in order: as many as `MOST` and `MOST_BYTES` allow, but one."""
    rows = connection.execute(_AFTER, {"stream": stream, "version": version, "most": MOST, "most_bytes": MOST_BYTES})
    return [Event(*row) for row in rows]


def _after() -> Select[Any]:
    table = table_of(EventRow).c
    later = (table.stream == bindparam("stream"), table.version > bindparam("version"))
    # Sizes are asked first: a driver fetches all that a statement answers.
    sizes = select(table.version, func.length(table.body).label("size")).where(*later)
    ahead = sizes.order_by(table.version).limit(bindparam("most", type_=BigInteger)).subquery().c
    filled = func.sum(ahead.size).over(order_by=ahead.version)
    summed = select(ahead.version, ahead.size, filled.label("filled")).subquery().c
    fits = (summed.filled <= bindparam("most_bytes", type_=BigInteger)) | (summed.filled == summed.size)
    last = select(func.max(summed.version)).where(fits).scalar_subquery()
    told = (table.stream, table.company, table.kind, table.body, table.at, table.version)
    return select(*told).where(*later, table.version <= last).order_by(table.version)


_AFTER = _after()
