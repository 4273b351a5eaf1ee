"""Greenhouse gas emissions well-to-wheel, in the structure of ISO 14083 and the GLEC Framework.

Well-to-wheel is well-to-tank (fuel and electricity supply) plus tank-to-wheel (driving), always kept apart. Factors
are data: the package's table (``logistics/data/emission_factors.csv``) holds figures of the UK Government GHG
Conversion Factors for Company Reporting 2025 (DESNZ and DEFRA; contains public sector information licensed under the
Open Government Licence v3.0), kg CO2e per tonne-km. A class without a factor is an error, never zero.

**From tonne-km to vehicle-km.** A lorry of payload P emits per km ``a + b * load share``. The factors per tonne-km at
half and full load, f50 and f100, fix the line: ``b = P (2 f100 - f50)`` and ``a = P (f50 - f100)``, which is the lorry
running empty. P is the payload at which the same publication's factors per vehicle-km (managed assets, fully laden)
agree with those per tonne-km. In tonnes the slope ``2 f100 - f50`` does not hang on P.

**Vans** have one factor per tonne-km, f, for each fuel. The average load that it stands for follows from the
publication's factor per vehicle-km in the same way, P is that load over 0.4 (the average load factor behind the
factors), and the line is taken to rise from empty to full in the proportion of the smallest lorries:
``b / a = (2 f100 - f50) / (f50 - f100)`` of ``rigid_3.5_7.5t``, about 0.17.

The table has no refrigerated vans; those count as vans.

For battery vehicles the table's tank-to-wheel figures are the power stations'; the sum is what counts.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from groupage.errors import InputError
from logistics.fleet import Body, VehicleType
from logistics.shipments import Temperature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logistics.network import Network
    from logistics.routing.problem import Stop

SOURCE = "UK Government GHG Conversion Factors for Company Reporting 2025 (DESNZ and DEFRA, OGL v3.0)"
KG_PER_TONNE = 1000.0
VAN_LOAD_SHARE = 0.4
VAN_SHAPE_CLASS = "rigid_3.5_7.5t"
GROUPAGE_RIGID_KM = 100.0
# An assumption of this project, not a published factor: 2 kWh a pallet for trucks, lights and doors of a cross-dock,
# at 0.3 kg CO2e per kWh. Electricity has no tank-to-wheel part.
ASSUMED_HUB_KGCO2E_PER_PALLET = 0.6


@dataclass(frozen=True, slots=True)
class Emissions:
    """Kilograms of CO2 equivalents, by where they arise."""

    ttw_kgco2e: float = 0.0
    wtt_kgco2e: float = 0.0

    @property
    def wtw_kgco2e(self) -> float:
        """Well-to-wheel: both parts."""
        return self.ttw_kgco2e + self.wtt_kgco2e

    def __add__(self, other: Emissions) -> Emissions:
        return Emissions(self.ttw_kgco2e + other.ttw_kgco2e, self.wtt_kgco2e + other.wtt_kgco2e)


@dataclass(frozen=True, slots=True)
class EmissionFactor:
    """What one class emits.

    Attributes
    ----------
    payload_t
        Load at which the class is full.
    empty, per_tonne
        Per vehicle-km: running empty, and for each tonne on board.
    average
        Per tonne-km at the average load.
    """

    emission_class: str
    payload_t: float
    empty: Emissions
    per_tonne: Emissions
    average: Emissions

    def per_km(self, load_t: float) -> Emissions:
        """Emissions of one vehicle-km with a load; beyond the class's payload the line goes on."""
        return Emissions(
            self.empty.ttw_kgco2e + self.per_tonne.ttw_kgco2e * load_t,
            self.empty.wtt_kgco2e + self.per_tonne.wtt_kgco2e * load_t,
        )


