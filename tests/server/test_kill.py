"""A server that is killed while it writes: what it acknowledged is there, and what is sent again is there once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from sqlmodel import select

from groupage.v1 import orders_pb2, orders_service_pb2_grpc
from server.identity import key_id, new_token
from server.services.network import Network
from server.settings import server_key
from server.store import Store, identities
from server.store.tables import OrderRow
from server.viewer import SYSTEM
from tests.server.calling import company, fresh_id, order, site
from tests.server.probe import bearer

ROUNDS = 3
LINES = 200


@contextmanager
def served(data: Path, store_url: str) -> Iterator[tuple[Any, int]]:
    """The service in a process of its own, and its port; killed at the end, if it was not before."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "groupage.cli", "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--metrics-port", "0", "--log-level", "error"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "GROUPAGE_STORE_URL": store_url},
    )
    try:
        said = []
        while not any(line.startswith("groupage serves") for line in said):
            said.append(process.stderr.readline())
            assert process.poll() is None, said
        yield process, int(re.search(r"on 127\.0\.0\.1:(\d+);", said[-1])[1])
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


@dataclass
class Told:
    """What was sent, by request id, and what was answered."""

    creates: dict[str, Any] = field(default_factory=dict)
    chunks: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def create(self) -> Any:
        made = order("acme", f"single/{len(self.creates)}")
        request = orders_pb2.CreateOrderRequest(parent="companies/acme", order=made, request_id=fresh_id())
        self.creates[request.request_id] = request
        return request

    def chunk(self) -> Any:
        lines = [order("acme", f"chunk/{len(self.chunks)}/{i}") for i in range(LINES)]
        request = orders_pb2.UploadOrdersRequest(parent="companies/acme", orders=lines, request_id=fresh_id())
        self.chunks[request.request_id] = request
        return request

    def hear(self, request_id: str, answer: Any) -> None:
        """Take in an answer; it must be the one that was given before."""
        assert self.answers.setdefault(request_id, answer) == answer

    def names(self) -> list[str]:
        """Names of all that was acknowledged."""
        singles = [self.answers[i].name for i in self.creates if i in self.answers]
        return singles + [name for i in self.chunks if i in self.answers for name in self.answers[i].names]


async def submit(stub: Any, me: Any, told: Told, requests: Any) -> None:
    for request in requests:
        told.hear(request.request_id, await stub.CreateOrder(request, metadata=me))


async def upload(stub: Any, me: Any, told: Told, requests: Any) -> None:
    async def sent() -> Any:
        for request in requests:
            yield request
            await asyncio.sleep(0)

    async for receipt in stub.UploadOrders(sent(), metadata=me):
        assert not receipt.failures
        told.hear(receipt.request_id, receipt)


async def until_killed(process: Any, port: int, me: Any, told: Told, after_s: float) -> None:
    """Write what comes to mind until the server is killed."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = orders_service_pb2_grpc.OrdersStub(channel)
        singles = (told.create() for _ in iter(int, 1))
        chunks = (told.chunk() for _ in iter(int, 1))
        work = [asyncio.create_task(submit(stub, me, told, singles)) for _ in range(8)]
        work.append(asyncio.create_task(upload(stub, me, told, chunks)))
        await asyncio.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        ended = await asyncio.gather(*work, return_exceptions=True)
        # gRPC's own client says the second where it was writing to a stream whose connection broke.
        broken = {(e.code().name, "" if e.code() is grpc.StatusCode.UNAVAILABLE else e.details()) for e in ended}
        assert broken <= {("UNAVAILABLE", ""), ("INTERNAL", "Internal error from Core")}


async def again(port: int, me: Any, told: Told) -> None:
    """Send everything again, whether it was answered or not."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = orders_service_pb2_grpc.OrdersStub(channel)
        singles = iter(list(told.creates.values()))
        await asyncio.gather(*(submit(stub, me, told, singles) for _ in range(8)))
        await upload(stub, me, told, list(told.chunks.values()))


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_and_nothing_sent_again_is_there_twice(store_url, tmp_path):
    """Killed -9 under submits and an upload, some rounds: all that was answered is stored as answered, and once."""
    data = tmp_path / "data"
    data.mkdir()
    store = Store(store_url)
    network = Network(store)
    company(network, "acme")
    for name in ("plant", "client"):
        site(network, "acme", name)
    key = server_key(data / "server.key")
    token_id, token, mac = new_token(key)
    store.transact(
        lambda tx: identities.add_token(
            tx, token_id=token_id, mac=mac, key_id=key_id(key), company="acme", operator=False
        )
    )
    rng, told, me = np.random.default_rng(11), Told(), bearer(token)

    def stored() -> list[str]:
        return store.look(SYSTEM, lambda session: list(session.exec(select(OrderRow.name))))

    for _ in range(ROUNDS):
        with served(data, store_url) as (process, port):
            asyncio.run(until_killed(process, port, me, told, float(rng.uniform(0.4, 1.5))))
        assert set(told.names()) <= set(stored())
    acknowledged = len(told.answers)
    assert told.answers
    with served(data, store_url) as (_, port):
        asyncio.run(again(port, me, told))
    assert len(told.answers) == len(told.creates) + len(told.chunks) > acknowledged
    assert sorted(told.names()) == sorted(stored())
    assert len(stored()) == len(told.creates) + LINES * len(told.chunks)
    store.close()
