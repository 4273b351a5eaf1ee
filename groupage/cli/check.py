"""``groupage check``: everything wrong with a scenario, at once."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.console import out, print_json


def check(
    scenario: Annotated[Path, typer.Argument(help="Folder of a scenario.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a scenario's files; exit code 2 and the whole list if something does not fit."""
    from experiments.scenario import load_scenario, scenario_warnings

    loaded = load_scenario(scenario)
    warnings = scenario_warnings(loaded)
    facts = {
        "name": loaded.name,
        "days": loaded.settings.days,
        "orders": len(loaded.shipments),
        "owners": len(loaded.owners),
        "carriers": len(loaded.region.carriers),
        "vehicles": sum(v.count for v in loaded.region.vehicles.values()),
        "hubs": len(loaded.region.hubs),
        "sites": len(loaded.region.sites),
        "series": int(loaded.history["unique_id"].nunique()),
    }
    if json_output:
        print_json(facts | {"warnings": [str(w) for w in warnings]})
        return
    out.print(", ".join(f"{k} {v}" for k, v in facts.items()), markup=False)
    for warning in warnings:
        out.print(f"note: {warning}", markup=False, style="yellow")
    out.print("The scenario is sound." if not warnings else f"The scenario can be run; {len(warnings)} notes above.")
