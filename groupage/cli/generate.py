"""``groupage generate``: a seeded region with orders and demand history."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.console import out as console


def generate(
    out: Annotated[Path, typer.Option(help="Folder for the scenario.")],
    factories: Annotated[int, typer.Option(min=1, help="Owners of shipments.")] = 6,
    hubs: Annotated[int, typer.Option(min=0)] = 2,
    carriers: Annotated[int, typer.Option(min=0)] = 4,
    clients: Annotated[int, typer.Option(min=1)] = 60,
    days: Annotated[int, typer.Option(min=1, help="Planning days.")] = 20,
    orders_per_day: Annotated[float | None, typer.Option(min=0.1, help="Mean; default 0.85 per client.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    spot_premium_percent: Annotated[
        float, typer.Option(min=0, help="What a vehicle or dock slot costs more on the day than reserved ahead.")
    ] = 0.0,
    release_percent: Annotated[
        float, typer.Option(min=0, help="What an unused reserved vehicle or dock slot is still worth.")
    ] = 0.0,
    holding_eur_per_pallet_day: Annotated[float, typer.Option(min=0, help="Cost of keeping a pallet a day.")] = 0.0,
) -> None:
    """Generate a region: sites, fleets, hubs, tariffs, orders, and two years of demand from the same process."""
    from experiments.generator import generate_to, generator_params
    from experiments.scenario import load_scenario

    params = generator_params(
        factories=factories,
        hubs=hubs,
        carriers=carriers,
        clients=clients,
        days=days,
        orders_per_day=orders_per_day,
        seed=seed,
        spot_premium_percent=spot_premium_percent,
        release_percent=release_percent,
        holding_eur_per_pallet_day=holding_eur_per_pallet_day,
    )
    generate_to(out, params)
    scenario = load_scenario(out)
    console.print(
        f"{out}: {len(scenario.shipments)} orders of {len(scenario.owners)} factories on {days} days, "
        f"{len(scenario.region.vehicles)} vehicle types of {len(scenario.region.carriers)} carriers, "
        f"{len(scenario.region.hubs)} hubs, {scenario.history['unique_id'].nunique()} demand series",
        markup=False,
    )
