"""What a forecast is worth: the same policy on the same orders and seeds with one forecaster after another.

The cost is all that owners pay in the end. What it comes to less with the oracle, which knows the future, than with the
first forecaster that does not, is the gap: what better forecasts could be worth at most to the policy's own rules. A
forecaster's regret is what it costs more than the oracle. Differences are taken replication by replication, so that the
spread of orders from one replication to the next drops out of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from agents.policy import Choice, Policy
from agents.registry import check_policy, looks_ahead, names
from experiments.figures import ratio_of_means, spread
from groupage.errors import InputError, PolicyError, Problem

if TYPE_CHECKING:
    from pathlib import Path

ORACLE = "oracle"
FILE = "forecast_value.parquet"
SCHEMA = pa.schema(
    [
        ("policy", pa.string()),
        ("forecaster", pa.string()),
        ("replication", pa.int32()),
        ("cost_eur", pa.float64()),
        ("saved_eur", pa.float64()),
        ("regret_eur", pa.float64()),
        ("undelivered", pa.int32()),
    ]
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Grid:
    """Policies crossed with forecasters.

    Attributes
    ----------
    forecasters
        In the order in which they were named.
    crossed
        By the policy's name, the policy with each forecaster; without the policies that look at no forecast.
    policies
        What is to be run, each under a name of its own.
    """

    forecasters: tuple[str, ...]
    crossed: Mapping[str, Mapping[str, Policy]]
    policies: tuple[Policy, ...]

    @property
    def baseline(self) -> str | None:
        """The first forecaster that does not know the future: what the others are measured against."""
        return next((f for f in self.forecasters if f != ORACLE), None)


def cross(policies: Sequence[Policy], forecasters: Sequence[str]) -> Grid:
    """Give each policy that looks at a forecast each of the forecasters.

    A policy's own parameters stay where it already names the forecaster. Policies that look at no forecast stay as
    they are.

    Raises
    ------
    InputError
        If a forecaster is not known, named twice or cannot be made, or if no policy looks at a forecast.
    """
    known, problems = names("forecasters"), []
    for name in dict.fromkeys(forecasters):
        if name not in known:
            problems.append(Problem("--forecasters", "", repr(name), f"out of {', '.join(known)}"))
    if len(set(forecasters)) < len(forecasters):
        problems.append(Problem("--forecasters", "", ",".join(forecasters), "each forecaster once"))
    if not forecasters:
        problems.append(Problem("--forecasters", "", "empty", f"at least one of {', '.join(known)}"))
    ahead = [p.name for p in policies if looks_ahead(p)]
    if policies and not ahead:
        rules = ", ".join(sorted({f"{p.holding.name} and reservation {p.reservation.name}" for p in policies}))
        given = f"{','.join(forecasters)}, with policies that look at no forecast (holding {rules})"
        problems.append(Problem("--forecasters", "", given, "at least one policy whose decisions depend on a forecast"))
    if problems:
        raise InputError(problems)
    crossed = {p.name: {f: _with(p, f) for f in forecasters} for p in policies if p.name in ahead}
    return Grid(
        tuple(forecasters),
        crossed,
        tuple(v for p in policies for v in (crossed[p.name].values() if p.name in crossed else (p,))),
    )


def _with(policy: Policy, forecaster: str) -> Policy:
    choice = policy.forecaster if policy.forecaster.name == forecaster else Choice(name=forecaster)
    made = policy.model_copy(update={"name": f"{policy.name}+{forecaster}", "forecaster": choice})
    try:
        check_policy(made)
    except PolicyError as error:
        raise InputError(
            [Problem("--forecasters", "", f"{forecaster} ({error})", "one that needs no parameters")]
        ) from None
    return made


def forecast_value(rows: Sequence[Row], grid: Grid) -> dict[str, Any]:
    """Work out what each forecaster saves, regrets and closes of the gap.

    Parameters
    ----------
    rows
        Of a comparison: the summary of each run with its ``policy`` and ``replication``.

    Returns
    -------
    dict
        ``forecasters``, ``baseline``, ``oracle`` (whether it was among them), ``policies`` by name: ``gap_eur``,
        ``gap_settled``, ``same_work`` (whether every forecaster delivered the same number of shipments in every
        replication) and ``forecasters``, a list with ``forecaster``, ``run``, ``cost_eur``, ``saved_eur``,
        ``regret_eur``, ``gap_closed_percent`` and ``undelivered``. A figure is a mean over replications with its 95 %
        interval, or ``None`` where it has no meaning: a gap that is not settled is not told apart from zero, and no
        share of it can be given.
    """
    return {
        "forecasters": list(grid.forecasters),
        "baseline": grid.baseline,
        "oracle": ORACLE in grid.forecasters,
        "policies": {
            name: _policy({f: _runs(rows, p.name) for f, p in of.items()}, of, grid.baseline)
            for name, of in grid.crossed.items()
        },
    }


@dataclass(frozen=True)
class _Runs:
    """Costs in EUR and shipments not delivered, by replication."""

    cost: list[float]
    undelivered: list[int]

    def less(self, other: _Runs | None) -> list[float] | None:
        """What these cost more than others, replication by replication."""
        return None if other is None else [a - b for a, b in zip(self.cost, other.cost, strict=True)]


def _runs(rows: Sequence[Row], run: str) -> _Runs:
    own = sorted((r for r in rows if r["policy"] == run), key=lambda r: r["replication"])
    return _Runs([float(r["total_cost_eur"]) for r in own], [int(r["unserved"] + r["held"]) for r in own])


def _policy(runs: Mapping[str, _Runs], policies: Mapping[str, Policy], baseline: str | None) -> dict[str, Any]:
    base, oracle = runs.get(baseline or ""), runs.get(ORACLE)
    gap = base.less(oracle) if base else None
    gap_eur = spread(gap) if gap else None
    settled = gap_eur is not None and gap_eur["low"] is not None and gap_eur["low"] > 0
    figures = []
    for name, of in runs.items():
        saved = base.less(of) if base and name != baseline else None
        regret = of.less(oracle) if name != ORACLE else None
        closed = ratio_of_means(saved, gap) if saved and gap and settled and name != ORACLE else None
        figures.append(
            {
                "forecaster": name,
                "run": policies[name].name,
                "cost_eur": spread(of.cost),
                "saved_eur": spread(saved) if saved else None,
                "regret_eur": spread(regret) if regret else None,
                "gap_closed_percent": closed and {k: v and round(100 * v, 4) for k, v in closed.items()},
                "undelivered": sum(of.undelivered),
            }
        )
    return {
        "gap_eur": gap_eur,
        "gap_settled": settled,
        "same_work": len({tuple(of.undelivered) for of in runs.values()}) == 1,
        "forecasters": figures,
    }


def write_forecast_value(folder: Path, rows: Sequence[Row], grid: Grid) -> None:
    """Write a row for each policy, forecaster and replication."""
    written = []
    for name, of in grid.crossed.items():
        runs = {f: _runs(rows, p.name) for f, p in of.items()}
        base, oracle = runs.get(grid.baseline or ""), runs.get(ORACLE)
        for forecaster, own in runs.items():
            saved, regret = base.less(own) if base else None, own.less(oracle)
            for r, cost in enumerate(own.cost):
                written.append(
                    {
                        "policy": name,
                        "forecaster": forecaster,
                        "replication": r,
                        "cost_eur": cost,
                        "saved_eur": round(saved[r], 2) if saved else None,
                        "regret_eur": round(regret[r], 2) if regret else None,
                        "undelivered": own.undelivered[r],
                    }
                )
    pq.write_table(pa.Table.from_pylist(written, schema=SCHEMA), folder / FILE, compression="zstd", version="2.6")
