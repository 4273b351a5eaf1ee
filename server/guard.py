"""The one interceptor: every call of every kind goes through it before a handler sees it, and every error after."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import structlog

from server import audit, checking, viewer
from server.calls import Call, Rule
from server.faults import Fault
from server.limits import Buckets, Rate
from server.streams import Streams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from server.identity import Caller, Identities
    from server.metrics import Metrics
    from server.streams import Stream

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
# Who may call them need not be known: what they tell is public.
OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/",
                 "/grpc.reflection.v1alpha.ServerReflection/")  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """What one participant may ask of one server, or one address where who calls need not be known.

    Attributes
    ----------
    calls
        Messages that it may send, in units of one.
    request_bytes
        Bytes of them.
    failures
        Calls with an identity that is not good, or without one, from one address.
    most_request_bytes, most_response_bytes
        Of one message.
    most_streams
        Streams that it may have open at a time.
    unary_timeout_s
        For how long the server works on one call at most, whatever deadline the caller gave.
    stream_wait_s
        For how long a stream that sends too fast is slowed down before it is ended.
    stalled_s
        For how long a watcher may take nothing of what waits for it, before its stream is ended.
    """

    calls: Rate = Rate(2_000, 10_000)
    request_bytes: Rate = Rate(64 * MIB, 256 * MIB)
    failures: Rate = Rate(20, 100)
    most_request_bytes: int = 4 * MIB
    most_response_bytes: int = 16 * MIB
    most_streams: int = 64
    unary_timeout_s: float = 60.0
    stream_wait_s: float = 5.0
    stalled_s: float = 60.0


class Guard(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Identity, limits, parsing, rules, deadlines, metrics, audit and errors, for handlers that know nothing of them.

    A handler gets parsed, checked messages; `server.viewer.caller` says on whose behalf. It returns a message or its
    bytes, or yields them, and raises a `Fault` where it cannot do what was asked. Handlers of streams are asynchronous
    generators; those that are sent a stream read it from their first argument, and let a `Fault` that comes out of it
    pass.

    Parameters
    ----------
    identities
        Proves who calls.
    metrics
        Counts.
    sink
        Takes in who read what.
    limits
        Per participant.
    client_certificates
        Whether TLS asks clients for a certificate; it costs a look at each call.
    """

    def __init__(
        self,
        identities: Identities,
        metrics: Metrics,
        sink: audit.AuditSink,
        *,
        limits: Limits | None = None,
        client_certificates: bool = False,
    ) -> None:
        self._identities = identities
        self._metrics = metrics
        self._sink = sink
        self._limits = limits or Limits()
        # Those who need not be known are told apart by their addresses, and never push a participant's bucket out.
        self._known, self._unknown = (
            (Buckets(self._limits.calls), Buckets(self._limits.request_bytes)) for _ in range(2)
        )
        self._failures = Buckets(self._limits.failures)
        self._client_certificates = client_certificates
        self._handlers: dict[str, grpc.RpcMethodHandler] = {}
        self._answers: dict[Call, asyncio.Task[Any] | None] = {}
        self._draining = False
        self.streams = Streams(self._limits.most_streams)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Put the guard around a method's handler; made once for each method that there is."""
        path = handler_call_details.method
        guarded = self._handlers.get(path)
        if guarded is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            rule = Rule.of(path, handler, open_=path.startswith(OPEN_SERVICES))
            guarded = self._handlers[path] = self._around(rule, handler)
        return guarded

    def drain(self) -> None:
        """Refuse new calls and end the streams; what is being answered is answered."""
        self._draining = True
        self.streams.drain()

    async def watch(self, every_s: float = 0.5) -> None:
        """End calls that take too long, and streams that stall or whose identity is not good; runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            self._end_late_calls()
            self.streams.end_stalled(self._limits.stalled_s)
            for stream in self.streams:
                if stream.credentials == ("", b""):
                    continue
                try:
                    await self._identities.identify(*stream.credentials)
                except Fault as fault:
                    stream.end(fault)
                except Exception as error:  # the store is away: streams that were let in go on
                    log.warning("identities cannot be looked up", error=str(error))
                    break

    def _around(self, rule: Rule, handler: Any) -> grpc.RpcMethodHandler:
        if handler.request_streaming and handler.response_streaming:
            made, behaviour = grpc.stream_stream_rpc_method_handler, self._streaming(rule, handler.stream_stream, True)
        elif handler.request_streaming:
            made, behaviour = grpc.stream_unary_rpc_method_handler, self._answering(rule, handler.stream_unary, True)
        elif handler.response_streaming:
            made, behaviour = grpc.unary_stream_rpc_method_handler, self._streaming(rule, handler.unary_stream, False)
        else:
            made, behaviour = grpc.unary_unary_rpc_method_handler, self._unary(rule, handler.unary_unary)
        return made(behaviour, request_deserializer=None, response_serializer=rule.to_bytes)

    def _unary(self, rule: Rule, behaviour: Any) -> Any:
        async def guarded(raw: bytes, context: Any) -> bytes:
            call = Call.begin(rule, self._metrics, context)
            try:
                caller = await self._admitted(call, context)
                self._take_in(call, len(raw))
                request = self._request(call, caller, raw)
                answer = self._response(rule, await self._timely(call, behaviour(request, context)))
                await self._seen(call)
                return answer
            except BaseException as error:
                raw, request = b"", None  # this frame goes on with the error, if that is raised again
                await self._refused(call, context, error)
                return b""  # never sent
            finally:
                call.end(timed=True)

        return guarded

    def _answering(self, rule: Rule, behaviour: Any, _: bool) -> Any:
        async def guarded(messages: AsyncIterator[bytes], context: Any) -> bytes:
            call, stream = Call.begin(rule, self._metrics, context), None
            try:
                caller = await self._admitted(call, context)
                stream = self._open(call, context)
                requests = self._requests(call, caller, messages)
                answer = self._response(rule, await stream.result(behaviour(requests, context)))
                await self._seen(call)
                return answer
            except BaseException as error:
                await self._refused(call, context, (stream and stream.ended(error)) or error)
                return b""  # never sent
            finally:
                self._close(call, stream)

        return guarded

    def _streaming(self, rule: Rule, behaviour: Any, request_streaming: bool) -> Any:
        async def guarded(given: Any, context: Any) -> AsyncIterator[bytes]:
            call, stream = Call.begin(rule, self._metrics, context), None
            try:
                caller = await self._admitted(call, context)
                stream = self._open(call, context, watches=not request_streaming)
                if request_streaming:
                    request: Any = self._requests(call, caller, given)
                else:
                    self._take_in(call, len(given))
                    request = self._request(call, caller, given)
                    await self._seen(call)
                async for message in stream.responses(behaviour(request, context)):
                    yield self._response(rule, message)
            except BaseException as error:
                given = request = None  # this frame goes on with the error, if that is raised again
                await self._refused(call, context, (stream and stream.ended(error)) or error)
            finally:
                self._close(call, stream)

        return guarded

    async def _admitted(self, call: Call, context: Any) -> Caller | None:
        if self._draining and not call.rule.open:
            raise Fault("SERVER_DRAINING")
        address = context.peer().rpartition(":")[0]
        if call.rule.open:
            call.address = address
            return None
        if wait := self._failures.empty(address):
            raise Fault("RATE_LIMITED", metadata={"limit": "failed identities"}, retry_after_s=wait)
        try:
            caller = await self._identities.identify(call.authorization, self._certificate(context))
        except Fault as fault:
            if fault.reason == "UNAUTHENTICATED_CALLER":
                self._failures.take(address)
                log.warning("caller refused", peer=context.peer())
            raise
        call.viewer = caller.viewer
        viewer.calls(caller.viewer)
        return caller

    def _certificate(self, context: Any) -> bytes:
        if not self._client_certificates:
            return b""
        presented = context.auth_context().get("x509_pem_cert")
        return presented[0] if presented else b""

    def _take_in(self, call: Call, size_bytes: int) -> None:
        self._sized(call, size_bytes)
        if wait := self._wait(call, size_bytes):
            limit, seconds = wait
            raise Fault("RATE_LIMITED", metadata={"limit": limit}, retry_after_s=seconds)

    def _sized(self, call: Call, size_bytes: int) -> None:
        self._metrics.read(call.rule.label, size_bytes)
        if size_bytes > self._limits.most_request_bytes:
            raise Fault("REQUEST_TOO_LARGE", metadata={"limit": f"{self._limits.most_request_bytes} bytes"})

    def _wait(self, call: Call, size_bytes: int) -> tuple[str, float] | None:
        (calls, volume), key = (self._known, call.viewer.key) if call.viewer else (self._unknown, call.address)
        if seconds := calls.take(key):
            return f"{self._limits.calls.per_s:g} messages per second", seconds
        if seconds := volume.take(key, size_bytes):
            return f"{self._limits.request_bytes.per_s:g} bytes per second", seconds
        return None

    def _request(self, call: Call, caller: Caller | None, raw: bytes) -> Any:
        request = checking.parsed(call.rule.parse, raw)
        call.asks_for(request)
        if caller is not None and caller.suspended and call.writes:
            raise Fault("COMPANY_SUSPENDED")
        checking.check(request)
        return request

    async def _requests(self, call: Call, caller: Caller | None, messages: Any) -> AsyncIterator[Any]:
        # gRPC's own generator and its maker hold each other, and the last message, until it is closed.
        async with contextlib.aclosing(aiter(messages)) as received:
            async for raw in received:
                self._sized(call, len(raw))
                # Who sends faster than it may is read more slowly: flow control tells it so.
                waited = 0.0
                while wait := self._wait(call, len(raw)):
                    limit, seconds = wait
                    waited += seconds
                    if waited > self._limits.stream_wait_s:
                        raise Fault("RATE_LIMITED", metadata={"limit": limit}, retry_after_s=seconds)
                    await asyncio.sleep(seconds)
                yield self._request(call, caller, raw)

    def _response(self, rule: Rule, answer: Any) -> bytes:
        raw = rule.to_bytes(answer)
        if len(raw) > self._limits.most_response_bytes:
            raise ValueError(f"response has {len(raw)} bytes, expected {self._limits.most_response_bytes} at most")
        return raw

    async def _timely(self, call: Call, answer: Any) -> Any:
        # A timer of the event loop's own for each call would cost more than all the rest of the guard.
        self._answers[call] = asyncio.current_task()
        try:
            return await answer if hasattr(answer, "__await__") else answer
        except asyncio.CancelledError:
            task = self._answers[call]
            if call.late and task is not None:
                task.uncancel()
                raise Fault("CALL_TIMED_OUT") from None
            raise
        finally:
            del self._answers[call]

    def _end_late_calls(self) -> None:
        now = time.perf_counter()
        for call, task in self._answers.items():
            if now - call.began < self._limits.unary_timeout_s:
                break  # they are in the order in which they came
            if not call.late and task is not None:
                call.late = True
                task.cancel()

    def _open(self, call: Call, context: Any, *, watches: bool = False) -> Stream:
        key = call.viewer.key if call.viewer else context.peer().rpartition(":")[0]
        credentials = (call.authorization, self._certificate(context)) if call.viewer else ("", b"")
        return self.streams.open(key, credentials, watches=watches and call.viewer is not None)

    def _close(self, call: Call, stream: Stream | None) -> None:
        if stream is not None:
            self.streams.close(stream)
        call.end(timed=False)

    async def _refused(self, call: Call, context: Any, error: BaseException) -> None:
        try:
            await call.refuse(context, error)
        finally:
            if call.names and call.reason not in ("", "INTERNAL_FAULT"):
                await self._seen(call)

    async def _seen(self, call: Call) -> None:
        """Have a read audited; the store itself audits what is written."""
        if call.viewer is None or call.writes:
            return
        read = audit.Seen(call.viewer, call.rule.label, call.names, call.outcome, call.request_id, audit.now())
        await self._sink.seen(read)
