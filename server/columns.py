"""Messages of one type as columns, read straight from their bytes.

A Python object for every field of every line costs more than all that is done with them. So one compiled pass notes
where each field of each line stands, without the interpreter's lock, and only what is asked for becomes Python's. The
bytes are protobuf's own serialization of what it has parsed, so that texts are UTF-8; what the pass does not know
nevertheless (another kind of field, unknown ones, one field twice) makes a line not `whole`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from logistics.routing.kernel import compiled, inner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.descriptor import Descriptor
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Places = NDArray[np.int64]

_VARINT, _EIGHT_BYTES, _CONTENT = 0, 1, 2
_F = FieldDescriptor
_WIRES = {
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_INT64, _F.TYPE_UINT32, _F.TYPE_BOOL, _F.TYPE_ENUM), _VARINT),
    _F.TYPE_DOUBLE: _EIGHT_BYTES,
    **dict.fromkeys((_F.TYPE_STRING, _F.TYPE_MESSAGE), _CONTENT),
}


def readable(field: FieldDescriptor) -> bool:
    """Whether columns of a field can be read; lines that have another one are not whole."""
    if field.is_repeated:
        return field.type in (_F.TYPE_STRING, _F.TYPE_MESSAGE)
    return field.type in _WIRES


class Columns:
    """Messages of one type, field by field; each field is read once, however often it is asked for.

    Parameters
    ----------
    raw
        Bytes that hold all messages.
    starts, ends
        Where each stands in them, one entry a message.
    descriptor
        Their type.

    Attributes
    ----------
    kind
        Their type.
    starts, ends
        As given.
    whole
        Whether all of a message was understood; another one looks as if it were empty.
    """

    def __init__(self, raw: bytes, starts: Places, ends: Places, descriptor: Descriptor) -> None:
        self._begin(raw, raw.decode("latin-1"), starts, ends, descriptor)

    def _begin(self, raw: bytes, text: str, starts: Places, ends: Places, descriptor: Descriptor) -> None:
        self._raw, self._text, self.kind = raw, text, descriptor
        self.starts, self.ends = starts, ends
        self._slots, slot_of, wires, repeated = _layout(descriptor)
        shape = len(self._slots), len(starts)
        self._values, self._until = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.whole: Flags = np.zeros(len(starts), bool)
        _walk(
            np.frombuffer(raw, np.uint8), starts, ends, slot_of, wires, repeated, self._values, self._until, self.whole
        )
        self._kept: dict[tuple[str, str], Any] = {}

    @classmethod
    def of(cls, messages: Sequence[Any], descriptor: Descriptor) -> Columns:
        """Columns of messages."""
        lines = [message.SerializeToString(deterministic=True) for message in messages]
        ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
        return cls(b"".join(lines), np.concatenate((np.zeros(1, np.int64), ends))[:-1], ends, descriptor)

    @classmethod
    def within(cls, raw: bytes, field: FieldDescriptor) -> Columns:
        """Columns of a repeated field's messages in a request, serialized."""
        starts, ends = _split(np.frombuffer(raw, np.uint8), field.number)
        return cls(raw, starts, ends, field.message_type)

    def __len__(self) -> int:
        return len(self.starts)

    def has(self, name: str) -> Flags:
        """Whether each message has a field; of one without presence, whether it is not its default."""
        there: Flags = self._until[self._slots[name]] > 0
        return there

    def numbers(self, name: str) -> NDArray[Any]:
        """Numbers of a field, whole or not."""
        column: NDArray[Any] = self._values[self._slots[name]]
        return column.view(np.float64) if self.kind.fields_by_name[name].type == _F.TYPE_DOUBLE else column

    def texts(self, name: str) -> list[str]:
        """A field of each message that is a text."""
        return self._once("texts", name, lambda: self._cells(name))  # type: ignore[no-any-return]

    def lists(self, name: str) -> list[tuple[Any, ...]]:
        """A repeated field of each message; equal ones are the same object."""
        return self._once("lists", name, lambda: self._lists(name))  # type: ignore[no-any-return]

    def part(self, name: str) -> Columns:
        """The messages in a field, empty where there is none."""
        return self._once("part", name, lambda: self._part(name))  # type: ignore[no-any-return]

    def microseconds(self, name: str) -> Places:
        """Times in a field in microseconds since 1970, rounded down."""
        part = self.part(name)
        times: Places = part.numbers("seconds") * 1_000_000 + part.numbers("nanos") // 1_000
        return times

    def serialized(self) -> list[bytes]:
        """Each message's bytes."""
        return [self._raw[a:b] for a, b in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def message(self, line: int) -> Any:
        """Parse one of the messages."""
        return _class(self.kind).FromString(self._raw[self.starts[line] : self.ends[line]])

    def _once(self, how: str, name: str, read: Any) -> Any:
        key = (how, name)
        if key not in self._kept:
            self._kept[key] = read()
        return self._kept[key]

    def _slices(self, name: str) -> list[str]:
        slot, text = self._slots[name], self._text
        return [text[a:b] for a, b in zip(self._values[slot].tolist(), self._until[slot].tolist(), strict=True)]

    def _cells(self, name: str) -> list[str]:
        cells = self._slices(name)
        if not all(map(str.isascii, cells)):
            cells = [c if c.isascii() else c.encode("latin-1").decode() for c in cells]
        return cells

    def _lists(self, name: str) -> list[tuple[Any, ...]]:
        # The field's bytes, tags included, are a message that has only this field.
        cells = self._slices(name)
        kind = _class(self.kind)
        read = {cell: tuple(getattr(kind.FromString(cell.encode("latin-1")), name)) for cell in set(cells)}
        return [read[cell] for cell in cells]

    def _part(self, name: str) -> Columns:
        slot = self._slots[name]
        part = Columns.__new__(Columns)
        kind = self.kind.fields_by_name[name].message_type
        part._begin(self._raw, self._text, self._values[slot], self._until[slot], kind)
        return part


@cache
def _class(descriptor: Descriptor) -> Any:
    return message_factory.GetMessageClass(descriptor)


@cache
def _layout(descriptor: Descriptor) -> tuple[dict[str, int], Any, Any, Any]:
    """Slot of each field by name, and slot, wire type and repetition by number; slot -1 of what cannot be read."""
    fields = [field for field in descriptor.fields if readable(field)]
    slots = np.full(max((field.number for field in fields), default=0) + 1, -1, np.int64)
    for slot, field in enumerate(fields):
        slots[field.number] = slot
    wires = np.array([_WIRES[field.type] for field in fields], np.int64)
    repeated = np.array([field.is_repeated for field in fields], bool)
    return {field.name: slot for slot, field in enumerate(fields)}, slots, wires, repeated


@inner
def _varint(raw: Any, at: int, end: int) -> Any:
    """Number at a place, and the place behind it; -1 there where none ends in time."""
    number, shift = np.uint64(0), 0
    while at < end and shift < 70:
        byte = np.uint64(raw[at])
        number |= (byte & np.uint64(127)) << np.uint64(shift)
        at += 1
        if byte < 128:
            return np.int64(number), at
        shift += 7
    return np.int64(0), -1


@compiled
def _split(raw: Any, number: int) -> Any:
    """Where the messages of a repeated field of a request begin and end."""
    starts, ends = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at, len(raw))
        wire = tag & 7
        length, behind = _varint(raw, at, len(raw))
        if at < 0 or behind < 0 or (wire != 0 and wire != 2):
            break
        at = behind
        if wire == 2:
            at += length
            if tag >> 3 == number:
                starts.append(behind)
                ends.append(at)
    return np.array(starts), np.array(ends)


