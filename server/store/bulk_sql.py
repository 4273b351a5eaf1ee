"""Statements of many rows at a time, at the least cost that a row can have.

What SQLAlchemy does for each row of ``executemany`` costs more than SQLite's own work; and SQLite's driver lets go of
the interpreter, and waits to get it back from a busy event loop, at each row. So rows go in as few statements of many
rows each, and lists go as one parameter, as JSON, which Python writes faster than PostgreSQL's driver its arrays.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from server.store.moments import Moment, to_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

# SQLite's limit is 32,766.
_MOST_PARAMETERS = 30_000
_IN_SQLITE = "IN (SELECT value FROM json_each(?))"
_IN_POSTGRESQL = "= ANY(ARRAY(SELECT json_array_elements_text(%s::json)))"
# Rows of a statement: few sizes, so that the driver's cache holds the statements; a chunk is often a thousand.
_STEPS = (1000, 256, 64, 16, 4, 1)


def insert_rows(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If a row breaks a constraint; none of its statement's is stored then.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), list(rows))
        return
    columns = tuple(rows[0])
    cells = itemgetter(*columns)
    moments = [i for i, c in enumerate(columns) if isinstance(table.__table__.c[c].type, Moment)]
    done = 0
    while done < len(rows):
        count = _step(len(rows) - done, _MOST_PARAMETERS // len(columns))
        flat = list(chain.from_iterable(map(cells, rows[done : done + count])))
        done += count
        for i in moments:
            column = flat[i :: len(columns)]
            if datetime in set(map(type, column)):
                flat[i :: len(columns)] = [to_us(v) if isinstance(v, datetime) else v for v in column]
        connection.exec_driver_sql(_statement(table.__tablename__, columns, count), tuple(flat))


def insert_columns(
    connection: Connection, table: Any, cells: Mapping[str, list[Any]], alike: Mapping[str, Any]
) -> None:
    """Insert rows that are given column by column.

    Parameters
    ----------
    cells
        Lists of equal length; times in microseconds.
    alike
        What all rows have in common, by column.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If a row breaks a constraint; none of its statement's is stored then.
    """
    names, count = tuple(cells), len(next(iter(cells.values())))
    if connection.dialect.name != "sqlite":
        kinds = tuple(table.__table__.c[c].type.compile(connection.dialect) for c in (*alike, *names))
        statement = _of_arrays(table.__tablename__, tuple(alike), names, kinds)
        connection.exec_driver_sql(statement, (*alike.values(), *map(_json, cells.values())))
        return
    done, width, first = 0, len(names), len(alike)
    while done < count:
        step = _step(count - done, (_MOST_PARAMETERS - first) // width)
        flat = [*alike.values(), *repeat(None, step * width)]
        for i, column in enumerate(cells.values(), first):
            flat[i::width] = column[done : done + step]
        done += step
        connection.exec_driver_sql(_of_columns(table.__tablename__, tuple(alike), names, step), tuple(flat))


@cache
def _of_columns(table: str, alike: tuple[str, ...], cells: tuple[str, ...], count: int) -> str:
    same = [f"?{i + 1}" for i in range(len(alike))]
    rows = (range(at, at + len(cells)) for at in range(len(alike), len(alike) + count * len(cells), len(cells)))
    values = ", ".join(f"({', '.join([*same, *(f'?{i + 1}' for i in row)])})" for row in rows)
    return f"INSERT INTO {table} ({', '.join((*alike, *cells))}) VALUES {values}"  # noqa: S608 - our own names


@cache
def _of_arrays(table: str, alike: tuple[str, ...], cells: tuple[str, ...], kinds: tuple[str, ...]) -> str:
    # COPY takes nothing into a table with row-level security, and the driver writes arrays item by item in Python.
    same = [f"%s::{kind}" for kind in kinds[: len(alike)]]
    read = [
        f"decode({cell}, 'hex')" if kind == "BYTEA" else f"{cell}::{kind}"
        for cell, kind in zip(cells, kinds[len(alike) :], strict=True)
    ]
    lists = ", ".join(["json_array_elements_text(%s::json)"] * len(cells))
    return (
        f"INSERT INTO {table} ({', '.join((*alike, *cells))}) "  # noqa: S608 - our own names
        f"SELECT {', '.join((*same, *read))} FROM ROWS FROM ({lists}) AS q({', '.join(cells)})"
    )


def _json(column: list[Any]) -> str:
    if column and isinstance(column[0], bytes):
        column = [cell.hex() for cell in column]
    return json.dumps(column)


def _step(left: int, most: int) -> int:
    return next(size for size in _STEPS if size <= min(left, most))


@cache
def _statement(table: str, columns: tuple[str, ...], count: int) -> str:
    one = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * count)}"  # noqa: S608 - our own names


def among(
    connection: Connection, columns: str, table: str, lists: Mapping[str, Iterable[str]], further: str = ""
) -> Sequence[Any]:
    """Rows whose columns are in lists, such as ``{"name": names}``.

    Parameters
    ----------
    columns, table, further
        Names in the schema, and further conditions; never anything that came with a request.
    """
    wanted = {column: sorted(set(values)) for column, values in lists.items()}
    if not all(wanted.values()):
        return []
    one_of = _IN_SQLITE if connection.dialect.name == "sqlite" else _IN_POSTGRESQL
    where = " AND ".join(f"{column} {one_of}" for column in wanted)
    statement = f"SELECT {columns} FROM {table} WHERE {where}{further}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, tuple(map(json.dumps, wanted.values()))).fetchall()


def texts_among(
    connection: Connection, column: str, table: str, lists: Mapping[str, Iterable[str]], further: str = ""
) -> set[str]:
    """One column, of texts, of the rows that `among` finds.

    In SQLite as one row, so that the driver does not hand the interpreter over at each.
    """
    if connection.dialect.name != "sqlite":
        return {text for (text,) in among(connection, column, table, lists, further)}
    rows = among(connection, f"json_group_array({column})", table, lists, further)
    return set(json.loads(rows[0][0])) if rows else set()


# Of pairs, not of two lists, which would be looked up each with each. SQLite never turns a CROSS JOIN round.
_PAIRS_SQLITE = (
    "json_each(?) AS q CROSS JOIN {} ON {} = json_extract(q.value, '$[0]') AND {} = json_extract(q.value, '$[1]')"
)
_PAIRS_POSTGRESQL = "unnest(%s::text[], %s::text[]) AS q(a, b) JOIN {} ON {} = q.a AND {} = q.b"


def of_pairs(
    connection: Connection, columns: str, table: str, keys: tuple[str, str], pairs: Iterable[tuple[str, str]]
) -> Sequence[Any]:
    """Rows of which two columns are one of the pairs.

    Parameters
    ----------
    columns, table, keys
        Names in the schema; never anything that came with a request.
    """
    wanted = sorted(set(pairs))
    firsts = {first for first, _ in wanted}
    if len(firsts) < 2:
        return among(connection, columns, table, {keys[0]: firsts, keys[1]: (second for _, second in wanted)})
    if connection.dialect.name == "sqlite":
        source, parameters = _PAIRS_SQLITE, (json.dumps(wanted),)
    else:
        source, parameters = _PAIRS_POSTGRESQL, tuple(map(list, zip(*wanted, strict=True)))  # type: ignore[assignment]
    statement = f"SELECT {columns} FROM {source.format(table, *keys)}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, parameters).fetchall()
