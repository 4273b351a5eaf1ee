"""A carrier's own agent, ready made: its fleet and what it costs are read from its own file, and stay with it."""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import pandas as pd

from agents.participants import Party
from agents.policy import Choice, Effort
from agents.registry import create
from agents.seeds import seed_for
from groupage.errors import InputError, Problem
from logistics.fleet import Body, OperatingCosts, VehicleType
from logistics.shipments import Temperature
from logistics.sites import Site, SiteKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from agents.participant import Participant
    from groupage.v1 import proposals_pb2
    from groupage.wire.markets import ToldMarket

log = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound=Enum)
_SEGMENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

# What a plan needs to know of a vehicle, and what it costs; the rest has a value where a file has no column for it.
_NEEDED = (
    *("vehicle", "base", "lat", "lon", "count", "capacity_pallets", "capacity_kg", "capacity_m3"),
    *("fixed_eur", "per_km_eur", "per_hour_eur"),
)
_OPEN = {
    "time_zone": "UTC",
    "body": "rigid",
    "shift_open_min": 0.0,
    "shift_close_min": 1440.0,
    "max_shift_min": None,
    "speed_kmh": None,
    "toll_eur_per_km": 0.0,
    "temperatures": "ambient",
}


@dataclass(frozen=True)
class Fleet:
    """Vehicles of one carrier, where they stand, and what they truly cost it.

    Attributes
    ----------
    carrier
        Resource name of the company.
    vehicles, costs
        By resource name of the vehicle type, as the service's master data have it.
    sites
        The bases, by resource name.
    """

    carrier: str
    vehicles: Mapping[str, VehicleType]
    costs: Mapping[str, OperatingCosts]
    sites: Mapping[str, Site]

    @classmethod
    def read(cls, file: str | Path, carrier: str) -> Fleet:
        """Read a CSV file, a row for each vehicle type; see `of` for its columns.

        Raises
        ------
        InputError
            Naming every cell that does not fit.
        """
        try:
            rows = pd.read_csv(file)
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be read: {error}") from None
        return cls.of(rows, carrier, where=str(file))

    @classmethod
    def of(cls, rows: pd.DataFrame, carrier: str, *, where: str = "fleet") -> Fleet:
        """Make a fleet of a frame, a row for each vehicle type.

        Parameters
        ----------
        rows
            Columns ``vehicle`` and ``base`` (last segments of the names of vehicle type and site), ``lat``, ``lon`` and
            ``time_zone`` of the base, ``count``, ``capacity_pallets``, ``capacity_kg``, ``capacity_m3``, ``fixed_eur``
            (per vehicle and day), ``per_km_eur``, ``toll_eur_per_km``, ``per_hour_eur``; and where they are not the
            usual: ``body``, ``shift_open_min``, ``shift_close_min`` (after local midnight), ``max_shift_min``,
            ``speed_kmh``, ``temperatures`` (apart by spaces).
        carrier
            Resource name of the company.

        Raises
        ------
        InputError
            Naming every cell that does not fit.
        """
        missing = [c for c in _NEEDED if c not in rows.columns]
        if missing:
            raise InputError([Problem(where, column, "missing", "a column of that name") for column in missing])
        problems: list[Problem] = []
        vehicles: dict[str, VehicleType] = {}
        costs: dict[str, OperatingCosts] = {}
        sites: dict[str, Site] = {}
        for line, row in enumerate(rows.to_dict("records"), start=2):
            cells = _Cells({str(k): v for k, v in row.items() if not pd.isna(v)}, f"{where} line {line}")
            made = _vehicle(cells, carrier)
            if made is None:
                problems += cells.problems
                continue
            vehicle, rates, site = made
            if vehicle.id in vehicles:
                cells.wrong("vehicle", "a vehicle type that has no line yet")
            if sites.get(site.id, site) != site:
                cells.wrong("base", "the same place and time zone as in the lines before")
            problems += cells.problems
            vehicles[vehicle.id], costs[vehicle.id], sites[site.id] = vehicle, rates, site
        if problems:
            raise InputError(problems)
        if not vehicles:
            raise InputError(f"{where} has no rows, expected a vehicle type in each")
        return cls(carrier, vehicles, costs, sites)

    def seat(
        self,
        *,
        bidding: Choice = Choice(name="truthful"),
        concession: Choice = Choice(name="boulware"),
        effort: Effort = Effort(),
        seed: int = 0,
    ) -> Callable[[ToldMarket], Participant]:
        """Return what an `groupage.client.agent.Agent` seats: the built-in carrier, on this fleet.

        Parameters
        ----------
        bidding, concession
            How it makes prices of costs, and how it gives way where it bargains.
        effort
            How long it searches.
        """

        def take(told: ToldMarket) -> Participant:
            here = {v: kind for v, kind in self.vehicles.items() if kind.base in told.own_places}
            for away in sorted(self.vehicles.keys() - here.keys()):
                log.warning("%s stays out of %s: its base is not in it", away, told.synchronization)
            on_offer = told.fleet(here, {v: self.costs[v] for v in here}, self.sites)
            desk = told.carrier_desk(
                self.carrier,
                on_offer,
                create("bidding", bidding),
                effort,
                seed_for(seed, self.carrier, told.conversation),
                create("concession", concession),
            )
            return Party(self.carrier, (desk,))

        return take


