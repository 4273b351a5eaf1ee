"""What vehicles, hubs and part loads cost: the defaults of generated and imported scenarios.

An articulated truck costs 172,775 EUR a year, all-in 1.65 EUR per km *or* 66.84 EUR per hour, 44 % of it staff
(KiM/Panteia, Kostenkengetallen goederenvervoer, Netherlands 2021, tractor and semi-trailer in container transport). The
two rates are the same money on two bases, never added: they imply 104,700 km and 2,585 hours a year. Over 250 working
days that is 691 EUR, 419 km and 10.3 hours a day, which is split here into

- 29.40 EUR per hour: the staff share (0.44 x 172,775 / 2,585);
- 0.50 EUR per km: fuel, tyres and maintenance (an assumption, about 0.3 l/km);
- 178 EUR per vehicle-day: the rest,

so that 178 + 419 x 0.50 + 10.3 x 29.40 = 690 EUR. Rigid trucks and vans are scaled down from there by assumption, as
are tolls, hub rates and the groupage price list, which is laid between what a shared stop costs and what a small
carrier's whole van costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from logistics.fleet import Body, OperatingCosts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """Default vehicle: capacities and what it costs its carrier."""

    body: Body
    pallets: float
    kg: float
    m3: float
    costs: OperatingCosts


VAN = VehicleClass(Body.VAN, 4, 1_100, 12, OperatingCosts(48.0, 0.22, 26.0, 0.0))
RIGID = VehicleClass(Body.RIGID, 18, 9_500, 48, OperatingCosts(118.0, 0.38, 28.4, 0.12))
ARTICULATED = VehicleClass(Body.ARTICULATED, 33, 24_000, 85, OperatingCosts(178.0, 0.50, 29.4, 0.15))
CLASSES = (VAN, RIGID, ARTICULATED)

SHIFT_OPENS, SHIFT_CLOSES = "06:00", "18:00"
MAX_SHIFT_MIN = 570.0  # nine and a half hours; EU driving time is 9 h a day (Regulation 561/2006, article 6)

# Share of a fleet's pallets in each vehicle class.
FLEET_MIX: tuple[tuple[VehicleClass, float], ...] = ((VAN, 0.10), (RIGID, 0.55), (ARTICULATED, 0.35))

BRACKET_PALLETS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0, 24.0, 33.0)
KG_PER_PALLET_LIMIT = 750.0  # a heavier consignment pays for more pallets
FULL_LOAD_PALLETS = 33.0
MINIMUM_EUR = 48.0
FUEL_SURCHARGE_PERCENT = 9.5


def groupage_price_eur(pallets: float, km: float, level: float = 1.0) -> float:
    """Price of a part load before the fuel surcharge.

    A concave power of the pallets between a single pallet (48 EUR and 0.16 EUR per km) and a full truck (365 EUR
    and 1.60 EUR per km), as price lists are.
    """
    single, full = 48.0 + 0.16 * km, 365.0 + 1.6 * km
    power = math.log(full / single) / math.log(FULL_LOAD_PALLETS)
    return float(round(level * single * max(pallets, 1.0) ** power, 2))


def groupage_rows(
    tariff: str, carrier: str, zones: list[str], km: NDArray[np.float64], *, level: float, margin_percent: float
) -> list[dict[str, Any]]:
    """Write a carrier's price list as rows of the table ``tariffs``.

    Parameters
    ----------
    km
        Road distance between the middles of zones, shape ``(zones, zones)``.
    """
    return [
        {
            "tariff": tariff,
            "kind": "groupage",
            "carrier": carrier,
            "from_zone": zones[a],
            "to_zone": zones[b],
            "up_to_pallets": pallets,
            "up_to_kg": pallets * KG_PER_PALLET_LIMIT,
            "price_eur": groupage_price_eur(pallets, float(km[a, b]), level),
            "minimum_eur": MINIMUM_EUR,
            "fuel_surcharge_percent": FUEL_SURCHARGE_PERCENT,
            "margin_percent": margin_percent,
        }
        for a in range(len(zones))
        for b in range(len(zones))
        for pallets in BRACKET_PALLETS
    ]


def fleet_rows(
    carrier: str, base: str, pallets: float, *, level: float = 1.0, cold: bool = True
) -> list[dict[str, Any]]:
    """Write a carrier's vehicles, at least one of each class, as rows of the table ``vehicles``.

    Parameters
    ----------
    pallets
        That all of them hold together.
    level
        Factor on the default costs.
    cold
        Whether the trucks (not the vans) keep goods chilled.
    """
    return [
        {
            "vehicle": f"{carrier}-{kind.body}",
            "carrier": carrier,
            "body": str(kind.body),
            "base": base,
            "count": max(1, round(pallets * part / kind.pallets)),
            "capacity_pallets": kind.pallets,
            "capacity_kg": kind.kg,
            "capacity_m3": kind.m3,
            **rates(kind.costs.scaled(level)),
            "shift_opens": SHIFT_OPENS,
            "shift_closes": SHIFT_CLOSES,
            "max_shift_min": MAX_SHIFT_MIN,
            "temperatures": "ambient;chilled" if cold and kind is not VAN else "ambient",
        }
        for kind, part in FLEET_MIX
    ]


def hire_rows(
    vehicles: list[dict[str, Any]], margin_percent: float, spot_premium_percent: float = 0.0
) -> list[dict[str, Any]]:
    """Write a public price for hiring each vehicle on the day: the default costs of its class and a margin."""
    dearer = 1 + spot_premium_percent / 100
    plain = {str(kind.body): replace(kind.costs, fixed_eur=kind.costs.fixed_eur * dearer) for kind in CLASSES}
    return [
        {
            "tariff": f"{row['vehicle']}-hire",
            "kind": "dedicated",
            "carrier": row["carrier"],
            "vehicle": row["vehicle"],
            **rates(plain[row["body"]], margin_percent),
            "margin_percent": margin_percent,
        }
        for row in vehicles
    ]


def loading_min(pallets: float) -> float:
    """Time to load a shipment: 5 minutes and 1.5 a pallet (an assumption)."""
    return 5.0 + 1.5 * math.ceil(pallets)


def unloading_min(pallets: float) -> float:
    """Time to unload a shipment: 8 minutes and 2 a pallet (an assumption)."""
    return 8.0 + 2.0 * math.ceil(pallets)


def rates(costs: OperatingCosts, margin_percent: float = 0.0) -> dict[str, float]:
    """Return the four rates of a vehicle with a margin on top, to the tenth of a cent."""
    factor = 1 + margin_percent / 100
    return {
        "fixed_eur": round(costs.fixed_eur * factor, 2),
        "per_km_eur": round(costs.per_km_eur * factor, 3),
        "per_hour_eur": round(costs.per_hour_eur * factor, 3),
        "toll_eur_per_km": round(costs.toll_eur_per_km * factor, 3),
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Lay rows into a frame with all columns of a table, empty where a row says nothing."""
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def named(columns: tuple[str, ...], rows: list[dict[str, Any]], rare: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of a table without the rare ones of which no row says anything: regions stay the bytes they were."""
    return tuple(c for c in columns if c not in rare or any(c in row for row in rows))
