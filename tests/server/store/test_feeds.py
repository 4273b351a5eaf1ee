"""Those who follow a stream, and a database that is away for a while."""

import asyncio

from sqlalchemy.exc import OperationalError


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
