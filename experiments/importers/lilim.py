"""Li and Lim's pickup-and-delivery instances with time windows as scenarios.

Line 1 is ``vehicles capacity speed``; each further line is a task, the depot first::

    id x y demand earliest latest service pickup_sibling delivery_sibling

with the window for the *start* of service. A task with a delivery sibling (0: none) is a pickup, its demand positive. A
unit of distance takes a unit of time whatever the speed says: it is not used in these instances, and 0 in one of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.importers.clusters import k_means
from experiments.importers.instances import (
    LONGEST_HORIZON_MIN,
    START,
    Line,
    distance_rows,
    instance_tables,
    moment,
    read_figures,
    site_rows,
    vehicle_row,
    whole,
)
from experiments.problems import ProblemList, problem_error
from experiments.scenario import write_scenario
from experiments.settings import NetworkSettings, ScenarioSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Fewest vehicles come first in these instances, then distance: one vehicle outweighs any distance saved.
FIXED_EUR = 10_000.0
TASK_FIGURES = 9


@dataclass(frozen=True)
class Task:
    """A line of the instance."""

    line: int
    x: float
    y: float
    demand: float
    earliest: float
    latest: float
    service: float
    pickup: int
    delivery: int


@dataclass(frozen=True)
class LiLim:
    """An instance as read; ``tasks[0]`` is the depot."""

    vehicles: int
    capacity: float
    tasks: tuple[Task, ...]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Task numbers of each pickup and its delivery."""
        return [(i, task.delivery) for i, task in enumerate(self.tasks) if task.delivery]


def read_lilim(path: Path | str) -> LiLim:
    """Read an instance.

    Raises
    ------
    InputError
        With every problem and its line.
    """
    path = Path(path)
    problems = ProblemList()
    lines = read_figures(path, problems)
    problems.raise_any()
    first, *rest = lines
    if len(first.values) != 3:
        raise problem_error(
            f"{path.name} line {first.number}",
            "",
            f"a line of {len(first.values)} figures",
            "vehicles, capacity, speed",
        )
    vehicles = whole(path.name, first, 0, "vehicles", 1, problems)
    capacity = first.values[1]
    if capacity <= 0:
        problems.add(path.name, "capacity", f"{capacity:g}", "> 0", line=first.number)
    tasks = [_task(path.name, i, line, problems) for i, line in enumerate(rest)]
    problems.raise_any()
    read = tuple(task for task in tasks if task is not None)
    if len(read) < 2:
        raise problem_error(path.name, "", f"{len(read)} tasks", "a depot and at least one pickup with its delivery")
    _check_pairs(path.name, read, capacity, problems)
    problems.raise_any()
    return LiLim(vehicles, capacity, read)


def _task(file: str, index: int, line: Line, problems: ProblemList) -> Task | None:
    if len(line.values) != TASK_FIGURES:
        said = f"a line of {len(line.values)} figures"
        problems.add(file, "", said, f"{TASK_FIGURES} figures (a truncated line?)", line=line.number)
        return None
    number, x, y, demand, earliest, latest, service, _, _ = line.values
    if number != index:
        problems.add(file, "id", f"{number:g}", f"{index}, as tasks count on from the depot 0", line=line.number)
    if latest < earliest:
        problems.add(file, "latest", f"{latest:g}", f">= earliest ({earliest:g})", line=line.number)
    for name, value in (("earliest", earliest), ("service", service)):
        if value < 0:
            problems.add(file, name, f"{value:g}", ">= 0", line=line.number)
    pickup, delivery = (
        whole(file, line, 7 + k, f"{n}_sibling", 0, problems) for k, n in enumerate(("pickup", "delivery"))
    )
    return Task(line.number, x, y, demand, earliest, latest, service, pickup, delivery)


