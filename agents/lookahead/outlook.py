"""What the coordinator knows by itself when it looks ahead, and what it comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.reservations import Good
from logistics.fleet import is_reserved, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from agents.market import Market
    from agents.reservations import Reserved
    from agents.settlement import Settlement
    from logistics.lane_costs import LaneCosts
    from logistics.network import Network

GoodKey = tuple[Good, str]  # a kind, and the vehicle type or hub


@dataclass(frozen=True, slots=True)
class PoolDay:
    """What the pool's vehicles and hubs were needed for on a past day: the coordinator made that plan itself.

    Attributes
    ----------
    pallets
        On the table, pooled or not; what was promised for a later day is not.
    used
        Vehicles by type that the pool needed, and dock slots by hub. A vehicle that was reserved costs nothing more on
        the day and so is used for goods that would not have paid for it; it counts only where what it carried saved its
        price on the day, or vehicles once reserved would go on being reserved for having been used.
    """

    pallets: float
    used: Mapping[GoodKey, int]

    @classmethod
    def of(cls, market: Market, settlement: Settlement) -> PoolDay:
        """Count a day's settlement."""
        used: Counter[GoodKey] = Counter()
        spot = {r.good: r.spot_cents for r in market.reserved if r.kind is Good.VEHICLE}
        worth = _worth(settlement)
        for load in settlement.loads:
            if not is_reserved(load.vehicle) or worth[load.id] >= spot[type_of(load.vehicle)]:
                used[Good.VEHICLE, type_of(load.vehicle)] += 1
        used.update((Good.DOCK_SLOT, b.hub) for b in settlement.bookings)
        promised = {s for p in settlement.promises for s in p.lot}
        pallets = sum(s.pallets for s in market.shipments.values() if s.id not in promised)
        return cls(pallets, dict(sorted(used.items())))


def _worth(settlement: Settlement) -> dict[str, float]:
    """What each load saved, in cents: what its goods would have cost alone, less what it was paid.

    A shipment that goes in several legs is worth an equal part on each.
    """
    legs = Counter(leg.shipment for leg in settlement.legs)
    worth = {load.id: -float(sum(load.price_lines.values())) for load in settlement.loads}
    for leg in settlement.legs:
        worth[leg.load] += settlement.evidence.reserves.get(leg.shipment, 0) / legs[leg.shipment]
    return worth


@dataclass(frozen=True, eq=False)
class Outlook:
    """The coordinator's own knowledge; nothing of it is private to anybody.

    Attributes
    ----------
    next_day
        The planning day that is looked ahead to.
    paths
        Sample paths asked of each owner. One path is one joint future: path ``k`` of all owners belongs together.
    owners
        Who is asked, sorted.
    goods
        By provider, what could be reserved with it.
    capacity_pallets
        What all vehicles of the region hold together.
    lane_costs
        What the open market asks on the lane from a site to a zone, for goods of a temperature regime and so many kg
        per pallet.
    experience
        The pool's past days, oldest first.
    """

    next_day: date
    paths: int
    owners: tuple[str, ...]
    goods: Mapping[str, tuple[GoodKey, ...]]
    capacity_pallets: float
    network: Network
    lane_costs: Callable[[str, str, str, float], LaneCosts | None]
    experience: tuple[PoolDay, ...] = ()

    @property
    def facts(self) -> tuple[object, ...]:
        """What tells this look ahead from another, for digests."""
        return (self.next_day, self.paths, self.owners, self.goods, self.capacity_pallets, self.experience)


@dataclass(frozen=True, slots=True)
class Held:
    """A shipment that its owner agreed to hold.

    Attributes
    ----------
    saving_cents
        What its owner was told that waiting is expected to save of its transport.
    """

    owner: str
    saving_cents: int

    @property
    def reason(self) -> str:
        """Why it waits, in plain words for its owner and without anybody else's figures."""
        return (
            f"the pool expects that waiting for the next day's orders saves {self.saving_cents / 100:.2f} EUR of its "
            "transport, more than it costs"
        )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What looking ahead came to.

    Attributes
    ----------
    held
        By shipment.
    reserved
        For the next planning day.
    notes
        Plain words for the operator, in the order in which things happened.
    """

    held: Mapping[str, Held] = field(default_factory=dict)
    reserved: tuple[Reserved, ...] = ()
    notes: tuple[str, ...] = ()
