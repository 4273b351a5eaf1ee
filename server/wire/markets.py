"""What one reader may know of a market before it is asked, in parts that fit into messages.

An owner gets its own transports, a carrier all those that it may be asked about, direct and through hubs, with the
rules that keep its vehicles from some; everybody the places that these need. Whose the others' are is not in it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from groupage.v1 import companies_pb2, markets_pb2
from logistics.compliance import carrier_refusal
from logistics.fleet import is_reserved, type_of, without_reserved
from logistics.jobs import planning_day
from logistics.network import DEFAULT_CIRCUITY, DEFAULT_SPEED_KMH
from server.wire.pseudonyms import last_segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from agents.market import Market
    from groupage.v1 import policies_pb2
    from logistics.fleet import VehicleType
    from logistics.routing.problem import Job
    from logistics.shipments import Handling
    from server.wire.pseudonyms import Pseudonyms

MAX_PART_BYTES = 3 << 20  # below the 4 MiB that clients take by default, with room for what goes around
MAX_JOBS, MAX_DISTANCES = 1_000, 50_000

SHIPPER, CARRIER, HUB = (
    companies_pb2.Role.ROLE_SHIPPER,
    companies_pb2.Role.ROLE_CARRIER,
    companies_pb2.Role.ROLE_HUB,
)


def market_parts(
    market: Market,
    names: Pseudonyms,
    roles: Collection[companies_pb2.Role],
    *,
    negotiation: str,
    synchronization: str,
    protocol: policies_pb2.Strategy,
    circuity_ratio: float = DEFAULT_CIRCUITY,
    speed_kmh: float = DEFAULT_SPEED_KMH,
    book: JobBook | None = None,
    held: Mapping[str, int] | None = None,
) -> Iterator[markets_pb2.MarketPart]:
    """Tell a reader of a market; the last part says that it is the last.

    Parameters
    ----------
    names
        The reader's.
    roles
        As what its own agent takes part.
    circuity_ratio, speed_kmh
        What the market's network is reckoned with; a ratio of 0 sends all distances between the places instead.
    book
        The market's transports, where they are at hand.
    held
        By vehicle type and hub, what committed plans hold; of it the reader learns what is its own.
    """
    known = book or JobBook(market)
    jobs = _jobs(market, known, names.company, roles)
    # In the order of what they are called: that of the engine's ids would put an owner's side by side.
    told = sorted((names.called("job", job.id), job) for job in jobs)
    sites = {site for job in jobs for site in (*job.origins, job.destination)} | _own_places(market, names, roles)
    own = _named_by(market, names.company)
    places = sorted((names.called("place", site), site) for site in sites)
    excluded = _Exclusions(market, names) if CARRIER in roles else None
    items: Iterable[markets_pb2.Place | markets_pb2.MarketJob | markets_pb2.Distance] = chain(
        (_place(market, called, site, site in own) for called, site in places),
        (_job(market, names, called, job, excluded) for called, job in told),
        _distances(market, places) if not circuity_ratio else (),
    )

    def part() -> markets_pb2.MarketPart:
        made = markets_pb2.MarketPart(
            conversation=negotiation,
            synchronization=synchronization,
            roles=sorted(roles),
            protocol=protocol,
            horizon_min=market.horizon_min,
        )
        made.market_start.FromDatetime(market.start)
        made.network.circuity_ratio, made.network.speed_kmh = circuity_ratio, speed_kmh
        return made

    now, size = part(), 0
    for item in items:
        added = item.ByteSize() + 8
        full = len(now.jobs) >= MAX_JOBS or len(now.network.distances) >= MAX_DISTANCES
        if full or (size and size + added > MAX_PART_BYTES):
            yield now
            now, size = part(), 0
        size += added
        if isinstance(item, markets_pb2.Place):
            now.places.append(item)
        elif isinstance(item, markets_pb2.MarketJob):
            now.jobs.append(item)
        else:
            now.network.distances.append(item)
    now.last = True
    if CARRIER in roles:
        now.own_vehicles.extend(_own_vehicles(market, names.company, held or {}))
    if HUB in roles:
        now.own_hubs.extend(_own_hubs(market, names.company, held or {}))
    yield now


def _jobs(market: Market, book: JobBook, company: str, roles: Collection[int]) -> list[Job]:
    if CARRIER in roles:
        return list(book.all_jobs.values())
    if SHIPPER in roles:
        return [job for s, job in book.direct.items() if market.shipments[s].owner == company]
    return []


def _own_places(market: Market, names: Pseudonyms, roles: Collection[int]) -> set[str]:
    """Bases of the reader's vehicles, and the sites of its hubs."""
    bases = {v.base for v in _vehicles(market, names.company)} if CARRIER in roles else set()
    hubs = {h.site for h in market.hubs.values() if _is_own(h.id, names.company)} if HUB in roles else set()
    return bases | hubs


