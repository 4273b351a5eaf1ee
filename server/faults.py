"""The one error that the service answers with on purpose, and how it goes over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from server.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import grpc

DOMAIN = "groupage"
DETAILS_KEY = "grpc-status-details-bin"
# Clients refuse metadata beyond 8 KiB by default; base64 makes these a third longer.
MAX_DETAILS_BYTES = 4500
MAX_VALUE_CHARACTERS = 400
# Reasons that say when to ask again, where nothing else is said.
_RETRY_AFTER_S = {"RATE_LIMITED": 1.0, "SERVER_DRAINING": 1.0}


class Violation(NamedTuple):
    """One field that breaks a rule; a plain pair does as well.

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
    message
        What to tell people instead of the contract's own words; never the text of an exception, never another
        company's data.
    metadata
        The keys that the contract gives the reason, all of them. Never another company's data.
    violations
        Fields that are wrong, with what was expected; at least one with ``INVALID_FIELD``.
    retry_after_s
        When to ask again, in seconds; ``RATE_LIMITED`` and ``SERVER_DRAINING`` say one second by themselves.

    Raises
    ------
    ValueError
        The reason is unknown, or its metadata are not those of the contract.

    Examples
    --------
    >>> Fault("ETAG_MISMATCH", metadata={"name": "companies/acme/orders/1"}).code.name
    'ABORTED'
    """

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        metadata: Mapping[str, object] | None = None,
        violations: Iterable[tuple[str, str]] = (),
        retry_after_s: float | None = None,
    ) -> None:
        known = REASONS.get(reason)
        given = metadata or {}
        if known is None:
            raise ValueError(f"reason is {reason!r}, expected one of groupage.v1.ErrorReason")
        if set(given) != set(known.keys):
            raise ValueError(f"metadata of {reason} are {sorted(given)}, expected {sorted(known.keys)}")
        self.violations = tuple(Violation(*pair) for pair in violations)
        if reason == "INVALID_FIELD" and not self.violations:
            raise ValueError("INVALID_FIELD has no violations, expected the fields that are wrong")
        self.reason = reason
        self.code: grpc.StatusCode = known.code
        self.message = message[:MAX_VALUE_CHARACTERS] or known.text
        self.metadata = {key: str(given[key])[:MAX_VALUE_CHARACTERS] for key in known.keys}
        self.retry_after_s = _RETRY_AFTER_S.get(reason) if retry_after_s is None else retry_after_s
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return _fault, (self.reason, self.message, self.metadata, self.violations, self.retry_after_s)

    def __repr__(self) -> str:
        return f"Fault({self.reason!r}, {self.message!r}, metadata={self.metadata!r}, violations={self.violations!r})"

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
        return status_pb2.Status(code=self.code.value[0], message=self.message, details=details)

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        """What ``context.abort(fault.code, fault.message, fault.trailing_metadata())`` needs to carry the details."""
        return ((DETAILS_KEY, self.status().SerializeToString()),)


def invalid(*violations: tuple[str, str]) -> Fault:
    """Make the fault of wrong fields from pairs of a path and what was expected."""
    return Fault("INVALID_FIELD", violations=violations)


def not_found(name: str) -> Fault:
    """Make the fault of what is not there, or must not be known to be."""
    return Fault("RESOURCE_NOT_FOUND", metadata={"name": name})


def forget_frames(error: BaseException) -> None:
    """Make an exception, and those that led to it, let go of the frames that they came through.

    Those hold the request, some megabytes perhaps; and gRPC keeps with a call what ended it, as a future does. Such a
    ring is untied only when rubbish is looked for, which is seldom (`server.app.COLLECT_AFTER`): a thousand refused
    calls would hold gigabytes.
    """
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (one := waiting.pop()) is not None:
            waiting += (one.__context__, one.__cause__)
            one.__traceback__ = one.__context__ = one.__cause__ = None


def _fault(
    reason: str,
    message: str,
    metadata: Mapping[str, object],
    violations: Iterable[tuple[str, str]],
    retry_after_s: float | None,
) -> Fault:
    return Fault(reason, message, metadata=metadata, violations=violations, retry_after_s=retry_after_s)


def _packed(message: object) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _bad_request(violations: tuple[Violation, ...], room: int) -> error_details_pb2.BadRequest:
    request = error_details_pb2.BadRequest()
    # The type's name, and the violation that counts the rest.
    room -= 150
    for shown, (field, description) in enumerate(violations):
        one = error_details_pb2.BadRequest.FieldViolation(
            field=field[:MAX_VALUE_CHARACTERS], description=description[:MAX_VALUE_CHARACTERS]
        )
        room -= one.ByteSize() + 3
        if room < 0:
            rest = f"and {len(violations) - shown:,} more"
            request.field_violations.add(field="", description=rest)
            break
        request.field_violations.append(one)
    return request
