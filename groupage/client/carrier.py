"""A carrier's own agent, ready made: its fleet and what it costs are read from its own file, and stay with it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        vehicles, costs, sites = {}, {}, {}
        for line, row in enumerate(rows.to_dict("records"), start=2):
            cells = {**_OPEN, **{str(k): v for k, v in row.items() if not pd.isna(v)}}
            try:
                vehicle, rates, site = _vehicle(cells, carrier)
            except (KeyError, ValueError, TypeError) as error:
                problems.append(Problem(f"{where} line {line}", "", repr(row), f"a vehicle: {error}"))
                continue
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


def _vehicle(cells: Mapping[str, object], carrier: str) -> tuple[VehicleType, OperatingCosts, Site]:
    def number(name: str) -> float:
        value = float(cells[name])  # type: ignore[arg-type]
        if not 0 <= value < 1e12 and name not in ("lat", "lon"):
            raise ValueError(f"{name} is {value}, expected 0 or more")
        return value

    def perhaps(name: str) -> float | None:
        return None if cells[name] is None else number(name)

    count = number("count")
    if not count.is_integer():
        raise ValueError(f"count is {count}, expected a whole number")
    site = Site(
        f"{carrier}/sites/{cells['base']}",
        SiteKind.BASE,
        number("lat"),
        number("lon"),
        time_zone=str(cells["time_zone"]),
    )
    vehicle = VehicleType(
        id=f"{carrier}/vehicleTypes/{cells['vehicle']}",
        carrier=carrier,
        body=Body(str(cells["body"])),
        base=site.id,
        count=int(count),
        capacity_pallets=number("capacity_pallets"),
        capacity_kg=number("capacity_kg"),
        capacity_m3=number("capacity_m3"),
        shift_open_min=number("shift_open_min"),
        shift_close_min=number("shift_close_min"),
        max_shift_min=perhaps("max_shift_min"),
        speed_kmh=perhaps("speed_kmh"),
        temperatures=frozenset(Temperature(t) for t in str(cells["temperatures"]).split()),
    )
    costs = OperatingCosts(
        *(round(number(c), 6) for c in ("fixed_eur", "per_km_eur", "per_hour_eur", "toll_eur_per_km"))
    )
    return vehicle, costs, site
