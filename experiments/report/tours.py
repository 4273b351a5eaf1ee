"""The vehicles and groupage shipments of one day, as lines between sites."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.report.facts import GROUPAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from experiments.report.reading import Row, RunFiles


@dataclass(frozen=True, slots=True)
class Tour:
    """One vehicle's way.

    Attributes
    ----------
    sites
        In driving order, from base to base.
    laden
        For each hop between two of them, whether anything is on board.
    """

    load: str
    carrier: str
    mode: str
    sites: tuple[str, ...]
    laden: tuple[bool, ...]
    shipments: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment in a groupage network: where it comes from and goes to, not how."""

    shipment: str
    carrier: str
    origin: str
    destination: str


def tours_of(files: RunFiles, day: date, scope: str) -> list[Tour]:
    """Every vehicle of a day."""
    stops: dict[str, list[Row]] = defaultdict(list)
    for row in files.rows("stops", scope):
        if row["day"] == day:
            stops[row["load"] or ""].append(row)
    loads: Mapping[str, Row] = {r["load"] or "": r for r in files.rows("loads", scope) if r["day"] == day}
    tours = []
    for load in sorted(stops):
        row = loads.get(load, {})
        sites, laden = _way(stops[load])
        tours.append(
            Tour(load, row.get("carrier") or "", row.get("mode") or "", sites, laden, int(row.get("shipments") or 0))
        )
    return tours


def _way(stops: Sequence[Row]) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    sites: dict[int, str] = {}
    picked: dict[int, set[str]] = defaultdict(set)
    dropped: dict[int, set[str]] = defaultdict(set)
    for row in stops:
        position = int(row["position"] or 0)
        sites[position] = row["site"] or ""
        if row["shipment"]:
            (picked if row["act"] == "pickup" else dropped)[position].add(row["shipment"])
    aboard: set[str] = set()
    laden = []
    for position in sorted(sites):
        aboard = (aboard - dropped[position]) | picked[position]
        laden.append(bool(aboard))
    return tuple(sites[p] for p in sorted(sites)), tuple(laden[:-1])


def parcels_of(files: RunFiles, day: date, scope: str) -> list[Parcel]:
    """Every groupage shipment of a day whose origin is known: a site of its goods, or its owner's own."""
    setting = files.setting

    def origin(row: Row) -> str:
        known = setting.origins.get(row["shipment"] or "")
        return known[0] if known else row["owner"] if row["owner"] in setting.places else ""

    return [
        Parcel(r["shipment"] or "", r["carrier"] or "", start, r["destination"] or "")
        for r in sorted(files.rows("shipments", scope), key=lambda r: r["shipment"] or "")
        if r["day"] == day and r["mode"] == GROUPAGE and (start := origin(r))
    ]
