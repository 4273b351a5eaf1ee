"""Tables of any columns, for topics without typed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from groupage.v1 import tables_pb2

# Kind of cells, type in the engine where no schema says another, and what stands in an empty cell.
_KINDS: dict[str, tuple[pa.DataType, Any]] = {
    "strings": (pa.string(), ""),
    "integers": (pa.int64(), 0),
    "doubles": (pa.float64(), 0.0),
    "bools": (pa.bool_(), False),
    "string_lists": (pa.list_(pa.string()), ()),
}


def _kind(column: pa.Field) -> str:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_date(kind):
        return "strings"  # a day as in ISO 8601
    if pa.types.is_integer(kind):
        return "integers"
    if pa.types.is_floating(kind):
        return "doubles"
    if pa.types.is_boolean(kind):
        return "bools"
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return "string_lists"
    raise TypeError(f"column {column.name} is of type {kind}, expected text, numbers, yes or no, or lists of text")


def fill_columns(message: tables_pb2.Table, table: pa.Table) -> None:
    """Write a table.

    Raises
    ------
    TypeError
        A column is of a type that the contract has no cells for.
    """
    message.SetInParent()
    for column in table.schema:
        kind = _kind(column)
        values = table[column.name].to_pylist()
        out = message.columns.add(name=column.name)
        if None in values:
            out.valid.extend(v is not None for v in values)
            values = [_KINDS[kind][1] if v is None else v for v in values]
        cells = getattr(out, kind)
        cells.SetInParent()
        if kind == "string_lists":
            for value in values:
                cells.cells.add(cells=value)
        else:
            cells.cells.extend(str(v) if kind == "strings" else v for v in values)


def table_from_columns(message: tables_pb2.Table, schema: pa.Schema | None = None) -> pa.Table:
    """Read a table, in the types of a schema where one is known.

    Raises
    ------
    ValueError
        The columns are not those of the schema, of different lengths, or hold what its types do not.
    """
    names = [column.name for column in message.columns]
    if len(set(names)) != len(names) or (schema is not None and names != schema.names):
        raise ValueError(f"the columns are {names}, expected {schema.names if schema else 'each name once'}")
    arrays = []
    for column in message.columns:
        kind = column.WhichOneof("cells") or "strings"
        cells = getattr(column, kind).cells
        values: list[Any] = [list(c.cells) for c in cells] if kind == "string_lists" else list(cells)
        if column.valid:
            if len(column.valid) != len(values):
                raise ValueError(f"column {column.name}: valid has {len(column.valid)} cells, expected {len(values)}")
            values = [v if ok else None for v, ok in zip(values, column.valid, strict=True)]
        made = pa.array(values, _KINDS[kind][0])
        if schema is not None:
            try:
                made = made.cast(schema.field(column.name).type)
            except pa.ArrowException as error:
                raise ValueError(f"column {column.name} holds {kind}: {error}") from None
        arrays.append(made)
    if len({len(a) for a in arrays}) > 1:
        raise ValueError(f"the columns have {[len(a) for a in arrays]} cells, expected as many each")
    if schema is not None:
        return pa.Table.from_arrays(arrays, schema=schema) if arrays else schema.empty_table()
    return pa.table(dict(zip(names, arrays, strict=True)))
