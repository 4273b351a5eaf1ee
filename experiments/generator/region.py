"""Generate a whole scenario from parameters and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.random import SeedSequence
from pydantic import ValidationError

from experiments.generator.demand import build_relations, demand_table, draw_orders
from experiments.generator.fleet import build_carriers, build_hubs, build_tariffs, build_vehicles
from experiments.generator.geography import build_geography
from experiments.generator.orders import orders_table
from experiments.generator.params import GeneratorParams
from experiments.problems import problem_error
from experiments.scenario import (
    Scenario,
    planning_days,
    scenario_from_tables,
    tables_digest,
    write_scenario,
)
from experiments.settings import GeneratedFrom, NetworkSettings, ScenarioSettings, model_problems
from groupage.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


GEOGRAPHY_KEY = 0
ORDERS_KEY = 1


def generate(params: GeneratorParams, replication: int = 0) -> tuple[ScenarioSettings, dict[str, pd.DataFrame]]:
    """Generate a region, its orders and its demand.

    The region depends on the parameters alone; orders and demand also on the replication.

    Parameters
    ----------
    replication
        Number of the draw of orders and history for the same region.

    Returns
    -------
    tuple
        Settings and tables, as `experiments.scenario.write_scenario` takes them.
    """
    places, goods, fleet, hub_rates, prices = (
        np.random.default_rng(s) for s in SeedSequence(params.seed, spawn_key=(GEOGRAPHY_KEY,)).spawn(5)
    )
    process, details = SeedSequence(params.seed, spawn_key=(ORDERS_KEY, replication)).spawn(2)
    geography = build_geography(params, places)
    relations = build_relations(params, goods)
    settings = _settings(params)
    days = planning_days(settings)
    last = pd.Timestamp(days[-1].date) + pd.Timedelta(days=params.ahead_days)
    book = draw_orders(params, relations, last, process)
    # Fleets are sized on what relations expect, not on what one replication happened to draw.
    spread = np.exp(params.pallets_sigma**2 / 2)
    pallets = relations.rate * relations.median_pallets * spread
    factory_pallets = np.bincount(relations.factory, pallets, minlength=params.factories).astype(float)
    mean_pallets = float(factory_pallets.sum())
    vehicles = build_vehicles(params, geography, mean_pallets, fleet)
    tables = {
        "sites": geography.sites,
        "carriers": build_carriers(params, fleet),
        "vehicles": vehicles,
        "hubs": build_hubs(params, geography, mean_pallets, hub_rates),
        "orders": orders_table(params, geography, relations, book, days, np.random.default_rng(details)),
        "demand": demand_table(geography, relations, book),
        "tariffs": build_tariffs(params, geography, vehicles, factory_pallets, prices),
    }
    origin = GeneratedFrom(params=params, replication=replication, tables_sha256=tables_digest(tables))
    return settings.model_copy(update={"generator": origin}), tables


def generator_params(**values: Any) -> GeneratorParams:
    """Check parameters that come from a person.

    Raises
    ------
    InputError
        With every parameter that does not fit.
    """
    try:
        return GeneratorParams(**values)
    except ValidationError as error:
        raise InputError(model_problems(error, GeneratorParams, "generate")) from None


def generate_to(folder: Path | str, params: GeneratorParams, replication: int = 0) -> None:
    """Generate a scenario into a folder."""
    write_scenario(folder, *generate(params, replication))


def replicate(scenario: Scenario, replication: int) -> Scenario:
    """Draw new orders and a new history for the region of a generated scenario.

    Raises
    ------
    InputError
        If the scenario was not generated, or its tables were edited since.
    """
    origin = scenario.settings.generator
    if origin is None:
        raise problem_error(
            scenario.name, "replications", "several", "1, as only a generated scenario can draw new orders"
        )
    if scenario.tables_sha256 != origin.tables_sha256:
        raise problem_error(
            scenario.name, "replications", "several", "1, as the tables were edited after they were generated"
        )
    return (
        scenario if replication == origin.replication else scenario_from_tables(*generate(origin.params, replication))
    )


def _settings(params: GeneratorParams) -> ScenarioSettings:
    working = "".join("1" if weight > 0 else "0" for weight in params.weekday_weights)
    return ScenarioSettings(
        name=f"region-{params.seed}",
        description=(
            f"Generated region: {params.factories} factories, {params.hubs} hubs, {params.carriers} carriers, "
            f"{params.clients} clients, seed {params.seed}."
        ),
        start=params.start,
        days=params.days,
        time_zone="Europe/Amsterdam",
        planning_weekdays="Mon-Fri" if working == "1111100" else working,
        network=NetworkSettings(circuity=params.circuity, speed_kmh=params.speed_kmh),
    )
