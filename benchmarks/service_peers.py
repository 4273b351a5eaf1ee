"""The processes of `benchmarks.service`: servers to be measured, the store they start with, and clients that measure.

Each runs in a process of its own and is told over a pipe what to do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import uvloop
from google.protobuf.timestamp_pb2 import Timestamp
from sqlmodel import Session, select

from groupage.v1 import (
    companies_pb2,
    orders_pb2,
    orders_service_pb2_grpc,
    sites_pb2,
    synchronizations_pb2,
    synchronizations_service_pb2_grpc,
)
from server import logs, order_writes, synchronization
from server.app import build, tune
from server.faults import Fault
from server.identity import key_id, new_token
from server.registry import Service
from server.services.orders import Orders
from server.services.standard import Kind, insert_record, write
from server.services.synchronizations import Synchronizations
from server.settings import Quota, Settings
from server.store import Store, identities
from server.store.tables import AuditRow, OrderRow, Record, RequestRow
from server.transport import Plainly
from server.viewer import caller

KEY = b"benchmark" * 4
COMPANIES = tuple(f"company-{i}" for i in range(8))
WATCHED = "pools/bench/synchronizations/watched"
FOREVER = Quota(messages_per_s=1e9, messages_burst=1e9, bytes_per_s=1e12, bytes_burst=1e12, open_streams=1000)
_CREATE = "/groupage.v1.Orders/CreateOrder"
_UPLOAD = "/groupage.v1.Orders/UploadOrders"
_WATCH = "/groupage.v1.Synchronizations/WatchSynchronization"
_BIG = (("grpc.max_receive_message_length", 16 << 20), ("grpc.max_send_message_length", 16 << 20))


def seed(url: str) -> dict[str, str]:
    """Make a store with companies, a factory and ten clients each, and a synchronization; answer their tokens."""
    store = Store(url)
    tokens = {}

    def put(tx: Any) -> None:
        for company in COMPANIES:
            name = f"companies/{company}"
            insert_record(
                tx,
                Kind("company", companies_pb2.Company, "companies", "company"),
                companies_pb2.Company(name=name),
                parent="",
                company=company,
            )
            for site in ("factory", *(f"client-{i}" for i in range(10))):
                placed = sites_pb2.Site(name=f"{name}/sites/{site}")
                insert_record(tx, Kind("site", sites_pb2.Site, "sites", "site"), placed, parent=name, company=company)
            token_id, tokens[company], mac = new_token(KEY)
            identities.add_token(tx, token_id=token_id, mac=mac, key_id=key_id(KEY), company=company, operator=False)
        now = datetime.now(UTC)
        asked = synchronizations_pb2.Synchronization(name=WATCHED)
        for field, hours in (("window_start", 48), ("window_end", 72), ("decide_by", 24)):
            getattr(asked, field).FromDatetime(now + timedelta(hours=hours))
        synchronization.opened(tx, asked, COMPANIES, requester=COMPANIES[0])

    store.transact(put)
    store.close()
    return tokens


class Echo(orders_service_pb2_grpc.OrdersServicer):
    """Answers the order that it was sent: what gRPC itself and the messages cost."""

    async def CreateOrder(self, request: Any, context: Any) -> Any:
        return request.order


class SessionPerCall(orders_service_pb2_grpc.OrdersServicer):
    """What SQLModel's own tutorial would do: a session for each call, in a thread, over the same tables and rows."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engines.writing
        self._threads = ThreadPoolExecutor(8)

    async def CreateOrder(self, request: Any, context: Any) -> Any:
        made = write("CreateOrder", request, order_writes.create)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store, request, made, caller())

    def _store(self, request: Any, made: Any, viewer: Any) -> Any:
        with Session(self._engine) as session:
            earlier = session.get(RequestRow, (viewer.key, request.request_id))
            if earlier is not None:
                if earlier.digest != made.digest:
                    raise Fault("REQUEST_ID_REUSED", metadata={"request_id": request.request_id})
                return orders_pb2.Order.FromString(earlier.answer)
            wanted = {request.order.destination, *request.order.origins}
            query = select(Record.name).where(Record.kind == "site", Record.company == viewer.company)
            if len(session.exec(query.where(Record.name.in_(wanted))).all()) != len(wanted):  # type: ignore[attr-defined]
                raise Fault("SITE_UNKNOWN", metadata={"site": request.order.destination})
            now = datetime.now(UTC)
            row = OrderRow(**order_writes.row_of(request.parent, request.order), created_at=now, updated_at=now)
            answer = order_writes.decoded(row, viewer)
            session.add(row)
            session.add(
                RequestRow(
                    company=viewer.key,
                    request_id=request.request_id,
                    method="CreateOrder",
                    digest=made.digest,
                    answer=answer.SerializeToString(),
                    at=now,
                )
            )
            session.add(AuditRow(id=uuid4().hex, at=now, company=viewer.key, method="CreateOrder", name=answer.name))
            session.commit()
            return answer


