"""The stand-alone plan: the cheapest of what is really open to an owner without the pool.

Open to it are its running contracts (with what is owed for them, used or not), vehicles hired at public prices for a
tour, public groupage tariffs, and a carrier's own vehicles. Each shipment goes the way that makes the whole cheapest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from logistics.compliance import certificate_refusal
from logistics.costs import CostLine, sum_lines
from logistics.jobs import fleet_for, planning_day
from logistics.lane_costs import direct_tour_cents
from logistics.money import split_cents, to_cents
from logistics.routing.problem import FleetVehicle, Job, Plan, Route, RoutingProblem
from logistics.routing.solve import solve
from logistics.tariffs import PublicTariffs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from logistics.fleet import OperatingCosts
    from logistics.network import Network
    from logistics.region import Region

COMMITTED_SUFFIX = "#committed"
SEARCHES = 2
LEAST_ITERATIONS = 150  # of a search: few jobs are planned badly by few iterations, and quickly by many


@dataclass(frozen=True, slots=True)
class Hire:
    """Vehicles of one type open to an owner without the pool.

    Attributes
    ----------
    id
        Of the contract, tariff or own vehicle; unique among an owner's hires.
    vehicle
        With the prices that the owner pays as costs; ``count`` is the contract's maximum, ``None`` without a limit.
    committed
        Vehicle-days whose fixed price is owed, used or not.
    margin_percent
        Part of every price that is not resource cost.
    """

    id: str
    vehicle: FleetVehicle
    committed: int = 0
    margin_percent: float = 0.0

    @property
    def carrier(self) -> str:
        """Who drives, and is paid."""
        return self.vehicle.type.carrier

    @property
    def owed_cents(self) -> int:
        """Fixed price of the committed vehicles, owed in any case."""
        return self.committed * to_cents(self.vehicle.costs.fixed_eur)


@dataclass(frozen=True, slots=True)
class GroupageQuote:
    """A public groupage price for one shipment."""

    tariff: str
    carrier: str
    cents: int
    margin_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class HiredTour:
    """A tour with a hired, contracted or own vehicle.

    Attributes
    ----------
    route
        Priced as the owner pays it; ``route.vehicle`` is the vehicle type.
    sunk_cents
        Part of the price that is owed anyway (the fixed price of a committed vehicle).
    """

    hire: Hire
    route: Route
    sunk_cents: int = 0

    @property
    def carrier(self) -> str:
        """Who drives, and is paid."""
        return self.hire.carrier

    @property
    def vehicle(self) -> str:
        """Vehicle type."""
        return self.route.vehicle

    @property
    def price_cents(self) -> int:
        """What the owner pays for the tour."""
        return self.route.cost_cents

    @property
    def resource_cents(self) -> int:
        """What the tour truly costs: its price without the margin."""
        return without_margin(self.price_cents, self.hire.margin_percent)


@dataclass(frozen=True, slots=True)
class GroupageChoice:
    """A shipment sent by groupage."""

    shipment: str
    tariff: str
    carrier: str
    cents: int
    resource_cents: int


@dataclass(frozen=True, slots=True)
class StandalonePlan:
    """How an owner's shipments travel without the pool, and what that costs.

    Attributes
    ----------
    owed_cents
        Fixed price of all committed vehicles by hire, used or not.
    commitment_cents
        The part of it whose vehicles stay idle.
    unserved
        Shipments that nothing open to the owner can carry; they cost nothing here.
    cost_lines
        Cents by line.
    resource_cents
        Cost without margins; idle committed vehicles included.
    revenue_cents
        What each carrier is paid.
    """

    tours: tuple[HiredTour, ...] = ()
    groupage: tuple[GroupageChoice, ...] = ()
    owed_cents: Mapping[str, int] = field(default_factory=dict)
    commitment_cents: int = 0
    unserved: tuple[str, ...] = ()
    cost_lines: Mapping[str, int] = field(default_factory=dict)
    resource_cents: int = 0
    revenue_cents: Mapping[str, int] = field(default_factory=dict)

    @property
    def price_cents(self) -> int:
        """What the owner pays in all."""
        return sum(self.cost_lines.values())


def hires_for(
    owner: str,
    region: Region,
    jobs: Mapping[str, Job],
    start: datetime,
    horizon_min: float,
) -> tuple[Hire, ...]:
    """List the vehicles open to an owner without the pool in a planning window.

    Its running contracts at contract prices, every vehicle with a public dedicated tariff without limit, and, for an
    owner that is a carrier, its own vehicles at what they cost it, without limit.
    """

    def hire(
        hire_id: str,
        vehicle: str,
        prices: OperatingCosts,
        count: int | None = None,
        committed: int = 0,
        margin: float = 0,
    ) -> Hire:
        kind = region.vehicles[vehicle]
        fleet, _ = fleet_for(
            {vehicle: kind}, {vehicle: prices}, region.carriers, jobs, region.sites, start, horizon_min
        )
        # Without a shift in the window nothing can be driven, but a commitment is still owed.
        offered = replace(fleet[0], count=count) if fleet else FleetVehicle(kind, prices, 0, 0.0, 0.0)
        return Hire(hire_id, offered, committed, margin)

    contracts = [
        hire(f"contract {c.id}", c.vehicle, c.prices, c.max_vehicles, c.committed_vehicles, c.margin_percent)
        for c in region.incumbents
        if c.owner == owner
    ]
    public = [hire(f"tariff {d.id}", d.vehicle, d.prices, margin=d.margin_percent) for d in region.tariffs.dedicated]
    own = [hire(f"own {v.id}", v.id, region.day_costs(v.id)) for v in region.vehicles.values() if v.carrier == owner]
    return (*contracts, *public, *own)


def groupage_for(region: Region, jobs: Mapping[str, Job], start: datetime) -> dict[str, GroupageQuote]:
    """Return the cheapest public groupage price of each job that some tariff covers, by job id.

    A tariff covers nothing for which its carrier lacks a certificate on the planning day.
    """
    quotes: dict[str, GroupageQuote] = {}
    for job in jobs.values():
        zones = [region.sites[origin].zone for origin in job.origins]
        client = region.sites[job.destination]
        day = planning_day(start, client.time_zone)
        able = tuple(
            t
            for t in region.tariffs.groupage
            if certificate_refusal(region.carriers[t.carrier], job.handling, day) is None
        )
        found = PublicTariffs(able).cheapest_groupage(zones, client.zone, job.pallets, job.weight_kg)
        if found is not None:
            cents, tariff = found
            quotes[job.id] = GroupageQuote(tariff.id, tariff.carrier, cents, tariff.margin_percent)
    return quotes


def without_margin(price_cents: int, margin_percent: float) -> int:
    """Return a price without the part that is not resource cost, in whole cents."""
    return round(price_cents * (1 - margin_percent / 100))


def standalone_plan(
    network: Network,
    jobs: Sequence[Job],
    hires: Sequence[Hire],
    groupage: Mapping[str, GroupageQuote],
    *,
    iterations: int,
    seed: int,
) -> StandalonePlan:
    """Find the cheapest way for an owner's jobs among its hires and groupage quotes.

    Everything by groupage is compared with a search over tours that has the quotes as prizes. Where contracts stand
    beside vehicles without limit, tours by contract alone are searched first and the other vehicles come in from there,
    so that they never make the plan dearer.

    Parameters
    ----------
    groupage
        By job id; jobs without a quote go by vehicle or stay unserved.
    iterations
        Of all route searches together; each has ``LEAST_ITERATIONS`` in any case.
    """
    by_id = {h.id: h for h in hires}
    priced = tuple(replace(job, prize_cents=groupage[job.id].cents if job.id in groupage else None) for job in jobs)
    options = [Plan((), tuple(job.id for job in jobs))]
    limited = [h for h in hires if h.vehicle.count is not None]
    for some in (limited, hires) if 0 < len(limited) < len(hires) else (hires,):
        fleet = _fleet(some)
        if fleet and jobs:
            problem = RoutingProblem(network, priced, fleet)
            options.append(
                solve(problem, iterations=max(LEAST_ITERATIONS, iterations // SEARCHES), seed=seed, warm=options[-1])
            )
    return min(
        (_account(plan, jobs, by_id, groupage) for plan in options), key=lambda p: (len(p.unserved), p.price_cents)
    )


def _fleet(hires: Sequence[Hire]) -> tuple[FleetVehicle, ...]:
    """Put hires into one fleet under their own ids, committed vehicles apart and without their sunk fixed price."""
    fleet: list[FleetVehicle] = []
    for h in sorted(hires, key=lambda h: h.id):
        count = h.vehicle.count
        committed = h.committed if count is None else min(h.committed, count)
        if committed:
            sunk = replace(h.vehicle.costs, fixed_eur=0.0)
            kind = replace(h.vehicle.type, id=h.id + COMMITTED_SUFFIX)
            fleet.append(replace(h.vehicle, type=kind, costs=sunk, count=committed))
        if count is None or count > committed:
            left = None if count is None else count - committed
            fleet.append(replace(h.vehicle, type=replace(h.vehicle.type, id=h.id), count=left))
    return tuple(fleet)


def _account(
    plan: Plan, jobs: Sequence[Job], hires: Mapping[str, Hire], groupage: Mapping[str, GroupageQuote]
) -> StandalonePlan:
    tours: list[HiredTour] = []
    used: Counter[str] = Counter()
    for route in plan.routes:
        committed = route.vehicle not in hires
        hire = hires[route.vehicle.removesuffix(COMMITTED_SUFFIX)]
        lines, sunk = dict(route.cost_lines), 0
        if committed:
            sunk = to_cents(hire.vehicle.costs.fixed_eur)
            lines[CostLine.FIXED] = lines.get(CostLine.FIXED, 0) + sunk
            used[hire.id] += 1
        tours.append(HiredTour(hire, replace(route, vehicle=hire.vehicle.type.id, cost_lines=lines), sunk))
    driven = {job for tour in tours for job in tour.route.jobs}
    sent = tuple(
        GroupageChoice(job.id, q.tariff, q.carrier, q.cents, without_margin(q.cents, q.margin_percent))
        for job in jobs
        if job.id not in driven and (q := groupage.get(job.id)) is not None
    )
    idle = {h.id: (h.committed - used[h.id]) * to_cents(h.vehicle.costs.fixed_eur) for h in hires.values()}

    revenue: Counter[str] = Counter()
    for party, cents in (
        *((tour.carrier, tour.price_cents) for tour in tours),
        *((choice.carrier, choice.cents) for choice in sent),
        *((h.carrier, idle[h.id]) for h in hires.values()),
    ):
        revenue[party] += cents
    resource = sum(tour.resource_cents for tour in tours) + sum(choice.resource_cents for choice in sent)
    resource += sum(without_margin(idle[h.id], h.margin_percent) for h in hires.values())
    extra = {CostLine.GROUPAGE: sum(choice.cents for choice in sent), CostLine.COMMITMENT: sum(idle.values())}
    travelling = driven | {choice.shipment for choice in sent}
    return StandalonePlan(
        tours=tuple(tours),
        groupage=sent,
        owed_cents={h.id: h.owed_cents for h in hires.values() if h.committed},
        commitment_cents=sum(idle.values()),
        unserved=tuple(job.id for job in jobs if job.id not in travelling),
        cost_lines=sum_lines([*(tour.route.cost_lines for tour in tours), {k: v for k, v in extra.items() if v}]),
        resource_cents=resource,
        revenue_cents={carrier: cents for carrier, cents in sorted(revenue.items()) if cents},
    )


def reserves(
    plan: StandalonePlan, network: Network, jobs: Mapping[str, Job], groupage: Mapping[str, GroupageQuote]
) -> dict[str, int]:
    """Split what a stand-alone plan costs over its shipments: the most that pooling each may cost.

    A shipment sent by groupage has its price. A tour's cost is split in proportion to how hard each of its shipments
    would be alone: the price of a tour for it alone with that vehicle, or its groupage price if that is lower. What is
    owed for committed vehicles, used or not, is left out, as pooling saves none of it.

    Returns
    -------
    dict
        Cents by job; they add up to ``plan.price_cents - sum(plan.owed_cents.values())`` exactly.
    """
    split = {choice.shipment: choice.cents for choice in plan.groupage}
    for tour in plan.tours:
        weights = {}
        for stop in tour.route.stops:
            for job_id in stop.pickups:
                alone = float(_direct_cents(tour, network, jobs[job_id], stop.site))
                quote = groupage.get(job_id)
                weights[job_id] = alone if quote is None else min(alone, float(quote.cents))
        split |= split_cents(tour.price_cents - tour.sunk_cents, weights)
    return {job: split[job] for job in sorted(split)}


def _direct_cents(tour: HiredTour, network: Network, job: Job, origin: str) -> int:
    """Price of a tour for one job with the vehicle of a tour, whose fixed price is sunk where it is owed anyway."""
    vehicle = tour.hire.vehicle
    prices = replace(vehicle.costs, fixed_eur=0.0) if tour.sunk_cents else vehicle.costs
    return direct_tour_cents(
        vehicle.type, prices, network, origin, job.destination, job.loading_min + job.unloading_min
    )
