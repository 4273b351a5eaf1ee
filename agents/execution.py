"""Drives a day: what the agreed plans really cost, emit and deliver. Without disturbances for now: as planned."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from agents.day import ALONE, GROUPAGE, POOL, UNSERVED, Delivery, DrivenLoad, Execution, GroupageRun, ReservedRun
from agents.jobs import shipment_of
from agents.plans import priced
from agents.reservations import Good
from logistics.costs import CostLine
from logistics.emissions import Emissions, allocate_route, groupage_emissions, hub_emissions, route_emissions
from logistics.fleet import type_of
from logistics.money import to_cents
from logistics.routing.problem import FleetVehicle, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.market import Market
    from agents.participants.shipper import ShipperDesk
    from agents.settlement import Reservation, Settlement
    from logistics.fleet import OperatingCosts, VehicleType
    from logistics.region import Region
    from logistics.shipments import Shipment
    from logistics.standalone import StandalonePlan


SECONDS_PER_DAY = 86_400


class _Log:
    """Collects a day's loads and deliveries."""

    def __init__(self, region: Region, market: Market, shipments: Mapping[str, Shipment]) -> None:
        self.region, self.market, self.shipments = region, market, shipments
        self.loads: list[DrivenLoad] = []
        self.groupage: list[GroupageRun] = []
        self.emissions: defaultdict[str, Emissions] = defaultdict(Emissions)
        self.start_min: dict[str, float | None] = {}
        self.mode: dict[str, str] = {}
        self.reason: dict[str, str] = {}
        self.commitment: Counter[str] = Counter()
        self.revenue: Counter[str] = Counter()
        self.waited_days: dict[str, float] = {}

    def drive(
        self,
        name: str,
        mode: str,
        carrier: str,
        vehicle: VehicleType,
        owner: str,
        stops: tuple[Stop, ...],
        costs: OperatingCosts,
        price_cents: int,
    ) -> None:
        """Book one tour at its true cost."""
        network = self.market.network
        jobs = [j for stop in stops for j in stop.deliveries]
        weights = {j: self.shipments[shipment_of(j)].weight_kg for j in jobs}
        route = priced(FleetVehicle(vehicle, costs, None, 0.0, math.inf), stops, network)
        total = route_emissions(stops, vehicle, weights, network)
        for job, part in allocate_route(total, stops, weights, network).items():
            self.emissions[shipment_of(job)] += part
        for stop in stops:
            for job in stop.deliveries:
                s = shipment_of(job)
                if not job.endswith(":in"):
                    self.start_min[s], self.mode[s] = stop.start_min, mode
        self.loads.append(
            DrivenLoad(
                name,
                mode,
                carrier,
                vehicle.id,
                owner,
                stops,
                route.distance_km,
                route.duration_min,
                {str(k): v for k, v in route.cost_lines.items() if v},
                price_cents,
                total.wtw_kgco2e,
                total.ttw_kgco2e,
                self._fill(vehicle, stops),
                tuple(dict.fromkeys(shipment_of(j) for j in jobs)),
            )
        )
        self.revenue[carrier] += price_cents

    def _fill(self, vehicle: VehicleType, stops: tuple[Stop, ...]) -> float:
        on_board: dict[str, Shipment] = {}
        fullest = 0.0
        for stop in stops:
            for job in stop.deliveries:
                on_board.pop(job, None)
            on_board |= {job: self.shipments[shipment_of(job)] for job in stop.pickups}
            for used, capacity in (
                (sum(s.pallets for s in on_board.values()), vehicle.capacity_pallets),
                (sum(s.weight_kg for s in on_board.values()), vehicle.capacity_kg),
                (sum(s.volume_m3 for s in on_board.values()), vehicle.capacity_m3),
            ):
                if capacity > 0 and math.isfinite(capacity):
                    fullest = max(fullest, used / capacity)
        return round(fullest, 9)

    def go_alone(self, owner: str, plan: StandalonePlan) -> None:
        """Book an owner's plan without the pool."""
        for number, tour in enumerate(plan.tours, start=1):
            vehicle = self.region.vehicles[tour.vehicle]
            # Vehicles under contract were reserved long ago; a hired one is called up on the day.
            contracted = tour.hire.vehicle.count is not None
            costs = (self.region.operating_costs.__getitem__ if contracted else self.region.day_costs)(tour.vehicle)
            name = f"{owner}-alone-{number}"
            self.drive(name, ALONE, tour.carrier, vehicle, owner, tour.route.stops, costs, tour.price_cents)
        for choice in plan.groupage:
            shipment = self.shipments[choice.shipment]
            km = min(self.market.network.km(o, shipment.destination) for o in shipment.origins)
            emitted = groupage_emissions(shipment.weight_kg, km)
            self.emissions[shipment.id] += emitted
            self.mode[shipment.id] = GROUPAGE
            self.revenue[choice.carrier] += choice.cents
            self.groupage.append(
                GroupageRun(
                    shipment.id,
                    choice.carrier,
                    choice.tariff,
                    choice.cents,
                    choice.resource_cents,
                    emitted.wtw_kgco2e,
                    emitted.ttw_kgco2e,
                )
            )
        if plan.commitment_cents:
            self.commitment[owner] += plan.commitment_cents
        for s in plan.unserved:
            self.mode[s] = UNSERVED
            self.reason[s] = "no vehicle or tariff open to its owner takes it"

    def finished(
        self,
        hub_lines: Mapping[str, int],
        hub_kgco2e: float,
        hub_costs: Mapping[str, int],
        hub_prices: int,
        reasons: Mapping[str, str],
    ) -> Execution:
        """Close the day: every shipment's end, with what lateness cost its owner."""
        deliveries = []
        for s in sorted(self.market.shipments):
            shipment = self.shipments[s]
            mode = self.mode.get(s, UNSERVED)
            at = self.start_min.get(s)
            moment = None if at is None else self.market.start + timedelta(minutes=at)
            late_hours = 0.0 if moment is None else max(0.0, (moment - shipment.due_at).total_seconds() / 3600)
            late_hours = 0.0 if late_hours < 1e-6 else round(late_hours, 6)
            if mode == GROUPAGE:
                # A groupage network delivers in the course of the day; a shipment that is overdue by then is late.
                day_end = self.market.start + timedelta(minutes=self.market.horizon_min)
                overdue = shipment.due_at < self.market.start
                late_hours = round((day_end - shipment.due_at).total_seconds() / 3600, 6) if overdue else 0.0
            deliveries.append(
                Delivery(
                    s,
                    shipment.owner,
                    mode,
                    moment,
                    mode != UNSERVED and late_hours == 0.0,
                    late_hours,
                    _indirect(shipment, late_hours, mode) | _kept_back(shipment, self.waited_days.get(s, 0.0)),
                    self.emissions[s].wtw_kgco2e,
                    self.emissions[s].ttw_kgco2e,
                    ", and ".join(filter(None, (self.reason.get(s), reasons.get(s)))),
                )
            )
        return Execution(
            tuple(self.loads),
            tuple(self.groupage),
            tuple(deliveries),
            hub_lines,
            hub_kgco2e,
            hub_costs,
            hub_prices,
            dict(self.commitment),
            dict(sorted(self.revenue.items())),
        )


