"""Dumps of PostgreSQL's databases, by its own programs, and bringing them back."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from groupage.errors import InputError, Problem
from server.durable.engine import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

# Row-level security, where it is on, lets the operator see every row.
_SEES_ALL = "-c groupage.operator=on"
# Other users see a command. A key of a certificate that has a password of its own is of no use to these programs.
_SECRET = {"password", "sslpassword"}
WORKFLOWS_ONLY, NO_WORKFLOWS = f"--schema={SCHEMA}", f"--exclude-schema={SCHEMA}"


def same_database(url: str, other: str) -> bool:
    """Tell whether two addresses lead to one database, whoever asks there and however."""

    def place(text: str) -> tuple[object, ...]:
        parsed = make_url(text)
        query = parsed.query
        # Of several servers an address names each, with its port.
        return parsed.host or query.get("host"), str(parsed.port or query.get("port") or 5432), parsed.database

    return place(url) == place(other)


def engine_of(url: str) -> Engine:
    """Read a database with the operator's eyes."""
    return create_engine(url, connect_args={"options": _SEES_ALL})


def has_workflows(url: str) -> bool:
    """Tell whether a worker has been there."""
    return SCHEMA in _found(url)[1]


def dump(url: str, target: Path, *which: str) -> None:
    """Dump a database as it is at one moment."""
    _run("pg_dump", url, "--format=custom", "--enable-row-security", *which, f"--file={target}")


class Dump:
    """A dump that is to come back into an empty database.

    Parameters
    ----------
    url
        Of the database.
    source
        File of the backup.
    workflows
        It is of workflows alone: others may be in the database.
    """

    def __init__(self, url: str, source: Path, *, workflows: bool = False) -> None:
        self._url, self._source, self._workflows = url, source, workflows
        self._put = False

    def must_be_free(self) -> None:
        """Refuse a database with tables, or workflows.

        Raises
        ------
        InputError
            If there are some.
        """
        tables, schemas = _found(self._url)
        if self._workflows:
            given, expected = (SCHEMA if SCHEMA in schemas else ""), f"a database without {SCHEMA}"
        else:
            given, expected = (f"{len(tables)} tables" if tables else ""), "an empty database"
        if given:
            raise InputError([Problem(make_url(self._url).render_as_string(), "", given, expected)])

    def stage(self) -> None:
        """PostgreSQL itself brings it all back, or nothing."""

    def put(self) -> None:
        """Bring it back."""
        source = str(self._source)
        _run("pg_restore", self._url, "--exit-on-error", "--single-transaction", "--no-owner", source)
        self._put = True

    def undo(self) -> None:
        """Take workflows away again where the store did not come; a store comes last, and stays."""
        if self._put and self._workflows:
            engine = engine_of(self._url)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
            engine.dispose()


def _found(url: str) -> tuple[list[str], list[str]]:
    """Tables of a database, and its schemas.

    Raises
    ------
    InputError
        If it is not there, or does not answer.
    """
    engine = engine_of(url)
    try:
        with engine.connect() as connection:
            looked = inspect(connection)
            return looked.get_table_names(), looked.get_schema_names()
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())
        raise InputError([Problem(engine.url.render_as_string(), "", why, "a database that answers")]) from None
    finally:
        engine.dispose()


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's; the password goes by the environment, which other users cannot see."""
    found = shutil.which(program)
    if found is None:
        raise InputError([Problem("PATH", "", f"no {program}", "PostgreSQL's client programs (postgresql-client)")])
    parsed = make_url(url)
    password = {"PGPASSWORD": str(parsed.password)} if parsed.password else {}
    command = [found, f"--dbname={_conninfo(url)}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | password)  # noqa: S603 - found on PATH
    if done.returncode:
        raise InputError([Problem(program, "", done.stderr.strip()[:500], "no error")])


def _conninfo(url: str) -> str:
    """Say an address as libpq reads it, its certificates and several servers too, but nothing that is secret."""
    parsed = make_url(url)
    _, given = parsed.get_dialect()().create_connect_args(parsed)
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    kept = {key: value for key, value in given.items() if key in known and key not in _SECRET}
    return make_conninfo("", **kept | {"options": f"{kept.get('options', '')} {_SEES_ALL}".strip()})
