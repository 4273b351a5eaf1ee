"""Requests as the schema wants them, drawn from its descriptors and rules, with names that are given."""

from __future__ import annotations

import math
import re
import re._parser as sre  # type: ignore[import-not-found]
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from google.api import field_behavior_pb2, field_info_pb2, resource_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from server import checking, rules
from server.faults import Fault

_TRIES = 12
_DEEPEST = 6
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-_ .ABCXYZäß€"
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: ("int32", 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: ("int64", 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: ("uint32", 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: ("uint64", 2**64 - 1),
}
_PARENTS = ("laneForecasts",)  # computed, never stored
_KNOWN = {
    "gln": ("4012345000009", ""),
    "ssccs": ("106141411234567897", "003401234500000000"),
    "parent_id": ("urn:epc:id:sscc:4012345.0000000000",),
    "time_zone": ("Europe/Berlin", "Mars/Base"),
}
_LATER = ("_end", "_until", "close", "due_at", "_by")


@dataclass
class Drawing:
    """Draws requests.

    Parameters
    ----------
    names
        Resource names to choose from, by collection (`orders`); `operations` among them.
    words
        Further texts to put where any text may stand, such as filters and page tokens; by field.
    """

    rng: np.random.Generator
    names: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def request(self, kind: Any) -> Any:
        """A request that keeps the rules, if one of some tries does; else the last one."""
        message = kind()
        for _ in range(_TRIES):
            message = kind()
            self._fill(message, 0)
            if passes(message):
                break
        return message

    def pick(self, choices: Sequence[Any]) -> Any:
        """One of several."""
        return choices[int(self.rng.integers(len(choices)))]

    def _fill(self, message: Any, depth: int) -> None:
        descriptor = message.DESCRIPTOR
        oneofs = {o.name: self.pick(o.fields).name for o in descriptor.oneofs if len(o.fields) > 1}
        for f in descriptor.fields:
            one = f.containing_oneof
            if one is not None and len(one.fields) > 1 and oneofs[one.name] != f.name:
                continue
            wanted = _required(f) or (one is not None and len(one.fields) > 1)
            if not wanted and (depth >= _DEEPEST or self.rng.random() < (0.4 if depth else 0.3)):
                continue
            self._put(message, f, depth)

    def _put(self, message: Any, f: Any, depth: int) -> None:
        rule = rules.of_field(f)
        if f.message_type is not None and f.message_type.GetOptions().map_entry:
            if depth < _DEEPEST and f.message_type.fields_by_name["key"].cpp_type == FieldDescriptor.CPPTYPE_STRING:
                entry = getattr(message, f.name)
                key = self._text(f.message_type.fields_by_name["key"], rule.map.keys if rule else None)
                value = f.message_type.fields_by_name["value"]
                if value.message_type is not None:
                    self._fill_message(entry[key], depth)
                else:
                    entry[key] = self._scalar(value, rule.map.values if rule else None)
            return
        if not f.is_repeated:
            self._put_one(message, f, rule, depth)
            return
        limits = rule.repeated if rule is not None else None
        least = limits.min_items if limits is not None else 0
        most = limits.max_items if limits is not None and limits.HasField("max_items") else 3
        wanted = max(least, min(most, int(self.rng.integers(1, 4))))
        seen: set[Any] = set()
        for _ in range(wanted):
            if f.message_type is not None:
                self._fill_message(getattr(message, f.name).add(), depth)
                continue
            value = self._scalar(f, limits.items if limits is not None else None)
            if value not in seen:
                seen.add(value)
                getattr(message, f.name).append(value)

    def _put_one(self, message: Any, f: Any, rule: Any, depth: int) -> None:
        if f.message_type is None:
            setattr(message, f.name, self._scalar(f, rule))
            return
        if f.message_type.full_name == "google.protobuf.Timestamp":
            later = f.name.endswith(_LATER) and f.name != "decide_by"
            at = self.now + timedelta(days=4 if later else 2)
            if f.name in ("event_at", "line_stop_at") or f.name.endswith("_time"):
                at = self.now + timedelta(days=3 if "effective" in f.name else -1)
            getattr(message, f.name).FromDatetime(at)
            return
        getattr(message, f.name).SetInParent()
        self._fill_message(getattr(message, f.name), depth)

    def _fill_message(self, inner: Any, depth: int) -> None:
        name = inner.DESCRIPTOR.full_name
        if name == "google.protobuf.Timestamp":
            inner.FromDatetime(self.now)
        elif name == "google.protobuf.Duration":
            inner.seconds = self.pick((1, 30, 60))
        elif name == "google.type.Date":
            inner.year, inner.month, inner.day = int(self.rng.integers(2020, 2032)), 5, int(self.rng.integers(1, 29))
        elif name == "google.protobuf.FieldMask":
            inner.paths.append(self.pick(("*", "display_name", "contacts", "name", "nonsense", "zone")))
        elif name != "google.protobuf.Any":
            self._fill(inner, depth + 1)

    def _scalar(self, f: Any, rule: Any) -> Any:
        if f.enum_type is not None:
            return self.pick([v.number for v in f.enum_type.values if v.number] or [0])
        if f.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return f.name != "validate_only" and bool(self.rng.random() < 0.5)
        if f.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            text = self._text(f, rule)
            return text.encode() if f.type == FieldDescriptor.TYPE_BYTES else text
        if f.cpp_type in _INTEGERS:
            kind, most = _INTEGERS[f.cpp_type]
            low, high = _between(getattr(rule, kind) if rule is not None else None, 0, most)
            return int(min(high, low + int(self.rng.integers(0, 50))))
        low, high = _between(getattr(rule, "double", None) if rule is not None else None, 0.0, 1e6)
        return float(min(high, low + 0.5 + math.floor(20 * self.rng.random())))

    def _text(self, f: Any, rule: Any) -> str:
        said = rule.string if rule is not None else None
        if f.name in self.words:
            return str(self.pick(self.words[f.name]))
        if f.GetOptions().Extensions[field_info_pb2.field_info].format or (said is not None and said.uuid):
            return _uuid(self.rng)
        collection = _collection(f, said.pattern if said is not None else "")
        if self.names.get(collection):
            return str(self.pick(self.names[collection]))
        if collection in _PARENTS:
            return f"{self.pick(self.names.get('companies') or ('companies/none',))}/{collection}/none"
        if f.name in _KNOWN:
            return str(self.pick(_KNOWN[f.name]))
        if said is not None and (said.email or said.uri):
            return (
                "who@example.com"
                if said.email
                else self.pick(("https://example.com/x", "urn:epc:id:sgln:4012345.00000.0"))
            )
        low = int(said.min_len) if said is not None else 0
        high = int(said.max_len) if said is not None and said.HasField("max_len") else 12
        if said is not None and getattr(said, "in"):
            return str(self.pick(list(getattr(said, "in"))))
        if said is not None and said.pattern:
            text = sampled(said.pattern, self.rng)
            return text[:high] if said.HasField("max_len") else text
        size = int(self.rng.integers(max(low, 1), max(low, 1, min(high, low + 12)) + 1))
        return "".join(self.pick(_ALPHABET) for _ in range(size))


def passes(message: Any) -> bool:
    """Whether a request keeps the schema's rules."""
    try:
        checking.check(message)
    except Fault:
        return False
    return True


@cache
def _required(f: Any) -> bool:
    behaviours = f.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    rule = rules.of_field(f)
    return field_behavior_pb2.REQUIRED in behaviours or (rule is not None and rule.required)


@cache
def _collection(f: Any, pattern: str) -> str:
    """Collection of what a field names."""
    found = re.findall(r"[/^]([a-zA-Z]+)/\[", pattern)
    if found:
        return "shipments" if pattern.endswith("/shipment$") else str(found[-1])
    if f.containing_type.file.package == "google.longrunning" and f.name == "name":
        return "operations"
    kind = f.GetOptions().Extensions[resource_pb2.resource_reference].type.rpartition("/")[2]
    return {"Company": "companies", "Pool": "pools"}.get(kind, f"{kind[:1].lower()}{kind[1:]}s")


def _between(rule: Any, least: Any, most: Any) -> tuple[Any, Any]:
    if rule is None:
        return least, most
    step = 1 if isinstance(least, int) else 1e-3
    low = rule.gte if rule.HasField("gte") else rule.gt + step if rule.HasField("gt") else least
    high = rule.lte if rule.HasField("lte") else rule.lt - step if rule.HasField("lt") else most
    return low, high


def _uuid(rng: np.random.Generator) -> str:
    digits = rng.bytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def sampled(pattern: str, rng: np.random.Generator) -> str:
    """A text of a regular expression of the kinds that the schema uses."""
    return "".join(_sampled(_parsed(pattern), rng))


@cache
def _parsed(pattern: str) -> Any:
    return sre.parse(pattern)


def _sampled(tree: Any, rng: np.random.Generator) -> Any:
    for op, value in tree:
        what = str(op)
        if what == "LITERAL":
            yield chr(value)
        elif what == "IN":
            yield _one_of(value, rng)
        elif what == "ANY":
            yield "x"
        elif what == "MAX_REPEAT":
            low, high, inner = value
            for _ in range(int(rng.integers(int(low), min(int(high), int(low) + 6) + 1))):
                yield from _sampled(inner, rng)
        elif what == "SUBPATTERN":
            yield from _sampled(value[-1], rng)
        elif what == "BRANCH":
            yield from _sampled(value[1][int(rng.integers(len(value[1])))], rng)


def _one_of(choices: Any, rng: np.random.Generator) -> str:
    kinds = [str(op) for op, _ in choices]
    if kinds[0] == "NEGATE":
        return str(rng.choice(list("abcdefgh123")))
    op, value = choices[int(rng.integers(len(choices)))]
    if str(op) == "RANGE":
        return chr(int(rng.integers(value[0], value[1] + 1)))
    return chr(value) if str(op) == "LITERAL" else "5"


def kinds_of(descriptor: Any) -> Any:
    """The class of a message."""
    return message_factory.GetMessageClass(descriptor)