def _indirect(shipment: Shipment, late_hours: float, mode: str) -> dict[str, int]:
    """Cost of being late, for the owner: per hour, and once if the client's line stops."""
    stakes = shipment.stakes
    if stakes is None or (late_hours == 0.0 and mode != UNSERVED):
        return {}
    lines = {}
    if late := to_cents(late_hours * stakes.lateness_eur_per_hour):
        lines[str(CostLine.LATENESS)] = late
    arrived = shipment.due_at + timedelta(hours=late_hours)
    stops_at = stakes.line_stop_at or shipment.window_close
    if (mode == UNSERVED or arrived > stops_at) and (stop := to_cents(stakes.line_stop_eur)):
        lines[str(CostLine.LINE_STOP)] = stop
    return lines


def _kept_back(shipment: Shipment, days: float) -> dict[str, int]:
    """Cost of keeping goods that were promised for a later day, for the owner."""
    if shipment.stakes is None:
        return {}
    cents = to_cents(shipment.stakes.holding_eur_per_pallet_day * shipment.pallets * days)
    return {str(CostLine.HOLDING): cents} if cents else {}


def _full_shipments(shippers: Mapping[str, ShipperDesk]) -> dict[str, Shipment]:
    return {s: x for desk in shippers.values() for s, x in desk.shipments.items()}


