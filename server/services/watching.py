"""What streams of events have in common: several events a message, and a sign of life where nothing happens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.faults import Fault
from server.store.events import first_version, last_versions
from server.store.paging import fitting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from server.store import Event, Reading

TOGETHER_S = 0.05
ALIVE_S = 15.0
MOST = 500  # events of one message


def must_be_known(session: Reading, stream: str, after: int) -> int:
    """Refuse to go on from a number that was never given, or that is older than what is kept; answers the last one.

    Raises
    ------
    Fault
        SEQUENCE_UNKNOWN.
    """
    connection = session.connection()
    last = last_versions(connection, [stream]).get(stream, 0)
    first = first_version(connection, stream) if after else 0
    if after > last or 0 < after < first - 1:
        raise Fault("SEQUENCE_UNKNOWN", metadata={"first": str(first or min(1, last)), "last": str(last)})
    return last


async def coalesced(
    events: AsyncIterator[Sequence[Event]], *, together_s: float = TOGETHER_S, alive_s: float = ALIVE_S
) -> AsyncIterator[Sequence[Event]]:
    """Yield events in batches that are at least `together_s` apart, and an empty one after `alive_s` of silence.

    The next events are not asked for before the last batch was taken: whoever reads slowly makes nobody else's memory
    grow, and gets what it missed from the store.
    """
    iterator = aiter(events)
    waiting: asyncio.Task[Sequence[Event]] | None = None
    loop = asyncio.get_running_loop()
    last = loop.time() - together_s
    try:
        while True:
            if waiting is None:
                waiting = asyncio.ensure_future(anext(iterator))
            done, _ = await asyncio.wait([waiting], timeout=alive_s)
            if not done:
                last = loop.time()
                yield ()
                continue
            batch = list(waiting.result())
            waiting = None
            since = loop.time() - last
            if since < together_s:
                # The feed keeps what comes meanwhile; one more turn takes it along.
                await asyncio.sleep(together_s - since)
                more = asyncio.ensure_future(anext(iterator))
                await asyncio.wait([more], timeout=0)
                if more.done():
                    batch += more.result()
                else:
                    waiting = more
            last = loop.time()
            while batch:
                taken = fitting((len(e.body) for e in batch), MOST)
                yield batch[:taken]
                batch = batch[taken:]
    except StopAsyncIteration:
        return
    finally:
        if waiting is not None:
            waiting.cancel()
