"""Prices a change against the plan in force, and says what it means for whom; nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import select

from agents.messages import COORDINATOR
from groupage.errors import GroupageError
from groupage.v1 import change_requests_pb2, fleets_pb2, rulebooks_pb2, synchronizations_pb2
from logistics.fleet import type_of
from server import changes, plan
from server import synchronization as steps
from server.drafts import NO_PLAN, NoPlanError
from server.durable import gather
from server.failures import UNDER_WAY, failure_of, without_provider
from server.names import company_of
from server.replan import replanned
from server.store.tables import OrderRow, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from agents.market import Market
    from agents.settlement import Settlement
    from groupage.v1 import proposals_pb2
    from server.market import Freeze
    from server.replan import Replanned
    from server.store import Reading

_FIELDS = ("owner_part", "carrier_part", "hub_part")


@dataclass(frozen=True)
class Priced:
    """A change with its price.

    Attributes
    ----------
    price_cents
        What it costs who made it.
    affected
        By company, what it means for it: who made it, those to be asked, and those who are only told.
    asked
        Companies that have to agree.
    orders
        Whose transports change: none of them may be under way.
    released
        Orders that leave the plan, and what their owners get for it.
    """

    freeze: Freeze
    settlement: Settlement
    parts: changes.Parts
    price_cents: int
    affected: dict[str, change_requests_pb2.ChangePart]
    asked: frozenset[str]
    orders: frozenset[str]
    released: Mapping[str, int] = field(default_factory=dict)


def price(session: Reading, name: str, requester: str, request: Any, against: Collection[str] = ()) -> Priced:
    """Price a change.

    Parameters
    ----------
    against
        Companies that were asked and would not have it: of a cancellation, they keep the rulebook's dead freight; of a
        provider's failure, it is done without them.

    Raises
    ------
    NoPlanError
        If there is no plan with it.
    """
    freeze, settlement, alone = changes.in_force(session, name)
    liability = liability_of(session, name)
    try:
        if request.HasField("provider_failure"):
            done = _failed(session, name, requester, request, (freeze, settlement, liability), against)
        else:
            if changes.under_way(session, name, request.order):
                raise NoPlanError(UNDER_WAY)
            row = session.get_one(OrderRow, request.order)
            _, shipment = changes.becomes(row, request)
            keeping = [f"companies/{c}" for c in against]
            keeps = liability.dead_freight_percent if liability.HasField("dead_freight_percent") else 100.0
            done = replanned(freeze, settlement, request.order, shipment, keeping, keeps)
    except GroupageError:
        raise NoPlanError(NO_PLAN) from None
    before = changes.parts(freeze, settlement, alone)
    after = changes.parts(done.freeze, done.settlement, alone, before)
    net = _net(freeze, settlement, done.settlement)
    affected = {}
    for company in sorted({*before, *after, requester}):
        old, new = before.get(company), after.get(company)
        if company != requester and not net[company] and _felt(old) == _felt(new):
            continue
        part = change_requests_pb2.ChangePart(net_cents=net[company])
        for which in _FIELDS:
            if new is not None and new.HasField(which):
                getattr(part, which).CopyFrom(getattr(new, which))
        affected[company] = part
    asked = frozenset(affected)
    if request.HasField("provider_failure"):
        given = {company_of(c) for c in done.carriers}
        asked = frozenset(c for c in affected if c in given or _other_times(before.get(c), after.get(c)))
    return Priced(
        done.freeze,
        done.settlement,
        after,
        net[requester],
        affected,
        asked - {requester},
        done.orders,
        done.released,
    )


def liability_of(session: Reading, name: str) -> rulebooks_pb2.Liability:
    """The liability of the rulebook that a synchronization runs under; immutable as the rulebook is."""
    whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
    row = session.get(Record, whole.rulebook)
    book = rulebooks_pb2.Rulebook() if row is None else rulebooks_pb2.Rulebook.FromString(row.body)
    return book.liability


def _failed(
    session: Reading,
    name: str,
    requester: str,
    request: Any,
    standing: tuple[Freeze, Settlement, rulebooks_pb2.Liability],
    against: Collection[str],
) -> Replanned:
    freeze, settlement, liability = standing
    called = request.provider_failure.load_or_booking_id
    failure = failure_of(freeze, settlement, called, f"companies/{requester}")
    if failure.load is not None:
        orders = {leg.shipment for leg in settlement.legs if leg.load == failure.load.id}
    else:
        orders = {*failure.booking.shipments} if failure.booking is not None else set()
    rows = session.exec(select(OrderRow).where(OrderRow.synchronization == name))
    states = {row.name: row.state for row in rows if row.name in orders}
    # A load whose goods move cannot be taken over on paper; of a hub's, some may stand at the hub already.
    if not orders or changes.moving(session, name, called):
        raise NoPlanError(UNDER_WAY)
    moved = changes.moving(session, name, *orders) | {o for o in orders if states.get(o) != "COMMITTED"}
    done = without_provider(
        freeze,
        settlement,
        failure,
        refused=[f"companies/{c}" for c in against],
        under_way=moved,
        limit_cents=liability.limit_cents_per_event if liability.HasField("limit_cents_per_event") else None,
        free=free_vehicles(session, name, freeze.market),
    )
    return replace(done, orders=done.orders - moved)


def free_vehicles(session: Reading, name: str, market: Market) -> dict[str, int]:
    """Vehicles of each type of a market that its carriers have, and no other plan holds, by now."""
    until = market.start + timedelta(minutes=market.horizon_min)
    held = plan.held_at_most(gather.holds(session, market.start, until, name), market.start, until)
    rows = {v: session.get(Record, v) for v in {type_of(v) for v in market.vehicles}}
    have = {v: fleets_pb2.VehicleType.FromString(r.body).count for v, r in rows.items() if r is not None}
    return {v: count - held.get(v, 0) for v, count in sorted(have.items())}


def _net(freeze: Freeze, settlement: Settlement, after: Settlement) -> Counter[str]:
    """What a change costs each company, by its transfers."""
    net: Counter[str] = Counter()
    for t in after.transfers[len(settlement.transfers) :]:
        for who, cents in ((t.payer, t.cents), (t.payee, -t.cents)):
            if who != COORDINATOR:
                net[company_of(freeze.seats[who].company)] += cents
    return net


def _felt(part: proposals_pb2.Proposal | None) -> bytes:
    """What of a part is worth telling: not emissions, nor with whom, nor fees, which are the rulebook's."""
    if part is None:
        return b""
    kept = type(part)()
    kept.CopyFrom(part)
    for order in kept.owner_part.orders if kept.HasField("owner_part") else ():
        for name in ("transport_kgco2e", "pooled_with_others", "co_loaded_companies"):
            order.ClearField(name)
    return bytes(kept.SerializeToString(deterministic=True))


def _other_times(before: proposals_pb2.Proposal | None, after: proposals_pb2.Proposal | None) -> bool:
    """Tell whether an order that stays in the plan is loaded or delivered at another time."""
    if before is None or after is None:
        return False
    was = {o.order: (o.pickup_at, o.delivery_at) for o in before.owner_part.orders if o.legs}
    return any(
        was[o.order] != (o.pickup_at, o.delivery_at) for o in after.owner_part.orders if o.legs and o.order in was
    )
