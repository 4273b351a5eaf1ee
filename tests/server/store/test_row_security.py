"""The database filters rows by itself: a plain connection as the service's role sees what the application shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel, select

from server.store import Store
from server.store.tables import Membership, Scoped, table_of
from server.viewer import Viewer
from tests.server import postgres
from tests.server.canaries import COMPANIES, plant

_numbers = count()
TABLES = sorted(Scoped.__subclasses__(), key=lambda table: str(table.__tablename__))


@pytest.fixture(scope="module")
def planted(pg_socket: str) -> Iterator[tuple[Store, str]]:
    """A store full of marks on PostgreSQL, and the address of its database for psycopg."""
    name = f"secured{next(_numbers)}"
    store = Store(postgres.create(pg_socket, name))
    plant(store)
    yield store, f"host={pg_socket} dbname={name} user=groupage"
    store.close()


def raw(address: str, table: Any, company: str | None, operator: str = "off") -> set[tuple[Any, ...]]:
    """Keys of all rows that a plain connection sees."""
    keys = ", ".join(c.name for c in table_of(table).primary_key)
    with psycopg.connect(address) as connection:
        if company is not None:
            said = (company, operator)
            connection.execute("SELECT set_config('groupage.company', %s, true)", said[:1])
            connection.execute("SELECT set_config('groupage.operator', %s, true)", said[1:])
        return set(connection.execute(f"SELECT {keys} FROM {table.__tablename__}").fetchall())


def shown(store: Store, table: Any, viewer: Viewer) -> set[tuple[Any, ...]]:
    """Keys of all rows that the application shows, as the database has them."""
    columns = list(table_of(table).primary_key)

    def look(session: Any) -> set[tuple[Any, ...]]:
        rows = session.exec(select(table)).all()
        bind = [c.type.bind_processor(session.connection().dialect) or (lambda v: v) for c in columns]
        return {tuple(p(getattr(r, c.name)) for p, c in zip(bind, columns, strict=True)) for r in rows}

    return store.look(viewer, look)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.__tablename__))
def test_the_database_shows_what_the_application_shows(planted: tuple[Store, str], table: Any) -> None:
    """With a company set, every table has the same rows for a plain connection as for the application."""
    store, address = planted
    everything = raw(address, table, "", "on")
    assert everything == shown(store, table, Viewer(operator=True))
    for company in (*COMPANIES, "nobody"):
        seen = raw(address, table, company)
        if table is Membership:  # whose prices are shown hangs on who is in one's pools: the service's queries ask
            pools = {pool for pool, _ in shown(store, table, Viewer(company))}
            assert seen == {row for row in everything if row[0] in pools}
        else:
            assert seen == shown(store, table, Viewer(company))
        assert seen < everything


def test_nothing_is_seen_by_who_says_nothing(planted: tuple[Store, str]) -> None:
    """Without a company, or with an empty one, no table has a row, those included that no participant may read."""
    store, address = planted
    tables = [m.class_ for m in SQLModel._sa_registry.mappers if hasattr(m.class_, "__tablename__")]
    assert {t.__tablename__ for t in tables} == set(inspect(store.engines.reading).get_table_names()) - {
        "alembic_version"
    }
    for table in tables:
        assert raw(address, table, "", "on")
        assert raw(address, table, None) == set()
        assert raw(address, table, "") == set()
        if not issubclass(table, Scoped):
            assert all(raw(address, table, company) == set() for company in COMPANIES)


def test_nobody_writes_what_is_another_s(planted: tuple[Store, str]) -> None:
    """A plain connection that says it is a company changes, deletes and adds nothing, not even of what it sees."""
    _, address = planted
    with psycopg.connect(address) as connection:
        connection.execute("SELECT set_config('groupage.company', 'acme', true)")
        for table in ("orders", "records", "demand", "memberships", "requests"):
            assert connection.execute(f"SELECT company FROM {table}").fetchall()
            assert connection.execute(f"UPDATE {table} SET company = 'acme'").rowcount == 0
            assert connection.execute(f"DELETE FROM {table}").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO demand VALUES ('acme', 'z', 'p', '2026-11-01', 1, false, 0)")


def test_the_role_cannot_turn_it_off_by_owning_the_tables(planted: tuple[Store, str]) -> None:
    """The service's role owns its tables and is bound all the same, and is no superuser."""
    _, address = planted
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
        ).fetchall()
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert rows
    assert all(on and forced for _, on, forced in rows)
    assert rights == (False, False)
