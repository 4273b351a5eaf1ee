"""The transports that a market's shipments can become: direct, or two legs through a hub. Public knowledge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from agents.market import Market
from agents.settlement import Booking, Load
from logistics.consolidation import HubOffer, MixedPlan, leg_jobs
from logistics.fleet import OperatingCosts
from logistics.jobs import fleet_for, jobs_for
from logistics.routing import Plan, RoutingProblem, violations
from logistics.routing.problem import Job

MINUTES_PER_HOUR = 60
IN, OUT = ":in", ":out"


def is_hub_leg(job: str) -> bool:
    """Tell whether a job is one leg of a way through a hub (``shipment@hub:in`` or ``:out``)."""
    return job.endswith((IN, OUT)) and "@" in job


def shipment_of(job: str) -> str:
    """Shipment that a job moves."""
    return job.rsplit("@", 1)[0] if is_hub_leg(job) else job


def hub_offer(market: Market, hub: str, terms: pa.Table) -> HubOffer:
    """Join a hub's quoted terms with what is public about it."""
    rows = terms.to_pylist()
    return HubOffer(
        hub=hub,
        site=market.hubs[hub].site,
        windows=tuple((r["from_min"], r["to_min"], r["slots"], r["slot_cents"]) for r in rows),
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

    def legs(self, shipment: str, hub: str) -> tuple[Job, Job] | None:
        """Both legs of a shipment through a hub, or ``None`` where time does not allow it."""
        first, second = (f"{shipment}@{hub}{end}" for end in (IN, OUT))
        return (self._legs[first], self._legs[second]) if first in self._legs else None

    def suits_hub(self, shipment: str, hub: str) -> bool:
        """Tell whether a hub lies on the way: the legs fit the day, and the client is nearer to it than to its origin."""
        if self.legs(shipment, hub) is None:
            return False
        job, site, network = self.direct[shipment], self.market.hubs[hub].site, self.market.network
        return network.km(site, job.destination) < min(network.km(o, job.destination) for o in job.origins)

    def handling_min(self, shipment: str, site: str) -> float:
        """Minutes between unloading at the hub at a site and being ready to load again."""
        hub = next(h for h in self.market.hubs.values() if h.site == site)
        return max(hub.min_handling_min, hub.handling_min_per_pallet * self.market.shipments[shipment].pallets)

    def partner(self, job: str) -> str | None:
        """The other leg of a way through a hub; ``None`` for a direct job."""
        if not is_hub_leg(job):
            return None
        return job.removesuffix(IN) + OUT if job.endswith(IN) else job.removesuffix(OUT) + IN

    def faults(self, loads: Sequence[Load]) -> list[str]:
        """What is physically wrong with some loads, by an independent check; empty when they are sound."""
        from agents.plans import priced

        m = self.market
        known = self.all_jobs
        wanted = {j for load in loads for stop in load.stops for j in (*stop.pickups, *stop.deliveries)}
        faults = [f"{j} is not a transport of this market" for j in sorted(wanted - known.keys())]
        faults += [f"{load.id} is driven by an unknown vehicle {load.vehicle}" for load in loads if load.vehicle not in m.vehicles]
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
        missing = [f"{load.id}: vehicle {load.vehicle} does not work on this day" for load in loads if load.vehicle not in by_id]
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

    def bookings(self, loads: Sequence[Load], offers: Sequence[HubOffer]) -> tuple[Booking, ...]:
        """Dock slots that loads need: one for each time a vehicle handles pooled goods at a hub.

        The outbound load pays for what its goods waited; handling is paid where they come in.
        """
        by_site = {o.site: o for o in offers}
        inbound_at = {
            j: stop.departure_min for load in loads for stop in load.stops for j in stop.deliveries if j.endswith(IN)
        }
        out = []
        for load in loads:
            for stop in load.stops:
                offer = by_site.get(stop.site)
                came = [j for j in stop.deliveries if is_hub_leg(j)]
                went = [j for j in stop.pickups if is_hub_leg(j)]
                if offer is None or not (came or went):
                    continue
                shipments = [shipment_of(j) for j in (*came, *went)]
                pallets = {j: self.market.shipments[shipment_of(j)].pallets for j in (*came, *went)}
                waited = math.fsum(
                    pallets[j] * max(0.0, stop.start_min - inbound_at.get(j.removesuffix(OUT) + IN, stop.start_min)) / 60
                    for j in went
                )
                handled = math.fsum(pallets[j] for j in came)
                price = (
                    _slot_cents(offer, stop.start_min)
                    + _ceil(offer.handling_cents_per_pallet * handled)
                    + _ceil(offer.storage_cents_per_pallet_hour * waited)
                )
                out.append(
                    Booking(
                        f"{offer.hub}-{len(out) + 1}",
                        offer.hub,
                        load.id,
                        stop.start_min,
                        stop.departure_min,
                        handled,
                        round(waited, 6),
                        tuple(dict.fromkeys(shipments)),
                        price,
                    )
                )
        return tuple(out)

    def overbooked(self, bookings: Sequence[Booking], offers: Sequence[HubOffer]) -> frozenset[str]:
        """Hubs where some clock hour holds more vehicles than slots were offered, or none was."""
        slots: Mapping[str, Mapping[int, int]] = {
            o.hub: {math.floor(w[0] / MINUTES_PER_HOUR): w[2] for w in o.windows} for o in offers
        }
        count = Counter((b.hub, math.floor(b.start_min / MINUTES_PER_HOUR)) for b in bookings)
        return frozenset(hub for (hub, hour), n in count.items() if n > slots.get(hub, {}).get(hour, 0))


def _slot_cents(offer: HubOffer, at_min: float) -> int:
    prices = [w[3] for w in offer.windows if math.floor(w[0] / 60) == math.floor(at_min / 60)]
    return prices[0] if prices else max((w[3] for w in offer.windows), default=0)


def _ceil(cents: float) -> int:
    return math.ceil(round(cents, 6))
