"""What tables are made of, and their row filters: whose a row is, or that it is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, LargeBinary, Table, false, true
from sqlmodel import Field, SQLModel, col

from server.store.moments import Moment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from server.viewer import Viewer


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A column of a moment in UTC."""
    return Field(default=None, sa_column=Column(Moment, nullable=nullable, index=index))


def binary(*, nullable: bool = False) -> Any:
    """A column of bytes."""
    return Field(default=None if nullable else b"", sa_column=Column(LargeBinary, nullable=nullable))


def table_of(kind: Any) -> Table:
    """The table of a class."""
    table: Table = kind.__table__
    return table


class Scoped(SQLModel):
    """A table whose rows are not for everybody."""

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Rows that a viewer may see; the operator sees all."""
        if viewer.operator:
            return true()
        return col(cls.company) == viewer.company if viewer.company else false()  # type: ignore[attr-defined]


class Nobodys:
    """A table that is read by workers and the operator only."""

    @classmethod
    def visible_to(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Nobody's but the operator's."""
        return true() if viewer.operator else false()
