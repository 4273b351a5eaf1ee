"""Messages that surely keep the rules of their schema, told from the others at little cost.

protovalidate judges every message and says what is wrong with it, at a multiple of what it costs to see that an
ordinary one is right. So what is surely right is let through here, and only the rest goes there (`server.checking`).
The screen of a type is made from the schema's own options; it is not sure of what it does not know.

It is one Python expression for each type of message: a function for each rule would cost as much as protovalidate does.
Whatever stands in an expression are names of the schema's own fields, and constants by names made here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

from server import rules as schema

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

# True of a message that surely keeps the rules of its type.
Sure = Callable[[Any], bool]

MOST_DURATION_S = 3_660_000 * 86_400
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# Of which Python and the schema mean the same by "the same".
_COMPARED = (FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


# The schema's rules take whatever stands in a time or date, and all that reads one afterwards does not: the rules' own
# comparisons, Python, the calendar.
def is_timestamp(value: Any) -> bool:
    """Whether it is a time from year 1 to year 9999."""
    return bool(schema.YEAR_1 <= value.seconds < schema.YEAR_10000 and 0 <= value.nanos < 1_000_000_000)


def is_duration(value: Any) -> bool:
    """Whether it is below what Python's own can hold, and so above all that the contract asks for."""
    return bool(abs(value.seconds) <= MOST_DURATION_S and -1_000_000_000 < value.nanos < 1_000_000_000)


def is_day(value: Any) -> bool:
    """Whether it is in the calendar."""
    return schema.in_calendar(value.year, value.month, value.day)


TIMES = {schema.TIMESTAMP: is_timestamp, "google.protobuf.Duration": is_duration, schema.DATE: is_day}


class _UnsureError(Exception):
    """A rule is not known, and concerns every message of the type."""


@cache
def of(descriptor: Descriptor) -> Sure | None:
    """What tells that a message of a type surely keeps its rules; None where no message of it surely does."""
    try:
        return _screen(descriptor, frozenset())
    except _UnsureError:
        return None


def _screen(descriptor: Descriptor, above: frozenset[str]) -> Sure:
    if descriptor.full_name in TIMES:
        return TIMES[descriptor.full_name]
    if descriptor.full_name in above or any(o.GetOptions().ByteSize() for o in descriptor.oneofs):
        raise _UnsureError
    made = _Expression(descriptor, above | {descriptor.full_name})
    sure: Sure = eval(f"lambda m: {' and '.join(made.parts) or True}", made.constants)  # noqa: S307 - our own schema
    return sure


