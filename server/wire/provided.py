"""What a settlement means for those who drive and handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.jobs import shipment_of
from logistics.fleet import type_of
from logistics.jobs import planning_day
from server.market import SeatRole
from server.wire import account
from server.wire.fields import date_message, handling_message
from server.wire.promised import put_promises
from server.wire.reserved import reservation_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from agents.settlement import Load
    from groupage.v1 import proposals_pb2
    from server.wire.proposals import Whole
    from server.wire.told import Names


def put_provided(whole: Whole, part: proposals_pb2.Proposal, providers: Sequence[str]) -> None:
    """Write what a company drives and handles, where it does: its part as a carrier, and as one or several hubs."""
    s = whole.settlement
    drives = {load.carrier for load in s.loads} | {p.carrier for p in (*s.promises, *whole.market.due)}
    reserved = {r.provider for r in s.reservations} | {r.provider for r in whole.freeze.reserving}
    for carrier in providers:
        if carrier in whole.market.carriers and carrier in drives | reserved:
            _put_carrier_part(whole, part.carrier_part, carrier)
    handling = {b.hub for b in s.bookings} | reserved
    hubs = [hub for hub in providers if hub in whole.market.hubs and hub in handling]
    if hubs:
        _put_hub_part(whole, part.hub_part, hubs)


def _put_carrier_part(whole: Whole, part: proposals_pb2.CarrierPart, carrier: str) -> None:
    """Write a carrier's loads and account."""
    own = [load for load in whole.settlement.loads if load.carrier == carrier]
    for load in own:
        _put_load(whole, part.loads.add(), load)
    part.received_cents = account.received_cents(whole.settlement, carrier)
    part.liability_cents = account.liability_cents(whole.settlement, carrier)
    ids = {load.id for load in own}
    carried = {leg.shipment for leg in whole.settlement.legs if leg.load in ids}
    fees = account.charged(whole.freeze.fees, SeatRole.CARRIER, len(carried))
    part.fees_cents = account.put_lines(part.fee_lines, fees)
    put_promises(whole, part.promises, carrier=carrier)
    _put_reservations(whole, part.reservations, [carrier])
    _put_reserving(whole, part.reserving, [carrier])


def _put_load(whole: Whole, part: proposals_pb2.Load, load: Load) -> None:
    clock, names, market = whole.clock, whole.names(load.carrier), whole.market
    part.load_id = whole.shared.called("load", load.id)
    part.vehicle_type = type_of(load.vehicle)
    for position, stop in enumerate(load.stops):
        site = market.sites[stop.site]
        told = part.stops.add(position=position, place=whole.place_for(load.carrier, stop.site), place_name=site.name)
        told.location.latitude, told.location.longitude = site.lat, site.lon
        told.arrival_at.FromDatetime(clock.at(stop.arrival_min))
        told.start_at.FromDatetime(clock.at(stop.start_min))
        told.departure_at.FromDatetime(clock.at(stop.departure_min))
        told.pickups.extend(names.called("job", job) for job in stop.pickups)
        told.deliveries.extend(names.called("job", job) for job in stop.deliveries)
    for job in (j for stop in load.stops for j in stop.pickups):
        _put_job(whole, part.jobs.add(), job, names)
    part.price_cents = account.put_lines(part.price_lines, load.price_lines.items())


def _put_job(whole: Whole, part: proposals_pb2.LoadJob, job: str, names: Names) -> None:
    name = shipment_of(job)
    goods, paper = whole.market.shipments[name], whole.freeze.papers.get(name)
    part.job, part.owner = names.called("job", job), goods.owner
    if paper is not None:
        part.external_ref = paper.external_ref
        part.ssccs.extend(paper.ssccs)
    part.pallets, part.weight_kg, part.volume_m3 = goods.pallets, goods.weight_kg, goods.volume_m3
    part.handling.CopyFrom(handling_message(goods.handling))


def _put_hub_part(whole: Whole, part: proposals_pb2.HubPart, hubs: Sequence[str]) -> None:
    """Write the bookings and the account of a company's hubs."""
    names, clock = whole.shared, whole.clock
    own = [b for b in whole.settlement.bookings if b.hub in hubs]
    for b in own:
        told = part.bookings.add(
            booking_id=names.called("booking", b.id),
            load_id=names.called("load", b.load),
            hub=b.hub,
            pallets=b.pallets,
            storage_pallet_hours=b.storage_pallet_hours,
            price_cents=b.price_cents,
        )
        told.start_at.FromDatetime(clock.at(b.start_min))
        told.end_at.FromDatetime(clock.at(b.end_min))
    part.received_cents = sum(account.received_cents(whole.settlement, hub) for hub in hubs)
    part.liability_cents = sum(account.liability_cents(whole.settlement, hub) for hub in hubs)
    fees = account.charged(whole.freeze.fees, SeatRole.HUB, len({s for b in own for s in b.shipments}))
    part.fees_cents = account.put_lines(part.fee_lines, fees)
    _put_reservations(whole, part.reservations, hubs)
    _put_reserving(whole, part.reserving, hubs)


def _put_reservations(whole: Whole, field: Any, providers: Iterable[str]) -> None:
    wanted = set(providers)
    for r in whole.settlement.reservations:
        if r.provider in wanted:
            field.add(
                reservation_id=reservation_id(r.id),
                good=r.good,
                quantity=r.quantity,
                used=r.used,
                price_cents=r.price_cents,
                release_cents=r.release_cents,
                day=date_message(day_at(whole, r.good, whole.market.start)),
                settled=True,
            )


def _put_reserving(whole: Whole, field: Any, providers: Iterable[str]) -> None:
    """Write what a plan reserves for the next planning day."""
    wanted, freeze = set(providers), whole.freeze
    for r in freeze.reserving:
        if r.provider in wanted and freeze.reserving_from is not None:
            field.add(
                reservation_id=reservation_id(r.id),
                good=r.good,
                quantity=r.quantity,
                price_cents=r.price_cents * r.quantity,
                day=date_message(day_at(whole, r.good, freeze.reserving_from)),
            )


def day_at(whole: Whole, good: str, start: datetime) -> date:
    """Local planning day where a vehicle has its base, or a hub is."""
    m = whole.market
    if good in m.hubs:
        return planning_day(start, m.sites[m.hubs[good].site].time_zone)
    return planning_day(start, m.sites[whole.freeze.vehicles[good].base].time_zone)
