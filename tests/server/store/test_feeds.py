"""Those who follow a stream, and a database that is away for a while."""

import asyncio
import threading

from sqlalchemy.exc import OperationalError
from sqlmodel import select

from server.store import events, feeds
from server.store.tables import Record
from server.viewer import SYSTEM


def test_a_database_that_was_away_is_followed_again(store, monkeypatch):
    """A look that fails ends nobody's watch: what happened meanwhile comes when the database answers again."""
    look, failures = store.feeds._fresh, []

    def away(known):
        if len(failures) < 3:
            failures.append(1)
            raise OperationalError("SELECT", {}, ConnectionError("gone"))
        return look(known)

    def say():
        store.transact(lambda tx: tx.append("shared", "said", b"", company="acme"))

    async def go():
        say()
        stream = store.follow("shared", 0)
        seen = [e.version for e in await anext(stream)]
        monkeypatch.setattr(store.feeds, "_fresh", away)
        while not failures:  # a look that was under way may still find what is said
            await asyncio.sleep(0.01)
        await asyncio.to_thread(say)
        return seen + [e.version for e in await asyncio.wait_for(anext(stream), 30)]

    assert asyncio.run(go()) == [1, 2]
    assert len(failures) == 3


def test_large_events_are_kept_and_read_by_their_bytes(store):
    """Neither what is kept of a stream nor what a follower gets at once is larger than it may be; all of it comes."""
    part = events.MOST_BYTES // 5 * 2
    sizes = [part, part, 100, part, 3 * events.MOST_BYTES, 0, part, part, part, part]
    bodies = [bytes([65 + i]) * size for i, size in enumerate(sizes)]

    def say():
        store.transact(lambda tx: [tx.append("shared", "said", body, company="acme") for body in bodies])

    async def taken(stream, count):
        batches = []
        while sum(map(len, batches)) < count:
            batches.append(await asyncio.wait_for(anext(stream), 30))
        assert all(len(batch) == 1 or sum(len(e.body) for e in batch) <= events.MOST_BYTES for batch in batches)
        return [e.body for batch in batches for e in batch]

    async def go():
        follower = store.follow("shared", 0)
        first = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(say)
        assert [e.body for e in await asyncio.wait_for(first, 30)] == bodies[:3]
        feed = store.feeds._feeds["shared"]
        while feed.version < len(bodies):
            await asyncio.sleep(0.05)
            kept = [len(e.body) for e in feed.recent]
            assert sum(kept) == feed.recent_bytes
            assert len(kept) == 1 or sum(kept) <= feeds.KEPT_BYTES
        assert await taken(follower, len(bodies) - 3) == bodies[3:]
        assert await taken(store.follow("shared", 0), len(bodies)) == bodies

    asyncio.run(go())


def test_no_more_events_are_kept_than_there_is_use_for(store, monkeypatch):
    """Small ones are let go of by their number."""
    monkeypatch.setattr(feeds, "KEPT", 3)

    def say(tx):
        for _ in range(8):
            tx.append("shared", "said", b"", company="acme")

    async def go():
        follower = store.follow("shared", 0)
        first = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(store.transact, say)
        assert [e.version for e in await asyncio.wait_for(first, 30)] == list(range(1, 9))
        assert [e.version for e in store.feeds._feeds["shared"].recent] == [6, 7, 8]

    asyncio.run(go())


def test_watchers_that_lag_hold_up_nobody(store, monkeypatch):
    """However many fetch what they missed, calls are read for, work is done, and who is up to date gets what is new."""
    read, go = store.feeds._read, threading.Event()

    def slowly(stream, after):
        go.wait(30)
        return read(stream, after)

    def say(stream):
        store.transact(lambda tx: tx.append(stream, "said", b"", company="acme"))

    async def main():
        for stream in ("past", "present"):
            await asyncio.to_thread(say, stream)
        up_to_date = asyncio.ensure_future(anext(store.follow("present", 1)))
        lagging = [asyncio.ensure_future(anext(store.follow("past", 0))) for _ in range(50)]
        await asyncio.sleep(0.2)
        try:
            assert await asyncio.wait_for(store.read(SYSTEM, lambda s: s.exec(select(Record)).all()), 10) == []
            await asyncio.wait_for(asyncio.to_thread(say, "present"), 10)
            assert [e.version for e in await asyncio.wait_for(up_to_date, 10)] == [2]
            assert not any(one.done() for one in lagging)
        finally:
            go.set()
        assert [[e.version for e in batch] for batch in await asyncio.gather(*lagging)] == [[1]] * 50

    monkeypatch.setattr(store.feeds, "_read", slowly)
    asyncio.run(main())
