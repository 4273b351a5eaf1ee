import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

import server.store.identities  # noqa: F401 - makes its tables known
from server.store import Store, migrate
from server.store.engine import open_engines


def test_migrations_lead_to_what_the_classes_say(store):
    """Tables, columns, indexes and constraints of an upgraded database are those of the classes, on both databases."""
    with store.engines.writing.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [d for d in compare_metadata(context, SQLModel.metadata) if _ours(d)]
    assert differences == []


def _ours(difference):
    """DBOS keeps tables of its own in a schema of its own."""
    return not (isinstance(difference, tuple) and difference[0] == "remove_table" and difference[1].schema == "dbos")


def test_every_revision_leads_to_the_newest(empty_url):
    """A database of any revision is upgraded, and opened as if it had been made by this release."""
    from alembic.script import ScriptDirectory

    revisions = [s.revision for s in ScriptDirectory.from_config(migrate.configuration()).walk_revisions()]
    oldest = revisions[-1]
    engines = open_engines(empty_url)
    migrate.upgrade(engines.writing, oldest)
    with engines.writing.connect() as connection:
        assert migrate.current(connection) == oldest
    Store(empty_url).close()
    with engines.writing.connect() as connection:
        assert migrate.current(connection) == migrate.newest()
        assert "orders" in inspect(connection).get_table_names()
    for engine in set(engines):
        engine.dispose()


def test_a_database_of_a_newer_release_is_refused(empty_url):
    """An older program does not touch what it does not know."""
    Store(empty_url).close()
    engines = open_engines(empty_url)
    with engines.writing.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Exception, match="9999"):
        Store(empty_url)
    for engine in set(engines):
        engine.dispose()


def test_every_table_is_secured_by_its_rows(store):
    """On PostgreSQL no table is without a policy that binds its owner too; a new one needs its own."""
    if not store.url.startswith("postgresql"):
        pytest.skip("SQLite has no row-level security")
    with store.engines.writing.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND NOT relforcerowsecurity"
        ).all()
    assert [name for (name,) in rows] == ["alembic_version"]
