"""Ways through a hub: what a hub offers, the two legs of a shipment through it, and the dock visits of a plan.

Precedence needs no bookkeeping: every inbound leg ends by the hub's cutoff and every outbound leg starts after the
cutoff plus handling, so any plan that keeps the legs' windows keeps the chains.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logistics.routing.problem import Job, Route

IN_SUFFIX, OUT_SUFFIX = ":in", ":out"
MINUTES_PER_HOUR = 60.0
TIME_TOLERANCE_MIN = 1e-6
# A visit must start inside an hour that is on sale, so not at the very end of the opening.
LAST_VISIT_MIN = 1.0


@dataclass(frozen=True, slots=True)
class HubOffer:
    """Terms at which a hub may be used in a planning window.

    Attributes
    ----------
    hub, site
        Participant and place.
    windows
        Rows of (from, to, slots, cents a slot), a clock hour each; without rows no dock is on offer.
    handling_cents_per_pallet, storage_cents_per_pallet_hour
        Per pallet that comes in, and per pallet and hour between unloading and loading.
    handling_min_per_pallet, min_handling_min
        Time between unloading a shipment and being ready to load it again.
    cutoff_min
        Inbound goods are unloaded by then.
    open_min, close_min
        Opening on the planning day. All times are minutes after the plan's start.
    """

    hub: str
    site: str
    windows: tuple[tuple[float, float, int, int], ...]
    handling_cents_per_pallet: int
    storage_cents_per_pallet_hour: int
    handling_min_per_pallet: float
    min_handling_min: float
    cutoff_min: float
    open_min: float
    close_min: float

    def handling_min(self, pallets: float) -> float:
        """Minutes between unloading a shipment and being ready to load it again."""
        return max(self.min_handling_min, self.handling_min_per_pallet * pallets)

    def slots_at(self, minute: float) -> int:
        """Dock slots on offer in the clock hour of a time."""
        return sum(slots for opens, _, slots, _ in self.windows if _hour(opens) == _hour(minute))

    def slot_cents_at(self, minute: float) -> int:
        """Price of a dock slot in the clock hour of a time; the dearest one where the hour is not on offer."""
        prices = [cents for opens, _, _, cents in self.windows if _hour(opens) == _hour(minute)]
        return prices[0] if prices else max((cents for *_, cents in self.windows), default=0)


@dataclass(frozen=True, slots=True)
class HubVisit:
    """One vehicle at a hub's dock: one booking in the clock hour of its start.

    Attributes
    ----------
    route
        Position of the vehicle's route in the plan.
    pallets
        Unloaded there; handling is charged where goods come in.
    storage_pallet_hours
        Of what is loaded there, since it was unloaded.
    shipments
        Unloaded or loaded.
    """

    hub: str
    route: int
    start_min: float
    end_min: float
    pallets: float
    storage_pallet_hours: float
    shipments: tuple[str, ...]
    slot_cents: int
    handling_cents: int
    storage_cents: int


def is_hub_leg(job_id: str) -> bool:
    """Tell whether a job is one leg of a way through a hub."""
    return "@" in job_id and job_id.endswith((IN_SUFFIX, OUT_SUFFIX))


def hub_of(leg_id: str) -> str:
    """Return the hub that a leg leads to or from."""
    return leg_id.rsplit("@", 1)[1].removesuffix(IN_SUFFIX).removesuffix(OUT_SUFFIX)


def leg_jobs(job: Job, offer: HubOffer) -> tuple[Job, Job] | None:
    """Return the inbound and the outbound leg of a direct transport through a hub, or ``None`` if the day is too short.

    Docks take as long for a shipment as its origin does; services end within the hub's opening.
    """
    if offer.site in job.origins or offer.site == job.destination:
        return None
    dock_min = job.loading_min
    last_in = offer.cutoff_min - dock_min
    ready = offer.cutoff_min + offer.handling_min(job.pallets)
    last_out = min(offer.close_min - max(dock_min, LAST_VISIT_MIN), job.delivery_close_min)
    inbound = replace(
        job,
        id=f"{job.shipment}@{offer.hub}{IN_SUFFIX}",
        destination=offer.site,
        pickup_close_min=min(job.pickup_close_min, last_in),
        delivery_open_min=offer.open_min,
        delivery_close_min=last_in,
        unloading_min=dock_min,
        prize_cents=None,
    )
    outbound = replace(
        job,
        id=f"{job.shipment}@{offer.hub}{OUT_SUFFIX}",
        origins=(offer.site,),
        pickup_open_min=ready,
        pickup_close_min=last_out,
        prize_cents=None,
    )
    possible = (
        job.pickup_open_min <= inbound.pickup_close_min and offer.open_min <= last_in and ready + dock_min <= last_out
    )
    return (inbound, outbound) if possible else None


def hub_visits(routes: Sequence[Route], jobs: Mapping[str, Job], offers: Iterable[HubOffer]) -> tuple[HubVisit, ...]:
    """List the dock visits of routes, in the order of the routes and their stops, with what each costs."""
    by_site = {offer.site: offer for offer in offers}
    unloaded_at = {
        job: stop.departure_min
        for route in routes
        for stop in route.stops
        for job in stop.deliveries
        if is_hub_leg(job)
    }
    visits = []
    for number, route in enumerate(routes):
        for stop in route.stops:
            came = [j for j in stop.deliveries if j.endswith(IN_SUFFIX) and is_hub_leg(j)]
            went = [j for j in stop.pickups if j.endswith(OUT_SUFFIX) and is_hub_leg(j)]
            if stop.site not in by_site or not (came or went):
                continue
            offer = by_site[stop.site]
            pallets = math.fsum(jobs[j].pallets for j in came)
            stored = math.fsum(
                jobs[j].pallets
                * max(0.0, stop.start_min - unloaded_at.get(inbound_of(j), stop.start_min))
                / MINUTES_PER_HOUR
                for j in went
            )
            visits.append(
                HubVisit(
                    hub=offer.hub,
                    route=number,
                    start_min=stop.start_min,
                    end_min=stop.departure_min,
                    pallets=pallets,
                    storage_pallet_hours=round(stored, 6),
                    shipments=tuple(dict.fromkeys(jobs[j].shipment for j in (*came, *went))),
                    slot_cents=offer.slot_cents_at(stop.start_min),
                    handling_cents=fee_cents(offer.handling_cents_per_pallet, pallets),
                    storage_cents=fee_cents(offer.storage_cents_per_pallet_hour, stored),
                )
            )
    return tuple(visits)


def inbound_of(outbound: str) -> str:
    """Return the inbound leg that belongs to an outbound one."""
    return outbound.removesuffix(OUT_SUFFIX) + IN_SUFFIX


def fee_cents(cents_per_unit: int, units: float) -> int:
    """Price of some units, rounded up to whole cents so that a fee never falls short of its rate."""
    return math.ceil(round(cents_per_unit * units, 6))


def overbooked_hours(visits: Iterable[HubVisit], offers: Iterable[HubOffer]) -> dict[tuple[str, int], int]:
    """Return by (hub, clock hour) how many visits exceed the slots on offer, where any do."""
    by_hub = {offer.hub: offer for offer in offers}
    count = Counter((visit.hub, _hour(visit.start_min)) for visit in visits)
    surplus = {
        (hub, hour): n - by_hub[hub].slots_at(hour * MINUTES_PER_HOUR) for (hub, hour), n in sorted(count.items())
    }
    return {key: n for key, n in surplus.items() if n > 0}


def hub_violations(
    routes: Sequence[Route],
    jobs: Mapping[str, Job],
    chains: Mapping[str, tuple[str, ...]],
    offers: Sequence[HubOffer],
) -> list[str]:
    """List, in plain words, every way in which routes break chains through hubs or their docks.

    Each chain is driven whole, leg after leg with the hub's handling time between them, inbound by the cutoff; every
    dock visit lies inside the hub's opening, and no clock hour holds more visits than slots.

    Parameters
    ----------
    chains
        Job ids of each carried shipment, in order.
    """
    faults = []
    by_site = {offer.site: offer for offer in offers}
    loaded = {job: stop.start_min for route in routes for stop in route.stops for job in stop.pickups}
    unloaded = {job: stop.departure_min for route in routes for stop in route.stops for job in stop.deliveries}
    for shipment, legs in sorted(chains.items()):
        missing = [leg for leg in legs if leg not in unloaded or leg not in loaded]
        if missing:
            faults.append(f"shipment {shipment}: {', '.join(missing)} not driven, expected the whole chain")
            continue
        for first, second in itertools.pairwise(legs):
            offer = by_site.get(jobs[first].destination)
            if offer is None or jobs[second].origins != (offer.site,):
                faults.append(f"shipment {shipment}: {first} and {second} do not meet at a hub on offer")
                continue
            if unloaded[first] > offer.cutoff_min + TIME_TOLERANCE_MIN:
                faults.append(
                    f"shipment {shipment}: at {offer.hub} at {unloaded[first]:.1f} min, expected by the cutoff"
                )
            ready = unloaded[first] + offer.handling_min(jobs[first].pallets)
            if loaded[second] < ready - TIME_TOLERANCE_MIN:
                faults.append(
                    f"shipment {shipment}: leaves {offer.hub} at {loaded[second]:.1f} min, expected from {ready:.1f}"
                )
    by_hub = {offer.hub: offer for offer in offers}
    visits = hub_visits(routes, jobs, offers)
    for visit in visits:
        offer = by_hub[visit.hub]
        if (
            visit.start_min < offer.open_min - TIME_TOLERANCE_MIN
            or visit.end_min > offer.close_min + TIME_TOLERANCE_MIN
        ):
            faults.append(
                f"route {visit.route} is at hub {visit.hub} at {visit.start_min:.1f} min, outside its opening"
            )
    for (hub, hour), surplus in overbooked_hours(visits, offers).items():
        faults.append(f"hub {hub} has {surplus} visits more than dock slots in hour {hour}")
    return faults


def _hour(minute: float) -> int:
    return math.floor(minute / MINUTES_PER_HOUR)
