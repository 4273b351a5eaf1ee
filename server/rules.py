"""The rules of protovalidate in the schema, as messages to be read.

The stubs carry them as options that they do not know; the definitions come out of protovalidate itself, into a pool of
their own.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import protovalidate
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    message_factory,
    timestamp_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

# What both screens (`server.screen`, `server.bulk`) make of the rules.
TIMESTAMP, DATE = "google.protobuf.Timestamp", "google.type.Date"
YEAR_1, YEAR_10000 = -62_135_596_800, 253_402_300_800
NUMBERS = frozenset({"double", "float", "int32", "int64", "uint32", "uint64"})
_IN_ORDER = re.compile(
    r"!has\(this\.(?P<a>\w+)\) \|\| !has\(this\.(?P<b>\w+)\) \|\| this\.(?P<c>\w+) <= this\.(?P<d>\w+)"
)
_NOT_IN = re.compile(r"!\(this\.(?P<one>\w+) in this\.(?P<many>\w+)\)")

IGNORE_IF_ZERO_VALUE, IGNORE_ALWAYS = 1, 3


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in (descriptor_pb2, duration_pb2, timestamp_pb2, field_mask_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(protovalidate.ViolationPb.desc().file.proto.to_binary())
    return pool


@cache
def _extension(options: str, name: str) -> tuple[Any, Any]:
    pool = _pool()
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"google.protobuf.{options}"))
    extension = pool.FindExtensionByName(f"buf.validate.{name}")
    message_factory.GetMessageClass(extension.message_type)
    return kind, extension


def _read(options: Any, kind: str, name: str) -> Any:
    known, extension = _extension(kind, name)
    parsed = known.FromString(options.SerializeToString())
    return parsed.Extensions[extension] if parsed.HasExtension(extension) else None


def of_message(descriptor: Descriptor) -> Any:
    """``buf.validate.MessageRules`` of a message; None where it has none."""
    return _read(descriptor.GetOptions(), "MessageOptions", "message")


def of_field(field: FieldDescriptor) -> Any:
    """``buf.validate.FieldRules`` of a field; None where it has none."""
    return _read(field.GetOptions(), "FieldOptions", "field")


def only(rules: Any, known: Collection[str | None]) -> bool:
    """Whether rules say nothing beside what is known."""
    return all(field.name in known for field, _ in rules.ListFields())


def in_order(descriptor: Descriptor, expression: str) -> tuple[str, str] | None:
    """Times of a message of which the first must not be after the second, if an expression says that and no more."""
    found = _IN_ORDER.fullmatch(expression)
    if found is None or {found["a"], found["b"]} != {found["c"], found["d"]}:
        return None
    early, late = found["c"], found["d"]
    kinds = [descriptor.fields_by_name[name].message_type for name in (early, late)]
    return (early, late) if all(kind is not None and kind.full_name == TIMESTAMP for kind in kinds) else None


def not_in(expression: str) -> tuple[str, str] | None:
    """A field that must not be in a list, and the list, if an expression says that and no more."""
    found = _NOT_IN.fullmatch(expression)
    return None if found is None else (found["one"], found["many"])


def in_calendar(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        date(year, month, day)
    except (ValueError, OverflowError):
        return False
    return True


def search(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Find a pattern of the schema's in a text."""
    # RE2 searches, and its $ is the end of the text: what looks the same to Python is \Z, and ASCII classes.
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII).search
