"""A committed plan with one order changed, and what that costs: pure, the same for the same plan and change.

Whoever did not ask is left as committed: stops that stay keep their times where that is possible, carriers get
their own costs' difference on top of the agreed price (so that their margin stays), hubs keep their price, and
all of it is borne by the order's owner. A carrier that its own agent speaks
for, or that told no costs, keeps its price.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from agents.messages import COORDINATOR
from agents.plans import priced
from agents.settlement import Transfer
from groupage.errors import InputError
from logistics.fleet import OperatingCosts, type_of
from logistics.jobs import fleet_for
from logistics.routing import RoutingProblem, solve
from server.market import SeatRole
from server.wire.account import SHARE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from agents.settlement import Booking, Leg, Load, Settlement
    from logistics.routing.problem import FleetVehicle, Job, Stop
    from logistics.shipments import Shipment
    from server.market import Freeze

CHANGE = "change"
_ITERATIONS = 400
# Tours of own agents are replanned by distance and time alone: what these cost them is not known here.
_UNKNOWN = OperatingCosts(per_km_eur=1.0, per_hour_eur=30.0)

NO_PLAN = "there is no plan with it on the vehicles and docks that are committed"


class NoPlanError(Exception):
    """The change does not fit into what is committed; the text names nobody and no figure."""


def replanned(
    freeze: Freeze, settlement: Settlement, order: str, becomes: Shipment | None, keeping: Collection[str] = ()
) -> tuple[Freeze, Settlement, dict[str, int]]:
    """Change one order of a plan.

    Parameters
    ----------
    becomes
        The order as it would be; ``None``: it does not travel.
    keeping
        Carriers that keep their price whatever they save.

    Returns
    -------
    tuple
        The market and the plan with the change, and by carrier what it is paid more (negative: less), cents.

    Raises
    ------
    NoPlanError
        If the change does not fit.
    """
    market = freeze.market
    shipments = {k: s for k, s in market.shipments.items() if k != order}
    if becomes is not None:
        shipments[order] = becomes.for_market()
    # Every origin and destination must be a place of the frozen market: no other has a distance.
    if becomes is not None and becomes.destination not in market.sites:
        raise NoPlanError("its new place is not among those that the plan knows")
    try:
        changed = replace(freeze, market=replace(market, shipments=shipments), named_as=freeze.names_digest)
        book = JobBook(changed.market)
    except InputError:
        raise NoPlanError(NO_PLAN) from None
    touched = {leg.load for leg in settlement.legs if leg.shipment == order}
    fleet = _fleet(changed, book)
    loads: list[Load] = []
    more: dict[str, int] = {}
    for load in settlement.loads:
        if load.id not in touched:
            loads.append(load)
            continue
        stops = _without(load, order, JobBook(market)) if becomes is None else _with(load, order, book, fleet)
        delta = _delta(freeze, fleet, load, stops)
        delta = 0 if load.carrier in keeping else delta
        more[load.carrier] = more.get(load.carrier, 0) + delta
        if stops:
            lines = {**load.price_lines, **({CHANGE: load.price_lines.get(CHANGE, 0) + delta} if delta else {})}
            loads.append(replace(load, stops=stops, price_lines=lines))
    if becomes is not None and book.faults(loads):
        raise NoPlanError(NO_PLAN)
    legs = tuple(
        leg if leg.shipment != order else _leg(leg, book, becomes)
        for leg in settlement.legs
        if becomes is not None or leg.shipment != order
    )
    bookings = _bookings(settlement, order, market.shipments[order].pallets, becomes)
    if becomes is not None:
        _docks_hold(settlement, {load.id: load for load in loads}, freeze)
    owner = market.shipments[order].owner
    transfers = [*settlement.transfers]
    for carrier, cents in sorted(more.items()):
        if cents:
            transfers.append(Transfer(owner, COORDINATOR, cents, SHARE, order))
            transfers.append(Transfer(COORDINATOR, carrier, cents, CHANGE, order))
    new = replace(settlement, legs=legs, loads=tuple(loads), bookings=bookings, transfers=tuple(transfers))
    return changed, new, more


def _without(load: Load, order: str, before: JobBook) -> tuple[Stop, ...]:
    """Stops of a tour without an order; services at those that stay begin when they did, an empty tour is none.

    The vehicle waits instead, and is back at its base as early as the last stop lets it. So a tour that was sound
    stays so, whatever is taken off.
    """

    def kept(jobs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(job for job in jobs if shipment_of(job) != order)

    def less(stop: Stop) -> Stop:
        gone = [before[j].loading_min for j in stop.pickups if shipment_of(j) == order]
        gone += [before[j].unloading_min for j in stop.deliveries if shipment_of(j) == order]
        # What was handled behind it begins earlier by that much, and never before the stop itself did.
        left = stop.departure_min - sum(gone)
        return replace(stop, departure_min=left, pickups=kept(stop.pickups), deliveries=kept(stop.deliveries))

    first, *inner, last = (less(s) for s in load.stops)
    inner = [s for s in inner if s.pickups or s.deliveries]
    if not inner and not (first.pickups or last.deliveries):
        return ()
    ahead = (inner or [first])[-1]
    network, speed = before.market.network, before.market.vehicles[load.vehicle].speed_kmh
    a, b = ahead.site, last.site
    travel = network.minutes(a, b) if speed is None else network.km(a, b) * 60 / speed
    back = min(last.arrival_min, ahead.departure_min + travel)
    earlier = last.arrival_min - back
    if not (last.pickups or last.deliveries):
        last = replace(
            last, arrival_min=back, start_min=last.start_min - earlier, departure_min=last.departure_min - earlier
        )
    return (first, *inner, last)


def _with(load: Load, order: str, book: JobBook, fleet: Mapping[str, FleetVehicle]) -> tuple[Stop, ...]:
    """Stops of a tour with an order as it would be: as they are where that fits, else the tour planned anew."""
    wanted = [job for stop in load.stops for job in stop.deliveries]
    if any(job not in book for job in wanted) or load.vehicle not in fleet:
        raise NoPlanError(NO_PLAN)
    same_places = all(
        stop.site == book[job].destination
        for stop in load.stops
        for job in stop.deliveries
        if shipment_of(job) == order
    )
    if same_places and not book.faults([load]):
        return load.stops
    jobs: tuple[Job, ...] = tuple(book[job] for job in wanted)
    one = replace(fleet[load.vehicle], count=1)
    plan = solve(RoutingProblem(book.market.network, jobs, (one,)), iterations=_ITERATIONS, seed=0)
    if plan.unserved or len(plan.routes) != 1:
        raise NoPlanError(NO_PLAN)
    return plan.routes[0].stops


def _fleet(freeze: Freeze, book: JobBook) -> dict[str, FleetVehicle]:
    m, region = freeze.market, freeze.region()
    costs = {v: region.day_costs(v) if type_of(v) in region.operating_costs else _UNKNOWN for v in m.vehicles}
    fleet, _ = fleet_for(dict(m.vehicles), costs, m.carriers, book.all_jobs, m.sites, m.start, m.horizon_min)
    return {v.id: v for v in fleet}


def _delta(freeze: Freeze, fleet: Mapping[str, FleetVehicle], load: Load, stops: tuple[Stop, ...]) -> int:
    """What a tour costs its carrier more, cents; 0 where its own agent speaks for it, or told no costs."""
    seat = freeze.seats.get(load.carrier)
    own = seat is not None and SeatRole.CARRIER in seat.remote
    if own or type_of(load.vehicle) not in freeze.region().operating_costs or load.vehicle not in fleet:
        return 0
    before = priced(fleet[load.vehicle], load.stops, freeze.market.network).cost_cents
    after = priced(fleet[load.vehicle], stops, freeze.market.network).cost_cents if stops else 0
    # No more is given back than was agreed.
    return max(after - before, -sum(load.price_lines.values()))


def _leg(leg: Leg, book: JobBook, becomes: Shipment | None) -> Leg:
    return leg if becomes is None else replace(leg, pallets=becomes.pallets, to_site=book[leg.job].destination)


def _bookings(settlement: Settlement, order: str, pallets: float, becomes: Shipment | None) -> tuple[Booking, ...]:
    """Dock slots with other quantities, at the price that was agreed."""
    out = []
    for b in settlement.bookings:
        if order not in b.shipments:
            out.append(b)
            continue
        rest = b.pallets - pallets + (becomes.pallets if becomes is not None else 0.0)
        stay = tuple(s for s in b.shipments if becomes is not None or s != order)
        out.append(replace(b, pallets=max(rest, 0.0), shipments=stay))
    return tuple(out)


def _docks_hold(settlement: Settlement, loads: Mapping[str, Load], freeze: Freeze) -> None:
    """Refuse a plan in which a vehicle comes to a dock at another time than it is booked for."""
    before = {load.id: load for load in settlement.loads}
    for b in settlement.bookings:
        new, site = loads.get(b.load), freeze.market.hubs[b.hub].site
        if new is None:
            continue
        was = [(s.start_min, s.departure_min) for s in before[b.load].stops if s.site == site]
        if not {(s.start_min, s.departure_min) for s in new.stops if s.site == site} <= set(was):
            raise NoPlanError("a dock is booked for another time")
