"""How much a policy invites false reports: each participant's best gain from them, with its interval.

On some planning days of each replication every participant states something false in one respect and by one factor at a
time, as `agents.misreport` describes, after being honest on the days before. What it gains against being honest, by its
true costs, and what that does to all others, is in EUR a day.

The best of many noisy gains is too good to be true. A participant therefore chooses its report (none, where none pays)
by the mean over all *other* replications, and what it is credited with is that report's gain in the replication left
out: cross-validation, so that noise alone comes out at nothing on average. With a single replication there is no other:
the best gain in hindsight is given then, without an interval, and is too high where gains are noise.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agents.misreport import GRID, had, misreports, what_if
from agents.model import pooling_model
from experiments.cells import run_cells
from experiments.figures import spread
from experiments.runs import RunSpec, scenario_for, world_of
from experiments.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

DAYS = 3
FILE = "misreports.parquet"
SCHEMA = pa.schema(
    [
        ("policy", pa.string()),
        ("replication", pa.int32()),
        ("day", pa.date32()),
        ("party", pa.string()),
        ("role", pa.string()),
        ("lever", pa.string()),
        ("factor", pa.float64()),
        ("gain_eur", pa.float64()),
        ("others_eur", pa.float64()),
    ]
)

Row = dict[str, Any]
Report = tuple[str, float]  # lever and factor


@dataclass(frozen=True)
class ProbeCell:
    """One planning day of one run, to be negotiated again with false reports.

    Attributes
    ----------
    number
        Of the planning day, from 0.
    """

    scenario: Path
    spec: RunSpec
    number: int


def probe_days(days: int, wanted: int = DAYS) -> tuple[int, ...]:
    """Choose planning days spread evenly over all; all where there are no more than wanted."""
    chosen = min(days, wanted)
    return tuple(int((k + 0.5) * days / chosen) for k in range(chosen))


def probed(cell: ProbeCell) -> list[Row]:
    """Work out every false report of one day: a row for each, as in ``misreports.parquet``."""
    scenario = scenario_for(load_scenario(cell.scenario), cell.spec.replication)
    rows = []
    with pooling_model(world_of(scenario), cell.spec.policy, cell.spec.seed) as model:
        for _ in range(cell.number):
            model.run_day()
        # Judged on one day: what would be promised for another has no money on this one.
        model.days_ahead = 0
        day = model.run_day()
        honest = had(day.settlement, day.executed)
        for lie in misreports(model.desks):
            lied = what_if(model, day, lie)
            gain = lied.get(lie.party, 0) - honest.get(lie.party, 0)
            others = sum(lied.values()) - sum(honest.values()) - gain
            rows.append(
                {
                    "policy": cell.spec.policy.name,
                    "replication": cell.spec.replication,
                    "day": day.day,
                    "party": lie.party,
                    "role": lie.role,
                    "lever": str(lie.lever),
                    "factor": lie.factor,
                    "gain_eur": gain / 100,
                    "others_eur": others / 100,
                }
            )
    return rows


def probe(
    scenario: Path,
    specs: Sequence[RunSpec],
    days: int,
    *,
    workers: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Row]:
    """Work out every false report on some days of every run.

    Parameters
    ----------
    days
        Planning days of the scenario.
    """
    cells = [ProbeCell(scenario, spec, number) for spec in specs for number in probe_days(days)]
    found = run_cells(probed, cells, workers, lambda c: f"misreports {c.spec.policy.name}", progress)
    return [row for rows in found for row in rows]


def write_misreports(folder: Path, rows: Sequence[Row]) -> None:
    """Write all false reports and what they gained."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), folder / FILE, compression="zstd", version="2.6")


