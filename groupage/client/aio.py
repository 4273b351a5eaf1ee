"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc

from groupage.client import frames, retries
from groupage.client.methods import Method, services
from groupage.client.retries import Retries
from groupage.client.shared import WATCHES, Upload, after_break, one_connection, uploads
from groupage.v1 import demand_pb2, orders_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from types import TracebackType

    import pandas as pd

    from groupage.client.connection import Connection
    from groupage.client.frames import Receipt


class _Service:
    """The methods of one service, such as ``await client.orders.get_order(name="companies/acme/orders/1")``."""

    def __init__(self, client: AsyncClient, methods: Mapping[str, Method]) -> None:
        self._client, self._methods = client, methods

    def __getattr__(self, name: str) -> Any:
        try:
            method = self._methods[name]
        except KeyError:
            raise AttributeError(f"no method {name!r}, expected one of {', '.join(self._methods)}") from None
        if method.client_streaming or method.server_streaming:
            return lambda request=None, /, **fields: self._client.stream(method, request, fields)
        return lambda request=None, /, **fields: self._client.call(method, request, fields)

    def __dir__(self) -> list[str]:
        return sorted(self._methods)


class AsyncClient:
    """A connection to the service on behalf of one company; like `groupage.client.Client`, with ``await``.

    It belongs to the event loop in which it was made.
    """

    def __init__(
        self,
        connection: Connection | str,
        *,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        timeout_s: float = 30.0,
        seed: int | None = None,
        **given: Any,
    ) -> None:
        self.connection = one_connection(connection, given)
        self._retries, self._timeout_s = retries, timeout_s
        self._rng = _rng(seed)
        where, options = self.connection.address, self.connection.options
        self._channel = (
            grpc.aio.secure_channel(where, self.connection.credentials(), options)
            if self.connection.secure
            else grpc.aio.insecure_channel(where, options)
        )

    def __getattr__(self, name: str) -> _Service:
        try:
            return _Service(self, services()[name])
        except KeyError:
            raise AttributeError(f"no service {name!r}, expected one of {', '.join(services())}") from None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connection; streams that are open end."""
        await self._channel.close()

    async def call(self, method: Method, request: Any, fields: Mapping[str, Any]) -> Any:
        """Call a method that is no stream."""
        request = method.asked(request, fields)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._open(method)(request, timeout=self._timeout_s, metadata=self.connection.metadata)
            except grpc.RpcError as error:
                await self._wait(retries.told(error), attempt if method.repeatable else self._retries.attempts)

    async def stream(self, method: Method, request: Any, fields: Mapping[str, Any]) -> AsyncIterator[Any]:
        """Call a method that is a stream; of one that takes a stream, `request` is what to send."""
        if not method.client_streaming:
            request = method.asked(request, fields)
        call = self._open(method)(request, metadata=self.connection.metadata)
        try:
            if not method.server_streaming:
                yield await call
                return
            async for answer in call:
                yield answer
        except grpc.RpcError as error:
            raise retries.told(error) from None
        finally:
            call.cancel()  # whoever stops listening ends the stream

    def _open(self, method: Method) -> Any:
        kind = {
            (False, False): self._channel.unary_unary,
            (False, True): self._channel.unary_stream,
            (True, False): self._channel.stream_unary,
            (True, True): self._channel.stream_stream,
        }[method.client_streaming, method.server_streaming]
        return kind(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )

    async def _wait(self, error: Any, attempt: int) -> None:
        wait = self._retries.wait_s(error, attempt, self._rng)
        if wait is None:
            raise error from None
        await asyncio.sleep(wait)

    async def pages(self, service: str, method: str, request: Any = None, /, **fields: Any) -> AsyncIterator[Any]:
        """All that a list method answers, page after page."""
        one = services()[service][method]
        asked = one.request()
        asked.CopyFrom(one.asked(request, fields))
        rows = next(f.name for f in one.response.DESCRIPTOR.fields if f.is_repeated)
        while True:
            page = await self.call(one, asked, {})
            for row in getattr(page, rows):
                yield row
            if not page.next_page_token:
                return
            asked.page_token = page.next_page_token

    async def frame(self, service: str, method: str, request: Any = None, /, **fields: Any) -> pd.DataFrame:
        """All that a list method answers, as a frame."""
        return frames.frame([row async for row in self.pages(service, method, request, **fields)])

    async def watch(self, name: str, after_sequence: int = 0) -> AsyncIterator[Any]:
        """What happens from a sequence number on; see `groupage.client.Client.watch`."""
        service, method, field, rows = WATCHES[name.split("/")[0]]
        watch = services()[service][method]
        attempt = 0
        while True:
            request = watch.request(**{field: name, "after_sequence": after_sequence})
            try:
                async for answer in self._open(watch)(request, metadata=self.connection.metadata):
                    attempt = 0
                    for row in getattr(answer, rows):
                        yield row
                    after_sequence = answer.sequence or after_sequence
                return
            except grpc.RpcError as error:
                attempt += 1
                await self._wait(after_break(retries.told(error)), attempt)

    async def wait(self, operation: Any, *, timeout_s: float = 3600.0, every_s: float = 1.0) -> Any:
        """Wait until a long-running operation is done; answers it.

        Raises
        ------
        TimeoutError
            If it is not done in time; it goes on.
        """
        get = services()["operations"]["get_operation"]
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while not operation.done:
            if loop.time() > until:
                raise TimeoutError(f"{operation.name} is not done after {timeout_s:g} s")
            await asyncio.sleep(every_s)
            operation = await self.call(get, None, {"name": operation.name})
        return operation

    async def upload_orders(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit orders in bulk; what is refused is named, and holds up nothing else."""
        return await self._upload(uploads("upload_orders", parent, rows, orders_pb2.Order))

    async def upload_demand(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit demand history in bulk."""
        return await self._upload(uploads("upload_demand", parent, rows, demand_pb2.DemandRecord))

    async def _upload(self, upload: Upload) -> Receipt:
        method = services()["orders"][upload.method]
        attempt = 0
        while upload.pending:
            try:
                async for answer in self._open(method)(upload.requests(), metadata=self.connection.metadata):
                    attempt = 0
                    upload.took(answer)
            except grpc.RpcError as error:
                attempt += 1
                await self._wait(retries.told(error), attempt)
        return upload.receipt()


_rng = retries.rng
