"""A service that runs out of room, and watchers that do not read: it says so, stays whole and small, and goes on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from sqlmodel import select

from groupage.client import Client
from groupage.client.retries import Retries
from groupage.errors import ServiceError
from groupage.v1 import (
    negotiation_pb2,
    orders_pb2,
    synchronizations_pb2,
    synchronizations_service_pb2_grpc,
)
from server import synchronization as steps
from server.services.network import Network
from server.store import Store
from server.store.tables import OrderRow
from server.viewer import SYSTEM
from tests.groupage.client.served import Served, token
from tests.server import world
from tests.server.calling import company, fresh_id, order, site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.skipif(os.name != "posix", reason="reads /proc")]

ONCE = Retries(attempts=1)
MIB = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(place)]
    done = subprocess.run(mount, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=30)
    if done.returncode:
        pytest.skip("a small file system can only be mounted by root, which this is not (or not quite)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)


def chunk(number: int) -> orders_pb2.BatchCreateOrdersRequest:
    """Some orders at once."""
    lines = [order("acme", f"{number}/{i}") for i in range(100)]
    return orders_pb2.BatchCreateOrdersRequest(parent="companies/acme", orders=lines, request_id=fresh_id())


def test_a_full_disk_is_said_and_survived(small_disk):
    """Writes end as STORE_FULL, reads go on, nothing acknowledged is lost, and with room the same request is taken."""
    url = f"sqlite:///{small_disk / 'store.sqlite'}"
    store = Store(url)
    network = Network(store)
    company(network, "acme")
    for name in ("plant", "client"):
        site(network, "acme", name)
    key = token(store, "acme")
    store.close()
    served = Served(url)
    try:
        with Client(served.address, retries=ONCE, token=key) as client:
            taken = list(client.orders.batch_create_orders(chunk(0)).orders)
            with (small_disk / "ballast").open("wb", buffering=0) as ballast:
                filled = os.statvfs(small_disk)
                ballast.write(bytes(max(filled.f_bavail * filled.f_frsize - MIB, 0)))
            for number in range(1, 200):
                asked = chunk(number)
                try:
                    taken += client.orders.batch_create_orders(asked).orders
                except ServiceError as error:
                    refusal = error
                    break
            assert (refusal.status, refusal.reason) == ("RESOURCE_EXHAUSTED", "STORE_FULL")
            assert refusal.temporary
            with pytest.raises(ServiceError) as again:
                client.orders.batch_create_orders(asked)
            assert again.value.reason == "STORE_FULL"
            assert client.orders.get_order(name=taken[0].name).external_ref == taken[0].external_ref
            (small_disk / "ballast").unlink()
            taken += client.orders.batch_create_orders(asked).orders
            taken += client.orders.batch_create_orders(chunk(number + 1)).orders
    finally:
        served.stop()
    with sqlite3.connect(small_disk / "store.sqlite") as whole:
        assert whole.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    whole.close()
    store = Store(url)
    names = store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow.name))))
    store.close()
    assert sorted(names) == sorted(o.name for o in taken)


def resident(served: Served) -> int:
    """Memory of the server, bytes."""
    status = Path(f"/proc/{served._process.pid}/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmRSS:")[1].split()[0])


@pytest.mark.parametrize(("events", "size"), [(20_000, 1_000), (1_000, 100_000)])
def test_watchers_that_do_not_read_do_not_grow_the_server(tmp_path, events, size):
    """Of thousands of events that nobody takes the server keeps a bounded part, and a watcher that reads gets all.

    However large events are: what is kept is bounded by bytes too.
    """
    url, watchers = f"sqlite:///{tmp_path / 'store.sqlite'}", 40
    store = Store(url)
    world.build(store, ["acme"])
    key, name = token(store, "acme"), "pools/rhine/synchronizations/watched"
    whole = synchronizations_pb2.Synchronization(name=name)
    begin = datetime.now(UTC) + timedelta(days=2)
    whole.window_start.FromDatetime(begin)
    whole.window_end.FromDatetime(begin + timedelta(days=1))
    store.transact(lambda tx: steps.opened(tx, whole, ["acme"], requester="acme"))
    served = Served(url)
    request = synchronizations_pb2.WatchSynchronizationRequest(name=name)
    identity = (("authorization", f"Bearer {key}"),)
    try:
        with grpc.insecure_channel(served.address) as channel:
            stub = synchronizations_service_pb2_grpc.SynchronizationsStub(channel)
            open_ones = [stub.WatchSynchronization(request, metadata=identity) for _ in range(watchers)]
            for one in open_ones:
                next(one)  # it is there, and takes no more from here on
            before = resident(served)
            logged = synchronizations_pb2.MessageLogged(
                question_id="q" * size, topic="quotes", performative=negotiation_pb2.PERFORMATIVE_PROPOSE
            )

            def more(tx):
                for _ in range(events // 20):
                    steps.tell(tx, name, "acme", message_logged=logged)

            for _ in range(20):
                store.transact(more)
                time.sleep(0.1)
            time.sleep(2.0)
            grown = resident(served) - before
            # Kept for all would be 20 or 100 MiB for each of them.
            assert grown < 150 * MIB, f"{grown / MIB:.0f} MiB"
            sequences = [0]
            while sequences[-1] < events + 1:
                sequences += [event.sequence for event in next(open_ones[0]).events]
            assert sequences[1:] == list(range(2, len(sequences) + 1))
            for one in open_ones:
                one.cancel()
        with Client(served.address, token=key) as client:  # and one that comes later
            assert next(client.watch(name, after_sequence=events)).sequence == events + 1
    finally:
        served.stop()
        store.close()
