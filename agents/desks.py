"""Opens the built-in desks of everybody who takes part in a market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.concession import Boulware
from agents.jobs import JobBook
from agents.participants import CarrierDesk, HubDesk, ShipperDesk
from logistics.jobs import fleet_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.bidding import BiddingStrategy
    from agents.concession import ConcessionStrategy
    from agents.market import Market
    from agents.participants.party import Desk
    from agents.policy import Effort
    from logistics.region import Region
    from logistics.routing.problem import FleetVehicle
    from logistics.shipments import Shipment


def open_desks(
    region: Region,
    market: Market,
    shipments: Mapping[str, Shipment],
    bidding: Mapping[str, BiddingStrategy],
    effort: Effort,
    seed: int,
    concession: ConcessionStrategy | None = None,
) -> dict[str, tuple[Desk, ...]]:
    """Open a desk for each role of each participant; a carrier that owns shipments has two.

    Parameters
    ----------
    shipments
        Those of the market by id, with their stakes.
    bidding
        By carrier and hub.
    concession
        How owners and carriers give way where they bargain; boulware by default.
    """
    book = JobBook(market)
    desks: dict[str, list[Desk]] = {}
    for owner in market.owners:
        full = {s: shipments[s] for s in market.owned_by(owner)}
        desks.setdefault(owner, []).append(
            ShipperDesk.in_region(region, owner, full, book, effort.standalone_iterations_per_job, seed, concession)
        )
    everything, _ = fleet_for(
        market.vehicles,
        {v: region.day_costs(v) for v in market.vehicles},
        region.carriers,
        book.all_jobs,
        region.sites,
        market.start,
        market.horizon_min,
    )
    fleets: dict[str, list[FleetVehicle]] = {}
    for vehicle in everything:
        fleets.setdefault(vehicle.type.carrier, []).append(vehicle)
    for carrier in region.carriers:
        desks.setdefault(carrier, []).append(
            CarrierDesk(
                carrier,
                tuple(fleets.get(carrier, ())),
                book,
                region.network,
                bidding[carrier],
                effort.quote_iterations,
                effort.carrier_iterations_per_job,
                seed,
                concession or Boulware(),
            )
        )
    for hub in region.hubs.values():
        opening = region.sites[hub.site].open_interval(market.start, market.horizon_min)
        desks.setdefault(hub.id, []).append(HubDesk(hub, region.hub_costs[hub.id], bidding[hub.id], opening))
    return {who: tuple(made) for who, made in sorted(desks.items())}
