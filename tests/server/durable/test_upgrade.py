"""A newer release finds negotiations of an older one open: drained, or gone on with, across a migration too."""

from __future__ import annotations

from itertools import count

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, select

from groupage.v1 import companies_pb2, negotiation_pb2
from server import bus
from server.durable import engine
from server.store import Store, migrate
from server.store.engine import open_engines
from server.store.reading import declare
from server.store.tables import QuestionRow
from server.viewer import SYSTEM
from tests.server import postgres
from tests.server.durable import world
from tests.server.durable.conftest import Workers, eventually
from tests.server.durable.test_worker import accept_all, pending, reaches, replays

pytestmark = pytest.mark.timeout(240)
_numbers = count()


def asked(store):
    """Ids of all questions so far."""
    return store.look(SYSTEM, lambda s: {q.question_id for q in s.scalars(select(QuestionRow))})


def refuse(store, workflows, name):
    """Have the own agent answer what it was asked; answers the question's id."""
    (question,) = eventually(lambda: pending(store, "acme"))
    said = negotiation_pb2.Answer(
        question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="no"
    )
    store.transact(lambda tx: bus.record(tx, "acme", said))
    workflows.answered(name, question.question_id, "acme")
    return question.question_id


def release_of(durable, name):
    """Which release has a synchronization."""
    client = engine.client(durable)
    try:
        return engine.latest(client, name).app_version
    finally:
        client.destroy()


def finishes(store, workflows, name, answered):
    """Answer whatever is asked from now on until it is committed; nothing is asked that was answered."""
    while world.state(store, name) == "NEGOTIATING":
        if eventually(lambda: pending(store, "acme") or world.state(store, name) != "NEGOTIATING") is not True:
            question = refuse(store, workflows, name)
            assert question not in answered
            answered.add(question)
    accept_all(store, workflows, name)
    reaches(store, name, "COMMITTED")
    assert asked(store) == answered
    replays(store, name)


def begun(store):
    """A synchronization in which an own agent is asked more than once."""
    world.fill(store, each=1)
    world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
    return world.ask(store)


def test_in_the_middle_of_an_exchange(store, workers, workflows, durable):
    """The older release goes on with what it began while it lives; what it leaves unanswered the newer waits for."""
    name = begun(store)
    old = workers.start(application="1", reply_within_s=200.0)
    workflows.start(name)
    eventually(lambda: pending(store, "acme"))
    workers.start(application="2", reply_within_s=200.0)
    answered = {refuse(store, workflows, name)}
    eventually(lambda: asked(store) - answered)
    assert release_of(durable, name) == "1"
    old.kill()
    old.wait()
    eventually(lambda: release_of(durable, name) == "2")
    finishes(store, workflows, name, answered)


def as_an_older_release_left_it(store, url):
    """Put everything into a database of the revision before this one, as far as that has a place for it."""
    head = ScriptDirectory.from_config(migrate.configuration()).get_revision(migrate.newest())
    engines, tables = open_engines(url), MetaData()
    migrate.upgrade(engines.writing, head.down_revision)
    with store.engines.reading.connect() as old, engines.writing.connect() as new, new.begin():
        declare(old, SYSTEM)
        declare(new, SYSTEM)
        tables.reflect(new)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [dict(row) for row in old.execute(select(table)).mappings()]
                if rows:
                    new.execute(insert(table), rows)
        assert migrate.current(new) == head.down_revision != migrate.newest()
    for one in set(engines):
        one.dispose()


def test_across_a_migration(request, store, store_url, workers, workflows, durable, tmp_path):
    """What the last release left open in tables of its own the next one finishes, in its own."""
    name = begun(store)
    old = workers.start(application="1", reply_within_s=200.0)
    workflows.start(name)
    answered = {refuse(store, workflows, name)}
    eventually(lambda: asked(store) - answered)
    old.terminate()
    assert old.wait(60) == 0
    url = f"sqlite:///{tmp_path / 'older.sqlite'}"
    if not store_url.startswith("sqlite"):
        url = postgres.create(request.getfixturevalue("pg_socket"), f"older{next(_numbers)}")
    as_an_older_release_left_it(store, url)
    upgraded = Store(url)
    others = Workers(url, durable)
    try:
        with upgraded.engines.reading.connect() as connection:
            assert migrate.current(connection) == migrate.newest()
        others.start(application="2", reply_within_s=200.0)
        finishes(upgraded, workflows, name, answered)
        assert release_of(durable, name) == "2"
    finally:
        others.end()
        upgraded.close()
