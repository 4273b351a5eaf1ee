"""Runs a scenario under a policy and writes its results folder."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.market import digest
from agents.model import World, pooling_model
from experiments.day_rows import day_tables
from experiments.generator import replicate
from experiments.policies import policy_from
from experiments.results import (
    TableWriter,
    copy_scenario,
    read_table,
    read_transcripts,
    write_config,
    write_json,
    write_manifest,
)
from experiments.scenario import Scenario, load_scenario
from experiments.summary import Totals
from groupage.errors import InputError, Problem, ReplayError

if TYPE_CHECKING:
    from datetime import date

    from agents.policy import Policy
    from agents.transcript import Transcript

Progress = Callable[[int, int], None]  # days done, days in all


@dataclass(frozen=True)
class RunSpec:
    """What to run.

    Attributes
    ----------
    replication
        0: the scenario as it stands; above, new orders drawn for a generated region.
    """

    policy: Policy
    seed: int
    stability: bool = False
    replication: int = 0

    def config(self) -> dict[str, Any]:
        """As ``config.toml`` holds it."""
        return {
            "seed": self.seed,
            "stability": self.stability,
            "replication": self.replication,
            "policy": self.policy.model_dump(mode="json"),
        }


def world_of(scenario: Scenario) -> World:
    """Turn a scenario into what a model runs on."""
    return World(
        region=scenario.region,
        releases=tuple((d.date, d.start, scenario.releases_on(d)) for d in scenario.days),
        history=scenario.history,
        future=scenario.demand_future,
        horizon_min=scenario.settings.horizon_min,
    )


@dataclass(frozen=True)
class Stage:
    """A replication's scenario and the world made of it, for runs one after another.

    Forecasters that one run fits serve the next.
    """

    scenario: Scenario
    world: World

    @classmethod
    def of(cls, folder: Path, replication: int) -> Stage:
        """Read a scenario's folder and draw the replication's orders."""
        scenario = scenario_for(load_scenario(folder), replication)
        return cls(scenario, world_of(scenario))


def simulate(
    scenario: Scenario,
    spec: RunSpec,
    writer: TableWriter | None = None,
    progress: Progress | None = None,
    transcripts: Mapping[date, Transcript] | None = None,
    look_aheads: Mapping[date, Transcript] | None = None,
    world: World | None = None,
) -> tuple[dict[str, Any], dict[date, str]]:
    """Run all days; returns the summary and the digest of each day's settlement.

    Days are written and forgotten one by one, so memory does not grow with their number.

    Parameters
    ----------
    world
        Made of the scenario, where an earlier run has made it.
    """
    bodies = {v.id: str(v.body) for v in scenario.region.vehicles.values()}
    totals = Totals()
    digests: dict[date, str] = {}
    with pooling_model(
        world or world_of(scenario),
        spec.policy,
        spec.seed,
        stability=spec.stability,
        transcripts=transcripts,
        look_aheads=look_aheads,
    ) as model:
        while not model.finished:
            day = model.run_day()
            tables = day_tables(day, scenario.owners, bodies)
            totals.add(day, tables["shares"])
            digests[day.day] = digest(day.settlement)
            if writer is not None:
                writer.add(tables)
            if progress is not None:
                progress(len(digests), len(scenario.days))
    return totals.summary(), digests


def run(
    folder: Path,
    spec: RunSpec,
    out: Path,
    progress: Progress | None = None,
    *,
    keep_scenario: bool = True,
    stage: Stage | None = None,
) -> dict[str, Any]:
    """Run a scenario's folder and write the results; an earlier results folder is replaced only when all is written.

    Parameters
    ----------
    stage
        Of this folder and replication, where an earlier run has made it.

    Returns
    -------
    dict
        The summary.
    """
    started = time.perf_counter()
    stage = stage or Stage.of(folder, spec.replication)
    scenario = stage.scenario
    with fresh_folder(out) as partial:
        writer = TableWriter(partial)
        try:
            summary, _ = simulate(scenario, spec, writer, progress, world=stage.world)
        finally:
            writer.close()
        write_config(partial, spec.config())
        write_json(partial / "summary.json", summary)
        if keep_scenario:
            copy_scenario(folder, partial)
        write_manifest(partial, scenario.digest, sys.argv, time.perf_counter() - started)
    return summary


def scenario_for(scenario: Scenario, replication: int) -> Scenario:
    """The scenario of a replication: new orders where it was generated, else the same one."""
    if replication == 0 or scenario.settings.generator is None:
        return scenario
    return replicate(scenario, replication)


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write in, and put it in place of ``out`` at the end: a killed run leaves old results whole."""
    if out.exists() and not out.is_dir():
        raise InputError([Problem("--out", "", str(out), "a folder")])
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.json").exists():
        raise InputError([Problem("--out", "", f"{out}, which holds other files", "a new folder, or earlier results")])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise InputError([Problem("--out", "", f"{out} ({error.strerror})", "a writable place")]) from None
    try:
        partial.chmod(0o755)
        yield partial
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def find_scenario(results: Path) -> Path:
    """Where the inputs of a results folder are kept: in it, or in the comparison above it."""
    for place in (results, *list(results.resolve().parents)[:3]):
        if (place / "scenario" / "scenario.toml").is_file():
            return place / "scenario"
    raise InputError([Problem(str(results), "", "no scenario/ folder in it", "a results folder of `groupage run`")])


def read_spec(results: Path) -> RunSpec:
    """Read ``config.toml`` of a results folder."""
    path = results / "config.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return RunSpec(
            policy_from(raw["policy"], path.name), int(raw["seed"]), bool(raw["stability"]), int(raw["replication"])
        )
    except (OSError, KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = "missing" if isinstance(error, FileNotFoundError) else f"unreadable ({error})"
        raise InputError([Problem(str(path), "", said, "a results folder of `groupage run`")]) from None


def replay_run(results: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Feed a run's recorded messages back through its protocol and compare every settlement with the record.

    Returns
    -------
    dict
        ``days``, ``messages`` and ``settlements_equal``.

    Raises
    ------
    ReplayError
        At the first message or settlement that differs.
    """
    spec = read_spec(results)
    scenario = scenario_for(load_scenario(find_scenario(results)), spec.replication)
    recorded = {row["day"]: row for row in read_table(results, "days").to_pylist()}
    transcripts = read_transcripts(results)
    look_aheads = read_transcripts(results, look_ahead=True)
    missing = [d.date for d in scenario.days if d.date not in recorded]
    if missing:
        raise ReplayError(f"the record has no day {missing[0]}, expected all {len(scenario.days)} days of the scenario")
    _, digests = simulate(scenario, spec, progress=progress, transcripts=transcripts, look_aheads=look_aheads)
    for day, found in digests.items():
        written = recorded[day]["settlement_digest"]
        if found != written:
            raise ReplayError(f"{day}: the settlement differs from the record ({found[:12]}, {written[:12]})")
    return {
        "days": len(digests),
        "messages": sum(t.message_count for t in (*transcripts.values(), *look_aheads.values())),
        "settlements_equal": True,
    }