def _check_pairs(file: str, tasks: tuple[Task, ...], capacity: float, problems: ProblemList) -> None:
    depot, *others = tasks
    if depot.pickup or depot.delivery or depot.demand:
        problems.add(file, "", "a depot with demand or siblings", "none on the line of task 0", line=depot.line)
    if depot.latest > LONGEST_HORIZON_MIN:
        problems.add(file, "latest", f"{depot.latest:g}", f"<= {LONGEST_HORIZON_MIN:g}", line=depot.line)
    for i, task in enumerate(others, 1):
        if bool(task.pickup) == bool(task.delivery):
            problems.add(file, "", f"siblings {task.pickup} and {task.delivery}", "exactly one not 0", line=task.line)
            continue
        name, sibling = ("delivery_sibling", task.delivery) if task.delivery else ("pickup_sibling", task.pickup)
        if sibling >= len(tasks):
            expected = f"a task of the file (it ends with task {len(tasks) - 1}; truncated?)"
            problems.add(file, name, sibling, expected, line=task.line)
            continue
        other = tasks[sibling]
        back = other.pickup if task.delivery else other.delivery
        if back != i:
            problems.add(file, name, sibling, f"a task whose sibling is {i}", line=task.line)
        if task.delivery and not 0 < task.demand <= capacity:
            problems.add(file, "demand", f"{task.demand:g}", f"> 0 and <= {capacity:g} at a pickup", line=task.line)
        if task.delivery and other.demand != -task.demand:
            problems.add(file, "demand", f"{other.demand:g}", f"{-task.demand:g}, as picked up", line=other.line)


def import_lilim(path: Path | str, out: Path | str, owners: int = 4, seed: int = 0) -> None:
    """Write an instance as a scenario: one carrier at the depot, a shipment per pair, owners by clusters of pickups.

    Parameters
    ----------
    out
        Folder of the scenario.
    owners
        How many owners; each owns the pickups of one cluster.
    seed
        Of the clustering.

    Raises
    ------
    InputError
        If the file is not such an instance, or cannot be split between so many owners.
    """
    path = Path(path)
    instance = read_lilim(path)
    pairs = instance.pairs
    if not 1 <= owners <= len(pairs):
        raise problem_error("import lilim", "owners", owners, f"1 to {len(pairs)}, the number of pairs")
    xy = np.array([(t.x, t.y) for t in instance.tasks])
    labels = k_means(xy[[p for p, _ in pairs]], owners, np.random.default_rng(seed))
    depot = instance.tasks[0]
    horizon = math.ceil(depot.latest)
    ids = ["depot", *(f"n{i:03d}" for i in range(1, len(instance.tasks)))]
    pickups = {p for p, _ in pairs}
    kinds = ["base", *("factory" if i in pickups else "client" for i in range(1, len(instance.tasks)))]
    truck = vehicle_row("carrier-1-truck", "carrier-1", "depot", instance.vehicles, instance.capacity, horizon)
    truck |= {"shift_opens": f"{int(depot.earliest) // 60:02d}:{int(depot.earliest) % 60:02d}", "fixed_eur": FIXED_EUR}
    tariff = {
        "tariff": "carrier-1-hire",
        "kind": "dedicated",
        "carrier": "carrier-1",
        "vehicle": "carrier-1-truck",
        "fixed_eur": FIXED_EUR,
        "per_km_eur": 1.0,
    }
    tables = instance_tables(
        sites=site_rows(ids, kinds, xy),
        carriers=[{"carrier": "carrier-1", "name": "Carrier at the depot"}],
        vehicles=[truck],
        orders=_orders(instance, ids, labels),
        tariffs=[tariff],
        distances=distance_rows(ids, xy),
    )
    settings = ScenarioSettings(
        name=path.stem,
        description=f"Li and Lim instance {path.stem}, {len(pairs)} pairs, {owners} owners by clusters, seed {seed}.",
        start=START,
        days=1,
        horizon_min=float(horizon),
        network=NetworkSettings(mode="table"),
    )
    write_scenario(out, settings, tables)


def _orders(instance: LiLim, ids: list[str], labels: NDArray[np.intp]) -> list[dict[str, Any]]:
    rows = []
    for (p, d), label in zip(instance.pairs, labels, strict=True):
        pickup, delivery = instance.tasks[p], instance.tasks[d]
        rows.append(
            {
                "shipment": f"s{p:03d}",
                "owner": f"owner-{label + 1}",
                "origins": ids[p],
                "destination": ids[d],
                "pallets": pickup.demand,
                "weight_kg": pickup.demand,
                "released_at": moment(0),
                "ready_at": moment(pickup.earliest),
                "pickup_until": moment(pickup.latest),
                "window_open": moment(delivery.earliest),
                "window_close": moment(delivery.latest),
                "loading_min": pickup.service,
                "unloading_min": delivery.service,
            }
        )
    return rows
