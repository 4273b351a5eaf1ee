"""Cordeau, Gendreau and Laporte's multi-depot vehicle routing instances as scenarios.

Line 1 is ``type m n t``: type 2, vehicles per depot, customers, depots. Then follow ``t`` lines ``D Q`` (longest route
including service, 0: no limit; capacity), ``n`` customer lines ``i x y d q ...`` (service time, demand; the rest of the
line is not used), and ``t`` depot lines ``i x y ...``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

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

MDVRP_TYPE = 2
CUSTOMER_FIGURES, DEPOT_FIGURES = 5, 3
Owners = Literal["random", "nearest"]


@dataclass(frozen=True, eq=False)
class Mdvrp:
    """An instance as read.

    Attributes
    ----------
    max_duration, capacity
        Per depot; a duration of 0 is no limit.
    customer_xy, depot_xy
        Shapes ``(customers, 2)`` and ``(depots, 2)``.
    """

    vehicles: int
    max_duration: NDArray[np.float64]
    capacity: NDArray[np.float64]
    customer_xy: NDArray[np.float64]
    service: NDArray[np.float64]
    demand: NDArray[np.float64]
    depot_xy: NDArray[np.float64]


def read_mdvrp(path: Path | str) -> Mdvrp:
    """Read an instance.

    Raises
    ------
    InputError
        With every problem and its line.
    """
    path = Path(path)
    file = path.name
    problems = ProblemList()
    lines = read_figures(path, problems)
    problems.raise_any()
    first = lines[0]
    if len(first.values) != 4:
        said = f"a line of {len(first.values)} figures"
        raise problem_error(f"{file} line {first.number}", "", said, "type, vehicles, customers, depots")
    if first.values[0] != MDVRP_TYPE:
        problems.add(file, "type", f"{first.values[0]:g}", "2 (multi-depot routing)", line=first.number)
    m, n, t = (
        whole(file, first, 1 + k, name, 1, problems) for k, name in enumerate(("vehicles", "customers", "depots"))
    )
    problems.raise_any()
    wanted = 1 + t + n + t
    if len(lines) != wanted:
        said = f"{len(lines)} lines of figures"
        expected = f"{wanted}: line {first.number} announces {n} customers and {t} depots"
        problems.add(file, "", said, expected, line=lines[-1].number)
        problems.raise_any()
    limits = _columns(file, lines[1 : 1 + t], 2, 2, problems)
    customers = _columns(file, lines[1 + t : 1 + t + n], CUSTOMER_FIGURES, None, problems)
    depots = _columns(file, lines[1 + t + n :], DEPOT_FIGURES, None, problems)
    problems.raise_any()
    for place, line in enumerate(lines[1 + t :], 1):
        if line.values[0] != place:
            problems.add(file, "i", f"{line.values[0]:g}", f"{place}", line=line.number)
    largest = limits[:, 1].max()
    for line in lines[1 + t : 1 + t + n]:
        if line.values[3] < 0:
            problems.add(file, "d", f"{line.values[3]:g}", ">= 0 (service time)", line=line.number)
        if not 0 < line.values[4] <= largest:
            problems.add(file, "q", f"{line.values[4]:g}", f"> 0 and <= {largest:g} (the capacity)", line=line.number)
    for line in lines[1 : 1 + t]:
        for name, value, least in (("D", line.values[0], ">= 0"), ("Q", line.values[1], "> 0")):
            if value < 0 or (name == "Q" and value == 0):
                problems.add(file, name, f"{value:g}", least, line=line.number)
    problems.raise_any()
    return Mdvrp(m, limits[:, 0], limits[:, 1], customers[:, 1:3], customers[:, 3], customers[:, 4], depots[:, 1:3])


def _columns(file: str, lines: list[Line], least: int, most: int | None, problems: ProblemList) -> NDArray[np.float64]:
    for line in lines:
        if len(line.values) < least or (most is not None and len(line.values) > most):
            expected = f"{least} figures" if most == least else f"at least {least} figures (a truncated line?)"
            problems.add(file, "", f"a line of {len(line.values)} figures", expected, line=line.number)
    return np.array([(line.values + (0.0,) * least)[:least] for line in lines])


def import_mdvrp(path: Path | str, out: Path | str, owners: Owners = "random", seed: int = 0) -> None:
    """Write an instance as a scenario: depot d is carrier d with its vehicles, and owns customers.

    The goods are available at every depot. There is no tariff: alone, a carrier drives for its customers itself.

    Parameters
    ----------
    out
        Folder of the scenario.
    owners
        ``random``: each customer's owner is drawn; ``nearest``: it belongs to the nearest depot.
    seed
        Of the draw.

    Raises
    ------
    InputError
        If the file is not such an instance.
    """
    path = Path(path)
    if owners not in ("random", "nearest"):
        raise problem_error("import mdvrp", "owners", owners, "random or nearest")
    instance = read_mdvrp(path)
    n, t = len(instance.demand), len(instance.capacity)
    xy = np.vstack([instance.depot_xy, instance.customer_xy])
    to_depot = np.hypot(*(instance.customer_xy[:, None] - instance.depot_xy[None]).transpose(2, 0, 1))
    owner = np.random.default_rng(seed).integers(t, size=n) if owners == "random" else to_depot.argmin(axis=1)
    horizon = _horizon(instance, xy)
    depots = [f"depot-{d + 1}" for d in range(t)]
    ids = [*depots, *(f"c{i:03d}" for i in range(1, n + 1))]
    carriers = [f"carrier-{d + 1}" for d in range(t)]
    vehicles = []
    for d, carrier in enumerate(carriers):
        capacity, limit = float(instance.capacity[d]), float(instance.max_duration[d])
        row = vehicle_row(f"{carrier}-truck", carrier, depots[d], instance.vehicles, capacity, horizon)
        vehicles.append(row | {"max_shift_min": limit or None})
    tables = instance_tables(
        sites=site_rows(ids, ["base"] * t + ["client"] * n, xy),
        carriers=[
            {"carrier": name, "name": f"Carrier of {depot}"} for name, depot in zip(carriers, depots, strict=True)
        ],
        vehicles=vehicles,
        orders=_orders(instance, depots, owner, horizon),
        distances=distance_rows(ids, xy),
    )
    drawn = f"drawn with seed {seed}" if owners == "random" else "by nearest depot"
    settings = ScenarioSettings(
        name=path.stem,
        description=f"Multi-depot instance {path.stem}, {n} customers, {t} depots, owners {drawn}.",
        start=START,
        days=1,
        horizon_min=horizon,
        network=NetworkSettings(mode="table"),
    )
    write_scenario(out, settings, tables)


def _horizon(instance: Mdvrp, xy: NDArray[np.float64]) -> float:
    """Length of the day in whole hours: longer than any route that capacity allows, so that it never binds."""
    most = min(len(instance.demand), math.floor(instance.capacity.max() / instance.demand.min()))
    span = float(np.hypot(*np.ptp(xy, axis=0)))
    longest = (most + 1) * span + most * float(instance.service.max())
    return float(min(max(1440.0, 60.0 * math.ceil(longest / 60)), LONGEST_HORIZON_MIN))


def _orders(instance: Mdvrp, depots: list[str], owner: NDArray[np.intp], horizon: float) -> list[dict[str, Any]]:
    return [
        {
            "shipment": f"s{i + 1:03d}",
            "owner": f"carrier-{owner[i] + 1}",
            "origins": ";".join(depots),
            "destination": f"c{i + 1:03d}",
            "pallets": float(instance.demand[i]),
            "weight_kg": float(instance.demand[i]),
            "released_at": moment(0),
            "ready_at": moment(0),
            "window_open": moment(0),
            "window_close": moment(horizon),
            "loading_min": 0.0,
            "unloading_min": float(instance.service[i]),
        }
        for i in range(len(owner))
    ]
