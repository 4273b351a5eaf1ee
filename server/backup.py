"""Backup and restore: the store and its workflows as they were at one moment, checked when they come back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from groupage import __version__
from groupage.errors import InputError, Problem
from server.store import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from server.settings import Settings

MANIFEST = "manifest.json"
KEY = "server.key"
_DUMP = "store.dump"
_STORE = "store.sqlite"
_DURABLE = "durable.sqlite"
# Row-level security, where it is on, lets the operator see every row.
_SEES_ALL = "-c groupage.operator=on"


@dataclass(frozen=True)
class Report:
    """What a backup holds, or a restore brought back.

    Attributes
    ----------
    folder
        Where the backup is.
    revision
        Revision of the store's tables.
    rows
        Rows of each table of the store.
    size_bytes
        Of all files.
    """

    folder: Path
    revision: str
    rows: dict[str, int]
    size_bytes: int


def backup(settings: Settings, folder: Path) -> Report:
    """Copy the store, its workflows and the server's key into a new folder; servers and workers may go on meanwhile.

    On SQLite, writers of both files are held up for the moment that it takes to begin reading, so that both copies show
    the same instant. On PostgreSQL both are schemas of one database, and one dump shows one instant.

    Parameters
    ----------
    folder
        Must not be there yet. It is readable by nobody else: it holds all data of all participants.

    Raises
    ------
    InputError
        If the folder is there, the store is not, or PostgreSQL's programs are missing or fail.
    """
    if folder.exists():
        raise InputError([Problem(str(folder), "", "there already", "a folder that is not there yet")])
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        if settings.store.startswith("sqlite"):
            _copy_sqlite(settings, partial)
            counted = _sqlite_engine(partial / _STORE)
        else:
            _run("pg_dump", settings.store, "--format=custom", "--enable-row-security", f"--file={partial / _DUMP}")
            counted = _postgresql_engine(settings.store)
        revision, rows = _counted(counted)
        if settings.key_path.exists():
            shutil.copyfile(settings.key_path, partial / KEY)
            (partial / KEY).chmod(0o600)
        files = {path.name: _digest(path) for path in sorted(partial.iterdir())}
        manifest = {
            "groupage": __version__,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "revision": revision,
            "kind": "sqlite" if settings.store.startswith("sqlite") else "postgresql",
            # A dump is older than what is counted beside it, as the store goes on.
            "rows": rows if settings.store.startswith("sqlite") else {},
            "sha256": files,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for path in partial.iterdir():
            _flush(path)
        partial.rename(folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Report(folder, revision, rows, sum(path.stat().st_size for path in folder.iterdir()))


def restore(settings: Settings, folder: Path) -> Report:
    """Bring a backup back into an empty place, and check that it is whole.

    Raises
    ------
    InputError
        If the backup is not as it was written, is of a newer release, or something is where it shall go; nothing was
        changed then.
    """
    manifest = _manifest(folder)
    sqlite = settings.store.startswith("sqlite")
    if (manifest["kind"] == "sqlite") != sqlite:
        raise InputError(
            [Problem(str(folder), "kind", manifest["kind"], f"a backup of {settings.store.split(':')[0]}")]
        )
    if manifest["revision"] not in migrate.revisions():
        given = manifest["revision"]
        raise InputError(
            [Problem(str(folder), "revision", given, "one that this release knows: upgrade groupage first")]
        )
    settings.make_data_dir()
    key = folder / KEY
    if key.exists() and settings.key_path.exists() and settings.key_path.read_bytes() != key.read_bytes():
        raise InputError([Problem(str(settings.key_path), "", "another key", "none, or the one of the backup")])
    # The key first: a server that finds a store without it makes another, and refuses every token.
    fresh = key.exists() and not settings.key_path.exists()
    if fresh:
        settings.key_path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(key, settings.key_path)
        settings.key_path.chmod(0o600)
        _flush(settings.key_path)
    try:
        if sqlite:
            revision, rows = _restore_sqlite(settings, folder, manifest)
        else:
            revision, rows = _restore_postgresql(settings, folder)
    except BaseException:
        if fresh:
            settings.key_path.unlink(missing_ok=True)
        raise
    return Report(folder, revision, rows, sum(path.stat().st_size for path in folder.iterdir()))


def _copy_sqlite(settings: Settings, folder: Path) -> None:
    files = [(_path(settings.store), folder / _STORE), (_path(settings.durable), folder / _DURABLE)]
    if not files[0][0].exists():
        raise InputError([Problem(str(files[0][0]), "", "there is no store", "the file of a store")])
    there = [(source, target) for source, target in files if source.exists()]
    with contextlib.ExitStack() as stack:
        locks = [stack.enter_context(_connected(source)) for source, _ in there]
        readers = [stack.enter_context(_connected(source)) for source, _ in there]
        for lock in locks:
            lock.execute("BEGIN IMMEDIATE")
        for reader in readers:
            # The snapshot begins with the first look.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for lock in locks:
            lock.execute("ROLLBACK")
        for reader, (_, target) in zip(readers, there, strict=True):
            with contextlib.closing(sqlite3.connect(target)) as copy:
                reader.backup(copy, pages=-1)
                # In write-ahead mode who only reads in it would leave two files beside it that are not of the backup.
                copy.execute("PRAGMA journal_mode = DELETE")
            target.chmod(0o600)
            _whole(target)


def _restore_sqlite(settings: Settings, folder: Path, manifest: dict[str, Any]) -> tuple[str, dict[str, int]]:
    pairs = [(folder / _STORE, _path(settings.store)), (folder / _DURABLE, _path(settings.durable))]
    for _, target in pairs:
        for path in (target, target.with_name(target.name + "-wal")):
            if path.exists():
                raise InputError([Problem(str(path), "", "there already", "a place without a store: move it away")])
    staged = []
    try:
        for source, target in pairs:
            if source.exists():
                partial = target.with_name(f".{target.name}.partial")
                staged.append((partial, target))
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.copyfile(source, partial)
                partial.chmod(0o600)
                _whole(partial)
                _flush(partial)
        revision, rows = _counted(_sqlite_engine(staged[0][0]))
        if rows != manifest["rows"]:
            raise InputError(
                [Problem(str(folder), "rows", "others than the manifest says", "a backup as it was written")]
            )
        # The workflows first: a store without its workflows would be taken for a whole one.
        for partial, target in reversed(staged):
            partial.rename(target)
            _flush(target.parent)
    except BaseException:
        for partial, _ in staged:
            for left in (partial, partial.with_name(partial.name + "-wal"), partial.with_name(partial.name + "-shm")):
                left.unlink(missing_ok=True)
        raise
    return revision, rows


def _restore_postgresql(settings: Settings, folder: Path) -> tuple[str, dict[str, int]]:
    engine = _postgresql_engine(settings.store)
    try:
        with engine.connect() as connection:
            tables = inspect(connection).get_table_names()
    finally:
        engine.dispose()
    if tables:
        given = f"{len(tables)} tables"
        raise InputError([Problem(make_url(settings.store).render_as_string(), "", given, "an empty database")])
    url = make_url(settings.store)
    _run(
        "pg_restore",
        settings.store,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        f"--dbname={url.database}",
        str(folder / _DUMP),
    )
    return _counted(_postgresql_engine(settings.store))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        digests = manifest["sha256"]
        needed = {"revision", "kind", "rows"} <= manifest.keys() and isinstance(digests, dict)
    except (OSError, ValueError, KeyError, TypeError):
        needed = False
    if not needed:
        raise InputError([Problem(str(path), "", "no manifest", "a folder that groupage backup wrote")])
    there = {p.name for p in folder.iterdir()} - {MANIFEST}
    wrong = sorted(
        name for name in there | set(digests) if name not in there or _digest(folder / name) != digests.get(name)
    )
    if wrong:
        raise InputError(
            [Problem(str(folder / name), "", "not as it was written", "the file of the backup") for name in wrong]
        )
    return manifest


def _counted(engine: Engine) -> tuple[str, dict[str, int]]:
    try:
        with engine.connect() as connection:
            revision = migrate.current(connection)
            tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
            rows = {
                table: int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())  # noqa: S608 - names of tables that are there
                for table in tables
            }
    finally:
        engine.dispose()
    if revision is None:
        raise InputError([Problem(engine.url.render_as_string(), "", "no tables", "a store")])
    return revision, rows


def _sqlite_engine(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}")


def _postgresql_engine(url: str) -> Engine:
    return create_engine(url, connect_args={"options": _SEES_ALL})


def _path(url: str) -> Path:
    parsed = make_url(url)
    if parsed.drivername != "sqlite" or not parsed.database:
        raise InputError([Problem("settings", "durable_url", parsed.drivername, "SQLite, as the store is")])
    return Path(parsed.database)


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _whole(path: Path) -> None:
    with _connected(path) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise InputError([Problem(str(path), "", "damaged", "a whole database")])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's; the password goes by the environment, which other users cannot see."""
    found = shutil.which(program)
    if found is None:
        raise InputError([Problem("PATH", "", f"no {program}", "PostgreSQL's client programs (postgresql-client)")])
    parsed = make_url(url)
    given = {
        "PGHOST": parsed.host or parsed.query.get("host"),
        "PGPORT": parsed.port or parsed.query.get("port"),
        "PGUSER": parsed.username or parsed.query.get("user"),
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
        "PGSSLMODE": parsed.query.get("sslmode"),
        "PGOPTIONS": _SEES_ALL,
    }
    environment = {**os.environ, **{key: str(value) for key, value in given.items() if value}}
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - found on PATH
    if done.returncode:
        raise InputError([Problem(program, "", done.stderr.strip()[:500], "no error")])
