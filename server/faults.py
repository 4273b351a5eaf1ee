"""The one error that the service answers with on purpose, and how it goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from server.reasons import REASONS

if TYPE_CHECKING:
    import grpc

DOMAIN = "groupage"
DETAILS_KEY = "grpc-status-details-bin"
# Clients refuse metadata beyond 8 KiB by default; base64 makes these a third longer.
MAX_DETAILS_BYTES = 4500
MAX_VALUE_CHARACTERS = 400
# Reasons that say when to ask again, where nothing else is said.
_RETRY_AFTER_S = {"RATE_LIMITED": 1.0, "SERVER_DRAINING": 1.0}


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks a rule.

    Attributes
    ----------
    field
        Path from the request, such as ``orders[3].shipment.pallets``.
    description
        What was expected; of what was given only what the caller itself sent.
    """

    field: str
    description: str


class Fault(Exception):
    """An error of the contract: what a handler raises, or returns for one of many, where it cannot do what was asked.

    Parameters
    ----------
    reason
        Name of a value of ``groupage.v1.ErrorReason``.
    violations
        Fields that are wrong; at least one with ``INVALID_FIELD``.
    retry_after_s
        When to ask again, in seconds; ``RATE_LIMITED`` and ``SERVER_DRAINING`` say one second by themselves.
    **metadata
        The keys that the contract gives the reason, all of them. Never another company's data.

    Raises
    ------
    ValueError
        The reason is unknown, or its metadata are not those of the contract.

    Examples
    --------
    >>> Fault("ETAG_MISMATCH", name="companies/acme/orders/1").code.name
    'ABORTED'
    """

    def __init__(
        self,
        reason: str,
        /,
        *,
        violations: tuple[Violation, ...] = (),
        retry_after_s: float | None = None,
        **metadata: object,
    ) -> None:
        known = REASONS.get(reason)
        if known is None:
            raise ValueError(f"reason is {reason!r}, expected one of groupage.v1.ErrorReason")
        if set(metadata) != set(known.keys):
            raise ValueError(f"metadata of {reason} are {sorted(metadata)}, expected {sorted(known.keys)}")
        if reason == "INVALID_FIELD" and not violations:
            raise ValueError("INVALID_FIELD has no violations, expected the fields that are wrong")
        super().__init__(known.text)
        self.reason = reason
        self.code: grpc.StatusCode = known.code
        self.text = known.text
        self.metadata = {key: str(metadata[key])[:MAX_VALUE_CHARACTERS] for key in known.keys}
        self.violations = violations
        self.retry_after_s = _RETRY_AFTER_S.get(reason) if retry_after_s is None else retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        state = {"violations": self.violations, "retry_after_s": self.retry_after_s, **self.metadata}
        return _fault, (self.reason, state)

    def __repr__(self) -> str:
        return f"Fault({self.reason!r}, {self.metadata!r}, {self.violations!r})"

    def error_info(self) -> error_details_pb2.ErrorInfo:
        """The reason and its metadata, as they stand in a status or in a receipt of one line."""
        return error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)

    def status(self) -> status_pb2.Status:
        """The whole error as ``google.rpc.Status``, as an operation or a receipt carries it.

        Violations that do not fit into a response's metadata are counted in a last one.
        """
        details = [_packed(self.error_info())]
        if self.retry_after_s is not None:
            delay = duration_pb2.Duration()
            delay.FromNanoseconds(round(self.retry_after_s * 1e9))
            details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
        if self.violations:
            room = MAX_DETAILS_BYTES - sum(detail.ByteSize() for detail in details)
            details.append(_packed(_bad_request(self.violations, room)))
        return status_pb2.Status(code=self.code.value[0], message=self.text, details=details)

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        """What ``context.abort(fault.code, fault.text, fault.trailing_metadata())`` needs to carry the details."""
        return ((DETAILS_KEY, self.status().SerializeToString()),)


def invalid(*violations: tuple[str, str]) -> Fault:
    """Make the fault of wrong fields from pairs of a path and what was expected."""
    return Fault("INVALID_FIELD", violations=tuple(Violation(*pair) for pair in violations))


def not_found(name: str) -> Fault:
    """Make the fault of what is not there, or must not be known to be."""
    return Fault("RESOURCE_NOT_FOUND", name=name)


def _fault(reason: str, state: dict[str, object]) -> Fault:
    return Fault(reason, **state)  # type: ignore[arg-type]


def _packed(message: object) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _bad_request(violations: tuple[Violation, ...], room: int) -> error_details_pb2.BadRequest:
    request = error_details_pb2.BadRequest()
    # The type's name, and the violation that counts the rest.
    room -= 150
    for shown, violation in enumerate(violations):
        field, description = violation.field[:MAX_VALUE_CHARACTERS], violation.description[:MAX_VALUE_CHARACTERS]
        one = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
        room -= one.ByteSize() + 3
        if room < 0:
            rest = f"and {len(violations) - shown:,} more"
            request.field_violations.add(field="", description=rest)
            break
        request.field_violations.append(one)
    return request
