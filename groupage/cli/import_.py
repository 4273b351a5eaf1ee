"""``groupage import``: public benchmark instances, or plain orders, as scenarios."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.console import out as console

app = typer.Typer(no_args_is_help=True, help="Turn benchmark instances or plain orders into a scenario.")


class Owners(StrEnum):
    """How customers of a multi-depot instance get their owner."""

    RANDOM = "random"
    NEAREST = "nearest"


PathArgument = Annotated[Path, typer.Argument(help="File to import.")]
OutOption = Annotated[Path, typer.Option(help="Folder for the scenario.")]
SeedOption = Annotated[int, typer.Option(min=0)]


@app.command()
def lilim(
    path: PathArgument,
    out: OutOption,
    factories: Annotated[int, typer.Option(min=1, help="Number of owners; pickups are clustered.")] = 4,
    seed: SeedOption = 1,
) -> None:
    """Li and Lim's pickup and delivery instances with time windows."""
    from experiments.importers import import_lilim

    import_lilim(path, out, owners=factories, seed=seed)
    console.print(f"{out} holds the scenario", markup=False)


@app.command()
def mdvrp(
    path: PathArgument,
    out: OutOption,
    owners: Annotated[Owners, typer.Option(help="Customers to depots at random, or to the nearest.")] = Owners.RANDOM,
    seed: SeedOption = 1,
) -> None:
    """Cordeau's multi-depot instances; depot d is carrier d and owns its customers."""
    from experiments.importers import import_mdvrp

    import_mdvrp(path, out, owners=owners.value, seed=seed)
    console.print(f"{out} holds the scenario", markup=False)


@app.command()
def orders(path: PathArgument, out: OutOption) -> None:
    """A plain orders CSV; carriers, tariffs and hubs take documented defaults."""
    from experiments.importers import import_orders

    import_orders(path, out)
    console.print(f"{out} holds the scenario", markup=False)
