"""Several events a message, and no more of them than a message has room for."""

import asyncio
from datetime import UTC, datetime

from server.services.watching import coalesced
from server.store import Event, paging


def event(version, size):
    return Event("s", "acme", "said", bytes(size), datetime.now(UTC), version)


def test_what_comes_together_is_told_in_messages_that_have_room(monkeypatch):
    """By bytes, one event at least; in order, and all of it."""
    monkeypatch.setattr(paging, "MOST_BYTES", 100)

    async def told():
        yield [event(version, size) for version, size in enumerate((60, 40, 1, 500, 0, 99, 1, 1), start=1)]

    async def go():
        return [[e.version for e in batch] async for batch in coalesced(told(), together_s=0.0)]

    assert asyncio.run(go()) == [[1, 2], [3], [4], [5, 6, 7], [8]]
