"""A store that cannot be opened is a wrong address, told as such."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from groupage.errors import InputError
from server.store import Store


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://groupage:secret@127.0.0.1:1/groupage", "Connection refused"),
        ("sqlite:////proc/nowhere/store.sqlite", "unable to open"),
    ],
)
def test_a_database_that_is_not_there(url: str, words: str) -> None:
    """The address is told, without its password, and why; not a traceback of the driver's."""
    with pytest.raises(InputError, match=words) as caught:
        Store(url)
    assert "secret" not in str(caught.value)
    assert "expected a database that answers" in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """What was there before stays as it is."""
    file = tmp_path / "store.sqlite"
    file.write_text("no database, and longer than the hundred bytes of a header " * 20)
    before = file.read_bytes()
    with pytest.raises(InputError, match="not a database"):
        Store(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_store_of_a_newer_release(store_url: str) -> None:
    """A revision that this release does not know is refused with what to do."""
    Store(store_url).close()
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(InputError, match=r"9999.*upgrade groupage first"):
        Store(store_url)