def pays(proposal: proposals_pb2.Proposal) -> bool:
    """Accept every proposal that pays for what it asks: prices were agreed on in the negotiation."""
    part = proposal.carrier_part
    return part.received_cents >= part.fees_cents


class _Cells:
    """One line of the file; what does not fit is noted, and the line goes on being read."""

    def __init__(self, cells: Mapping[str, Any], where: str) -> None:
        self._cells, self._where = {**_OPEN, **cells}, where
        self.problems: list[Problem] = []

    def wrong(self, name: str, expected: str) -> None:
        """Note that a cell does not fit."""
        given = repr(self._cells[name]) if name in self._cells else "missing"
        self.problems.append(Problem(self._where, name, given, expected))

    def number(self, name: str, least: float = 0.0, most: float = 1e12) -> float:
        """A number within bounds."""
        try:
            value = float(self._cells[name])
        except (KeyError, ValueError, TypeError):
            value = math.nan
        if not least <= value <= most:
            self.wrong(name, "0 or more" if most == 1e12 else f"a number from {least:g} to {most:g}")
        return value

    def perhaps(self, name: str) -> float | None:
        """A number, or nothing."""
        return None if self._cells[name] is None else self.number(name)

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self.number(name)
        if 0 <= value <= 1e12 and not value.is_integer():
            self.wrong(name, "a whole number")
        return int(value) if math.isfinite(value) else 0

    def segment(self, name: str) -> str:
        """Last segment of a name."""
        value = str(self._cells.get(name, ""))
        if not _SEGMENT.fullmatch(value):
            self.wrong(name, "the last segment of its name: 1 to 63 of a-z, 0-9 and -")
        return value

    def one_of(self, name: str, kind: type[Kind]) -> frozenset[Kind]:
        """Values of an enumeration, apart by spaces."""
        words = str(self._cells[name]).split()
        known = {str(member.value): member for member in kind}
        if not words or not known.keys() >= set(words):
            self.wrong(name, f"one of {', '.join(known)}")
        return frozenset(known[word] for word in words if word in known)

    def zone(self, name: str) -> str:
        """A time zone."""
        value = str(self._cells[name])
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):  # a way out of the folder of zones, a folder, or no zone
            self.wrong(name, "an IANA time zone, such as Europe/Berlin")
        return value


def _vehicle(cells: _Cells, carrier: str) -> tuple[VehicleType, OperatingCosts, Site] | None:
    base, zone = cells.segment("base"), cells.zone("time_zone")
    lat, lon = cells.number("lat", -90, 90), cells.number("lon", -180, 180)
    named: dict[str, Any] = {
        "id": f"{carrier}/vehicleTypes/{cells.segment('vehicle')}",
        "carrier": carrier,
        "base": f"{carrier}/sites/{base}",
        "count": cells.whole("count"),
        "capacity_pallets": cells.number("capacity_pallets"),
        "capacity_kg": cells.number("capacity_kg"),
        "capacity_m3": cells.number("capacity_m3"),
        "shift_open_min": cells.number("shift_open_min", 0, 1440),
        "shift_close_min": cells.number("shift_close_min", 0, 2880),
        "max_shift_min": cells.perhaps("max_shift_min"),
        "speed_kmh": cells.perhaps("speed_kmh"),
        "temperatures": cells.one_of("temperatures", Temperature),
    }
    body = cells.one_of("body", Body)
    rates = [round(cells.number(c), 6) for c in ("fixed_eur", "per_km_eur", "per_hour_eur", "toll_eur_per_km")]
    if cells.problems:
        return None
    try:
        vehicle = VehicleType(body=next(iter(body)), **named)
        site = Site(named["base"], SiteKind.BASE, lat, lon, time_zone=zone)
    except ValueError as error:
        cells.wrong("vehicle", f"a vehicle: {error}")
        return None
    return vehicle, OperatingCosts(*rates), site
