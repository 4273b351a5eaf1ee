"""The schema's rules over many messages at once: a screen lets through what surely keeps them, column by column.

What the screen is not sure of is checked one by one by protovalidate, which also says what is wrong: so a line is
refused if, and only if, it would be refused alone, and in the same words. The screen is made from the schema's own
options; a rule that it does not know makes it unsure of every line that the rule could concern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import descriptor_pool
from numpy.typing import NDArray

from groupage.v1 import demand_pb2, orders_pb2
from server import rules as schema
from server.checking import LINES, check
from server.columns import Columns, readable
from server.faults import Fault

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

Flags = NDArray[np.bool_]


# True for each message that surely keeps a rule.
Rule = Callable[[Columns], Any]

_POSITIVE = re.compile(r"this\.\w+ > 0( && this\.\w+ > 0)*")
_BOUNDS = {"gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal}


def order_faults(orders: Sequence[Any] | Columns) -> dict[int, Fault]:
    """Faults of the lines that break the schema's rules."""
    return _faults(_columns(orders, orders_pb2.Order))


def demand_faults(records: Sequence[Any] | Columns) -> dict[int, Fault]:
    """Faults of the lines that break the schema's rules."""
    return _faults(_columns(records, demand_pb2.DemandRecord))


def _columns(messages: Sequence[Any] | Columns, kind: Any) -> Columns:
    return messages if isinstance(messages, Columns) else Columns.of(messages, kind.DESCRIPTOR)


def _faults(columns: Columns) -> dict[int, Fault]:
    out = {}
    for line in np.flatnonzero(~sure(columns)).tolist():
        try:
            check(columns.message(line))
        except Fault as fault:
            out[line] = fault
    return out


def warm() -> None:
    """Compile what chunks need, before the first one comes."""
    for request, lines in LINES.items():
        field = descriptor_pool.Default().FindMessageTypeByName(request).fields_by_name[lines]
        sure(Columns.within(b"", field))


def sure(columns: Columns) -> Flags:
    """Say which messages surely keep the rules of their type."""
    return _all(columns, _rules(columns.kind))


def _all(columns: Columns, rules: Sequence[Rule]) -> Flags:
    ok = columns.whole.copy()
    for rule in rules:
        ok &= rule(columns)
    return ok


def unknown(kind: Any) -> list[str]:
    """Rules that the screen does not know, and so is never sure of; a test wants none for what comes in bulk."""
    return [name for name in (getattr(r, "unknown", "") for r in _rules(kind.DESCRIPTOR)) if name]


@cache
def _rules(descriptor: Descriptor) -> tuple[Rule, ...]:
    out: list[Rule] = []
    of_message = schema.of_message(descriptor)
    if of_message is not None:
        out += [_message_rule(descriptor, rule) for rule in of_message.cel]
    for field in descriptor.fields:
        out += _field_rules(field)
    return tuple(out)


def _unknown(name: str, field: str = "") -> Rule:
    """Be sure of no message, or of those only that do not have a field."""

    def rule(columns: Columns) -> Any:
        return ~columns.has(field) if field else np.zeros(len(columns), dtype=bool)

    rule.unknown = name  # type: ignore[attr-defined]
    return rule


def _message_rule(descriptor: Descriptor, rule: Any) -> Rule:
    if found := schema.in_order(descriptor, rule.expression):
        return _in_order(*found)
    if found := schema.not_in(rule.expression):
        one, many = found
        return lambda columns: _each(
            list(zip(columns.texts(one), columns.lists(many), strict=True)), lambda pair: pair[0] not in pair[1]
        )
    return _unknown(f"{descriptor.full_name}: {rule.id}")


def _in_order(early: str, late: str) -> Rule:
    def rule(columns: Columns) -> Any:
        a, b = (columns.part(name).numbers("seconds") for name in (early, late))
        a_nanos, b_nanos = (columns.part(name).numbers("nanos") for name in (early, late))
        in_order = (a < b) | ((a == b) & (a_nanos <= b_nanos))
        return in_order | ~columns.has(early) | ~columns.has(late)

    return rule


def _field_rules(field: FieldDescriptor) -> list[Rule]:
    rules = schema.of_field(field)
    name = field.name
    if not readable(field):
        return [_unknown(field.full_name)]
    if rules is None:
        inner = field.message_type is not None and not field.is_repeated
        return _of_message(field, None) if inner else [_nothing_in(field)] if field.message_type is not None else []
    if rules.ignore == schema.IGNORE_ALWAYS:
        return []
    if field.is_repeated:
        return [_repeated(field, rules)]
    if field.message_type is not None:
        return _of_message(field, rules)
    if rules.cel or rules.required or rules.cel_expression:
        return [_unknown(field.full_name)]
    kind = rules.WhichOneof("type")
    if kind is None:
        return []
    zero_ok = rules.ignore == schema.IGNORE_IF_ZERO_VALUE
    if kind in schema.NUMBERS:
        return [_number(field, getattr(rules, kind), zero_ok)]
    if kind == "string":
        good = _string(rules.string)
        if good is not None:
            kept = (lambda text: not text or good(text)) if zero_ok else good
            return [lambda columns: _each(columns.texts(name), kept)]
    if kind == "enum" and rules.enum.ListFields() and schema.only(rules.enum, {"defined_only"}) and not zero_ok:
        known = np.array(sorted(field.enum_type.values_by_number))
        return [lambda columns: np.isin(columns.numbers(name), known)]
    return [_unknown(field.full_name)]


