"""Runs policies against each other on the same scenario, with replications."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.policy import Choice
from agents.seeds import seed_for
from experiments.cells import run_cells
from experiments.figures import spread
from experiments.forecast_value import cross, forecast_value, write_forecast_value
from experiments.misreport import manipulability, probe, write_misreports
from experiments.policies import NO_POOL
from experiments.results import copy_scenario, write_config, write_json, write_manifest
from experiments.runs import RunSpec, Stage, fresh_folder, run, simulate
from experiments.scenario import load_scenario
from experiments.summary import efficiency
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from agents.policy import Policy

BEST_POLICY_PROTOCOL = "trustee"


@dataclass(frozen=True)
class Cell:
    """One run of a comparison.

    Attributes
    ----------
    out
        Folder for its results; ``None`` where only its figures are wanted.
    """

    scenario: Path
    spec: RunSpec
    out: Path | None


class _Runner:
    """Runs cells, and keeps the last replication's stage: what one cell fitted serves the next."""

    def __init__(self) -> None:
        self._at: tuple[Path, int] | None = None
        self._stage: Stage | None = None

    def __call__(self, cells: Sequence[Cell]) -> list[dict[str, Any]]:
        return [self._run(cell) for cell in cells]

    def _run(self, cell: Cell) -> dict[str, Any]:
        at = cell.scenario, cell.spec.replication
        if self._stage is None or self._at != at:
            self._at, self._stage = at, Stage.of(*at)
        if cell.out is None:
            return simulate(self._stage.scenario, cell.spec, world=self._stage.world)[0]
        return run(cell.scenario, cell.spec, cell.out, keep_scenario=False, stage=self._stage)


def compare(
    folder: Path,
    policies: Sequence[Policy],
    seed: int,
    replications: int,
    out: Path,
    *,
    workers: int = 1,
    stability: bool = False,
    probe_misreport: bool = False,
    forecasters: Sequence[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, Any]:
    """Run every policy on every replication, with common random numbers, and write the comparison's folder.

    Replication 0 is the scenario as it stands. Further ones draw new orders where the scenario was generated;
    otherwise only the seeds of planning and negotiating differ, and the spread is that of the method, not of demand.

    Efficiency needs the best central plan: where no policy is a trustee one is run besides, for its figures only.

    Parameters
    ----------
    probe_misreport
        Work out what every participant would gain by false reports, see `experiments.misreport`.
    forecasters
        Run every policy that looks at a forecast with each of these in place of its own, see
        `experiments.forecast_value`; ``None``: with its own.

    Returns
    -------
    dict
        As in ``comparison.json``.
    """
    started = time.perf_counter()
    _check(policies, replications, workers)
    grid = cross(policies, forecasters) if forecasters is not None else None
    if grid is not None:
        policies = grid.policies
        _check(policies, replications, workers)
    scenario = load_scenario(folder)
    with fresh_folder(out) as partial:
        copy_scenario(folder, partial)
        specs = [
            RunSpec(policy, seed if r == 0 else seed_for(seed, "replication", r), stability, r)
            for policy in (*policies, *_yardstick(policies))
            for r in range(replications)
        ]
        asked = specs[: len(policies) * replications]
        inputs = partial / "scenario"
        cells = [Cell(inputs, spec, _place(partial, spec) if spec in asked else None) for spec in specs]
        summaries = _run_all(cells, workers, progress)
        rows = [
            {"policy": spec.policy.name, "replication": spec.replication} | summary
            for spec, summary in zip(specs, summaries, strict=True)
        ]
        _add_efficiency(rows, [spec.policy for spec in specs])
        rows = rows[: len(asked)]
        names = [p.name for p in policies]
        comparison = {
            "scenario": scenario.name,
            "new_orders": scenario.settings.generator is not None and replications > 1,
            "policies": names,
            "seed": seed,
            "replications": replications,
            "rows": rows,
        }
        if probe_misreport:
            lies = probe(inputs, asked, len(scenario.days), workers=workers, progress=progress)
            write_misreports(partial, lies)
            comparison["misreports"] = told = manipulability(lies, names, replications)
            for row in rows:
                for key in ("gain_eur", "others_eur"):
                    row[f"misreport_{key}"] = told["policies"][row["policy"]][key][str(row["replication"])]
        if grid is not None:
            comparison["forecast_value"] = forecast_value(rows, grid)
            write_forecast_value(partial, rows, grid)
        comparison["summary"] = {name: _spread([r for r in rows if r["policy"] == name]) for name in names}
        write_json(partial / "comparison.json", comparison)
        write_config(
            partial,
            {
                "seed": seed,
                "replications": replications,
                "stability": stability,
                "probe_misreport": probe_misreport,
                "forecasters": list(forecasters or ()),
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


def _yardstick(policies: Sequence[Policy]) -> list[Policy]:
    """The trustee that efficiency is measured against, unless one is compared anyway or nobody pools."""
    pooling = [p for p in policies if p.protocol.name != NO_POOL]
    if not pooling or any(p.protocol.name == BEST_POLICY_PROTOCOL for p in policies):
        return []
    best = {"name": "", "protocol": Choice(name=BEST_POLICY_PROTOCOL), "sharing": Choice(name="proportional")}
    return [pooling[0].model_copy(update=best | {"bidding": Choice(name="truthful")})]


def _place(folder: Path, spec: RunSpec) -> Path:
    name, r = spec.policy.name, spec.replication
    return folder / "runs" / name if r == 0 else folder / "replications" / name / str(r)


def _run_all(
    cells: Sequence[Cell], workers: int, progress: Callable[[int, int, str], None] | None
) -> list[dict[str, Any]]:
    """Run all cells, those of a replication that share a forecaster after one another where workers have enough to do.

    One worker runs cell by cell, replication by replication.
    """
    order = sorted(range(len(cells)), key=lambda i: cells[i].spec.replication)
    groups: dict[tuple[int, str], list[int]] = {}
    for i in order:
        spec = cells[i].spec
        groups.setdefault((spec.replication, spec.policy.forecaster.model_dump_json()), []).append(i)
    batches = list(groups.values()) if 1 < workers <= len(groups) else [[i] for i in order]
    found = run_cells(
        _Runner(),
        [[cells[i] for i in batch] for batch in batches],
        workers,
        lambda batch: ", ".join(cell.spec.policy.name for cell in batch),
        progress,
    )
    summaries = dict(zip((i for b in batches for i in b), (s for some in found for s in some), strict=True))
    return [summaries[i] for i in range(len(cells))]


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
        out[key] = spread(values)
    return out
