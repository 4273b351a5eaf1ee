"""pandas in and out: a frame of rows becomes messages of the contract, and messages become a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from google.protobuf.message import Message

CHUNK_LINES = 1_000
_TIMESTAMP, _DATE, _DURATION = "google.protobuf.Timestamp", "google.type.Date", "google.protobuf.Duration"


@dataclass(frozen=True)
class Receipt:
    """What became of an upload.

    Attributes
    ----------
    stored
        One row per stored line: its index in the frame that was given, and its ``name`` where it has one.
    failures
        One row per refused line: its index, the reason, the fields that are wrong, and the reason's metadata.
    """

    stored: pd.DataFrame
    failures: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        return f"{len(self.stored)} lines stored, {len(self.failures)} refused"


def messages(frame: pd.DataFrame, kind: type[Message], *, where: str = "frame") -> list[Any]:
    """Make a message of each row; columns are fields, nested ones with dots (``stakes.paid_cents``).

    Cells that are missing leave their field unset. Times need a zone, or are taken as they are if they are days.

    Raises
    ------
    InputError
        Naming each column that is no field, and each cell that fits none.
    """
    problems: list[Problem] = []
    setters = []
    for column in frame.columns:
        path = _path(kind, str(column))
        if path is None:
            problems.append(Problem(where, str(column), "no field", f"a field of {kind.DESCRIPTOR.name}"))
        else:
            setters.append((str(column), path, frame[column]))
    if problems:
        raise InputError(problems)
    out: list[Any] = [kind() for _ in range(len(frame))]
    for column, path, cells in setters:
        for line, (index, cell) in enumerate(cells.items()):
            if _missing(cell):
                continue
            try:
                _set(out[line], path, cell)
            except (TypeError, ValueError, AttributeError) as error:
                if len(problems) < 20:
                    problems.append(Problem(f"{where} row {index}", column, repr(cell), _expected(path[-1], error)))
    if problems:
        raise InputError(problems)
    return out


def chunks(rows: Sequence[Any], lines: int = CHUNK_LINES) -> Iterator[tuple[int, Sequence[Any]]]:
    """Cut rows into chunks, each with the number of its first line."""
    for first in range(0, len(rows), lines):
        yield first, rows[first : first + lines]


def frame(rows: Iterable[Message]) -> pd.DataFrame:
    """Make a frame of messages: a column per field that any of them has set, nested ones with dots."""
    out = pd.DataFrame([dict(_cells(row, "")) for row in rows])
    for column in out.columns:
        if out[column].map(lambda v: isinstance(v, datetime)).any():
            out[column] = pd.to_datetime(out[column], utc=True)
    return out


def _path(kind: Any, column: str) -> tuple[FieldDescriptor, ...] | None:
    descriptor, out = kind.DESCRIPTOR, []
    for part in column.split("."):
        found = descriptor.fields_by_name.get(part) if descriptor is not None else None
        if found is None:
            return None
        out.append(found)
        descriptor = found.message_type
    return tuple(out)


def _missing(cell: Any) -> bool:
    return cell is None or (not isinstance(cell, (list, tuple, set)) and bool(pd.isna(cell)))


def _set(message: Any, path: tuple[FieldDescriptor, ...], cell: Any) -> None:
    for step in path[:-1]:
        message = getattr(message, step.name)
    last = path[-1]
    if last.is_repeated:
        items = [cell] if isinstance(cell, str) else list(cell)
        getattr(message, last.name).extend(items)
    elif last.message_type is not None:
        _set_message(getattr(message, last.name), last.message_type.full_name, cell)
    elif last.enum_type is not None and isinstance(cell, str):
        setattr(
            message,
            last.name,
            last.enum_type.values_by_name[cell].number
            if cell in last.enum_type.values_by_name
            else _no_value(cell, last),
        )
    else:
        setattr(message, last.name, _plain(cell, last))


def _no_value(cell: str, field_: FieldDescriptor) -> int:
    raise ValueError(f"one of {', '.join(field_.enum_type.values_by_name)}")


def _plain(cell: Any, field_: FieldDescriptor) -> Any:
    value = cell.item() if hasattr(cell, "item") else cell
    kind = field_.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return str(value)
    if kind in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64) and isinstance(value, float):
        if not value.is_integer():
            raise ValueError("a whole number")
        return int(value)
    return value


def _set_message(message: Any, kind: str, cell: Any) -> None:
    if kind == _TIMESTAMP:
        moment = pd.Timestamp(cell)
        if moment.tzinfo is None:
            raise ValueError("a time with its zone, such as 2026-05-04T08:00:00Z")
        message.FromNanoseconds(moment.value)
    elif kind == _DATE:
        day = pd.Timestamp(cell)
        message.year, message.month, message.day = day.year, day.month, day.day
    elif kind == _DURATION:
        message.FromTimedelta(pd.Timedelta(cell).to_pytimedelta())
    else:
        raise ValueError(f"its own columns, {kind.rsplit('.', 1)[1]} is no cell")


def _expected(field_: FieldDescriptor, error: Exception) -> str:
    return str(error) or f"a value of {field_.name}"


def _cells(message: Any, before: str) -> Iterator[tuple[str, Any]]:
    for field_, value in message.ListFields():
        name = f"{before}{field_.name}"
        if field_.is_repeated:
            yield name, [_read(v, field_) for v in value]
        elif field_.message_type is not None and field_.message_type.full_name not in (_TIMESTAMP, _DATE, _DURATION):
            yield from _cells(value, f"{name}.")
        else:
            yield name, _read(value, field_)


def _read(value: Any, field_: FieldDescriptor) -> Any:
    if field_.enum_type is not None:
        known = field_.enum_type.values_by_number.get(value)
        return known.name if known else value
    if isinstance(value, Timestamp):
        return value.ToDatetime(UTC)
    if field_.message_type is None:
        return value
    if field_.message_type.full_name == _DATE:
        return date(value.year, value.month, value.day)
    if field_.message_type.full_name == _DURATION:
        return value.ToTimedelta()
    return dict(_cells(value, ""))
