"""Results folders for the report's tests: believable figures without running the engine, and odd ones on purpose."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.result_schemas import SCHEMAS

CIRCUITY = 1.3
SCENARIO_TOML = """name = "{name}"
description = "Made up for a test."
start = {start}
days = {days}
time_zone = "Europe/Amsterdam"
"""


@dataclass
class Made:
    """What goes into a folder: rows by table, and what the summary shall say besides."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {n: [] for n in SCHEMAS})
    summary: dict[str, Any] = field(default_factory=dict)


def write_tables(folder: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Write rows as results tables; columns that a row lacks are empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in SCHEMAS.items():
        rows = [{f: row.get(f) for f in schema.names} for row in tables.get(name, [])]
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")


def write_scenario_tables(
    folder: Path,
    sites: list[dict[str, Any]],
    orders: list[dict[str, Any]],
    carriers: list[str],
    days: int = 1,
    name: str = "made",
) -> None:
    """Write a scenario by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    start = min((o["released_at"][:10] for o in orders), default="2026-03-02")
    (folder / "scenario.toml").write_text(SCENARIO_TOML.format(name=name, start=start, days=days), encoding="utf-8")
    base = next((s["site"] for s in sites if s["kind"] == "base"), sites[0]["site"])
    vehicles = [
        {
            "vehicle": f"{c}-van",
            "carrier": c,
            "body": "van",
            "base": base,
            "count": 2,
            "capacity_pallets": 10,
            "capacity_kg": 9000,
            "capacity_m3": 50,
        }
        for c in carriers
    ]
    hubs = [{"hub": s["site"], "site": s["site"], "dock_slots_per_hour": 2} for s in sites if s["kind"] == "hub"]
    for table, rows, columns in (
        ("sites", sites, ["site", "kind", "name", "lat", "lon"]),
        ("orders", orders, list(ORDER_COLUMNS)),
        ("carriers", [{"carrier": c, "name": f"{c} Transport"} for c in carriers], ["carrier", "name"]),
        (
            "vehicles",
            vehicles,
            list(vehicles[0])
            if vehicles
            else ["vehicle", "carrier", "body", "base", "count", "capacity_pallets", "capacity_kg", "capacity_m3"],
        ),
        ("hubs", hubs, ["hub", "site", "dock_slots_per_hour"]),
    ):
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


ORDER_COLUMNS = (
    "shipment",
    "owner",
    "origins",
    "destination",
    "pallets",
    "weight_kg",
    "released_at",
    "ready_at",
    "window_open",
    "window_close",
)


def order(number: int, owner: str, origin: str, destination: str, day: str, pallets: float = 2.0) -> dict[str, Any]:
    """One row of an orders table."""
    return {
        "shipment": f"S{day.replace('-', '')}-{number:03}",
        "owner": owner,
        "origins": origin,
        "destination": destination,
        "pallets": pallets,
        "weight_kg": 400 * pallets,
        "released_at": f"{day}T04:00+01:00",
        "ready_at": f"{day}T06:00+01:00",
        "window_open": f"{day}T07:00+01:00",
        "window_close": f"{day}T17:00+01:00",
    }


def small_scenario(
    folder: Path,
    factories: int = 3,
    clients: int = 8,
    days: int = 2,
    hubs: int = 1,
    carriers: int = 2,
    names: str = "Factory {}",
    spread: float = 0.4,
    at: tuple[float, float] = (51.5, 5.4),
    per_day: int = 10,
) -> Path:
    """A region on a ring: factories inside, clients outside."""

    def site(i: str, kind: str, turn: float, far: float, name: str) -> dict[str, Any]:
        lat = at[0] + spread * far * math.sin(turn)
        return {
            "site": i,
            "kind": kind,
            "name": name,
            "lat": round(lat, 5),
            "lon": round(at[1] + spread * far * math.cos(turn), 5),
        }

    sites = [
        site(f"F{i + 1}", "factory", 2.1 * i + 0.3, 0.4 + 0.001 * i, names.format(i + 1)) for i in range(factories)
    ]
    sites += [site(f"H{i + 1}", "hub", 3.0 * i, 0.15, f"Hub {i + 1}") for i in range(hubs)]
    sites += [site(f"B{i + 1}", "base", 1.3 * i + 1, 0.55, f"Yard {i + 1}") for i in range(max(1, carriers))]
    sites += [
        site(f"K{i + 1:02}", "client", 6.28 * i / max(1, clients), 0.7 + 0.3 * (i % 2), f"Client {i + 1}")
        for i in range(clients)
    ]
    first = date(2026, 3, 2)
    orders = [
        order(
            n,
            f"F{n % factories + 1}",
            f"F{n % factories + 1}",
            f"K{n * 5 % clients + 1:02}",
            (first + timedelta(days=d)).isoformat(),
            1.0 + n % 5,
        )
        for d in range(days)
        for n in range(per_day + d)
    ]
    write_scenario_tables(folder, sites, orders, [f"C{i + 1}" for i in range(carriers)], days)
    return folder


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def write_run(
    folder: Path,
    scenario: Path,
    *,
    pool: bool = True,
    level: float = 0.8,
    policy: str = "contract_net",
    stability: bool = False,
    keep_scenario: bool = True,
    replication: int = 0,
    swing: float = 1.0,
) -> Path:
    """Write a run's folder for a scenario: big shipments hired alone and small ones by groupage, against pooled tours.

    Parameters
    ----------
    level
        What pooled work costs, relative to the same kilometres alone; above 1 pooling costs more.
    swing
        Factor on all figures, so that replications differ.
    """
    sites = {r["site"]: (float(r["lat"]), float(r["lon"]), r["kind"]) for r in _rows(scenario, "sites")}
    carriers = [r["carrier"] for r in _rows(scenario, "carriers")] or ["C1"]
    bases = sorted(s for s, (_, _, kind) in sites.items() if kind == "base") or sorted(sites)[:1]
    hubs = [r["hub"] for r in _rows(scenario, "hubs")]
    by_day: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(scenario, "orders"):
        by_day[row["released_at"][:10]].append(row)

    def km(a: str, b: str) -> float:
        (la, lo, _), (lb, lp, _) = sites[a], sites[b]
        return CIRCUITY * 111.2 * math.hypot(la - lb, (lo - lp) * math.cos(math.radians(la)))

    made = Made()
    for number, day in enumerate(sorted(by_day)):
        _one_day(
            made,
            number,
            date.fromisoformat(day),
            by_day[day],
            carriers,
            bases,
            hubs if pool else [],
            km,
            pool,
            level,
            stability,
            swing,
        )
    made.summary = summarise(made.tables)
    write_tables(folder, made.tables)
    (folder / "summary.json").write_text(json.dumps(made.summary, sort_keys=True), encoding="utf-8")
    (folder / "config.toml").write_text(
        f'seed = 1\nstability = {str(stability).lower()}\nreplication = {replication}\n\n[policy]\nname = "{policy}"\n'
        f'protocol = {{ name = "{policy}", params = {{}} }}\nsharing = {{ name = "proportional", params = {{}} }}\n'
        'bidding = { name = "truthful", params = {} }\nholding = { name = "ship_now", params = {} }\n',
        encoding="utf-8",
    )
    if keep_scenario:
        (folder / "scenario").mkdir(exist_ok=True)
        for path in sorted(scenario.iterdir()):
            (folder / "scenario" / path.name).write_bytes(path.read_bytes())
    return folder


def _one_day(made, number, day, orders, carriers, bases, hubs, km, pool, level, stability, swing):
    t = made.tables
    at = {"day": day}
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    costs: dict[tuple[str, str], float] = defaultdict(float)
    alone_cost: dict[str, float] = defaultdict(float)
    left_cost: dict[str, float] = defaultdict(float)
    received: dict[str, float] = defaultdict(float)
    revenue: dict[tuple[str, str], float] = defaultdict(float)

    def tour(scope, load, mode, carrier, way, shipments, owner, price_level):
        distance = sum(km(a, b) for a, b in zip([s for s, _, _ in way], [s for s, _, _ in way][1:], strict=False))
        lines = {
            "fixed": 60.0 * swing,
            "distance": 0.55 * distance * swing,
            "time": 30 * distance / 50 * swing,
            "toll": 0.12 * distance * swing,
        }
        cost = sum(lines.values())
        for line, eur in lines.items():
            costs[scope, line] += eur * price_level
        pallets = sum(float(s["pallets"]) for s in shipments)
        t["loads"].append(
            at
            | {
                "scope": scope,
                "load": load,
                "mode": mode,
                "carrier": carrier,
                "vehicle": f"{carrier}-rigid",
                "body": "rigid",
                "owner": owner,
                "owners": len({s["owner"] for s in shipments}),
                "shipments": len(shipments),
                "distance_km": distance,
                "duration_min": distance * 1.2,
                "cost_eur": cost,
                "price_eur": cost * price_level,
                "kgco2e": 0.8 * distance,
                "fill": min(1.0, pallets / 18),
            }
        )
        for position, (site, acts, _) in enumerate(way):
            when = start + timedelta(hours=7, minutes=20 * position)
            for shipment, act in acts or [("", "")]:
                t["stops"].append(
                    at
                    | {
                        "scope": scope,
                        "load": load,
                        "position": position,
                        "site": site,
                        "arrival_at": when,
                        "start_at": when,
                        "departure_at": when,
                        "shipment": shipment,
                        "act": act,
                    }
                )
        revenue[carrier, scope] += cost * price_level
        return cost * price_level, 0.8 * distance / max(1, len(shipments)), cost

    def shipment_row(scope, s, mode, carrier, load, kg, reason="", on_time=True):
        served = mode not in ("held", "unserved")
        t["shipments"].append(
            at
            | {
                "scope": scope,
                "shipment": s["shipment"],
                "owner": s["owner"],
                "destination": s["destination"],
                "pallets": float(s["pallets"]),
                "weight_kg": float(s["weight_kg"]),
                "mode": mode,
                "carrier": carrier,
                "load": load,
                "on_time": on_time if served else False,
                "late_hours": 0.0,
                "kgco2e": kg,
                "delivered_at": start + timedelta(hours=10) if served and mode != "groupage" else None,
                "reason": reason,
            }
        )
        t["emissions"].append(
            at | {"scope": scope, "shipment": s["shipment"], "mode": mode, "kgco2e": kg, "kgco2e_ttw": 0.8 * kg}
        )

    def groupage(scope, s, reason=""):
        origin = s["origins"].split(";")[0]
        price = (40 + 18 * float(s["pallets"]) + 0.25 * km(origin, s["destination"])) * swing
        costs[scope, "groupage"] += price
        carrier = carriers[len(s["shipment"]) % len(carriers)]
        revenue[carrier, scope] += price
        shipment_row(scope, s, "groupage", carrier, "", 0.35 * km(origin, s["destination"]), reason)
        return price

    def alone(scope, s, n, reason=""):
        origin, carrier = s["origins"].split(";")[0], carriers[n % len(carriers)]
        base = bases[n % len(bases)]
        way = [
            (base, [], 0),
            (origin, [(s["shipment"], "pickup")], 0),
            (s["destination"], [(s["shipment"], "delivery")], 0),
            (base, [], 0),
        ]
        price, kg, _ = tour(scope, f"{day}-{scope}-alone-{n}", "alone", carrier, way, [s], s["owner"], 1.12)
        shipment_row(scope, s, "alone", carrier, f"{day}-{scope}-alone-{n}", kg, reason, n % 9 != 4)
        return price

    for n, s in enumerate(orders):
        alone_cost[s["owner"]] += alone("before", s, n) if float(s["pallets"]) >= 4 else groupage("before", s)
    outside = max(1, len(orders) // 8) if pool else len(orders)
    pooled, rest = orders[: len(orders) - outside], orders[len(orders) - outside :]
    pool_price: dict[str, float] = defaultdict(float)
    pooled = sorted(pooled, key=lambda s: (s["destination"], s["shipment"]))
    for n in range(0, len(pooled), 6):
        chunk = pooled[n : n + 6]
        carrier, base, load = carriers[n // 6 % len(carriers)], bases[n // 6 % len(bases)], f"{day}-L{n // 6 + 1}"
        hub = hubs[n // 6 % len(hubs)] if hubs and n // 6 % 4 == 1 else None
        origins = sorted({s["origins"].split(";")[0] for s in chunk})
        pick = [(o, [(s["shipment"], "pickup") for s in chunk if s["origins"].split(";")[0] == o], 0) for o in origins]
        drop = [(s["destination"], [(s["shipment"], "delivery")], 0) for s in chunk]
        ids = [(s["shipment"], "delivery") for s in chunk]
        ways = [[(base, [], 0), *pick, *drop, (base, [], 0)]]
        if hub:
            back = [(i, "pickup") for i, _ in ids]
            ways = [
                [(base, [], 0), *pick, (hub, ids, 0), (base, [], 0)],
                [(base, [], 0), (hub, back, 0), *drop, (base, [], 0)],
            ]
            t["bookings"].append(
                at
                | {
                    "booking": f"{load}-slot",
                    "hub": hub,
                    "load": load,
                    "start_at": start,
                    "end_at": start,
                    "pallets": sum(float(s["pallets"]) for s in chunk),
                    "storage_pallet_hours": 0.0,
                    "price_eur": 25.0,
                }
            )
            costs["after", "handling"] += 25.0
            pool_price["hub"] += 25.0
            received[hub] += 25.0
        for leg, way in enumerate(ways):
            price, kg, _ = tour("after", f"{load}{'ab'[leg] if hub else ''}", "pool", carrier, way, chunk, "", level)
            received[carrier] += price
            pool_price[carrier] += price
        for i, s in enumerate(chunk):
            shipment_row("after", s, "pool", carrier, load, kg, on_time=(n + i) % 11 != 3)
    for n, s in enumerate(rest):
        reason = (
            (
                f"the lowest quote was {90 + n}.50 EUR, going alone was put at {70 + n}.25 EUR"
                if n % 3
                else "no carrier in the pool could fit it into its day"
            )
            if pool
            else "this policy does not pool"
        )
        big = float(s["pallets"]) >= 4
        left_cost[s["owner"]] += alone("after", s, len(orders) + n, reason) if big else groupage("after", s, reason)
    total_price = sum(pool_price.values())
    ceilings = {o: alone_cost[o] - left_cost[o] for o in alone_cost}
    room = sum(ceilings.values())
    disclosed = {o: 3 * len([s for s in orders if s["owner"] == o]) for o in alone_cost}
    parties = (
        [(o, "owner") for o in sorted(alone_cost)] + [(c, "carrier") for c in carriers] + [(h, "hub") for h in hubs]
    )
    for party, role in parties:
        share = total_price * ceilings[party] / room if role == "owner" and room else 0.0
        got = received.get(party, 0.0)
        lost = max(0.0, revenue[party, "before"] - revenue[party, "after"]) if role == "carrier" else 0.0
        if role != "owner" and not got and not lost:
            continue
        t["shares"].append(
            at
            | {
                "party": party,
                "role": role,
                "standalone_eur": alone_cost.get(party, 0.0),
                "left_alone_eur": left_cost.get(party, 0.0),
                "share_eur": share,
                "received_eur": got,
                "cost_eur": 0.9 * got,
                "gain_eur": alone_cost.get(party, 0.0) - left_cost.get(party, 0.0) - share + 0.1 * got,
                "displaced_revenue_eur": lost,
                "disclosed": disclosed.get(party, 40 if pool and got else 0),
            }
        )
    for (scope, line), eur in sorted(costs.items()):
        t["costs"].append(at | {"scope": scope, "line": line, "price_eur": eur, "resource_eur": 0.9 * eur})
    figures = {
        "in_core": number % 3 != 1,
        "largest_violation_eur": 12.5 * (number % 3 == 1),
        "violating_coalition": "F1+F2" if number % 3 == 1 else "",
        "jain_index": 0.97,
        "certified": number % 2 == 0,
        "coalitions_evaluated": 1200,
        "routing_noise_eur": 15.0 if number % 6 == 1 else 2.0,
        "verdict": ("not distinguishable from stable" if number % 6 == 1 else "not stable")
        if number % 3 == 1
        else "stable",
    }
    t["days"].append(
        at
        | {
            "number": number,
            "released": len(orders),
            "negotiated": len(orders),
            "held": 0,
            "pooled": len(pooled),
            "rounds": 12 if pool else 1,
            "messages": 96 if pool else 12,
            "seed": 1,
            "market_digest": "",
            "policy_digest": "",
            "settlement_digest": "",
            "notes": ["awards to F1 cost more than going alone and were withdrawn"] if number % 2 else [],
            "stability": json.dumps(figures) if stability else "{}",
        }
    )
    for sender, n in sorted(disclosed.items()):
        t["messages"].append(
            at
            | {
                "round": 0,
                "direction": "reply",
                "id": f"{sender}-{number}",
                "performative": "inform",
                "sender": sender,
                "receiver": "coordinator",
                "topic": "offer" if pool else "standalone",
                "rows": n,
                "private_figures": n,
                "body": b"x" * 10,
            }
        )


def summarise(tables: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The summary of some tables, as a run would write it."""

    def total(table: str, column: str, scope: str) -> float:
        return sum(r[column] for r in tables[table] if r["scope"] == scope)

    def mean(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    paid, alone = total("costs", "price_eur", "after"), total("costs", "price_eur", "before")
    owners = [r for r in tables["shares"] if r["role"] == "owner"]
    gains: dict[str, float] = defaultdict(float)
    for r in tables["shares"]:
        gains[r["party"]] += r["gain_eur"]
    displaced: dict[str, float] = defaultdict(float)
    for r in tables["shares"]:
        displaced[r["party"]] += r["displaced_revenue_eur"]
    modes = [r["mode"] for r in tables["shipments"] if r["scope"] == "after"]
    return {
        "days": len(tables["days"]),
        "shipments": len(modes),
        "pooled": modes.count("pool"),
        "unserved": modes.count("unserved"),
        "feasible": True,
        "total_cost_eur": paid,
        "standalone_cost_eur": alone,
        "saving_eur": alone - paid,
        "saving_percent": 100 * (alone - paid) / alone if alone else None,
        "resource_cost_eur": total("costs", "resource_eur", "after"),
        "standalone_resource_cost_eur": total("costs", "resource_eur", "before"),
        "distance_km": total("loads", "distance_km", "after"),
        "standalone_distance_km": total("loads", "distance_km", "before"),
        "vehicles": sum(r["scope"] == "after" for r in tables["loads"]),
        "standalone_vehicles": sum(r["scope"] == "before" for r in tables["loads"]),
        "kgco2e": total("shipments", "kgco2e", "after"),
        "standalone_kgco2e": total("shipments", "kgco2e", "before"),
        "load_factor": mean([r["fill"] for r in tables["loads"] if r["scope"] == "after"]),
        "standalone_load_factor": mean([r["fill"] for r in tables["loads"] if r["scope"] == "before"]),
        "on_time_percent": mean([100.0 * r["on_time"] for r in tables["shipments"] if r["scope"] == "after"]),
        "standalone_on_time_percent": mean(
            [100.0 * r["on_time"] for r in tables["shipments"] if r["scope"] == "before"]
        ),
        "rounds": sum(r["rounds"] for r in tables["days"]),
        "messages": sum(r["messages"] for r in tables["days"]),
        "disclosed": sum(r["disclosed"] for r in tables["shares"]),
        "operator_eur": 0.0,
        "efficiency": None,
        "gains_eur": dict(sorted(gains.items())),
        "displaced_revenue_eur": {p: eur for p, eur in sorted(displaced.items()) if eur},
        "shares_eur": {r["party"]: r["share_eur"] + r["left_alone_eur"] for r in owners},
    }


LEVELS = {"standalone": 1.0, "contract_net": 0.85, "trustee": 0.75}
FORECASTERS = {"net+seasonal_naive": 0.88, "net+lightgbm": 0.84, "net+oracle": 0.80}


def write_comparison(
    folder: Path, scenario: Path, replications: int = 1, levels: dict[str, float] | None = None
) -> Path:
    """Write a comparison of policies whose costs lie at some level; going alone, a contract net and a trustee."""
    levels = levels or LEVELS
    rows = []
    for r in range(replications):
        resource = {}
        for policy, level in levels.items():
            place = folder / "runs" / policy if r == 0 else folder / "spare" / policy / str(r)
            write_run(
                place,
                scenario,
                pool=policy != "standalone",
                level=level + 0.01 * r,
                policy=policy,
                keep_scenario=False,
                replication=r,
                swing=1 + 0.05 * r,
            )
            summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
            resource[policy] = summary["resource_cost_eur"], summary["standalone_resource_cost_eur"]
            rows.append({"policy": policy, "replication": r} | summary)
        for row in rows[-len(levels) :] if "trustee" in levels else ():
            base = resource["trustee"][1]
            row["efficiency"] = (base - row["resource_cost_eur"]) / (base - resource["trustee"][0])
    spread: dict[str, Any] = {}
    for policy in levels:
        own = [row for row in rows if row["policy"] == policy]
        for key, value in own[0].items():
            if isinstance(value, int | float) and not isinstance(value, bool) and key != "replication":
                values = [row[key] for row in own]
                mean, half = sum(values) / len(values), max(values) - min(values)
                ends = {"low": mean - half, "high": mean + half} if replications > 1 else {"low": None, "high": None}
                spread.setdefault(policy, {})[key] = {"mean": mean} | ends
    told = {
        "scenario": "made",
        "policies": list(levels),
        "replications": replications,
        "new_orders": replications > 1,
        "seed": 1,
        "rows": rows,
        "summary": spread,
    }
    (folder / "comparison.json").write_text(json.dumps(told, sort_keys=True), encoding="utf-8")
    (folder / "scenario").mkdir(exist_ok=True)
    for path in sorted(scenario.iterdir()):
        (folder / "scenario" / path.name).write_bytes(path.read_bytes())
    return folder


def write_forecasters(folder: Path, scenario: Path, replications: int = 3, **changes: Any) -> Path:
    """Write a comparison of a policy with three forecasters, the middle one closing 62 % of the gap.

    Parameters
    ----------
    changes
        To the policy's part of ``forecast_value``.
    """
    write_comparison(folder, scenario, replications, FORECASTERS)
    told = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))

    def around(mean: float, half: float) -> dict[str, float | None]:
        return (
            {"mean": mean, "low": mean - half, "high": mean + half}
            if replications > 1
            else {
                "mean": mean,
                "low": None,
                "high": None,
            }
        )

    def row(name: str, cost: float, saved: Any, regret: Any, closed: Any) -> dict[str, Any]:
        return {
            "forecaster": name,
            "run": f"net+{name}",
            "cost_eur": around(cost, 900.0),
            "saved_eur": saved,
            "regret_eur": regret,
            "gap_closed_percent": closed,
            "undelivered": 0,
        }

    policy = {
        "gap_eur": around(500.0, 120.0),
        "gap_settled": replications > 1,
        "same_work": True,
        "forecasters": [
            row("seasonal_naive", 8500.0, None, around(500.0, 120.0), None),
            row("lightgbm", 8190.0, around(310.0, 90.0), around(190.0, 80.0), around(62.0, 17.0)),
            row("oracle", 8000.0, around(500.0, 120.0), None, None),
        ],
    } | changes
    told["forecast_value"] = {
        "forecasters": ["seasonal_naive", "lightgbm", "oracle"],
        "baseline": "seasonal_naive",
        "oracle": True,
        "policies": {"net": policy},
    }
    (folder / "comparison.json").write_text(json.dumps(told, sort_keys=True), encoding="utf-8")
    return folder
