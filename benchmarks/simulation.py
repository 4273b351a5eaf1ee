"""How long a simulated region takes: a whole run, and a day as its number of shipments grows."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path

from benchmarks.common import options, report
from experiments.generator import GeneratorParams, generate_to
from experiments.policies import load_policy
from experiments.runs import RunSpec, simulate
from experiments.scenario import Scenario, load_scenario

SIZES = (50, 100, 200, 400)
QUICK_SIZES = (25, 50, 100)
DAYS, QUICK_DAYS = 20, 3


def made(folder: Path, params: GeneratorParams) -> Scenario:
    """Generate a region and read it back, as a user would."""
    generate_to(folder, params)
    return load_scenario(folder)


def seconds_of(scenario: Scenario) -> tuple[float, dict[str, object]]:
    """Processor seconds of a whole contract-net simulation, and its summary."""
    started = time.process_time()
    summary, _ = simulate(scenario, RunSpec(load_policy("contract_net"), seed=1))
    return time.process_time() - started, summary


def main() -> None:
    """Measure and print."""
    given = options(__doc__ or "")
    sizes = QUICK_SIZES if given.quick else SIZES
    measures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        # Compiling and importing is paid once a process, so one small region goes first.
        seconds_of(made(root / "warm", GeneratorParams(factories=2, clients=8, days=1)))
        days = QUICK_DAYS if given.quick else DAYS
        cpu, summary = seconds_of(made(root / "region", GeneratorParams(days=days)))
        measures[f"simulation.region_{days}_days_cpu_s"] = cpu
        measures["simulation.region_saving_percent"] = float(str(summary["saving_percent"]))
        per_day: list[tuple[float, float]] = []
        for size in sizes:
            scenario = made(
                root / str(size), GeneratorParams(days=2, clients=max(60, size), orders_per_day=float(size))
            )
            cpu, summary = seconds_of(scenario)
            shipments = float(str(summary["shipments"])) / 2
            per_day.append((shipments, cpu / 2))
            measures[f"simulation.day_{size}_shipments"] = shipments
            measures[f"simulation.day_{size}_cpu_s"] = cpu / 2
    (n0, t0), (n1, t1) = per_day[0], per_day[-1]
    measures["simulation.growth_exponent"] = math.log(t1 / t0) / math.log(n1 / n0)
    report("Simulated regions under contract_net", measures, ("groupage", "pyvrp", "mesa", "numba"), given.json)


if __name__ == "__main__":
    main()
