"""`groupage.v1.Orders`: orders singly, in batches and in bulk, and demand history the same way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from groupage.v1 import demand_pb2, orders_pb2, orders_service_pb2_grpc
from server import demand, order_uploads, order_writes
from server.faults import Fault
from server.order_writes import decoded
from server.services import standard
from server.store import filters, paging
from server.store.gathering import FEW
from server.store.tables import DemandRow, OrderRow
from server.viewer import caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from server.store import Reading, Store

FILTERS = {
    "external_ref": OrderRow.external_ref,
    "state": OrderRow.state,
    "destination": OrderRow.destination,
    "product": OrderRow.product,
    "window_open": OrderRow.window_open,
    "window_close": OrderRow.window_close,
    "due_at": OrderRow.due_at,
    "create_time": OrderRow.created_at,
    "update_time": OrderRow.updated_at,
    "synchronization": OrderRow.synchronization,
}
DEMAND_FILTERS = {"zone": DemandRow.zone, "product": DemandRow.product, "day": DemandRow.day}
MOST_DEMAND, DEFAULT_DEMAND = 5_000, 1_000
# Chunks of one upload that may wait for their receipt: they share a flush to disk, and none waits for more to come.
WAITING = FEW - 1


class Orders(orders_service_pb2_grpc.OrdersServicer):
    """Orders and demand of the caller's company."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetOrder(self, request: Any, context: Any) -> Any:
        """One order."""
        viewer = caller()

        def look(session: Reading) -> Any:
            row = session.exec(select(OrderRow).where(OrderRow.name == request.name)).first()
            if row is None:
                raise Fault("RESOURCE_NOT_FOUND", metadata={"name": request.name})
            return decoded(row, viewer)

        return await self._store.read(viewer, look)

    async def ListOrders(self, request: Any, context: Any) -> Any:
        """A company's orders, in pages."""
        viewer = caller()
        standard.must_own(viewer, request.parent)
        wanted = filters.sql(filters.parse(request.filter, orders_pb2.Order, list(FILTERS)), FILTERS)
        size, after = paging.size_of(request), paging.after(request) or ""
        query = (
            select(OrderRow)
            .where(OrderRow.company == request.parent.removeprefix("companies/"), OrderRow.name > after, wanted)
            .order_by(OrderRow.name)
            .limit(size + 1)
        )
        rows = await self._store.read(viewer, lambda session: session.exec(query).all())
        taken = paging.fitting((len(row.body) for row in rows), size)
        answer = orders_pb2.ListOrdersResponse(orders=[decoded(r, viewer) for r in rows[:taken]])
        if len(rows) > taken:
            answer.next_page_token = paging.token(request, rows[taken - 1].name)
        return answer

    async def CreateOrder(self, request: Any, context: Any) -> Any:
        """Submit one order."""
        standard.must_own(caller(), request.parent)
        row = order_writes.row_of(request.parent, request.order, request.order_id)
        write = standard.write("CreateOrder", request, order_writes.create, payload=row, resources=[row["name"]])
        return await self._store.write(write)  # as bytes already

    async def BatchCreateOrders(self, request: Any, context: Any) -> Any:
        """Submit several, all or none."""
        standard.must_own(caller(), request.parent)
        rows = order_writes.rows_of(request.parent, request.orders)
        names = [row["name"] for row in rows]
        write = standard.write("BatchCreateOrders", request, order_writes.batch, payload=rows, resources=names)
        return orders_pb2.BatchCreateOrdersResponse.FromString(await self._store.write(write))

    async def UploadOrders(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Submit in bulk: a receipt for each chunk, in order, when it is on disk."""
        async for receipt in _receipts(requests, self._upload):
            yield receipt

    async def _upload(self, request: Any) -> Any:
        standard.must_own(caller(), request.parent)
        raw = standard.serialized(request)
        chunk = order_uploads.chunk_of(request.parent, raw)
        resources = [f"{request.parent}/orders"]
        write = standard.write(
            "UploadOrders", request, order_uploads.upload, payload=chunk, resources=resources, raw=raw
        )
        return await self._store.write(write)  # as bytes already

    async def UpdateOrder(self, request: Any, context: Any) -> Any:
        """Amend one order, while it is open."""
        standard.must_own(caller(), request.order.name)
        write = standard.write("UpdateOrder", request, order_writes.amend, resources=[request.order.name])
        return orders_pb2.Order.FromString(await self._store.write(write))

    async def CancelOrder(self, request: Any, context: Any) -> Any:
        """Cancel one order, while nothing hangs on it."""
        standard.must_own(caller(), request.name)
        write = standard.write("CancelOrder", request, order_writes.cancel, resources=[request.name])
        return orders_pb2.Order.FromString(await self._store.write(write))

    async def SubmitDemand(self, request: Any, context: Any) -> Any:
        """Store demand, all or none."""
        standard.must_own(caller(), request.parent)
        write = standard.write("SubmitDemand", request, demand.submit, resources=[f"{request.parent}/demand"])
        return demand_pb2.SubmitDemandResponse.FromString(await self._store.write(write))

    async def UploadDemand(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Store demand in bulk, as orders."""
        async for receipt in _receipts(requests, self._upload_demand):
            yield receipt

    async def _upload_demand(self, request: Any) -> Any:
        standard.must_own(caller(), request.parent)
        write = standard.write("UploadDemand", request, demand.upload, resources=[f"{request.parent}/demand"])
        return await self._store.write(write)  # as bytes already

    async def ListDemand(self, request: Any, context: Any) -> Any:
        """A company's demand records, in pages. The operator sees none of them."""
        viewer = caller()
        if request.parent != viewer.name:
            raise Fault("RESOURCE_NOT_FOUND", metadata={"name": request.parent})
        wanted = filters.sql(
            filters.parse(request.filter, demand_pb2.DemandRecord, list(DEMAND_FILTERS)), DEMAND_FILTERS
        )
        size = paging.size_of(request, DEFAULT_DEMAND, MOST_DEMAND)
        query = select(DemandRow).where(DemandRow.company == viewer.company, wanted)
        if last := paging.after(request, str, str, str):
            query = query.where(tuple(last) < demand.KEY)
        query = query.order_by(col(DemandRow.zone), col(DemandRow.product), col(DemandRow.day)).limit(size + 1)
        rows: Sequence[DemandRow] = await self._store.read(viewer, lambda session: session.exec(query).all())
        answer = demand_pb2.ListDemandResponse(records=[demand.record_of(r) for r in rows[:size]])
        if len(rows) > size:
            end = rows[size - 1]
            answer.next_page_token = paging.token(request, [end.zone, end.product, end.day])
        return answer


async def _receipts(requests: Any, store: Callable[[Any], Coroutine[Any, Any, Any]]) -> AsyncIterator[Any]:
    """Store chunks, several at a time, and give their receipts in order; no more is read than may wait."""
    waiting: asyncio.Queue[asyncio.Task[Any] | None] = asyncio.Queue(WAITING - 1)

    async def read() -> None:
        async for request in requests:
            await waiting.put(asyncio.create_task(store(request)))
        await waiting.put(None)

    reading = asyncio.create_task(read())
    reading.add_done_callback(lambda task: waiting.put_nowait(None) if _failed(task) and not waiting.full() else None)
    try:
        while (task := await waiting.get()) is not None:
            yield await task
        await reading
    finally:
        reading.cancel()
        while not waiting.empty():
            if (left := waiting.get_nowait()) is not None:
                left.cancel()


def _failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None
