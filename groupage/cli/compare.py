"""``groupage compare``: policies against each other."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from groupage.cli.console import eur, out as console, percent, print_json, progress_bar


def compare(
    scenario: Annotated[Path, typer.Argument(help="Folder of a scenario.")],
    policies: Annotated[str, typer.Option(help="Names or TOML files, separated by commas.")],
    seed: Annotated[int, typer.Option(min=0)],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    replications: Annotated[int, typer.Option(min=1, help="New orders for a generated region, new seeds otherwise.")] = 1,
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
    table = Table(title=f"{found['scenario']}: {found['replications']} replication(s), seed {found['seed']}")
    for column in ("policy", "paid EUR", "saved", "km", "vehicles", "CO2e kg", "load", "on time", "pooled", "messages", "disclosed", "efficiency"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for name in found["policies"]:
        s = found["summary"][name]

        def mean(key: str, s: dict[str, Any] = s) -> float | None:
            return s[key]["mean"] if key in s else None

        def plain(key: str, s: dict[str, Any] = s) -> str:
            return f"{s[key]['mean']:,.0f}" if key in s else "–"

        load, efficiency = mean("load_factor"), mean("efficiency")
        table.add_row(
            name,
            eur(mean("total_cost_eur")),
            percent(mean("saving_percent")),
            plain("distance_km"),
            plain("vehicles"),
            plain("kgco2e"),
            percent(None if load is None else 100 * load, 0),
            percent(mean("on_time_percent")),
            plain("pooled"),
            plain("messages"),
            plain("disclosed"),
            percent(None if efficiency is None else 100 * efficiency, 0),
        )
    console.print(table)
    best = min(found["policies"], key=lambda n: found["summary"][n]["total_cost_eur"]["mean"])
    s = found["summary"][best]
    saving = s.get("saving_percent", {"mean": None, "low": None, "high": None})
    interval = "" if saving["low"] is None else f" (95 % interval {percent(saving['low'])} to {percent(saving['high'])})"
    console.print(
        f"{best} costs least: {percent(saving['mean'])} less than going alone{interval}.", markup=False
    )
