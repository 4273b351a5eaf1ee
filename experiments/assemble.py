"""From checked tables to a region: rules between rows and tables, then the values of `logistics`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.columns import Words, clock_text, nearest
from experiments.tables import TABLES, CheckedTable, rows_of
from experiments.tariff_rows import build_tariffs
from logistics.fleet import Body, CallUp, Carrier, OperatingCosts, VehicleType
from logistics.hubs import Hub, HubCosts
from logistics.network import Network, great_circle_network
from logistics.region import Region
from logistics.shipments import Temperature
from logistics.sites import OpeningHours, Site, SiteKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from experiments.problems import ProblemList
    from experiments.settings import ScenarioSettings

OWNER_EXPECTED = "an owner of orders, or a factory of the table sites"
# None stands for a table that is there but cannot be used, so that nothing is held against it.
Tables = Mapping[str, CheckedTable | None]


def reference(
    tables: Tables, table: str, column: str, known: Collection[str] | None, what: str, problems: ProblemList
) -> None:
    """Check that every name in a column is known; empty cells pass, and all do where nothing is known (``None``)."""
    checked = tables.get(table)
    if checked is None or known is None:
        return
    cells = checked.frame[column]
    if isinstance(TABLES[table].column(column).kind, Words):
        cells = cells.explode()
        cells = cells[cells.notna()]
    unknown = cells[(cells != "") & ~cells.isin(list(known))]
    words = unknown.tolist()
    problems.add_cells(
        checked.file,
        column,
        unknown.index.to_numpy(),
        words.__getitem__,
        lambda i: f"{what}{nearest(words[i], list(known))}",
        word=checked.word,
    )


def names_in(tables: Tables, table: str, column: str) -> set[str] | None:
    """Names that a table lists: none where it is missing, ``None`` where it cannot be used."""
    checked = tables.get(table)
    if checked is None:
        return None if table in tables else set()
    return set(checked.frame[column]) - {""} if checked.complete else None


def unique(table: CheckedTable, columns: list[str], problems: ProblemList) -> None:
    """Check that no two rows agree in some columns, naming the earlier line with each later one."""
    # Empty cells are a problem of their own.
    frame = table.frame[table.frame[columns[0]] != ""]
    later = frame.duplicated(columns)
    if not later.any():
        return
    clashing = frame.loc[frame.duplicated(columns, keep=False), columns]
    first = clashing.groupby(columns, sort=False, dropna=False)[columns[0]].transform(lambda s: s.index[0])
    late = clashing[clashing.duplicated(columns)]
    earlier = first[clashing.duplicated(columns)].tolist()
    words = [" ".join(map(_plain, row)) for row in late.head(1000).itertuples(index=False)]
    problems.add_cells(
        table.file,
        columns[0] if len(columns) == 1 else ", ".join(columns),
        late.index.to_numpy(),
        lambda i: f"{words[i]} again",
        lambda i: f"each once (it is on {table.word} {earlier[i]} already)",
        word=table.word,
    )


def _plain(value: object) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


def rule(
    table: CheckedTable,
    broken: NDArray[np.bool_] | pd.Series,
    column: str,
    value: Callable[[Any], object],
    expected: Callable[[Any], str],
    problems: ProblemList,
) -> None:
    """Note a problem for each row that breaks a rule; ``value`` and ``expected`` are told the row."""
    rows = table.frame[np.asarray(broken, dtype=bool)]
    problems.add_cells(
        table.file,
        column,
        rows.index.to_numpy(),
        lambda i: value(rows.iloc[i]),
        lambda i: expected(rows.iloc[i]),
        word=table.word,
    )


def build_sites(table: CheckedTable | None, settings: ScenarioSettings, problems: ProblemList) -> dict[str, Site]:
    """Build the sites."""
    if table is None:
        return {}
    unique(table, ["site"], problems)
    frame = table.frame
    half = frame["opens"].isna() != frame["closes"].isna()
    rule(table, half, "opens", lambda r: "given alone" if r["closes"] is None else "empty", _both, problems)
    opens, closes = frame["opens"].astype(float), frame["closes"].astype(float)
    rule(table, closes <= opens, "closes", lambda r: clock_text(r["closes"]), _after_opening, problems)
    twice = frame["gln"].notna() & frame["gln"].duplicated()
    rule(table, twice, "gln", lambda r: f"{r['gln']} again", lambda _: "a GLN of its own for each site", problems)
    if problems.count(table.file):
        return {}
    sites = {}
    for row in rows_of(table):
        opening = None if row.opens is None else OpeningHours(int(row.opens), int(row.closes), row.open_days)
        if opening is None and len(row.open_days) < 7:
            opening = OpeningHours(0, 1440, row.open_days)
        sites[row.site] = Site(
            row.site,
            SiteKind(row.kind),
            row.lat,
            row.lon,
            row.name,
            row.zone,
            row.gln,
            row.time_zone or settings.time_zone,
            opening,
        )
    return sites


def _both(row: Any) -> str:
    return "both opens and closes, or neither"


def _after_opening(row: Any) -> str:
    return f"after opens ({clock_text(row['opens'])})"


def build_network(
    tables: Tables, sites: Mapping[str, Site], settings: ScenarioSettings, problems: ProblemList
) -> Network | None:
    """Build the network from coordinates or from the table of distances."""
    table = tables.get("distances")
    if settings.network.mode == "great_circle":
        if table is not None and len(table.frame):
            expected = '[network] mode = "table" in scenario.toml, or no such table'
            problems.add(table.file, "", 'there with mode = "great_circle"', expected)
        return great_circle_network(list(sites.values()), settings.network.circuity, settings.network.speed_kmh)
    if table is None:
        if "distances" in tables:
            return None
        problems.add("distances.csv", "", "missing", 'a table, as [network] mode is "table"')
        return None
    unique(table, ["from_site", "to_site"], problems)
    reference(tables, "distances", "from_site", sites, "a site of the table sites", problems)
    reference(tables, "distances", "to_site", sites, "a site of the table sites", problems)
    loops = (table.frame["from_site"] == table.frame["to_site"]) & (table.frame["distance_km"] > 0)
    rule(table, loops, "distance_km", lambda r: r["distance_km"], lambda _: "0 from a site to itself", problems)
    if problems.count(table.file):
        return None
    ids = tuple(sites)
    place = {site: i for i, site in enumerate(ids)}
    km = np.full((len(ids), len(ids)), np.nan)
    minutes = km.copy()
    rows, columns = table.frame["from_site"].map(place).to_numpy(int), table.frame["to_site"].map(place).to_numpy(int)
    km[rows, columns] = table.frame["distance_km"]
    minutes[rows, columns] = table.frame["duration_min"]
    np.fill_diagonal(km, 0.0)
    np.fill_diagonal(minutes, 0.0)
    gaps = np.argwhere(np.isnan(km))
    if len(gaps):
        named = ", ".join(f"{ids[a]} to {ids[b]}" for a, b in gaps[:10])
        more = f" and {len(gaps) - 10:,} more" if len(gaps) > 10 else ""
        problems.add(table.file, "", f"without {len(gaps):,} pairs", f"every pair of sites; missing: {named}{more}")
        return None
    return Network(ids, km, minutes)


def build_region(tables: Tables, settings: ScenarioSettings, problems: ProblemList) -> Region | None:
    """Build the region; ``None`` if something of it is wrong."""
    sites = build_sites(tables.get("sites"), settings, problems)
    carriers = _carriers(tables.get("carriers"), problems)
    for table, column, other, key in (
        ("vehicles", "base", "sites", "site"),
        ("vehicles", "carrier", "carriers", "carrier"),
        ("hubs", "site", "sites", "site"),
        ("tariffs", "vehicle", "vehicles", "vehicle"),
        ("tariffs", "carrier", "carriers", "carrier"),
    ):
        known = names_in(tables, other, key)
        reference(tables, table, column, known, f"a {key} of the table {other}", problems)
    reference(tables, "tariffs", "owner", owner_names(tables), OWNER_EXPECTED, problems)
    vehicles, costs, call_ups = _vehicles(tables.get("vehicles"), problems)
    hubs, hub_costs = _hubs(tables.get("hubs"), sites, problems)
    carrier_of = {v.id: v.carrier for v in vehicles.values()}
    tariffs, incumbents = build_tariffs(tables.get("tariffs"), carrier_of, problems)
    network = build_network(tables, sites, settings, problems)
    if problems.count() or network is None:
        return None
    return Region(sites, network, carriers, vehicles, costs, hubs, hub_costs, tariffs, incumbents, call_ups)


def owner_names(tables: Tables) -> set[str] | None:
    """Names that may own shipments: owners of orders, and factories."""
    owners, places = names_in(tables, "orders", "owner"), names_in(tables, "sites", "site")
    if owners is None or places is None:
        return None
    sites = tables.get("sites")
    if sites is not None:
        owners |= set(sites.frame.loc[sites.frame["kind"] == SiteKind.FACTORY, "site"])
    return owners


def _carriers(table: CheckedTable | None, problems: ProblemList) -> dict[str, Carrier]:
    if table is None:
        return {}
    unique(table, ["carrier"], problems)
    return {r.carrier: Carrier(r.carrier, r.name, r.certificates) for r in rows_of(table)}


def _vehicles(
    table: CheckedTable | None, problems: ProblemList
) -> tuple[dict[str, VehicleType], dict[str, OperatingCosts], dict[str, CallUp]]:
    if table is None:
        return {}, {}, {}
    unique(table, ["vehicle"], problems)
    closed = table.frame["shift_closes"].astype(float) <= table.frame["shift_opens"].astype(float)
    after = "after shift_opens ({}); 06:00 of the next day is 30:00"
    rule(
        table,
        closed,
        "shift_closes",
        lambda r: clock_text(r["shift_closes"]),
        lambda r: after.format(clock_text(r["shift_opens"])),
        problems,
    )
    _ahead(table, ("fixed_eur", "spot_fixed_eur", "release_eur"), problems)
    if problems.count(table.file):
        return {}, {}, {}
    vehicles: dict[str, VehicleType] = {}
    costs: dict[str, OperatingCosts] = {}
    call_ups: dict[str, CallUp] = {}
    for r in rows_of(table):
        vehicles[r.vehicle] = VehicleType(
            id=r.vehicle,
            carrier=r.carrier,
            body=Body(r.body),
            base=r.base,
            count=int(r.count),
            capacity_pallets=r.capacity_pallets,
            capacity_kg=r.capacity_kg,
            capacity_m3=r.capacity_m3,
            shift_open_min=r.shift_opens,
            shift_close_min=r.shift_closes,
            max_shift_min=_number(r.max_shift_min),
            speed_kmh=_number(r.speed_kmh),
            emission_class=r.emission_class,
            temperatures=frozenset(map(Temperature, r.temperatures)),
        )
        costs[r.vehicle] = OperatingCosts(r.fixed_eur, r.per_km_eur, r.per_hour_eur, r.toll_eur_per_km)
        spot = _number(r.spot_fixed_eur)
        if spot is not None or r.release_eur:
            call_ups[r.vehicle] = CallUp(r.fixed_eur if spot is None else spot, r.release_eur)
    return vehicles, costs, call_ups


def _ahead(table: CheckedTable, columns: tuple[str, str, str], problems: ProblemList) -> None:
    """Check what capacity costs on the day and what unused capacity is worth against its cost when reserved ahead."""
    reserved, spot, release = columns
    frame = table.frame
    rule(
        table,
        frame[spot] < frame[reserved],
        spot,
        lambda r: r[spot],
        lambda r: f"at least {reserved} ({r[reserved]:g}), what it costs when it is reserved ahead",
        problems,
    )
    rule(
        table,
        (frame[release] > 0) & (frame[release] >= frame[reserved]),
        release,
        lambda r: r[release],
        lambda r: f"less than {reserved} ({r[reserved]:g}): unused capacity is worth less than it cost",
        problems,
    )


def _hubs(
    table: CheckedTable | None, sites: Mapping[str, Site], problems: ProblemList
) -> tuple[dict[str, Hub], dict[str, HubCosts]]:
    if table is None:
        return {}, {}
    unique(table, ["hub"], problems)
    unique(table, ["site"], problems)
    not_hub = [s in sites and sites[s].kind is not SiteKind.HUB for s in table.frame["site"]]
    rule(
        table,
        np.array(not_hub, dtype=bool),
        "site",
        lambda r: f"{r['site']}, a {sites[r['site']].kind}",
        lambda _: "a site of kind hub",
        problems,
    )
    _ahead(table, ("slot_eur", "spot_slot_eur", "release_slot_eur"), problems)
    if problems.count(table.file):
        return {}, {}
    hubs, costs = {}, {}
    for r in rows_of(table):
        slots = int(r.dock_slots_per_hour)
        hubs[r.hub] = Hub(r.hub, r.site, slots, r.handling_min_per_pallet, r.min_handling_min, r.cutoff)
        costs[r.hub] = HubCosts(
            r.handling_eur_per_pallet,
            r.slot_eur,
            r.storage_eur_per_pallet_hour,
            _number(r.spot_slot_eur),
            r.release_slot_eur,
        )
    return hubs, costs


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
