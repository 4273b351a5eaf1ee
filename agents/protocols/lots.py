"""What a contract net puts up for award: single shipments, and groups that could share a vehicle, direct or by hub."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agents.market import Market
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

Lot = tuple[str, ...]  # job ids, sorted

# A group may be somewhat more than a vehicle's load: an owner's whole day, or what makes a hub's last mile pay.
LOT_VEHICLES = 1.5
LARGEST_LOT = 10
SMALLEST_HUB_LOT = 3  # two handlings and slots for fewer are never worth it


def first_lots(market: Market, tools: Tools, shipments: Iterable[str], offers: Sequence[HubOffer]) -> dict[Lot, int]:
    """Every shipment by itself, groups that fit a vehicle, and both again through each hub that lies on the way.

    Returns
    -------
    dict
        By lot the hub fee in cents that comes on top of a carrier's price.
    """
    offered = sorted(shipments)
    largest = max((v.capacity_pallets for v in market.vehicles.values()), default=0.0)
    pallets = {s: market.shipments[s].pallets for s in offered}
    lots: dict[Lot, int] = {(s,): 0 for s in offered}
    for group in tools.clusters(offered):
        if _fits_a_lot(group, pallets, largest):
            lots[tuple(sorted(group))] = 0
    for offer in offers:
        via = [s for s in offered if tools.jobs.suits_hub(s, offer.hub)]
        groups = [(s,) for s in via] + [
            g for g in tools.clusters(via) if len(g) >= SMALLEST_HUB_LOT and _fits_a_lot(g, pallets, largest)
        ]
        for group in groups:
            lot = tuple(sorted(j.id for s in group for j in tools.jobs.legs(s, offer.hub) or ()))
            lots[lot] = hub_fee_cents(sum(pallets[s] for s in group), offer, largest)
    return lots


def _fits_a_lot(group: Sequence[str], pallets: Mapping[str, float], vehicle_pallets: float) -> bool:
    return len(group) <= LARGEST_LOT and sum(pallets[s] for s in group) <= LOT_VEHICLES * vehicle_pallets


def hub_fee_cents(pallets: float, offer: HubOffer, vehicle_pallets: float) -> int:
    """Estimate a lot's hub fee: handling, and two slots for each vehicle's worth of pallets."""
    slot = min((w[3] for w in offer.windows), default=0)
    return math.ceil(offer.handling_cents_per_pallet * pallets + 2 * slot * pallets / max(vehicle_pallets, 1.0))
