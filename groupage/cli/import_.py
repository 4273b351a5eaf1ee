"""``groupage import``: public benchmark instances, or plain orders, as scenarios."""

from datetime import date
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


def _day(text: str) -> date:
    from experiments.problems import problem_error

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise problem_error("import orders", "start", text, "a day such as 2026-05-04") from None


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
def orders(
    path: PathArgument,
    out: OutOption,
    start: Annotated[
        str | None,
        typer.Option(
            help="First planning day; orders before it become demand history. Default: the first in the table.",
            metavar="DATE",
        ),
    ] = None,
    time_zone: Annotated[
        str, typer.Option(help="Of the table's days and times, such as Europe/Amsterdam.", metavar="IANA")
    ] = "UTC",
) -> None:
    """A plain table of orders; carriers, tariffs and hubs take documented defaults."""
    from experiments.importers import import_orders

    import_orders(path, out, start=None if start is None else _day(start), time_zone=time_zone)
    console.print(f"{out} holds the scenario", markup=False)
