"""List filters in the language of AIP-160: parsed once, then applied to messages or turned into SQL.

``OR`` binds closer than ``AND``; ``NOT`` and ``-`` deny; fields stand on the left of ``=``, ``!=``, ``<``, ``<=``,
``>``, ``>=`` and ``:`` (has), values on the right. Only the fields that a method names may be asked for.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor
from sqlalchemy import and_, not_, or_, true

from server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from google.protobuf.message import Message
    from sqlalchemy import ColumnElement

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<op>!=|<=|>=|[=<>:])|(?P<mark>[()])|(?P<word>[\w./+-]+))', re.ASCII
)
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEPTH = 20
_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
    FieldDescriptor.CPPTYPE_FLOAT,
    FieldDescriptor.CPPTYPE_DOUBLE,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; `path` are the field descriptors that lead to it (none: the name of a oneof)."""

    name: str
    path: tuple[FieldDescriptor, ...]
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Joined:
    """Several terms, joined by AND or OR; NOT has one."""

    how: str
    terms: tuple[Compare | Joined, ...]


Node = Compare | Joined


def parse(text: str, message: type[Message], fields: Sequence[str]) -> Node | None:
    """Read a filter over some fields of a message; None where it is empty.

    Raises
    ------
    Fault
        FILTER_INVALID, with the character where it cannot be read.
    """
    if not text.strip():
        return None
    if "\0" in text:  # PostgreSQL takes none
        raise Fault("FILTER_INVALID", metadata={"at": str(text.index("\0"))})
    parser = _Parser(text, message, fields)
    node = parser.expression(0)
    if parser.kind:
        raise parser.fault(f"{parser.word} is not expected here")
    return node


class _Parser:
    def __init__(self, text: str, message: type[Message], fields: Sequence[str]) -> None:
        self.text, self.message, self.fields = text, message, fields
        self.at = self.next_at = 0
        self.kind: str | None = ""
        self.word = ""
        self.advance()

    def fault(self, what: str) -> Fault:
        return Fault("FILTER_INVALID", f"filter, character {self.at}: {what}", metadata={"at": str(self.at)})

    def advance(self) -> str:
        read = self.word
        rest = self.text[self.next_at :]
        if not rest.strip():
            self.at, self.kind, self.word = len(self.text), None, "the end"
            return read
        found = _TOKEN.match(self.text, self.next_at)
        self.at = self.next_at + len(rest) - len(rest.lstrip())
        if found is None:
            raise self.fault("cannot be read")
        self.kind, self.word, self.next_at = found.lastgroup, found[found.lastgroup or 0], found.end()
        return read

    def expression(self, depth: int) -> Node:
        if depth > _DEPTH:
            raise self.fault(f"more than {_DEPTH} parentheses within each other")
        terms = [self.factor(depth)]
        while self.kind == "word" and self.word == "AND":
            self.advance()
            terms.append(self.factor(depth))
        return terms[0] if len(terms) == 1 else Joined("AND", tuple(terms))

    def factor(self, depth: int) -> Node:
        terms = [self.term(depth)]
        while self.kind == "word" and self.word == "OR":
            self.advance()
            terms.append(self.term(depth))
        return terms[0] if len(terms) == 1 else Joined("OR", tuple(terms))

    def term(self, depth: int) -> Node:
        if self.kind == "word" and self.word == "NOT":
            self.advance()
            return Joined("NOT", (self.simple(depth),))
        if self.kind == "word" and self.word.startswith("-") and len(self.word) > 1:
            self.word = self.word[1:]
            return Joined("NOT", (self.simple(depth),))
        return self.simple(depth)

    def simple(self, depth: int) -> Node:
        if self.word == "(" and self.kind == "mark":
            self.advance()
            node = self.expression(depth + 1)
            if self.word != ")":
                raise self.fault(f"{self.word} where ) is expected")
            self.advance()
            return node
        if self.kind != "word":
            raise self.fault(f"{self.word} where a field is expected")
        name = self.word
        if name not in self.fields:
            raise self.fault(f"no field that may be named; these may: {', '.join(self.fields)}")
        self.advance()
        if self.kind != "op":
            raise self.fault(f"{self.word} where one of = != < <= > >= : is expected")
        op = self.advance()
        if self.kind not in ("word", "text"):
            raise self.fault(f"{self.word} where a value is expected")
        path = self.path(name)
        value = self.value(path, op)
        self.advance()
        return Compare(name, path, op, value)

    def path(self, name: str) -> tuple[FieldDescriptor, ...]:
        descriptor, out = self.message.DESCRIPTOR, []
        if name not in descriptor.fields_by_name and descriptor.oneofs and "." not in name:
            return ()  # the name that the contract has for which of a oneof is set
        for part in name.split("."):
            field = descriptor.fields_by_name[part]
            out.append(field)
            descriptor = field.message_type
        return tuple(out)

    def value(self, path: tuple[FieldDescriptor, ...], op: str) -> Any:
        given = re.sub(r"\\(.)", r"\1", self.word[1:-1]) if self.kind == "text" else self.word
        if not path:
            kinds = [f.name for f in self.message.DESCRIPTOR.oneofs[0].fields]
            if given not in kinds or op not in ("=", "!=", ":"):
                raise self.fault(f"{given!r}, expected one of {', '.join(kinds)} with =, != or :")
            return given
        field = path[-1]
        try:
            if field.enum_type is not None:
                if op not in ("=", "!=", ":") or given not in field.enum_type.values_by_name:
                    raise ValueError
                return given
            if field.message_type is not None:
                if field.message_type.full_name == "google.type.Date":
                    return date.fromisoformat(given)
                moment = datetime.fromisoformat(given)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
                return {"true": True, "false": False}[given]
            if field.cpp_type in _NUMBERS:
                return float(given)
        except (ValueError, KeyError):
            raise self.fault(f"{given!r} is no value of {field.name} for {op}") from None
        return given


