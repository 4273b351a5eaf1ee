"""A service that does as it is told: it answers, refuses, falls silent and breaks off by a script."""

from concurrent import futures

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from groupage.client import Client, Retries
from groupage.v1 import (
    orders_pb2,
    orders_service_pb2_grpc,
    pools_service_pb2_grpc,
    synchronizations_pb2,
    synchronizations_service_pb2_grpc,
)

QUICK = Retries(attempts=4, first_s=0.01, most_s=0.02)


def refuse(context, code, reason="", *, retry_s=None, wrong=(), **metadata):
    status = status_pb2.Status(code=code.value[0], message="as scripted")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="groupage", metadata=metadata))
    if retry_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(round(retry_s * 1000))
        status.details.add().Pack(retry)
    if wrong:
        bad = error_details_pb2.BadRequest()
        for field, expected in wrong:
            bad.field_violations.add(field=field, description=expected)
        status.details.add().Pack(bad)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, "as scripted")


class Scripted(
    orders_service_pb2_grpc.OrdersServicer,
    pools_service_pb2_grpc.PoolsServicer,
    synchronizations_service_pb2_grpc.SynchronizationsServicer,
):
    """Answers by what stands next in `script`: a callable of (request, context), or what to answer."""

    def __init__(self):
        self.script = []
        self.requests = []
        self.metadata = []

    def _next(self, request, context):
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        step = self.script.pop(0)
        return step(request, context) if callable(step) else step

    def GetOrder(self, request, context):
        return self._next(request, context)

    def CreateOrder(self, request, context):
        return self._next(request, context)

    def ListOrders(self, request, context):
        return self._next(request, context)

    def UploadOrders(self, requests, context):
        yield from self._next(requests, context)

    def ExportMember(self, request, context):
        return self._next(request, context)

    def ReadExport(self, request, context):
        yield from self._next(request, context)

    def WatchSynchronization(self, request, context):
        yield from self._next(request, context)


@pytest.fixture
def service():
    """A scripted service that listens, with its address."""
    one = Scripted()
    server = grpc.server(futures.ThreadPoolExecutor(8))
    orders_service_pb2_grpc.add_OrdersServicer_to_server(one, server)
    pools_service_pb2_grpc.add_PoolsServicer_to_server(one, server)
    synchronizations_service_pb2_grpc.add_SynchronizationsServicer_to_server(one, server)
    one.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield one
    server.stop(0)


@pytest.fixture
def client(service):
    """A client of the scripted service that does not wait long."""
    with Client(service.address, retries=QUICK, seed=1, token="gpg_a_b") as one:
        yield one


def events(first, last):
    out = synchronizations_pb2.WatchSynchronizationResponse(sequence=last)
    for number in range(first, last + 1):
        out.events.add(sequence=number)
    return out


def order(name):
    return orders_pb2.Order(name=name)
