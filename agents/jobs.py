"""The transports that a market's shipments can become: direct, or two legs through a hub. Public knowledge."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from agents.settlement import Booking, Load
from logistics.fleet import OperatingCosts
from logistics.hub_legs import (
    IN_SUFFIX,
    OUT_SUFFIX,
    HubOffer,
    hub_visits,
    inbound_of,
    is_hub_leg,
    leg_jobs,
    overbooked_hours,
)
from logistics.jobs import fleet_for, jobs_for
from logistics.routing import Plan, RoutingProblem, violations
from logistics.routing.problem import Job, Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from agents.market import Market
    from logistics.consolidation import MixedPlan


def shipment_of(job: str) -> str:
    """Shipment that a job moves."""
    return job.rsplit("@", 1)[0] if is_hub_leg(job) else job


def hub_offer(market: Market, hub: str, terms: pa.Table) -> HubOffer:
    """Join a hub's quoted terms with what is public about it; it cannot sell more slots than it has docks."""
    rows = terms.to_pylist()
    docks = market.hubs[hub].dock_slots_per_hour
    return HubOffer(
        hub=hub,
        site=market.hubs[hub].site,
        windows=tuple((r["from_min"], r["to_min"], min(r["slots"], docks), r["slot_cents"]) for r in rows),
        handling_cents_per_pallet=max((r["handling_cents_per_pallet"] for r in rows), default=0),
        storage_cents_per_pallet_hour=max((r["storage_cents_per_pallet_hour"] for r in rows), default=0),
        **_public(market, hub),
    )


def _public(market: Market, hub: str) -> dict[str, float]:
    """Timing of a hub on this day: handling, and the cutoff for inbound goods (mid-opening unless it names one)."""
    facts = market.hubs[hub]
    opening = market.sites[facts.site].open_interval(market.start, market.horizon_min) or (0.0, market.horizon_min)
    cutoff = facts.cutoff_min if facts.cutoff_min is not None else (opening[0] + opening[1]) / 2
    return {
        "handling_min_per_pallet": facts.handling_min_per_pallet,
        "min_handling_min": facts.min_handling_min,
        "cutoff_min": cutoff,
        "open_min": opening[0],
        "close_min": opening[1],
    }


