"""How much of the possible saving each protocol reaches: ``python -m benchmarks.efficiency [--quick] [--json FILE]``.

On Cordeau's multi-depot instances depot d is carrier d, and customers belong to carriers: drawn at random (three seeds
each), or by nearest depot. Efficiency, in percent, is (stand-alone - negotiated) / (stand-alone - best known), in
resource cost. Stand-alone each carrier serves its own customers with as many of its vehicles as it needs; pooled plans
keep the fleets; best known are the published distances of the multi-depot problem.

Keys ``efficiency.<protocol>.random`` and ``.nearest`` are means over markets, and so are ``seconds``, ``rounds``,
``messages`` and ``disclosed`` (private figures told); ``efficiency.<protocol>.random.<instance>`` is of one instance.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agents.model import pooling_model
from agents.protocols import PROTOCOLS
from benchmarks.common import options, report
from experiments.importers.mdvrp import Owners, import_mdvrp
from experiments.policies import load_policy
from experiments.runs import world_of
from experiments.scenario import load_scenario

INSTANCES = Path(__file__).resolve().parent.parent.parent / "shared" / "instances" / "mdvrp"
NAMES = ("p01", "p02", "p03", "p04", "p05", "p06", "p07", "p12")
SEEDS = (0, 1, 2)
FIGURES = ("efficiency", "seconds", "rounds", "messages", "disclosed")


def best_known(folder: Path) -> dict[str, float]:
    """Best known cost by instance, in EUR: a unit of distance costs 1 EUR."""
    with (folder / "bks.csv").open(encoding="utf-8") as file:
        return {row["instance"]: float(row["bks_distance"]) for row in csv.DictReader(file)}


def negotiated(file: Path, owners: Owners, owner_seed: int, protocol: str, best_eur: float) -> dict[str, float]:
    """Negotiate an instance once; returns a figure for each of `FIGURES`."""
    with tempfile.TemporaryDirectory() as name:
        import_mdvrp(file, Path(name) / "scenario", owners, owner_seed)
        scenario = load_scenario(Path(name) / "scenario")
    started = time.perf_counter()
    with pooling_model(world_of(scenario), load_policy(protocol), seed=1) as model:
        day = model.run_day()
    seconds = time.perf_counter() - started
    alone, evidence = day.alone.resource_cents, day.settlement.evidence
    saved = alone - day.executed.resource_cents
    return {
        "efficiency": 100 * saved / (alone - 100 * best_eur),
        "seconds": seconds,
        "rounds": evidence.rounds,
        "messages": evidence.messages,
        "disclosed": sum(evidence.disclosed.values()),
    }


def measured(
    folder: Path, names: Sequence[str], seeds: Sequence[int], protocols: Iterable[str] = tuple(PROTOCOLS)
) -> dict[str, float]:
    """Negotiate all instances with all owners under all protocols."""
    best = best_known(folder)
    measures: dict[str, float] = {}
    for protocol in protocols:
        rows: Mapping[str, list[dict[str, float]]] = {"random": [], "nearest": []}
        for name in names:
            file = folder / f"{name}.txt"
            drawn = [negotiated(file, "random", seed, protocol, best[name]) for seed in seeds]
            measures[f"efficiency.{protocol}.random.{name}"] = statistics.fmean(row["efficiency"] for row in drawn)
            rows["random"] += drawn
            rows["nearest"].append(negotiated(file, "nearest", 0, protocol, best[name]))
        for owners, found in rows.items():
            for figure in FIGURES:
                measures[f"{figure}.{protocol}.{owners}"] = statistics.fmean(row[figure] for row in found)
    return measures


def main() -> None:
    """Measure and report."""
    given = options("How much of the possible saving each protocol reaches on multi-depot instances.")
    names, seeds = (NAMES[:1], SEEDS[:1]) if given.quick else (NAMES, SEEDS)
    report("Efficiency", measured(INSTANCES, names, seeds), ("groupage", "pyvrp", "scipy"), given.json)


if __name__ == "__main__":
    main()
