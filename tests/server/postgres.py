"""A PostgreSQL of the tests' own: a throwaway cluster in a temporary folder, run by somebody who is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

# No machine fails under it, so that nothing need be on a disk, and no database gets old enough to be swept.
_UNSAFE = " ".join(
    f"-c {setting}"
    for setting in (
        *("fsync=off", "full_page_writes=off", "autovacuum=off"),
        *("wal_level=minimal", "max_wal_senders=0", "min_wal_size=32MB", "max_wal_size=256MB"),
    )
)


def binaries() -> Path | None:
    """Folder of PostgreSQL's programs, if there is one on this machine."""
    found = shutil.which("pg_config")
    places = [Path(subprocess.check_output([found, "--bindir"], text=True).strip())] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").exists()), None)


def _user() -> str | None:
    """Who runs it: initdb refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses root, and there is no other user here")


@contextmanager
def cluster() -> Iterator[str]:
    """Run a cluster; gives the address of its socket's folder and port as a psycopg query string."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here (Debian package postgresql)")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="groupage-pg-"))
    data = folder / "data"

    def run(program: str, *args: str) -> None:
        switch = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        subprocess.run(
            [str(programs / program), *args],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            **switch,
        )

    try:
        if user:
            shutil.chown(folder, user)
        run("initdb", "-D", str(data), "-U", "admin", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c max_connections=200 -c shared_buffers=64MB {_UNSAFE}"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def tablespace(socket: str, name: str, place: Path) -> Iterator[str]:
    """Have a cluster keep databases in a folder; gives the name to make them with."""
    if user := _user():
        shutil.chown(place, user)
    with psycopg.connect(host=socket, user="admin", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE \"{name}\" LOCATION '{place}'")
        admin.execute(f'GRANT CREATE ON TABLESPACE "{name}" TO PUBLIC')
        yield name
        for (database,) in admin.execute(
            "SELECT datname FROM pg_database JOIN pg_tablespace t ON dattablespace = t.oid WHERE spcname = %s", (name,)
        ).fetchall():
            admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
        admin.execute(f'DROP TABLESPACE "{name}"')


def create(socket: str, name: str, template: str = "template0", place: str = "pg_default") -> str:
    """Make a database of a role that is no superuser, a copy of another; gives its address for SQLAlchemy.

    Parameters
    ----------
    place
        Its tablespace.
    """
    with psycopg.connect(host=socket, user="admin", dbname="postgres", autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'groupage'").fetchone():
            admin.execute("CREATE ROLE groupage LOGIN CREATEDB")
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        how = f'TEMPLATE "{template}" STRATEGY FILE_COPY TABLESPACE "{place}"'
        admin.execute(f'CREATE DATABASE "{name}" OWNER groupage {how}')
    return f"postgresql+psycopg://groupage@/{name}?host={socket}"


def drop(socket: str, name: str) -> None:
    """Remove a database with whoever is still connected to it: hundreds of them would fill what they lie in."""
    with psycopg.connect(host=socket, user="admin", dbname="postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
