"""Reads what the store holds for a pool and a planning window: the records that a market is frozen from."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from groupage.v1 import companies_pb2, members_pb2, negotiation_pb2, rulebooks_pb2, synchronizations_pb2
from server import bus, later
from server import synchronization as steps
from server.freezing import Records
from server.names import company_of
from server.order_writes import decoded as order_of
from server.plan import Hold, held_at_most
from server.pools import MEMBER
from server.services import kinds, standard
from server.store.tables import CapacityOfferRow, CommitmentRow, OrderRow, Record, ReservationRow
from server.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from server.store import Reading, Transaction

State = steps.OrderState
_MASTER_DATA = (kinds.SITE, kinds.HUB, kinds.VEHICLE_TYPE, kinds.TARIFF, kinds.CERTIFICATE, kinds.AUDIT)


def window_of(whole: synchronizations_pb2.Synchronization) -> tuple[datetime, datetime]:
    """Planning window of a synchronization."""
    return whole.window_start.ToDatetime(UTC), whole.window_end.ToDatetime(UTC)


def take(tx: Transaction, name: str) -> None:
    """Put every order on the table that is open, not withheld, and to be delivered in the window.

    With them what was held until then, and what was promised for it.
    """
    with tx.reading() as session:
        whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
        since, until = window_of(whole)
        companies = [p.company for p in steps.participations(session, name) if not p.declined]
        query = select(col(OrderRow.name)).where(
            col(OrderRow.company).in_(companies),
            (col(OrderRow.state) == State.Name(State.OPEN))
            | (col(OrderRow.state) == State.Name(State.HELD)) & (col(OrderRow.held_until) < until),
            col(OrderRow.withheld).is_(False),
            col(OrderRow.window_open) < until,
            col(OrderRow.window_close) > since,
        )
        wanted = list(session.exec(query))
    steps.orders_become(tx, name, wanted, State.NEGOTIATING, only_from=[State.OPEN, State.HELD])
    promised = later.take(tx, name, companies, since, until)
    steps.orders_become(tx, name, promised, State.NEGOTIATING, only_from=[State.PROMISED])


def records(session: Reading, name: str, now: datetime) -> Records:
    """Everything that is to be known of those who take part, and of the orders that are on the table."""
    whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
    since, until = window_of(whole)
    book = session.get(Record, whole.rulebook)
    if book is None:
        raise LookupError(f"{name} runs under {whole.rulebook}, which is gone")
    rulebook = rulebooks_pb2.Rulebook.FromString(book.body)
    rulebook.name = book.name
    taking_part = {p.company for p in steps.participations(session, name) if not p.declined}
    members = [m for m in _members(session, name) if company_of(m.company) in taking_part]
    # Whose tariffs the rulebook froze is known by its fleet, member or not.
    named = taking_part | {company_of(t.tariff) for t in rulebook.baseline_tariffs}
    found = {kind.kind: list(_master_data(session, kind, named)) for kind in _MASTER_DATA}
    own = {company for company in taking_part if bus.present(session, company, 0, now)}
    return Records(
        rulebook=rulebook,
        members=members,
        orders=[order_of(row, Viewer(row.company)) for row in _orders(session, name)],
        sites=found["site"],
        hubs=found["hub"],
        vehicle_types=found["vehicle_type"],
        tariffs=[t for t in found["tariff"] if company_of(t.name) in taking_part],
        certificates=found["certificate"],
        audits=found["audit"],
        capacity_offers=_offers(session, name.split("/synchronizations/")[0], taking_part, since, until),
        remote={
            f"companies/{c}": [r for r in companies_pb2.Role.values() if r and bus.present(session, c, r, now)]
            for c in sorted(own)
        },
        sits_out=_sit_out(session, taking_part),
        held=held(session, since, until, name),
    )


def held(session: Reading, since: datetime, until: datetime, name: str) -> dict[str, int]:
    """How much committed plans hold of each good in a window, a synchronization's own apart."""
    return held_at_most(holds(session, since, until, name), since, until)


def holds(session: Reading, since: datetime, until: datetime, name: str) -> list[Hold]:
    """What committed plans hold in a window, a synchronization's own apart."""
    # What was reserved for this very plan is in its market.
    own = select(col(ReservationRow.id)).where(col(ReservationRow.due_in) == name)
    query = select(CommitmentRow).where(
        col(CommitmentRow.since) < until,
        col(CommitmentRow.until) > since,
        CommitmentRow.synchronization != name,
        col(CommitmentRow.id).not_in(own),
    )
    return [Hold(r.id, r.company, r.good, r.since, r.until, r.quantity) for r in session.exec(query)]


def _members(session: Reading, name: str) -> list[members_pb2.Member]:
    pool = name.split("/synchronizations/")[0]
    query = select(Record).where(Record.kind == MEMBER.kind, Record.parent == pool).order_by(col(Record.name))
    return [standard.decoded(MEMBER, row) for row in session.exec(query)]


def _master_data(session: Reading, kind: standard.Kind, companies: Collection[str]) -> Iterable[Any]:
    query = (
        select(Record)
        .where(Record.kind == kind.kind, col(Record.company).in_(sorted(companies)))
        .order_by(col(Record.name))
    )
    return (standard.decoded(kind, row) for row in session.exec(query))


def _orders(session: Reading, name: str) -> Iterable[OrderRow]:
    query = (
        select(OrderRow)
        .where(OrderRow.synchronization == name, OrderRow.state == State.Name(State.NEGOTIATING))
        .order_by(col(OrderRow.name))
    )
    return session.exec(query)


def _offers(
    session: Reading, pool: str, companies: Collection[str], since: datetime, until: datetime
) -> dict[str, negotiation_pb2.CapacityOffer]:
    """The last offer of each company that meets the window."""
    query = (
        select(CapacityOfferRow)
        .where(
            CapacityOfferRow.pool == pool,
            col(CapacityOfferRow.company).in_(sorted(companies)),
            col(CapacityOfferRow.since) < until,
            col(CapacityOfferRow.until) > since,
        )
        .order_by(col(CapacityOfferRow.at))
    )
    return {
        f"companies/{row.company}": negotiation_pb2.CapacityOffer.FromString(row.body) for row in session.exec(query)
    }


def _sit_out(session: Reading, companies: Collection[str]) -> list[str]:
    """Names of companies for which nobody speaks where their own agent is silent."""
    out = []
    for company in sorted(companies):
        row = session.get(Record, f"companies/{company}")
        said = companies_pb2.Company.FromString(row.body).when_silent if row is not None else 0
        if said == companies_pb2.REPRESENTATION_SIT_OUT:
            out.append(f"companies/{company}")
    return out
