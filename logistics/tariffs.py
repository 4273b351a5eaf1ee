"""Public groupage tariffs, dedicated vehicles and incumbent contracts: what is open to a shipper without a pool."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from logistics.money import to_cents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logistics.fleet import OperatingCosts


@dataclass(frozen=True, slots=True)
class GroupageBracket:
    """Price of one bracket: up to this many pallets and kilograms, from one zone to another (``"*"``: any)."""

    from_zone: str
    to_zone: str
    up_to_pallets: float
    up_to_kg: float
    price_eur: float


@dataclass(frozen=True)
class GroupageTariff:
    """A carrier's public price list for part loads in its groupage network.

    Attributes
    ----------
    minimum_eur
        Minimum charge per shipment, before the surcharge.
    fuel_surcharge_percent
        On top of price or minimum charge.
    margin_percent
        Part of the price that is not resource cost; used when resource cost is compared, never in what is paid.
    """

    id: str
    carrier: str
    brackets: tuple[GroupageBracket, ...]
    minimum_eur: float = 0.0
    fuel_surcharge_percent: float = 0.0
    margin_percent: float = 0.0

    def price_cents(self, from_zone: str, to_zone: str, pallets: float, weight_kg: float) -> int | None:
        """Return the price of one shipment, or ``None`` where the tariff does not cover it.

        The cheapest bracket that holds the shipment counts; exact zones go before ``"*"``.
        """
        for lanes in (((from_zone, to_zone),), ((from_zone, "*"), ("*", to_zone)), (("*", "*"),)):
            prices = [
                b.price_eur
                for lane in lanes
                for b in self._by_lane.get(lane, ())
                if pallets <= b.up_to_pallets and weight_kg <= b.up_to_kg
            ]
            if prices:
                return to_cents(max(min(prices), self.minimum_eur) * (1 + self.fuel_surcharge_percent / 100))
        return None

    def brackets_between(self, from_zone: str, to_zone: str) -> tuple[GroupageBracket, ...]:
        """All brackets that can apply between two zones, the most exact zones first."""
        lanes = ((from_zone, to_zone), (from_zone, "*"), ("*", to_zone), ("*", "*"))
        return tuple(b for lane in dict.fromkeys(lanes) for b in self._by_lane.get(lane, ()))

    @cached_property
    def _by_lane(self) -> dict[tuple[str, str], list[GroupageBracket]]:
        """Brackets by their zones: a list has a price for every pair of zones, of which a shipment asks for one."""
        lanes: dict[tuple[str, str], list[GroupageBracket]] = {}
        for b in self.brackets:
            lanes.setdefault((b.from_zone, b.to_zone), []).append(b)
        return lanes


@dataclass(frozen=True, slots=True)
class DedicatedTariff:
    """A public price for hiring one vehicle of a type for a tour."""

    id: str
    carrier: str
    vehicle: str
    prices: OperatingCosts
    margin_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A shipper's running contract for vehicles of one type (its own fleet, or a contract carrier's). Private.

    Attributes
    ----------
    committed_vehicles
        Vehicle-days whose fixed price is owed each day, used or not (the volume commitment).
    max_vehicles
        How many the contract provides a day.
    """

    id: str
    owner: str
    carrier: str
    vehicle: str
    prices: OperatingCosts
    committed_vehicles: int = 0
    max_vehicles: int = 1
    margin_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class PublicTariffs:
    """What any shipper may buy without a pool."""

    groupage: tuple[GroupageTariff, ...] = ()
    dedicated: tuple[DedicatedTariff, ...] = ()

    def cheapest_groupage(
        self, from_zones: Sequence[str], to_zone: str, pallets: float, weight_kg: float
    ) -> tuple[int, GroupageTariff] | None:
        """Return the lowest groupage price over tariffs and possible origin zones, and the tariff it comes from."""
        offers = [
            (price, tariff.id, tariff)
            for tariff in self.groupage
            for zone in from_zones
            if (price := tariff.price_cents(zone, to_zone, pallets, weight_kg)) is not None
        ]
        if not offers:
            return None
        price, _, tariff = min(offers, key=lambda offer: offer[:2])
        return price, tariff
