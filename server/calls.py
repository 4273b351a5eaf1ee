"""One call, from its first byte to its status: what is counted, logged and told of it."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf import descriptor_pb2
from sqlalchemy import exc as sql

from server import logs
from server.faults import Fault, forget_frames
from server.store.ids import random_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.metrics import Metrics
    from server.viewer import Viewer

log = structlog.get_logger(__name__)
_stdlib = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAMES = ("name", "parent")
_LONGEST_NAME = 400
_CODES: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class Rule:
    """What the guard knows of a method.

    Attributes
    ----------
    path
        As on the wire: ``/groupage.v1.Orders/GetOrder``.
    label
        For people and metrics: ``Orders/GetOrder``.
    parse, serialize
        Of the request and of the response, as the service registered them.
    open
        Whether callers need not be known.
    """

    path: str
    label: str
    parse: Callable[[bytes], Any] | None
    serialize: Callable[[Any], bytes] | None
    open: bool

    @classmethod
    def of(cls, path: str, handler: Any, *, open_: bool) -> Rule:
        """Read a handler as its service registered it."""
        service, _, method = path.lstrip("/").partition("/")
        label = f"{service.rpartition('.')[2]}/{method}"
        return cls(path, label, handler.request_deserializer, handler.response_serializer, open_)

    def to_bytes(self, answer: Any) -> bytes:
        """Serialize an answer; a handler that has the bytes already gives them."""
        if isinstance(answer, bytes) or self.serialize is None:
            return answer  # type: ignore[no-any-return]
        return self.serialize(answer)


@dataclass(eq=False, slots=True)
class Call:
    """One call under way; `late` when the guard has ended it for that; `address` of callers that need not be known."""

    rule: Rule
    metrics: Metrics
    authorization: str = field(default="", repr=False)
    request_id: str = ""
    viewer: Viewer | None = None
    address: str = ""
    names: tuple[str, ...] = ()
    writes: bool = False
    late: bool = False
    code: str = "OK"
    reason: str = ""
    began: float = field(default_factory=time.perf_counter)

    @classmethod
    def begin(cls, rule: Rule, metrics: Metrics, context: Any) -> Call:
        """Read what came with the call, and have every line that is logged for it say so."""
        call = cls(rule, metrics)
        for key, value in context.invocation_metadata() or ():
            if key == "authorization" and isinstance(value, str):
                call.authorization = value
            elif key == "x-request-id" and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
                call.request_id = value
        call.request_id = call.request_id or random_bytes(16).hex()
        logs.context.set(call)
        metrics.began(rule.label)
        return call

    def asks_for(self, request: Any) -> None:
        """Note the names that a request gives, and whether it is a write: the audit log of reads wants to know."""
        self.writes, named = _described(type(request))  # type: ignore[arg-type]  # a class can be hashed
        # Not yet checked by anybody, and to be stored: neither long, nor what PostgreSQL does not take.
        given = (getattr(request, key)[:_LONGEST_NAME].replace("\0", "\ufffd") for key in named)
        self.names = tuple(name for name in given if name)

    def logged(self) -> dict[str, str]:
        """Fields of its log lines."""
        said = {"request_id": self.request_id, "method": self.rule.label}
        return said if self.viewer is None else {**said, "company": self.viewer.key}

    @property
    def outcome(self) -> str:
        """``OK``, or why not."""
        return self.reason or self.code

    def end(self, *, timed: bool) -> None:
        """Count it."""
        seconds = time.perf_counter() - self.began
        self.metrics.ended(self.rule.label, self.code, self.reason, seconds if timed else None)
        if _stdlib.isEnabledFor(logging.DEBUG):  # to build an entry that nobody wants costs as much as the rest
            log.debug("call ended", code=self.code, reason=self.reason, seconds=round(seconds, 6))

    async def refuse(self, context: Any, error: BaseException) -> None:
        """Answer an error: faults as the contract says, whatever else as an incident that only the log explains.

        The call has its status when this returns: what its handler returns afterwards is not sent. All that the error
        knew of where it was raised is gone.

        Raises
        ------
        asyncio.CancelledError, GeneratorExit
            The error itself, where the call is over already.
        """
        if isinstance(error, asyncio.CancelledError):
            left = context.time_remaining()
            self.code = "DEADLINE_EXCEEDED" if left is not None and left <= 0 else "CANCELLED"
        elif isinstance(error, GeneratorExit):
            self.code = "CANCELLED"
        elif isinstance(error, grpc.aio.AbortError):
            self.code = _code_of(context)
        elif isinstance(error, NotImplementedError) and _code_of(context) == "UNIMPLEMENTED":
            # What a generated servicer does where a method is not overridden.
            self.code = "UNIMPLEMENTED"
            await _abort(context, grpc.StatusCode.UNIMPLEMENTED, "this server does not have the method", ())
        else:
            fault = error if isinstance(error, Fault) else self._translated(error)
            self.code, self.reason = fault.code.name, fault.reason
            await _abort(context, fault.code, fault.message, fault.trailing_metadata())
        forget_frames(error)
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            raise error

    def _translated(self, error: BaseException) -> Fault:
        if isinstance(error, (sql.OperationalError, sql.InterfaceError, sql.TimeoutError)):
            log.warning("the store does not answer", error=str(error))
            return Fault("STORE_UNAVAILABLE")
        incident_id = secrets.token_hex(16)
        log.error("incident", incident_id=incident_id, exc_info=error)
        return Fault("INTERNAL_FAULT", metadata={"incident_id": incident_id})


async def _abort(context: Any, code: grpc.StatusCode, message: str, metadata: tuple[tuple[str, bytes], ...]) -> None:
    try:
        await context.abort(code, message, metadata)
    except grpc.aio.AbortError as aborted:
        forget_frames(aborted)  # gRPC raises it again, by itself, when the handler returns


@cache
def _described(kind: type) -> tuple[bool, tuple[str, ...]]:
    """Whether requests of a type change something, and which of their fields name what they are about.

    All that change something, and no others, carry a request id.
    """
    descriptor = getattr(kind, "DESCRIPTOR", None)
    if descriptor is None:
        return False, ()
    texts = [key for key in _NAMES if key in descriptor.fields_by_name]
    return "request_id" in descriptor.fields_by_name, tuple(
        key for key in texts if descriptor.fields_by_name[key].type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    )


def _code_of(context: Any) -> str:
    """Name of the code that a handler has set by itself."""
    code = context.code()
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    return _CODES.get(number, "UNKNOWN")