@compiled
def _walk(
    raw: Any, starts: Any, ends: Any, slot_of: Any, wires: Any, repeated: Any, values: Any, until: Any, whole: Any
) -> None:
    """Note of each field of each message its number, or where its content begins, and the place behind it.

    Of a repeated field: the place of its first tag, and the place behind its last item; they must lie together.

    Parameters
    ----------
    values, until
        One row a slot, one column a message; zeros where the field is not there. Written.
    whole
        One entry a message. Written.
    """
    for line in range(len(starts)):
        at, end = starts[line], ends[line]
        good = end <= len(raw)
        while good and at < end:
            begin = at
            tag, at = _varint(raw, at, end)
            number = tag >> 3
            good = at > 0 and 0 < number < len(slot_of) and slot_of[number] >= 0
            if not good:
                break
            slot = slot_of[number]
            before = until[slot, line]
            good = wires[slot] == tag & 7 and (before == 0 or (repeated[slot] and before == begin))
            if not good:
                break
            if tag & 7 == 1:
                good = at + 8 <= end
                if good:
                    bits = np.uint64(0)
                    for i in range(8):
                        bits |= np.uint64(raw[at + i]) << np.uint64(8 * i)
                    values[slot, line] = np.int64(bits)
                    at += 8
            else:
                number, at = _varint(raw, at, end)
                good = at > 0
                if good and tag & 7 == 0:
                    values[slot, line] = number
                elif good:
                    good = 0 <= number <= end - at
                    if not repeated[slot]:
                        values[slot, line] = at
                    elif before == 0:
                        values[slot, line] = begin
                    at += number
            until[slot, line] = at
        whole[line] = good
        if not good:
            values[:, line] = 0
            until[:, line] = 0
