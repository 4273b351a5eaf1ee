"""Which databases addresses lead to, and what is said where one leads to none."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupage.errors import InputError
from server import saving_dumps
from server.backup import backup
from server.settings import Settings
from server.store import Store

ADDRESS = "postgresql+psycopg://u:secret@"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("h/n", "h:5432/n", True),
        ("h/n", "h:5433/n", False),
        ("h/n", "h/m", False),
        ("/n?host=a,b&port=1,2", "/n?host=a,b&port=1,2", True),
        ("/n?host=a,b&port=1,2", "/n?host=a,b&port=1,3", False),
        ("/n?host=a:1&host=b:2", "/n?host=a:1&host=b:2", True),
    ],
)
def test_addresses_are_of_one_database_or_of_two(one: str, other: str, same: bool) -> None:
    """Whatever libpq takes as an address, several servers included, can be told from another."""
    assert saving_dumps.same_database(ADDRESS + one, ADDRESS + other) is same


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Workflows that cannot be looked for are not left out of a backup in silence, nor is a password told."""
    settings = Settings(data_dir=tmp_path / "data", durable_url=f"{ADDRESS}/n?host={tmp_path}")
    settings.make_data_dir()
    Store(settings.store).close()
    with pytest.raises(InputError, match="expected a database that answers") as caught:
        backup(settings, tmp_path / "saved")
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "saved").exists()
