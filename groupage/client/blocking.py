"""The client for programs without an event loop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc

from groupage.client import frames, retries
from groupage.client.base import BaseClient
from groupage.client.methods import PAGE_ROWS, Method, listing, row_kind, services
from groupage.client.shared import Download, Upload, after_break, downloads, uploads, watching
from groupage.v1 import demand_pb2, orders_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    import pandas as pd

    from groupage.client.frames import Receipt
    from groupage.errors import ServiceError


class Client(BaseClient):
    """A connection to the service on behalf of one company; see `groupage.client.base.BaseClient` for what it takes."""

    _channels = grpc

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; streams that are open end."""
        self._channel.close()

    def call(self, method: Method, request: Any, fields: Mapping[str, Any]) -> Any:
        """Call a method; a stream is handed out as an iterator."""
        if method.client_streaming:
            return self._stream(method, request if request is not None else iter(()))
        request = method.asked(request, fields)
        if method.server_streaming:
            return self._stream(method, request)
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._open(method, request, timeout=self._timeout_s)
            except grpc.RpcError as error:
                self._wait(retries.told(error), attempt if method.repeatable else self._retries.attempts)

    def _dispatch(self, method: Method, request: Any, fields: Mapping[str, Any]) -> Any:
        return self.call(method, request, fields)

    def _stream(self, method: Method, request: Any) -> Iterator[Any]:
        call = self._open(method, request)
        try:
            yield from call
        except grpc.RpcError as error:
            raise retries.told(error) from None
        finally:
            call.cancel()  # whoever stops listening ends the stream

    def _wait(self, error: ServiceError, attempt: int) -> None:
        time.sleep(self._wait_s(error, attempt))

    def pages(self, service: str, method: str, request: Any = None, /, **fields: Any) -> Iterator[Any]:
        """All that a list method answers, page after page: ``client.pages("orders", "list_orders", parent=...)``."""
        one, rows = listing(service, method)
        asked = one.request()
        asked.CopyFrom(one.asked(request, fields))
        asked.page_size = asked.page_size or PAGE_ROWS
        while True:
            page = self.call(one, asked, {})
            yield from getattr(page, rows)
            if not page.next_page_token:
                return
            asked.page_token = page.next_page_token

    def frame(self, service: str, method: str, request: Any = None, /, **fields: Any) -> pd.DataFrame:
        """All that a list method answers, as a frame."""
        return frames.frame(self.pages(service, method, request, **fields), row_kind(service, method))

    def watch(self, name: str, after_sequence: int = 0) -> Iterator[Any]:
        """What happens from a sequence number on, without gaps or repeats however often the connection breaks.

        Parameters
        ----------
        name
            A synchronization, or a company (its shipments).
        after_sequence
            Of the last event that was taken in.

        Yields
        ------
        SynchronizationEvent or Shipment
        """
        watch, field, rows = watching(name)
        attempt = 0
        while True:
            request = watch.request(**{field: name, "after_sequence": after_sequence})
            call = self._open(watch, request)
            try:
                for answer in call:
                    attempt = 0
                    yield from getattr(answer, rows)
                    after_sequence = answer.sequence or after_sequence
                return
            except grpc.RpcError as error:
                attempt += 1
                self._wait(after_break(retries.told(error)), attempt)
            finally:
                call.cancel()  # whoever stops listening ends the stream

    def wait(self, operation: Any, *, timeout_s: float = 3600.0, every_s: float = 1.0) -> Any:
        """Wait until a long-running operation is done; answers it.

        Raises
        ------
        TimeoutError
            If it is not done in time; it goes on.
        """
        until = time.monotonic() + timeout_s
        get = services()["operations"]["get_operation"]
        while not operation.done:
            if time.monotonic() > until:
                raise TimeoutError(f"{operation.name} is not done after {timeout_s:g} s")
            time.sleep(every_s)
            operation = self.call(get, None, {"name": operation.name})
        return operation

    def download_export(self, member: str, folder: str | Path, *, timeout_s: float = 86_400.0) -> dict[str, Path]:
        """Export all that is a member's, and write it into a folder, a file of JSON lines for each kind of record.

        It needs little memory, however much there is, and goes on where a connection breaks. Every file is held against
        the digest that the service said.

        Parameters
        ----------
        member
            The caller's membership, such as ``pools/rhine/members/acme``; running or ended.
        folder
            Made where it is not there; files of an export before are replaced.
        timeout_s
            How long the service may take to make it.

        Returns
        -------
            Paths by kind, such as ``{"orders": Path("mine/orders.jsonl"), ...}``.

        Raises
        ------
        ServiceError
            EXPORT_UNKNOWN, if it was erased meanwhile; DATA_LOSS, if a file is not what the service said.
        """
        operation = self.wait(self.pools.export_member(name=member), timeout_s=timeout_s)
        return {one.kind: self._download(one) for one in downloads(member, operation, folder)}

    def _download(self, download: Download) -> Path:
        method = services()["pools"]["read_export"]
        attempt = 0
        while True:
            call = self._open(method, download.request())
            try:
                with download.opened() as to:
                    for answer in call:
                        attempt = 0
                        download.put(to, answer.data)
                return download.done()
            except grpc.RpcError as error:
                attempt += 1
                self._wait(after_break(retries.told(error)), attempt)
            finally:
                call.cancel()

    def upload_orders(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit orders in bulk; what is refused is named, and holds up nothing else.

        Raises
        ------
        InputError
            If cells of a frame fit no field; nothing was sent then.
        ServiceError
            If the upload is given up; its `receipt` says what became of which line until then. What it calls
            unanswered may be sent again: an order that was stored is refused as EXTERNAL_REF_TAKEN, with its name.
        """
        return self._upload(uploads("upload_orders", parent, rows, orders_pb2.Order))

    def upload_demand(self, parent: str, rows: pd.DataFrame | Iterable[Any]) -> Receipt:
        """Submit demand history in bulk; see `upload_orders` for errors. The same record again counts once."""
        return self._upload(uploads("upload_demand", parent, rows, demand_pb2.DemandRecord))

    def _upload(self, upload: Upload) -> Receipt:
        method = services()["orders"][upload.method]
        attempt = 0
        while upload.pending:
            broken = None
            call = self._open(method, upload.requests())
            try:
                for answer in call:
                    attempt = 0
                    upload.took(answer)
            except grpc.RpcError as error:
                broken = retries.told(error)
            finally:
                call.cancel()
            if upload.pending:
                attempt += 1
                self._wait(upload.broke_off(broken), attempt)
        return upload.receipt()