@cache
def emission_factors() -> Mapping[str, EmissionFactor]:
    """Read the package's table: factors by emission class."""
    text = files("logistics").joinpath("data/emission_factors.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    shape = next(row for row in rows if row["emission_class"] == VAN_SHAPE_CLASS)
    return {row["emission_class"]: _factor(row, shape) for row in rows}


def _factor(row: Mapping[str, str], shape: Mapping[str, str]) -> EmissionFactor:
    payload_t = float(row["payload_t"])
    lines = [_line(row, shape, part, payload_t) for part in ("ttw", "wtt")]
    return EmissionFactor(
        row["emission_class"],
        payload_t,
        Emissions(lines[0][0], lines[1][0]),
        Emissions(lines[0][1], lines[1][1]),
        Emissions(*(float(row[f"{part}_average_kgco2e_per_tkm"]) for part in ("ttw", "wtt"))),
    )


def _line(row: Mapping[str, str], shape: Mapping[str, str], part: str, payload_t: float) -> tuple[float, float]:
    """Return kg CO2e per km running empty, and per tonne and km on top."""
    if row[f"{part}_50_kgco2e_per_tkm"]:
        half, full = (float(row[f"{part}_{share}_kgco2e_per_tkm"]) for share in ("50", "100"))
        return payload_t * (half - full), 2 * full - half
    half, full = (float(shape[f"{part}_{share}_kgco2e_per_tkm"]) for share in ("50", "100"))
    rise = (2 * full - half) / (half - full)
    per_km = float(row[f"{part}_average_kgco2e_per_tkm"]) * float(row["average_load_t"])
    empty = per_km / (1 + rise * VAN_LOAD_SHARE)
    return empty, rise * empty / payload_t


def emission_class_of(vehicle: VehicleType) -> str:
    """Return a vehicle's emission class: its own, or without one the usual class of its body and payload.

    Vans are then diesel vans of class III (up to 3.5 t), rigid lorries go by what they can carry (up to 4 t, up to 9 t,
    more), articulated ones are over 33 t; lorries that keep goods chilled or frozen are refrigerated.
    """
    if vehicle.emission_class:
        return vehicle.emission_class
    if vehicle.body is Body.VAN:
        return "van_class_iii_diesel"
    refrigerated = "_refrigerated" if vehicle.temperatures - {Temperature.AMBIENT} else ""
    if vehicle.body is Body.ARTICULATED:
        return "articulated_over_33t" + refrigerated
    sizes = ((4000.0, "rigid_3.5_7.5t"), (9000.0, "rigid_7.5_17t"), (math.inf, "rigid_over_17t"))
    return next(name for limit, name in sizes if vehicle.capacity_kg <= limit) + refrigerated


def emission_factor(emission_class: str) -> EmissionFactor:
    """Return the factor of a class.

    Raises
    ------
    InputError
        If the table has none; the classes with one are listed.
    """
    known = emission_factors()
    if emission_class not in known:
        raise InputError(f"emission_class is {emission_class}, expected one of {', '.join(known)}")
    return known[emission_class]


def route_emissions(
    stops: Sequence[Stop], vehicle: VehicleType, weights_kg: Mapping[str, float], network: Network
) -> Emissions:
    """Emissions of one tour: each leg with what is on board, empty running included.

    Parameters
    ----------
    stops
        From base to base.
    weights_kg
        By job.

    Raises
    ------
    InputError
        If the vehicle's emission class has no factor.
    """
    factor = emission_factor(emission_class_of(vehicle))
    on_board: dict[str, float] = {}
    legs: list[Emissions] = []
    for here, there in pairwise(stops):
        for job in here.deliveries:
            on_board.pop(job, None)
        on_board.update((job, weights_kg[job]) for job in here.pickups)
        per_km = factor.per_km(math.fsum(on_board.values()) / KG_PER_TONNE)
        km = network.km(here.site, there.site)
        legs.append(Emissions(per_km.ttw_kgco2e * km, per_km.wtt_kgco2e * km))
    return Emissions(math.fsum(leg.ttw_kgco2e for leg in legs), math.fsum(leg.wtt_kgco2e for leg in legs))


def allocate_route(
    total: Emissions, stops: Sequence[Stop], weights_kg: Mapping[str, float], network: Network
) -> dict[str, Emissions]:
    """Split a tour's emissions between its jobs by tonnes times shortest distance from loading to delivery site.

    The distance is the network's direct one, never what was driven, so that the order of a milk run favours nobody.
    """
    loaded_at = {job: stop.site for stop in stops for job in stop.pickups}
    work = {
        job: weights_kg[job] / KG_PER_TONNE * network.km(loaded_at[job], stop.site)
        for stop in stops
        for job in stop.deliveries
    }
    return allocate(total, work)


def allocate(total: Emissions, tonne_km: Mapping[str, float]) -> dict[str, Emissions]:
    """Split emissions by transport work; the parts add up to the total exactly.

    Without any transport work (all goods weightless, or at home already) the split is equal.

    Raises
    ------
    ValueError
        If there is nobody to split emissions between, or transport work is negative or not finite.
    """
    if not tonne_km and total != Emissions():
        raise ValueError(f"cannot split {total} between nobody, expected at least one consignment")
    if any(not math.isfinite(w) or w < 0 for w in tonne_km.values()):
        raise ValueError(f"tonne_km are {dict(tonne_km)}, expected finite figures >= 0")
    mass = math.fsum(tonne_km.values())
    shares = {k: w / mass if mass > 0 else 1 / len(tonne_km) for k, w in tonne_km.items()}
    ttw, wtt = (_split(part, shares) for part in (total.ttw_kgco2e, total.wtt_kgco2e))
    return {k: Emissions(ttw[k], wtt[k]) for k in shares}


def _split(total: float, shares: Mapping[str, float]) -> dict[str, float]:
    # In whole steps of the total's own precision, additions and subtractions of floats are exact.
    step = math.ulp(total)
    parts = {k: math.floor(total * share / step) * step for k, share in shares.items()}
    if parts:
        # What rounding left over goes to the largest part, where it is least.
        largest = max(parts, key=lambda k: (parts[k], k))
        parts[largest] = total - sum(v for k, v in parts.items() if k != largest)
    return parts


def groupage_emissions(weight_kg: float, distance_km: float) -> Emissions:
    """Emissions of a shipment in a public groupage network, over the direct distance at average loads.

    An assumption of this project: rigid lorries collect and deliver over the first `GROUPAGE_RIGID_KM` in all,
    articulated ones run the linehaul over what is beyond.
    """
    known = emission_factors()
    near_km = min(distance_km, GROUPAGE_RIGID_KM)
    parts = ((known["rigid"].average, near_km), (known["articulated"].average, distance_km - near_km))
    tonnes = weight_kg / KG_PER_TONNE
    return Emissions(
        sum(f.ttw_kgco2e * tonnes * km for f, km in parts), sum(f.wtt_kgco2e * tonnes * km for f, km in parts)
    )


def hub_emissions(pallets: float, kgco2e_per_pallet: float = ASSUMED_HUB_KGCO2E_PER_PALLET) -> Emissions:
    """Emissions of handling pallets at a hub once, by an assumption (`ASSUMED_HUB_KGCO2E_PER_PALLET`)."""
    return Emissions(0.0, pallets * kgco2e_per_pallet)
