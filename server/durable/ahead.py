"""How a synchronization looks ahead before it negotiates: what the store knows for it, and what becomes of it.

The conversation is on record as a negotiation is, with the number 0; what is frozen for it holds all that the built-in
participants answer from, so that another worker comes to the same after a crash.
"""

from __future__ import annotations

import logging
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from agents.planning import GoodsSeen
from groupage.errors import GroupageError
from logistics.jobs import planning_day
from server import forecast_models, lanes, later, learning
from server import synchronization as steps
from server.durable import agreement, gather, record
from server.foresight import (
    DAYS_AHEAD,
    PATHS,
    Expected,
    Look,
    days_ahead,
    look_from,
    looked_from,
    looks_ahead,
    uses_forecast,
    without_waiting,
)
from server.market import freeze_text
from server.names import company_of
from server.order_writes import decoded as order_of
from server.planning_days import clock_of, starts_after, weekdays_of
from server.store.tables import OrderRow
from server.viewer import SYSTEM, Viewer
from server.wire.policies import policy
from server.wire.shipments import shipment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime

    import pandas as pd

    from agents.promise import Promise
    from agents.reservations import Reserved
    from groupage.v1 import orders_pb2, synchronizations_pb2
    from server.durable.executors import Executor
    from server.durable.processes import Processes
    from server.freezing import Records
    from server.market import Freeze
    from server.store import Reading, Store, Transaction
    from server.store.tables import NegotiationRow

log = logging.getLogger(__name__)

# Demand that was last told of longer ago says nothing of tomorrow.
_STALE_DAYS = 60
_ORDERS_SEEN = 1_000
ALL_WAITS = "all that was on the table is held for a later day"


@dataclass(frozen=True, slots=True)
class Bound:
    """What earlier plans have bound a market to, and the days that it may bind in turn."""

    later: tuple[datetime, ...]
    promises: tuple[Promise, ...]
    reserved: tuple[Reserved, ...]


def bound(session: Reading, whole: synchronizations_pb2.Synchronization, found: Records) -> Bound:
    """Read what earlier plans have bound a synchronization's market to."""
    since, _ = gather.window_of(whole)
    companies = {company_of(m.company) for m in found.members}
    count = days_ahead(policy(found.rulebook.policy, found.rulebook.name))
    return Bound(
        _days(whole, found, count),
        later.promises_for(session, whole.name, companies, since),
        later.reserved_for(session, whole.name),
    )


def _days(whole: synchronizations_pb2.Synchronization, found: Records, count: int) -> tuple[datetime, ...]:
    since, until = gather.window_of(whole)
    return starts_after(since, until, count, clock_of(found.sites), weekdays_of(found.rulebook))


def look(
    store: Store,
    processes: Processes,
    whole: synchronizations_pb2.Synchronization,
    found: Records,
    frozen: Freeze,
) -> Look | None:
    """Put together what is known when a pool looks ahead; ``None`` where its policy has nothing decided before.

    Only before the first negotiation: those who go on without others have decided already.
    """
    market = frozen.market
    if whole.round or not looks_ahead(frozen.policy) or not market.shipments:
        return None
    clock, starts = clock_of(found.sites), _days(whole, found, DAYS_AHEAD)
    owners = {company_of(o) for o in market.owners}
    horizon = timedelta(minutes=market.horizon_min)

    def read(session: Reading) -> Look:
        held = gather.held(session, starts[0], starts[0] + horizon, whole.name)
        days = select(col(OrderRow.name), col(OrderRow.held_days)).where(
            col(OrderRow.synchronization) == whole.name, col(OrderRow.held_days) > 0
        )
        return Look(
            freeze=frozen,
            starts=starts,
            clock=clock,
            held_days=dict(sorted((name, count or 0) for name, count in session.exec(days))),
            free={
                **{v.name: max(0, v.count - held.get(v.name, 0)) for v in found.vehicle_types},
                **{h.name: h.dock_slots_per_hour for h in found.hubs},
            },
            experience=later.experience(session, later.pool_of(whole.name)),
        )

    known = store.look(SYSTEM, read)
    if not uses_forecast(frozen.policy):
        return known
    first = planning_day(market.start, clock) + timedelta(days=1)
    last = planning_day(starts[0], clock)
    zones = {s.name: s.zone for s in found.sites}
    expected = _expected(store, processes, owners, first, last, zones)
    return replace(known, expected=expected)


