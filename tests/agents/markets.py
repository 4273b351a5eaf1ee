"""Small random markets with everybody who takes part in them: a seed gives the same market and desks each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from agents.bidding import BiddingStrategy
from agents.desks import open_desks
from agents.market import Market
from agents.participants import Party
from agents.policy import Choice, Effort, Policy
from agents.promise import Promise
from agents.registry import create
from logistics import (
    Body,
    Carrier,
    Certificate,
    DedicatedTariff,
    GroupageBracket,
    GroupageTariff,
    Handling,
    Hub,
    HubCosts,
    Incumbent,
    OpeningHours,
    OperatingCosts,
    PublicTariffs,
    Region,
    Shipment,
    Site,
    SiteKind,
    Stakes,
    Temperature,
    VehicleType,
    great_circle_network,
)

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
HORIZON_MIN = 1440.0
NETWORK = "network"  # who runs the public groupage tariff; it has no vehicles in the pool
QUICK = Effort(
    plan_iterations_per_job=5,
    collect_iterations_per_job=5,
    quote_iterations=3,
    carrier_iterations_per_job=3,
    standalone_iterations_per_job=5,
)


@dataclass(frozen=True)
class Small:
    """A region of one day and its shipments with their stakes; of later days, and what is promised, where given."""

    region: Region
    shipments: Mapping[str, Shipment]
    later: tuple[datetime, ...] = ()
    promises: tuple[Promise, ...] = ()

    @property
    def market(self) -> Market:
        r = self.region
        return Market(
            START,
            HORIZON_MIN,
            r.sites,
            r.network,
            {k: s.for_market() for k, s in self.shipments.items()},
            r.carriers,
            r.vehicles,
            r.hubs,
            r.tariffs,
            self.later,
            self.promises,
        )

    def parties(
        self, bidding: BiddingStrategy | None = None, effort: Effort = QUICK, seed: int = 0
    ) -> dict[str, Party]:
        """Desks for everybody: owners, carriers with or without vehicles, hubs."""
        bids = bidding or create("bidding", Choice(name="truthful"))
        everybody = dict.fromkeys([*self.region.carriers, *self.region.hubs], bids)
        made = open_desks(self.region, self.market, self.shipments, everybody, effort, seed)
        return {who: Party(who, desks) for who, desks in made.items()}

    def without(self, *, carriers: bool = False, hubs: bool = False, shipments: bool = False) -> Small:
        """The same region with all its carriers' vehicles, its hubs or its shipments taken away."""
        r = self.region
        if carriers:
            tariffs = replace(r.tariffs, dedicated=())
            r = replace(r, vehicles={}, operating_costs={}, tariffs=tariffs, incumbents=())
            r = replace(r, carriers={c: v for c, v in r.carriers.items() if c == NETWORK})
        if hubs:
            r = replace(r, hubs={}, hub_costs={})
        return replace(self, region=r, shipments={} if shipments else self.shipments)

    def changed(self, **fields: object) -> Small:
        """The same region with some field of every shipment changed."""
        return replace(self, shipments={k: replace(s, **fields) for k, s in self.shipments.items()})  # type: ignore[arg-type]


def policy(protocol: str, sharing: str = "proportional", bidding: str = "truthful", effort: Effort = QUICK) -> Policy:
    """A policy by names."""
    choices = {"protocol": Choice(name=protocol), "sharing": Choice(name=sharing), "bidding": Choice(name=bidding)}
    return Policy(name="test", effort=effort, **choices)


