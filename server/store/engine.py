"""Connections: SQLite in write-ahead mode, flushed to disk at each commit, or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

BUSY_MS = 30_000
# Of a process that froze, or whose machine is gone, in the middle of a transaction on PostgreSQL: its locks would
# keep all others from what it held, those too that are to take over from it.
IDLE_MS = 15_000
# A checkpoint writes the log's pages back and flushes twice more: at the default of 1,000 pages every fifth commit of
# a busy service waits for one. The log grows to about 64 MiB.
CHECKPOINT_PAGES = 16_384
# Random keys, such as request ids, touch pages all over their index. SQLite drops a connection's cache at whatever
# another one commits, as workers do all the time: more is seldom filled, and only makes memory grow for hours.
WRITER_CACHE_KIB = 16 * 1024
# What a database raises that does not do what it was asked, and its pool where all connections are others': both say
# nothing of what was asked.
NOT_DONE = (DBAPIError, NoConnectionError)
_WRITING, _READING = "BEGIN IMMEDIATE", "BEGIN"


class Engines(NamedTuple):
    """One for writing, one for reading."""

    writing: Engine
    reading: Engine


def open_engines(url: str, *, pool_size: int = 8) -> Engines:
    """Connect to a store.

    Parameters
    ----------
    url
        ``sqlite:///path`` or ``postgresql+psycopg://...``.
    pool_size
        Largest number of connections that each of them keeps open.
    """
    if url.startswith("sqlite"):
        return Engines(_sqlite(url, _WRITING, pool_size), _sqlite(url, _READING, pool_size))
    writing, reading = (
        create_engine(url, pool_size=pool_size, max_overflow=4, pool_pre_ping=True) for _ in Engines._fields
    )

    # Who reads may think for long in between, and keeps nobody waiting.
    @event.listens_for(writing, "connect")
    def _set_up(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_MS}")
        dbapi_connection.commit()

    return Engines(writing, reading)


def _sqlite(url: str, begin: str, pool_size: int) -> Engine:
    engine = create_engine(url, pool_size=pool_size, max_overflow=4, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: Any, _: Any) -> None:
        # The driver's own transactions begin too late: at the first write, when another writer may have been.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # To replace a row is to delete it: so are triggers asked that let none be deleted.
        cursor.execute("PRAGMA recursive_triggers = ON")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        # What is deleted is overwritten, not only forgotten: people's names do not outlive their erasure in the file.
        cursor.execute("PRAGMA secure_delete = ON")
        # What a statement or a savepoint may have to take back is copied first: to memory, not to a file of its own.
        cursor.execute("PRAGMA temp_store = MEMORY")
        if begin == _WRITING:
            cursor.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
