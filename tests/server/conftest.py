"""What the tests of the service share: a store on either database, what is logged, a certificate authority."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from itertools import count
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
