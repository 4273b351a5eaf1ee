"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc

from groupage.client import frames, retries
from groupage.client.base import BaseClient
from groupage.client.methods import PAGE_ROWS, Method, listing, row_kind, services
from groupage.client.shared import Download, Upload, after_break, downloads, uploads, watching
from groupage.v1 import demand_pb2, orders_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    import pandas as pd

    from groupage.client.frames import Receipt
    from groupage.errors import ServiceError


class AsyncClient(BaseClient):
    """A connection to the service on behalf of one company; like `groupage.client.Client`, with ``await``.

    It belongs to the event loop in which it was made.
    """

    _channels = grpc.aio

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
                return await self._open(method, request, timeout=self._timeout_s)
            except grpc.RpcError as error:
                await self._wait(retries.told(error), attempt if method.repeatable else self._retries.attempts)

    async def stream(self, method: Method, request: Any, fields: Mapping[str, Any]) -> AsyncIterator[Any]:
        """Call a method that is a stream; of one that takes a stream, `request` is what to send."""
        if not method.client_streaming:
            request = method.asked(request, fields)
        call = self._open(method, request)
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

    def _dispatch(self, method: Method, request: Any, fields: Mapping[str, Any]) -> Any:
        is_stream = method.client_streaming or method.server_streaming
        return (self.stream if is_stream else self.call)(method, request, fields)

    async def _wait(self, error: ServiceError, attempt: int) -> None:
        await asyncio.sleep(self._wait_s(error, attempt))

    async def pages(self, service: str, method: str, request: Any = None, /, **fields: Any) -> AsyncIterator[Any]:
        """All that a list method answers, page after page."""
        one, rows = listing(service, method)
        asked = one.request()
        asked.CopyFrom(one.asked(request, fields))
        asked.page_size = asked.page_size or PAGE_ROWS
        while True:
            page = await self.call(one, asked, {})
            for row in getattr(page, rows):
                yield row
            if not page.next_page_token:
                return
            asked.page_token = page.next_page_token

    async def frame(self, service: str, method: str, request: Any = None, /, **fields: Any) -> pd.DataFrame:
        """All that a list method answers, as a frame."""
        rows = [row async for row in self.pages(service, method, request, **fields)]
        return frames.frame(rows, row_kind(service, method))

    async def watch(self, name: str, after_sequence: int = 0) -> AsyncIterator[Any]:
        """What happens from a sequence number on; see `groupage.client.Client.watch`."""
        watch, field, rows = watching(name)
        attempt = 0
        while True:
            request = watch.request(**{field: name, "after_sequence": after_sequence})
            call = self._open(watch, request)
            try:
                async for answer in call:
                    attempt = 0
                    for row in getattr(answer, rows):
                        yield row
                    after_sequence = answer.sequence or after_sequence
                return
            except grpc.RpcError as error:
                attempt += 1
                await self._wait(after_break(retries.told(error)), attempt)
            finally:
                call.cancel()  # whoever stops listening ends the stream

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

    async def download_export(self, member: str, folder: str | Path, *, timeout_s: float = 86_400.0) -> dict[str, Path]:
        """Export all that is a member's into a folder; see `groupage.client.Client.download_export`."""
        operation = await self.wait(await self.pools.export_member(name=member), timeout_s=timeout_s)
        return {one.kind: await self._download(one) for one in downloads(member, operation, folder)}

    async def _download(self, download: Download) -> Path:
        method = services()["pools"]["read_export"]
        attempt = 0
        while True:
            call = self._open(method, download.request())
            try:
                with download.opened() as to:
                    async for answer in call:
                        attempt = 0
                        download.put(to, answer.data)
                return download.done()
            except grpc.RpcError as error:
                attempt += 1
                await self._wait(after_break(retries.told(error)), attempt)
            finally:
                call.cancel()

    async def upload_orders(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit orders in bulk; see `groupage.client.Client.upload_orders`."""
        return await self._upload(uploads("upload_orders", parent, rows, orders_pb2.Order))

    async def upload_demand(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit demand history in bulk; see `groupage.client.Client.upload_demand`."""
        return await self._upload(uploads("upload_demand", parent, rows, demand_pb2.DemandRecord))

    async def _upload(self, upload: Upload) -> Receipt:
        method = services()["orders"][upload.method]
        attempt = 0
        while upload.pending:
            broken = None
            call = self._open(method, upload.requests())
            try:
                async for answer in call:
                    attempt = 0
                    upload.took(answer)
            except grpc.RpcError as error:
                broken = retries.told(error)
            finally:
                call.cancel()
            if upload.pending:
                attempt += 1
                await self._wait(upload.broke_off(broken), attempt)
        return upload.receipt()
