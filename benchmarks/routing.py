"""Routes against the best known and against plain PyVRP: ``python -m benchmarks.routing [--quick] [--json FILE]``.

Multi-depot instances (distance only) and pickup-and-delivery instances with windows, where a fixed cost per vehicle
dominates. Plain PyVRP gets the same iterations and its own default settings, in turn before and after ours. Times are
processor seconds of one thread. ``overhead_percent`` is what our layer (building, greedy start, timing, pricing) adds
to the searches inside `solve`, PyVRP's and, where goods are picked up on the way, ruin and recreate;
``time_to_plain_percent`` compares whole runs, whose searches differ.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyvrp
from pyvrp.stop import MaxIterations
from rich.console import Console
from rich.table import Table

from benchmarks.common import options, report
from experiments.importers.lilim import LiLim, read_lilim
from experiments.importers.mdvrp import Mdvrp, read_mdvrp
from logistics.fleet import Body, OperatingCosts, VehicleType
from logistics.network import Network
from logistics.routing import FleetVehicle, Job, Plan, RoutingProblem, solve, violations

planner = sys.modules[solve.__module__]  # the package exports the function under the module's name
INSTANCES = Path(__file__).resolve().parent.parent.parent / "shared" / "instances"
QUICK_LILIM = ("lc101", "lr101", "lrc101", "lc201", "lr201", "lrc201")
FIXED_EUR = 10_000.0
LOOSE = 1e9
UNITS_PER_KM = 1000
COLUMNS = ("instance", "cost EUR", "vehicles", "best", "km", "best km", "gap %", "broken", "s", "plain EUR", "plain s")


@dataclass(frozen=True)
class Measured:
    """One instance solved by both."""

    name: str
    cost_eur: float
    vehicles: int
    km: float
    broken: int
    seconds: float
    searching: float
    plain_eur: float
    plain_seconds: float


def network_of(xy: np.ndarray, ids: list[str]) -> Network:
    km = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    return Network(tuple(ids), km, km)


def mdvrp_problem(instance: Mdvrp) -> RoutingProblem:
    n, t = len(instance.demand), len(instance.capacity)
    xy = np.vstack([instance.depot_xy, instance.customer_xy])
    depots = [f"d{i}" for i in range(t)]
    until = float(np.ceil((n + 1) * np.hypot(*np.ptp(xy, axis=0)) + instance.service.sum()))
    jobs = tuple(
        Job(f"j{i}", f"j{i}", tuple(depots), f"c{i}", float(d), 0.0, 0.0, 0.0, until, 0.0, until, 0.0, float(s))
        for i, (d, s) in enumerate(zip(instance.demand, instance.service, strict=True))
    )
    fleet = tuple(
        FleetVehicle(
            VehicleType(
                f"v{i}", f"k{i}", Body.RIGID, depots[i], instance.vehicles, float(q), LOOSE, LOOSE,
                max_shift_min=float(limit) or None,
            ),
            OperatingCosts(per_km_eur=1.0), instance.vehicles, 0.0, until,
        )
        for i, (q, limit) in enumerate(zip(instance.capacity, instance.max_duration, strict=True))
    )  # fmt: skip
    return RoutingProblem(network_of(xy, [*depots, *(f"c{i}" for i in range(n))]), jobs, fleet)


def mdvrp_plain(instance: Mdvrp) -> pyvrp.ProblemData:
    t = len(instance.capacity)
    xy = np.vstack([instance.depot_xy, instance.customer_xy])
    model = pyvrp.Model()
    places = [model.add_location(float(x), float(y)) for x, y in xy]
    for depot, capacity in zip(places[:t], instance.capacity, strict=True):
        home = model.add_depot(depot)
        model.add_vehicle_type(instance.vehicles, int(capacity), home, home)
    for place, demand in zip(places[t:], instance.demand, strict=True):
        model.add_client(place, int(demand))
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            model.add_edge(a, b, round(float(np.hypot(*(xy[i] - xy[j]))) * UNITS_PER_KM))
    return model.data()


def lilim_problem(instance: LiLim) -> RoutingProblem:
    tasks = instance.tasks
    xy = np.array([(task.x, task.y) for task in tasks])
    ids = [f"n{i}" for i in range(len(tasks))]
    jobs = tuple(
        Job(
            f"j{p}", f"j{p}", (ids[p],), ids[d], tasks[p].demand, 0.0, 0.0, tasks[p].earliest, tasks[p].latest,
            tasks[d].earliest, tasks[d].latest, tasks[p].service, tasks[d].service,
        )
        for p, d in instance.pairs
    )  # fmt: skip
    kind = VehicleType("v", "k", Body.RIGID, ids[0], instance.vehicles, instance.capacity, LOOSE, LOOSE)
    offer = FleetVehicle(kind, OperatingCosts(FIXED_EUR, 1.0), instance.vehicles, tasks[0].earliest, tasks[0].latest)
    return RoutingProblem(network_of(xy, ids), jobs, (offer,))


def lilim_plain(instance: LiLim) -> pyvrp.ProblemData:
    def units(value: float) -> int:
        return round(value * UNITS_PER_KM)

    tasks = instance.tasks
    model = pyvrp.Model()
    places = [model.add_location(task.x, task.y) for task in tasks]
    home = model.add_depot(places[0])
    model.add_vehicle_type(
        instance.vehicles, int(instance.capacity), home, home, units(FIXED_EUR),
        units(tasks[0].earliest), units(tasks[0].latest),
    )  # fmt: skip
    for p, d in instance.pairs:
        a, b = tasks[p], tasks[d]
        model.add_shipment(
            places[p], places[d], units(a.earliest), units(a.latest), units(a.service),
            units(b.earliest), units(b.latest), units(b.service), amount=int(a.demand),
        )  # fmt: skip
    for i, a in enumerate(tasks):
        for j, b in enumerate(tasks):
            length = int(np.ceil(np.hypot(a.x - b.x, a.y - b.y) * UNITS_PER_KM - 1e-6))
            model.add_edge(places[i], places[j], length, length)
    return model.data()


class Stopwatch:
    """Adds up the processor time that some function takes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.seconds = 0.0

    def __call__(self, *args: object, **kwargs: object) -> Any:
        start = time.process_time()
        try:
            return self.function(*args, **kwargs)
        finally:
            self.seconds += time.process_time() - start


