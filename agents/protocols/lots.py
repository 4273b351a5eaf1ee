"""What a contract net puts up for award: single shipments, and groups that could share a vehicle, direct or by hub."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from agents.market import Market
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

Lot = tuple[str, ...]  # job ids, sorted

# A group may be somewhat more than a vehicle's load: an owner's whole day, or what makes a hub's last mile pay.
LOT_VEHICLES = 1.5
LARGEST_LOT = 10
SMALLEST_HUB_LOT = 3  # two handlings and slots for fewer are never worth it


@dataclass(frozen=True, slots=True)
class Open:
    """What comes with a lot on the table.

    Attributes
    ----------
    fee_cents
        The hub fee on top of a carrier's price.
    carriers
        To whom the lot is announced.
    terms
        Share of the hub's named terms that the fee is.
    """

    fee_cents: int
    carriers: frozenset[str]
    terms: float = 1.0

    def part(self, share: float) -> Open:
        """The same for a part of the lot."""
        return replace(self, fee_cents=round(self.fee_cents * share))

    def joined(self, other: Open) -> Open:
        """The same lot, come about in two ways: the lower fee, and everybody's."""
        lower = min(self, other, key=lambda one: one.fee_cents)
        return replace(lower, carriers=self.carriers | other.carriers)


def first_lots(market: Market, tools: Tools, shipments: Iterable[str], offers: Sequence[HubOffer]) -> dict[Lot, Open]:
    """Every shipment by itself, groups that fit a vehicle, and both again through each hub that lies on the way.

    Groups are sought pool by pool (`agents.pools`), and announced to the carriers of their pool; a lot that comes about
    in two pools is announced to the carriers of both.
    """
    lots: dict[Lot, Open] = {}
    for pool in tools.pools(shipments):
        carriers = frozenset(pool.carriers)
        near = [o for o in offers if o.hub in pool.hubs]
        for lot, fee in _lots_of(market, tools, pool.shipments, near):
            found = Open(fee, carriers)
            lots[lot] = lots[lot].joined(found) if lot in lots else found
    return lots


def _lots_of(
    market: Market, tools: Tools, shipments: Sequence[str], offers: Sequence[HubOffer]
) -> Iterator[tuple[Lot, int]]:
    """Lots of one pool, with their hub fee in cents."""
    largest = max((v.capacity_pallets for v in market.vehicles.values()), default=0.0)
    pallets = {s: market.shipments[s].pallets for s in shipments}
    for s in shipments:
        yield (s,), 0
    for group in tools.clusters(shipments):
        if _fits_a_lot(group, pallets, largest):
            yield tuple(sorted(group)), 0
    for offer in offers:
        via = [s for s in shipments if tools.jobs.suits_hub(s, offer.hub)]
        groups = [(s,) for s in via] + [
            g for g in tools.clusters(via) if len(g) >= SMALLEST_HUB_LOT and _fits_a_lot(g, pallets, largest)
        ]
        for group in groups:
            lot = tuple(sorted(j.id for s in group for j in tools.jobs.legs(s, offer.hub) or ()))
            yield lot, hub_fee_cents(sum(pallets[s] for s in group), offer, largest)


def _fits_a_lot(group: Sequence[str], pallets: Mapping[str, float], vehicle_pallets: float) -> bool:
    return len(group) <= LARGEST_LOT and sum(pallets[s] for s in group) <= LOT_VEHICLES * vehicle_pallets


def hub_fee_cents(pallets: float, offer: HubOffer, vehicle_pallets: float) -> int:
    """Estimate a lot's hub fee: handling, and two slots for each vehicle's worth of pallets."""
    slot = min((w[3] for w in offer.windows), default=0)
    return math.ceil(offer.handling_cents_per_pallet * pallets + 2 * slot * pallets / max(vehicle_pallets, 1.0))
