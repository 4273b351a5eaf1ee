"""Events as they come, for those who watch: one look at the database serves all watchers of a stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from server.store import events
from server.store.reading import declare
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from sqlalchemy import Engine

    from server.store.events import Event

log = logging.getLogger(__name__)

Result = TypeVar("Result")

POLL_S = 0.05
_TOGETHER_S = 0.01  # so that a burst of commits costs one look
_AWAY_S = 0.5  # between looks at a database that does not answer
KEPT = 2_000  # events of a stream that are kept for those who lag; who lags more reads the database
KEPT_BYTES = 2**18  # of them, but one
# Threads, each with a connection: one looks for what is new, the others fetch for those who begin or lag. None is of
# those that read for calls, and no number of watchers that lag holds up a look.
_FETCHING = 2
THREADS = 1 + _FETCHING


class _Feed:
    def __init__(self, version: int) -> None:
        self.version = version  # last one that is known
        self.recent: deque[Event] = deque()
        self.recent_bytes = 0
        self.news = asyncio.Event()
        self.followers = 0

    def take(self, fresh: Sequence[Event]) -> None:
        """Take in what comes next, and let go of what there is no room for."""
        self.recent.extend(fresh)
        self.recent_bytes += sum(len(e.body) for e in fresh)
        while len(self.recent) > KEPT or (len(self.recent) > 1 and self.recent_bytes > KEPT_BYTES):
            self.recent_bytes -= len(self.recent.popleft().body)
        self.version = fresh[-1].version
        self.news.set()


class Feeds:
    """The streams that somebody follows now.

    One task looks for new events of them all: at once when this process wrote some, and every 50 ms for what other
    processes wrote. Memory is bounded, however slowly followers read and however large events are: of each stream that
    is followed `KEPT` events and `KEPT_BYTES`, and as much that a follower has in hand; or one event that is larger.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._feeds: dict[str, _Feed] = {}
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._nudge: asyncio.Event | None = None
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="feed-look")
        self._fetching = ThreadPoolExecutor(_FETCHING, thread_name_prefix="feed-fetch")

    def close(self) -> None:
        """Let go of the threads; who follows gets no more."""
        for threads in (self._looking, self._fetching):
            threads.shutdown(cancel_futures=True)

    def happened(self, streams: Iterable[str]) -> None:
        """Tell that this process stored events; from any thread."""
        loop, nudge = self._loop, self._nudge
        if loop is not None and nudge is not None and any(s in self._feeds for s in streams):
            try:
                loop.call_soon_threadsafe(nudge.set)
            except RuntimeError:
                return  # the loop is closed: nobody follows any more

    async def follow(self, stream: str, after: int) -> AsyncIterator[Sequence[Event]]:
        """Yield events after a version, in order and without gaps, some at a time; without end."""
        if self._task is None or self._task.done():
            self._loop, self._nudge = asyncio.get_running_loop(), asyncio.Event()
            self._task = asyncio.create_task(self._look())
        feed = self._feeds.get(stream)
        if feed is None:
            version = await self._fetched(self._last, stream)
            feed = self._feeds.setdefault(stream, _Feed(version))
        feed.followers += 1
        try:
            while True:
                feed.news.clear()
                if after < feed.version:
                    batch = await self._since(feed, stream, after)
                    if batch:
                        after = batch[-1].version
                        yield batch
                        continue
                await feed.news.wait()
        finally:
            feed.followers -= 1
            if not feed.followers and self._feeds.get(stream) is feed:
                del self._feeds[stream]

    async def _since(self, feed: _Feed, stream: str, after: int) -> Sequence[Event]:
        if feed.recent and feed.recent[0].version <= after + 1:
            return [e for e in feed.recent if e.version > after]
        return await self._fetched(self._read, stream, after)

    async def _fetched(self, fn: Callable[..., Result], *args: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._fetching, fn, *args)

    async def _look(self) -> None:
        nudge = self._nudge
        assert nudge is not None  # noqa: S101 - set before the task is made
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(nudge.wait(), POLL_S)
                await asyncio.sleep(_TOGETHER_S)
            nudge.clear()
            if not self._feeds:
                continue
            known = {stream: feed.version for stream, feed in self._feeds.items()}
            try:
                news = await asyncio.get_running_loop().run_in_executor(self._looking, self._fresh, known)
            except Exception as error:  # this one task serves all who follow: it outlives a database that is away
                log.warning("streams cannot be looked at: %s", type(error).__name__)
                await asyncio.sleep(_AWAY_S)
                continue
            for stream, fresh in news.items():
                feed = self._feeds.get(stream)
                if feed is None or not fresh or fresh[0].version != feed.version + 1:
                    continue
                feed.take(fresh)

    def _last(self, stream: str) -> int:
        with self._engine.connect() as connection, connection.begin():
            declare(connection, SYSTEM)
            return events.last_versions(connection, [stream]).get(stream, 0)

    def _read(self, stream: str, after: int) -> list[Event]:
        with self._engine.connect() as connection, connection.begin():
            declare(connection, SYSTEM)
            return events.after(connection, stream, after)

    def _fresh(self, known: dict[str, int]) -> dict[str, list[Event]]:
        with self._engine.connect() as connection, connection.begin():
            declare(connection, SYSTEM)
            last = events.last_versions(connection, known)
            return {s: events.after(connection, s, v) for s, v in known.items() if last.get(s, 0) > v}
