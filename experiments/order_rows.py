"""The tables of orders and demand: shipments with their stakes, and daily demand series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.assemble import OWNER_EXPECTED, Tables, names_in, owner_names, reference, rule, unique
from logistics.shipments import Handling, Shipment, Stakes, Temperature

if TYPE_CHECKING:
    from experiments.problems import ProblemList
    from experiments.settings import ScenarioSettings
    from experiments.tables import CheckedTable

DEMAND_DAYS_BEFORE, DEMAND_DAYS_AFTER = 10_000, 4_000
SERIES_COLUMNS = ("unique_id", "ds", "y", "promotion")


def build_shipments(tables: Tables, problems: ProblemList) -> tuple[Shipment, ...]:
    """Build the shipments, in the order of their release, then by id."""
    table = tables.get("orders")
    if table is None:
        return ()
    if table.complete:
        _check_orders(table, tables, problems)
    if problems.count(table.file) or not len(table.frame):
        return ()
    frame = table.frame.sort_values(["released_at", "shipment"], kind="stable")
    columns = {name: frame[name].tolist() for name in frame.columns if not name.endswith(("_at", "_until"))}
    times = {n: _datetimes(frame[n]) for n in frame.columns if isinstance(frame[n].dtype, pd.DatetimeTZDtype)}
    handlings: dict[tuple[Any, ...], Handling] = {}
    shipments = []
    for i in range(len(frame)):
        goods = (columns["adr_labels"][i], columns["temperature"][i], columns["certificates"][i])
        if goods not in handlings:
            handlings[goods] = Handling(goods[0], Temperature(goods[1]), goods[2])
        released, ready = times["released_at"][i], times["ready_at"][i]
        close, paid = times["window_close"][i], columns["paid_eur"][i]
        stakes = Stakes(
            columns["lateness_eur_per_hour"][i],
            columns["line_stop_eur"][i],
            times["line_stop_at"][i],
            None if np.isnan(paid) else paid,
            columns["holding_eur_per_pallet_day"][i],
        )
        shipments.append(
            Shipment(
                id=columns["shipment"][i],
                owner=columns["owner"][i],
                origins=columns["origins"][i],
                destination=columns["destination"][i],
                pallets=columns["pallets"][i],
                weight_kg=columns["weight_kg"][i],
                volume_m3=columns["volume_m3"][i],
                ready_at=max(released, ready),
                window_open=times["window_open"][i],
                window_close=close,
                due_at=times["due_at"][i] or close,
                released_at=released,
                pickup_until=times["pickup_until"][i],
                loading_min=columns["loading_min"][i],
                unloading_min=columns["unloading_min"][i],
                handling=handlings[goods],
                product=columns["product"][i],
                freight_payer=columns["freight_payer"][i],
                stakes=stakes,
            )
        )
    return tuple(shipments)


def _datetimes(stamps: pd.Series) -> list[Any]:
    values = pd.DatetimeIndex(stamps).to_pydatetime()
    return [None if missing else value for value, missing in zip(values, stamps.isna(), strict=True)]


def _check_orders(table: CheckedTable, tables: Tables, problems: ProblemList) -> None:
    unique(table, ["shipment"], problems)
    sites = names_in(tables, "sites", "site")
    reference(tables, "orders", "origins", sites, "a site of the table sites", problems)
    reference(tables, "orders", "destination", sites, "a site of the table sites", problems)
    frame = table.frame
    for column, comparison, bound in (
        ("window_close", "after", "window_open"),
        ("ready_at", "not after", "window_close"),
        ("ready_at", "not after", "pickup_until"),
        ("due_at", "not before", "window_open"),
        ("released_at", "not after", "window_close"),
    ):
        ours, theirs = frame[column], frame[bound]
        # Missing times compare as false, so that each is reported once, where it is missing.
        broken = {"after": ours < theirs, "not after": ours > theirs, "not before": ours < theirs}[comparison]
        word = "not before" if comparison == "after" else comparison
        rule(
            table,
            broken,
            column,
            lambda row, c=column: _time(row[c]),  # type: ignore[misc]
            lambda row, b=bound, w=word: f"{w} {b} ({_time(row[b])})",  # type: ignore[misc]
            problems,
        )
    home = [destination in origins for destination, origins in zip(frame["destination"], frame["origins"], strict=True)]
    rule(
        table,
        np.array(home, dtype=bool),
        "destination",
        lambda row: f"{row['destination']}, one of its origins",
        lambda _: "a site other than the origins",
        problems,
    )


def _time(stamp: pd.Timestamp) -> str:
    return str(stamp.isoformat(timespec="minutes")).replace("+00:00", "Z")


def build_demand(
    tables: Tables, settings: ScenarioSettings, problems: ProblemList
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the demand series: what is known up to the first planning day, and what comes from then on.

    Each series gets a row for every day from its first to its last row; days left out are days without demand.
    """
    table = tables.get("demand")
    nothing = pd.DataFrame(
        {
            "unique_id": pd.Series(dtype=str),
            "ds": pd.Series(dtype="datetime64[ns]"),
            "y": pd.Series(dtype=float),
            "promotion": pd.Series(dtype=float),
        }
    )
    if table is None:
        return nothing, nothing
    unique(table, ["owner", "zone", "product", "day"], problems)
    reference(tables, "demand", "owner", owner_names(tables), OWNER_EXPECTED, problems)
    zones = names_in(tables, "sites", "zone")
    reference(tables, "demand", "zone", zones, "a zone of the table sites", problems)
    start = pd.Timestamp(settings.start)
    first = start - pd.Timedelta(days=DEMAND_DAYS_BEFORE)
    last = start + pd.Timedelta(days=DEMAND_DAYS_AFTER)
    # A mistyped year would otherwise make a row for every day up to it.
    far = (table.frame["day"] < first) | (table.frame["day"] > last)
    span = f"{first.date()} to {last.date()}, as the first planning day is {settings.start}"
    rule(table, far, "day", lambda row: row["day"].date(), lambda _: span, problems)
    if problems.count(table.file) or not len(table.frame):
        return nothing, nothing
    frame = table.frame
    series = frame["owner"] + "|" + frame["zone"] + "|" + frame["product"]
    wide = pd.DataFrame({"ds": frame["day"], "id": series, "y": frame["pallets"], "promotion": frame["promotion"]})
    before = _filled(wide[wide["ds"] < start], until=start - pd.Timedelta(days=1))
    after = _filled(wide[wide["ds"] >= start], until=wide["ds"].max(), since=start)
    return before, after


def _filled(frame: pd.DataFrame, until: pd.Timestamp, since: pd.Timestamp | None = None) -> pd.DataFrame:
    frame = frame.astype({"promotion": float})
    days = [
        pd.DataFrame({"id": name, "ds": pd.date_range(first if since is None else since, until)})
        for name, first in frame.groupby("id")["ds"].min().items()
    ]
    if not days:
        days = [pd.DataFrame({"id": pd.Series(dtype=str), "ds": pd.Series(dtype="datetime64[ns]")})]
    full = pd.concat(days, ignore_index=True).merge(frame, on=["id", "ds"], how="left")
    full = full.fillna({"y": 0.0, "promotion": 0.0}).rename(columns={"id": "unique_id"})
    full = full.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)
    return full[list(SERIES_COLUMNS)]
