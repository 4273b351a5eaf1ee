"""Opens the built-in desks of everybody who takes part in a market."""

from __future__ import annotations

from dataclasses import replace
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
        How owners, carriers and hubs give way where they bargain; boulware by default.
    """
    book = JobBook(market)
    ahead = [market.ahead(day) for day in range(1, 1 + len(market.later))]
    later = [JobBook(then) for then in ahead]
    given = concession or Boulware()
    desks: dict[str, list[Desk]] = {}
    for owner in market.owners:
        full = {s: shipments[s] for s in market.owned_by(owner)}
        per_job = effort.standalone_iterations_per_job
        desk = ShipperDesk.in_region(region, owner, full, book, per_job, seed, given, later)
        desks.setdefault(owner, []).append(desk)
    coming = [_carriers(region, one, bidding, effort, seed, given) for one in later]
    for carrier, today in _carriers(region, book, bidding, effort, seed, given).items():
        desks.setdefault(carrier, []).append(replace(today, later=tuple(those[carrier] for those in coming)))
    for hub in region.hubs.values():
        opening = region.sites[hub.site].open_interval(market.start, market.horizon_min)
        desks.setdefault(hub.id, []).append(HubDesk(hub, region.hub_costs[hub.id], bidding[hub.id], opening, given))
    return {who: tuple(made) for who, made in sorted(desks.items())}


def _carriers(
    region: Region,
    book: JobBook,
    bidding: Mapping[str, BiddingStrategy],
    effort: Effort,
    seed: int,
    concession: ConcessionStrategy,
) -> dict[str, CarrierDesk]:
    """Carriers' desks of one day, with what each has promised for it before that day comes."""
    market = book.market
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
    return {
        carrier: CarrierDesk(
            carrier,
            tuple(fleets.get(carrier, ())),
            book,
            region.network,
            bidding[carrier],
            effort.quote_iterations,
            effort.carrier_iterations_per_job,
            seed,
            concession,
            promised=tuple(p for p in market.due if p.carrier == carrier),
        )
        for carrier in region.carriers
    }
