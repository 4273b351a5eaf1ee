"""A plain table of orders, as a firm's own system exports it, as a scenario with default carriers and prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from experiments.assemble import rule, unique
from experiments.columns import Column, Day, Number, OneOf, Spelled, Text, Words, clock_text, nearest, read_clock
from experiments.generator.prices import (
    fleet_rows,
    groupage_rows,
    hire_rows,
    loading_min,
    records,
    table,
    unloading_min,
)
from experiments.importers.clusters import k_means
from experiments.problems import ProblemList, problem_error
from experiments.scenario import write_scenario
from experiments.settings import MAX_DAYS, NetworkSettings, ScenarioSettings
from experiments.tables import CARRIERS, HUBS, ORDERS, SITES, TARIFFS, VEHICLES, TableSpec, read_table
from logistics.compliance import ADR_LABELS
from logistics.network import great_circle_km
from logistics.shipments import Temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from experiments.tables import CheckedTable

DEFAULT_KG_PER_PALLET = 350.0
DEFAULT_M3_PER_PALLET = 1.4
DEFAULT_READY, DEFAULT_FROM, DEFAULT_TO = 360.0, 420.0, 1020.0  # 06:00, 07:00, 17:00
FLEET_OVER_BUSIEST_DAY = 1.2
DEDICATED_MARGIN_PERCENT, GROUPAGE_MARGIN_PERCENT = 12.0, 10.0
CERTIFIED_YEARS = 5
# Two rows that name one place may round its coordinates differently: about a hundred metres.
SAME_PLACE_DEGREES = 0.001

_AMOUNT = Number(least=0)
_DAY_TIME = Spelled(read_clock, "a time of day such as 06:30")


def _optional(name: str, kind: Any, default: Any = None) -> Column:
    return Column(name, kind, needed=False, default=default)


PLAIN_ORDERS = TableSpec(
    "orders",
    (
        Column("shipment", Text(name=True)),
        Column("owner", Text(name=True)),
        Column("date", Day()),
        Column("pallets", Number(above=0)),
        _optional("origin", Text()),
        _optional("origin_lat", Number(least=-90, most=90)),
        _optional("origin_lon", Number(least=-180, most=180)),
        _optional("origin_zone", Text(name=True)),
        _optional("destination", Text()),
        _optional("destination_lat", Number(least=-90, most=90)),
        _optional("destination_lon", Number(least=-180, most=180)),
        _optional("destination_zone", Text(name=True)),
        _optional("weight_kg", Number(above=0)),
        _optional("volume_m3", _AMOUNT),
        _optional("due_date", Day()),
        _optional("ready", _DAY_TIME, DEFAULT_READY),
        _optional("window_from", _DAY_TIME, DEFAULT_FROM),
        _optional("window_to", _DAY_TIME, DEFAULT_TO),
        _optional("adr_labels", Words(frozenset(ADR_LABELS), "the danger labels of ADR 5.2.2")),
        _optional("temperature", OneOf(tuple(Temperature)), str(Temperature.AMBIENT)),
        _optional("product", Text(name=True)),
        _optional("lateness_eur_per_hour", _AMOUNT, 0.0),
        _optional("paid_eur", _AMOUNT),
    ),
    needed=True,
    max_rows=1_000_000,
)


def import_orders(
    path: Path | str,
    out: Path | str,
    *,
    start: date | None = None,
    time_zone: str = "UTC",
    carriers: int = 3,
    zones: int = 8,
    seed: int = 0,
) -> None:
    """Write a plain table of orders as a scenario; what it does not say comes from the generator's defaults.

    Parameters
    ----------
    path
        CSV or Parquet; the columns are those of `PLAIN_ORDERS`.
    out
        Folder of the scenario.
    start
        First planning day; orders before it become demand history. ``None``: the first date in the table.
    time_zone
        Of the dates and times of day.
    carriers, zones
        How many default carriers, and how many tariff zones for places that name none.
    seed
        Of the clustering into zones and of the carriers' bases.

    Raises
    ------
    InputError
        With every problem of the table.
    """
    path = Path(path)
    for name, value, fits in (
        ("time_zone", time_zone, time_zone in available_timezones()),
        ("carriers", carriers, 0 <= carriers <= 200),
        ("zones", zones, 1 <= zones <= 99),
    ):
        if not fits:
            near = nearest(time_zone, available_timezones())
            wanted = {
                "time_zone": f"an IANA name such as Europe/Amsterdam{near}",
                "carriers": "0 to 200",
                "zones": "1 to 99",
            }
            raise problem_error("import orders", name, value, wanted[name])
    problems = ProblemList()
    orders = _read(path, ZoneInfo(time_zone), carriers, problems)
    rng = np.random.default_rng(seed)
    frame = orders.frame
    places = _places(orders, problems)
    problems.raise_any()
    first, last = frame["date"].min().date(), frame["date"].max().date()
    start = start or first
    if not first <= start <= last:
        raise problem_error("import orders", "start", start, f"a day from {first} to {last}, as in {path.name}")
    days = (last - start).days + 1
    planned = frame[frame["date"] >= pd.Timestamp(start)]
    if days > MAX_DAYS or len(planned) > ORDERS.max_rows:
        said = f"{len(planned):,} orders over {days:,} days from {start}"
        raise problem_error(path.name, "", said, f"at most {ORDERS.max_rows:,} over {MAX_DAYS:,}; a later start")
    sites, zone_rows = _sites(places, zones, rng)
    zone_of = dict(zip(sites["site"], sites["zone"], strict=True))
    per_day = planned.groupby("date")["pallets"].sum().max()
    bases, vehicles = _fleet(places, carriers, float(per_day), sites, rng)
    lists = [row for n in range(min(2, carriers)) for row in _price_list(f"carrier-{n + 1}", zone_rows)]
    certified = date(last.year + CERTIFIED_YEARS, 12, 31).isoformat()
    certificates = f"ADR:{certified};ATP:{certified}"
    tables = {
        "sites": table([*records(sites), *bases], SITES.names),
        "carriers": table(
            [
                {"carrier": f"carrier-{n + 1}", "name": f"Default carrier {n + 1}", "certificates": certificates}
                for n in range(carriers)
            ],
            CARRIERS.names,
        ),
        "vehicles": table(vehicles, VEHICLES.names),
        "hubs": table([], HUBS.names),
        "orders": _orders(planned, places, ZoneInfo(time_zone)),
        "demand": _demand(frame, places, zone_of),
        "tariffs": table([*lists, *hire_rows(vehicles, DEDICATED_MARGIN_PERCENT)], TARIFFS.names),
    }
    settings = ScenarioSettings(
        name=path.stem,
        description=f"Orders of {path.name} with default carriers, vehicles and prices.",
        start=start,
        days=days,
        time_zone=time_zone,
        network=NetworkSettings(),
    )
    write_scenario(out, settings, tables)


def _read(path: Path, zone: ZoneInfo, carriers: int, problems: ProblemList) -> CheckedTable:
    orders = read_table(path, PLAIN_ORDERS, zone, problems)
    if orders is None or not orders.complete:
        problems.raise_any()
    assert orders is not None  # noqa: S101 (an unreadable table is a problem)
    frame = orders.frame
    if frame.empty:
        problems.raise_any()
        raise problem_error(path.name, "", "no orders", "at least one")
    unique(orders, ["shipment"], problems)
    frame["due_date"] = frame["due_date"].fillna(frame["date"])
    frame["weight_kg"] = frame["weight_kg"].fillna(frame["pallets"] * DEFAULT_KG_PER_PALLET)
    frame["volume_m3"] = frame["volume_m3"].fillna(frame["pallets"] * DEFAULT_M3_PER_PALLET)
    early = frame["due_date"] < frame["date"]
    rule(orders, early, "due_date", _day("due_date"), lambda r: f"not before date ({r['date'].date()})", problems)
    same_day = frame["due_date"] == frame["date"]
    opens, closes = frame["window_from"].astype(float), frame["window_to"].astype(float)
    for column, broken, bound in (
        ("window_to", closes < opens, "window_from"),
        ("ready", same_day & (frame["ready"].astype(float) > closes), "window_to"),
    ):
        word = "not before" if column == "window_to" else "not after"
        rule(
            orders,
            broken,
            column,
            lambda r, c=column: clock_text(r[c]),  # type: ignore[misc]
            lambda r, b=bound, w=word: f"{w} {b} ({clock_text(r[b])})",  # type: ignore[misc]
            problems,
        )
    taken = {f"carrier-{n + 1}" for n in range(carriers)}
    rule(orders, frame["owner"].isin(taken), "owner", lambda r: r["owner"], lambda _: "no carrier's name", problems)
    return orders


def _day(column: str) -> Any:
    return lambda row: row[column].date()


@dataclass(frozen=True, eq=False)
class _Places:
    """Distinct places of a table of orders.

    Attributes
    ----------
    rows
        ``site, kind, name, zone, lat, lon``, in the order of their first mention.
    origin, destination
        Site of each order, by the order's line.
    """

    rows: pd.DataFrame
    origin: pd.Series
    destination: pd.Series


def _places(orders: CheckedTable, problems: ProblemList) -> _Places:
    """Find the distinct places; a place's coordinates may stand on any one of the rows that name it."""
    frame = orders.frame
    ends = []
    for end, kind in (("origin", "factory"), ("destination", "client")):
        part = frame[[end, f"{end}_lat", f"{end}_lon", f"{end}_zone"]].copy()
        part.columns = pd.Index(["name", "lat", "lon", "zone"])
        half = part["lat"].isna() != part["lon"].isna()
        rule(orders, half, f"{end}_lat", lambda _: "given alone", lambda _: "both lat and lon, or neither", problems)
        here = part["lat"].map("{:.4f}".format) + " " + part["lon"].map("{:.4f}".format)
        nowhere = (part["name"] == "") & part["lat"].isna()
        rule(orders, nowhere, end, lambda _: "empty", lambda _: "a name, or coordinates", problems)
        part["key"] = part["name"].where(part["name"] != "", here)
        ends.append(part.assign(kind=kind, end=end))
    both = pd.concat(ends)
    known = both.dropna(subset=["lat", "lon"]).groupby("key", sort=False)[["lat", "lon"]].first()
    for part in ends:
        end = part["end"].iloc[0] if len(part) else ""
        lost = (part["name"] != "") & ~part["key"].isin(known.index)
        expected = f"{end}_lat and {end}_lon on at least one row that names it (addresses cannot be looked up)"
        rule(orders, lost, end, lambda r, e=end: r[e], lambda _, x=expected: x, problems)  # type: ignore[misc]
        first = known.reindex(part["key"]).set_axis(part.index)
        apart = (part[["lat", "lon"]] - first).abs().max(axis=1) > SAME_PLACE_DEGREES
        rule(
            orders,
            apart,
            f"{end}_lat",
            lambda r, e=end: f"{r[f'{e}_lat']}, {r[f'{e}_lon']}",  # type: ignore[misc]
            lambda r, e=end: f"the place {r[e]} has on other rows",  # type: ignore[misc]
            problems,
        )
    zones = both[both["zone"] != ""].groupby("key", sort=False)["zone"].first()
    rows = both.drop_duplicates("key")[["key", "kind"]].reset_index(drop=True)
    rows = rows.join(known, on="key").join(zones, on="key")
    rows["site"] = _site_ids(rows["key"].tolist())
    site_of = dict(zip(rows["key"], rows["site"], strict=True))
    origin, destination = (part["key"].map(site_of) for part in ends)
    rule(
        orders,
        origin == destination,
        "destination",
        lambda r: r["destination"] or "the origin",
        lambda _: "another place than the origin",
        problems,
    )
    return _Places(rows.rename(columns={"key": "name"}), origin, destination)


