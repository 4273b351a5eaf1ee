"""A committed plan with one order changed, and what that costs: pure, the same for the same plan and change.

Whoever did not ask is left as committed: stops that stay keep their times where that is possible, carriers get
their own costs' difference on top of the agreed price (so that their margin stays), hubs keep their price, and
all of it is borne by the order's owner. Where its own loads cannot do it, the order moves to another load of the plan
that has room. A carrier that its own agent speaks for, or that told no costs, keeps its price.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR
from agents.participants import ShipperDesk
from agents.settlement import Transfer
from groupage.errors import InputError
from logistics.money import split_cents
from server.drafts import CHANGE, NO_PLAN, Draft, NoPlanError
from server.market import SeatRole, built_in
from server.wire.account import SHARE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from agents.settlement import Settlement
    from logistics.shipments import Shipment
    from server.market import Freeze


@dataclass(frozen=True)
class Replanned:
    """A changed plan.

    Attributes
    ----------
    freeze, settlement
        The market and the plan with the change; its transfers are those before and what the change moves.
    orders
        Whose transports change: none of them may be under way.
    released
        Orders that leave the plan for their owners to book, and what each owner gets for it, cents.
    carriers
        Carriers that are given work, by resource name: it is for them to take it or not.
    """

    freeze: Freeze
    settlement: Settlement
    orders: frozenset[str]
    released: Mapping[str, int] = field(default_factory=dict)
    carriers: frozenset[str] = frozenset()


def replanned(
    freeze: Freeze,
    settlement: Settlement,
    order: str,
    becomes: Shipment | None,
    keeping: Collection[str] = (),
    keeps_percent: float = 100.0,
) -> Replanned:
    """Change one order of a plan.

    Parameters
    ----------
    becomes
        The order as it would be; ``None``: it does not travel.
    keeping
        Carriers that do not agree to give back what a cancellation saves them.
    keeps_percent
        Dead freight: what these keep of what they are paid for the order.

    Raises
    ------
    NoPlanError
        If the change does not fit.
    """
    market = freeze.market
    shipments = {k: s for k, s in market.shipments.items() if k != order}
    if becomes is not None:
        shipments[order] = becomes.for_market()
    # Every origin and destination must be a place of the frozen market: no other has a distance.
    if becomes is not None and becomes.destination not in market.sites:
        raise NoPlanError("its new place is not among those that the plan knows")
    try:
        changed = replace(freeze, market=replace(market, shipments=shipments), named_as=freeze.names_digest)
        draft = Draft.of(freeze, changed, settlement)
    except InputError:
        raise NoPlanError(NO_PLAN) from None
    if becomes is None:
        draft = draft.without(order, keeping, keeps_percent)
    else:
        try:
            draft = draft.amended(order, becomes)
        except NoPlanError as none:
            moved = draft.without(order).placed(order)
            if moved is None:
                raise none from None
            draft = moved
            draft.must_be_sound()
    owner = market.shipments[order].owner
    transfers = [*settlement.transfers]
    for carrier, cents in sorted(draft.more.items()):
        if cents:
            transfers.append(Transfer(owner, COORDINATOR, cents, SHARE, order))
            transfers.append(Transfer(COORDINATOR, carrier, cents, CHANGE, order))
    new = replace(
        settlement,
        legs=draft.legs,
        loads=tuple(draft.loads.values()),
        bookings=draft.bookings,
        transfers=tuple(transfers),
        standalone_cents=_standalone(freeze, changed, settlement, order),
    )
    return Replanned(changed, new, frozenset({order}))


def alone_cents(freeze: Freeze, settlement: Settlement, order: str) -> int:
    """What its owner said that a pooled order costs alone; its part of the whole by pallets where it named no parts."""
    stated = settlement.evidence.reserves.get(order)
    if stated is not None:
        return stated
    owner = freeze.market.shipments[order].owner
    own = {s: freeze.market.shipments[s].pallets for s in freeze.market.owned_by(owner) if s in settlement.pooled}
    rest = settlement.standalone_cents.get(owner, 0) - settlement.left_cents.get(owner, 0)
    return split_cents(max(0, rest), own | {order: freeze.market.shipments[order].pallets})[order]


def _standalone(freeze: Freeze, changed: Freeze, settlement: Settlement, order: str) -> dict[str, int]:
    """What everybody's orders cost alone, with a change: what the owner pays is to be compared with that.

    Where an owner's own agent spoke for it, only it knows what an amended order would cost alone: the figure that it
    told stays, less what it told of an order that is cancelled.
    """
    owner = freeze.market.shipments[order].owner
    was = settlement.standalone_cents.get(owner, 0)
    seat = freeze.seats.get(owner)
    if seat is not None and SeatRole.SHIPPER in seat.remote:
        cancelled = order not in changed.market.shipments
        now = was - alone_cents(freeze, settlement, order) if cancelled else was
    else:
        now = was + _alone(changed, owner) - _alone(freeze, owner)
    return {**settlement.standalone_cents, owner: max(0, now)}


def _alone(freeze: Freeze, owner: str) -> int:
    """What an owner's orders cost alone, as its built-in participant reckons it."""
    own = freeze.market.owned_by(owner)
    if not own:
        return 0
    slim = replace(freeze, market=freeze.market.restricted_to(own))
    party = built_in(slim).get(owner)
    desks = [desk for desk in (party.desks if party else ()) if isinstance(desk, ShipperDesk)]
    return sum(desk.alone(frozenset(own)).price_cents for desk in desks)
