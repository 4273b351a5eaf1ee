"""The promises of a settlement, checked by its own arithmetic: nothing here calls `agents.verify`."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise

from agents.jobs import JobBook
from agents.messages import COORDINATOR
from agents.settlement import LeftStatus, Settlement
from logistics import OperatingCosts, to_cents
from logistics.costs import CostLine
from logistics.jobs import fleet_for
from logistics.routing import Plan, Route, RoutingProblem, violations
from tests.agents.markets import HORIZON_MIN, START, Small


def true_routes(small: Small, settlement: Settlement) -> list[Route]:
    """Every load at what it truly costs its carrier, priced from its stops."""
    network = small.region.network
    routes = []
    for load in settlement.loads:
        costs: OperatingCosts = small.region.operating_costs[load.vehicle]
        km = math.fsum(network.km(a.site, b.site) for a, b in pairwise(load.stops))
        duration = load.stops[-1].departure_min - load.stops[0].arrival_min
        waiting = math.fsum(stop.start_min - stop.arrival_min for stop in load.stops)
        lines = {
            CostLine.FIXED: to_cents(costs.fixed_eur),
            CostLine.DISTANCE: to_cents(costs.per_km_eur * km),
            CostLine.TOLL: to_cents(costs.toll_eur_per_km * km),
            CostLine.TIME: to_cents(costs.per_hour_eur * (duration - waiting) / 60),
            CostLine.WAITING: to_cents(costs.per_hour_eur * waiting / 60),
        }
        routes.append(Route(load.vehicle, load.stops, km, duration, waiting, {str(k): v for k, v in lines.items()}))
    return routes


def check_promises(small: Small, settlement: Settlement, *, subsidised: bool = False) -> None:
    """Assert every promise of a settlement; only where it may be subsidised the operator pays, and says so."""
    check_conservation(small, settlement)
    check_roads(small, settlement)
    check_docks(small, settlement)
    check_money(small, settlement, subsidised=subsidised)
    check_rationality(small, settlement)


def check_conservation(small: Small, settlement: Settlement) -> None:
    """Each shipment is one chain of legs from an origin to its client, or one row of what is left."""
    left = Counter(row.shipment for row in settlement.left)
    chains = defaultdict(list)
    for leg in settlement.legs:
        chains[leg.shipment].append(leg)
    assert left.keys() | chains.keys() == set(small.shipments)
    assert not left.keys() & chains.keys()
    assert all(count == 1 for count in left.values())
    assert all(row.reason for row in settlement.left)
    book = JobBook(small.market)
    for row in settlement.left:
        assert (row.status == LeftStatus.UNSERVED) == (row.shipment in book.infeasible)

    loads = {load.id: load for load in settlement.loads}
    assert len(loads) == len(settlement.loads), "two loads have one name"
    on_board = Counter((load.id, job) for load in settlement.loads for stop in load.stops for job in stop.deliveries)
    assert on_board == Counter((leg.load, leg.job) for leg in settlement.legs)
    for shipment_id, legs in chains.items():
        shipment = small.shipments[shipment_id]
        assert legs[0].from_site in shipment.origins
        assert legs[-1].to_site == shipment.destination
        assert all(a.to_site == b.from_site for a, b in pairwise(legs))
        assert all(leg.pallets == shipment.pallets for leg in legs)
        assert len(legs) <= 2
        for leg in legs:
            assert [s.site for s in loads[leg.load].stops if leg.job in s.pickups] == [leg.from_site]
            assert [s.site for s in loads[leg.load].stops if leg.job in s.deliveries] == [leg.to_site]
        for a, b in pairwise(legs):
            hub = next(h for h in small.region.hubs.values() if h.site == a.to_site)
            unloaded = next(s.departure_min for s in loads[a.load].stops if a.job in s.deliveries)
            loaded = next(s.start_min for s in loads[b.load].stops if b.job in s.pickups)
            pause = max(hub.min_handling_min, hub.handling_min_per_pallet * shipment.pallets)
            assert loaded >= unloaded + pause - 1e-6
        assert shipment.freight_payer in ("", shipment.owner), "somebody else pays the freight"
        # The client's promise, from the shipment itself and not from a job.
        start = next(s.start_min for s in loads[legs[-1].load].stops if legs[-1].job in s.deliveries)
        opens, closes = ((at - START).total_seconds() / 60 for at in (shipment.window_open, shipment.window_close))
        assert start >= opens - 1e-6
        # Several services at a stop follow one another, so that the stop begins no later than the last of them may.
        assert start <= closes + 1e-6


def check_roads(small: Small, settlement: Settlement) -> None:
    """Windows, capacities, shifts, counts, certificates and goods that may not meet, by the independent judge."""
    region = small.region
    known = JobBook(small.market).all_jobs
    jobs = {leg.job: known[leg.job] for leg in settlement.legs}
    fleet, _ = fleet_for(
        region.vehicles, region.operating_costs, region.carriers, jobs, region.sites, START, HORIZON_MIN
    )
    problem = RoutingProblem(region.network, tuple(jobs.values()), fleet)
    assert violations(problem, Plan(tuple(true_routes(small, settlement)))) == []
    assert all(region.vehicles[load.vehicle].carrier == load.carrier for load in settlement.loads)


def check_docks(small: Small, settlement: Settlement) -> None:
    """One booking for each vehicle at a hub with pooled goods, inside its opening and within its slots."""
    legs_at = {(leg.load, leg.job): leg for leg in settlement.legs if "@" in leg.job}
    hub_at = {hub.site: hub for hub in small.region.hubs.values()}
    visits: Counter[tuple[str, str, float, float]] = Counter()
    pallets: defaultdict[str, float] = defaultdict(float)
    for load in settlement.loads:
        for stop in load.stops:
            came = [j for j in stop.deliveries if j.endswith(":in") and (load.id, j) in legs_at]
            went = [j for j in stop.pickups if j.endswith(":out") and (load.id, j) in legs_at]
            if came or went:
                at = hub_at[stop.site].id
                visits[at, load.id, stop.start_min, stop.departure_min] += 1
                pallets[at] += sum(legs_at[load.id, j].pallets for j in came)
    assert visits == Counter((b.hub, b.load, b.start_min, b.end_min) for b in settlement.bookings)
    for hub in small.region.hubs.values():
        own = [b for b in settlement.bookings if b.hub == hub.id]
        opening = small.region.sites[hub.site].open_interval(START, HORIZON_MIN)
        assert opening is not None
        assert all(opening[0] - 1e-6 <= b.start_min <= b.end_min <= opening[1] + 1e-6 for b in own)
        per_hour = Counter(int(b.start_min // 60) for b in own)
        assert all(n <= hub.dock_slots_per_hour for n in per_hour.values())
        assert math.isclose(sum(b.pallets for b in own), pallets[hub.id], abs_tol=1e-9)


def check_money(small: Small, settlement: Settlement, *, subsidised: bool = False) -> None:
    """What is paid is received, to the cent; each provider gets what it was promised, and its costs are covered.

    Nothing stays with the operator, and it adds nothing, unless the settlement may be subsidised and shows by how much.
    """
    transfers = settlement.transfers
    assert {type(t.cents) for t in transfers} <= {int}
    assert all(t.cents > 0 for t in transfers)
    assert all(COORDINATOR in (t.payer, t.payee) for t in transfers), "owners and carriers never pay each other"
    into = sum(t.cents for t in transfers if t.payee == COORDINATOR)
    out = sum(t.cents for t in transfers if t.payer == COORDINATOR)
    assert into - out == settlement.operator_cents == -settlement.evidence.subsidy_cents
    assert settlement.operator_cents <= 0 if subsidised else settlement.operator_cents == 0
    by_line: dict[str, Counter[str]] = defaultdict(Counter)
    for t in transfers:
        by_line[t.line][t.payee] += t.cents
    promised: Counter[str] = Counter()
    for load in settlement.loads:
        promised[load.carrier] += sum(load.price_lines.values())
    assert +promised == by_line["transport"]
    hub_prices: Counter[str] = Counter()
    for b in settlement.bookings:
        hub_prices[b.hub] += b.price_cents
    assert +hub_prices == by_line["hub"]

    cost: Counter[str] = Counter()
    for load, route in zip(settlement.loads, true_routes(small, settlement), strict=True):
        cost[load.carrier] += route.cost_cents
    assert all(promised[c] >= cents for c, cents in cost.items()), "a carrier loses money on what it won"
    for hub, true in small.region.hub_costs.items():
        own = [b for b in settlement.bookings if b.hub == hub]
        eur = math.fsum(
            true.slot_eur
            + true.handling_eur_per_pallet * b.pallets
            + true.storage_eur_per_pallet_hour * b.storage_pallet_hours
            for b in own
        )
        assert hub_prices[hub] >= to_cents(eur), "a hub loses money on what it sold"


def check_rationality(small: Small, settlement: Settlement) -> None:
    """No owner pays more in all than it said going alone would cost."""
    pays: Counter[str] = Counter()
    for t in settlement.transfers:
        if t.line == "share":
            pays[t.payer] += t.cents
            pays[t.payee] -= t.cents
    owners = {s.owner for s in small.shipments.values()}
    assert settlement.standalone_cents.keys() == settlement.left_cents.keys() == owners
    assert pays.keys() - {COORDINATOR} <= owners
    for owner in owners:
        assert pays[owner] + settlement.left_cents[owner] <= settlement.standalone_cents[owner]
