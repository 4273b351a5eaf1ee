"""Reading results folders: what a report needs and no more; what is missing is left out."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.problems import ProblemList, problem_error
from experiments.result_schemas import SCHEMAS
from experiments.settings import read_settings
from experiments.tables import TABLES, find_tables, read_table, rows_of
from groupage.errors import InputError
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

Row = Mapping[str, Any]

_TABLES = ("days", "loads", "stops", "shares", "costs", "shipments", "bookings", "transfers")
_COMPARISON = "comparison.json"
_SUMMARY = "summary.json"
_WANTED = "a results folder written by `groupage run` or `groupage compare`"


@dataclass(frozen=True, slots=True)
class Place:
    """A site as the report needs it."""

    id: str
    kind: SiteKind
    name: str
    lat: float
    lon: float


@dataclass(frozen=True)
class Setting:
    """The scenario behind a run: what can be told of it.

    Attributes
    ----------
    facts
        Counts by plain name (for one, for many), in order.
    names
        Longer names of participants, where they differ from their ids.
    origins
        Sites where each shipment's goods are ready.
    planar
        Distances come from a table, so that coordinates may be a drawing and not a map.
    """

    name: str = ""
    description: str = ""
    time_zone: str = "UTC"
    places: Mapping[str, Place] = field(default_factory=dict)
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    planar: bool = False


@dataclass(frozen=True)
class RunFiles:
    """One run's folder.

    Attributes
    ----------
    disclosed
        Private figures that left a participant, by sender and topic.
    """

    summary: Row
    config: Row
    tables: Mapping[str, Sequence[Row]]
    disclosed: Mapping[tuple[str, str], int]
    setting: Setting

    def rows(self, table: str, scope: str | None = None) -> list[Row]:
        """Rows of a table, of one scope where asked."""
        return [r for r in self.tables.get(table, ()) if scope is None or r["scope"] == scope]

    @property
    def days(self) -> list[date]:
        """Days that anything is known of, in order."""
        known = {r["day"] for name in ("days", "costs", "shipments") for r in self.tables.get(name, ())}
        return sorted(d for d in known if d is not None)

    @property
    def policy(self) -> Row:
        """The policy as configured; empty where it is not known."""
        found = self.config.get("policy", {})
        return found if isinstance(found, Mapping) else {"name": str(found)}

    @property
    def policy_name(self) -> str:
        """Name of the policy."""
        return str(self.policy.get("name") or self.summary.get("policy") or "")

    @property
    def protocol(self) -> str:
        """Name of the policy's protocol."""
        return choice_name(self.policy.get("protocol")) or self.policy_name


@dataclass(frozen=True)
class ComparisonFiles:
    """Several policies on one scenario.

    Attributes
    ----------
    runs
        By policy, the first replication.
    """

    comparison: Row
    runs: Mapping[str, RunFiles]
    setting: Setting


def choice_name(choice: Any) -> str:
    """Name of a strategy, given by name or as a table with its parameters."""
    return str(choice.get("name", "")) if isinstance(choice, Mapping) else str(choice or "")


def read_results(folder: Path) -> RunFiles | ComparisonFiles:
    """Read a run or a comparison.

    Raises
    ------
    InputError
        If the folder is neither, or a file of it cannot be read.
    """
    if (folder / _COMPARISON).is_file():
        comparison = _json(folder / _COMPARISON)
        setting = _setting(folder / "scenario")
        named = [str(p) for p in comparison.get("policies") or ()]
        runs = {p: _run(path, setting) for p in named if (path := folder / "runs" / p).is_dir() and _is_run(path)}
        return ComparisonFiles(comparison, runs, setting)
    if not _is_run(folder):
        raise problem_error(str(folder), "", "not a results folder" if folder.is_dir() else "missing", _WANTED)
    # A run of a comparison has its scenario there.
    above = next((p for p in folder.resolve().parents[:3] if (p / _COMPARISON).is_file()), None)
    return _run(folder, _setting(above / "scenario") if above else Setting())


def _is_run(folder: Path) -> bool:
    return (folder / _SUMMARY).is_file() or (folder / "days.parquet").is_file()


