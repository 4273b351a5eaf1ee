"""Reading as somebody: the row filter is on every query, however it is made, and nothing goes around it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, text, union_all, update
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, select

from server.store import Store
from server.store.reading import _criteria
from server.store.tables import (
    BlobRow,
    DemandRow,
    ExchangeRow,
    ExecutorRow,
    LegRow,
    NegotiationRow,
    OrderRow,
    Record,
    Scoped,
    table_of,
)
from server.viewer import SYSTEM, Viewer
from tests.server.canaries import COMPANIES, plant

TABLES = sorted(Scoped.__subclasses__(), key=lambda table: str(table.__tablename__))
NAMED = {"ids": lambda table: str(table.__tablename__)}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store in which every table has rows of several companies."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('reading') / 's.sqlite'}")
    plant(store)
    yield store
    store.close()


def keys(store: Store, table: Any, viewer: Viewer) -> set[Any]:
    """Keys of the rows that somebody sees."""
    columns = [c.name for c in table_of(table).primary_key]

    def look(session: Any) -> set[Any]:
        return {tuple(getattr(r, c) for c in columns) for r in session.exec(select(table)).all()}

    return store.look(viewer, look)


@pytest.mark.parametrize("table", TABLES, **NAMED)
def test_every_table_shows_each_company_its_own(planted: Store, table: Any) -> None:
    """Nobody sees all, who is nobody sees nothing, and no name that another begins with opens it."""
    everything = keys(planted, table, SYSTEM)
    assert everything
    for company in COMPANIES:
        assert keys(planted, table, Viewer(company)) < everything
    strangers = {"", "nobody", " ", "%", "_", *(c[:-1] for c in COMPANIES), *(f"{c}%" for c in COMPANIES)}
    for stranger in strangers - set(COMPANIES):
        assert keys(planted, table, Viewer(stranger)) == set()


@pytest.mark.parametrize("table", TABLES, **NAMED)
def test_however_it_is_asked_the_filter_is_on(planted: Store, table: Any) -> None:
    """By key, by alias, in a union, counted or from a subquery: no more comes out than by a plain select."""
    columns = [c.name for c in table_of(table).primary_key]
    everything = planted.look(SYSTEM, lambda s: list(s.exec(select(table)).all()))
    for company in COMPANIES[:2]:
        viewer = Viewer(company)
        seen = keys(planted, table, viewer)
        other = aliased(table)
        asked: dict[str, Callable[[Any], Any]] = {
            "alias": lambda s, o=other: s.exec(select(func.count()).select_from(o)).one(),
            "count": lambda s: s.exec(select(func.count()).select_from(table)).one(),
            "subquery": lambda s: s.exec(select(func.count()).select_from(select(table).subquery())).one(),
            "union": lambda s: len(s.execute(union_all(select(table), select(table))).all()) // 2,
            "column": lambda s: len(s.exec(select(getattr(table, columns[0]))).all()),
        }
        for how, ask in asked.items():
            assert planted.look(viewer, ask) == len(seen), how
        for row in everything:
            key = tuple(getattr(row, c) for c in columns)
            found = planted.look(viewer, lambda s, k=key: s.get(table, k))
            assert (found is not None) is (key in seen)


def test_a_join_shows_nothing_that_its_tables_would_not(planted: Store) -> None:
    """Of a join, and of a table that is asked about in a condition, only visible rows count."""
    viewer = Viewer("acme")
    pairs = select(OrderRow.name, DemandRow.company).join(DemandRow, col(DemandRow.company) != col(OrderRow.company))
    assert planted.look(SYSTEM, lambda s: s.exec(pairs).all())
    assert planted.look(viewer, lambda s: s.exec(pairs).all()) == []
    others = select(OrderRow.company).where(OrderRow.company != "acme")
    told = select(Record.name).where(col(Record.company).in_(others))
    assert planted.look(SYSTEM, lambda s: s.exec(told).all())
    assert planted.look(viewer, lambda s: s.exec(told).all()) == []


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT * FROM orders"),
        select(table_of(OrderRow)),
        select(table_of(OrderRow).c.name),
        select(text("name")).select_from(table_of(OrderRow)),
        update(OrderRow).values(state="OPEN"),
        delete(OrderRow),
        insert(DemandRow).values(company="acme"),
    ],
    ids=["text", "table", "column", "literal", "update", "delete", "insert"],
)
def test_what_goes_around_the_filter_is_refused(planted: Store, statement: Any) -> None:
    """A statement of tables, of text, or one that writes is refused before it is sent; the service itself may."""
    before = keys(planted, OrderRow, SYSTEM)
    with pytest.raises(PermissionError, match="by their classes"):
        planted.look(Viewer("acme"), lambda s: s.execute(statement))
    with pytest.raises(PermissionError, match="by their classes"):
        planted.transact(lambda tx: tx.reading(Viewer("acme")).execute(statement))
    assert keys(planted, OrderRow, SYSTEM) == before


def test_every_table_has_a_row_filter() -> None:
    """A table that is for everybody would be a mistake: each says whose its rows are."""
    tables = {m.class_ for m in SQLModel._sa_registry.mappers}
    assert tables == set(Scoped.__subclasses__())


def test_what_is_the_service_s_own_is_nobody_else_s(planted: Store) -> None:
    """Settlements, hops that tie owners to carriers, and workers are seen by no participant, whoever it is."""
    for table in (BlobRow, LegRow, ExecutorRow, NegotiationRow, ExchangeRow):
        assert keys(planted, table, SYSTEM)
        assert all(keys(planted, table, Viewer(company)) == set() for company in COMPANIES)


def test_changes_of_a_session_are_not_written(planted: Store) -> None:
    """What is read is not written back: a row that was changed in memory stays as it was."""

    def change(session: Any) -> str:
        row = session.exec(select(OrderRow)).first()
        row.state = "CHANGED"
        return str(row.name)

    name = planted.look(Viewer("acme"), change)
    assert planted.look(SYSTEM, lambda s: s.get(OrderRow, name)).state != "CHANGED"


def test_row_filters_of_however_many_companies_take_bounded_memory() -> None:
    """They are kept ready for those who asked last, in 30 MiB at most."""
    _criteria.cache_clear()
    tracemalloc.start()
    try:
        for number in range(1_000):
            _criteria(Viewer(f"company-{number}"), len(TABLES))
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        _criteria.cache_clear()
    assert kept_bytes < 30 * 2**20