def small_market(seed: int, **sizes: int) -> Small:
    """Draw a market of 1 to 4 factories, 1 to 10 shipments, 0 to 2 hubs and 0 to 3 carriers.

    Clients lie around a town away from the factories, where the hubs are, so that pooling and hubs both pay sometimes.
    Danger goods, chilled goods, tight windows, tight fleets, shipments that nothing can carry, contracts with
    commitments, several origins, carriers with shipments of their own and equal costs come up now and then.
    ``sizes`` fixes ``factories``, ``shipments``, ``hubs`` or ``carriers``.
    """
    rng = np.random.default_rng(seed)
    drawn = {
        "factories": int(rng.integers(1, 5)),
        "shipments": int(rng.integers(1, 11)),
        "hubs": int(rng.choice([0, 1, 1, 2])),
        "carriers": int(rng.choice([0, 1, 2, 2, 3, 3])),
    } | sizes
    equal, tight_fleet, tight_windows = rng.random() < 0.15, rng.random() < 0.3, rng.random() < 0.25
    town = (48.0, 11.0)
    hubs = [f"h{i}" for i in range(drawn["hubs"])]
    far = float(rng.choice([0.25, 0.8, 1.3]))
    # A long way, many small drops and shifts that end: one lorry to the hub, vans from there.
    for_hubs = bool(hubs) and rng.random() < 0.3
    far, tight_windows = (1.4, False) if for_hubs else (far, tight_windows)
    factories = [f"f{i}" for i in range(drawn["factories"])]
    carriers = [f"v{i}" for i in range(drawn["carriers"])]

    sites = [_site(f, SiteKind.FACTORY, rng, (town[0] + far, town[1]), 0.0 if equal else 0.15) for f in factories]
    sites += [_site(f"site-{h}", SiteKind.HUB, rng, town, 0.05, OpeningHours(240, 1200)) for h in hubs]
    sites += [_site(f"c{i}", SiteKind.CLIENT, rng, town, 0.08) for i in range(drawn["shipments"])]
    sites += [_site(f"base-{c}", SiteKind.BASE, rng, (town[0] + far, town[1]), 0.2) for c in carriers]

    vehicles: dict[str, VehicleType] = {}
    costs: dict[str, OperatingCosts] = {}
    everything = frozenset(Temperature)
    for number, c in enumerate(carriers):
        for k in range(2 if for_hubs else int(rng.integers(1, 3))):
            # The second type of a carrier is a van, at a hub's door where there is one.
            base = f"site-{rng.choice(hubs)}" if k and hubs else str(rng.choice([f"base-{c}", factories[0]]))
            pallets = 10.0 if k else 33.0 if for_hubs else float(rng.choice([12.0, 18.0, 33.0]))
            body = Body.VAN if k else Body.RIGID
            count = 1 if tight_fleet else int(rng.integers(1, 5))
            keeps = everything if number == 0 or rng.random() < 0.4 else frozenset({Temperature.AMBIENT})
            vehicles[f"{c}-{k}"] = VehicleType(
                f"{c}-{k}",
                c,
                body,
                base,
                count,
                pallets,
                pallets * 700,
                pallets * 2,
                240,
                1260,
                660,
                temperatures=keeps,
            )
            scale = 1.0 if equal else float(rng.uniform(0.7, 1.4))
            costs[f"{c}-{k}"] = OperatingCosts(50.0 if k else 130.0, 0.3 if k else 0.6, 31.0, 0.1).scaled(scale)
    expiry = [date(2027, 1, 1), date(2026, 3, 2), date(2026, 3, 1)]
    papers = {
        c: tuple(Certificate(kind, expiry[rng.integers(3)]) for kind in ("ADR", "ATP") if rng.random() < 0.7)
        for c in carriers
    }
    able = {c: Carrier(c, c, papers[c]) for c in carriers} | {
        NETWORK: Carrier(NETWORK, NETWORK, (Certificate("ADR", expiry[0]),))
    }

    rate = 90.0 if for_hubs else float(rng.choice([12.0, 35.0, 70.0]))
    brackets = tuple(GroupageBracket("*", "*", p, p * 900, 30 + rate * p) for p in (1.0, 2.0, 4.0, 8.0, 33.0))
    groupage = (GroupageTariff("list", NETWORK, brackets, 40.0, 8.0, 10.0),) if rng.random() < 0.85 else ()
    dedicated = tuple(
        DedicatedTariff(f"hire-{v}", vehicles[v].carrier, v, costs[v].scaled(1.4), 15.0)
        for v in vehicles
        if rng.random() < 0.6
    )
    incumbents = tuple(
        Incumbent(f"contract-{f}", f, vehicles[v].carrier, v, costs[v].scaled(1.1), int(rng.integers(0, 3)), 2, 5.0)
        for f in factories
        if vehicles and rng.random() < 0.35 and (v := str(rng.choice(sorted(vehicles))))
    )
    region = Region(
        {s.id: s for s in sites},
        great_circle_network(sites),
        able,
        vehicles,
        costs,
        {h: Hub(h, f"site-{h}", int(rng.integers(1, 4))) for h in hubs},
        {h: HubCosts(3.0, 7.5, 0.25) for h in hubs},
        PublicTariffs(groupage, dedicated),
        incumbents,
    )
    owners = [*factories, *carriers[:1]] if rng.random() < 0.2 else factories
    shipments = [_shipment(i, owners, factories, tight_windows, rng) for i in range(drawn["shipments"])]
    if for_hubs:
        all_day = {"window_open": START + timedelta(hours=8), "window_close": START + timedelta(hours=19)}
        drop = {"unloading_min": 40.0, "loading_min": 2.0, "due_at": START + timedelta(hours=19)}
        shipments = [replace(s, ready_at=START + timedelta(hours=4), **all_day, **drop) for s in shipments]  # type: ignore[arg-type]
    return Small(region, {s.id: s for s in shipments})


