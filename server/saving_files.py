"""Copies of SQLite's files, while others write to them, and bringing them back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def path_of(url: str) -> Path:
    """File of an address ``sqlite:///path``."""
    return Path(make_url(url).database or "")


def copy(files: Sequence[tuple[Path, Path]]) -> None:
    """Copy files, each to a new one, as they are at one moment.

    Writers of all of them are held up for as long as it takes to begin reading.
    """
    with contextlib.ExitStack() as stack:
        locks = [stack.enter_context(_connected(source)) for source, _ in files]
        readers = [stack.enter_context(_connected(source)) for source, _ in files]
        for lock in locks:
            lock.execute("BEGIN IMMEDIATE")
        for reader in readers:
            # The snapshot begins with the first look.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for lock in locks:
            lock.execute("ROLLBACK")
        for reader, (_, target) in zip(readers, files, strict=True):
            with contextlib.closing(sqlite3.connect(target)) as made:
                reader.backup(made, pages=-1)
                # In write-ahead mode who only reads in it would leave two files beside it that are not of the backup.
                made.execute("PRAGMA journal_mode = DELETE")
            target.chmod(0o600)
            must_be_whole(target)


class File:
    """A file that is to come back to where there is none.

    Parameters
    ----------
    url
        Of the place.
    source
        File of the backup.
    """

    def __init__(self, url: str, source: Path) -> None:
        self._target, self._source = path_of(url), source
        self.staged = self._target.with_name(f".{self._target.name}.partial")
        self._put = False

    def must_be_free(self) -> None:
        """Refuse a place with a file, or with what is left of one.

        Raises
        ------
        InputError
            If there is something.
        """
        for path in (self._target, self._target.with_name(self._target.name + "-wal")):
            if path.exists():
                raise InputError([Problem(str(path), "", "there already", "a place without a store: move it away")])

    def stage(self) -> None:
        """Bring it beside its place, and see that it is whole."""
        self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(self._source, self.staged)
        self.staged.chmod(0o600)
        must_be_whole(self.staged)
        flush(self.staged)

    def put(self) -> None:
        """Bring it to its place, which takes no time."""
        self.staged.rename(self._target)
        self._put = True
        flush(self._target.parent)

    def undo(self) -> None:
        """Leave the place as it was found."""
        paths = [self.staged.with_name(self.staged.name + end) for end in ("", "-wal", "-shm")]
        for path in [*paths, self._target] if self._put else paths:
            path.unlink(missing_ok=True)


def must_be_whole(path: Path) -> None:
    """Refuse a damaged file.

    Raises
    ------
    InputError
        If SQLite finds it damaged.
    """
    with _connected(path) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise InputError([Problem(str(path), "", "damaged", "a whole database")])


def flush(path: Path) -> None:
    """Have a file, or what a folder lists, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