def serve(pipe: Any, kind: str, folder: Path) -> None:
    """Serve as ``echo``, ``sessions`` or ``ours`` until the pipe says stop."""
    uvloop.run(_echo(pipe) if kind == "echo" else _guarded(pipe, kind, folder))


async def _echo(pipe: Any) -> None:
    server = grpc.aio.server()
    orders_service_pb2_grpc.add_OrdersServicer_to_server(Echo(), Plainly(server))  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    pipe.send(port)
    await asyncio.to_thread(pipe.recv)
    await server.stop(0)


async def _guarded(pipe: Any, kind: str, folder: Path) -> None:
    settings = Settings(data_dir=folder, listen=("127.0.0.1:0",), metrics_port=0, quota=FOREVER)
    logs.configure("warning")
    tune()
    store = Store(settings.store)
    orders = Orders if kind == "ours" else SessionPerCall
    offered = (
        Service(
            "groupage.v1.Orders",
            orders_service_pb2_grpc.add_OrdersServicer_to_server,
            lambda parts: orders(parts.store),
        ),
        Service(
            "groupage.v1.Synchronizations",
            synchronizations_service_pb2_grpc.add_SynchronizationsServicer_to_server,
            lambda parts: Synchronizations(parts.store, _nothing, _nothing),
        ),
    )
    app = build(settings, store, key=KEY, services=offered)
    await app.start()
    pipe.send(app.ports["127.0.0.1:0"])
    await asyncio.to_thread(pipe.recv)
    await app.stop(0)
    store.close()


def _nothing(_: str) -> None:
    """Tell no workflow: there is none."""


def order(company: str, ref: str, number: int) -> orders_pb2.Order:
    """An order as an ERP sends it, of the day after tomorrow."""
    made = orders_pb2.Order(
        external_ref=ref,
        origins=[f"companies/{company}/sites/factory"],
        destination=f"companies/{company}/sites/client-{number % 10}",
        pallets=1 + number % 33,
        weight_kg=250.0 * (1 + number % 33),
        unloading_min=15,
        product=f"product {number % 7}",
    )
    start = (int(time.time()) // 86_400 + 2) * 86_400
    made.ready_at.CopyFrom(Timestamp(seconds=start))
    made.window_open.CopyFrom(Timestamp(seconds=start + 8 * 3600))
    made.window_close.CopyFrom(Timestamp(seconds=start + 16 * 3600))
    made.stakes.lateness_eur_micros_per_hour = 20_000_000
    return made


def client(pipe: Any) -> None:
    """Do what the pipe says: (what, arguments), until it says None; answer when it began and ended, and more."""
    uvloop.run(_client(pipe))


async def _client(pipe: Any) -> None:
    doing = {"submit": _submit, "upload": _upload, "watch": _watch}
    while (told := await asyncio.to_thread(pipe.recv)) is not None:
        what, arguments = told
        pipe.send(await doing[what](pipe, *arguments))


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


async def _submit(pipe: Any, port: int, tokens: dict[str, str], count: int, concurrent: int) -> tuple[float, float]:
    """Submit orders one by one, so many at a time; requests are made before, so that this costs the least it can."""
    ready, mark = [], uuid4().hex[:8]
    for i in range(count):
        company = COMPANIES[i % len(COMPANIES)]
        request = orders_pb2.CreateOrderRequest(
            parent=f"companies/{company}", order=order(company, f"{mark}{i:06d}/10", i), request_id=str(uuid4())
        )
        ready.append((request.SerializeToString(), _bearer(tokens[company])))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(_CREATE)
        await call(*ready[0][:1], metadata=ready[0][1])
        left = iter(ready[1:])

        async def work() -> None:
            for raw, metadata in left:
                await call(raw, metadata=metadata)

        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(concurrent)))
        return began, time.monotonic()


