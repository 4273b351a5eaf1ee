import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

import server.store.identities  # noqa: F401 - makes its tables known
from server.store import Store, migrate
from server.store.engine import open_engines
from server.store.reading import declare
from server.viewer import SYSTEM


def test_migrations_lead_to_what_the_classes_say(store):
    """Tables, columns, indexes and constraints of an upgraded database are those of the classes, on both databases."""
    with store.engines.writing.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [d for d in compare_metadata(context, SQLModel.metadata) if _ours(d)]
    assert differences == []


def _ours(difference):
    """DBOS keeps tables of its own in a schema of its own; what lets SQLite erase holds no row to be read."""
    return not (
        isinstance(difference, tuple)
        and difference[0] == "remove_table"
        and (difference[1].schema == "dbos" or difference[1].name == "erasing")
    )


def _schema(connection):
    """Everything that a database is made of, triggers and functions included."""
    if connection.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    else:
        query = (
            "SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT 'policy', policyname || tablename, coalesce(qual, with_check) FROM pg_policies"
            " UNION ALL SELECT 'column', table_name || '.' || column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, 2"
        )
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def _schema_of_an_empty_one(request, url):
    of = {"sqlite": "sqlite_template", "postgresql": "pg_template"}[make_url(url).get_backend_name()]
    engines = open_engines(make_url(url).set(database=str(request.getfixturevalue(of))).render_as_string(False))
    with engines.reading.connect() as connection:
        schema = _schema(connection)
    for engine in engines:
        engine.dispose()
    return schema


@pytest.mark.parametrize("revision", sorted(migrate.revisions()))
def test_every_revision_leads_to_the_newest(request, empty_url, revision):
    """A database of any revision is upgraded with its rows, to just what this release makes of an empty one."""
    engines = open_engines(empty_url)
    migrate.upgrade(engines.writing, revision)
    with engines.writing.connect() as connection, connection.begin():
        assert migrate.current(connection) == revision
        declare(connection, SYSTEM)
        connection.execute(text("INSERT INTO events VALUES ('s', 1, 'acme', 'said', 1, 'x')"))
        connection.execute(text("INSERT INTO audit_log VALUES ('1', 1, 'acme', '', 'm', 'n', 'OK', '')"))
    Store(empty_url).close()
    with engines.reading.connect() as connection:
        assert migrate.current(connection) == migrate.newest()
        assert _schema(connection) == _schema_of_an_empty_one(request, empty_url)
        declare(connection, SYSTEM)
        for table in ("events", "audit_log"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1
    for engine in engines:
        engine.dispose()


def test_what_is_append_only_can_be_taken_back_and_made_again(store):
    """Down to the revision before and up again: as it was before, and in between rows may be changed."""
    with store.engines.writing.connect() as connection:
        before = _schema(connection)
        with connection.begin_nested():
            command.downgrade(migrate.configuration(connection), "0003")
            declare(connection, SYSTEM)
            connection.execute(text("UPDATE events SET kind = kind"))
            connection.execute(text("DELETE FROM audit_log"))
            assert not [row for row in _schema(connection) if "append" in str(row) or "erasing" in str(row)]
        connection.commit()
    migrate.upgrade(store.engines.writing)
    with store.engines.reading.connect() as connection:
        assert _schema(connection) == before


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