class _Expression:
    """What must hold of a message ``m`` of a type, in parts, and the constants in them.

    Methods that answer what must hold of a value put it as of ``v``; where everything may stand there they answer
    nothing.
    """

    def __init__(self, descriptor: Descriptor, above: frozenset[str]) -> None:
        self.constants: dict[str, Any] = {}
        self._above = above
        self.parts: list[str] = []
        of_message = schema.of_message(descriptor)
        if of_message is not None:
            if not schema.only(of_message, {"cel"}):
                raise _UnsureError
            self.parts += [self._between(descriptor, rule.expression) for rule in of_message.cel]
        self.parts += filter(None, map(self._field, descriptor.fields))

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    @staticmethod
    def _between(descriptor: Descriptor, expression: str) -> str:
        if found := schema.not_in(expression):
            return "m.{} not in m.{}".format(*found)
        if found := schema.in_order(descriptor, expression):
            early, late = found
            first, second = (f"(m.{name}.seconds, m.{name}.nanos)" for name in found)
            return f"(not m.HasField('{early}') or not m.HasField('{late}') or {first} <= {second})"
        raise _UnsureError

    def _field(self, field: FieldDescriptor) -> str:
        rules = schema.of_field(field)
        if field.is_repeated:
            return self._list(field, rules)
        if field.message_type is not None:
            return self._message(field, rules)
        if rules is None or rules.ignore == schema.IGNORE_ALWAYS:
            return ""
        if_any = rules.ignore == schema.IGNORE_IF_ZERO_VALUE
        try:
            holds = self._value(rules, field)
        except _UnsureError:
            if rules.required or not (field.has_presence or if_any):
                raise
            holds = "False"
        if not holds:
            return ""
        if field.has_presence:
            return f"(not m.HasField('{field.name}') or ((v := m.{field.name}) is not None and {holds}))"
        return f"(not (v := m.{field.name}) or ({holds}))" if if_any else f"[v := m.{field.name}] and ({holds})"

    def _value(self, rules: Any, field: FieldDescriptor) -> str:
        kind = rules.WhichOneof("type")
        if rules.required or not schema.only(rules, {"ignore", kind}):
            raise _UnsureError
        own = getattr(rules, kind) if kind is not None else None
        if own is None:
            return ""
        if kind in schema.NUMBERS and schema.only(own, {*_BOUNDS, "finite"}):
            bounds = [
                f"v {_BOUNDS[f.name]} {self._constant(value)}" for f, value in own.ListFields() if f.name in _BOUNDS
            ]
            # Of what is not a number nothing holds.
            return " and ".join(bounds + ["v - v == 0"] * getattr(own, "finite", False))
        if kind == "string":
            return self._text(own)
        if kind == "enum" and schema.only(own, {"defined_only", "not_in"}):
            return f"v in {self._constant(frozenset(field.enum_type.values_by_number) - frozenset(own.not_in))}"
        if kind == "bytes" and schema.only(own, {"min_len", "max_len"}):
            return f"{own.min_len} <= len(v) <= {own.max_len or 1 << 40}"
        raise _UnsureError

    def _text(self, rules: Any) -> str:
        if schema.only(rules, {"uuid"}):
            return f"{self._constant(_UUID.fullmatch)}(v) is not None"
        if schema.only(rules, {"in"}):
            return f"v in {self._constant(frozenset(getattr(rules, 'in')))}"
        if not schema.only(rules, {"min_len", "max_len", "pattern"}):
            raise _UnsureError
        parts = []
        if rules.min_len or rules.max_len:
            parts.append(f"{rules.min_len} <= len(v) <= {rules.max_len or 1 << 40}")
        if rules.HasField("pattern"):
            parts.append(f"{self._constant(schema.search(rules.pattern))}(v) is not None")
        return " and ".join(parts)

    def _list(self, field: FieldDescriptor, rules: Any) -> str:
        """What must hold of a list; of one whose items it does not know it is sure only while it is empty."""
        if rules is not None and not schema.only(rules, {"repeated"}):
            raise _UnsureError
        own = rules.repeated if rules is not None else None
        if own is not None and not schema.only(own, {"min_items", "max_items", "unique", "items"}):
            raise _UnsureError
        least = own.min_items if own is not None else 0
        try:
            good = self._item(field, own)
            if own is not None and own.unique and field.cpp_type not in _COMPARED:
                raise _UnsureError
        except _UnsureError:
            if least:
                raise
            return f"not m.{field.name}"
        parts = [f"[w := m.{field.name}]"]
        if own is not None and (least or own.max_items):
            parts.append(f"{least} <= len(w) <= {own.max_items or 1 << 40}")
        if own is not None and own.unique:
            parts.append("(len(w) < 2 or len(set(w)) == len(w))")
        if good:
            parts.append(f"(not w or all({good} for v in w))")
        return " and ".join(parts) if len(parts) > 1 else ""

    def _item(self, field: FieldDescriptor, own: Any) -> str:
        items = own.items if own is not None and own.HasField("items") else None
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry or items is not None:
                raise _UnsureError
            return f"{self._constant(_screen(field.message_type, self._above))}(v)"
        if items is None:
            return ""
        if items.ignore:
            raise _UnsureError
        return self._value(items, field)

    def _message(self, field: FieldDescriptor, rules: Any) -> str:
        required = rules is not None and rules.required
        try:
            if rules is not None and not schema.only(rules, {"required"}):
                raise _UnsureError
            holds = f"{self._constant(_screen(field.message_type, self._above))}(m.{field.name})"
        except _UnsureError:
            if required:
                raise
            holds = "False"
        has = f"m.HasField('{field.name}')"
        return f"{has} and {holds}" if required else f"(not {has} or {holds})"
