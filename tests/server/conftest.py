"""What the tests of the service share: a store on either database, what is logged, a certificate authority."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
import trustme

from server import logs
from server.store import Store
from tests.server import postgres

_numbers = count()


@pytest.fixture(scope="session")
def pg_socket() -> Iterator[str]:
    """A PostgreSQL that lives as long as the tests."""
    with postgres.cluster() as socket:
        yield socket


@pytest.fixture(scope="session")
def pg_template(pg_socket: str) -> str:
    """Name of a database with the tables of this release, to be copied: cheaper than to migrate for each test."""
    Store(postgres.create(pg_socket, "template_store")).close()
    return "template_store"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File with the tables of this release, to be copied."""
    path = tmp_path_factory.mktemp("template") / "store.sqlite"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without tables, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    socket, name = request.getfixturevalue("pg_socket"), f"store{next(_numbers)}"
    yield postgres.create(socket, name)
    postgres.drop(socket, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty store, on each database in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.sqlite")
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    socket, name = request.getfixturevalue("pg_socket"), f"store{next(_numbers)}"
    yield postgres.create(socket, name, request.getfixturevalue("pg_template"))
    postgres.drop(socket, name)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, on each database in turn."""
    one = Store(store_url)
    yield one
    one.close()


class SmallDisk:
    """A file system that can be filled to its last page, and emptied again."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self, left: int = 0) -> None:
        """Leave so many bytes of room."""
        free = os.statvfs(self.place)
        with self._ballast.open("ab", buffering=0) as ballast:
            ballast.write(bytes(max(free.f_bavail * free.f_frsize - left, 0)))

    def make_room(self) -> None:
        """Have room again."""
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """A file system of 32 MiB."""
    place = Path(tempfile.mkdtemp(prefix="groupage-small-"))  # where PostgreSQL's user gets to
    place.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(place)]
    try:
        done = subprocess.run(mount, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=30)
        if done.returncode:
            pytest.skip("a small file system can only be mounted by root, which this is not (or not quite)")
        try:
            yield SmallDisk(place)
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)
    finally:
        place.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
def small_url(request: pytest.FixtureRequest, small_disk: SmallDisk) -> Iterator[str]:
    """Address of an empty store on a small disk, on each database in turn; PostgreSQL's log is elsewhere."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), small_disk.place / "store.sqlite")
        yield f"sqlite:///{small_disk.place / 'store.sqlite'}"
        return
    socket, template = request.getfixturevalue("pg_socket"), request.getfixturevalue("pg_template")
    name = f"small{next(_numbers)}"
    (small_disk.place / "database").mkdir()
    with postgres.tablespace(socket, name, small_disk.place / "database"):
        yield postgres.create(socket, name, template, name)


@pytest.fixture(autouse=True)
def logged() -> Iterator[Any]:
    """Everything that the server logs during a test, as a function that gives it line by line."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("debug", json=True, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()
