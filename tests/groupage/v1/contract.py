"""The compiled contract as these tests read it: descriptors of the stubs, comments of the published descriptor set."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import protovalidate
from google.api import field_behavior_pb2, field_info_pb2, resource_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "proto" / "groupage.v1.binpb"
PACKAGE = "groupage.v1."
SOURCES = sorted((ROOT / "proto" / "groupage" / "v1").glob("*.proto"))
FILES = [importlib.import_module(f"groupage.v1.{path.stem}_pb2").DESCRIPTOR for path in SOURCES]
Behaviour = field_behavior_pb2.FieldBehavior


def nested(message: Any) -> Iterator[Any]:
    """A message and those inside it, entries of maps aside."""
    yield message
    for inner in message.nested_types:
        if not inner.GetOptions().map_entry:
            yield from nested(inner)


MESSAGES = [m for file in FILES for top in file.message_types_by_name.values() for m in nested(top)]
ENUMS = [
    *(e for file in FILES for e in file.enum_types_by_name.values()),
    *(e for message in MESSAGES for e in message.enum_types),
]
SERVICES = [service for file in FILES for service in file.services_by_name.values()]
METHODS = [method for service in SERVICES for method in service.methods]
FIELDS = [field for message in MESSAGES for field in message.fields]
RESOURCES = {m: r for m in MESSAGES if (r := m.GetOptions().Extensions[resource_pb2.resource]).type}


def behaviours(field: Any) -> set[int]:
    """What `google.api.field_behavior` says of a field."""
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def is_uuid(field: Any) -> bool:
    """Whether `google.api.field_info` calls a field a UUID."""
    return field.GetOptions().Extensions[field_info_pb2.field_info].format == field_info_pb2.FieldInfo.UUID4


def reference(field: Any) -> Any:
    """The resource that a field refers to, by `google.api.resource_reference`."""
    return field.GetOptions().Extensions[resource_pb2.resource_reference]


def is_map(field: Any) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def reachable(roots: list[Any]) -> set[Any]:
    """Messages of ours that can stand in others, these included."""
    found: set[Any] = set()
    queue = list(roots)
    while queue:
        message = queue.pop()
        if message in found or not message.full_name.startswith(PACKAGE):
            continue
        found.add(message)
        for field in message.fields:
            inner = field.message_type
            if inner is not None:
                queue.append(inner.fields_by_name["value"].message_type if is_map(field) else inner)
        queue = [m for m in queue if m is not None]
    return found


def rules() -> dict[str, Any]:
    """What `buf.validate` says of every field, by full name; read from the published descriptor set."""
    pool = descriptor_pool.DescriptorPool()
    contract = descriptor_pb2.FileDescriptorSet.FromString(CONTRACT.read_bytes())
    for file in contract.file:
        pool.Add(file)
    options = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FieldOptions"))
    said = pool.FindExtensionByName("buf.validate.field")
    return {
        field.full_name: options.FromString(field.GetOptions().SerializeToString()).Extensions[said] for field in FIELDS
    }


def comments() -> dict[str, str]:
    """The comment before every service, method, message, field, oneof, enum and value, by full name."""
    found: dict[str, str] = {}
    contract = descriptor_pb2.FileDescriptorSet.FromString(CONTRACT.read_bytes())
    for file in (f for f in contract.file if f.package == PACKAGE[:-1]):
        at = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}

        def note(name: str, path: tuple[int, ...], at: dict[tuple[int, ...], str] = at) -> None:
            found[name] = " ".join(at.get(path, "").split())

        def walk(scope: str, message: Any, path: tuple[int, ...], note: Any = note) -> None:
            name = f"{scope}.{message.name}"
            if message.options.map_entry:
                return
            note(name, path)
            for i, field in enumerate(message.field):
                note(f"{name}.{field.name}", (*path, 2, i))
            for i, enum in enumerate(message.enum_type):
                values(name, enum, (*path, 4, i))
            for i, inner in enumerate(message.nested_type):
                walk(name, inner, (*path, 3, i))

        def values(scope: str, enum: Any, path: tuple[int, ...], note: Any = note) -> None:
            note(f"{scope}.{enum.name}", path)
            for i, value in enumerate(enum.value):
                note(f"{scope}.{enum.name}.{value.name}", (*path, 2, i))

        for i, message in enumerate(file.message_type):
            walk(file.package, message, (4, i))
        for i, enum in enumerate(file.enum_type):
            values(file.package, enum, (5, i))
        for i, service in enumerate(file.service):
            note(f"{file.package}.{service.name}", (6, i))
            for j, method in enumerate(service.method):
                note(f"{file.package}.{service.name}.{method.name}", (6, i, 2, j))
    return found


def new(message: Any) -> Any:
    """An empty message of a descriptor."""
    return message_factory.GetMessageClass(message)()


def broken(message: Any) -> list[str]:
    """The rules that a message breaks: path of the field, then the rule's id."""
    return [f"{_path(v.proto.field)}: {v.proto.rule_id}" for v in protovalidate.collect_violations(message)]


def _path(field: Any) -> str:
    parts = []
    for element in field.elements if field is not None else ():
        index = getattr(element.subscript, "value", None) if element.subscript is not None else None
        parts.append(element.field_name + ("" if index is None else f"[{index}]"))
    return ".".join(parts)


def named(pattern: str, segment: str = "a1") -> str:
    """A name of a resource pattern."""
    return re.sub(r"\{\w+\}", segment, pattern)
