"""The stubs with the gRPC runtime: every method can be called, and what a server does not do is UNIMPLEMENTED."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from groupage.v1 import orders_pb2, orders_service_pb2_grpc
from tests.groupage.v1.contract import SERVICES, new

TIMEOUT_S = 20


class Receipts(orders_service_pb2_grpc.OrdersServicer):
    """Answers each chunk with a receipt."""

    def UploadOrders(
        self, request_iterator: Iterator[orders_pb2.UploadOrdersRequest], context: Any
    ) -> Iterator[orders_pb2.UploadOrdersResponse]:
        """Name as many orders as there are lines."""
        for chunk in request_iterator:
            yield orders_pb2.UploadOrdersResponse(request_id=chunk.request_id, names=["x"] * len(chunk.orders))


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    server = grpc.server(ThreadPoolExecutor(2))
    for service in SERVICES:
        module = stubs(service)
        servicer = Receipts() if service.name == "Orders" else getattr(module, f"{service.name}Servicer")()
        getattr(module, f"add_{service.name}Servicer_to_server")(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    server.stop(None).wait()


def stubs(service: Any) -> Any:
    """The generated module of a service."""
    stem = service.file.name.rpartition("/")[2].removesuffix(".proto")
    return importlib.import_module(f"groupage.v1.{stem}_pb2_grpc")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_method_can_be_called(service: Any, channel: grpc.Channel) -> None:
    """A stub reaches its method, streams too; where nothing is built the answer is UNIMPLEMENTED and nothing else."""
    stub = getattr(stubs(service), f"{service.name}Stub")(channel)
    for method in service.methods:
        if method.name == "UploadOrders":
            continue
        with pytest.raises(grpc.RpcError) as caught:
            called(getattr(stub, method.name), method)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED, method.full_name


def called(call: Any, method: Any) -> list[Any]:
    """All that a method answers to an empty request."""
    request = new(method.input_type)
    answer = call(iter([request]) if method.client_streaming else request, timeout=TIMEOUT_S)
    return list(answer) if method.server_streaming else [answer]


def test_chunks_and_receipts_run_both_ways(channel: grpc.Channel) -> None:
    """Each chunk of an upload gets its receipt while the stream is open."""
    chunks = [orders_pb2.UploadOrdersRequest(request_id=str(n), orders=[orders_pb2.Order()] * n) for n in (1, 2, 3)]
    receipts = orders_service_pb2_grpc.OrdersStub(channel).UploadOrders(iter(chunks), timeout=TIMEOUT_S)
    assert [(r.request_id, len(r.names)) for r in receipts] == [("1", 1), ("2", 2), ("3", 3)]
