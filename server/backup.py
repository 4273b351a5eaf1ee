"""Backup and restore: the store and its workflows as they were at one moment, checked when they come back."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect, text

from groupage import __version__
from groupage.errors import InputError, Problem
from server import saving_dumps as dumps
from server import saving_files as files
from server.store import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from server.settings import Settings

MANIFEST = "manifest.json"
KEY = "server.key"
_STORE = {"sqlite": "store.sqlite", "postgresql": "store.dump"}
_DURABLE = {"sqlite": "durable.sqlite", "postgresql": "durable.dump"}
# Where workflows are: in a file or a database of their own, or in the store's database, or nowhere yet.
_WITHIN, _NOWHERE = "within the store", "none"


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
    the same instant. On PostgreSQL both are schemas of one database, and one dump shows one instant. Where the
    workflows are elsewhere (`durable_url`) they are copied first: what the store knows more, it tells them, as after a
    crash.

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
    kind = _kind(settings.store)
    try:
        workflows = _copy(settings, partial)
        revision, rows = _counted(
            _sqlite_engine(partial / _STORE[kind]) if kind == "sqlite" else dumps.engine_of(settings.store)
        )
        if settings.key_path.exists():
            shutil.copyfile(settings.key_path, partial / KEY)
            (partial / KEY).chmod(0o600)
        manifest = {
            "groupage": __version__,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "revision": revision,
            "kind": kind,
            "workflows": workflows,
            # A dump is older than what is counted beside it, as the store goes on.
            "rows": rows if kind == "sqlite" else {},
            "sha256": {path.name: _digest(path) for path in sorted(partial.iterdir())},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for path in partial.iterdir():
            files.flush(path)
        partial.rename(folder)
        files.flush(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Report(folder, revision, rows, sum(path.stat().st_size for path in folder.iterdir()))


def _kind(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def _place(settings: Settings) -> str:
    """Where the workflows are kept by the settings."""
    kind = _kind(settings.durable)
    both = kind == _kind(settings.store) == "postgresql"
    return _WITHIN if both and dumps.same_database(settings.store, settings.durable) else kind


def _copy(settings: Settings, folder: Path) -> str:
    """Copy store and workflows; answers where the workflows are."""
    kind, place = _kind(settings.store), _place(settings)
    there = []
    if kind == "sqlite":
        source = files.path_of(settings.store)
        if not source.exists():
            raise InputError([Problem(str(source), "", "there is no store", "the file of a store")])
        there.append((source, folder / _STORE[kind]))
    if place == "sqlite":
        if (source := files.path_of(settings.durable)).exists():
            there.append((source, folder / _DURABLE[place]))
        else:
            place = _NOWHERE
    elif place == "postgresql":
        if dumps.has_workflows(settings.durable):
            dumps.dump(settings.durable, folder / _DURABLE[place], dumps.WORKFLOWS_ONLY)
        else:
            place = _NOWHERE
    files.copy(there)
    if kind == "postgresql":
        dumps.dump(settings.store, folder / _STORE[kind], *([] if place == _WITHIN else [dumps.NO_WORKFLOWS]))
    return place


def restore(settings: Settings, folder: Path) -> Report:
    """Bring a backup back into an empty place, and check that it is whole.

    Raises
    ------
    InputError
        If the backup is not as it was written, is of a newer release or of other settings, or something is where it
        shall go; nothing was changed then.
    """
    manifest = _manifest(folder)
    kind = _kind(settings.store)
    if manifest["kind"] != kind:
        raise InputError([Problem(str(folder), "kind", manifest["kind"], f"a backup of {kind}")])
    if manifest["revision"] not in migrate.revisions():
        given = manifest["revision"]
        raise InputError(
            [Problem(str(folder), "revision", given, "one that this release knows: upgrade groupage first")]
        )
    parts = _parts(settings, folder, manifest)
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
        files.flush(settings.key_path)
    try:
        revision, rows = _put(settings, folder, manifest, parts)
    except BaseException:
        if fresh:
            settings.key_path.unlink(missing_ok=True)
        raise
    return Report(folder, revision, rows, sum(path.stat().st_size for path in folder.iterdir()))


def _parts(settings: Settings, folder: Path, manifest: dict[str, Any]) -> list[files.File | dumps.Dump]:
    """Workflows and store of a backup, each with its place by the settings."""
    place, saved = _place(settings), _saved(folder, manifest)
    if saved not in (place, _NOWHERE):
        expected = f"{place}, as durable_url says: set it as it was when this was saved"
        raise InputError([Problem(str(folder), "workflows", saved, expected)])
    # The workflows first: a store without its workflows would be taken for a whole one.
    parts: list[files.File | dumps.Dump] = []
    if saved == "sqlite":
        parts.append(files.File(settings.durable, folder / _DURABLE[saved]))
    elif saved == "postgresql":
        parts.append(dumps.Dump(settings.durable, folder / _DURABLE[saved], workflows=True))
    kind = manifest["kind"]
    part = files.File if kind == "sqlite" else dumps.Dump
    return [*parts, part(settings.store, folder / _STORE[kind])]


def _saved(folder: Path, manifest: dict[str, Any]) -> str:
    """Where the workflows were; backups of before manifests said so had them in a file, or in the store's dump."""
    if "workflows" in manifest:
        return str(manifest["workflows"])
    if manifest["kind"] == "postgresql":
        return _WITHIN
    return "sqlite" if (folder / _DURABLE["sqlite"]).exists() else _NOWHERE


def _put(
    settings: Settings, folder: Path, manifest: dict[str, Any], parts: list[files.File | dumps.Dump]
) -> tuple[str, dict[str, int]]:
    for part in parts:
        part.must_be_free()
    try:
        for part in parts:
            part.stage()
        store = parts[-1]
        if isinstance(store, files.File):
            revision, rows = _counted(_sqlite_engine(store.staged))
            if rows != manifest["rows"]:
                raise InputError(
                    [Problem(str(folder), "rows", "others than the manifest says", "a backup as it was written")]
                )
        for part in parts:
            part.put()
        if isinstance(store, dumps.Dump):
            revision, rows = _counted(dumps.engine_of(settings.store))
    except BaseException:
        for part in parts:
            part.undo()
        raise
    return revision, rows


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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
