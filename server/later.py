"""What plans leave to later days: orders that are held, promises that bind, capacity that is reserved.

Each function is part of a transaction of a synchronization's. Promises and reservations are the service's own rows;
what becomes of them a company reads in its own part of the plan that they were made with, and of the plan of their day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, update
from sqlmodel import col, select

from agents import records
from agents.lookahead import PoolDay
from agents.reservations import Good
from groupage.v1 import synchronizations_pb2
from logistics.money import split_cents
from server import synchronization as steps
from server.names import company_of
from server.store.tables import (
    CommitmentRow,
    OrderRow,
    PoolDayRow,
    PromiseRow,
    Record,
    ReservationRow,
    table_of,
)
from server.wire.promised import promise_id
from server.wire.reserved import reservation_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from agents.promise import Promise
    from agents.reservations import Reserved
    from agents.settlement import Settlement
    from server.market import Freeze, Waiting
    from server.store import Reading, Transaction

OrderState, Part = steps.OrderState, steps.Part
OPEN, KEPT, VOID, SETTLED = "OPEN", "KEPT", "VOID", "SETTLED"
# A window that begins so long after a planning day did is still of that day.
SAME_DAY = timedelta(hours=12)

NO_PLAN = "no plan was made of the day that it was promised for"
NOT_THERE = "not everybody who promised takes part in the plan of its day"


def pool_of(name: str) -> str:
    """The pool of a synchronization."""
    return name.split("/synchronizations/")[0]


def hold(tx: Transaction, name: str, waiting: Mapping[str, Waiting]) -> None:
    """Take orders off the table until a later day, and tell their owners why."""
    went = steps.orders_become(
        tx, name, waiting, OrderState.HELD, reasons={order: w.reason for order, w in waiting.items()}
    )
    if not went:
        return
    column = table_of(OrderRow).c
    tx.connection.execute(
        update(table_of(OrderRow))
        .where(column.name == bindparam("order_name"))
        .values(
            held_until=bindparam("until"),
            held_reason=bindparam("reason"),
            held_days=func.coalesce(column.held_days, 0) + 1,
        ),
        [{"order_name": o, "until": waiting[o].until, "reason": waiting[o].reason} for o in went],
    )


def take(tx: Transaction, name: str, companies: Collection[str], since: datetime, until: datetime) -> list[str]:
    """Take up what is due in a window; answers the orders that were promised for it.

    Parameters
    ----------
    companies
        Who takes part.
    """
    with tx.reading() as session:
        promises = [r for r in session.exec(_due(PromiseRow, "day", name, since, until)) if r.owner in companies]
        reserved = [r.id for r in session.exec(_due(ReservationRow, "since", name, since, until))]
    _put_taken(tx, PromiseRow, [r.id for r in promises], name)
    # With whom it was reserved may not be there any more: then it sells nothing.
    _put_taken(tx, ReservationRow, reserved, name)
    return sorted({order for row in promises for order in promise_in(row).lot})


def _put_taken(tx: Transaction, table: Any, ids: list[str], name: str) -> None:
    tx.connection.execute(update(table).where(col(table.id).in_(ids)).values(due_in=name))


def _due(table: Any, day: str, name: str, since: datetime, until: datetime) -> Any:
    """Rows of a pool that are due in a window and that no other plan has taken up."""
    return (
        select(table)
        .where(
            table.pool == pool_of(name),
            table.state == OPEN,
            col(table.due_in).in_(("", name)),
            col(getattr(table, day)) < until,
            col(getattr(table, day)) > since - SAME_DAY,
        )
        .order_by(col(table.id))
        # Of two plans of a day that begin at the same time, one takes it up.
        .with_for_update()
    )


def promises_for(session: Reading, name: str, companies: Collection[str], since: datetime) -> tuple[Promise, ...]:
    """Promises that bind in a market: those due today as of its window, and those of later days.

    Parameters
    ----------
    companies
        Who takes part: what binds anybody else is no promise of this market.
    """
    query = (
        select(PromiseRow)
        .where(
            PromiseRow.pool == pool_of(name),
            PromiseRow.state == OPEN,
            col(PromiseRow.due_in).in_(("", name)),
            col(PromiseRow.owner).in_(sorted(companies)),
            col(PromiseRow.carrier).in_(sorted(companies)),
        )
        .order_by(col(PromiseRow.day), col(PromiseRow.id))
    )
    found = []
    for row in session.exec(query):
        promise = replace(promise_in(row), id=row.id)
        if row.due_in == name:
            found.append(replace(promise, day=since))
        elif row.day > since:
            found.append(promise)
    return tuple(found)


def reserved_for(session: Reading, name: str) -> tuple[Reserved, ...]:
    """What was reserved for a market, by the order in which it was made."""
    query = (
        select(ReservationRow)
        .where(ReservationRow.due_in == name, ReservationRow.state == OPEN)
        .order_by(col(ReservationRow.id))
    )
    return tuple(reserved_in(row) for row in session.exec(query))


def experience(session: Reading, pool: str, most: int = 60) -> tuple[PoolDay, ...]:
    """What the last plans of a pool needed, oldest first."""
    query = select(PoolDayRow).where(PoolDayRow.pool == pool).order_by(col(PoolDayRow.since).desc()).limit(most)
    rows = sorted(session.exec(query), key=lambda r: (r.since, r.synchronization))
    return tuple(records.loads(row.body) for row in rows)


def reserved_with(name: str) -> Any:
    """Select the ids of what a plan reserves: these commitments of it are for a later day, not for its own."""
    return select(col(ReservationRow.id)).where(col(ReservationRow.synchronization) == name)


# In parts of a plan: what it leaves to later days, and what came of that since.
_TOLD = frozenset({"promises", "reserving", "reserving_cents", "reserving_day"})


def keep_told(content: Any, stored: Any) -> None:
    """Have a part of a changed plan say of later days what the stored one says by now: a change is of its own day."""
    for field in ("owner_part", "carrier_part", "hub_part"):
        if not (content.HasField(field) and stored.HasField(field)):
            continue
        new, old = getattr(content, field), getattr(stored, field)
        told = type(old)()
        told.CopyFrom(old)
        for one, _ in old.ListFields():
            if one.name not in _TOLD:
                told.ClearField(one.name)
        for name in _TOLD.intersection(new.DESCRIPTOR.fields_by_name):
            new.ClearField(name)
        new.MergeFrom(told)


def promise_in(row: PromiseRow) -> Promise:
    """The promise of a row, as it was made."""
    found: Promise = records.loads(row.body)
    return found


def reserved_in(row: ReservationRow) -> Reserved:
    """The reservation of a row, as it was made."""
    found: Reserved = records.loads(row.body)
    return found


def commit(tx: Transaction, name: str, freeze: Freeze, settlement: Settlement) -> None:
    """Bind everybody to what a plan leaves to later days, and settle what was due in it."""
    key = name.rsplit("/", 1)[1]
    with tx.reading() as session:
        body = steps.record_of(session, name).body
    whole = synchronizations_pb2.Synchronization.FromString(body)
    # As long before its day as this plan was to be decided before its own, or after it began.
    lead = whole.decide_by.ToDatetime(UTC) - whole.window_start.ToDatetime(UTC)
    promises = [
        {
            "id": f"{key}-{number}",
            "pool": pool_of(name),
            "owner": company_of(p.owner),
            "carrier": company_of(p.carrier),
            "synchronization": name,
            "day": p.day,
            "release_at": p.day + lead,
            "due_in": "",
            "state": OPEN,
            "body": records.dumps(p).encode(),
        }
        for number, p in enumerate(settlement.promises, start=1)
    ]
    reserved = [
        {
            "id": r.id,
            "pool": pool_of(name),
            "provider": r.provider,
            "good": r.good,
            "quantity": r.quantity,
            "synchronization": name,
            "since": freeze.reserving_from,
            "until": freeze.reserving_to,
            "due_in": "",
            "state": OPEN,
            "used": 0,
            "paid_cents": 0,
            "back_cents": 0,
            "body": records.dumps(r).encode(),
        }
        for r in freeze.reserving
    ]
    day = records.dumps(PoolDay.of(freeze.market, settlement)).encode()
    seen = [{"synchronization": name, "pool": pool_of(name), "since": freeze.market.start, "body": day}]
    for table, rows in ((PromiseRow, promises), (ReservationRow, reserved), (PoolDayRow, seen)):
        if rows:
            tx.connection.execute(insert(table), rows)
    kept_free = [
        {
            "synchronization": name,
            "id": r.id,
            "company": company_of(r.provider),
            "good": r.good,
            "quantity": r.quantity,
            "since": freeze.reserving_from,
            "until": freeze.reserving_to,
        }
        for r in freeze.reserving
        if r.kind is Good.VEHICLE
    ]
    if kept_free:
        tx.connection.execute(insert(CommitmentRow), kept_free)
    _settle_due(tx, name, freeze, settlement)


def _settle_due(tx: Transaction, name: str, freeze: Freeze, settlement: Settlement) -> None:
    promises, reserved = _taken(tx, name)
    due = {p.id for p in freeze.market.due}
    for promise in promises:
        if promise.id in due:
            # Its parties read in this plan what came of it.
            _becomes(tx, PromiseRow, promise.id, state=VOID if promise.id in settlement.void else KEPT)
        else:
            void(tx, promise, NOT_THERE)
    done = {r.id: r for r in settlement.reservations}
    for row in reserved:
        r = done.get(row.id)
        if r is None:
            settle(tx, row, 0, 0, 0, state=VOID)
        else:
            settle(tx, row, r.used, r.price_cents, r.release_cents)


def unplanned(tx: Transaction, name: str, *, cancelled: bool = False) -> None:
    """Let go of what a synchronization had taken up that ended without a plan.

    What was reserved another plan of its day may use. Promises are void, as their orders are released; of one that was
    cancelled they stand, and their orders wait for another plan of their day.
    """
    promises, _ = _taken(tx, name)
    tx.connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.due_in) == name, col(ReservationRow.state) == OPEN)
        .values(due_in="")
    )
    for row in promises:
        if cancelled:
            _becomes(tx, PromiseRow, row.id, due_in="")
            steps.orders_become(tx, name, promise_in(row).lot, OrderState.PROMISED, only_from=[OrderState.OPEN])
        else:
            void(tx, row, NO_PLAN)


def _taken(tx: Transaction, name: str) -> tuple[list[PromiseRow], list[ReservationRow]]:
    def of(table: Any) -> Any:
        return select(table).where(table.due_in == name, table.state == OPEN).order_by(col(table.id))

    with tx.reading() as session:
        return list(session.exec(of(PromiseRow))), list(session.exec(of(ReservationRow)))


def _becomes(tx: Transaction, table: Any, key: str, **values: Any) -> None:
    tx.connection.execute(update(table).where(col(table.id) == key).values(**values))


def void(tx: Transaction, row: PromiseRow, reason: str) -> None:
    """Free both sides of a promise, and tell them in the plan that it was made with."""
    _becomes(tx, PromiseRow, row.id, state=VOID)
    wanted = promise_id(promise_in(row))

    def put(part: Any) -> bool:
        found = [p for p in (*part.owner_part.promises, *part.carrier_part.promises) if p.promise_id == wanted]
        for one in found:
            one.state, one.reason = one.VOID, reason
        return bool(found)

    _retold(tx, row.synchronization, (row.owner, row.carrier), put)


def settle(
    tx: Transaction, row: ReservationRow, used: int, paid_cents: int, back_cents: int, *, state: str = SETTLED
) -> None:
    """Close a reservation, and tell provider and owners in the plan that it was made with.

    Parameters
    ----------
    paid_cents, back_cents
        What all owners pay for it, and what of that comes back.
    """
    values = {"state": state, "used": used, "paid_cents": paid_cents, "back_cents": back_cents}
    _becomes(tx, ReservationRow, row.id, **values)
    held = col(CommitmentRow.synchronization) == row.synchronization, col(CommitmentRow.id) == row.id
    tx.connection.execute(delete(CommitmentRow).where(*held))
    reserved, called = reserved_in(row), reservation_id(row.id)
    agreed = reserved.price_cents * reserved.quantity
    # What an owner agreed to bear, less what it bears in the end.
    shares, paid = split_cents(agreed, reserved.parts), split_cents(paid_cents, reserved.parts)
    back = split_cents(back_cents, reserved.parts)
    less = {company_of(o): shares[o] - paid[o] + back[o] for o in reserved.parts}

    def put(part: Any) -> bool:
        found = [r for r in (*part.carrier_part.reserving, *part.hub_part.reserving) if r.reservation_id == called]
        for one in found:
            one.used, one.price_cents, one.release_cents, one.settled = used, paid_cents, back_cents, True
        owner = company_of(part.company)
        if owner in less and part.HasField("owner_part"):
            part.owner_part.reserving_cents -= less[owner]
        return bool(found) or bool(less.get(owner))

    _retold(tx, row.synchronization, {company_of(row.provider), *less}, put)


def _retold(tx: Transaction, name: str, companies: Iterable[str], put: Any) -> None:
    """Change what companies read in their parts of a committed plan."""
    with tx.reading() as session:
        row = session.get(Record, name)
        if row is None:
            return  # retention was there
        number = synchronizations_pb2.Synchronization.FromString(row.body).round
        found = steps.open_proposals(session, name, number)
    wanted = set(companies)
    for part in found:
        if company_of(part.company) in wanted and part.state == Part.COMMITTED and put(part):
            steps.proposal_becomes(tx, part.name, Part.COMMITTED, content=part)