def _site_ids(names: list[str]) -> list[str]:
    """Make ids of places' names: without separators, each different."""
    ids: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"\s+", " ", re.sub(r"[;|@,<>\x00-\x1f\x7f]", " ", name)).strip() or "place"
        choice, number = plain, 1
        while choice in taken:
            number += 1
            choice = f"{plain} {number}"
        taken.add(choice)
        ids.append(choice)
    return ids


def _plane_km(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([lon * np.cos(np.radians(lat.mean())), lat]) * 111.2


def _sites(places: _Places, zones: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each place a zone; also the middle of each zone."""
    rows = places.rows.copy()
    labels = k_means(_plane_km(rows["lat"].to_numpy(), rows["lon"].to_numpy()), zones, rng)
    drawn = pd.Series([f"Z{label + 1}" for label in labels], index=rows.index)
    rows["zone"] = rows["zone"].where(rows["zone"].notna(), drawn)
    rows = rows[["site", "kind", "name", "lat", "lon", "zone"]]
    return rows, rows.groupby("zone")[["lat", "lon"]].mean().reset_index()


def _fleet(
    places: _Places, carriers: int, pallets_per_day: float, sites: pd.DataFrame, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Place the carriers' bases amid the clusters of places, with vehicles for the busiest day."""
    bases: list[dict[str, Any]] = []
    vehicles: list[dict[str, Any]] = []
    if not carriers:
        return bases, vehicles
    labels = k_means(_plane_km(sites["lat"].to_numpy(), sites["lon"].to_numpy()), carriers, rng)
    taken = set(places.rows["site"])
    for n in range(carriers):
        around = sites[labels == n % (labels.max() + 1)]
        base = f"carrier-{n + 1} yard"
        while base in taken:
            base += "'"
        middle = {"lat": round(around["lat"].mean(), 5), "lon": round(around["lon"].mean(), 5)}
        bases.append({"site": base, "kind": "base", "name": f"Yard of carrier {n + 1}", **middle})
        share = pallets_per_day * FLEET_OVER_BUSIEST_DAY / carriers
        vehicles += fleet_rows(f"carrier-{n + 1}", base, share)
    return bases, vehicles


def _price_list(carrier: str, zones: pd.DataFrame) -> list[dict[str, Any]]:
    km = great_circle_km(zones["lat"].to_numpy(), zones["lon"].to_numpy()) * NetworkSettings().circuity
    np.fill_diagonal(km, 15.0)
    names = zones["zone"].tolist()
    return groupage_rows(f"{carrier}-groupage", carrier, names, km, level=1.0, margin_percent=GROUPAGE_MARGIN_PERCENT)


def _orders(planned: pd.DataFrame, places: _Places, zone: ZoneInfo) -> pd.DataFrame:
    columns: dict[str, Any] = {name: "" for name in ORDERS.names}
    for name in ("shipment", "owner", "pallets", "temperature", "product", "lateness_eur_per_hour", "paid_eur"):
        columns[name] = planned[name]
    columns["origins"] = places.origin.loc[planned.index]
    columns["destination"] = places.destination.loc[planned.index]
    columns["weight_kg"], columns["volume_m3"] = planned["weight_kg"].round(3), planned["volume_m3"].round(4)
    columns["released_at"] = _at(planned["date"], pd.Series(0.0, index=planned.index), zone)
    columns["ready_at"] = _at(planned["date"], planned["ready"], zone)
    columns["window_open"] = _at(planned["date"], planned["window_from"], zone)
    columns["window_close"] = columns["due_at"] = _at(planned["due_date"], planned["window_to"], zone)
    columns["loading_min"], columns["unloading_min"] = (
        planned["pallets"].map(minutes) for minutes in (loading_min, unloading_min)
    )
    columns["adr_labels"] = planned["adr_labels"].map(";".join)
    return pd.DataFrame(columns, index=planned.index).reset_index(drop=True)


def _at(days: pd.Series, minutes: pd.Series, zone: ZoneInfo) -> pd.Series:
    local = days + pd.to_timedelta(minutes.astype(float), unit="min")
    # In the hour that the clocks skip or repeat, the later reading keeps windows in order.
    placed = local.dt.tz_localize(zone, ambiguous=np.zeros(len(local), dtype=bool), nonexistent=timedelta(hours=1))
    written: pd.Series = placed.map(lambda moment: moment.isoformat(timespec="minutes"))
    return written


def _demand(frame: pd.DataFrame, places: _Places, zone_of: dict[str, str]) -> pd.DataFrame:
    lanes = pd.DataFrame(
        {
            "owner": frame["owner"],
            "zone": places.destination.map(zone_of),
            "product": frame["product"],
            "day": frame["date"].dt.strftime("%Y-%m-%d"),
            "pallets": frame["pallets"],
        }
    )
    summed = lanes.groupby(["owner", "zone", "product", "day"])["pallets"].sum()
    return summed.reset_index().assign(promotion=0)
