"""The services that a server offers: one line each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from google.longrunning import operations_pb2_grpc

from groupage.v1 import (
    forecasts_service_pb2_grpc,
    negotiation_service_pb2_grpc,
    network_service_pb2_grpc,
    orders_service_pb2_grpc,
    pools_service_pb2_grpc,
    synchronizations_service_pb2_grpc,
    tracking_service_pb2_grpc,
)
from server.services.forecasts import Forecasts
from server.services.negotiation import Negotiation
from server.services.network import Network
from server.services.operations import Operations
from server.services.orders import Orders
from server.services.pools import Pools
from server.services.synchronizations import Synchronizations
from server.services.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from groupage.v1 import negotiation_pb2
    from server.store import Store


class Bridge(Protocol):
    """What services tell the workflows; every method may be called from any thread."""

    def start(self, synchronization: str) -> None:
        """Enqueue a synchronization, once however often this is called."""

    def notify(self, synchronization: str) -> None:
        """Wake its workflow: something that it waits for was stored."""

    def answered(self, workflow: str, question_id: str, company: str) -> None:
        """Wake a workflow: a question of its was answered."""

    def forget(self, before: datetime) -> int:
        """Delete what is kept of workflows that were over before a moment; answers of how many."""

    def check(self, question: negotiation_pb2.Question, answer: negotiation_pb2.Answer) -> None:
        """Raise a `Fault` REPLY_MALFORMED where an answer does not fit its question."""


@dataclass(frozen=True)
class Parts:
    """What services are made of; without a bridge those that need one are left out."""

    store: Store
    bridge: Bridge | None = None


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes
    ----------
    name
        In full, such as ``groupage.v1.Tracking``.
    add
        The generated function that adds a servicer to a server.
    make
        Of the parts: its servicer, or None where a part is missing.
    """

    name: str
    add: Callable[[Any, Any], None]
    make: Callable[[Parts], Any]

    def describe(self) -> None:
        """Load the service's description, for reflection: the generated code of its calls does without."""
        importlib.import_module(self.add.__module__.removesuffix("_grpc"))


def _operations(parts: Parts) -> Operations:
    bridge = parts.bridge
    cancel = Synchronizations(parts.store, bridge.start, bridge.notify).CancelSynchronization if bridge else None
    return Operations(parts.store, cancel)


def _pools(parts: Parts) -> Pools:
    return Pools(parts.store, parts.bridge.notify) if parts.bridge else Pools(parts.store)


SERVICES: tuple[Service, ...] = (
    Service(
        "groupage.v1.Network",
        network_service_pb2_grpc.add_NetworkServicer_to_server,
        lambda parts: Network(parts.store),
    ),
    Service("groupage.v1.Pools", pools_service_pb2_grpc.add_PoolsServicer_to_server, _pools),
    Service(
        "groupage.v1.Orders",
        orders_service_pb2_grpc.add_OrdersServicer_to_server,
        lambda parts: Orders(parts.store),
    ),
    Service(
        "groupage.v1.Forecasts",
        forecasts_service_pb2_grpc.add_ForecastsServicer_to_server,
        lambda parts: Forecasts(parts.store),
    ),
    Service("google.longrunning.Operations", operations_pb2_grpc.add_OperationsServicer_to_server, _operations),
    Service(
        "groupage.v1.Synchronizations",
        synchronizations_service_pb2_grpc.add_SynchronizationsServicer_to_server,
        lambda parts: parts.bridge and Synchronizations(parts.store, parts.bridge.start, parts.bridge.notify),
    ),
    Service(
        "groupage.v1.Negotiation",
        negotiation_service_pb2_grpc.add_NegotiationServicer_to_server,
        lambda parts: parts.bridge and Negotiation(parts.store, parts.bridge.check, parts.bridge.answered),
    ),
    Service(
        "groupage.v1.Tracking",
        tracking_service_pb2_grpc.add_TrackingServicer_to_server,
        lambda parts: Tracking(parts.store),
    ),
)
