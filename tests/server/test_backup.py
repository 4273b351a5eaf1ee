"""Backup and restore: one moment of store and workflows, whole or not at all."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from groupage.errors import InputError
from server.backup import backup, restore
from server.settings import Settings, server_key
from server.store import Store, identities
from server.store.tables import BlobRow
from server.viewer import SYSTEM
from tests.server import postgres


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(data_dir=folder, **more)


def put(store: Store, digest: str) -> None:
    store.transact(
        lambda tx: (
            tx.reading()
            .connection()
            .execute(BlobRow.__table__.insert().values(digest=digest, kind="test", at=tx.now, body=digest.encode()))
        )
    )


def blobs(settings: Settings) -> list[str]:
    store = Store(settings.store)
    try:
        return store.look(SYSTEM, lambda session: sorted(b.digest for b in session.exec(select(BlobRow)).all()))
    finally:
        store.close()


@pytest.fixture
def filled(tmp_path: Path) -> Settings:
    """Settings of a store with something in it, its workflows' file and a key."""
    settings = settings_of(tmp_path / "data")
    settings.make_data_dir()
    server_key(settings.key_path)
    store = Store(settings.store)
    put(store, "one")
    store.close()
    with sqlite3.connect(tmp_path / "data" / "durable.sqlite") as durable:
        durable.execute("PRAGMA journal_mode = WAL")
        durable.execute("CREATE TABLE steps (n INTEGER)")
        durable.execute("INSERT INTO steps VALUES (1)")
    durable.close()
    return settings


def test_what_comes_back_is_what_was_saved(filled: Settings, tmp_path: Path) -> None:
    """Store, workflows and key come back as they were; what came later is not there; nobody else may read a backup."""
    report = backup(filled, tmp_path / "saved")
    assert report.rows["blobs"] == 1
    assert report.size_bytes == sum(p.stat().st_size for p in (tmp_path / "saved").iterdir())
    assert {p.stat().st_mode & 0o077 for p in (tmp_path / "saved").iterdir() if p.name != "manifest.json"} == {0}
    assert (tmp_path / "saved").stat().st_mode & 0o077 == 0
    store = Store(filled.store)
    put(store, "two")
    store.close()

    again = settings_of(tmp_path / "again")
    assert restore(again, tmp_path / "saved").rows == report.rows
    assert blobs(again) == ["one"]
    assert blobs(filled) == ["one", "two"]
    assert again.key_path.read_bytes() == filled.key_path.read_bytes()
    assert again.key_path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(tmp_path / "again" / "durable.sqlite") as durable:
        assert durable.execute("SELECT n FROM steps").fetchall() == [(1,)]
    durable.close()


class Slow(sqlite3.Connection):
    """A connection that gives others time after it has begun to read."""

    def execute(self, sql: str, *arguments: Any) -> Any:
        cursor = super().execute(sql, *arguments)
        if sql.startswith("SELECT count"):
            time.sleep(0.05)
        return cursor


