"""The one way to delete what is append-only: the database refuses it outside, and changes of it everywhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection


@contextmanager
def erasing(connection: Connection) -> Iterator[None]:
    """Let this transaction delete events, lines of the audit log and exchanges for as long as the block lasts.

    Nobody else may meanwhile, and a transaction that fails takes the permission with it (see migration 0004).
    """
    if connection.dialect.name == "sqlite":
        begin, end = "INSERT INTO erasing (id, ended) VALUES (1, 0)", "DELETE FROM erasing"
    else:
        begin, end = (f"SELECT set_config('groupage.erasing', '{state}', true)" for state in ("on", "off"))
    connection.exec_driver_sql(begin)
    yield
    connection.exec_driver_sql(end)
