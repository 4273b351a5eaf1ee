"""The little pool of the wire's tests in a store, and a synchronization of it that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import col, select

from groupage.v1 import companies_pb2, members_pb2, pools_pb2, rulebooks_pb2, synchronizations_pb2
from server import order_writes, pools
from server import synchronization as steps
from server.durable import record
from server.freezing import Records
from server.services import kinds
from server.services.standard import insert_record
from server.store import Store, Transaction
from server.store.ids import new_id
from server.store.tables import AgentRow, Membership, NegotiationRow, OrderRow
from server.viewer import SYSTEM
from tests.server.wire import pool

POOL = "pools/rhine"
COMPANIES = (*pool.SHIPPERS, *pool.CARRIERS, "north")


def fill(
    store: Store,
    *,
    each: int = 2,
    protocol: str = "contract_net",
    sits_out: tuple[str, ...] = (),
    change: Callable[[rulebooks_pb2.Rulebook], None] = lambda book: None,
    marked: Callable[[Records], None] = lambda _: None,
    liability: rulebooks_pb2.Liability | None = None,
    **given: Any,
) -> None:
    """Store the pool with its members, their master data and orders.

    Parameters
    ----------
    change
        Changes the rulebook before it is stored.
    marked
        Changes the records before they are stored.
    liability
        Of the rulebook, in place of the pool's own.
    given
        Records in place of the pool's own.
    """
    book = pool.rulebook(protocol)
    if liability is not None:
        book.liability.CopyFrom(liability)
    book.name, book.state = f"{POOL}/rulebooks/v1", rulebooks_pb2.Rulebook.IN_FORCE
    change(book)
    found = pool.records(**{"rulebook": book, "orders": pool.orders(each), **given})
    marked(found)

    def put(tx: Transaction) -> None:
        made = pools_pb2.Pool(name=POOL, rulebook=book.name, state=pools_pb2.Pool.ACTIVE)
        insert_record(tx, pools.POOL, made, parent="", company=None, pool="rhine")
        insert_record(tx, pools.RULEBOOK, book, parent=POOL, company=None, pool="rhine")
        for member in found.members:
            company = member.company.removeprefix("companies/")
            silent = (
                companies_pb2.REPRESENTATION_SIT_OUT if company in sits_out else companies_pb2.REPRESENTATION_BUILT_IN
            )
            named = companies_pb2.Company(name=member.company, roles=member.roles, when_silent=silent)
            insert_record(tx, kinds.COMPANY, named, parent="", company=company)
            member.consented_version, member.state = 1, members_pb2.Member.ACTIVE
            insert_record(tx, pools.MEMBER, member, parent=POOL, company=company, pool="rhine")
            tx.connection.execute(insert(Membership), [{"pool": "rhine", "company": company, "since": tx.now}])
        for kind, messages in (
            (kinds.SITE, found.sites),
            (kinds.HUB, found.hubs),
            (kinds.VEHICLE_TYPE, found.vehicle_types),
        ):
            for message in messages:
                company = message.name.split("/")[1]
                insert_record(tx, kind, message, parent=f"companies/{company}", company=company)
        rows = []
        for order in found.orders:
            released_at = order.create_time.ToDatetime(UTC)
            row = order_writes.row_of("/".join(order.name.split("/")[:2]), order, order.name.rsplit("/", 1)[1])
            rows.append({**row, "created_at": released_at, "updated_at": released_at})
        if rows:
            tx.connection.execute(insert(OrderRow), rows)

    store.transact(put)


def ask(
    store: Store,
    *,
    decide_in: timedelta = timedelta(minutes=5),
    reply_within: timedelta = timedelta(minutes=1),
    window: tuple[datetime, datetime] = (pool.START, pool.END),
    called: str = "",
) -> str:
    """Ask for a synchronization, past the service and its checks of time."""
    name = f"{POOL}/synchronizations/{called or new_id()}"
    whole = synchronizations_pb2.Synchronization(name=name, rulebook=f"{POOL}/rulebooks/v1")
    whole.window_start.FromDatetime(window[0])
    whole.window_end.FromDatetime(window[1])
    whole.reply_within.FromTimedelta(reply_within)
    whole.decide_by.FromDatetime(datetime.now(UTC) + decide_in)
    store.transact(lambda tx: steps.opened(tx, whole, COMPANIES, requester="acme"))
    return name


def stands(store: Store, name: str) -> synchronizations_pb2.Synchronization:
    """The synchronization as it is stored."""
    body = store.look(SYSTEM, lambda s: steps.record_of(s, name).body)
    return synchronizations_pb2.Synchronization.FromString(body)


def state(store: Store, name: str) -> str:
    """Where it stands."""
    return steps.State.Name(stands(store, name).state)


def proposals(store: Store, name: str) -> dict[str, Any]:
    """The last round's proposals by company."""
    number = stands(store, name).round
    found = store.look(SYSTEM, lambda s: steps.open_proposals(s, name, number))
    return {p.company.removeprefix("companies/"): p for p in found}


def answer(store: Store, name: str, **said: str) -> None:
    """Answer proposals; who is not named accepts."""
    for company, proposal in proposals(store, name).items():
        word = said.get(company, "ACCEPTED")
        if word != "SILENT":
            store.transact(lambda tx, p=proposal, w=word: steps.proposal_becomes(tx, p.name, steps.Part.Value(w)))


def orders(store: Store, company: str = "") -> dict[str, str]:
    """States of orders by name."""
    rows = store.look(SYSTEM, lambda s: [(o.name, o.state) for o in s.exec(select(OrderRow))])
    return {n: st for n, st in sorted(rows) if n.startswith(f"companies/{company}")}


def negotiations(store: Store, name: str) -> list[NegotiationRow]:
    """Every negotiation of a synchronization, by round."""
    query = select(NegotiationRow).where(NegotiationRow.synchronization == name)
    return sorted(store.look(SYSTEM, lambda s: list(s.exec(query))), key=lambda r: r.round)


def settlement_text(store: Store, row: NegotiationRow) -> str:
    """What a negotiation came to, as its bytes are stored."""
    return store.look(SYSTEM, lambda s: record.blob(s, row.settlement))


def connect(store: Store, company: str, *roles: int) -> None:
    """Have a company's own agent be there."""

    def put(tx: Transaction) -> None:
        rows = [
            {"company": company, "role": r, "connection": "c", "agent": "", "seen_at": tx.now + timedelta(minutes=5)}
            for r in roles
        ]
        tx.connection.execute(insert(AgentRow), rows)

    store.transact(put)


def disconnect(store: Store, company: str) -> None:
    """Have it be gone."""
    store.transact(lambda tx: tx.connection.execute(delete(AgentRow).where(col(AgentRow.company) == company)))
