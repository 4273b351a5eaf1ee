"""A committed plan while it is being changed: orders come off its loads and go onto others, each at what that costs.

Pure, the same for the same plan. Carriers get their own costs' difference; one that its own agent speaks for, or that
told no costs, keeps its price for what it has, and nothing is put on it, as nobody knows here at what price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from agents.plans import priced
from agents.registry import create
from agents.settlement import Leg, Load
from groupage.errors import GroupageError
from logistics.fleet import OperatingCosts, type_of
from logistics.jobs import fleet_for
from logistics.routing import RoutingProblem, solve
from logistics.routing.problem import Stop
from server.market import SeatRole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from agents.settlement import Booking, Settlement
    from logistics.routing.problem import FleetVehicle, Route
    from logistics.shipments import Shipment
    from server.market import Freeze

CHANGE, QUOTED = "change", "quoted"
_ITERATIONS = 400
# Tours of own agents are replanned by distance and time alone: what these cost them is not known here.
_UNKNOWN = OperatingCosts(per_km_eur=1.0, per_hour_eur=30.0)

NO_PLAN = "there is no plan with it on the vehicles and docks that are committed"


class NoPlanError(Exception):
    """The change does not fit into what is committed; the text names nobody and no figure."""


@dataclass(frozen=True)
class Draft:
    """A plan that is being changed; every step answers another one.

    Attributes
    ----------
    freeze, changed
        The market as committed, and as it would be.
    committed
        The plan in force.
    before, book
        Jobs as committed, and as they would be.
    costed
        Vehicle types of which it is known what they cost.
    more
        By carrier, what it is paid more (negative: less) for loads that it has, cents.
    free
        Vehicles of each type that no other plan holds by now; ``None``: as many as were frozen.
    """

    freeze: Freeze
    changed: Freeze
    committed: Settlement
    before: JobBook
    book: JobBook
    fleet: Mapping[str, FleetVehicle]
    costed: frozenset[str]
    loads: Mapping[str, Load]
    legs: tuple[Leg, ...]
    bookings: tuple[Booking, ...]
    more: Mapping[str, int]
    free: Mapping[str, int] | None = None

    @classmethod
    def of(cls, freeze: Freeze, changed: Freeze, settlement: Settlement) -> Draft:
        """Begin with the plan in force."""
        book = JobBook(changed.market)
        loads = {load.id: load for load in settlement.loads}
        before = book if changed is freeze else JobBook(freeze.market)
        legs, bookings = settlement.legs, settlement.bookings
        costed = frozenset(freeze.region().operating_costs)
        return cls(freeze, changed, settlement, before, book, _fleet(changed, book), costed, loads, legs, bookings, {})

    def loads_of(self, order: str) -> list[Load]:
        """Loads that an order travels on."""
        wanted = {leg.load for leg in self.legs if leg.shipment == order}
        return [load for load in self.loads.values() if load.id in wanted]

    def knows_costs(self, vehicle: str) -> bool:
        """Tell whether what a vehicle's tours cost is known here, and nobody's own agent speaks for it."""
        if vehicle not in self.fleet or type_of(vehicle) not in self.costed:
            return False
        seat = self.freeze.seats.get(self.freeze.market.vehicles[vehicle].carrier)
        return seat is None or SeatRole.CARRIER not in seat.remote

    def sells(self, vehicle: str) -> bool:
        """Tell whether the built-in participant may sell more of a vehicle: its carrier told what it costs."""
        return self.knows_costs(vehicle) and type_of(vehicle) in self.freeze.operating_costs

    def cost_cents(self, vehicle: str, stops: tuple[Stop, ...]) -> int:
        """What a tour costs its carrier, by its own costs."""
        return priced(self.fleet[vehicle], stops, self.freeze.market.network).cost_cents if stops else 0

    def without(self, order: str, keeping: Collection[str] = (), keeps_percent: float = 100.0) -> Draft:
        """Take an order off; everything else stays as it was, to the minute.

        Parameters
        ----------
        keeping
            Carriers that were not content with what their tours cost less: they keep so many per cent of what they are
            paid for the order, by its part of the load's pallets.
        """
        draft = self
        for load in self.loads_of(order):
            stops = _without(load, order, self.before)
            if load.carrier in keeping:
                part = self._part_of_price(load, order) if stops else sum(load.price_lines.values())
                delta = -math.floor(round(part * (100.0 - keeps_percent) / 100.0, 6))
            else:
                delta = self._delta(load, stops)
            draft = draft._with_load(load, stops, delta)
        legs = tuple(leg for leg in self.legs if leg.shipment != order)
        pallets = self.freeze.market.shipments[order].pallets
        return replace(draft, legs=legs, bookings=_bookings(draft.bookings, order, pallets, None))

    def _part_of_price(self, load: Load, order: str) -> float:
        on = [job for stop in load.stops for job in stop.deliveries]
        pallets = {job: self.freeze.market.shipments[shipment_of(job)].pallets for job in on}
        own = math.fsum(p for job, p in pallets.items() if shipment_of(job) == order)
        return sum(load.price_lines.values()) * own / math.fsum(pallets.values())

    def amended(self, order: str, becomes: Shipment) -> Draft:
        """Have an order as it would be on its own loads: as they are where that fits, else that tour planned anew.

        Raises
        ------
        NoPlanError
            If they cannot do it.
        """
        draft = self
        for load in self.loads_of(order):
            stops = self._amended(load, order)
            draft = draft._with_load(load, stops, self._delta(load, stops))
        legs = tuple(
            leg
            if leg.shipment != order
            else replace(leg, pallets=becomes.pallets, to_site=self.book[leg.job].destination)
            for leg in self.legs
        )
        pallets = self.freeze.market.shipments[order].pallets
        draft = replace(draft, legs=legs, bookings=_bookings(draft.bookings, order, pallets, becomes))
        draft.must_be_sound()
        return draft

    def _amended(self, load: Load, order: str) -> tuple[Stop, ...]:
        wanted = [job for stop in load.stops for job in stop.deliveries]
        if any(job not in self.book for job in wanted) or load.vehicle not in self.fleet:
            raise NoPlanError(NO_PLAN)
        same_places = all(
            stop.site == self.book[job].destination
            for stop in load.stops
            for job in stop.deliveries
            if shipment_of(job) == order
        )
        if same_places and not self.book.faults([load]):
            return load.stops
        route = self._tour(load.vehicle, wanted)
        if route is None:
            raise NoPlanError(NO_PLAN)
        return route.stops

    def must_be_sound(self) -> None:
        """Check the whole plan anew, independently of how it was made.

        Raises
        ------
        NoPlanError
            If it cannot be driven, or comes to a dock at another time than is booked.
        """
        if self.book.faults([*self.loads.values()]):
            raise NoPlanError(NO_PLAN)
        if not all(self._docks_hold(load) for load in self.loads.values()):
            raise NoPlanError("a dock is booked for another time")

    def placed(self, order: str, avoid: Collection[str] = ()) -> Draft | None:
        """Put an order that is on no load onto the load that takes it at the least cost; ``None`` where none can.

        Parameters
        ----------
        avoid
            Companies, by resource name, whose loads take nothing and whose times stay.
        """
        if order not in self.book.direct:
            return None
        found: list[tuple[int, str, Draft]] = []
        for load in self.loads.values():
            if load.carrier in avoid or not self.sells(load.vehicle):
                continue
            jobs = [job for stop in load.stops for job in stop.deliveries]
            if any(job not in self.book for job in jobs):
                continue
            route = self._tour(load.vehicle, [*jobs, order])
            if route is None:
                continue
            delta = self.cost_cents(load.vehicle, route.stops) - self.cost_cents(load.vehicle, load.stops)
            draft = self._with_load(load, route.stops, delta)._with_leg(order, load.id)
            if draft._is_sound(load.id, avoid, order):
                found.append((delta, load.id, draft))
        return min(found, key=lambda one: one[:2])[2] if found else None

    def replaced(self, load: Load, avoid: Collection[str]) -> tuple[Draft, int] | None:
        """Have another vehicle do a load as it stands, or if none can at other times; with its price in cents."""
        jobs = [job for stop in load.stops for job in stop.deliveries]
        at_its_times = self._fresh(load.id, avoid, lambda vehicle: self._as_it_stands(load, vehicle))
        return at_its_times or self.fresh(load.id, jobs, avoid)

    def fresh(self, name: str, jobs: Sequence[str], avoid: Collection[str]) -> tuple[Draft, int] | None:
        """Put jobs on a vehicle that is not out yet, the one that is cheapest; with its price in cents."""

        def stops(vehicle: str) -> tuple[Stop, ...]:
            route = self._tour(vehicle, jobs)
            return route.stops if route is not None else ()

        return self._fresh(name, avoid, stops)

    def _fresh(
        self, name: str, avoid: Collection[str], tour: Callable[[str], tuple[Stop, ...]]
    ) -> tuple[Draft, int] | None:
        vehicles = self.freeze.market.vehicles
        bidding = create("bidding", self.freeze.policy.bidding)
        found = []
        for vehicle in sorted(vehicles):
            kind = vehicles[vehicle]
            out = sum(type_of(load.vehicle) == type_of(vehicle) for load in self.loads.values() if load.id != name)
            # What was reserved has terms of its own, with those who reserved it.
            free = kind.count if self.free is None else min(kind.count, self.free.get(vehicle, 0))
            if vehicle != type_of(vehicle) or kind.carrier in avoid or out >= free:
                continue
            stops = tour(vehicle) if self.sells(vehicle) else ()
            if not stops:
                continue
            price = math.ceil(round(bidding.price(self.cost_cents(vehicle, stops)), 6))
            load = Load(name, kind.carrier, vehicle, stops, {QUOTED: price})
            draft = replace(self, loads={**self.loads, name: load})
            for job in (j for stop in stops for j in stop.deliveries):
                draft = draft._with_leg(shipment_of(job), name, job)
            if draft._is_sound(name, avoid):
                found.append((price, vehicle, draft))
        if not found:
            return None
        price, _, draft = min(found, key=lambda one: one[:2])
        return draft, price

    def _as_it_stands(self, load: Load, vehicle: str) -> tuple[Stop, ...]:
        """Stops of a load for another vehicle: the same at the same times, from its own base and back."""
        kind, network = self.freeze.market.vehicles[vehicle], self.freeze.market.network
        inner = [stop for stop in load.stops if stop.pickups or stop.deliveries]

        def minutes(a: str, b: str) -> float:
            return network.minutes(a, b) if kind.speed_kmh is None else network.km(a, b) * 60 / kind.speed_kmh

        leaves = inner[0].arrival_min - minutes(kind.base, inner[0].site)
        back = inner[-1].departure_min + minutes(inner[-1].site, kind.base)
        first, last = Stop(kind.base, leaves, leaves, leaves), Stop(kind.base, back, back, back)
        return (first, *inner, last)

    def _tour(self, vehicle: str, jobs: Sequence[str]) -> Route | None:
        """One tour with some jobs, all of them, or none."""
        one = replace(self.fleet[vehicle], count=1)
        wanted = tuple(self.book[job] for job in jobs)
        if one.excluded.intersection(jobs):
            return None
        try:
            plan = solve(RoutingProblem(self.book.market.network, wanted, (one,)), iterations=_ITERATIONS, seed=0)
        except GroupageError:
            return None
        return plan.routes[0] if not plan.unserved and len(plan.routes) == 1 else None

    def _with_load(self, load: Load, stops: tuple[Stop, ...], delta: int) -> Draft:
        loads = {k: x for k, x in self.loads.items() if k != load.id or stops}
        if stops:
            lines = {**load.price_lines, **({CHANGE: load.price_lines.get(CHANGE, 0) + delta} if delta else {})}
            loads[load.id] = replace(load, stops=stops, price_lines=lines)
        return replace(self, loads=loads, more={**self.more, load.carrier: self.more.get(load.carrier, 0) + delta})

    def _with_leg(self, order: str, load: str, job: str = "") -> Draft:
        name = job or order
        stops = self.loads[load].stops
        from_site = next(stop.site for stop in stops if name in stop.pickups)
        to_site = next(stop.site for stop in stops if name in stop.deliveries)
        made = Leg(order, name, load, from_site, to_site, self.changed.market.shipments[order].pallets)
        # A leg that stays in its place keeps it: legs of an order chain in the order in which they stand.
        at = next((i for i, leg in enumerate(self.legs) if leg.job == name), len(self.legs))
        return replace(self, legs=(*self.legs[:at], made, *self.legs[at + 1 :]))

    def _is_sound(self, load: str, avoid: Collection[str], moved: str = "") -> bool:
        """Tell whether a load can be driven, its docks hold, and no times change of those who would not have it."""
        one = self.loads[load]
        if self.book.faults([*self.loads.values()]) or not self._docks_hold(one):
            return False
        was = starts(self.committed.loads)
        return all(
            was.get(job) == at or shipment_of(job) == moved
            for job, at in starts([one]).items()
            if self.changed.market.shipments[shipment_of(job)].owner in avoid
        )

    def _docks_hold(self, load: Load) -> bool:
        """Tell whether a vehicle comes to docks only when it is booked for them."""
        before = next((x for x in self.committed.loads if x.id == load.id), None)
        hubs = {hub.site for hub in self.freeze.market.hubs.values()}
        was = {(s.site, s.start_min, s.departure_min) for s in (before.stops if before else ()) if s.site in hubs}
        booked = {self.freeze.market.hubs[b.hub].site for b in self.bookings if b.load == load.id}
        now = {(s.site, s.start_min, s.departure_min) for s in load.stops if s.site in booked}
        return now <= was

    def _delta(self, load: Load, stops: tuple[Stop, ...]) -> int:
        """What a tour costs its carrier more, cents; 0 where its own agent speaks for it, or told no costs."""
        if not self.knows_costs(load.vehicle):
            return 0
        # No more is given back than was agreed.
        delta = self.cost_cents(load.vehicle, stops) - self.cost_cents(load.vehicle, load.stops)
        return max(delta, -sum(load.price_lines.values()))


def starts(loads: Iterable[Load]) -> dict[str, tuple[float, float]]:
    """When each job is loaded and unloaded, minutes."""
    loaded = {job: stop.start_min for load in loads for stop in load.stops for job in stop.pickups}
    return {job: (loaded[job], stop.start_min) for load in loads for stop in load.stops for job in stop.deliveries}


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


def _fleet(freeze: Freeze, book: JobBook) -> dict[str, FleetVehicle]:
    m, region = freeze.market, freeze.region()
    costs = {v: region.day_costs(v) if type_of(v) in region.operating_costs else _UNKNOWN for v in m.vehicles}
    fleet, _ = fleet_for(dict(m.vehicles), costs, m.carriers, book.all_jobs, m.sites, m.start, m.horizon_min)
    return {v.id: v for v in fleet}


def _bookings(bookings: Iterable[Booking], order: str, pallets: float, becomes: Shipment | None) -> tuple[Booking, ...]:
    """Dock slots with other quantities, at the price that was agreed."""
    out = []
    for b in bookings:
        if order not in b.shipments:
            out.append(b)
            continue
        rest = b.pallets - pallets + (becomes.pallets if becomes is not None else 0.0)
        stay = tuple(s for s in b.shipments if becomes is not None or s != order)
        out.append(replace(b, pallets=max(rest, 0.0), shipments=stay))
    return tuple(out)
