"""Small worlds for tests: a factory with clients around it, and a region whose hub pays or does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from logistics import Body, Network, OperatingCosts, Site, SiteKind, VehicleType, great_circle_network
from logistics.consolidation import HubOffer
from logistics.routing.problem import FleetVehicle, Job
from logistics.standalone import GroupageQuote, Hire

LORRY_EUR = OperatingCosts(120.0, 0.6, 30.0, 0.1)


def job(name: str, origin: str, destination: str, pallets: float, **changes: object) -> Job:
    usual = Job(
        name, name, (origin,), destination, pallets, pallets * 400, pallets * 1.5, 0.0, 900.0, 480.0, 1080.0, 15, 15
    )
    return replace(usual, **changes)


def vehicle(name: str, base: str, pallets: float, body: Body = Body.RIGID, **changes: object) -> VehicleType:
    return replace(VehicleType(name, f"carrier-{name}", body, base, 9, pallets, pallets * 700, pallets * 2), **changes)


def on_offer(kind: VehicleType, costs: OperatingCosts, count: int | None = None) -> FleetVehicle:
    return FleetVehicle(kind, costs, count, 240.0, 1260.0)


@dataclass(frozen=True)
class Alone:
    """An owner's world without a pool."""

    network: Network
    jobs: tuple[Job, ...]
    contract: Hire
    dedicated: Hire
    groupage: dict[str, GroupageQuote]

    @property
    def by_id(self) -> dict[str, Job]:
        return {j.id: j for j in self.jobs}


def alone_world(clients: int, seed: int = 0, *, committed: int = 1, spread_deg: float = 0.5) -> Alone:
    """One factory, its clients, a contract at its door, lorries for hire from a base, a groupage price for each."""
    rng = np.random.default_rng(seed)
    sites = [Site("f", SiteKind.FACTORY, 48.0, 11.0), Site("b", SiteKind.BASE, 48.1, 11.1)]
    sites += [
        Site(f"c{i}", SiteKind.CLIENT, 48 + rng.normal() * spread_deg, 11 + rng.normal() * spread_deg)
        for i in range(clients)
    ]
    jobs = tuple(job(f"s{i}", "f", f"c{i}", float(rng.integers(1, 8))) for i in range(clients))
    return Alone(
        great_circle_network(sites),
        jobs,
        Hire("contract", on_offer(vehicle("r1", "f", 18.0), LORRY_EUR, 2), committed, 5.0),
        Hire("hire", on_offer(vehicle("r2", "b", 33.0), LORRY_EUR.scaled(1.4)), 0, 12.0),
        {j.id: GroupageQuote("list", "network", round(4000 + 3500 * j.pallets), 10.0) for j in jobs},
    )


@dataclass(frozen=True)
class HubRegion:
    """Factories near each other, clients in one city, a hub at its edge with vans."""

    network: Network
    jobs: dict[str, Job]
    fleet: tuple[FleetVehicle, ...]
    offer: HubOffer


def hub_region(shipments: int = 12, *, far: bool, slots: int = 3, seed: int = 0) -> HubRegion:
    """Many small shipments of four factories into one city: 170 road-km away, or next door."""
    rng = np.random.default_rng(seed)
    lat = 49.2 if far else 48.2
    sites = [Site(f"f{i}", SiteKind.FACTORY, lat + rng.normal() * 0.1, 11 + (i - 1.5) * 0.4) for i in range(4)]
    sites += [Site("h", SiteKind.HUB, 48.0, 11.0), Site("b", SiteKind.BASE, lat + 0.05, 11.0)]
    sites += [
        Site(f"c{i}", SiteKind.CLIENT, 48 + rng.normal() * 0.06, 11 + rng.normal() * 0.09) for i in range(shipments)
    ]
    jobs = {
        f"s{i}": job(f"s{i}", f"f{i % 4}", f"c{i}", float(rng.integers(1, 3)), loading_min=3.0, unloading_min=25.0)
        for i in range(shipments)
    }
    lorry = vehicle("lorry", "b", 33.0, Body.ARTICULATED, max_shift_min=660.0)
    rigid = vehicle("rigid", "b", 12.0, max_shift_min=660.0)
    van = vehicle("van", "h", 10.0, Body.VAN, max_shift_min=480.0)
    fleet = (
        on_offer(lorry, OperatingCosts(180.0, 0.75, 38.0, 0.2), 20),
        on_offer(rigid, OperatingCosts(130.0, 0.55, 34.0, 0.1), 20),
        on_offer(van, OperatingCosts(60.0, 0.3, 28.0), 20),
    )
    return HubRegion(great_circle_network(sites), jobs, fleet, hub_offer(slots))


def hub_offer(slots: int = 3, **changes: object) -> HubOffer:
    windows = tuple((h * 60.0, h * 60.0 + 60, slots, 800) for h in range(4, 20))
    return replace(HubOffer("H", "h", windows, 350, 20, 2.0, 30.0, 660.0, 240.0, 1200.0), **changes)
