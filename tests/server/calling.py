"""Calling services as somebody, by their Python methods; and a small network made by those calls alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from google.type import latlng_pb2

from groupage.client.methods import services, snake
from groupage.v1 import companies_pb2, orders_pb2, sites_pb2
from server.faults import Fault
from server.viewer import Viewer, calls

OPERATOR = Viewer("", operator=True, identity="test")


def _method(name: str) -> Any:
    return next(m for s in services().values() for key, m in s.items() if key == snake(name))


def _parsed(method: Any, answer: Any) -> Any:
    # Some give what the store keeps, as it is.
    return method.response.FromString(answer) if isinstance(answer, bytes) else answer


def call(servicer: Any, who: Viewer | str, name: str, /, **fields: Any) -> Any:
    """Call a unary method, with a request id where it has one."""
    viewer = who if isinstance(who, Viewer) else Viewer(who, identity=f"test:{who}")
    method = _method(name)
    request = method.asked(None, fields)

    async def go() -> Any:
        calls(viewer)
        answer = await getattr(servicer, name)(request, None)
        return _parsed(method, answer)

    return asyncio.run(go())


def stream(servicer: Any, who: str, name: str, requests: list[Any]) -> list[Any]:
    """Call a method of streams with some requests; answers all that comes back."""
    method = _method(name)

    async def said():
        for request in requests:
            yield request

    async def go() -> list[Any]:
        calls(Viewer(who, identity=f"test:{who}"))
        return [_parsed(method, answer) async for answer in getattr(servicer, name)(said(), None)]

    return asyncio.run(go())


def reason(servicer: Any, who: Viewer | str, name: str, /, **fields: Any) -> str:
    """Reason with which a call is refused; empty if it is not."""
    try:
        call(servicer, who, name, **fields)
    except Fault as fault:
        return fault.reason
    return ""


def company(network: Any, key: str, *roles: Any) -> Any:
    """Enter a company."""
    roles = roles or (companies_pb2.ROLE_SHIPPER, companies_pb2.ROLE_CARRIER, companies_pb2.ROLE_HUB)
    made = companies_pb2.Company(
        display_name=key.upper(), roles=roles, when_silent=companies_pb2.REPRESENTATION_BUILT_IN
    )
    return call(network, OPERATOR, "CreateCompany", company_id=key, company=made)


def site(network: Any, key: str, name: str, **fields: Any) -> Any:
    """Make a site of a company."""
    made = sites_pb2.Site(
        kind=sites_pb2.SITE_KIND_CLIENT, position=latlng_pb2.LatLng(latitude=51.2, longitude=6.8), **fields
    )
    return call(network, key, "CreateSite", parent=f"companies/{key}", site_id=name, site=made)


def order(key: str, ref: str, *, days: float = 2, destination: str = "client", **fields: Any) -> Any:
    """An order of a company, from its plant."""
    start = datetime.now(UTC) + timedelta(days=days)
    made = orders_pb2.Order(
        external_ref=ref,
        origins=[f"companies/{key}/sites/plant"],
        destination=f"companies/{key}/sites/{destination}",
        **{"pallets": 2.0, "weight_kg": 400.0, **fields},
    )
    made.ready_at.FromDatetime(start - timedelta(hours=2))
    made.window_open.FromDatetime(start)
    made.window_close.FromDatetime(start + timedelta(hours=6))
    return made


def fresh_id() -> str:
    """A request id."""
    return str(uuid4())
