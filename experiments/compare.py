"""Runs policies against each other on the same scenario, with replications."""

from __future__ import annotations

import math
import multiprocessing
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from agents.seeds import seed_for
from experiments.results import copy_scenario, write_config, write_json, write_manifest
from experiments.runs import RunSpec, fresh_folder, run
from experiments.scenario import load_scenario
from experiments.summary import efficiency
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from agents.policy import Policy

CONFIDENCE = 0.95
BEST_POLICY_PROTOCOL = "trustee"


@dataclass(frozen=True)
class Cell:
    """One run of a comparison."""

    scenario: Path
    spec: RunSpec
    out: Path
    folder: str


def compare(
    folder: Path,
    policies: Sequence[Policy],
    seed: int,
    replications: int,
    out: Path,
    *,
    workers: int = 1,
    stability: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, Any]:
    """Run every policy on every replication, with common random numbers, and write the comparison's folder.

    Replication 0 is the scenario as it stands. Further ones draw new orders where the scenario was generated;
    otherwise only the seeds of planning and negotiating differ, and the spread is that of the method, not of demand.

    Returns
    -------
    dict
        As in ``comparison.json``.
    """
    started = time.perf_counter()
    _check(policies, replications, workers)
    scenario = load_scenario(folder)
    with fresh_folder(out) as partial:
        copy_scenario(folder, partial)
        cells = [
            Cell(
                partial / "scenario",
                RunSpec(policy, seed if r == 0 else seed_for(seed, "replication", r), stability, r),
                partial / "runs" / policy.name if r == 0 else partial / "replications" / policy.name / str(r),
                policy.name,
            )
            for policy in policies
            for r in range(replications)
        ]
        summaries = _run_cells(cells, workers, progress)
        rows = [
            {"policy": cell.spec.policy.name, "replication": cell.spec.replication} | summary
            for cell, summary in zip(cells, summaries, strict=True)
        ]
        _add_efficiency(rows, policies)
        names = [p.name for p in policies]
        comparison = {
            "scenario": scenario.name,
            "new_orders": scenario.settings.generator is not None and replications > 1,
            "policies": names,
            "seed": seed,
            "replications": replications,
            "rows": rows,
            "summary": {name: _spread([r for r in rows if r["policy"] == name]) for name in names},
        }
        write_json(partial / "comparison.json", comparison)
        write_config(
            partial,
            {
                "seed": seed,
                "replications": replications,
                "stability": stability,
                "policies": {p.name: p.model_dump(mode="json") for p in policies},
            },
        )
        write_manifest(partial, scenario.digest, sys.argv, time.perf_counter() - started)
    return comparison


def _check(policies: Sequence[Policy], replications: int, workers: int) -> None:
    problems = []
    names = [p.name for p in policies]
    if not names:
        problems.append(Problem("--policies", "", "empty", "at least one policy"))
    if len(set(names)) < len(names):
        problems.append(Problem("--policies", "", ",".join(names), "policies of different names"))
    if replications < 1:
        problems.append(Problem("--replications", "", str(replications), "at least 1"))
    if workers < 1:
        problems.append(Problem("--workers", "", str(workers), "at least 1"))
    if problems:
        raise InputError(problems)


def _run_cells(
    cells: Sequence[Cell], workers: int, progress: Callable[[int, int, str], None] | None
) -> list[dict[str, Any]]:
    """Run cells here or in processes; the results do not depend on which, nor on their order."""
    done = 0
    if workers == 1 or len(cells) == 1:
        out = []
        for cell in cells:
            out.append(_run_cell(cell))
            done += 1
            if progress:
                progress(done, len(cells), cell.folder)
        return out
    results: dict[int, dict[str, Any]] = {}
    with _pool(min(workers, len(cells))) as pool:
        futures = {pool.submit(_run_cell, cell): i for i, cell in enumerate(cells)}
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            done += 1
            if progress:
                progress(done, len(cells), cells[futures[future]].folder)
    return [results[i] for i in range(len(cells))]


def _pool(workers: int) -> Executor:
    # Spawn: forking a process that holds solver and Arrow threads can hang.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _run_cell(cell: Cell) -> dict[str, Any]:
    return run(cell.scenario, cell.spec, cell.out, keep_scenario=False)


def _add_efficiency(rows: list[dict[str, Any]], policies: Sequence[Policy]) -> None:
    """Relate each run to the best central plan of its replication, where the comparison has one."""
    best = next((p.name for p in policies if p.protocol.name == BEST_POLICY_PROTOCOL), None)
    if best is None:
        return
    bound = {r["replication"]: r["resource_cost_eur"] for r in rows if r["policy"] == best}
    alone = {r["replication"]: r["standalone_resource_cost_eur"] for r in rows if r["policy"] == best}
    for row in rows:
        r = row["replication"]
        # Each saved against its own shipments of each day: another holding rule puts them on the table on other days.
        saved = row["standalone_resource_cost_eur"] - row["resource_cost_eur"]
        row["efficiency"] = efficiency(alone[r], alone[r] - saved, bound[r])


def _spread(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean and 95 % t-interval of every plain figure over replications; no interval from one."""
    out: dict[str, dict[str, float | None]] = {}
    for key in rows[0]:
        # A run without a pool has no stability, a comparison of nearly nothing no efficiency.
        values = [r[key] for r in rows if r[key] is not None]
        if key in ("policy", "replication") or not values or isinstance(values[0], dict | str | bool):
            continue
        mean = float(np.mean(values))
        low = high = None
        if len(values) > 1:
            half = (
                float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
                * float(np.std(values, ddof=1))
                / math.sqrt(len(values))
            )
            low, high = round(mean - half, 6), round(mean + half, 6)
        out[key] = {"mean": round(mean, 6), "low": low, "high": high}
    return out
