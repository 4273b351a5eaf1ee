"""What is left of a call when it is over: nothing that holds its request until rubbish is looked for."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from grpc import aio

from groupage.v1 import orders_pb2, synchronizations_pb2
from server.faults import Fault
from server.guard import Limits
from server.limits import Rate
from server.store import Store
from server.store.writer import Write, single
from server.viewer import SYSTEM
from tests.server.probe import UUID, Probe, bearer, run, serving

MIB = 2**20
CALLS = 12
ORDERS, WATCH = "/groupage.v1.Orders/", "/groupage.v1.Synchronizations/WatchSynchronization"


def padded(message: Any) -> bytes:
    """A message's bytes with a MiB in a field that nobody knows: it is parsed, kept and never looked at."""
    return bytes(message.SerializeToString() + b"\xc2\x3e" + b"\x80\x80\x40" + bytes(MIB))


def get(what: str) -> bytes:
    return padded(orders_pb2.GetOrderRequest(name=f"companies/acme/orders/{what}"))


def watch(what: str) -> bytes:
    return padded(synchronizations_pb2.WatchSynchronizationRequest(name=f"pools/rhine/synchronizations/{what}"))


def test_the_padding_is_kept_by_the_parser() -> None:
    """The requests of these tests are as large as they mean to be, and good."""
    parsed = orders_pb2.GetOrderRequest.FromString(get("missing"))
    assert (parsed.name, parsed.ByteSize() > MIB) == ("companies/acme/orders/missing", True)


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Let nothing be freed but what nobody refers to any more."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        gc.enable()


async def held(call: Any) -> float:
    """Make calls of a MiB; how many MiB of each are still there a moment after the last."""
    await call()  # what the first of a kind loads stays
    await asyncio.sleep(0.1)
    with no_collector():
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(CALLS):
            await call()
        for _ in range(40):
            await asyncio.sleep(0.05)
            left = (tracemalloc.get_traced_memory()[0] - before) / MIB / CALLS
            if left < 0.1:
                break
    return left


KINDS = {
    "answered": (ORDERS + "GetOrder", get("a"), "OK"),
    "refused": (ORDERS + "GetOrder", get("missing"), "NOT_FOUND"),
    "an incident": (ORDERS + "GetOrder", get("boom"), "INTERNAL"),
    "ended by its handler": (ORDERS + "GetOrder", get("abort"), "NOT_FOUND"),
    "against the rules": (ORDERS + "GetOrder", padded(orders_pb2.GetOrderRequest(name="x")), "INVALID_ARGUMENT"),
    "malformed": (ORDERS + "GetOrder", b"\xff" * MIB, "INVALID_ARGUMENT"),
    "not there": (ORDERS + "ListOrders", padded(orders_pb2.ListOrdersRequest(parent="companies/a")), "UNIMPLEMENTED"),
    "too late for its caller": (ORDERS + "GetOrder", get("slow"), "DEADLINE_EXCEEDED"),
    "a stream that is refused": (WATCH, watch("fault"), "RESOURCE_EXHAUSTED"),
    "a stream that breaks": (WATCH, watch("boom"), "INTERNAL"),
    "a stream that ends": (WATCH, watch("three"), "OK"),
    "a stream that is left": (WATCH, watch("quiet"), "DEADLINE_EXCEEDED"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_holds_the_request_of_a_call_that_is_over(kind: str) -> None:
    """However it ends, by its handler, its caller or the guard."""
    path, raw, code = KINDS[kind]

    async def main() -> float:
        async with serving() as probe, probe.channel() as channel:
            return await held(lambda: one(probe, channel, bearer(probe.register.issue("acme"))))

    async def one(_: Probe, channel: Any, identity: Any) -> None:
        late = 0.3 if code == "DEADLINE_EXCEEDED" else 20
        made = channel.unary_stream(path) if path == WATCH else channel.unary_unary(path)
        call = made(raw, metadata=identity, timeout=late)
        assert await ended(call) == code

    assert run(main()) < 0.1


def test_nothing_holds_what_a_stranger_sent() -> None:
    """Without an identity, and where too many of those came before."""

    async def main() -> list[float]:
        async with serving(limits=Limits(failures=Rate(0.01, 2 * CALLS))) as probe, probe.channel() as channel:
            unary = channel.unary_unary(ORDERS + "GetOrder")
            found = []
            for code in ("UNAUTHENTICATED", "RESOURCE_EXHAUSTED"):

                async def one(code: str = code) -> None:
                    assert await ended(unary(get("a"), timeout=20)) == code

                found.append(await held(one))
                while await ended(unary(b"", timeout=20)) == "UNAUTHENTICATED":
                    pass
            return found

    assert max(run(main())) < 0.1


@pytest.mark.parametrize("what", ["refused", "left"])
def test_nothing_holds_the_chunks_of_an_upload(what: str) -> None:
    """Neither of one that is refused at its first message, nor of one that its client leaves."""
    parent = "companies/acme" if what == "left" else "x"
    chunk = padded(orders_pb2.UploadOrdersRequest(request_id=UUID, parent=parent, orders=[orders_pb2.Order()]))

    async def sent() -> AsyncIterator[bytes]:
        yield chunk
        if what == "left":
            await asyncio.sleep(20)

    async def main() -> float:
        async with serving() as probe, probe.channel() as channel:
            identity = bearer(probe.register.issue("acme"))

            async def one() -> None:
                call = channel.stream_stream(ORDERS + "UploadOrders")(sent(), metadata=identity, timeout=20)
                if what == "left":
                    await call.read()
                    call.cancel()
                assert await ended(call) == ("CANCELLED" if what == "left" else "INVALID_ARGUMENT")

            return await held(one)

    assert run(main()) < 0.1


def test_nothing_holds_a_call_that_the_guard_has_ended() -> None:
    """Of a handler that takes longer than any may."""

    async def main() -> float:
        async with serving(limits=Limits(unary_timeout_s=0.05)) as probe, probe.channel() as channel:
            identity = bearer(probe.register.issue("acme"))
            watching = asyncio.create_task(probe.guard.watch(0.02))

            async def one() -> None:
                call = channel.unary_unary(ORDERS + "GetOrder")(get("slow"), metadata=identity, timeout=20)
                assert await ended(call) == "DEADLINE_EXCEEDED"

            try:
                return await held(one)
            finally:
                watching.cancel()

    assert run(main()) < 0.1


def test_nothing_holds_a_write_that_was_refused(tmp_path: Any) -> None:
    """Whoever catches the fault and goes on, as a stream of answers does, keeps nothing of the request."""
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")

    @single
    def refuse(tx: Any, write: Write) -> bytes:
        raise Fault("COMPANY_SUSPENDED")

    async def one() -> None:
        with contextlib.suppress(Fault):
            await store.write(Write(SYSTEM, "M", "", b"", refuse, bytearray(MIB)))
        # The writer's thread keeps the last transaction until the next one.
        await store.write(Write(SYSTEM, "M", "", b"", single(lambda tx, write: b""), None))

    async def main() -> float:
        return await held(one)

    try:
        assert run(main()) < 0.1
    finally:
        store.close()


async def ended(call: Any) -> str:
    """Wait for a call, or read a stream to its end; its code."""
    try:
        if hasattr(call, "read"):
            while await call.read() is not aio.EOF:
                pass
        else:
            await call
    except (aio.AioRpcError, asyncio.CancelledError):
        pass
    return str((await call.code()).name)
