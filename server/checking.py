"""From bytes to a message that keeps the rules of the schema."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from protovalidate import Validator

from server import rules, screen
from server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Compiles the rules of a message type when it first meets one, and keeps them.
_validator = Validator()
# A list that is too long is a request that is too large, and the limit is told.
_TOO_LONG = frozenset({"repeated.max_items", "map.max_pairs", "bytes.max_len"})

# Requests whose lines are judged one by one, so that a wrong one does not refuse its neighbours (`server.bulk`).
LINES = {"groupage.v1.UploadOrdersRequest": "orders", "groupage.v1.UploadDemandRequest": "records"}


def parsed(parse: Callable[[bytes], Any] | None, raw: bytes) -> Any:
    """Parse a request.

    Raises
    ------
    Fault
        MALFORMED_REQUEST; why, only the sender could say.
    """
    if parse is None:
        return raw
    try:
        return parse(raw)
    except Exception:
        # DecodeError, and whatever else a parser makes of hostile bytes.
        raise Fault("MALFORMED_REQUEST") from None


def check(message: Any) -> None:
    """Check a message by the rules in its schema.

    Raises
    ------
    Fault
        INVALID_FIELD with every field that is wrong, or REQUEST_TOO_LARGE where a list is too long.
    """
    if not isinstance(message, Message):
        return
    if lines := LINES.get(message.DESCRIPTOR.full_name):
        message = _without_lines(message, lines)
    sure = screen.of(message.DESCRIPTOR)
    if sure is not None and sure(message):
        return
    if wrong := list(_no_times(message, "")):
        raise Fault("INVALID_FIELD", violations=wrong)
    violations = _validator.collect_violations(message)
    if not violations:
        return
    found = [(path(v.proto.field), _expected(v)) for v in violations]
    if lines:
        kept = [not field.startswith(f"{lines}[") for field, _ in found]
        violations = [v for v, keep in zip(violations, kept, strict=True) if keep]
        found = [f for f, keep in zip(found, kept, strict=True) if keep]
        if not violations:
            return
    for violation, (field, _) in zip(violations, found, strict=True):
        if violation.proto.rule_id in _TOO_LONG:
            limit = f"{field}: {violation.rule_value}"
            raise Fault("REQUEST_TOO_LARGE", metadata={"limit": limit}, violations=found)
    raise Fault("INVALID_FIELD", violations=found)


# What the schema's rules do not refuse, and whatever reads a time does; so that comes first.
_TIMES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "google.protobuf.Timestamp": (screen.is_timestamp, "a time from year 1 to year 9999"),
    "google.protobuf.Duration": (screen.is_duration, "a duration of 10,000 years at most"),
    "google.type.Date": (screen.is_day, "a day of the calendar"),
}


def _no_times(message: Any, place: str) -> Iterator[tuple[str, str]]:
    """Fields of a message, and of those in it, that hold what is no time, with what was expected."""
    for name, repeated, time in _timed(message.DESCRIPTOR):
        if not repeated and not message.HasField(name):
            continue
        values = getattr(message, name)
        for i, value in enumerate(values) if repeated else ((-1, values),):
            where = f"{place}{name}[{i}]" if repeated else f"{place}{name}"
            if time is None:
                yield from _no_times(value, f"{where}.")
            elif not _TIMES[time][0](value):
                yield where, _TIMES[time][1]


@cache
def _timed(descriptor: Any) -> tuple[tuple[str, bool, str | None], ...]:
    """Fields of a message type that hold a time, or something that may hold one: name, whether repeated, which time."""
    found: list[tuple[str, bool, str | None]] = []
    for field in descriptor.fields:
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry:
            continue
        if kind.full_name in _TIMES:
            found.append((field.name, field.is_repeated, kind.full_name))
        elif _reaches_a_time(kind, frozenset({descriptor.full_name})):
            found.append((field.name, field.is_repeated, None))
    return tuple(found)


def _reaches_a_time(descriptor: Any, above: frozenset[str]) -> bool:
    if descriptor.full_name in above:
        return False
    within = (f.message_type for f in descriptor.fields if f.message_type is not None)
    return any(
        kind.full_name in _TIMES or _reaches_a_time(kind, above | {descriptor.full_name})
        for kind in within
        if not kind.GetOptions().map_entry
    )


def _without_lines(message: Any, lines: str) -> Any:
    """The rest of a chunk, after its number of lines was checked."""
    repeated = rules.of_field(message.DESCRIPTOR.fields_by_name[lines]).repeated
    count = len(getattr(message, lines))
    if count > repeated.max_items:
        raise Fault("REQUEST_TOO_LARGE", metadata={"limit": f"{lines}: {repeated.max_items}"})
    if count < repeated.min_items:
        raise Fault("INVALID_FIELD", violations=[(lines, f"at least {repeated.min_items}")])
    rest = type(message)(parent=message.parent, request_id=message.request_id)
    getattr(rest, lines).add()  # one that stands for all; what is wrong with it is not told
    return rest


def warm(services: Iterable[str]) -> None:
    """Compile the rules of all requests of some services, before the first call needs them."""
    pool = descriptor_pool.Default()
    for name in services:
        for method in pool.FindServiceByName(name).methods:
            _validator.collect_violations(message_factory.GetMessageClass(method.input_type)())


def path(field: Any) -> str:
    """A field's path as integrators write it, such as ``orders[3].shipment.pallets``.

    Parameters
    ----------
    field
        A ``buf.validate.FieldPath``, or None where the rule is the message's.
    """
    parts: list[str] = []
    for element in field.elements if field is not None else ():
        subscript = element.subscript
        where = "" if subscript is None else f"[{getattr(subscript, 'value', subscript)}]"
        parts.append(element.field_name + where)
    return ".".join(parts)


def _expected(violation: Any) -> str:
    text: str = violation.proto.message or violation.proto.rule_id
    return text if len(text) <= 300 else str(violation.proto.rule_id)
