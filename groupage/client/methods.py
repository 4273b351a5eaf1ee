"""The contract's methods as Python functions, read from its descriptors, so that none can be missing."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from google.protobuf import symbol_database
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2

from groupage.errors import InputError
from groupage.v1 import (
    forecasts_service_pb2,
    negotiation_service_pb2,
    network_service_pb2,
    orders_service_pb2,
    pools_service_pb2,
    synchronizations_service_pb2,
    tracking_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

_FILES = (
    network_service_pb2,
    pools_service_pb2,
    orders_service_pb2,
    forecasts_service_pb2,
    synchronizations_service_pb2,
    negotiation_service_pb2,
    tracking_service_pb2,
)

# The most that the service answers in a page: who reads all of a list has no use for less.
PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service.

    Attributes
    ----------
    path
        As gRPC calls it, such as ``/groupage.v1.Orders/GetOrder``.
    repeatable
        Whether a lost answer may be asked for again: it reads, or has a request id.
    """

    path: str
    request: Any
    response: Any
    client_streaming: bool
    server_streaming: bool

    @property
    def repeatable(self) -> bool:
        """Whether the same request may be sent again without a second effect."""
        name = self.path.rsplit("/", 1)[1]
        fields = self.request.DESCRIPTOR.fields_by_name
        return "request_id" in fields or name.startswith(("Get", "List", "Check", "Wait", "Cancel", "Delete"))

    def asked(self, request: Any, fields: Mapping[str, Any]) -> Any:
        """The request, from a message or from its fields; with a request id, fresh where none is given.

        Raises
        ------
        InputError
            If it has no such field, or a field cannot have such a value.
        """
        if request is None:
            try:
                request = self.request(**fields)
            except (ValueError, TypeError) as error:
                raise InputError(f"{self.request.DESCRIPTOR.name}: {error}") from None
        elif fields:
            raise InputError(f"{self.path}: a request and fields are given, expected one of them")
        if not isinstance(request, self.request):
            raise InputError(
                f"{self.path}: a {type(request).__name__} is given, expected {self.request.DESCRIPTOR.name}"
            )
        if "request_id" in self.request.DESCRIPTOR.fields_by_name and not request.request_id:
            with_id = self.request()
            with_id.CopyFrom(request)
            with_id.request_id = str(uuid.uuid4())
            return with_id
        return request


def snake(name: str) -> str:
    """Python's spelling of a name: ``GetOrder`` is ``get_order``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def services() -> Mapping[str, Mapping[str, Method]]:
    """Methods by service and name, in Python's spelling."""
    found: dict[str, Mapping[str, Method]] = {}
    descriptors: list[ServiceDescriptor] = []
    for file in _FILES:
        descriptors += file.DESCRIPTOR.services_by_name.values()
    descriptors += [
        operations_pb2.DESCRIPTOR.services_by_name["Operations"],
        health_pb2.DESCRIPTOR.services_by_name["Health"],
    ]
    for service in descriptors:
        found[snake(service.name)] = {snake(m.name): _method(service, m) for m in service.methods}
    return found


def listing(service: str, method: str) -> tuple[Method, str]:
    """A method that answers in pages, and the field of its answer that has the rows.

    Raises
    ------
    InputError
        If there is no such method, or it answers no pages.
    """
    one = services().get(service, {}).get(method)
    if one is None or "next_page_token" not in one.response.DESCRIPTOR.fields_by_name:
        lists = [f"{s}.{m}" for s, methods in services().items() for m in methods if m.startswith("list_")]
        raise InputError(f"{service}.{method} answers no pages, expected one of {', '.join(lists)}")
    return one, next(f.name for f in one.response.DESCRIPTOR.fields if f.is_repeated)


def row_kind(service: str, method: str) -> Any:
    """Type of what a method that answers in pages has rows of."""
    one, rows = listing(service, method)
    return GetMessageClass(one.response.DESCRIPTOR.fields_by_name[rows].message_type)


def _method(service: ServiceDescriptor, method: MethodDescriptor) -> Method:
    symbol_database.Default()
    return Method(
        path=f"/{service.full_name}/{method.name}",
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
    )
