"""What a participant would gain by false reports: one day negotiated again, and judged by true costs.

One participant at a time states something that is not so, in one respect (a `Lever`) and by one factor, and behaves in
every exchange as if it were true. Everybody else, the seeds of all searches and the day itself stay as they were.

==================  ====================================================================================================
``cost``            a carrier or hub behaves as if all its work cost ``factor`` times as much
``standalone``      an owner behaves as if everything open to it without the pool cost ``factor`` times as much
``urgency``         an owner states delivery windows and due times of ``1 / factor`` their true length: above 1 it
                    feigns haste, below 1 it lets the pool deliver when its client no longer wants it
``volume``          an owner declares ``factor`` times its pallets, weight and volume
==================  ====================================================================================================

The day is then driven as it truly is. A late delivery costs its owner what it costs. Goods that turn out larger than
declared are turned away at the ramp where the vehicle would be overfull, the largest first: they travel at their
owner's true cost alone, what was agreed is paid all the same, and a hub handles the true pallets for the agreed price.

Los et al. (Large-scale collaborative vehicle routing, Annals of Operations Research, 2021) saw that misreporting can
pay single carriers at the cost of all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from agents.day import ALONE
from agents.desks import open_desks
from agents.execution import execute
from agents.jobs import shipment_of
from agents.participants import CarrierDesk, HubDesk, Party, ShipperDesk
from agents.synchronize import synchronize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.day import Day, Execution
    from agents.model import PoolingModel
    from agents.participants.party import Desk
    from agents.settlement import Settlement
    from logistics.fleet import VehicleType
    from logistics.shipments import Shipment

GRID = (0.8, 0.9, 1.1, 1.25)
TURNED_AWAY = "larger than declared: the vehicle was full"
_TOLERANCE = 1e-6


class Lever(StrEnum):
    """In what respect a report is false."""

    COST = "cost"
    STANDALONE = "standalone"
    URGENCY = "urgency"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Misreport:
    """One participant's false report.

    Attributes
    ----------
    role
        ``owner``, ``carrier`` or ``hub``.
    factor
        What is stated over what is true; above 0.
    """

    party: str
    role: str
    lever: Lever
    factor: float

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ValueError(f"a misreport's factor is {self.factor}, expected > 0")


def misreports(desks: Mapping[str, Sequence[Desk]], grid: Sequence[float] = GRID) -> list[Misreport]:
    """List every false report of a grid that somebody in a market could make."""
    found: list[Misreport] = []
    for who, own in desks.items():
        for desk in own:
            role, levers = _levers(desk)
            found += [Misreport(who, role, lever, factor) for lever in levers for factor in grid]
    return found


def _levers(desk: Desk) -> tuple[str, tuple[Lever, ...]]:
    if isinstance(desk, ShipperDesk):
        return "owner", (Lever.STANDALONE, Lever.URGENCY, Lever.VOLUME)
    if isinstance(desk, CarrierDesk) and any(v.count is None or v.count > 0 for v in desk.fleet):
        return "carrier", (Lever.COST,)
    if isinstance(desk, HubDesk) and desk.opening is not None:
        return "hub", (Lever.COST,)
    return "", ()


def what_if(model: PoolingModel, day: Day, lie: Misreport) -> dict[str, int]:
    """Negotiate the model's last day again with a false report.

    Parameters
    ----------
    day
        The model's last day: its desks are still open.

    Returns
    -------
    dict
        What everybody has of the day, see `had`.
    """
    region, market = model.world.region, day.market
    shippers = {d.owner: d for made in model.desks.values() for d in made if isinstance(d, ShipperDesk)}
    stated, desks = market, dict(model.desks)
    if lie.lever in (Lever.URGENCY, Lever.VOLUME):
        told = {s: _told(x, lie) if x.owner == lie.party else x for s, x in market.shipments.items()}
        stated = replace(market, shipments=told)
        bidding = {who: d.bidding for who, made in desks.items() for d in made if isinstance(d, CarrierDesk | HubDesk)}
        true = {s: shipment for desk in shippers.values() for s, shipment in desk.shipments.items()}
        opened = open_desks(region, stated, true, bidding, model.policy.effort, model.root_seed, model.concession)
        # Carriers plan what they are told; owners know their own costs.
        desks = {
            who: tuple(new if isinstance(new, CarrierDesk) else old for old, new in zip(made, opened[who], strict=True))
            for who, made in desks.items()
        }
    else:
        desks[lie.party] = tuple(_feigned(desk, lie) for desk in desks[lie.party])
    participants = {who: Party(who, made) for who, made in desks.items()}
    settlement = synchronize(stated, participants, model.policy, model.day_seed(day.day)).settlement
    away: dict[str, str] = {}
    if lie.lever == Lever.VOLUME:
        away = dict.fromkeys(sorted(turned_away(settlement, market.shipments, market.vehicles, lie.party)), TURNED_AWAY)
        settlement = truly_handled(settlement, market.shipments, stated.shipments, away)
    return had(settlement, execute(region, market, settlement, shippers, away))


def _told(shipment: Shipment, lie: Misreport) -> Shipment:
    if lie.lever == Lever.VOLUME:
        f = lie.factor
        return replace(
            shipment,
            pallets=shipment.pallets * f,
            weight_kg=shipment.weight_kg * f,
            volume_m3=shipment.volume_m3 * f,
        )
    opens = shipment.window_open
    return replace(
        shipment,
        window_close=opens + (shipment.window_close - opens) / lie.factor,
        due_at=max(opens, opens + (shipment.due_at - opens) / lie.factor),
    )


def _feigned(desk: Desk, lie: Misreport) -> Desk:
    """The same desk with other costs, if it is the one that lies; it has worked nothing out yet."""
    f = lie.factor
    role, levers = _levers(desk)
    if role != lie.role or lie.lever not in levers:
        return desk
    if isinstance(desk, CarrierDesk):
        fleet = tuple(replace(v, costs=v.costs.scaled(f)) for v in desk.fleet)
        return replace(desk, fleet=fleet, **_nothing_kept(desk))
    if isinstance(desk, HubDesk):
        stated = {x.name: getattr(desk.costs, x.name) for x in fields(desk.costs)}
        costs = replace(desk.costs, **{name: eur * f for name, eur in stated.items() if eur is not None})
        return replace(desk, costs=costs)
    if isinstance(desk, ShipperDesk):
        hires = tuple(replace(h, vehicle=replace(h.vehicle, costs=h.vehicle.costs.scaled(f))) for h in desk.hires)
        groupage = {s: replace(q, cents=round(q.cents * f)) for s, q in desk.groupage.items()}
        return replace(desk, hires=hires, groupage=groupage, **_nothing_kept(desk))
    return desk


def _nothing_kept(desk: Any) -> dict[str, Any]:
    """Empty caches: a desk remembers plans by content, and their costs are others now."""
    return {x.name: type(getattr(desk, x.name))() for x in fields(desk) if x.name.startswith("_")}


def turned_away(
    settlement: Settlement, true: Mapping[str, Shipment], vehicles: Mapping[str, VehicleType], owner: str
) -> frozenset[str]:
    """Shipments of an owner that do not fit on the day: where a vehicle is overfull its largest stay behind."""
    away: set[str] = set()
    for load in settlement.loads:
        vehicle = vehicles[load.vehicle]
        full = (vehicle.capacity_pallets, vehicle.capacity_kg, vehicle.capacity_m3)
        on_board: set[str] = set()
        for stop in load.stops:
            on_board -= {shipment_of(j) for j in stop.deliveries}
            on_board |= {shipment_of(j) for j in stop.pickups} - away
            while _overfull([true[s] for s in sorted(on_board)], full):
                own = [s for s in on_board if true[s].owner == owner]
                if not own:
                    break
                largest = max(own, key=lambda s: (true[s].pallets, true[s].weight_kg, s))
                on_board.remove(largest)
                away.add(largest)
    return frozenset(away)


def _overfull(goods: Sequence[Shipment], full: tuple[float, float, float]) -> bool:
    used = (sum(s.pallets for s in goods), sum(s.weight_kg for s in goods), sum(s.volume_m3 for s in goods))
    return any(u > c * (1 + _TOLERANCE) for u, c in zip(used, full, strict=True))


def truly_handled(
    settlement: Settlement, true: Mapping[str, Shipment], stated: Mapping[str, Shipment], away: Mapping[str, str]
) -> Settlement:
    """Dock slots with the pallets that really come; prices stay as agreed."""
    bookings = []
    for b in settlement.bookings:
        declared = sum(stated[s].pallets for s in b.shipments)
        came = sum(true[s].pallets for s in b.shipments if s not in away)
        part = came / declared if declared else 1.0
        bookings.append(replace(b, pallets=b.pallets * part, storage_pallet_hours=b.storage_pallet_hours * part))
    return replace(settlement, bookings=tuple(bookings))


def had(settlement: Settlement, executed: Execution) -> dict[str, int]:
    """What everybody has of a day in cents: receipts less payments and true costs, in the pool and outside.

    An owner pays its share, its own means for what is left, and the cost of being late. A carrier is paid for all its
    work, pooled or not, and bears its vehicles' true costs. The coordinator keeps what stays with the operator.
    """
    cents: Counter[str] = Counter()
    for t in settlement.transfers:
        cents[t.payer] -= t.cents
        cents[t.payee] += t.cents
    for load in executed.loads:
        cents[load.carrier] -= sum(load.cost_lines.values())
        if load.mode == ALONE:
            cents[load.carrier] += load.price_cents
            cents[load.owner] -= load.price_cents
    owner_of = {d.shipment: d.owner for d in executed.deliveries}
    for run in executed.groupage:
        cents[run.carrier] += run.price_cents - run.resource_cents
        cents[owner_of[run.shipment]] -= run.price_cents
    for owner, owed in executed.commitment_cents.items():
        cents[owner] -= owed
    for delivery in executed.deliveries:
        cents[delivery.owner] -= sum(delivery.indirect_lines.values())
    for hub, cost in executed.hub_costs.items():
        cents[hub] -= cost
    for kept in executed.reserved:
        cents[kept.provider] -= kept.resource_cents
    return dict(sorted(cents.items()))
