"""Typed rows of the contract and the engine's tables: one mapping for all topics, read off schemas and descriptors."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from google.type import date_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

MICROS_PER_EUR = 1_000_000


class Cell(NamedTuple):
    """A column of a table and its field of a row.

    Attributes
    ----------
    micros
        Whether euros, a float in the engine, are whole millionths on the wire.
    """

    column: pa.Field
    field: FieldDescriptor
    micros: bool


@lru_cache(maxsize=256)
def cells(schema: pa.Schema, row: Descriptor) -> tuple[Cell, ...]:
    """Match the columns of a schema with the fields of a row.

    Raises
    ------
    KeyError
        A column has no field.
    """
    found = []
    for column in schema:
        name = re.sub(r"_eur(_|$)", r"_eur_micros\1", column.name)
        found.append(Cell(column, row.fields_by_name[name], name != column.name))
    return tuple(found)


def row_of(body: Descriptor) -> Descriptor:
    """Descriptor of the rows of a question's or an answer's body."""
    return body.fields_by_name["rows"].message_type


def fill(body: Any, table: pa.Table) -> None:
    """Write a table into the rows of a body; an empty cell is a field that is not there.

    Money that is a float in the engine is rounded to the millionth of a euro.
    """
    body.SetInParent()
    columns = [
        (cell.field.name, [_said(cell, v) for v in table[cell.column.name].to_pylist()])
        for cell in cells(table.schema, row_of(body.DESCRIPTOR))
    ]
    for number in range(len(table)):
        body.rows.add(**{name: values[number] for name, values in columns if values[number] is not None})


def table_of(body: Any, schema: pa.Schema) -> pa.Table:
    """Read the rows of a body as a table of the very schema; a field that is not there is an empty cell."""
    arrays = []
    for cell in cells(schema, row_of(body.DESCRIPTOR)):
        name = cell.field.name
        if cell.field.has_presence:
            values = [_heard(cell, getattr(row, name)) if row.HasField(name) else None for row in body.rows]
        elif cell.field.is_repeated:
            values = [list(getattr(row, name)) for row in body.rows]
        else:
            values = [getattr(row, name) for row in body.rows]
        arrays.append(pa.array(values, cell.column.type))
    return pa.Table.from_arrays(arrays, schema=schema) if len(schema) else schema.empty_table()


def _said(cell: Cell, value: Any) -> Any:
    if value is None:
        return None
    if cell.micros:
        return round(value * MICROS_PER_EUR)
    if isinstance(value, datetime.date):
        return date_pb2.Date(year=value.year, month=value.month, day=value.day)
    return value


def _heard(cell: Cell, value: Any) -> Any:
    if cell.micros:
        return value / MICROS_PER_EUR
    if isinstance(value, date_pb2.Date):
        return datetime.date(value.year, value.month, value.day)
    return value
