"""A planning day as rows of the results folder's tables (`experiments.result_schemas`)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agents.market import digest
from agents.reservations import LINES
from experiments.results import message_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from agents.day import Day, Execution


def day_tables(day: Day, shipper_ids: Iterable[str], bodies: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """All rows of one day, by table.

    Parameters
    ----------
    shipper_ids
        Participants that own shipments in the scenario.
    bodies
        Body of each vehicle type.
    """
    s = day.settlement
    at = {"day": day.day}
    return {
        "days": [
            at
            | {
                "number": day.number,
                "released": len(day.released),
                "negotiated": len(day.market.shipments),
                "held": len(day.held),
                "pooled": len(s.pooled),
                "rounds": day.rounds,
                "messages": day.messages,
                "seed": day.transcript.seed,
                "market_digest": day.market.digest,
                "policy_digest": day.transcript.policy_digest,
                "settlement_digest": digest(s),
                "notes": [*(day.ahead.notes if day.ahead else ()), *s.evidence.notes],
                "stability": json.dumps(dict(s.evidence.stability), sort_keys=True),
                "fairness": json.dumps(dict(s.evidence.fairness), sort_keys=True),
                "sharing_note": s.evidence.sharing_note,
            }
        ],
        "loads": [r for scope, ex in _scopes(day) for r in _load_rows(day, scope, ex, bodies)],
        "stops": [r for scope, ex in _scopes(day) for r in _stop_rows(day, scope, ex)],
        "legs": [
            at | {"shipment": g.shipment, "load": g.load, "from_site": g.from_site, "to_site": g.to_site}
            for g in s.legs
        ],
        "shares": _share_rows(day, set(shipper_ids)),
        "costs": [r for scope, ex in _scopes(day) for r in _cost_rows(day, scope, ex)],
        "emissions": [
            at
            | {"scope": scope, "shipment": d.shipment, "mode": d.mode, "kgco2e": d.kgco2e, "kgco2e_ttw": d.kgco2e_ttw}
            for scope, ex in _scopes(day)
            for d in ex.deliveries
        ],
        "shipments": [r for scope, ex in _scopes(day) for r in _shipment_rows(day, scope, ex)],
        "promises": _promise_rows(day),
        "bookings": [
            at
            | {
                "booking": b.id,
                "hub": b.hub,
                "load": b.load,
                "start_at": _clock(day, b.start_min),
                "end_at": _clock(day, b.end_min),
                "pallets": b.pallets,
                "storage_pallet_hours": b.storage_pallet_hours,
                "price_eur": b.price_cents / 100,
            }
            for b in s.bookings
        ],
        "reservations": _reservation_rows(day),
        "transfers": [
            at | {"payer": t.payer, "payee": t.payee, "cents": t.cents, "line": t.line, "about": t.about}
            for t in s.transfers
        ],
        "messages": message_rows(day),
    }


def _scopes(day: Day) -> tuple[tuple[str, Execution], tuple[str, Execution]]:
    return ("after", day.executed), ("before", day.alone)


def _clock(day: Day, minutes: float) -> datetime:
    return day.market.start + timedelta(minutes=minutes)


def _load_rows(day: Day, scope: str, ex: Execution, bodies: Mapping[str, str]) -> list[dict[str, Any]]:
    owner_of = {k: v.owner for k, v in day.market.shipments.items()}
    return [
        {
            "day": day.day,
            "scope": scope,
            "load": load.id,
            "mode": load.mode,
            "carrier": load.carrier,
            "vehicle": load.vehicle,
            "body": bodies.get(load.vehicle, ""),
            "owner": load.owner,
            "owners": len({owner_of[i] for i in load.shipments}),
            "shipments": len(load.shipments),
            "distance_km": load.distance_km,
            "duration_min": load.duration_min,
            "cost_eur": sum(load.cost_lines.values()) / 100,
            "price_eur": load.price_cents / 100,
            "kgco2e": load.kgco2e,
            "fill": load.fill,
        }
        for load in ex.loads
    ]


def _stop_rows(day: Day, scope: str, ex: Execution) -> list[dict[str, Any]]:
    # Late: it brings the route planner along, for which who only reads results should not wait.
    from agents.jobs import shipment_of

    return [
        {
            "day": day.day,
            "scope": scope,
            "load": load.id,
            "position": position,
            "site": stop.site,
            "arrival_at": _clock(day, stop.arrival_min),
            "start_at": _clock(day, stop.start_min),
            "departure_at": _clock(day, stop.departure_min),
            "shipment": shipment_of(job),
            "act": act,
        }
        for load in ex.loads
        for position, stop in enumerate(load.stops)
        for job, act in (
            [(j, "delivery") for j in stop.deliveries] + [(j, "pickup") for j in stop.pickups] or [("", "")]
        )
    ]


def _cost_rows(day: Day, scope: str, ex: Execution) -> list[dict[str, Any]]:
    return [
        {"day": day.day, "scope": scope, "line": line, "price_eur": price / 100, "resource_eur": resource / 100}
        for line, (price, resource) in ex.cost_lines().items()
    ]


def _shipment_rows(day: Day, scope: str, ex: Execution) -> list[dict[str, Any]]:
    carrier = {s: (load.id, load.carrier) for load in ex.loads for s in load.shipments}
    carrier |= {g.shipment: ("", g.carrier) for g in ex.groupage}
    reserve = day.settlement.evidence.reserves
    rows = []
    for d in ex.deliveries:
        shipment = day.market.shipments[d.shipment]
        load, who = carrier.get(d.shipment, ("", ""))
        rows.append(
            {
                "day": day.day,
                "scope": scope,
                "shipment": d.shipment,
                "owner": d.owner,
                "destination": shipment.destination,
                "pallets": shipment.pallets,
                "weight_kg": shipment.weight_kg,
                "mode": d.mode,
                "carrier": who,
                "load": load,
                "delivered_at": d.delivered_at,
                "on_time": d.on_time,
                "late_hours": d.late_hours,
                "reserve_eur": reserve[d.shipment] / 100 if d.shipment in reserve else None,
                "kgco2e": d.kgco2e,
                "reason": d.reason,
            }
        )
    if scope == "after":
        rows += [
            {"day": day.day, "scope": scope, "shipment": s, "owner": s_owner, "mode": "held", "reason": reason}
            for s, (s_owner, reason) in sorted(day.held.items())
        ]
    return rows


def _reservation_rows(day: Day) -> list[dict[str, Any]]:
    agreed = {r.id: r for r in day.market.reserved}
    return [
        {
            "day": day.day,
            "reservation": r.id,
            "provider": r.provider,
            "kind": str(agreed[r.id].kind),
            "good": r.good,
            "quantity": r.quantity,
            "used": r.used,
            "price_eur": r.price_cents / 100,
            "release_eur": r.release_cents / 100,
            "owner": owner,
            "borne_eur": cents / 100,
            "expected_saving_eur": agreed[r.id].saving_cents.get(owner, 0) / 100,
        }
        for r in day.settlement.reservations
        for owner, cents in sorted(r.owners.items())
    ]


def _promise_rows(day: Day) -> list[dict[str, Any]]:
    from agents.jobs import JobBook
    from agents.participants.talks import latest_start_min
    from agents.promise import due_on

    market, settlement = day.market, day.settlement
    told = [("made", p) for p in settlement.promises]
    told += [("void" if p.id in settlement.void else "kept", p) for p in market.due]
    rows = []
    for state, p in told:
        then = replace(market, start=p.day, shipments={s.id: s for s in p.shipments}, later=(), promises=())
        jobs = JobBook(then).direct
        for s in p.lot:
            latest = latest_start_min(jobs[s], p.window, p.windows) if s in jobs else None
            rows.append(
                {
                    "day": day.day,
                    "promise": p.id,
                    "state": state,
                    "shipment": s,
                    "owner": p.owner,
                    "carrier": p.carrier,
                    "due_day": due_on(p, market.sites),
                    "latest_at": None if latest is None else p.day + timedelta(minutes=latest),
                    "price_eur": p.price_cents / 100,
                    "reason": settlement.void.get(p.id, ""),
                }
            )
    return rows


def _share_rows(day: Day, shippers: set[str]) -> list[dict[str, Any]]:
    s = day.settlement
    share: dict[str, int] = {}
    received: dict[str, int] = {}
    for t in s.transfers:
        if t.line == "share":
            share[t.payer] = share.get(t.payer, 0) + t.cents
            share[t.payee] = share.get(t.payee, 0) - t.cents
        elif t.line not in LINES:
            received[t.payee] = received.get(t.payee, 0) + t.cents
    cost, reservation = day.executed.provider_costs(), s.reservation_cents
    parties = sorted({*s.standalone_cents, *received, *reservation, *day.displaced_cents, *day.disclosed})
    rows = []
    for p in parties:
        role = "owner" if p in shippers else "hub" if p in day.market.hubs else "carrier"
        alone, left = s.standalone_cents.get(p, 0), s.left_cents.get(p, 0)
        reserved = reservation.get(p, 0)
        gain = alone - left - share.get(p, 0) - reserved + received.get(p, 0) - cost.get(p, 0)
        rows.append(
            {
                "day": day.day,
                "party": p,
                "role": role,
                "standalone_eur": alone / 100,
                "left_alone_eur": left / 100,
                "share_eur": share.get(p, 0) / 100,
                "reservation_eur": reserved / 100,
                "raw_share_eur": s.evidence.raw_shares[p] / 100 if p in s.evidence.raw_shares else None,
                "standard_error_eur": (
                    s.evidence.standard_errors[p] / 100 if p in s.evidence.standard_errors else None
                ),
                "received_eur": received.get(p, 0) / 100,
                "cost_eur": cost.get(p, 0) / 100,
                "gain_eur": gain / 100,
                "displaced_revenue_eur": day.displaced_cents.get(p, 0) / 100,
                "disclosed": day.disclosed.get(p, 0),
            }
        )
    return rows