def manipulability(rows: Sequence[Row], policies: Sequence[str], replications: int) -> dict[str, Any]:
    """Sum up by policy what false reports gain.

    Parameters
    ----------
    replications
        How many were run; in one without anybody who could state anything nothing is gained.

    Returns
    -------
    dict
        ``grid``; ``policies`` by name: ``parties`` (each with its best report, ``gain_eur`` and ``others_eur``: means a
        day with their intervals), ``roles`` (means over the parties of a role, by lever and for the best lever),
        ``gain_eur`` and ``others_eur`` of each replication, as means over all parties.
    """
    return {
        "grid": list(GRID),
        "policies": {p: _policy([r for r in rows if r["policy"] == p], replications) for p in policies},
    }


@dataclass(frozen=True)
class _Best:
    """A party's best report and what it is credited with in each replication, EUR a day."""

    report: Report | None
    gains: NDArray[np.float64]
    others: NDArray[np.float64]


def _policy(rows: Sequence[Row], replications: int) -> dict[str, Any]:
    tables: dict[tuple[str, str], dict[Report, NDArray[np.float64]]] = {}
    days = {r: len({row["day"] for row in rows if row["replication"] == r}) for r in range(replications)}
    for row in rows:
        # Shape (2, replications): own gain and what it does to others, means over the days on which it takes part.
        own = tables.setdefault((row["role"], row["party"]), {})
        figures = own.setdefault((row["lever"], row["factor"]), np.zeros((2, replications)))
        figures[:, row["replication"]] += np.array([row["gain_eur"], row["others_eur"]]) / days[row["replication"]]
    best = {party: best_report(reports) for party, reports in tables.items()}
    by_lever: defaultdict[tuple[str, str], list[_Best]] = defaultdict(list)
    for (role, _), reports in tables.items():
        for lever in sorted({lever for lever, _ in reports}):
            by_lever[role, lever].append(best_report({r: f for r, f in reports.items() if r[0] == lever}))
    for (role, _), found in best.items():
        by_lever[role, ""].append(found)
    gains, others = _mean(best.values(), replications)
    return {
        "parties": [
            {
                "party": party,
                "role": role,
                "lever": found.report[0] if found.report else "",
                "factor": found.report[1] if found.report else 1.0,
                "gain_eur": spread(found.gains.tolist()),
                "others_eur": spread(found.others.tolist()),
            }
            for (role, party), found in sorted(best.items())
        ],
        "roles": [
            {"role": role, "lever": lever, "parties": len(found)}
            | dict(
                zip(
                    ("gain_eur", "others_eur"),
                    (spread(f.tolist()) for f in _mean(found, replications)),
                    strict=True,
                )
            )
            for (role, lever), found in sorted(by_lever.items())
        ],
        "gain_eur": dict(zip(map(str, range(replications)), np.round(gains, 6).tolist(), strict=True)),
        "others_eur": dict(zip(map(str, range(replications)), np.round(others, 6).tolist(), strict=True)),
    }


def best_report(reports: Mapping[Report, NDArray[np.float64]]) -> _Best:
    """Choose a party's report for each replication by the mean over the others, honesty among them.

    Parameters
    ----------
    reports
        By lever and factor: own gains and those of all others, shape ``(2, replications)``.
    """
    names: list[Report | None] = [None, *sorted(reports)]
    figures = np.stack([np.zeros_like(next(iter(reports.values()))), *(reports[n] for n in names if n is not None)])
    gains = figures[:, 0, :]
    overall = names[int(gains.mean(axis=1).argmax())]
    replications = gains.shape[1]
    elsewhere = gains if replications == 1 else gains.sum(axis=1, keepdims=True) - gains
    chosen = elsewhere.argmax(axis=0)
    at = np.arange(replications)
    return _Best(overall, gains[chosen, at], figures[chosen, 1, at])


def _mean(found: Iterable[_Best], replications: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over parties of gains and of what they do to others, by replication."""
    parties = list(found)
    if not parties:
        return np.zeros(replications), np.zeros(replications)
    return np.mean([b.gains for b in parties], axis=0), np.mean([b.others for b in parties], axis=0)