def measure(
    name: str, problem: RoutingProblem, plain: pyvrp.ProblemData, iterations: int, ours_first: bool
) -> Measured:
    def run_ours() -> tuple[Plan, float, float]:
        watch = Stopwatch(pyvrp.IteratedLocalSearch.run)
        ruin = Stopwatch(planner.ruin_and_recreate)
        with (
            mock.patch.object(pyvrp.IteratedLocalSearch, "run", lambda *a, **k: watch(*a, **k)),
            mock.patch.object(planner, "ruin_and_recreate", ruin),
        ):
            start = time.process_time()
            plan = solve(problem, iterations=iterations, seed=1)
            return plan, time.process_time() - start, watch.seconds + ruin.seconds

    def run_plain() -> tuple[float, float]:
        start = time.process_time()
        result = pyvrp.solve(plain, MaxIterations(iterations), seed=1, collect_stats=False, display=False)
        return result.cost() / UNITS_PER_KM, time.process_time() - start

    if ours_first:
        (plan, took, searching), (plain_eur, plain_seconds) = run_ours(), run_plain()
    else:
        (plain_eur, plain_seconds), (plan, took, searching) = run_plain(), run_ours()
    km = sum(route.distance_km for route in plan.routes)
    broken = len(violations(problem, plan)) + len(plan.unserved)
    cost = plan.cost_cents / 100
    return Measured(name, cost, len(plan.routes), km, broken, took, searching, plain_eur, plain_seconds)


def gap(cost: float, best: float) -> float:
    return 100 * (cost / best - 1)


def print_table(title: str, rows: list[Measured], best: dict[str, tuple[int, float]]) -> None:
    table = Table(title=title, title_justify="left")
    for column in (
        "instance",
        "cost EUR",
        "vehicles",
        "best",
        "km",
        "best km",
        "gap %",
        "broken",
        "s",
        "plain EUR",
        "plain s",
    ):
        table.add_column(column, justify="right")
    for row in rows:
        vehicles, km = best[row.name]
        table.add_row(
            row.name, f"{row.cost_eur:,.2f}", str(row.vehicles), str(vehicles) if vehicles else "",
            f"{row.km:,.2f}", f"{km:,.2f}", f"{gap(row.km, km):.2f}", str(row.broken),
            f"{row.seconds:.2f}", f"{row.plain_eur:,.2f}", f"{row.plain_seconds:.2f}",
        )  # fmt: skip
    Console(width=120).print(table)


