"""How chunks of orders are written: column by column, from the request's bytes to the store's.

What can be done outside the one writing thread is done before: a chunk carries columns, ready to be stored. What the
store says of orders is asked for all at once; only where something is wrong are they judged one by one, in the same
words as orders that come singly.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from groupage.v1 import orders_pb2
from server import bulk, order_writes
from server.columns import Columns
from server.store import bulk_sql
from server.store.moments import to_us
from server.store.tables import OrderRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.faults import Fault
    from server.order_writes import Row
    from server.store.writer import Transaction, Write

_LINES = orders_pb2.UploadOrdersRequest.DESCRIPTOR.fields_by_name["orders"]

Cells = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines of an upload.

    Attributes
    ----------
    parent
        Name of the company.
    lines
        How many there are.
    at
        Numbers of those that keep the schema's rules, ascending.
    cells
        What is stored of these and is not the same of all, by column.
    faults
        Of the others, by line.
    """

    parent: str
    lines: int
    at: Sequence[int]
    cells: Cells
    faults: Mapping[int, Fault]

    @property
    def company(self) -> str:
        """Whose orders they are."""
        return self.parent.removeprefix("companies/")

    def without(self, faults: Mapping[int, Fault]) -> Chunk:
        """The same but for lines that have faults."""
        if not faults:
            return self
        good = [line not in faults for line in self.at]
        cells = {column: list(compress(values, good)) for column, values in self.cells.items()}
        return Chunk(self.parent, self.lines, list(compress(self.at, good)), cells, {**self.faults, **faults})

    def rows(self) -> list[Row]:
        """The same row by row."""
        alike = order_writes.alike(self.company)
        return [{**alike, **dict(zip(self.cells, row, strict=True))} for row in zip(*self.cells.values(), strict=True)]


def chunk_of(parent: str, raw: bytes) -> Chunk:
    """Judge a chunk's lines by the schema's rules, and make columns of those that keep them.

    Parameters
    ----------
    parent
        Name of the company.
    raw
        The request as protobuf serializes it.
    """
    columns = Columns.within(raw, _LINES)
    faults = bulk.order_faults(columns)
    cells = _cells(parent, columns)
    for line in _odd(columns, faults):
        row = order_writes.row_named(parent, columns.message(line), cells["name"][line])
        for column, values in cells.items():
            values[line] = row[column]
    return Chunk(parent, len(columns), range(len(columns)), cells, {}).without(faults)


def _cells(parent: str, columns: Columns) -> Cells:
    opens, closes = columns.microseconds("window_open"), columns.microseconds("window_close")
    origins = columns.lists("origins")
    spelled = {some: order_writes.spelled(some) for some in set(origins)}
    return {
        "name": order_writes.new_names(parent, len(columns)),
        "external_ref": columns.texts("external_ref"),
        "withheld": columns.numbers("withheld").astype(bool).tolist(),
        "destination": columns.texts("destination"),
        "origins": [spelled[some] for some in origins],
        "product": columns.texts("product"),
        "window_open": opens.tolist(),
        "window_close": closes.tolist(),
        "due_at": np.where(columns.has("due_at"), columns.microseconds("due_at"), closes).tolist(),
        "body": columns.serialized(),
    }


def _odd(columns: Columns, faults: Mapping[int, Fault]) -> list[int]:
    """Good lines whose columns say too little, or whose bytes hold what belongs in no body."""
    odd = ~columns.whole
    for field in order_writes.NOT_IN_BODY:
        odd |= columns.has(field)
    return [line for line in np.flatnonzero(odd).tolist() if line not in faults]


def upload(tx: Transaction, writes: Sequence[Write]) -> Sequence[bytes | Fault]:
    """Store the chunks of all writes that came together, one after the other."""
    # A chunk is never refused as a whole, so that none needs a savepoint of its own.
    return [_receipt(tx, write) for write in writes]


def _receipt(tx: Transaction, write: Write) -> bytes:
    chunk: Chunk = write.payload
    if not _fine(tx, chunk):
        chunk = _judged(tx, chunk)
    told = [""] * chunk.lines
    if chunk.at:
        now = to_us(tx.now)
        alike = {**order_writes.alike(chunk.company), "created_at": now, "updated_at": now}
        bulk_sql.insert_columns(tx.connection, OrderRow, chunk.cells, alike)
        order_writes.log(tx, chunk.company, "uploaded", chunk.cells["name"])
        for line, name in zip(chunk.at, chunk.cells["name"], strict=True):
            told[line] = name
    answer = orders_pb2.UploadOrdersResponse(request_id=write.request_id, names=told)
    for line in sorted(chunk.faults):
        answer.failures.add(line=line).status.CopyFrom(chunk.faults[line].status())
    return bytes(answer.SerializeToString())


def _fine(tx: Transaction, chunk: Chunk) -> bool:
    """Whether all of a chunk's columns can be stored, by the rules of `order_writes.judged`."""
    refs, closes = chunk.cells["external_ref"], chunk.cells["window_close"]
    places = set(zip(repeat(chunk.company), chunk.cells["destination"], chunk.cells["origins"]))
    return (
        len(set(refs)) == len(refs)
        and min(closes, default=sys.maxsize) > to_us(tx.now)
        and not any(order_writes.strangers(tx, places).values())
        and not bulk_sql.among(tx.connection, "name", "orders", {"company": [chunk.company], "external_ref": refs})
    )


def _judged(tx: Transaction, chunk: Chunk) -> Chunk:
    """The chunk without the lines that cannot be stored."""
    found = order_writes.judged(tx, chunk.rows())
    faults = {line: fault for line, fault in zip(chunk.at, found, strict=True) if fault is not None}
    return chunk.without(faults)
