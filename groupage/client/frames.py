"""pandas in and out: a frame of rows becomes messages of the contract, and messages become a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from google.protobuf.message import Message

CHUNK_LINES = 1_000
# A request may have 4 MiB; what stands around the lines needs little.
CHUNK_BYTES = 3 * 2**20
# Problems that are told; the rest is counted.
_MOST_TOLD = 20
_TIMESTAMP, _DATE, _DURATION = "google.protobuf.Timestamp", "google.type.Date", "google.protobuf.Duration"
_CELLS = frozenset({_TIMESTAMP, _DATE, _DURATION})
_WHOLE = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
_NUMBERS = _WHOLE | {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}


@dataclass(frozen=True)
class Receipt:
    """What became of an upload.

    Attributes
    ----------
    stored
        One row per stored line: its index in the frame that was given, and its ``name`` where it has one.
    failures
        One row per refused line: its index, the reason, the fields that are wrong, and the reason's metadata.
    unanswered
        Indices of lines that no receipt came for, where an upload was given up: stored or not.
    """

    stored: pd.DataFrame
    failures: pd.DataFrame = field(repr=False)
    unanswered: tuple[Any, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        told = f"{len(self.stored)} lines stored, {len(self.failures)} refused"
        return told + f", {len(self.unanswered)} without an answer" * bool(self.unanswered)


def messages(frame: pd.DataFrame, kind: type[Message], *, where: str = "frame") -> list[Any]:
    """Make a message of each row; columns are fields, nested ones with dots (``stakes.paid_cents``).

    Cells that are missing leave their field unset. Times need a zone, or are taken as they are if they are days.

    Raises
    ------
    InputError
        Naming each column that is no field or there twice, and each cell that fits none.
    """
    twice = set(frame.columns[frame.columns.duplicated()])
    problems = [Problem(where, str(column), "there twice", "one column of that name") for column in sorted(twice)]
    columns: list[tuple[str, tuple[FieldDescriptor, ...], Any]] = []
    for column in frame.columns.unique():
        path = _path(kind, str(column))
        if path is None:
            problems.append(Problem(where, str(column), "no field", f"a field of {kind.DESCRIPTOR.name}"))
        else:
            columns.append((str(column), path, column))
    if problems:
        raise InputError(problems)
    out: list[Any] = [kind() for _ in range(len(frame))]
    wrong = 0
    for column, path, key in columns:
        cells, put = frame[key], _setter(path[-1])
        there = np.fromiter((not _missing(cell) for cell in cells), bool, len(cells))
        steps = [step.name for step in path[:-1]]
        for line, cell in zip(np.flatnonzero(there).tolist(), cells[there], strict=True):
            message = out[line]
            for step in steps:
                message = getattr(message, step)
            try:
                put(message, cell)
            except (TypeError, ValueError, AttributeError, OverflowError):
                wrong += 1
                if wrong <= _MOST_TOLD:
                    given = f"{where} row {frame.index[line]}"
                    problems.append(Problem(given, column, _short(cell), _wanted(path[-1])))
    if problems:
        raise InputError(problems, more=wrong - len(problems))
    return out


def chunks(rows: Sequence[Any], lines: int = CHUNK_LINES) -> Iterator[tuple[int, Sequence[Any]]]:
    """Cut rows into chunks that a request has room for, each with the number of its first line."""
    first, size = 0, 0
    for line, row in enumerate(rows):
        bytes_ = row.ByteSize() + 8
        if line - first == lines or (line > first and size + bytes_ > CHUNK_BYTES):
            yield first, rows[first:line]
            first, size = line, 0
        size += bytes_
    if first < len(rows):
        yield first, rows[first:]


def frame(rows: Iterable[Message], kind: Any = None) -> pd.DataFrame:
    """Make a frame of messages, in the order of the contract.

    Every field of the message is a column, so that a program finds it also where no row, or none at all, has set it;
    a message in it has a column for each of its fields, with dots, where any row has it. What was not given is missing;
    a figure that is 0 is 0.

    Parameters
    ----------
    kind
        Type of the messages, where there may be none to tell.
    """
    given = list(rows)
    kind = kind or (type(given[0]) if given else None)
    cells: list[dict[str, Any]] = [dict(_cells(row, "")) for row in given]
    order = {name: None for name in _columns(kind.DESCRIPTOR)} if kind is not None else {}
    nested = {name: None for row in cells for name in row if name not in order}
    out = pd.DataFrame(cells, columns=[*order, *nested] or None)
    for column in out.columns:
        if out[column].map(lambda v: isinstance(v, datetime)).any():
            out[column] = pd.to_datetime(out[column], utc=True)
    return out


def _columns(descriptor: Any) -> list[str]:
    """Fields that are columns by themselves."""
    return [f.name for f in descriptor.fields if f.is_repeated or not _is_nested(f)]


def _is_nested(field_: FieldDescriptor) -> bool:
    return field_.message_type is not None and field_.message_type.full_name not in _CELLS


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
    return cell is None or (pd.api.types.is_scalar(cell) and bool(pd.isna(cell)))


def _short(cell: Any) -> str:
    told = repr(cell.item() if isinstance(cell, np.generic) else cell)
    return told if len(told) <= 80 else f"{told[:77]}..."


def _setter(field_: FieldDescriptor) -> Callable[[Any, Any], None]:
    """What puts a cell into a field; raises where it does not fit."""
    name, kind = field_.name, field_.message_type
    if field_.is_repeated:
        return lambda message, cell: getattr(message, name).extend([cell] if isinstance(cell, str) else list(cell))
    if kind is not None:
        into = {_TIMESTAMP: _put_time, _DATE: _put_day, _DURATION: _put_duration}.get(kind.full_name, _put_nothing)
        return lambda message, cell: into(getattr(message, name), cell)
    value = _value_of(field_)
    return lambda message, cell: setattr(message, name, value(cell.item() if isinstance(cell, np.generic) else cell))


def _value_of(field_: FieldDescriptor) -> Callable[[Any], Any]:
    if field_.enum_type is not None:
        numbers = {name: value.number for name, value in field_.enum_type.values_by_name.items()}
        return lambda cell: _known(numbers, cell)
    if field_.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _text
    if field_.cpp_type in _WHOLE:
        return _whole
    return _number if field_.cpp_type in _NUMBERS else lambda cell: cell


def _known(numbers: dict[str, int], cell: Any) -> int:
    if isinstance(cell, int) and cell in numbers.values():
        return cell
    if cell not in numbers:
        raise ValueError
    return numbers[cell]


def _text(cell: Any) -> str:
    # pandas makes 900001.0 of the number 900001 in a column with a gap, which is no number of anybody's.
    if isinstance(cell, float | bool):
        raise ValueError
    return str(cell)


def _number(cell: Any) -> float:
    if isinstance(cell, str | bool):
        raise ValueError
    return float(cell)


def _whole(cell: Any) -> int:
    if isinstance(cell, str | bool) or cell != int(cell):
        raise ValueError
    return int(cell)


def _put_time(message: Any, cell: Any) -> None:
    moment = pd.Timestamp(cell)
    if moment.tzinfo is None:
        raise ValueError
    message.FromNanoseconds(moment.value)


def _put_day(message: Any, cell: Any) -> None:
    if not isinstance(cell, str | date | np.datetime64):
        raise ValueError  # of a number pandas would make a day in 1970
    day = pd.Timestamp(cell)
    message.year, message.month, message.day = day.year, day.month, day.day


def _put_duration(message: Any, cell: Any) -> None:
    if isinstance(cell, int | float):
        raise ValueError  # pandas would take it for nanoseconds
    message.FromTimedelta(pd.Timedelta(cell).to_pytimedelta())


def _put_nothing(message: Any, cell: Any) -> None:
    raise ValueError


@cache
def _wanted(field_: FieldDescriptor) -> str:
    """What a cell of a field has to be, in words."""
    if field_.is_repeated:
        return "a list"
    if field_.message_type is not None:
        kind = field_.message_type.full_name
        return {
            _TIMESTAMP: "a time with its zone, such as 2026-05-04T08:00:00Z",
            _DATE: "a day, such as 2026-05-04",
            _DURATION: "a duration, such as 90min",
        }.get(kind, f"its own columns, {kind.rsplit('.', 1)[1]} is no cell")
    if field_.enum_type is not None:
        return f"one of {', '.join(field_.enum_type.values_by_name)}"
    if field_.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return "text; pandas makes numbers with a point of whole ones in a column with gaps: read it with dtype=str"
    if field_.cpp_type in _WHOLE:
        return "a whole number"
    return "a number" if field_.cpp_type in _NUMBERS else f"a value of {field_.name}"


def _cells(message: Any, before: str) -> Iterator[tuple[str, Any]]:
    for field_ in message.DESCRIPTOR.fields:
        name, value = f"{before}{field_.name}", getattr(message, field_.name)
        if field_.is_repeated:
            yield name, [_read(v, field_) for v in value]
        elif field_.has_presence and not message.HasField(field_.name):
            continue
        elif _is_nested(field_):
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
