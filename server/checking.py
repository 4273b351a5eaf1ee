"""From bytes to a message that keeps the rules of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from protovalidate import Validator

from server import rules
from server.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
