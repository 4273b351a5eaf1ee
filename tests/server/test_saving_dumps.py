"""Which databases addresses lead to, and what is said where one leads to none."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

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


def test_the_programs_are_told_all_of_an_address_but_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates and several servers get to `pg_dump` as to the service; passwords are on no command line."""
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "$PGPASSWORD" > {tmp_path}/told\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    query = "host=a,b&port=1,2&sslmode=verify-full&sslrootcert=/etc/ca.pem&sslpassword=hidden&options=-c%20x%3Dy"
    saving_dumps.dump(f"{ADDRESS}/n?{query}", tmp_path / "out")
    address, *_, password = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert password == "secret"
    assert conninfo_to_dict(address.removeprefix("--dbname=")) == {
        "host": "a,b",
        "port": "1,2",
        "user": "u",
        "dbname": "n",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "options": "-c x=y -c groupage.operator=on",
    }