def _site(
    name: str,
    kind: SiteKind,
    rng: np.random.Generator,
    around: tuple[float, float],
    spread_deg: float,
    opening: OpeningHours | None = None,
) -> Site:
    lat, lon = (float(x) for x in np.round(np.array(around) + rng.normal(0, 1, 2) * spread_deg, 4))
    return Site(name, kind, lat, lon, zone="Z" if kind == SiteKind.CLIENT else "F", opening=opening)


def _shipment(number: int, owners: list[str], factories: list[str], tight: bool, rng: np.random.Generator) -> Shipment:
    owner = str(rng.choice(owners))
    origins = [owner if owner in factories else factories[0]]
    if len(factories) > 1 and rng.random() < 0.1:
        origins.append(next(f for f in factories if f not in origins))
    pallets = float(rng.choice([0.4, 1.0, 1.0, 2.0, 3.0, 5.0, 60.0], p=[0.1, 0.25, 0.2, 0.2, 0.12, 0.1, 0.03]))
    opens = START + timedelta(hours=float(rng.integers(8, 13)))
    closes = opens + timedelta(minutes=float(rng.choice([20, 60, 120]) if tight else rng.choice([240, 420])))
    if rng.random() < 0.04:
        opens, closes = (at + timedelta(days=2) for at in (opens, closes))
    due = opens + (closes - opens) * float(rng.choice([0.5, 1.0, 1.0]))
    what = rng.random()
    handling = Handling()
    if what < 0.08:
        handling = Handling((str(rng.choice(["3", "8", "1.4S", "1"])),))
    elif what < 0.16:
        handling = Handling(temperature=Temperature(rng.choice(["chilled", "frozen"])))
    return Shipment(
        f"s{number}",
        owner,
        tuple(origins),
        f"c{number}",
        pallets,
        pallets * 400,
        pallets * 1.5,
        START + timedelta(hours=float(rng.integers(4, 8))),
        opens,
        closes,
        due,
        START,
        loading_min=float(rng.integers(0, 15)),
        unloading_min=float(rng.integers(0, 20)),
        handling=handling,
        freight_payer="client" if rng.random() < 0.04 else "",
        stakes=Stakes(20.0, 500.0),
    )
