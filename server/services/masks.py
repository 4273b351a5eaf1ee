"""What of a message a caller may set: field masks (AIP-134, 161), and fields that are the server's own (AIP-203)."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf import field_mask_pb2

from server.faults import Fault


@cache
def output_only(message: Any) -> frozenset[str]:
    """Fields that only the server sets."""
    out = set()
    for field in message.DESCRIPTOR.fields:
        behaviour = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.OUTPUT_ONLY in behaviour or field_behavior_pb2.IDENTIFIER in behaviour:
            out.add(field.name)
    return frozenset(out | {"etag"} if "etag" in message.DESCRIPTOR.fields_by_name else out)


def stripped(message: Any) -> Any:
    """A message without what only the server sets."""
    kept = type(message)()
    kept.CopyFrom(message)
    kind: Any = type(message)
    for field in output_only(kind):
        kept.ClearField(field)
    return kept


def masked(message: Any, before: Any, given: Any, mask: field_mask_pb2.FieldMask) -> Any:
    """Take what a mask names from what was given into what is stored.

    Parameters
    ----------
    message
        Class of both.

    Raises
    ------
    Fault
        MASK_INVALID, if the mask names what is no field, or one that only the server sets.
    """
    own = output_only(message)
    settable = [f.name for f in message.DESCRIPTOR.fields if f.name not in own]
    after = message()
    after.CopyFrom(before)
    if list(mask.paths) == ["*"]:
        paths = settable
    elif mask.paths:
        paths = list(mask.paths)
        for path in paths:
            if path.split(".")[0] not in settable:
                raise Fault("MASK_INVALID", metadata={"path": path})
        if not mask.IsValidForDescriptor(message.DESCRIPTOR):
            raise Fault("MASK_INVALID", metadata={"path": ",".join(paths)})
    else:
        paths = [f.name for f, _ in given.ListFields() if f.name in settable]
    for path in paths:
        field_mask_pb2.FieldMask(paths=[path]).MergeMessage(given, after, True, True)
        if "." not in path and not _given(given, path):
            after.ClearField(path)
    return after


def _given(message: Any, field: str) -> bool:
    return any(f.name == field for f, _ in message.ListFields())
