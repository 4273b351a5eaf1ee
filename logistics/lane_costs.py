"""What the open market asks for a volume on a lane: the tariff that a holding or reservation rule reckons with.

A volume may go as one groupage consignment or several, in one hired vehicle or several, or part by part in both ways.
The cheapest of all these covers is a min-cost covering knapsack over capacities and prices; its value as a function of
the volume is a staircase that never falls, and joining two volumes never costs more than sending them apart.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from logistics.compliance import carrier_refusal, certificate_refusal
from logistics.money import to_cents
from logistics.shipments import Handling
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from logistics.fleet import Carrier, OperatingCosts, VehicleType
    from logistics.network import Network
    from logistics.sites import Site
    from logistics.tariffs import PublicTariffs

STEPS_PER_PALLET = 10
# The staircase is exact up to so many of the largest loads; beyond, the cheapest per pallet is taken again and again.
LARGEST_LOADS = 4
MOST_PALLETS = 1_000.0  # a bracket that is open upwards counts as holding this
AMBIENT = Handling()


class OpenMarket(Protocol):
    """What anybody may know: a region or a coordinator's market has it."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """By id."""
        ...

    @property
    def network(self) -> Network:
        """Between all sites."""
        ...

    @property
    def carriers(self) -> Mapping[str, Carrier]:
        """By id."""
        ...

    @property
    def vehicles(self) -> Mapping[str, VehicleType]:
        """By id."""
        ...

    @property
    def tariffs(self) -> PublicTariffs:
        """Groupage price lists and vehicles for hire."""
        ...


@dataclass(frozen=True, slots=True)
class LoadPrice:
    """One load that can be bought whole: a groupage consignment up to a bracket's end, or a hired vehicle.

    Attributes
    ----------
    pallets
        The most that it holds.
    what
        Tariff that it comes from.
    """

    pallets: float
    cents: int
    what: str


