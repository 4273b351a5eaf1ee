"""``groupage compare``: policies against each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from groupage.cli.console import out as console
from groupage.cli.console import percent, print_json, progress_bar


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return percent(None if value is None else 100 * value, 0)


ROWS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("paid, EUR", "total_cost_eur", _whole),
    ("saved against going alone", "saving_percent", percent),
    ("resource cost, EUR", "resource_cost_eur", _whole),
    ("distance, km", "distance_km", _whole),
    ("vehicles", "vehicles", _whole),
    ("CO2e, kg", "kgco2e", _whole),
    ("load factor", "load_factor", _share),
    ("on time", "on_time_percent", percent),
    ("shipments pooled", "pooled", _whole),
    ("unserved", "unserved", _whole),
    ("messages", "messages", _whole),
    ("private figures disclosed", "disclosed", _whole),
    ("efficiency (of the trustee's saving)", "efficiency", _share),
)


def compare(
    scenario: Annotated[Path, typer.Argument(help="Folder of a scenario.")],
    policies: Annotated[str, typer.Option(help="Names or TOML files, separated by commas.")],
    seed: Annotated[int, typer.Option(min=0)],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    replications: Annotated[
        int, typer.Option(min=1, help="New orders for a generated region, new seeds otherwise.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")] = 1,
    stability: Annotated[bool, typer.Option(help="Work out every coalition's cost (slow).")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run several policies on the same orders and say which saves what."""
    from experiments.compare import compare as run_comparison
    from experiments.policies import load_policy

    chosen = [load_policy(name.strip()) for name in policies.split(",") if name.strip()]
    with progress_bar("run", quiet=json_output) as show:
        found = run_comparison(
            scenario, chosen, seed, replications, out, workers=workers, stability=stability, progress=show
        )
    if json_output:
        print_json(found)
        return
    print_comparison(found)
    console.print(f"\nResults are in {out}; `groupage report {out}` makes a page of them.", markup=False)


def print_comparison(found: dict[str, Any]) -> None:
    """Print the comparison as a table, the cheapest policy named."""
    table = Table(
        title=f"{found['scenario']}: {found['replications']} replication(s), seed {found['seed']}", title_justify="left"
    )
    table.add_column("")
    for name in found["policies"]:
        table.add_column(name, justify="right")
    for label, key, show in ROWS:
        means = [found["summary"][name].get(key, {"mean": None})["mean"] for name in found["policies"]]
        if any(m is not None for m in means):
            table.add_row(label, *(show(m) for m in means))
    console.print(table)
    best = min(found["policies"], key=lambda n: found["summary"][n]["total_cost_eur"]["mean"])
    s = found["summary"][best]
    saving = s.get("saving_percent", {"mean": None, "low": None, "high": None})
    interval = (
        "" if saving["low"] is None else f" (95 % interval {percent(saving['low'])} to {percent(saving['high'])})"
    )
    console.print(f"{best} costs least: {percent(saving['mean'])} less than going alone{interval}.", markup=False)
