"""The tables of a scenario, declared column by column, and their reading with every problem found at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments.columns import (
    CERTIFICATES,
    CLOCK,
    FLAG,
    GLN,
    OPENING,
    TIME_ZONE,
    WEEKDAY_SET,
    Column,
    Day,
    Number,
    OneOf,
    Text,
    Timestamp,
    Words,
    nearest,
)
from experiments.table_files import Block, Source, frame_source, open_table
from logistics.compliance import ADR_LABELS
from logistics.emissions import emission_factors
from logistics.fleet import Body
from logistics.shipments import Temperature
from logistics.sites import MINUTES_PER_DAY, SiteKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from experiments.problems import ProblemList

SUFFIXES = (".csv", ".parquet")

_NAME = Text(name=True)
_TEXT = Text()
_POSITIVE = Number(above=0)
_AMOUNT = Number(least=0)
_COUNT = Number(least=0, whole=True)
# Classes with a factor per vehicle-km.
EMISSION_CLASSES = tuple(name for name, f in emission_factors().items() if not math.isnan(f.empty.ttw_kgco2e))
_TEMPERATURE = OneOf(tuple(Temperature))


def _optional(name: str, kind: Any, default: Any = None) -> Column:
    return Column(name, kind, needed=False, default=default)


@dataclass(frozen=True)
class TableSpec:
    """What a table must look like.

    Attributes
    ----------
    needed
        The table must be there (it may be empty all the same).
    max_rows
        More are refused: a run holds the whole scenario in memory.
    """

    name: str
    columns: tuple[Column, ...]
    needed: bool
    max_rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(c for c in self.columns if c.name == name)


SITES = TableSpec(
    "sites",
    (
        Column("site", _NAME),
        Column("kind", OneOf(tuple(SiteKind))),
        _optional("name", _TEXT),
        Column("lat", Number(least=-90, most=90)),
        Column("lon", Number(least=-180, most=180)),
        _optional("zone", _NAME),
        _optional("gln", GLN),
        _optional("time_zone", TIME_ZONE),
        _optional("opens", OPENING),
        _optional("closes", OPENING),
        _optional("open_days", WEEKDAY_SET),
    ),
    needed=True,
    max_rows=100_000,
)
CARRIERS = TableSpec(
    "carriers",
    (Column("carrier", _NAME), _optional("name", _TEXT), _optional("certificates", CERTIFICATES)),
    needed=False,
    max_rows=10_000,
)
VEHICLES = TableSpec(
    "vehicles",
    (
        Column("vehicle", _NAME),
        Column("carrier", _NAME),
        Column("body", OneOf(tuple(Body))),
        Column("base", _NAME),
        Column("count", Number(least=1, whole=True)),
        Column("capacity_pallets", _POSITIVE),
        Column("capacity_kg", _POSITIVE),
        Column("capacity_m3", _POSITIVE),
        _optional("fixed_eur", _AMOUNT, 0.0),
        _optional("per_km_eur", _AMOUNT, 0.0),
        _optional("per_hour_eur", _AMOUNT, 0.0),
        _optional("toll_eur_per_km", _AMOUNT, 0.0),
        _optional("spot_fixed_eur", _AMOUNT),
        _optional("release_eur", _AMOUNT, 0.0),
        _optional("shift_opens", CLOCK, 0.0),
        _optional("shift_closes", CLOCK, float(MINUTES_PER_DAY)),
        _optional("max_shift_min", _POSITIVE),
        _optional("speed_kmh", _POSITIVE),
        _optional("emission_class", OneOf(EMISSION_CLASSES)),
        _optional(
            "temperatures", Words(frozenset(Temperature), "the temperature regimes"), (str(Temperature.AMBIENT),)
        ),
    ),
    needed=False,
    max_rows=10_000,
)
HUBS = TableSpec(
    "hubs",
    (
        Column("hub", _NAME),
        Column("site", _NAME),
        _optional("handling_eur_per_pallet", _AMOUNT, 0.0),
        _optional("slot_eur", _AMOUNT, 0.0),
        _optional("storage_eur_per_pallet_hour", _AMOUNT, 0.0),
        _optional("spot_slot_eur", _AMOUNT),
        _optional("release_slot_eur", _AMOUNT, 0.0),
        Column("dock_slots_per_hour", Number(least=1, whole=True)),
        _optional("handling_min_per_pallet", _AMOUNT, 2.0),
        _optional("min_handling_min", _AMOUNT, 30.0),
        _optional("cutoff", OPENING),
    ),
    needed=False,
    max_rows=10_000,
)
ORDERS = TableSpec(
    "orders",
    (
        Column("shipment", _NAME),
        Column("owner", _NAME),
        Column("origins", Words(ordered=True)),
        Column("destination", _NAME),
        Column("pallets", _POSITIVE),
        Column("weight_kg", _POSITIVE),
        _optional("volume_m3", _AMOUNT, 0.0),
        Column("released_at", Timestamp()),
        Column("ready_at", Timestamp()),
        _optional("pickup_until", Timestamp()),
        Column("window_open", Timestamp()),
        Column("window_close", Timestamp()),
        _optional("due_at", Timestamp()),
        _optional("loading_min", _AMOUNT, 0.0),
        _optional("unloading_min", _AMOUNT, 0.0),
        _optional("adr_labels", Words(frozenset(ADR_LABELS), "the danger labels of ADR 5.2.2")),
        _optional("temperature", _TEMPERATURE, str(Temperature.AMBIENT)),
        _optional("certificates", Words()),
        _optional("product", _NAME),
        _optional("freight_payer", _NAME),
        _optional("lateness_eur_per_hour", _AMOUNT, 0.0),
        _optional("line_stop_eur", _AMOUNT, 0.0),
        _optional("line_stop_at", Timestamp()),
        _optional("holding_eur_per_pallet_day", _AMOUNT, 0.0),
        _optional("paid_eur", _AMOUNT),
    ),
    needed=True,
    max_rows=200_000,
)
DEMAND = TableSpec(
    "demand",
    (
        Column("owner", _NAME),
        Column("zone", _NAME),
        _optional("product", _NAME),
        Column("day", Day()),
        Column("pallets", _AMOUNT),
        _optional("promotion", FLAG, 0.0),
    ),
    needed=False,
    max_rows=2_000_000,
)
TARIFF_KINDS = ("groupage", "dedicated", "contract")
TARIFFS = TableSpec(
    "tariffs",
    (
        Column("tariff", _NAME),
        Column("kind", OneOf(TARIFF_KINDS)),
        _optional("carrier", _NAME),
        _optional("owner", _NAME),
        _optional("from_zone", _NAME),
        _optional("to_zone", _NAME),
        _optional("up_to_pallets", _POSITIVE),
        _optional("up_to_kg", _POSITIVE),
        _optional("price_eur", _AMOUNT),
        _optional("minimum_eur", _AMOUNT),
        _optional("fuel_surcharge_percent", _AMOUNT),
        _optional("vehicle", _NAME),
        _optional("fixed_eur", _AMOUNT),
        _optional("per_km_eur", _AMOUNT),
        _optional("per_hour_eur", _AMOUNT),
        _optional("toll_eur_per_km", _AMOUNT),
        _optional("committed_vehicles", _COUNT),
        _optional("max_vehicles", Number(least=1, whole=True)),
        _optional("margin_percent", Number(least=0, most=100)),
    ),
    needed=False,
    max_rows=200_000,
)
DISTANCES = TableSpec(
    "distances",
    (
        Column("from_site", _NAME),
        Column("to_site", _NAME),
        Column("distance_km", _AMOUNT),
        Column("duration_min", _AMOUNT),
    ),
    needed=False,
    max_rows=4_000_000,
)
TABLES: Mapping[str, TableSpec] = {
    t.name: t for t in (SITES, CARRIERS, VEHICLES, HUBS, ORDERS, DEMAND, TARIFFS, DISTANCES)
}


@dataclass(frozen=True)
class CheckedTable:
    """A table whose cells were read; rows with a wrong cell are there too, with nothing in that cell.

    Attributes
    ----------
    file
        As named in problems.
    frame
        A typed column per declared column; the index is the line or row in the file.
    complete
        All rows are in ``frame`` (there were not too many).
    """

    file: str
    word: str
    frame: pd.DataFrame
    complete: bool = True


def find_tables(folder: Path, problems: ProblemList) -> dict[str, Path]:
    """Find the file of each table; noted: tables that are missing, there twice, or unknown."""
    found: dict[str, Path] = {}
    for name, spec in TABLES.items():
        there = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()]
        if len(there) > 1:
            problems.add(f"{name}.csv", "", f"there beside {name}.parquet", "one of the two")
        elif there:
            found[name] = there[0]
        elif spec.needed:
            problems.add(f"{name}.csv", "", "missing", f"{name}.csv or {name}.parquet in the scenario's folder")
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and path.stem not in TABLES:
            near = nearest(path.stem, TABLES)
            problems.add(path.name, "", "not a table of a scenario", f"one of {', '.join(TABLES)}{near}")
    return found


def read_table(path: Path, spec: TableSpec, zone: ZoneInfo, problems: ProblemList) -> CheckedTable | None:
    """Read and check one table file; ``None`` if nothing of it can be used."""
    source = open_table(path, problems)
    return None if source is None else check_source(source, spec, zone, problems)


def check_frame(frame: pd.DataFrame, spec: TableSpec, zone: ZoneInfo, problems: ProblemList) -> CheckedTable | None:
    """Check a table in memory, by the same rules as a file."""
    return check_source(frame_source(spec.name, frame), spec, zone, problems)


def check_source(source: Source, spec: TableSpec, zone: ZoneInfo, problems: ProblemList) -> CheckedTable | None:
    """Check columns and cells of an opened table, block by block."""
    if not _header_fits(source, spec, problems):
        return None
    kept: list[pd.DataFrame] = []
    rows = 0
    for block in source.blocks:
        rows += len(block.lines)
        typed = _typed(block, source, spec, zone, problems)
        problems.close_block(source.file)
        if rows <= spec.max_rows:
            kept.append(typed)
        else:
            kept.clear()
    if rows > spec.max_rows:
        limit = f"at most {spec.max_rows:,} (a run holds the whole scenario in memory); split it by time or region"
        problems.add(source.file, "", f"a table of {rows:,} rows", limit)
    frame = pd.concat(kept) if kept else _typed(_no_rows(source), source, spec, zone, problems)
    return CheckedTable(source.file, source.word, frame, complete=rows <= spec.max_rows)


def _no_rows(source: Source) -> Block:
    return Block(np.empty(0, dtype=np.int64), {n: pa.array([], pa.string()) for n in source.header})


def _header_fits(source: Source, spec: TableSpec, problems: ProblemList) -> bool:
    before = problems.count(source.file)
    place = 1 if source.word == "line" else 0
    missing = [c.name for c in spec.columns if c.needed and c.name not in source.header]
    for name in dict.fromkeys(source.header):
        if source.header.count(name) > 1:
            problems.add(source.file, name or "(no name)", "a column named twice", "each column once", line=place)
        elif name not in spec.names:
            near = nearest(name, spec.names)
            wanted = f"one of {', '.join(spec.names)}" if not near else f"a column of {spec.name}{near}"
            problems.add(source.file, name or "(no name)", "an unknown column", wanted, line=place)
    for name in missing:
        problems.add(source.file, name, "missing", f"a column {name}", line=place)
    return problems.count(source.file) == before


def _typed(block: Block, source: Source, spec: TableSpec, zone: ZoneInfo, problems: ProblemList) -> pd.DataFrame:
    columns = {}
    for column in spec.columns:
        texts = block.columns.get(column.name)
        if texts is None:
            texts = pa.nulls(len(block.lines), pa.string())
        columns[column.name] = _typed_cells(texts, column, block.lines, source, zone, problems)
    return pd.DataFrame(columns, index=pd.Index(block.lines, name=source.word))


def _typed_cells(
    texts: pa.Array, column: Column, lines: NDArray[np.int64], source: Source, zone: ZoneInfo, problems: ProblemList
) -> Any:
    encoded = pc.dictionary_encode(texts)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.intp)
    distinct = encoded.dictionary
    values, wrong = column.kind.parse(distinct, zone)
    filled = codes >= 0
    bad = np.flatnonzero(filled & np.append(wrong, False)[codes])
    if len(bad):
        words = [distinct[int(codes[i])].as_py() for i in bad[:1000]]
        problems.add_cells(
            source.file,
            column.name,
            lines[bad],
            words.__getitem__,
            lambda i: column.kind.expected(words[i]),
            word=source.word,
        )
    if column.needed and not filled.all():
        gaps = lines[~filled]
        problems.add_cells(
            source.file, column.name, gaps, lambda _: "empty", lambda _: _filled(column), word=source.word
        )
    return _spread(values, codes, column)


def _filled(column: Column) -> str:
    return column.kind.expected("") if not isinstance(column.kind, Text) else "a name"


def _spread(values: Any, codes: NDArray[np.intp], column: Column) -> Any:
    """Give each row the value of its distinct text, or the column's value for nothing."""
    if isinstance(values, np.ndarray) and values.dtype == object:
        pool = np.empty(len(values) + 1, dtype=object)
        pool[:-1] = values
        pool[-1] = column.empty
        return pool[codes]
    if isinstance(values, np.ndarray):
        return np.append(values, column.empty)[codes]
    return pd.api.extensions.take(values, codes, allow_fill=True)


def rows_of(table: CheckedTable) -> Iterator[Any]:
    """Go through the rows of a (small) table as named tuples, with the line first as ``Index``."""
    return iter(table.frame.itertuples(name="Row"))
