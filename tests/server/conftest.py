"""What the tests of the service share: a store on either database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from server.store import Store
from tests.server import postgres

_numbers = count()


@pytest.fixture(scope="session")
def pg_socket() -> Iterator[str]:
    """A PostgreSQL that lives as long as the tests."""
    with postgres.cluster() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path) -> str:
    """Address of an empty store, on each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return postgres.create(request.getfixturevalue("pg_socket"), f"store{next(_numbers)}")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, on each database in turn."""
    one = Store(store_url)
    yield one
    one.close()
