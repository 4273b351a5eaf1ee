"""The rules of protovalidate in the schema, as messages to be read.

The stubs carry them as options that they do not know; the definitions come out of protovalidate itself, into a pool of
their own.
"""

from __future__ import annotations

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
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

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