def best_known(file: Path, vehicles: str, km: str) -> dict[str, tuple[int, float]]:
    with file.open(encoding="utf-8") as lines:
        return {r["instance"]: (int(r[vehicles]) if vehicles else 0, float(r[km])) for r in csv.DictReader(lines)}


def main() -> None:
    """Measure and report."""
    given = options("Routes against the best known and against plain PyVRP at equal iterations.")
    if not INSTANCES.is_dir():
        sys.exit(f"the public instances are missing: {INSTANCES.parent.name}/{INSTANCES.name} beside the repository")
    # Compiles the insertion kernel and loads PyVRP, so that neither counts.
    solve(mdvrp_problem(read_mdvrp(INSTANCES / "mdvrp" / "p01.txt")), iterations=1, seed=1)
    measures: dict[str, float] = {}
    everything: list[Measured] = []

    best = best_known(INSTANCES / "mdvrp" / "bks.csv", "", "bks_distance")
    rows = []
    for k, name in enumerate(best):
        instance = read_mdvrp(INSTANCES / "mdvrp" / f"{name}.txt")
        iterations = 500 if given.quick else min(20_000, 200 * len(instance.demand))
        row = measure(name, mdvrp_problem(instance), mdvrp_plain(instance), iterations, k % 2 == 0)
        measures[f"routing.mdvrp.{name}.gap_percent"] = gap(row.km, best[name][1])
        measures[f"routing.mdvrp.{name}.gap_to_plain_percent"] = gap(row.cost_eur, row.plain_eur)
        measures[f"routing.mdvrp.{name}.seconds"] = row.seconds
        rows.append(row)
    print_table("Multi-depot instances, 1 EUR per km", rows, best)
    measures["routing.mdvrp.infeasible"] = sum(row.broken > 0 for row in rows)
    measures["routing.mdvrp.worst_gap_percent"] = max(gap(row.km, best[row.name][1]) for row in rows)
    everything += rows

    best = best_known(INSTANCES / "lilim" / "bks_100.csv", "vehicles_used", "distance")
    rows = []
    for k, name in enumerate(QUICK_LILIM if given.quick else best):
        instance_ll = read_lilim(INSTANCES / "lilim" / f"{name}.txt")
        iterations = 200 if given.quick else 500
        rows.append(measure(name, lilim_problem(instance_ll), lilim_plain(instance_ll), iterations, k % 2 == 0))
    print_table("Pickup and delivery with windows, 10,000 EUR per vehicle and 1 EUR per km", rows, best)
    measures["routing.lilim.infeasible"] = sum(row.broken > 0 for row in rows)
    measures["routing.lilim.extra_vehicles"] = sum(row.vehicles - best[row.name][0] for row in rows)
    measures["routing.lilim.fewest_vehicles_share"] = sum(r.vehicles <= best[r.name][0] for r in rows) / len(rows)
    same = [gap(row.km, best[row.name][1]) for row in rows if row.vehicles == best[row.name][0]]
    measures["routing.lilim.gap_percent_at_fewest_vehicles"] = float(np.mean(same)) if same else 0.0
    plain = [gap(row.cost_eur, row.plain_eur) for row in rows if np.isfinite(row.plain_eur)]
    measures["routing.lilim.gap_to_plain_percent"] = float(np.mean(plain)) if plain else 0.0
    everything += rows

    for kind, of in (("mdvrp.", everything[: -len(rows)]), ("lilim.", rows), ("", everything)):
        ours, plain_s = sum(row.seconds for row in of), sum(row.plain_seconds for row in of)
        measures[f"routing.{kind}overhead_percent"] = gap(ours, sum(row.searching for row in of))
        measures[f"routing.{kind}time_to_plain_percent"] = gap(ours, plain_s)
    report("Routing, summary", measures, ("groupage", "pyvrp", "numba", "numpy"), given.json)


if __name__ == "__main__":
    main()