def test_both_files_show_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While store and workflows are written in turn, no backup shows a step of a workflow without its row in the store.

    The writer stores a row first and the step afterwards, as workflows do, as fast as it can.
    """
    settings = settings_of(tmp_path / "data")
    settings.make_data_dir()
    store = Store(settings.store)
    put(store, "0000")
    ended = threading.Event()
    first = sqlite3.connect(tmp_path / "data" / "durable.sqlite")
    first.execute("PRAGMA journal_mode = WAL")
    first.execute("CREATE TABLE steps (n INTEGER)")
    first.close()

    def write() -> None:
        durable = sqlite3.connect(tmp_path / "data" / "durable.sqlite", timeout=30)
        number = 0
        while not ended.is_set():
            number += 1
            put(store, f"{number:04d}")
            with durable:
                durable.execute("INSERT INTO steps VALUES (?)", (number,))
        durable.close()

    connect = sqlite3.connect
    monkeypatch.setattr("server.backup.sqlite3.connect", lambda *a, **k: connect(*a, **{"factory": Slow, **k}))
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(6):
            report = backup(settings, tmp_path / f"saved{i}")
            copy = sqlite3.connect(tmp_path / f"saved{i}" / "durable.sqlite")
            (steps,) = copy.execute("SELECT count(*) FROM steps").fetchone()
            copy.close()
            assert report.rows["blobs"] - 1 - steps in (0, 1)
    finally:
        ended.set()
        writer.join()
        store.close()
    assert report.rows["blobs"] > 3


def test_a_backup_that_was_changed_is_not_restored(filled: Settings, tmp_path: Path) -> None:
    """A byte changed, a file missing or too many, and no manifest are named, and nothing is put anywhere."""
    saved = tmp_path / "saved"
    backup(filled, saved)
    target = settings_of(tmp_path / "again")

    def changed(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)

    for name, change in (
        ("store.sqlite", changed),
        ("durable.sqlite", changed),
        ("server.key", changed),
        ("store.sqlite", Path.unlink),
        ("durable.sqlite", Path.unlink),
        ("more.sqlite", Path.touch),
        ("manifest.json", Path.unlink),
        ("manifest.json", lambda path: path.write_text("{}")),
        ("manifest.json", lambda path: path.write_text("nonsense")),
    ):
        broken = tmp_path / "broken"
        shutil.copytree(saved, broken)
        change(broken / name)
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            restore(target, broken)
        shutil.rmtree(broken)
        assert not list((tmp_path / "again").glob("*"))


def test_a_backup_may_be_looked_at(filled: Settings, tmp_path: Path) -> None:
    """Who reads in it, and may write nothing, leaves nothing beside its files; it comes back all the same."""
    saved = tmp_path / "saved"
    backup(filled, saved)
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    for name in ("store.sqlite", "durable.sqlite"):
        look = sqlite3.connect(f"file:{saved / name}?mode=ro", uri=True)
        assert look.execute("SELECT count(*) FROM sqlite_master").fetchone() > (0,)
        look.close()
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    again = settings_of(tmp_path / "again")
    restore(again, saved)
    assert blobs(again) == ["one"]


def test_nothing_is_overwritten(filled: Settings, tmp_path: Path) -> None:
    """A backup goes into a new folder only, and a restore where there is no store and no other key."""
    backup(filled, tmp_path / "saved")
    with pytest.raises(InputError, match="there already"):
        backup(filled, tmp_path / "saved")
    before = (tmp_path / "data" / "store.sqlite").read_bytes()
    with pytest.raises(InputError, match="there already"):
        restore(filled, tmp_path / "saved")
    assert (tmp_path / "data" / "store.sqlite").read_bytes() == before
    other = settings_of(tmp_path / "other")
    server_key(other.key_path)
    with pytest.raises(InputError, match="another key"):
        restore(other, tmp_path / "saved")
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["server.key"]
    with pytest.raises(InputError, match="there is no store"):
        backup(settings_of(tmp_path / "nowhere"), tmp_path / "saved2")
    assert not (tmp_path / "saved2").exists()
    assert not list(tmp_path.glob(".saved2*"))


def test_a_backup_of_a_newer_release_or_another_database_is_not_restored(filled: Settings, tmp_path: Path) -> None:
    """A revision that this release does not know, and the kind of the other database, are refused."""
    saved = tmp_path / "saved"
    backup(filled, saved)
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps({**manifest, "revision": "9999"}))
    with pytest.raises(InputError, match="upgrade groupage first"):
        restore(settings_of(tmp_path / "again"), saved)
    (saved / "manifest.json").write_text(json.dumps(manifest))
    elsewhere = settings_of(tmp_path / "again", store_url="postgresql+psycopg://nobody@nowhere/x")
    with pytest.raises(InputError, match="expected a backup of postgresql"):
        restore(elsewhere, saved)


def test_postgresql_is_dumped_and_restored(pg_socket: str, tmp_path: Path) -> None:
    """A dump brings tables, rows and other schemas of the database back into an empty one, and into no other."""
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not on PATH")
    source = settings_of(tmp_path / "data", store_url=postgres.create(pg_socket, "saved"))
    source.make_data_dir()
    server_key(source.key_path)
    store = Store(source.store)
    put(store, "one")
    with store.engines.writing.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA dbos")
        connection.exec_driver_sql("CREATE TABLE dbos.steps AS SELECT 7 AS n")
    assert backup(source, tmp_path / "saved").rows["blobs"] == 1
    put(store, "two")
    store.close()

    target = settings_of(tmp_path / "again", store_url=postgres.create(pg_socket, "restored"))
    assert restore(target, tmp_path / "saved").rows["blobs"] == 1
    assert blobs(target) == ["one"]
    again = Store(target.store)
    with again.engines.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM dbos.steps").scalar_one() == 7
    again.close()
    with pytest.raises(InputError, match="expected an empty database"):
        restore(target, tmp_path / "saved")
    assert server_key(target.key_path) == server_key(source.key_path)


def test_tokens_are_good_after_a_restore(filled: Settings, tmp_path: Path) -> None:
    """The key comes with the backup, so that tokens that were given out go on after a restore."""
    from server.identity import key_id, new_token, token_mac

    key = server_key(filled.key_path)
    token_id, token, mac = new_token(key)
    store = Store(filled.store)
    store.transact(lambda tx: identities.add_token(tx, token_id=token_id, mac=mac, key_id=key_id(key), company="acme"))
    store.close()
    backup(filled, tmp_path / "saved")
    target = settings_of(tmp_path / "again")
    restore(target, tmp_path / "saved")
    store = Store(target.store)
    row = store.look(SYSTEM, lambda session: identities.token_of(session, token_id))
    store.close()
    assert token_mac(server_key(target.key_path), token) == row.mac


def test_a_store_never_stands_without_its_key(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is in its place before the store is: a machine that stops in between loses no token. No store, no key."""
    backup(filled, tmp_path / "saved")
    settings = settings_of(tmp_path / "new")
    rename = Path.rename

    def seen(path: Path, target: Path) -> Path:
        assert settings.key_path.read_bytes() == filled.key_path.read_bytes()
        if target.name == "store.sqlite":
            raise OSError("the disk is gone")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", seen)
    with pytest.raises(OSError, match="the disk is gone"):
        restore(settings, tmp_path / "saved")
    assert not settings.key_path.exists()
