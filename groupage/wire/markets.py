"""A market as its reader knows it, put together from the parts that it was sent, and a carrier's desk on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.concession import Boulware
from agents.jobs import JobBook
from agents.participants import CarrierDesk
from groupage.errors import InputError
from groupage.v1 import types_pb2
from logistics.fleet import Carrier
from logistics.jobs import fleet_for
from logistics.network import Network, great_circle_network
from logistics.routing.problem import Job
from logistics.shipments import Handling, Temperature
from logistics.sites import Site, SiteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from agents.bidding import BiddingStrategy
    from agents.concession import ConcessionStrategy
    from agents.policy import Effort
    from groupage.v1 import markets_pb2, policies_pb2
    from logistics.fleet import OperatingCosts, VehicleType
    from logistics.routing.problem import FleetVehicle


class ToldBook(JobBook):
    """Looks transports up by what they are called in a negotiation."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self.direct = dict(jobs)
        self.infeasible = {}

    @cached_property
    def _legs(self) -> dict[str, Job]:
        return {}


@dataclass(frozen=True)
class ToldMarket:
    """What a reader was told of a market. Places and jobs go by what they are called in this negotiation.

    Attributes
    ----------
    conversation
        Id of the negotiation; its conversations begin with it.
    jobs
        By name; legs through hubs are jobs of their own.
    own_orders
        By job: the reader's own order.
    own_places
        By resource name of a site of the reader's own: what it is called.
    excluded
        By last segment of a vehicle type's name: jobs that it may not carry.
    own_vehicles
        By last segment of a vehicle type's name: how many are to be had, less what earlier plans hold; empty where
        nothing was told of it.
    """

    conversation: str
    synchronization: str
    roles: frozenset[int]
    protocol: policies_pb2.Strategy
    start: datetime
    horizon_min: float
    network: Network
    places: Mapping[str, markets_pb2.Place]
    jobs: Mapping[str, Job]
    own_orders: Mapping[str, str]
    own_places: Mapping[str, str]
    excluded: Mapping[str, frozenset[str]]
    own_vehicles: Mapping[str, int] = field(default_factory=dict)

    def fleet(
        self,
        vehicles: Mapping[str, VehicleType],
        costs: Mapping[str, OperatingCosts],
        sites: Mapping[str, Site],
    ) -> tuple[FleetVehicle, ...]:
        """Put a carrier's vehicles on offer, at what they truly cost it.

        Parameters
        ----------
        vehicles, costs
            By resource name. A vehicle that is reserved ahead counts among those of its type; of what earlier plans
            hold less is on offer.
        sites
            The bases, by resource name.

        Raises
        ------
        InputError
            A base is none of the places that were told.
        """
        if self.own_vehicles:
            told = {v: self.own_vehicles.get(v.rsplit("/", 1)[-1], 0) for v in vehicles}
            vehicles = {v: replace(kind, count=told[v]) for v, kind in vehicles.items() if told[v]}
        strange = sorted({v.base for v in vehicles.values()} - self.own_places.keys())
        if strange:
            raise InputError(f"base is {', '.join(strange)}, expected one of the own sites of this negotiation")
        carriers = {v.carrier: Carrier(v.carrier) for v in vehicles.values()}
        on_offer, _ = fleet_for(vehicles, costs, carriers, {}, sites, self.start, self.horizon_min)
        fleet = []
        for vehicle in on_offer:
            called = vehicle.id.rsplit("/", 1)[-1]
            kind = replace(vehicle.type, id=called, base=self.own_places[vehicle.type.base])
            fleet.append(replace(vehicle, type=kind, excluded=self.excluded.get(called, frozenset())))
        return tuple(sorted(fleet, key=lambda v: v.id))

    def carrier_desk(
        self,
        carrier: str,
        fleet: Sequence[FleetVehicle],
        bidding: BiddingStrategy,
        effort: Effort,
        seed: int,
        concession: ConcessionStrategy | None = None,
    ) -> CarrierDesk:
        """Open the built-in desk of a carrier on what it was told. It promises nothing for later days."""
        return CarrierDesk(
            carrier,
            tuple(fleet),
            ToldBook(self.jobs),
            self.network,
            bidding,
            effort.quote_iterations,
            effort.carrier_iterations_per_job,
            seed,
            concession or Boulware(),
        )


def told_market(parts: Iterable[markets_pb2.MarketPart]) -> ToldMarket:
    """Put a market together from all its parts, in any order.

    Raises
    ------
    InputError
        Parts are missing, of several negotiations, or do not say how far places lie apart.
    """
    given = list(parts)
    if not any(p.last for p in given) or len({p.conversation for p in given}) != 1:
        found = sorted({p.conversation for p in given})
        raise InputError(f"{len(given)} parts of {found} were given, expected all up to the last of one negotiation")
    first = given[0]
    places = {place.place: place for p in given for place in p.places}
    told = [job for p in given for job in p.jobs]
    excluded: dict[str, set[str]] = {}
    for job in told:
        for exclusion in job.excluded:
            excluded.setdefault(exclusion.vehicle, set()).add(job.job)
    return ToldMarket(
        first.conversation,
        first.synchronization,
        frozenset(first.roles),
        first.protocol,
        first.market_start.ToDatetime(UTC),
        first.horizon_min,
        _network(first.network, places, [d for p in given for d in p.network.distances]),
        places,
        {job.job: _job(job) for job in told},
        {job.job: job.own_order for job in told if job.own_order},
        {place.own_site: place.place for place in places.values() if place.own_site},
        {vehicle: frozenset(jobs) for vehicle, jobs in excluded.items()},
        {v.vehicle: v.count for p in given for v in p.own_vehicles},
    )


def _job(told: markets_pb2.MarketJob) -> Job:
    temperature = types_pb2.Temperature.Name(told.handling.temperature).removeprefix("TEMPERATURE_").lower()
    return Job(
        id=told.job,
        shipment=told.job.rsplit("@", 1)[0],
        origins=tuple(told.origins),
        destination=told.destination,
        pallets=told.pallets,
        weight_kg=told.weight_kg,
        volume_m3=told.volume_m3,
        pickup_open_min=told.pickup_open_min,
        pickup_close_min=told.pickup_close_min,
        delivery_open_min=told.delivery_open_min,
        delivery_close_min=told.delivery_close_min,
        loading_min=told.loading_min,
        unloading_min=told.unloading_min,
        handling=Handling(tuple(told.handling.adr_labels), Temperature(temperature), tuple(told.handling.certificates)),
    )


def _network(
    model: markets_pb2.NetworkModel,
    places: Mapping[str, markets_pb2.Place],
    distances: Sequence[markets_pb2.Distance],
) -> Network:
    sites = [
        Site(called, SiteKind.CLIENT, places[called].location.latitude, places[called].location.longitude)
        for called in sorted(places)
    ]
    if model.circuity_ratio:
        reckoned = great_circle_network(sites, model.circuity_ratio, model.speed_kmh)
        km, minutes = np.array(reckoned.distance_km), np.array(reckoned.duration_min)
    else:
        km = np.full((len(sites), len(sites)), np.nan)
        np.fill_diagonal(km, 0.0)
        minutes = km.copy()
    at = {site.id: k for k, site in enumerate(sites)}
    for way in distances:
        here, there = at[way.from_place], at[way.to_place]
        km[here, there], minutes[here, there] = way.distance_km, way.duration_min
    if np.isnan(km).any():
        raise InputError(f"{int(np.isnan(km).sum())} ways between places were not told, expected all of them")
    return Network(tuple(site.id for site in sites), km, minutes)