def _run(folder: Path, fallback: Setting) -> RunFiles:
    scenario = folder / "scenario"
    summary = _json(folder / _SUMMARY) if (folder / _SUMMARY).is_file() else {}
    config = _toml(folder / "config.toml") if (folder / "config.toml").is_file() else {}
    tables = {name: _table(folder, name).to_pylist() for name in _TABLES}
    setting = _setting(scenario) if scenario.is_dir() else fallback
    if config.get("replication"):
        # Later replications draw other orders than the scenario's own.
        setting = replace(setting, origins={})
    return RunFiles(summary, config, tables, _disclosed(folder), setting)


def _json(path: Path) -> Row:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise problem_error(str(path), "", f"unreadable ({error})", _WANTED) from error
    if not isinstance(found, dict):
        raise problem_error(str(path), "", "not an object", _WANTED)
    return found


def _toml(path: Path) -> Row:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise problem_error(str(path), "", f"unreadable ({error})", _WANTED) from error


def _table(folder: Path, name: str, without: frozenset[str] = frozenset()) -> pa.Table:
    """Read a table by the columns that it has; the others are empty, as is a table that is missing."""
    schema = pa.schema([f for f in SCHEMAS[name] if f.name not in without])
    path = folder / f"{name}.parquet"
    if not path.is_file():
        return schema.empty_table()
    try:
        with pq.ParquetFile(path) as file:
            there = [n for n in schema.names if n in file.schema_arrow.names]
            table = file.read(columns=there)
        columns = [table[f.name].cast(f.type) if f.name in there else pa.nulls(table.num_rows, f.type) for f in schema]
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise problem_error(str(path), "", f"unreadable ({error})", _WANTED) from error
    return pa.table(columns, schema=schema)


def _disclosed(folder: Path) -> dict[tuple[str, str], int]:
    # Bodies are most of the file, and nothing here looks into them.
    messages = _table(folder, "messages", frozenset({"body"}))
    sums = messages.group_by(["sender", "topic"]).aggregate([("private_figures", "sum")])
    counted = {(r["sender"] or "", r["topic"] or ""): r["private_figures_sum"] or 0 for r in sums.to_pylist()}
    return {key: counted[key] for key in sorted(counted) if counted[key]}


def _setting(folder: Path) -> Setting:
    """Read of a scenario what can be read; its own check has judged it before the run."""
    if not folder.is_dir():
        return Setting()
    try:
        settings = read_settings(folder)
    except InputError:
        return Setting()
    problems = ProblemList()
    paths = find_tables(folder, problems)
    zone = ZoneInfo(settings.time_zone)
    frames = {
        name: table
        for name in ("sites", "carriers", "vehicles", "hubs", "orders")
        if name in paths and (table := read_table(paths[name], TABLES[name], zone, problems)) is not None
    }
    rows: dict[str, list[Any]] = {n: list(rows_of(frames[n])) if n in frames else [] for n in TABLES}
    places = {
        str(r.site): Place(str(r.site), SiteKind(r.kind), str(r.name or ""), float(r.lat), float(r.lon))
        for r in rows["sites"]
        if r.kind and r.lat == r.lat and r.lon == r.lon
    }
    names = {i: p.name for i, p in places.items() if p.name}
    names |= {str(r.carrier): str(r.name) for r in rows["carriers"] if r.name}
    names |= {str(r.hub): names[r.site] for r in rows["hubs"] if r.site in names}
    kinds = [p.kind for p in places.values()]
    facts = {
        ("factory", "factories"): kinds.count(SiteKind.FACTORY),
        ("owner of shipments", "owners of shipments"): len({r.owner for r in rows["orders"]}),
        ("client", "clients"): kinds.count(SiteKind.CLIENT),
        ("hub", "hubs"): len(rows["hubs"]),
        ("carrier", "carriers"): len(rows["carriers"]),
        ("vehicle", "vehicles"): sum(int(r.count) for r in rows["vehicles"]),
        ("order", "orders"): len(rows["orders"]),
        ("planning day", "planning days"): settings.days,
    }
    return Setting(
        name=settings.name,
        description=settings.description,
        time_zone=settings.time_zone,
        places=dict(sorted(places.items())),
        origins={str(r.shipment): tuple(map(str, r.origins or ())) for r in rows["orders"]},
        names={k: v for k, v in sorted(names.items()) if v != k},
        facts=facts,
        planar=settings.network.mode == "table",
    )