def _vehicles(market: Market, company: str) -> list[VehicleType]:
    return [v for v in without_reserved(market.vehicles).values() if v.carrier == company]


def _own_vehicles(market: Market, company: str, held: Mapping[str, int]) -> list[markets_pb2.MarketVehicle]:
    reserved = {type_of(v.id): v.count for v in market.vehicles.values() if is_reserved(v.id)}
    return [
        markets_pb2.MarketVehicle(
            vehicle=last_segment(v.id), count=v.count, reserved=reserved.get(v.id, 0), held=held.get(v.id, 0)
        )
        for v in sorted(_vehicles(market, company), key=lambda v: v.id)
    ]


def _own_hubs(market: Market, company: str, held: Mapping[str, int]) -> list[markets_pb2.MarketHub]:
    return [
        markets_pb2.MarketHub(hub=last_segment(h), dock_slots_per_hour=hub.dock_slots_per_hour, held=held.get(h, 0))
        for h, hub in sorted(market.hubs.items())
        if _is_own(h, company)
    ]


def _is_own(name: str, company: str) -> bool:
    return name == company or name.startswith(f"{company}/")


def _named_by(market: Market, company: str) -> set[str]:
    """Sites that the reader knows by name: its own, and what its fleet and its hubs name."""
    own = {site for site in market.sites if _is_own(site, company)}
    hubs = {h.site for h in market.hubs.values() if _is_own(h.id, company)}
    return own | hubs | {v.base for v in _vehicles(market, company)}


def _place(market: Market, called: str, name: str, own: bool) -> markets_pb2.Place:
    site = market.sites[name]
    place = markets_pb2.Place(place=called, zone=site.zone, own_site=name if own else "")
    place.location.latitude, place.location.longitude = site.lat, site.lon
    if site.opening is not None:
        for opens, closes in site.open_intervals(market.start, market.horizon_min) or ((0.0, 0.0),):
            place.openings.add(open_min=opens, close_min=closes)
    return place


def _job(
    market: Market, names: Pseudonyms, called: str, job: Job, excluded: _Exclusions | None
) -> markets_pb2.MarketJob:
    own = market.shipments[shipment_of(job.id)].owner == names.company
    made = markets_pb2.MarketJob(
        job=called,
        own_order=shipment_of(job.id) if own else "",
        origins=[names.called("place", origin) for origin in job.origins],
        destination=names.called("place", job.destination),
        pallets=job.pallets,
        weight_kg=job.weight_kg,
        volume_m3=job.volume_m3,
        pickup_open_min=job.pickup_open_min,
        pickup_close_min=job.pickup_close_min,
        delivery_open_min=job.delivery_open_min,
        delivery_close_min=job.delivery_close_min,
        loading_min=job.loading_min,
        unloading_min=job.unloading_min,
        excluded=excluded.of(job.handling) if excluded else (),
    )
    made.handling.adr_labels.extend(job.handling.adr_labels)
    made.handling.temperature = f"TEMPERATURE_{job.handling.temperature.value.upper()}"  # type: ignore[assignment]
    made.handling.certificates.extend(job.handling.certificates)
    return made


class _Exclusions:
    """The reader's vehicles that may not carry goods of a handling class, and the rules."""

    def __init__(self, market: Market, names: Pseudonyms) -> None:
        self._market, self._vehicles = market, _vehicles(market, names.company)
        self._found: dict[Handling, list[markets_pb2.Exclusion]] = {}

    def of(self, handling: Handling) -> list[markets_pb2.Exclusion]:
        if handling not in self._found:
            m, out = self._market, []
            for vehicle in self._vehicles:
                on = planning_day(m.start, m.sites[vehicle.base].time_zone)
                reason = carrier_refusal(m.carriers[vehicle.carrier], vehicle, handling, on)
                if reason is not None:
                    out.append(markets_pb2.Exclusion(vehicle=last_segment(vehicle.id), reason=reason))
            self._found[handling] = out
        return self._found[handling]


def _distances(market: Market, places: list[tuple[str, str]]) -> Iterator[markets_pb2.Distance]:
    network = market.network
    for here, one in places:
        for there, other in places:
            if one != other:
                yield markets_pb2.Distance(
                    from_place=here,
                    to_place=there,
                    distance_km=network.km(one, other),
                    duration_min=network.minutes(one, other),
                )
