"""The market: all that a coordinator may know in one round."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from logistics.fleet import without_reserved
from logistics.network import Network

if TYPE_CHECKING:
    from agents.promise import Promise
    from agents.reservations import Reserved
    from logistics.fleet import Carrier, VehicleType
    from logistics.hubs import Hub
    from logistics.shipments import Shipment
    from logistics.sites import Site
    from logistics.tariffs import PublicTariffs


def canonical(value: Any) -> Any:
    """Turn a frozen value into nested tuples with one spelling, for digests and cache keys."""
    if isinstance(value, Network):
        return value.digest()
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(canonical(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, Mapping):
        return tuple((canonical(k), canonical(value[k])) for k in sorted(value))
    if isinstance(value, frozenset | set):
        return tuple(sorted((canonical(v) for v in value), key=repr))
    if isinstance(value, tuple | list):
        return tuple(canonical(v) for v in value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def digest(value: Any) -> str:
    """SHA-256 of a frozen value's canonical spelling."""
    return hashlib.sha256(repr(canonical(value)).encode()).hexdigest()


@dataclass(frozen=True)
class Market:
    """Shipments on offer, places, public tariffs, vehicles and hubs of one planning window. No private cost.

    Attributes
    ----------
    start
        Minute 0 of every plan, UTC.
    horizon_min
        Length of the planning window.
    shipments
        On offer, by id; without stakes.
    later
        Starts of the planning days to come that a protocol may make promises for, in order.
    promises
        Outstanding ones, by the order in which they were made: what is due today is on offer too, what is due later is
        not.
    vehicles
        By id; those that were reserved ahead are types of their own (`logistics.fleet.with_reserved`).
    reserved
        What was reserved ahead for this day.
    """

    start: datetime
    horizon_min: float
    sites: Mapping[str, Site]
    network: Network
    shipments: Mapping[str, Shipment]
    carriers: Mapping[str, Carrier]
    vehicles: Mapping[str, VehicleType]
    hubs: Mapping[str, Hub]
    tariffs: PublicTariffs
    later: tuple[datetime, ...] = ()
    promises: tuple[Promise, ...] = ()
    reserved: tuple[Reserved, ...] = ()

    def __post_init__(self) -> None:
        leaks = [s.id for s in self.shipments.values() if s.stakes is not None]
        if leaks:
            raise ValueError(
                f"shipments {leaks[:5]} carry stakes, expected Shipment.for_market(): a market is not private"
            )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in the market."""
        return digest(self)

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Who owns shipments on offer, sorted."""
        return tuple(sorted({s.owner for s in self.shipments.values()}))

    def owned_by(self, owner: str) -> tuple[str, ...]:
        """Ids of an owner's shipments on offer, sorted."""
        return tuple(sorted(s.id for s in self.shipments.values() if s.owner == owner))

    @property
    def due(self) -> tuple[Promise, ...]:
        """Promises that are due today."""
        return tuple(p for p in self.promises if p.day == self.start)

    def restricted_to(self, shipments: Iterable[str]) -> Market:
        """Return the same market with only these shipments on offer, and what is due of nothing else."""
        wanted = set(shipments)
        return replace(
            self,
            shipments={k: s for k, s in self.shipments.items() if k in wanted},
            promises=tuple(p for p in self.promises if p.day != self.start or wanted.issuperset(p.lot)),
        )

    def ahead(self, day: int) -> Market:
        """Return the market of a later day (1: the first in ``later``), as far as it is known today.

        On offer are the shipments of today that would then still be in time, and what is promised for that day. What
        was reserved is reserved for today only.
        """
        start = self.later[day - 1]
        promises = tuple(p for p in self.promises if p.day == start)
        waiting = {k: s for k, s in self.shipments.items() if start < s.last_moment}
        due = {s.id: s for p in promises for s in p.shipments}
        fleet = without_reserved(self.vehicles)
        return replace(
            self, start=start, shipments=waiting | due, vehicles=fleet, later=(), promises=promises, reserved=()
        )