def _number(field: FieldDescriptor, rules: Any, zero_ok: bool) -> Rule:
    if not schema.only(rules, {*_BOUNDS, "finite"}):
        return _unknown(field.full_name)
    bounds = [(_BOUNDS[f.name], value) for f, value in rules.ListFields() if f.name in _BOUNDS]
    finite = bool(getattr(rules, "finite", False))
    name, optional = field.name, field.has_presence

    def rule(columns: Columns) -> Any:
        column = columns.numbers(name)
        ok = np.isfinite(column) if finite else np.ones(len(column), dtype=bool)
        for compare, bound in bounds:
            ok &= compare(column, bound)
        if zero_ok:
            ok |= column == 0
        if optional:
            ok |= ~columns.has(name)
        return ok

    return rule


def _string(rules: Any) -> Callable[[str], bool] | None:
    if not schema.only(rules, {"min_len", "max_len", "pattern"}):
        return None
    least, most = rules.min_len, rules.max_len or 1 << 40
    if not rules.HasField("pattern"):
        return lambda text: least <= len(text) <= most
    search = schema.search(rules.pattern)
    return lambda text: least <= len(text) <= most and search(text) is not None


def _each(column: Sequence[Any], good: Callable[[Any], bool]) -> Any:
    """Judge each distinct value once: lines of one company repeat themselves."""
    distinct = set(column)
    bad = {value for value in distinct if not good(value)}
    if not bad:
        return np.ones(len(column), dtype=bool)
    return np.array([value not in bad for value in column], dtype=bool)


def _repeated(field: FieldDescriptor, rules: Any) -> Rule:
    name = field.name
    items = rules.repeated.items
    if rules.cel or rules.required or not schema.only(rules.repeated, {"min_items", "max_items", "unique", "items"}):
        return _unknown(field.full_name)
    least, most, unique = rules.repeated.min_items, rules.repeated.max_items or 1 << 40, rules.repeated.unique
    good = _item(items) if field.message_type is None else None
    if good is None:
        return _nothing_in(field) if least == 0 else _unknown(field.full_name)

    def whole(one: tuple[Any, ...]) -> bool:
        return least <= len(one) <= most and (not unique or len(set(one)) == len(one)) and all(map(good, one))

    return lambda columns: _each(columns.lists(name), whole)


def _nothing_in(field: FieldDescriptor) -> Rule:
    """Be sure of lists of messages only while they are empty."""
    name = field.name
    return lambda columns: ~columns.has(name)


def _item(items: Any) -> Callable[[Any], bool] | None:
    fields = {f.name for f, _ in items.ListFields()}
    if not fields:
        return lambda _: True
    if fields == {"string"}:
        if schema.only(items.string, {"in"}):
            allowed = frozenset(getattr(items.string, "in"))
            return lambda text: text in allowed
        return _string(items.string)
    return None


def _of_message(field: FieldDescriptor, rules: Any) -> list[Rule]:
    name, kind = field.name, field.message_type
    out: list[Rule] = []
    if rules is not None and rules.required:
        out.append(lambda columns: columns.has(name))
    if kind.full_name == schema.TIMESTAMP:
        if rules is not None and (rules.cel or rules.WhichOneof("type")):
            return [_unknown(field.full_name, name)]
        out.append(_timestamp(name))
        return out
    if kind.full_name == schema.DATE:
        out.append(_day(name))
    for rule in rules.cel if rules is not None else ():
        if kind.full_name == schema.DATE and _POSITIVE.fullmatch(rule.expression):
            parts = re.findall(r"this\.(\w+)", rule.expression)
            out.append(_positive(name, parts))
        else:
            out.append(_unknown(f"{field.full_name}: {rule.id}", name))
    inner = _rules(kind)
    if inner:
        out.append(_nested(name, inner))
    return out


def _timestamp(name: str) -> Rule:
    def rule(columns: Columns) -> Any:
        part = columns.part(name)
        seconds, nanos = part.numbers("seconds"), part.numbers("nanos")
        return (
            part.whole
            & (seconds >= schema.YEAR_1)
            & (seconds < schema.YEAR_10000)
            & (nanos >= 0)
            & (nanos < 1_000_000_000)
        )

    return rule


def _day(name: str) -> Rule:
    def rule(columns: Columns) -> Any:
        part = columns.part(name)
        days = zip(*(part.numbers(field).tolist() for field in ("year", "month", "day")), strict=True)
        return (part.whole & _each(list(days), lambda day: schema.in_calendar(*day))) | ~columns.has(name)

    return rule


def _positive(name: str, fields: Sequence[str]) -> Rule:
    def rule(columns: Columns) -> Any:
        part = columns.part(name)
        return np.all([part.numbers(field) > 0 for field in fields], axis=0) | ~columns.has(name)

    return rule


def _nested(name: str, inner: tuple[Rule, ...]) -> Rule:
    def rule(columns: Columns) -> Any:
        with_it = columns.has(name)
        return _all(columns.part(name), inner) | ~with_it if with_it.any() else ~with_it

    rule.unknown = "; ".join(u for u in (getattr(r, "unknown", "") for r in inner) if u)  # type: ignore[attr-defined]
    return rule
