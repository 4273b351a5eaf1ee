"""What the coordinator knows by itself when it looks ahead, and what it comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.reservations import Good
from logistics.fleet import type_of

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
        On the table, pooled or not.
    used
        Vehicles by type that the pool drove, and dock slots by hub.
    """

    pallets: float
    used: Mapping[GoodKey, int]

    @classmethod
    def of(cls, market: Market, settlement: Settlement) -> PoolDay:
        """Count a day's settlement."""
        used: Counter[GoodKey] = Counter()
        used.update((Good.VEHICLE, type_of(load.vehicle)) for load in settlement.loads)
        used.update((Good.DOCK_SLOT, b.hub) for b in settlement.bookings)
        return cls(sum(s.pallets for s in market.shipments.values()), dict(sorted(used.items())))


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
