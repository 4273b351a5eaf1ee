"""Reading as somebody: every query is filtered by who asks, here and nowhere else."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session

from server.store.tables import Scoped
from server.viewer import Viewer

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

# Whose row filters are kept ready. Of one viewer they take 50 KiB, of all of these 25 MiB; to make them anew takes a
# millisecond, about as long as a query.
MOST_VIEWERS = 512


class Reading(Session):
    """A session that sees what its viewer may see.

    Select tables as classes (``select(Record)``): the row filter is added to each. A statement that goes around it
    (on ``Record.__table__``, or as text) is refused unless the viewer is the operator.
    """

    def __init__(self, bind: Engine | Connection, viewer: Viewer) -> None:
        # Within a transaction of somebody else's: leave that alone, above all when this is closed.
        super().__init__(bind, autoflush=False, expire_on_commit=False, join_transaction_mode="rollback_only")
        self.viewer = viewer


@event.listens_for(Reading, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    session: Any = state.session
    if session.viewer.operator:
        return
    if not state.is_select or not state.is_orm_statement:
        raise PermissionError(f"{session.viewer} may only select tables by their classes")
    viewer = Viewer(session.viewer.company)
    state.statement = state.statement.options(*_criteria(viewer, len(Scoped.__subclasses__())))


@lru_cache(MOST_VIEWERS)
def _criteria(viewer: Viewer, tables: int) -> tuple[Any, ...]:
    """The row filter of every table that is not for everybody, those that other modules add included."""
    return tuple(
        with_loader_criteria(table, table.visible_to(viewer), include_aliases=True) for table in Scoped.__subclasses__()
    )


def declare(connection: Connection, viewer: Viewer) -> None:
    """Tell PostgreSQL for whom this transaction reads, for its row-level security; SQLite has none."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT set_config('groupage.company', :company, true), set_config('groupage.operator', :op, true)"),
            {"company": viewer.company, "op": "on" if viewer.operator else "off"},
        )