def matches(node: Node | None, message: Message) -> bool:
    """Tell whether a message passes a filter."""
    if node is None:
        return True
    if isinstance(node, Joined):
        if node.how == "NOT":
            return not matches(node.terms[0], message)
        return (all if node.how == "AND" else any)(matches(t, message) for t in node.terms)
    if not node.path:
        values: list[Any] = [message.WhichOneof(message.DESCRIPTOR.oneofs[0].name)]
    else:
        values = [_plain(v, node.path[-1]) for v in _values(message, node.path)]
    if node.op == "!=":
        return all(v != node.value for v in values)
    if node.op == ":" and node.path and _is_text(node.path[-1]):
        return any(node.value.casefold() in v.casefold() for v in values)
    compare = operator.eq if node.op == ":" else _COMPARE[node.op]
    return any(compare(v, node.value) for v in values)


def sql(node: Node | None, columns: Mapping[str, Any]) -> ColumnElement[bool]:
    """Say a filter in SQL, over the column of each field that it may name."""
    if node is None:
        return true()
    if isinstance(node, Joined):
        if node.how == "NOT":
            return not_(sql(node.terms[0], columns))
        return (and_ if node.how == "AND" else or_)(*(sql(t, columns) for t in node.terms))
    column = columns[node.name]
    value = (
        node.value.isoformat() if isinstance(node.value, date) and not isinstance(node.value, datetime) else node.value
    )
    if node.op == ":" and _is_text(node.path[-1]):
        found: ColumnElement[bool] = column.icontains(value, autoescape=True)
        return found
    compared: ColumnElement[bool] = (operator.eq if node.op == ":" else _COMPARE[node.op])(column, value)
    return compared


def _is_text(field: FieldDescriptor) -> bool:
    return field.cpp_type == FieldDescriptor.CPPTYPE_STRING and not field.is_repeated


def _values(message: Any, path: Sequence[FieldDescriptor]) -> list[Any]:
    found = [message]
    for field in path:
        inner = []
        for one in found:
            if field.is_repeated:
                inner += list(getattr(one, field.name))
            elif field.message_type is None or one.HasField(field.name):
                inner.append(getattr(one, field.name))
        found = inner
    return found


def _plain(value: Any, field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named else str(value)
    if field.message_type is not None:
        if field.message_type.full_name == "google.type.Date":
            return date(value.year, value.month, value.day)
        return value.ToDatetime(UTC)
    return value