def execute(
    region: Region,
    market: Market,
    settlement: Settlement,
    shippers: Mapping[str, ShipperDesk],
    refused: Mapping[str, str] | None = None,
) -> Execution:
    """Drive a settlement, and what it left outside by each owner's own means.

    Parameters
    ----------
    refused
        Pooled shipments that are turned away at the ramp, with the reason: vehicles drive as agreed without them, and
        they go by their owner's own means.
    """
    log = _Log(region, market, _full_shipments(shippers))
    for promise in market.due:
        days = (promise.day - promise.made).total_seconds() / SECONDS_PER_DAY
        log.waited_days |= dict.fromkeys(promise.lot, days)
    for load in settlement.loads:
        vehicle = region.vehicles[type_of(load.vehicle)]
        costs = region.day_costs(load.vehicle)
        log.drive(load.id, POOL, load.carrier, vehicle, "", load.stops, costs, sum(load.price_lines.values()))
    reasons = {row.shipment: row.reason for row in settlement.left} | dict(refused or {})
    for shipment in refused or ():
        log.start_min.pop(shipment, None)
        log.mode.pop(shipment, None)
    for owner, desk in shippers.items():
        # Commitments are owed even by an owner whose shipments all went into the pool.
        log.go_alone(owner, desk.alone(frozenset(s for s in market.owned_by(owner) if s in reasons)))
    lines: Counter[str] = Counter()
    costs_by_hub: Counter[str] = Counter()
    pallets = 0.0
    left_slots: Counter[str] = Counter()
    left_slots.update({r.good: r.quantity for r in market.reserved if r.kind is Good.DOCK_SLOT})
    for b in settlement.bookings:
        true = region.hub_costs[b.hub]
        for line, eur in (
            (CostLine.HANDLING, true.handling_eur_per_pallet * b.pallets),
            (CostLine.DOCK_SLOT, true.slot_eur if left_slots[b.hub] > 0 else true.day_slot_eur),
            (CostLine.STORAGE, true.storage_eur_per_pallet_hour * b.storage_pallet_hours),
        ):
            if cents := to_cents(eur):
                lines[str(line)] += cents
                costs_by_hub[b.hub] += cents
        left_slots[b.hub] -= 1
        pallets += b.pallets
    handled = hub_emissions(pallets)
    reserved = tuple(_reserved_run(region, market, r) for r in settlement.reservations)
    for run in reserved:
        if run.provider in region.carriers:
            log.revenue[run.provider] += run.paid_cents
    done = log.finished(
        dict(lines),
        handled.wtw_kgco2e,
        dict(costs_by_hub),
        sum(b.price_cents for b in settlement.bookings),
        reasons,
    )
    return replace(done, reserved=reserved)


def _reserved_run(region: Region, market: Market, reservation: Reservation) -> ReservedRun:
    """What keeping capacity free really cost."""
    kind = next(r.kind for r in market.reserved if r.id == reservation.id)
    idle = reservation.quantity - reservation.used
    if kind is Good.DOCK_SLOT:
        hub = region.hub_costs[reservation.good]
        cost = to_cents(hub.slot_eur - hub.release_slot_eur) * idle
    else:
        fixed = to_cents(region.operating_costs[reservation.good].fixed_eur)
        cost = fixed * reservation.used + to_cents(region.idle_eur(reservation.good)) * idle
    return ReservedRun(reservation.id, reservation.provider, reservation.cost_cents, cost)


def execute_alone(region: Region, market: Market, shippers: Mapping[str, ShipperDesk]) -> Execution:
    """Drive the same shipments without any pool: every owner by its own means."""
    log = _Log(region, market, _full_shipments(shippers))
    for owner, desk in shippers.items():
        log.go_alone(owner, desk.alone(frozenset(market.owned_by(owner))))
    return log.finished({}, 0.0, {}, 0, {})


def displaced(pooled: Execution, alone: Execution) -> dict[str, int]:
    """Revenue, in cents, that each carrier would have had without the pool and lost to it."""
    return {
        carrier: lost
        for carrier, revenue in sorted(alone.revenue.items())
        if (lost := revenue - pooled.revenue.get(carrier, 0)) > 0 and revenue > 0
    }