@dataclass(frozen=True, eq=False)
class LaneCosts:
    """The market's price of any volume on one lane.

    Attributes
    ----------
    loads
        What can be bought, without those that another holds as much as for no more money; by capacity.
    staircase
        Cents by volume in tenths of a pallet, from 0, read-only.
    """

    loads: tuple[LoadPrice, ...]
    staircase: NDArray[np.int64]

    @classmethod
    def of(cls, offers: tuple[LoadPrice, ...]) -> LaneCosts | None:
        """Work out the staircase of what can be bought; ``None`` where nothing can.

        Capacities are cut to whole tenths of a pallet, and to ``MOST_PALLETS``.
        """
        loads = _undominated(offers)
        if not loads:
            return None
        size = [_tenths_in(load.pallets) for load in loads]
        cost = np.full(LARGEST_LOADS * size[-1] + 1, np.iinfo(np.int64).max // 4, dtype=np.int64)
        cost[0] = 0
        for tenths, load in zip(size, loads, strict=True):
            # Once, then two more, four more...: any number of this load is a sum of such packages.
            for packages in (2**k for k in range(int(math.log2(len(cost) / min(tenths, len(cost)))) + 2)):
                joined = packages * tenths
                short = min(joined, len(cost))
                price = packages * load.cents
                cost[short:] = np.minimum(cost[short:], cost[: len(cost) - short] + price)
                cost[1:short] = np.minimum(cost[1:short], price)
        cost.setflags(write=False)
        return cls(loads, cost)

    def cents(self, pallets: ArrayLike) -> NDArray[np.int64]:
        """Price of volumes, in cents; 0 for nothing.

        Parameters
        ----------
        pallets
            Of any shape; each is taken up to the next tenth of a pallet.

        Returns
        -------
        ndarray
            Of the same shape.

        Raises
        ------
        ValueError
            If a volume is negative or not finite.
        """
        volume = np.asarray(pallets, dtype=np.float64)
        if not np.isfinite(volume).all() or (volume < 0).any():
            raise ValueError(f"pallets are {volume}, expected finite figures >= 0")
        # The sum of a few volumes in tenths must not climb a step by its rounding error.
        tenths = np.ceil(volume * STEPS_PER_PALLET - 1e-6).astype(np.int64)
        cheapest = min(self.loads, key=lambda load: (load.cents / _tenths_in(load.pallets), load.pallets))
        size, last = _tenths_in(cheapest.pallets), len(self.staircase) - 1
        more = np.maximum(0, -((last - tenths) // size))
        return np.asarray(more * cheapest.cents + self.staircase[np.maximum(0, tenths - more * size)])


def lane_costs(
    market: OpenMarket,
    origin: str,
    zone: str,
    on: date,
    *,
    kg_per_pallet: float = 0.0,
    service_min: float = 0.0,
    handling: Handling = AMBIENT,
) -> LaneCosts | None:
    """Work out what the open market asks on the lane from a site to a zone.

    Groupage is priced as `GroupageTariff.price_cents` does for one consignment; a hired vehicle drives from its base by
    the origin to the zone's `typical_site` and back, and is left out where that takes longer than its shift. Nobody's
    contract enters: this is what all may know.

    Parameters
    ----------
    kg_per_pallet
        Weight of the goods: a bracket or vehicle that is full by weight holds fewer pallets.
    service_min
        Loading and unloading of a hired vehicle, together.
    handling
        Carriers and vehicles that may not carry such goods on the day are left out.

    Returns
    -------
    LaneCosts or None
        ``None`` where no tariff serves the lane, or no site lies in the zone.

    Raises
    ------
    ValueError
        If weight or service time is negative or not finite.
    """
    for name, value in (("kg_per_pallet", kg_per_pallet), ("service_min", service_min)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is {value}, expected a finite figure >= 0")
    destination = typical_site(market, origin, zone)
    if destination is None:
        return None
    groupage = _groupage(market, market.sites[origin].zone, zone, kg_per_pallet, handling, on)
    hired = _hired(market, origin, destination, kg_per_pallet, service_min, handling, on)
    return LaneCosts.of((*groupage, *hired))


def typical_site(market: OpenMarket, origin: str, zone: str) -> str | None:
    """Return the client in a zone at the median distance from a site (the lower of two), ties by id.

    Where a zone has no client, any of its sites counts; ``None`` where it has no site.
    """
    there = [s for s in market.sites.values() if s.zone == zone and s.id != origin]
    clients = [s for s in there if s.kind is SiteKind.CLIENT] or there
    ordered = sorted(clients, key=lambda s: (market.network.km(origin, s.id), s.id))
    return ordered[(len(ordered) - 1) // 2].id if ordered else None


def direct_tour_cents(
    vehicle: VehicleType, prices: OperatingCosts, network: Network, origin: str, destination: str, service_min: float
) -> int:
    """Price of a tour for one load: base, origin, destination and back, without waiting."""
    km, minutes = _direct(vehicle, network, origin, destination)
    hours = (minutes + service_min) / 60
    return to_cents(prices.fixed_eur + km * (prices.per_km_eur + prices.toll_eur_per_km) + hours * prices.per_hour_eur)


def _direct(vehicle: VehicleType, network: Network, origin: str, destination: str) -> tuple[float, float]:
    """Kilometres and minutes of driving of a tour for one load."""
    places = (vehicle.base, origin, destination, vehicle.base)
    km = sum(network.km(a, b) for a, b in itertools.pairwise(places))
    if vehicle.speed_kmh is not None:
        return km, km / vehicle.speed_kmh * 60
    return km, sum(network.minutes(a, b) for a, b in itertools.pairwise(places))


def _groupage(
    market: OpenMarket, from_zone: str, zone: str, kg_per_pallet: float, handling: Handling, on: date
) -> Iterator[LoadPrice]:
    for tariff in market.tariffs.groupage:
        if certificate_refusal(market.carriers[tariff.carrier], handling, on) is not None:
            continue
        for bracket in tariff.brackets_between(from_zone, zone):
            pallets = min(bracket.up_to_pallets, _pallets_of(bracket.up_to_kg, kg_per_pallet))
            weight = min(bracket.up_to_kg, pallets * kg_per_pallet)  # a rounding error opens no dearer bracket
            cents = tariff.price_cents(from_zone, zone, pallets, weight)
            if cents is not None:
                yield LoadPrice(pallets, cents, tariff.id)


def _hired(
    market: OpenMarket,
    origin: str,
    destination: str,
    kg_per_pallet: float,
    service_min: float,
    handling: Handling,
    on: date,
) -> Iterator[LoadPrice]:
    for tariff in market.tariffs.dedicated:
        vehicle = market.vehicles[tariff.vehicle]
        if carrier_refusal(market.carriers[tariff.carrier], vehicle, handling, on) is not None:
            continue
        _, minutes = _direct(vehicle, market.network, origin, destination)
        shift = vehicle.shift_close_min - vehicle.shift_open_min
        if minutes + service_min > min(shift, vehicle.max_shift_min or math.inf):
            continue
        pallets = min(vehicle.capacity_pallets, _pallets_of(vehicle.capacity_kg, kg_per_pallet))
        cents = direct_tour_cents(vehicle, tariff.prices, market.network, origin, destination, service_min)
        yield LoadPrice(pallets, cents, tariff.id)


def _pallets_of(kg: float, kg_per_pallet: float) -> float:
    return kg / kg_per_pallet if kg_per_pallet else math.inf


def _tenths_in(pallets: float) -> int:
    """Whole tenths of a pallet that fit."""
    return math.floor(min(pallets, MOST_PALLETS) * STEPS_PER_PALLET + 1e-6)


def _undominated(offers: tuple[LoadPrice, ...]) -> tuple[LoadPrice, ...]:
    """Loads of which no other holds as much for no more; by capacity, so by price too."""
    kept: list[LoadPrice] = []
    for load in sorted(offers, key=lambda o: (-_tenths_in(o.pallets), o.cents, o.what)):
        if _tenths_in(load.pallets) > 0 and (not kept or load.cents < kept[-1].cents):
            kept.append(load)
    return tuple(reversed(kept))
