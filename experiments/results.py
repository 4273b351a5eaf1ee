"""A results folder: configuration, manifest, summary and Parquet tables of a run, the same bytes for the same run.

================  ======================================================================================================
``config.toml``    policy, seed, options and replication: all that is needed to run again
``manifest.json``  versions, machine, when, and hashes of inputs and outputs: the only file that differs between runs
``summary.json``   the figures that ``groupage run --json`` prints
``scenario/``      the inputs, as given
``*.parquet``      ``days loads stops legs shares costs emissions shipments promises bookings reservations transfers``
                   ``messages``
================  ======================================================================================================

``scope`` is ``after`` for what the policy led to and ``before`` for the same shipments without a pool.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from agents.market import digest
from agents.messages import Message, Performative, Topic
from agents.records import body_bytes, body_from
from agents.reservations import LINES
from agents.transcript import LOOK_AHEAD, Round, Transcript
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from agents.day import Day, Execution

_TIME = pa.timestamp("us", tz="UTC")
_DAY = ("day", pa.date32())
_SCOPE = ("scope", pa.string())

SCHEMAS: Mapping[str, pa.Schema] = {
    "days": pa.schema(
        [
            _DAY,
            ("number", pa.int32()),
            ("released", pa.int32()),
            ("negotiated", pa.int32()),
            ("held", pa.int32()),
            ("pooled", pa.int32()),
            ("rounds", pa.int32()),
            ("messages", pa.int32()),
            ("seed", pa.int64()),
            ("market_digest", pa.string()),
            ("policy_digest", pa.string()),
            ("settlement_digest", pa.string()),
            ("notes", pa.list_(pa.string())),
            ("stability", pa.string()),
            ("fairness", pa.string()),
            ("sharing_note", pa.string()),
        ]
    ),
    "loads": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("load", pa.string()),
            ("mode", pa.string()),
            ("carrier", pa.string()),
            ("vehicle", pa.string()),
            ("body", pa.string()),
            ("owner", pa.string()),
            ("owners", pa.int32()),
            ("shipments", pa.int32()),
            ("distance_km", pa.float64()),
            ("duration_min", pa.float64()),
            ("cost_eur", pa.float64()),
            ("price_eur", pa.float64()),
            ("kgco2e", pa.float64()),
            ("fill", pa.float64()),
        ]
    ),
    "stops": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("load", pa.string()),
            ("position", pa.int32()),
            ("site", pa.string()),
            ("arrival_at", _TIME),
            ("start_at", _TIME),
            ("departure_at", _TIME),
            ("shipment", pa.string()),
            ("act", pa.string()),
        ]
    ),
    "legs": pa.schema(
        [_DAY, ("shipment", pa.string()), ("load", pa.string()), ("from_site", pa.string()), ("to_site", pa.string())]
    ),
    "shares": pa.schema(
        [
            _DAY,
            ("party", pa.string()),
            ("role", pa.string()),
            ("standalone_eur", pa.float64()),
            ("left_alone_eur", pa.float64()),
            ("share_eur", pa.float64()),
            ("reservation_eur", pa.float64()),
            ("raw_share_eur", pa.float64()),
            ("standard_error_eur", pa.float64()),
            ("received_eur", pa.float64()),
            ("cost_eur", pa.float64()),
            ("gain_eur", pa.float64()),
            ("displaced_revenue_eur", pa.float64()),
            ("disclosed", pa.int64()),
        ]
    ),
    "costs": pa.schema(
        [_DAY, _SCOPE, ("line", pa.string()), ("price_eur", pa.float64()), ("resource_eur", pa.float64())]
    ),
    "emissions": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("shipment", pa.string()),
            ("mode", pa.string()),
            ("kgco2e", pa.float64()),
            ("kgco2e_ttw", pa.float64()),
        ]
    ),
    "shipments": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("shipment", pa.string()),
            ("owner", pa.string()),
            ("destination", pa.string()),
            ("pallets", pa.float64()),
            ("weight_kg", pa.float64()),
            ("mode", pa.string()),
            ("carrier", pa.string()),
            ("load", pa.string()),
            ("delivered_at", _TIME),
            ("on_time", pa.bool_()),
            ("late_hours", pa.float64()),
            ("reserve_eur", pa.float64()),
            ("kgco2e", pa.float64()),
            ("reason", pa.string()),
        ]
    ),
    # A row for each shipment of a promise on the day that it was made, and on the day that it was due: kept or void.
    "promises": pa.schema(
        [
            _DAY,
            ("promise", pa.string()),
            ("state", pa.string()),
            ("shipment", pa.string()),
            ("owner", pa.string()),
            ("carrier", pa.string()),
            ("due_day", pa.date32()),
            ("latest_at", _TIME),
            ("price_eur", pa.float64()),
            ("reason", pa.string()),
        ]
    ),
    "bookings": pa.schema(
        [
            _DAY,
            ("booking", pa.string()),
            ("hub", pa.string()),
            ("load", pa.string()),
            ("start_at", _TIME),
            ("end_at", _TIME),
            ("pallets", pa.float64()),
            ("storage_pallet_hours", pa.float64()),
            ("price_eur", pa.float64()),
        ]
    ),
    # A row for each owner of each reservation, on the day that it was for.
    "reservations": pa.schema(
        [
            _DAY,
            ("reservation", pa.string()),
            ("provider", pa.string()),
            ("kind", pa.string()),
            ("good", pa.string()),
            ("quantity", pa.int32()),
            ("used", pa.int32()),
            ("price_eur", pa.float64()),
            ("release_eur", pa.float64()),
            ("owner", pa.string()),
            ("borne_eur", pa.float64()),
            ("expected_saving_eur", pa.float64()),
        ]
    ),
    "transfers": pa.schema(
        [
            _DAY,
            ("payer", pa.string()),
            ("payee", pa.string()),
            ("cents", pa.int64()),
            ("line", pa.string()),
            ("about", pa.string()),
        ]
    ),
    "messages": pa.schema(
        [
            _DAY,
            ("round", pa.int32()),
            ("direction", pa.string()),
            ("id", pa.string()),
            ("performative", pa.string()),
            ("sender", pa.string()),
            ("receiver", pa.string()),
            ("conversation", pa.string()),
            ("topic", pa.string()),
            ("in_reply_to", pa.string()),
            ("reason", pa.string()),
            ("rows", pa.int64()),
            ("private_figures", pa.int64()),
            ("body", pa.binary()),
        ]
    ),
}


class TableWriter:
    """Appends days to the Parquet tables of a results folder; one row group a day, so memory stays flat."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd", version="2.6")
            for name, schema in SCHEMAS.items()
        }

    def add(self, tables: Mapping[str, list[dict[str, Any]]]) -> None:
        """Append rows by table name."""
        for name, rows in tables.items():
            if rows:
                self._writers[name].write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[name]))

    def close(self) -> None:
        """Finish all files."""
        for writer in self._writers.values():
            writer.close()


