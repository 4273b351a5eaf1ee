"""The carriers, vehicles, hubs and prices of a generated region."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.generator.prices import (
    RIGID,
    fleet_rows,
    groupage_rows,
    hire_rows,
    named,
    rates,
    records,
    table,
)
from experiments.tables import CARRIERS, HUBS, TARIFFS, VEHICLES
from logistics.sites import SiteKind

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from experiments.generator.geography import Geography
    from experiments.generator.params import GeneratorParams

# fmt: off
CARRIER_NAMES = (
    "Anker", "Bosman", "Corvus", "Deltaline", "Eikhorst", "Ferro", "Gruter", "Hollander", "Iduna", "Jonker",
)
# fmt: on
# Part of a factory's mean daily pallets that a contract covers.
CONTRACTED_PART = 0.5


def build_carriers(params: GeneratorParams, rng: Generator) -> pd.DataFrame:
    """Carriers: most hold an ADR certificate, every other one ATP; one in ten certificates runs out during the run."""
    midway = params.start + timedelta(days=params.days // 2)
    rows = []
    for i in range(params.carriers):
        held = []
        for kind, share in (("ADR", 0.75), ("ATP", 0.5)):
            chance, month, soon = rng.random(), int(rng.integers(1, 13)), rng.random() < 0.1
            # The first carrier holds both for long, so that special goods can move at all.
            expiry = midway if soon and i else date(params.start.year + 2, month, 28)
            if i == 0 or chance < share:
                held.append(f"{kind}:{expiry.isoformat()}")
        name = f"{CARRIER_NAMES[i % len(CARRIER_NAMES)]} Transport"
        suffix = f" {i // len(CARRIER_NAMES) + 1}" if i >= len(CARRIER_NAMES) else ""
        rows.append({"carrier": carrier_id(i, params), "name": name + suffix, "certificates": ";".join(held)})
    return table(rows, CARRIERS.names)


def carrier_id(number: int, params: GeneratorParams) -> str:
    """Id of a carrier."""
    return f"C{number + 1:0{len(str(params.carriers))}d}"


def build_vehicles(params: GeneratorParams, geography: Geography, mean_pallets: float, rng: Generator) -> pd.DataFrame:
    """Vehicles: each carrier has some of each class; together they hold a mean day's pallets with slack."""
    rows: list[dict[str, Any]] = []
    for i, base in enumerate(geography.ids(SiteKind.BASE)):
        share = mean_pallets * params.fleet_slack / params.carriers
        level = round(float(rng.uniform(0.96, 1.06)), 3)
        rows += fleet_rows(carrier_id(i, params), base, share, level=level, cold=i % 2 == 0)
    rows = [row | ahead_rates(params, "", row["fixed_eur"]) for row in rows]
    return table(rows, named(VEHICLES.names, rows, ("spot_fixed_eur", "release_eur")))


def ahead_rates(params: GeneratorParams, good: str, fixed_eur: float) -> dict[str, float]:
    """What a vehicle (or dock slot) costs on the day, and what an unused one is worth; nothing where both are usual.

    Parameters
    ----------
    good
        Part of the columns' names: empty for vehicles, ``slot`` for dock slots.
    """
    spot = {f"spot_{good or 'fixed'}_eur": round(fixed_eur * (1 + params.spot_premium_percent / 100), 2)}
    release = {f"release_{good}_eur".replace("__", "_"): round(fixed_eur * params.release_percent / 100, 2)}
    return (spot if params.spot_premium_percent else {}) | (release if params.release_percent else {})


def build_hubs(params: GeneratorParams, geography: Geography, mean_pallets: float, rng: Generator) -> pd.DataFrame:
    """Hubs: a few docks each, handling at 3 to 5 EUR a pallet."""
    slots = max(3, round(mean_pallets / 60))
    rows: list[dict[str, Any]] = [
        {
            "hub": site,
            "site": site,
            "handling_eur_per_pallet": round(float(rng.uniform(3.0, 4.6)), 2),
            "slot_eur": round(float(rng.uniform(8.0, 14.0)), 2),
            "storage_eur_per_pallet_hour": 0.1,
            "dock_slots_per_hour": slots,
            "handling_min_per_pallet": 1.5,
            "min_handling_min": 30.0,
            "cutoff": "11:00",
        }
        for site in geography.ids(SiteKind.HUB)
    ]
    rows = [row | ahead_rates(params, "slot", row["slot_eur"]) for row in rows]
    return table(rows, named(HUBS.names, rows, ("spot_slot_eur", "release_slot_eur")))


def build_tariffs(
    params: GeneratorParams,
    geography: Geography,
    vehicles: pd.DataFrame,
    factory_pallets: NDArray[np.float64],
    rng: Generator,
) -> pd.DataFrame:
    """Groupage lists of up to two carriers, dedicated vehicles of all, contracts of some factories.

    Parameters
    ----------
    factory_pallets
        What each factory sends on a mean day.
    """
    zones = [f"Z{i + 1}" for i in range(len(geography.zone_km))]
    km = np.linalg.norm(geography.zone_km[:, None] - geography.zone_km[None], axis=2) * params.circuity
    np.fill_diagonal(km, 12.0 * params.circuity)  # within a zone
    rows: list[dict[str, Any]] = []
    for i in range(min(2, params.carriers)):
        level = params.groupage_level * round(float(rng.uniform(0.97, 1.06)), 3)
        carrier = carrier_id(i, params)
        rows += groupage_rows(
            f"{carrier}-groupage", carrier, zones, km, level=level, margin_percent=params.groupage_margin_percent
        )
    rows += hire_rows(records(vehicles), params.dedicated_margin_percent, params.spot_premium_percent)
    if params.carriers:
        rows += _contracts(params, geography, factory_pallets)
    return table(rows, TARIFFS.names)


def _contracts(
    params: GeneratorParams, geography: Geography, factory_pallets: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Contracts of the largest factories with the nearest carrier, for vehicles that they fill on most days."""
    bases = geography.place_km[geography.rows(SiteKind.BASE)]
    places = geography.place_km[geography.rows(SiteKind.FACTORY)]
    owners = geography.ids(SiteKind.FACTORY)
    largest = np.argsort(-factory_pallets, kind="stable")[: round(params.contract_share * params.factories)]
    rows = []
    for i in sorted(largest):
        committed = int(CONTRACTED_PART * factory_pallets[i] / RIGID.pallets)
        if i == largest[0] and factory_pallets[i] >= RIGID.pallets:
            committed = max(1, committed)
        if not committed:
            continue
        carrier = carrier_id(int(np.linalg.norm(bases - places[i], axis=1).argmin()), params)
        rows.append(
            {
                "tariff": f"{owners[i]}-contract",
                "kind": "contract",
                "carrier": carrier,
                "owner": owners[i],
                "vehicle": f"{carrier}-{RIGID.body}",
                **rates(RIGID.costs, params.contract_margin_percent),
                "committed_vehicles": committed,
                "max_vehicles": committed + 1,
                "margin_percent": params.contract_margin_percent,
            }
        )
    return rows
