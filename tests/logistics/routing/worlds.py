"""Small problems that the routing tests share."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from logistics.fleet import Body, OperatingCosts, VehicleType
from logistics.network import Network
from logistics.routing import FleetVehicle, Job, RoutingProblem
from logistics.shipments import Handling

HARMLESS = Handling()
RATES = OperatingCosts(fixed_eur=100.0, per_km_eur=1.0, per_hour_eur=30.0, toll_eur_per_km=0.1)


def plane(points: dict[str, tuple[float, float]]) -> Network:
    """A network of points in a plane of km, at 1 km a minute."""
    xy = np.array(list(points.values()), dtype=float)
    km = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    return Network(tuple(points), km, km)


def job(
    name: str,
    destination: str,
    origins: tuple[str, ...] = ("f",),
    pallets: float = 1.0,
    window: tuple[float, float] = (0.0, 1440.0),
    pickup: tuple[float, float] = (0.0, 1440.0),
    service: tuple[float, float] = (0.0, 0.0),
    handling: Handling = HARMLESS,
    prize_cents: int | None = None,
) -> Job:
    return Job(
        name,
        name,
        origins,
        destination,
        pallets,
        pallets * 100,
        pallets,
        *pickup,
        *window,
        *service,
        handling,
        prize_cents,
    )


def vehicle(
    name: str = "truck",
    base: str = "b",
    count: int | None = 5,
    capacity: float = 10.0,
    costs: OperatingCosts = RATES,
    shift: tuple[float, float] = (0.0, 1440.0),
    max_shift_min: float | None = None,
    speed_kmh: float | None = None,
    excluded: frozenset[str] = frozenset(),
) -> FleetVehicle:
    kind = VehicleType(
        name,
        "carrier",
        Body.RIGID,
        base,
        count or 0,
        capacity,
        capacity * 100,
        capacity,
        0.0,
        1440.0,
        max_shift_min,
        speed_kmh,
    )
    return FleetVehicle(kind, costs, count, *shift, excluded)


def random_problem(seed: int, jobs: int, *, origins: int = 3, bases: int = 2, single: bool = False) -> RoutingProblem:
    """A region with windows, services, several factories and bases, and three sizes of vehicles."""
    rng = np.random.default_rng(seed)
    names = [f"f{i}" for i in range(origins)] + [f"b{i}" for i in range(bases)] + [f"c{i}" for i in range(jobs)]
    network = plane({name: tuple(rng.uniform(0, 80, 2)) for name in names})
    loads = rng.integers(1, 17, jobs) / 2
    orders = []
    for i in range(jobs):
        opens = float(rng.choice([180, 240, 300, 360]))
        orders.append(
            job(
                f"j{i}",
                f"c{i}",
                ("f0",) if single else (f"f{rng.integers(origins)}",),
                float(loads[i]),
                (opens, opens + float(rng.choice([90, 180, 480]))),
                (float(rng.choice([0, 60])), 600.0),
                (float(rng.choice([0, 10])), float(rng.choice([5, 20]))),
            )
        )
    sizes = (("van", 4.0, 50.0, 0.5), ("rigid", 9.0, 90.0, 0.8), ("artic", 17.0, 140.0, 1.1))
    fleet = tuple(
        vehicle(f"{kind}{b}", f"b{b}", 3, capacity, OperatingCosts(fixed, km, 31.0, 0.12), (0.0, 900.0), 720.0)
        for b in range(bases)
        for kind, capacity, fixed, km in sizes
    )
    return RoutingProblem(network, tuple(orders), fleet)


def read_mdvrp(folder: Path, name: str) -> tuple[RoutingProblem, float]:
    """A multi-depot instance at 1 EUR per km, and its best known distance."""
    lines = [line.split() for line in (folder / f"{name}.txt").read_text().splitlines() if line.strip()]
    _, count, n, t = (int(x) for x in lines[0])
    capacities = [float(line[1]) for line in lines[1 : t + 1]]
    customers, depots = lines[t + 1 : t + 1 + n], lines[t + 1 + n : 2 * t + 1 + n]
    points = {f"d{i}": (float(d[1]), float(d[2])) for i, d in enumerate(depots)}
    points |= {f"c{i}": (float(c[1]), float(c[2])) for i, c in enumerate(customers)}
    day = (0.0, 10_000.0)
    jobs = tuple(
        Job(f"j{i}", f"j{i}", tuple(f"d{k}" for k in range(t)), f"c{i}", float(c[4]), 0.0, 0.0, *day, *day)
        for i, c in enumerate(customers)
    )
    fleet = tuple(
        vehicle(f"v{i}", f"d{i}", count, capacity, OperatingCosts(per_km_eur=1.0), day)
        for i, capacity in enumerate(capacities)
    )
    with (folder / "bks.csv").open(encoding="utf-8") as rows:
        best = {row["instance"]: float(row["bks_distance"]) for row in csv.DictReader(rows)}
    return RoutingProblem(plane(points), jobs, fleet), best[name]