def _expected(
    store: Store, processes: Processes, owners: Collection[str], first: date, last: date, zones: Mapping[str, str]
) -> dict[str, tuple[Expected, ...]]:
    """What each owner expects, by the model that counts and all demand that it has told; private to it."""
    today = store.now().date()

    def read(session: Reading) -> dict[str, tuple[bytes, pd.DataFrame, GoodsSeen]]:
        ready = {}
        for owner in sorted(owners):
            model = forecast_models.newest(session, owner)
            frame = lanes.frame_of(lanes.rows_of(session, owner), today) if model is not None else None
            if model is None or frame is None:
                continue
            told = learning.known_until(frame)
            if told < first and (first - told).days <= _STALE_DAYS:
                content = forecast_models.content_of(session, model.name)
                ready[owner] = (content, frame, _goods(session, owner, zones))
        return ready

    ready = store.look(SYSTEM, read)
    days = (last - first).days + 1
    # Equally far for all: path k of each is drawn from the same past then.
    horizon = max(((last - learning.known_until(f)).days for _, f, _ in ready.values()), default=0)
    found: dict[str, tuple[Expected, ...]] = {}
    for owner, (model, frame, goods) in ready.items():
        try:
            rows = processes.run(learning.expected, model, frame, first, days, horizon, PATHS)
        except BrokenProcessPool:
            raise
        except Exception as error:
            # One company's model never stops the others: it has nothing to forecast from.
            log.warning("a model could not be looked ahead with: %s", type(error).__name__)
            continue
        found[f"companies/{owner}"] = tuple(
            Expected(zone, product, *goods.of(zone, product), paths) for zone, product, paths in rows
        )
    return found


def _goods(session: Reading, company: str, zones: Mapping[str, str]) -> GoodsSeen:
    """Where a company's goods came from lately, and what they needed."""
    query = (
        select(OrderRow)
        .where(OrderRow.company == company)
        .order_by(col(OrderRow.created_at).desc(), col(OrderRow.name).desc())
        .limit(_ORDERS_SEEN)
    )
    seen = GoodsSeen()
    for row in reversed(list(session.exec(query))):
        message: orders_pb2.Order = order_of(row, Viewer(company))
        try:
            seen.note(shipment(message), zones.get(message.destination, ""))
        except GroupageError:
            continue
    return seen


def finish(executor: Executor, row: NegotiationRow) -> None:
    """Take what waits off the table, and begin to negotiate over the rest."""
    name, key = row.synchronization, row.synchronization.rsplit("/", 1)[1]
    text, result = executor.store.look(SYSTEM, lambda s: (record.blob(s, row.freeze), record.blob(s, row.settlement)))
    known, looked = look_from(text), looked_from(result)
    if known is None:
        raise LookupError(f"{name}: what was looked ahead from is no look ahead")
    # Ids of one day's reservations are unique in their pool then.
    named = tuple(replace(r, id=f"{key}-{number}") for number, r in enumerate(looked.ahead.reserved, start=1))
    frozen = without_waiting(known, replace(looked, ahead=replace(looked.ahead, reserved=named)))

    def go_on(tx: Transaction) -> None:
        steps.alone(tx, name)
        with tx.reading() as session:
            if steps.record_of(session, name).state != steps.State.Name(steps.State.NEGOTIATING):
                raise steps.StepRefusedError(f"{name} is not to be negotiated any more")
            if record.negotiation(session, name, 1) is not None:
                raise steps.StepRefusedError(f"{name} is negotiated already")
        later.hold(tx, name, looked.waiting)
        agreement.close(tx, row, {})
        if frozen.market.shipments:
            agreement.begin(tx, name, 1, freeze_text(frozen))
        else:
            agreement.release(tx, name, ALL_WAITS)

    executor.transact(go_on)
