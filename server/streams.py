"""Streams that are open: how many a participant has, and how they end when the server or the guard wants them to."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Stream:
    """One stream under way.

    Parameters
    ----------
    key
        Whose it is, by `Viewer.key`.
    credentials
        What was presented when it was opened: authorization and certificate.
    watches
        Whether its client only reads, and can go on from where it was.

    Attributes
    ----------
    sending_since
        Since when gRPC waits to send a response, by `time.monotonic`; None where it does not.
    """

    def __init__(self, key: str, credentials: tuple[str, bytes], *, watches: bool = False) -> None:
        self.key = key
        self.credentials = credentials
        self.watches = watches
        self.sending_since: float | None = None
        self.fault: Fault | None = None
        self._task = asyncio.current_task()
        self._waiting = False

    def end(self, fault: Fault) -> None:
        """End it with a fault: at once where it waits for its handler, else as soon as its client has read."""
        if self.fault is None:
            self.fault = fault
            # Never while gRPC sends: a call that is cancelled there ends without a status.
            if self._waiting and self._task is not None:
                self._task.cancel()

    def ended(self, error: BaseException) -> Fault | None:
        """The fault that stands behind a cancellation of ours; None behind the client's."""
        if isinstance(error, asyncio.CancelledError) and self.fault is not None and self._task is not None:
            self._task.uncancel()
            return self.fault
        return None

    async def result(self, awaited: Any) -> Any:
        """Wait for a handler that answers once, or writes by itself."""
        if self.fault is not None:
            raise self.fault
        self._waiting = True
        try:
            return await awaited if inspect.isawaitable(awaited) else awaited
        finally:
            self._waiting = False

    async def responses(self, handler: Any) -> AsyncIterator[Any]:
        """Yield what a handler yields, until it, the client or the guard ends it."""
        if not hasattr(handler, "__aiter__"):
            await self.result(handler)
            return
        source = aiter(handler)
        try:
            while True:
                try:
                    message = await self.result(anext(source))
                except StopAsyncIteration:
                    return
                self.sending_since = time.monotonic()
                yield message
                self.sending_since = None
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()


class Streams:
    """All streams of a server.

    Parameters
    ----------
    most_per_key
        Streams that one participant may have open.
    """

    def __init__(self, most_per_key: int) -> None:
        self._most = most_per_key
        self._open: dict[Stream, None] = {}
        self._counts: Counter[str] = Counter()
        self._draining = False

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Any:
        return iter(tuple(self._open))

    def open(self, key: str, credentials: tuple[str, bytes], *, watches: bool = False) -> Stream:
        """Let one more in.

        Raises
        ------
        Fault
            RATE_LIMITED, if this participant has too many open; SERVER_DRAINING.
        """
        if self._draining:
            raise Fault("SERVER_DRAINING")
        if self._counts[key] >= self._most:
            raise Fault("RATE_LIMITED", metadata={"limit": f"{self._most} open streams"})
        stream = Stream(key, credentials, watches=watches)
        self._open[stream] = None
        self._counts[key] += 1
        return stream

    def close(self, stream: Stream) -> None:
        """Take one out."""
        if self._open.pop(stream, 0) is None:
            self._counts[stream.key] -= 1
            if not self._counts[stream.key]:
                del self._counts[stream.key]

    def end_stalled(self, after_s: float) -> None:
        """End those whose watcher has taken nothing for so long: it hears of it when it reads on, and goes on anew."""
        before = time.monotonic() - after_s
        for stream in self:
            if stream.watches and stream.sending_since is not None and stream.sending_since < before:
                stream.end(Fault("WATCHER_TOO_SLOW"))

    def drain(self) -> None:
        """End all of them, so that their clients go on elsewhere; let no more in."""
        self._draining = True
        for stream in self:
            stream.end(Fault("SERVER_DRAINING"))
