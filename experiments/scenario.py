"""A scenario: a region, its orders and its demand, read from a folder of settings and tables."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from agents.messages import COORDINATOR
from experiments.assemble import Tables, build_region, rule
from experiments.columns import read_weekdays
from experiments.order_rows import build_demand, build_shipments
from experiments.problems import ProblemList, problem_error
from experiments.scenario_warnings import scenario_warnings
from experiments.settings import SETTINGS_FILE, ScenarioSettings, read_settings, settings_toml
from experiments.table_files import csv_bytes
from experiments.tables import TABLES, check_frame, find_tables, read_table
from groupage.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logistics.region import Region
    from logistics.shipments import Shipment

__all__ = [
    "PlanningDay",
    "Scenario",
    "load_scenario",
    "planning_days",
    "scenario_from_tables",
    "scenario_warnings",
    "tables_digest",
    "write_scenario",
]


@dataclass(frozen=True, slots=True)
class PlanningDay:
    """A day on which a plan is made.

    Attributes
    ----------
    index
        0 for the first planning day.
    start
        Local midnight, in UTC; minute 0 of the day's plans.
    """

    index: int
    date: date
    start: datetime


@dataclass(frozen=True, eq=False)
class Scenario:
    """Everything a run needs, as the laboratory's operator sees it.

    Attributes
    ----------
    shipments
        With their owners' stakes, in the order of release.
    history
        Demand known when the first planning day begins: long frame ``unique_id, ds, y, promotion``, a row per series
        and day, ``unique_id`` being ``owner|zone|product``, ``ds`` local days without a zone, ``y`` in pallets.
    demand_future
        The same for the first planning day and later. ``promotion`` is known ahead; ``y`` is for `demand_before` and
        for the oracle alone.
    digest
        SHA-256 over the contents of all files.
    tables_sha256
        The same over the tables alone.
    """

    name: str
    settings: ScenarioSettings
    region: Region = field(repr=False)
    shipments: tuple[Shipment, ...] = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    demand_future: pd.DataFrame = field(repr=False)
    digest: str = ""
    tables_sha256: str = ""
    _days: tuple[PlanningDay, ...] = field(init=False, repr=False)
    _by_day: tuple[tuple[Shipment, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        days = planning_days(self)
        object.__setattr__(self, "_days", days)
        zone = ZoneInfo(self.settings.time_zone)
        dates = [day.date for day in days]
        by_day: list[list[Shipment]] = [[] for _ in days]
        for shipment in self.shipments:
            place = bisect_left(dates, shipment.released_at.astimezone(zone).date())
            if place < len(days):
                by_day[place].append(shipment)
        object.__setattr__(self, "_by_day", tuple(map(tuple, by_day)))

    @property
    def days(self) -> tuple[PlanningDay, ...]:
        """The planning days, in order."""
        return self._days

    def releases_on(self, day: PlanningDay) -> tuple[Shipment, ...]:
        """Shipments that come on the table on a planning day.

        Those released after the local date of the planning day before, up to this date's end; on the first day also
        all released earlier. What is released after the last planning day never comes up.
        """
        return self._by_day[day.index]

    def demand_before(self, day: date) -> pd.DataFrame:
        """All demand of the days before a day: what is known when it begins."""
        known = self.demand_future[self.demand_future["ds"] < pd.Timestamp(day)]
        return pd.concat([self.history, known], ignore_index=True).sort_values(
            ["unique_id", "ds"], kind="stable", ignore_index=True
        )

    @property
    def promotions_ahead(self) -> pd.DataFrame:
        """Promotions from the first planning day on (``unique_id, ds, promotion``), which owners know ahead."""
        return self.demand_future[["unique_id", "ds", "promotion"]]

    @property
    def owners(self) -> tuple[str, ...]:
        """Who owns shipments, sorted."""
        return tuple(sorted({s.owner for s in self.shipments}))


def planning_days(scenario: Scenario | ScenarioSettings) -> tuple[PlanningDay, ...]:
    """Return the days on which plans are made: as many as the settings say, from the first, on planning weekdays."""
    settings = scenario.settings if isinstance(scenario, Scenario) else scenario
    weekdays = read_weekdays(settings.planning_weekdays)
    zone = ZoneInfo(settings.time_zone)
    days: list[PlanningDay] = []
    day = settings.start
    while len(days) < settings.days:
        if day.weekday() in weekdays:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            days.append(PlanningDay(len(days), day, midnight))
        day += timedelta(days=1)
    return tuple(days)


def load_scenario(folder: Path | str) -> Scenario:
    """Read a scenario's folder.

    Raises
    ------
    InputError
        With every problem of every file (the first fifty of each, and how many more there are).
    """
    folder = Path(folder)
    if not folder.is_dir():
        said = "a file" if folder.exists() else "missing"
        raise problem_error(str(folder), "", said, "the folder of a scenario, with scenario.toml and tables")
    problems = ProblemList()
    settings: ScenarioSettings | None = None
    try:
        settings = read_settings(folder)
    except InputError as error:
        for found in error.problems:
            problems.add_made(SETTINGS_FILE, found)
    zone = ZoneInfo(settings.time_zone if settings else "UTC")
    paths = find_tables(folder, problems)
    checked = {name: read_table(path, TABLES[name], zone, problems) for name, path in paths.items()}
    checked |= dict.fromkeys(spec.name for spec in TABLES.values() if spec.needed and spec.name not in paths)
    if settings is None:
        problems.raise_any()
        raise AssertionError("unreachable: unreadable settings are a problem")
    scenario = _assembled(settings, checked, problems)
    hashes = {path.name: _file_hash(path) for path in (folder / SETTINGS_FILE, *paths.values())}
    return _with_digests(scenario, hashes)


def scenario_from_tables(settings: ScenarioSettings, tables: Mapping[str, pd.DataFrame]) -> Scenario:
    """Make a scenario from tables in memory, by the same checks and with the same digest as from files."""
    problems = ProblemList()
    zone = ZoneInfo(settings.time_zone)
    checked = {name: check_frame(frame, TABLES[name], zone, problems) for name, frame in tables.items()}
    scenario = _assembled(settings, checked, problems)
    return _with_digests(scenario, {n: _hash(content) for n, content in _files(settings, tables).items()})


def write_scenario(folder: Path | str, settings: ScenarioSettings, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write settings and tables (as CSV) into a folder; an earlier scenario's files of the same names are replaced.

    Raises
    ------
    InputError
        If the folder cannot be written, holds tables that would not be replaced, or holds files and no scenario.
    """
    folder = Path(folder)
    files = _files(settings, tables)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = {f"{name}{suffix}" for name in TABLES for suffix in (".csv", ".parquet")}
        present = sorted(p.name for p in folder.iterdir())
        foreign = present if SETTINGS_FILE not in present else []
        strangers = foreign or [name for name in present if name in known and name not in files]
        if strangers:
            raise problem_error(str(folder), "", f"holds {', '.join(strangers[:5])}", "an empty folder, or a new one")
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise problem_error(str(folder), "", f"cannot be written ({error.strerror})", "a writable folder") from None


