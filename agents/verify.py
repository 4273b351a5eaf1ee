"""Checks a settlement against its promises, from the market's public facts alone."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from agents.participants.talks import latest_start_min
from agents.reservations import LINES, reservation_faults
from agents.settlement import LeftStatus
from logistics.hub_legs import is_hub_leg

if TYPE_CHECKING:
    from agents.market import Market
    from agents.settlement import Leg, Settlement

MINUTES_PER_HOUR = 60


def settlement_faults(market: Market, settlement: Settlement, jobs: JobBook | None = None) -> list[str]:
    """List every promise that a settlement breaks, in plain words; empty when it is sound.

    Conservation (each shipment a full chain of legs, or one `Left` row), capacity, windows, shifts, vehicle counts and
    eligibility of each load, dock slots as agreed, money balanced to the cent, no owner paying more than alone,
    promises of earlier days kept or void with a reason, and new ones such as can be kept, and what was reserved ahead
    paid as agreed, used or not.
    """
    book = jobs or JobBook(market)
    return [
        *_conservation(market, settlement),
        *_chains(market, settlement, book),
        *book.faults(settlement.loads),
        *_docks(market, settlement),
        *_due(market, settlement, book),
        *_promises(market, settlement),
        *_money(market, settlement),
        *_reservations(market, settlement),
    ]


def _conservation(market: Market, settlement: Settlement) -> list[str]:
    faults = []
    if settlement.market_digest != market.digest:
        faults.append("the settlement is of another market: its digest differs")
    left = Counter(row.shipment for row in settlement.left)
    for s in market.shipments:
        times = left[s] + (s in settlement.pooled)
        if times != 1:
            faults.append(f"shipment {s} appears {times} times among carried and left, expected once")
    strangers = (settlement.pooled | left.keys()) - market.shipments.keys()
    return faults + [f"shipment {s} is not in the market" for s in sorted(strangers)]


def _chains(market: Market, settlement: Settlement, book: JobBook) -> list[str]:
    faults = []
    by_shipment: dict[str, list[Leg]] = defaultdict(list)
    for leg in settlement.legs:
        by_shipment[leg.shipment].append(leg)
    times: dict[str, tuple[float, float]] = {}
    for load in settlement.loads:
        for stop in load.stops:
            for job in stop.pickups:
                times[job] = (stop.start_min, times.get(job, (0.0, 0.0))[1])
            for job in stop.deliveries:
                times[job] = (times.get(job, (0.0, 0.0))[0], stop.departure_min)
                if shipment_of(job) not in by_shipment:
                    faults.append(f"job {job} on {load.id} has no leg")
    hub_sites = {hub.site for hub in market.hubs.values()}
    for s, legs in by_shipment.items():
        shipment = market.shipments.get(s)
        if shipment is None:
            continue
        undriven = [leg.job for leg in legs if leg.job not in times]
        if undriven:
            faults.append(f"shipment {s}: no load drives {', '.join(undriven)}")
            continue
        if legs[0].from_site not in shipment.origins or legs[-1].to_site != shipment.destination:
            faults.append(
                f"shipment {s} goes {legs[0].from_site} to {legs[-1].to_site}, expected its origin to its client"
            )
        for a, b in itertools.pairwise(legs):
            if a.to_site != b.from_site:
                faults.append(f"shipment {s}: a leg ends at {a.to_site} and the next starts at {b.from_site}")
            if a.to_site not in hub_sites:
                faults.append(f"shipment {s} changes vehicles at {a.to_site}, expected a hub")
                continue
            ready = times[a.job][1] + book.handling_min(s, a.to_site)
            if times[b.job][0] < ready - 1e-6:
                faults.append(f"shipment {s} leaves hub {a.to_site} at {times[b.job][0]:.1f} min, ready at {ready:.1f}")
    return faults


def _docks(market: Market, settlement: Settlement) -> list[str]:
    faults = [f"booking {b.id} is at an unknown hub {b.hub}" for b in settlement.bookings if b.hub not in market.hubs]
    booked = {(b.hub, b.load, round(b.start_min, 6)) for b in settlement.bookings}
    used = set()
    hub_at = {hub.site: hub for hub in market.hubs.values()}
    for load in settlement.loads:
        for stop in load.stops:
            if stop.site in hub_at and any(is_hub_leg(j) for j in (*stop.pickups, *stop.deliveries)):
                key = (hub_at[stop.site].id, load.id, round(stop.start_min, 6))
                used.add(key)
                if key not in booked:
                    faults.append(f"load {load.id} uses hub {key[0]} at {stop.start_min:.1f} min without a booking")
    faults += [f"hub {h} is booked at {at:.1f} min and used by no load" for h, _, at in sorted(booked - used)]
    per_hour = Counter((b.hub, math.floor(b.start_min / MINUTES_PER_HOUR)) for b in settlement.bookings)
    for (hub, hour), count in sorted(per_hour.items()):
        if hub in market.hubs and count > market.hubs[hub].dock_slots_per_hour:
            faults.append(f"hub {hub} has {count} bookings in hour {hour}, expected at most its slots")
    return faults


def _due(market: Market, settlement: Settlement, book: JobBook) -> list[str]:
    """What was promised for today: kept, or void with a reason; never broken in silence."""
    faults = [f"{p} is void and was not due today" for p in sorted(settlement.void.keys() - {p.id for p in market.due})]
    stops = [(load.carrier, stop) for load in settlement.loads for stop in load.stops]
    at = {job: (carrier, stop.start_min) for carrier, stop in stops for job in stop.deliveries}
    for p in market.due:
        if p.id in settlement.void:
            if not settlement.void[p.id]:
                faults.append(f"promise {p.id} is void without a reason")
            continue
        for s in p.shipments:
            carrier, start_min = at.get(s.id, ("", math.inf))
            job = book.direct.get(s.id)
            if carrier != p.carrier or job is None or market.shipments.get(s.id) != s:
                faults.append(
                    f"promise {p.id} is not kept: {s.id} is carried by {carrier or 'nobody'}, not {p.carrier}"
                )
            elif start_min > latest_start_min(job, p.window, p.windows) + 1e-6:
                faults.append(f"promise {p.id} is not kept: {s.id} is delivered at {start_min:.1f} min, too late")
    return faults


def _promises(market: Market, settlement: Settlement) -> list[str]:
    """What is promised for later days: of one owner, as it lies on the table, once, by a carrier, for a day to come."""
    faults = []
    days = {at: (at - market.start).total_seconds() / 60 for at in market.later}
    held = {row.shipment: row.until_min for row in settlement.left if row.status == LeftStatus.HELD}
    known = {p.id for p in market.promises}
    times: Counter[str] = Counter(s for p in settlement.promises for s in p.lot)
    for p in settlement.promises:
        if p.day not in days or p.made != market.start:
            faults.append(f"promise {p.id} is for {p.day}, expected one of the later days of this market")
        if p.id in known:
            faults.append(f"promise {p.id} has the name of an earlier one")
        known.add(p.id)
        if p.carrier not in market.carriers or p.price_cents < 0 or not 0 <= p.window < p.windows:
            faults.append(f"promise {p.id}: {p.carrier} at {p.price_cents} cents in window {p.window} is no offer")
        for s in p.shipments:
            if market.shipments.get(s.id) != s or s.owner != p.owner:
                faults.append(f"promise {p.id}: shipment {s.id} is not on the table like this")
            if times[s.id] != 1 or held.get(s.id) != days.get(p.day):
                faults.append(f"shipment {s.id} is promised {times[s.id]} times and held until {held.get(s.id)} min")
    faults += [f"shipment {s} is held and nobody promised to carry it" for s in sorted(held.keys() - times.keys())]
    return faults


def _money(market: Market, settlement: Settlement) -> list[str]:
    silent = set(market.owners) - settlement.standalone_cents.keys()
    faults = [f"owner {owner} states no cost alone" for owner in sorted(silent)]
    if any(t.cents <= 0 for t in settlement.transfers):
        faults.append("a transfer is not positive")
    subsidy = settlement.evidence.subsidy_cents
    if subsidy < 0 or settlement.operator_cents != -subsidy:
        faults.append(f"the coordinator keeps {settlement.operator_cents} cents, expected {-max(0, subsidy)}")
    shares: Counter[str] = Counter()
    for t in settlement.transfers:
        if t.line == "share":
            shares[t.payer] += t.cents
            shares[t.payee] -= t.cents
    for owner, alone in settlement.standalone_cents.items():
        cost = shares[owner] + settlement.left_cents.get(owner, 0)
        most = settlement.most_cents.get(owner, alone)
        if cost > alone:
            faults.append(f"owner {owner} pays {cost} cents in all, going alone is {alone}")
        elif cost > most:
            faults.append(f"owner {owner} pays {cost} cents in all, its promises leave it {most}")
    promising = {p.owner for p in settlement.promises}
    faults += [
        f"owner {owner} has promises and does not say what they leave it to pay"
        for owner in sorted(promising - settlement.most_cents.keys())
    ]
    by_provider: Counter[str] = Counter()
    for load in settlement.loads:
        by_provider[load.carrier] += sum(load.price_lines.values())
    for b in settlement.bookings:
        by_provider[b.hub] += b.price_cents
    paid: Counter[str] = Counter()
    for t in settlement.transfers:
        if t.line != "share" and t.line not in LINES:
            paid[t.payee] += t.cents
    faults += [
        f"{who} is paid {paid[who]} cents, is owed {by_provider[who]}"
        for who in sorted(paid.keys() | by_provider.keys())
        if paid[who] != by_provider[who]
    ]
    owed = by_provider.total()
    from_owners = sum(c for party, c in shares.items() if party in settlement.standalone_cents)
    if owed != from_owners + subsidy:
        faults.append(f"owners pay {from_owners} cents, carriers and hubs are owed {owed}")
    return faults


def _reservations(market: Market, settlement: Settlement) -> list[str]:
    """What was reserved ahead is owed whatever the day brings, so it stands outside the bound of going alone."""
    entries = tuple(t for t in settlement.transfers if t.line in LINES)
    return reservation_faults(market, settlement.loads, settlement.bookings, (settlement.reservations, entries))