class JobBook:
    """Looks jobs up by id; coordinator and carriers read the same book."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.direct, self.infeasible = jobs_for(
            [market.shipments[s] for s in sorted(market.shipments)], market.sites, market.start, market.horizon_min
        )

    @cached_property
    def _hubs(self) -> dict[str, HubOffer]:
        """Hubs as their legs' timing needs them, without prices."""
        m = self.market
        open_hubs = [h for h in sorted(m.hubs) if m.sites[m.hubs[h].site].open_interval(m.start, m.horizon_min)]
        return {
            h: HubOffer(
                hub=h,
                site=m.hubs[h].site,
                windows=(),
                handling_cents_per_pallet=0,
                storage_cents_per_pallet_hour=0,
                **_public(m, h),
            )
            for h in open_hubs
        }

    @cached_property
    def _legs(self) -> dict[str, Job]:
        made: dict[str, Job] = {}
        for job in self.direct.values():
            for hub in self._hubs.values():
                made |= {leg.id: leg for leg in leg_jobs(job, hub) or ()}
        return made

    @property
    def all_jobs(self) -> dict[str, Job]:
        """Every direct job and every possible hub leg, by id."""
        return self.direct | self._legs

    def __getitem__(self, job: str) -> Job:
        return self.direct[job] if job in self.direct else self._legs[job]

    def __contains__(self, job: str) -> bool:
        return job in self.direct or job in self._legs

    def legs(self, shipment: str, hub: str) -> tuple[Job, Job] | None:
        """Both legs of a shipment through a hub, or ``None`` where time does not allow it."""
        first, second = (f"{shipment}@{hub}{end}" for end in (IN_SUFFIX, OUT_SUFFIX))
        return (self._legs[first], self._legs[second]) if first in self._legs else None

    def suits_hub(self, shipment: str, hub: str) -> bool:
        """Tell whether a hub is on the way: its legs fit the day, and the client is nearer to it than to its origin."""
        if self.legs(shipment, hub) is None:
            return False
        job, site, network = self.direct[shipment], self.market.hubs[hub].site, self.market.network
        return network.km(site, job.destination) < min(network.km(o, job.destination) for o in job.origins)

    def handling_min(self, shipment: str, site: str) -> float:
        """Minutes between unloading at the hub at a site and being ready to load again."""
        hub = next(h for h in self._hubs.values() if h.site == site)
        return hub.handling_min(self.market.shipments[shipment].pallets)

    def partner(self, job: str) -> str | None:
        """The other leg of a way through a hub; ``None`` for a direct job."""
        if not is_hub_leg(job):
            return None
        return job.removesuffix(IN_SUFFIX) + OUT_SUFFIX if job.endswith(IN_SUFFIX) else inbound_of(job)

    def faults(self, loads: Sequence[Load]) -> list[str]:
        """What is physically wrong with some loads, by an independent check; empty when they are sound."""
        from agents.plans import priced

        m = self.market
        known = self.all_jobs
        wanted = {j for load in loads for stop in load.stops for j in (*stop.pickups, *stop.deliveries)}
        faults = [f"{j} is not a transport of this market" for j in sorted(wanted - known.keys())]
        faults += [
            f"{load.id} is driven by an unknown vehicle {load.vehicle}"
            for load in loads
            if load.vehicle not in m.vehicles
        ]
        faults += [
            f"{load.id}: vehicle {load.vehicle} is not of carrier {load.carrier}"
            for load in loads
            if load.vehicle in m.vehicles and m.vehicles[load.vehicle].carrier != load.carrier
        ]
        faults += [
            f"{load.id} stops at an unknown site {stop.site}"
            for load in loads
            for stop in load.stops
            if stop.site not in m.network.index
        ]
        if faults:
            return faults
        jobs = {j: known[j] for j in sorted(wanted)}
        free = {v: OperatingCosts() for v in m.vehicles}
        fleet, _ = fleet_for(dict(m.vehicles), free, m.carriers, jobs, m.sites, m.start, m.horizon_min)
        by_id = {v.id: v for v in fleet}
        missing = [
            f"{load.id}: vehicle {load.vehicle} does not work on this day"
            for load in loads
            if load.vehicle not in by_id
        ]
        if missing:
            return missing
        routes = tuple(priced(by_id[load.vehicle], load.stops, m.network) for load in loads)
        return violations(RoutingProblem(m.network, tuple(jobs.values()), fleet), Plan(routes, ()))

    def agreed(self, plan: MixedPlan, offers: Sequence[HubOffer]) -> tuple[tuple[Load, ...], tuple[Booking, ...]]:
        """Write a central plan as loads and bookings; a load's price lines are its cost as stated."""
        numbers: Counter[str] = Counter()
        loads = []
        for route in plan.plan.routes:
            carrier = self.market.vehicles[route.vehicle].carrier
            numbers[carrier] += 1
            lines = {str(k): v for k, v in route.cost_lines.items() if v}
            loads.append(Load(f"{carrier}-{numbers[carrier]}", carrier, route.vehicle, route.stops, lines))
        return tuple(loads), self.bookings(loads, offers)

    def bookings(
        self, loads: Sequence[Load], offers: Sequence[HubOffer], terms: Mapping[str, float] | None = None
    ) -> tuple[Booking, ...]:
        """Dock slots that loads need: one for each time a vehicle handles pooled goods at a hub.

        The outbound load pays for what its goods waited; handling is paid where they come in.

        Parameters
        ----------
        terms
            By shipment: the share of the hub's named terms that was agreed on; all of them by default. A visit costs
            the mean over its shipments by pallets, rounded up.
        """
        agreed = terms or {}

        def part(shipments: Sequence[str]) -> float:
            pallets = {s: self.market.shipments[s].pallets for s in shipments}
            return math.fsum(agreed.get(s, 1.0) * p for s, p in pallets.items()) / math.fsum(pallets.values())

        routes = [Route(load.vehicle, load.stops, 0.0, 0.0, 0.0) for load in loads]
        return tuple(
            Booking(
                id=f"{visit.hub}-{number}",
                hub=visit.hub,
                load=loads[visit.route].id,
                start_min=visit.start_min,
                end_min=visit.end_min,
                pallets=visit.pallets,
                storage_pallet_hours=visit.storage_pallet_hours,
                shipments=visit.shipments,
                price_cents=math.ceil(
                    round((visit.slot_cents + visit.handling_cents + visit.storage_cents) * part(visit.shipments), 6)
                ),
            )
            for number, visit in enumerate(hub_visits(routes, self.all_jobs, offers), start=1)
        )

    def overbooked(self, loads: Sequence[Load], offers: Sequence[HubOffer]) -> frozenset[str]:
        """Hubs where some clock hour holds more vehicles than slots were offered, or none was."""
        routes = [Route(load.vehicle, load.stops, 0.0, 0.0, 0.0) for load in loads]
        return frozenset(hub for hub, _ in overbooked_hours(hub_visits(routes, self.all_jobs, offers), offers))
