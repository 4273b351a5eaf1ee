"""A small world in a store: companies, a pool with a rulebook that all agreed to, orders; straight into the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from groupage.v1 import companies_pb2, members_pb2, orders_pb2, pools_pb2, rulebooks_pb2, synchronizations_pb2
from server.services.standard import Kind, insert_record
from server.store import Store, Transaction
from server.store.tables import Membership, OrderRow
from server.viewer import Viewer, calls

COMPANY = Kind("company", companies_pb2.Company, "companies", "company")
POOL = Kind("pool", pools_pb2.Pool, "pools", "pool")
MEMBER = Kind("member", members_pb2.Member, "members", "member")
RULEBOOK = Kind("rulebook", rulebooks_pb2.Rulebook, "rulebooks", "rulebook")


def stamp(moment: datetime) -> Timestamp:
    out = Timestamp()
    out.FromDatetime(moment)
    return out


def build(store: Store, companies: Sequence[str] = ("acme", "acme2", "swift"), pool: str = "rhine") -> None:
    """Store companies with all roles and a pool of them."""

    def put(tx: Transaction) -> None:
        rulebook = rulebooks_pb2.Rulebook(
            name=f"pools/{pool}/rulebooks/one", version=1, state=rulebooks_pb2.Rulebook.IN_FORCE
        )
        insert_record(
            tx,
            POOL,
            pools_pb2.Pool(name=f"pools/{pool}", rulebook=rulebook.name, state=pools_pb2.Pool.ACTIVE),
            parent="",
            company=None,
            pool=pool,
        )
        insert_record(tx, RULEBOOK, rulebook, parent=f"pools/{pool}", company=None, pool=pool)
        for company in companies:
            roles = [companies_pb2.ROLE_SHIPPER, companies_pb2.ROLE_CARRIER]
            named = companies_pb2.Company(name=f"companies/{company}", roles=roles)
            insert_record(tx, COMPANY, named, parent="", company=company)
            member = members_pb2.Member(
                name=f"pools/{pool}/members/{company}",
                company=f"companies/{company}",
                roles=roles,
                consented_version=1,
                state=members_pb2.Member.ACTIVE,
            )
            insert_record(tx, MEMBER, member, parent=f"pools/{pool}", company=company, pool=pool)
            with tx.reading() as session:
                session.add(Membership(pool=pool, company=company, since=tx.now))
                session.flush()

    store.transact(put)


def put_orders(store: Store, company: str, count: int, window_open: datetime) -> list[str]:
    """Store orders of a company, open."""
    names = [f"companies/{company}/orders/o{i}" for i in range(count)]

    def put(tx: Transaction) -> None:
        with tx.reading() as session:
            for i, name in enumerate(names):
                session.add(
                    OrderRow(
                        name=name,
                        company=company,
                        external_ref=f"{company}-{i}",
                        destination=f"companies/{company}/sites/client",
                        window_open=window_open,
                        window_close=window_open + timedelta(hours=4),
                        due_at=window_open + timedelta(hours=4),
                        created_at=tx.now,
                        updated_at=tx.now,
                        body=orders_pb2.Order(external_ref=f"{company}-{i}").SerializeToString(),
                    )
                )
            session.flush()

    store.transact(put)
    return names


def asking(pool: str = "rhine", *, start: datetime | None = None, **changes: Any) -> Any:
    """A request of a synchronization of the day after tomorrow."""
    now = datetime.now(UTC)
    begin = start or now + timedelta(days=2)
    given: dict[str, Any] = {
        "parent": f"pools/{pool}",
        "rulebook": f"pools/{pool}/rulebooks/one",
        "window_start": stamp(begin),
        "window_end": stamp(begin + timedelta(days=1)),
        "reply_within": Duration(seconds=60),
        "decide_by": stamp(now + timedelta(hours=2)),
        "request_id": str(uuid4()),
    }
    return synchronizations_pb2.RequestSynchronizationRequest(**{**given, **changes})


async def as_(company: str, call: Any, request: Any, *, operator: bool = False) -> Any:
    """Make a unary call as somebody."""
    calls(Viewer(company, operator, "test"))
    return await call(request, None)


async def taken(stream: AsyncIterator[Any], count: int) -> list[Any]:
    """The first answers of a stream."""
    out = []
    async for one in stream:
        out.append(one)
        if len(out) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return out
