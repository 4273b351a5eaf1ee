"""Those who follow a stream, and a database that is away for a while."""

import asyncio
import threading

from sqlalchemy.exc import OperationalError
from sqlmodel import select

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
        await asyncio.to_thread(say)
        return seen + [e.version for e in await asyncio.wait_for(anext(stream), 30)]

    assert asyncio.run(go()) == [1, 2]
    assert len(failures) == 3


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