async def _upload(pipe: Any, port: int, tokens: dict[str, str], chunks: int, lines: int) -> tuple[float, float]:
    """Stream chunks of lines without waiting for each receipt; every line must be stored."""
    company = COMPANIES[0]
    ready = []
    for _ in range(chunks):
        mark = uuid4().hex[:8]
        request = orders_pb2.UploadOrdersRequest(parent=f"companies/{company}", request_id=str(uuid4()))
        request.orders.extend(order(company, f"{mark}{i:06d}/10", i) for i in range(lines))
        ready.append(request.SerializeToString())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=_BIG) as channel:
        call = channel.stream_stream(_UPLOAD)
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        began = time.monotonic()
        stream = call(aiter_of(ready), metadata=_bearer(tokens[company]))
        receipts = [raw async for raw in stream]
        ended = time.monotonic()
    refused = sum(len(orders_pb2.UploadOrdersResponse.FromString(raw).failures) for raw in receipts)
    if refused or len(receipts) != chunks:
        raise ValueError(f"{refused} lines refused and {len(receipts)} receipts, expected none and {chunks}")
    return began, ended


async def aiter_of(items: Sequence[bytes]) -> Any:
    for item in items:
        yield item


async def _watch(pipe: Any, port: int, tokens: dict[str, str], watchers: int, events: int) -> list[float]:
    """Watch with so many streams until each has seen so many events; their ages when they came, milliseconds."""
    ages: list[float] = []

    async def one(channel: Any, company: str) -> None:
        call = channel.unary_stream(_WATCH)
        request = synchronizations_pb2.WatchSynchronizationRequest(name=WATCHED, after_sequence=0)
        seen = 0
        async for raw in call(request.SerializeToString(), metadata=_bearer(tokens[company])):
            now = time.time()
            answer = synchronizations_pb2.WatchSynchronizationResponse.FromString(raw)
            for event in answer.events:
                if event.state_changed.reason:
                    seen += 1
                    ages.append(1000 * (now - float(event.state_changed.reason)))
            if seen >= events:
                return

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        waiting = [asyncio.create_task(one(channel, COMPANIES[i % len(COMPANIES)])) for i in range(watchers)]
        await asyncio.sleep(2)  # until all have begun
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        await asyncio.wait_for(asyncio.gather(*waiting), 120)
    return ages


def happen(folder: Path, events: int, per_s: float) -> None:
    """Let things happen to the watched synchronization, in steady time: what another process, a worker, stores."""
    store = Store(f"sqlite:///{folder / 'store.sqlite'}")
    start = time.monotonic()
    for i in range(events):
        time.sleep(max(0.0, start + i / per_s - time.monotonic()))
        said = synchronizations_pb2.StateChanged(
            state=synchronizations_pb2.Synchronization.NEGOTIATING, reason=repr(time.time())
        )

        def put(tx: Any, said: Any = said) -> None:
            for company in COMPANIES:
                synchronization.tell(tx, WATCHED, company, state_changed=said)

        store.transact(put)
    store.close()
