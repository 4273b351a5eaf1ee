"""Tables of any topic, drawn."""

from __future__ import annotations

import datetime
import re

import pyarrow as pa
from hypothesis import strategies as st

from agents.mediation import _MAY_BE_OPEN
from agents.messages import table

TEXT = st.text("abcxyz0189-", min_size=1, max_size=8)
NUMBERS = {
    pa.int32(): st.integers(0, 2**31 - 1),
    pa.int64(): st.integers(0, 2**62),
    pa.float64(): st.floats(0, 1e12),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)),
    pa.list_(pa.string()): st.lists(TEXT, max_size=4),
    pa.list_(pa.float64()): st.lists(st.floats(0, 1e6), max_size=4),
}


def cells(column: pa.Field, answer: bool) -> st.SearchStrategy[object]:
    """Cells of a column: empty ones where the engine lets them be; in euros whole millionths, as on the wire."""
    if pa.types.is_string(column.type):
        return TEXT if answer else st.none() | TEXT | st.just("")
    if re.search(r"_eur(_|$)", column.name):
        return st.integers(0, 10**13).map(lambda micros: micros / 1_000_000)
    filled = NUMBERS[column.type]
    return (
        filled if (answer and column.name not in _MAY_BE_OPEN) or pa.types.is_list(column.type) else st.none() | filled
    )


def bodies(schema: pa.Schema, *, answer: bool) -> st.SearchStrategy[pa.Table]:
    """Tables of a schema."""
    row = st.tuples(*(cells(column, answer) for column in schema))
    return st.lists(row, max_size=6).map(
        lambda rows: table(schema, {n: [r[k] for r in rows] for k, n in enumerate(schema.names)})
    )