def tables_digest(tables: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over tables as they are written."""
    return _digest({f"{name}.csv": _hash(csv_bytes(frame)) for name, frame in tables.items()})


def _files(settings: ScenarioSettings, tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    files = {SETTINGS_FILE: settings_toml(settings).encode()}
    return files | {f"{name}.csv": csv_bytes(frame) for name, frame in tables.items()}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _digest(hashes: Mapping[str, str]) -> str:
    return _hash("".join(f"{name} {hashes[name]}\n" for name in sorted(hashes)).encode())


def _with_digests(scenario: Scenario, hashes: Mapping[str, str]) -> Scenario:
    tables = {name: value for name, value in hashes.items() if name != SETTINGS_FILE}
    return replace(scenario, digest=_digest(hashes), tables_sha256=_digest(tables))


def _assembled(settings: ScenarioSettings, tables: Tables, problems: ProblemList) -> Scenario:
    region = build_region(tables, settings, problems)
    shipments = build_shipments(tables, problems)
    history, future = build_demand(tables, settings, problems)
    _check_parties(tables, problems)
    problems.raise_any()
    if region is None:
        raise AssertionError("unreachable: a region that cannot be built is a problem")
    return Scenario(settings.name, settings, region, shipments, history, future)


def _check_parties(tables: Tables, problems: ProblemList) -> None:
    """Check that nobody answers to the coordinator's name; one party may be owner, carrier and hub at once."""
    for name, column in (("carriers", "carrier"), ("hubs", "hub"), ("orders", "owner")):
        table = tables.get(name)
        if table is not None:
            taken = table.frame[column] == COORDINATOR
            rule(table, taken, column, lambda r, c=column: r[c], lambda _: "another name", problems)  # type: ignore[misc]