def read_table(folder: Path, name: str) -> pa.Table:
    """Read one table of a results folder.

    Raises
    ------
    InputError
        If the folder or file is not a results table.
    """
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path, schema=SCHEMAS[name])
    except (OSError, pa.ArrowInvalid) as error:
        given = "missing" if not path.exists() else f"unreadable ({error})"
        raise InputError([Problem(str(path), "", given, "a results folder written by `groupage run`")]) from error


def message_rows(day: Day) -> list[dict[str, Any]]:
    """Every message of a day, bodies as Arrow IPC bytes."""
    return [
        {
            "day": day.day,
            "round": number,
            "direction": direction,
            "id": m.id,
            "performative": str(m.performative),
            "sender": m.sender,
            "receiver": m.receiver,
            "conversation": m.conversation,
            "topic": str(m.topic),
            "in_reply_to": m.in_reply_to,
            "reason": m.reason,
            "rows": len(m.body),
            "private_figures": m.private_figures if direction == "reply" else 0,
            "body": body_bytes(m.body) if m.body.num_columns else b"",
        }
        for transcript in (day.look_ahead, day.transcript)
        if transcript is not None
        for number, one in enumerate(transcript.rounds)
        for direction, messages in (("sent", one.sent), ("reply", one.replies))
        for m in messages
    ]


def read_transcripts(folder: Path, *, look_ahead: bool = False) -> dict[Any, Transcript]:
    """Read the recorded negotiations of a run, or the conversations before them, by day."""
    days = {row["day"]: row for row in read_table(folder, "days").to_pylist()}
    rounds: dict[Any, dict[int, dict[str, list[Message]]]] = {day: {} for day in days}
    for row in read_table(folder, "messages").to_pylist():
        if (row["conversation"] == LOOK_AHEAD) is not look_ahead:
            continue
        message = Message(
            id=row["id"],
            performative=Performative(row["performative"]),
            sender=row["sender"],
            receiver=row["receiver"],
            conversation=row["conversation"],
            topic=Topic(row["topic"]),
            in_reply_to=row["in_reply_to"],
            body=body_from(row["body"]),
            reason=row["reason"],
        )
        one = rounds[row["day"]].setdefault(row["round"], {"sent": [], "reply": []})
        one[row["direction"]].append(message)
    return {
        day: Transcript(
            days[day]["seed"],
            days[day]["market_digest"],
            days[day]["policy_digest"],
            tuple(Round(tuple(one[n]["sent"]), tuple(one[n]["reply"])) for n in sorted(one)),
        )
        for day, one in rounds.items()
        if one or not look_ahead
    }


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


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys and a final newline."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write ``config.toml``."""
    (folder / "config.toml").write_bytes(tomli_w.dumps(_without_none(config)).encode())


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value


def write_manifest(folder: Path, inputs_sha256: str, command: Sequence[str], seconds: float) -> None:
    """Write ``manifest.json``: the only file with times, versions and machine in it."""
    names = ("groupage", "pyvrp", "mesa", "lightgbm", "mlforecast", "pandas", "numpy", "scipy", "pyarrow")
    outputs = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "manifest.json" and "scenario" not in p.relative_to(folder).parts
    }
    write_json(
        folder / "manifest.json",
        {
            "command": list(command),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "versions": {name: version(name) for name in names},
            "inputs_sha256": inputs_sha256,
            "outputs_sha256": outputs,
        },
    )


def copy_scenario(source: Path, folder: Path) -> None:
    """Keep the inputs beside the results, so that a report or replay needs nothing else."""
    target = folder / "scenario"
    if target.resolve() == source.resolve():
        return
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix in {".toml", ".csv", ".parquet"}:
            shutil.copyfile(path, target / path.name)
