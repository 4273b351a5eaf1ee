"""The table of tariffs: one wide table for public groupage prices, dedicated vehicles and running contracts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.problems import ProblemList, shown
from experiments.tables import CheckedTable, rows_of
from logistics.fleet import OperatingCosts
from logistics.tariffs import DedicatedTariff, GroupageBracket, GroupageTariff, Incumbent, PublicTariffs

if TYPE_CHECKING:
    from collections.abc import Mapping

_RATES = ("fixed_eur", "per_km_eur", "per_hour_eur", "toll_eur_per_km")
_PRICE_LIST = ("minimum_eur", "fuel_surcharge_percent")
_BRACKET = ("from_zone", "to_zone", "up_to_pallets", "up_to_kg", "price_eur")
# What each kind of tariff needs, and what it may have beside it.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "groupage": ("carrier", "up_to_pallets", "price_eur"),
    "dedicated": ("vehicle",),
    "contract": ("owner", "vehicle"),
}
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "groupage": ("carrier", *_BRACKET, *_PRICE_LIST, "margin_percent"),
    "dedicated": ("carrier", "vehicle", *_RATES, "margin_percent"),
    "contract": ("owner", "carrier", "vehicle", *_RATES, "committed_vehicles", "max_vehicles", "margin_percent"),
}
ANY_ZONE = "*"


def build_tariffs(
    table: CheckedTable | None, carrier_of: Mapping[str, str], problems: ProblemList
) -> tuple[PublicTariffs, tuple[Incumbent, ...]]:
    """Build the tariffs.

    Parameters
    ----------
    carrier_of
        Carrier of each vehicle type.
    """
    if table is None:
        return PublicTariffs(), ()
    _check(table, carrier_of, problems)
    if problems.count(table.file):
        return PublicTariffs(), ()
    groupage: dict[str, GroupageTariff] = {}
    brackets: dict[str, list[GroupageBracket]] = {}
    dedicated, incumbents = [], []
    for row in rows_of(table):
        margin = _or(row.margin_percent, 0.0)
        if row.kind == "groupage":
            bracket = GroupageBracket(
                row.from_zone or ANY_ZONE,
                row.to_zone or ANY_ZONE,
                row.up_to_pallets,
                _or(row.up_to_kg, math.inf),
                row.price_eur,
            )
            brackets.setdefault(row.tariff, []).append(bracket)
            minimum, surcharge = _or(row.minimum_eur, 0.0), _or(row.fuel_surcharge_percent, 0.0)
            groupage[row.tariff] = GroupageTariff(row.tariff, row.carrier, (), minimum, surcharge, margin)
            continue
        carrier = row.carrier or carrier_of.get(row.vehicle, "")
        prices = OperatingCosts(*(_or(getattr(row, rate), 0.0) for rate in _RATES))
        if row.kind == "dedicated":
            dedicated.append(DedicatedTariff(row.tariff, carrier, row.vehicle, prices, margin))
        else:
            committed = int(_or(row.committed_vehicles, 0.0))
            most = int(_or(row.max_vehicles, max(1.0, float(committed))))
            incumbents.append(Incumbent(row.tariff, row.owner, carrier, row.vehicle, prices, committed, most, margin))
    lists = tuple(replace(tariff, brackets=tuple(brackets[name])) for name, tariff in groupage.items())
    return PublicTariffs(lists, tuple(dedicated)), tuple(incumbents)


def _check(table: CheckedTable, carrier_of: Mapping[str, str], problems: ProblemList) -> None:
    frame = table.frame
    note: dict[str, Any] = {"word": table.word}
    for kind, needed in NEEDED.items():
        rows = frame[frame["kind"] == kind]
        for column in frame.columns:
            if column in ("tariff", "kind"):
                continue
            filled = rows[column].notna() & (rows[column].astype(object) != "")
            if column in needed:
                for line in rows.index[~filled]:
                    problems.add(table.file, column, "empty", f"a value, as kind is {kind}", line=int(line), **note)
            elif column not in ALLOWED[kind]:
                for line in rows.index[filled]:
                    value = rows.at[line, column]
                    problems.add(table.file, column, value, f"empty, as kind is {kind}", line=int(line), **note)
    seen: dict[str, Any] = {}
    brackets: dict[tuple[Any, ...], int] = {}
    for row in rows_of(table):
        first = seen.setdefault(row.tariff, row)
        line = int(row.Index)
        if first is not row and (row.kind != "groupage" or first.kind != "groupage"):
            said = f"each once, unless groupage (it is on {table.word} {first.Index} already)"
            problems.add(table.file, "tariff", f"{row.tariff} again", said, line=line, **note)
        elif first is not row:
            for column in ("carrier", *_PRICE_LIST, "margin_percent"):
                ours, theirs = getattr(row, column), getattr(first, column)
                if ours != theirs and not (pd.isna(ours) and pd.isna(theirs)):
                    said = f"{shown(theirs)} as on {table.word} {first.Index}, for the same tariff"
                    problems.add(table.file, column, ours, said, line=line, **note)
        if row.kind == "groupage":
            key = (row.tariff, row.from_zone, row.to_zone, row.up_to_pallets, _or(row.up_to_kg, math.inf))
            before = brackets.setdefault(key, line)
            if before != line:
                said = f"each bracket once (it is on {table.word} {before} already)"
                problems.add(table.file, "up_to_pallets", f"{row.up_to_pallets:g} again", said, line=line, **note)
        driver = carrier_of.get(row.vehicle)
        if driver is not None and row.carrier and row.carrier != driver:
            said = f"{driver}, who owns the vehicle {row.vehicle}"
            problems.add(table.file, "carrier", row.carrier, said, line=line, **note)
        if not pd.isna(row.max_vehicles) and row.max_vehicles < _or(row.committed_vehicles, 0.0):
            said = f">= committed_vehicles ({row.committed_vehicles:g})"
            problems.add(table.file, "max_vehicles", f"{row.max_vehicles:g}", said, line=line, **note)


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else float(value)
