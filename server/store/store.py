"""One store: who opens it gets the writer, filtered reading, and the events as they come."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from groupage.errors import InputError, Problem
from server.store.engine import open_engines
from server.store.feeds import THREADS, Feeds
from server.store.migrate import upgrade
from server.store.reading import Reading, declare
from server.store.writer import Transaction, Write, Writer
from server.viewer import SYSTEM, Viewer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from server.store.events import Event

Result = TypeVar("Result")

_TRIES = 5


class Store:
    """A database with its tables up to date.

    Parameters
    ----------
    url
        ``sqlite:///path`` or ``postgresql+psycopg://...``.
    readers
        Threads that read, each with a connection.

    Raises
    ------
    InputError
        If the database cannot be reached, is none, or is of a newer release.
    """

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self.url = url
        self.engines = open_engines(url, pool_size=readers + THREADS + 2)
        try:
            upgrade(self.engines.writing)
        except BaseException as error:
            for engine in self.engines:
                engine.dispose()
            if isinstance(error, DBAPIError):
                raise _closed(url, str(error.orig), "a database that answers and can be written to") from None
            if isinstance(error, CommandError):
                raise _closed(url, str(error), "one that this release knows: upgrade groupage first") from None
            raise
        self.feeds = Feeds(self.engines.reading)
        self.writer = Writer(self.engines.writing, self.feeds.happened)
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")

    async def write(self, write: Write) -> bytes:
        """Have something written; its answer comes when it is on disk (see `Writer.submit`)."""
        return await self.writer.submit(write)

    async def read(self, viewer: Viewer, fn: Callable[[Reading], Result]) -> Result:
        """Read in a thread as a viewer; the function gets a session that is closed when it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.look, viewer, fn)

    async def apart(self, fn: Callable[..., Result], *args: Any) -> Result:
        """Do something that may wait in one of the reading threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn, *args)

    def look(self, viewer: Viewer, fn: Callable[[Reading], Result], *, still: bool = False) -> Result:
        """Read as a viewer in this thread.

        Parameters
        ----------
        still
            Read all as of one moment, however long it takes and whatever is written meanwhile. SQLite reads so anyhow,
            and its log grows until the end.
        """
        with self.engines.reading.connect() as plain:
            moving = not still or plain.dialect.name == "sqlite"
            connection = plain if moving else plain.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                declare(connection, viewer)
                with Reading(connection, viewer) as session:
                    return fn(session)

    def transact(self, fn: Callable[[Transaction], Result]) -> Result:
        """Write as the service in this thread, in a transaction of its own; for workers.

        The function runs again from the start where another process took a stream's version first: it must leave
        nothing behind but what it writes with its transaction.
        """
        for left in reversed(range(_TRIES)):
            try:
                with self.engines.writing.connect() as connection, connection.begin():
                    declare(connection, SYSTEM)
                    tx = Transaction(connection, self.now())
                    result = fn(tx)
                    tx.flush()
            except IntegrityError:
                if not left:
                    raise
            except OperationalError as error:
                if not left or "deadlock" not in str(error.orig):
                    raise
            else:
                self.feeds.happened(tx.touched)
                return result
        raise AssertionError("unreachable")

    def follow(self, stream: str, after: int) -> AsyncIterator[Sequence[Event]]:
        """Events of a stream after a version, as they come, some at a time (see `Feeds.follow`)."""
        return self.feeds.follow(stream, after)

    @staticmethod
    def now() -> datetime:
        """Time as the store reckons it."""
        return datetime.now(UTC)

    def check(self) -> None:
        """Ask the database for an answer, for health and doctor."""
        with self.engines.reading.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Write what waits and let go of the database."""
        self.writer.close()
        self.feeds.close()
        self._threads.shutdown()
        self.engines.reading.dispose()
        self.engines.writing.dispose()


def _closed(url: str, why: str, expected: str) -> InputError:
    # The address without its password.
    return InputError([Problem(make_url(url).render_as_string(), "", " ".join(why.split()), expected)])
