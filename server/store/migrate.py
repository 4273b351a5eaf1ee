"""Bringing a database to this release's tables, with Alembic."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import Connection

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7_341_902_255  # of PostgreSQL: replicas that start together upgrade one after the other


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, with no file beside the program."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Upgrade the tables; nothing to do where they are up to date.

    Raises
    ------
    alembic.util.CommandError
        If the database is of a newer release, whose revisions this one does not know.
    """
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        if revision != "head" or current(connection) != newest():
            command.upgrade(configuration(connection), revision)


def newest() -> str:
    """Revision of this release."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None  # noqa: S101 - the scripts are part of the package
    return head


def revisions() -> frozenset[str]:
    """All revisions that this release knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())


def current(connection: Connection) -> str | None:
    """Revision of a database; None of an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def shown(url: str) -> str:
    """Answer a store's address without its password."""
    return make_url(url).render_as_string()


def is_there(url: str) -> bool:
    """Whether a store is at an address; a look makes nothing. One that cannot be asked is for who opens it to tell."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite" and not Path(parsed.database or "").exists():
        return False
    engine = create_engine(url)
    try:
        with contextlib.suppress(DBAPIError), engine.connect() as connection:
            return current(connection) is not None
    finally:
        engine.dispose()
    return True
