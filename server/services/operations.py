"""`google.longrunning.Operations`: what takes long, told to who asked for it and nobody else."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import delete
from sqlmodel import col, select

from groupage.v1 import synchronizations_pb2
from server import names
from server import synchronization as steps
from server.faults import Fault
from server.services import standard
from server.store import paging
from server.store.tables import Record
from server.store.writer import Transaction, Write, single
from server.viewer import caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.store import Reading, Store

# An operation that is waited for is looked at so often, and waited for so long at most.
LOOK_S = 0.25
LONGEST_WAIT_S = 60.0
# In the name of what not even the operator sees.
_PRIVATE = "/forecastModels/"


class Operations(operations_pb2_grpc.OperationsServicer):  # type: ignore[misc]  # has no types
    """Long-running operations of the caller.

    Parameters
    ----------
    cancel
        Of a request to cancel a synchronization: does it, as its own service would.
    """

    def __init__(self, store: Store, cancel: Callable[[Any, Any], Any] | None = None) -> None:
        self._store = store
        self._cancel = cancel

    async def GetOperation(self, request: Any, context: Any) -> Any:
        """One operation."""
        return await self._store.read(caller(), lambda session: _found(session, request.name)[1])

    async def ListOperations(self, request: Any, context: Any) -> Any:
        """The caller's own, by name. There is no filter to give."""
        if request.filter:
            raise Fault("FILTER_INVALID", metadata={"at": "0"})
        size, after = paging.size_of(request), paging.after(request) or ""
        viewer = caller()
        query = select(Record).where(Record.kind == steps.OPERATION.kind, Record.name > after).order_by(Record.name)
        # What is private to a company is so to the operator too.
        query = query.where(~col(Record.parent).contains(_PRIVATE) | (col(Record.company) == viewer.company))
        rows = await self._store.read(viewer, lambda session: session.exec(query.limit(size + 1)).all())
        taken = paging.fitting((len(r.body) for r in rows), size)
        answer = operations_pb2.ListOperationsResponse(
            operations=[operations_pb2.Operation.FromString(r.body) for r in rows[:taken]]
        )
        if len(rows) > taken:
            answer.next_page_token = paging.token(request, rows[taken - 1].name)
        return answer

    async def WaitOperation(self, request: Any, context: Any) -> Any:
        """One operation, when it is done or the time is over."""
        # As a number: what a duration may hold is more than Python's own do.
        asked = request.timeout.seconds + request.timeout.nanos / 1e9 if request.HasField("timeout") else LONGEST_WAIT_S
        loop = asyncio.get_running_loop()
        until = loop.time() + min(asked, LONGEST_WAIT_S)
        while True:
            operation = await self._store.read(caller(), lambda session: _found(session, request.name)[1])
            if operation.done or loop.time() >= until:
                return operation
            await asyncio.sleep(LOOK_S)

    async def CancelOperation(self, request: Any, context: Any) -> Empty:
        """Cancel a synchronization by its operation; other operations end by themselves."""
        record, operation = await self._store.read(caller(), lambda session: _found(session, request.name))
        if operation.done or self._cancel is None or "/synchronizations/" not in record.parent:
            return Empty()
        cancel = synchronizations_pb2.CancelSynchronizationRequest(name=record.parent, request_id=str(uuid.uuid4()))
        await self._cancel(cancel, context)
        return Empty()

    async def DeleteOperation(self, request: Any, context: Any) -> Empty:
        """Forget an operation that is done; what it led to stays."""
        names.split(request.name)
        write = Write(caller(), "DeleteOperation", "", b"", _delete, request.name, (request.name,))
        await self._store.write(write)
        return Empty()


def _found(session: Reading, name: str) -> tuple[Record, Any]:
    names.split(name)  # requests of this service have no rules of ours
    record = standard.found(session, steps.OPERATION, name)
    if _PRIVATE in record.parent and record.company != session.viewer.company:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    return record, operations_pb2.Operation.FromString(record.body)


def _delete_one(tx: Transaction, write: Write) -> bytes:
    with tx.reading(write.viewer) as session:
        record, operation = _found(session, write.payload)
    if not operation.done:
        raise Fault("OPERATION_RUNNING", metadata={"operation": record.name})
    tx.connection.execute(delete(Record).where(col(Record.name) == record.name))
    return b""


_delete = single(_delete_one)
