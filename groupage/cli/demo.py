"""``groupage demo``: a generated region, three policies, one report."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.compare import print_comparison
from groupage.cli.console import out as console
from groupage.cli.console import progress_bar

DEMO_POLICIES = ("standalone", "contract_net", "trustee")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for scenario, results and report.")] = Path("groupage-demo"),
    days: Annotated[int, typer.Option(min=1, help="Planning days; each takes some ten seconds.")] = 5,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")] = 2,
) -> None:
    """Generate a region, let its factories, hubs and carriers negotiate, and show what pooling was worth."""
    from experiments.compare import compare
    from experiments.generator import GeneratorParams, generate_to
    from experiments.policies import load_policy
    from experiments.report import write_report

    params = GeneratorParams(days=days, seed=seed)
    console.print(
        f"Generating a region with {params.factories} factories, {params.hubs} hubs, {params.carriers} carriers and "
        f"{params.clients} clients; planning days: {days} ..."
    )
    generate_to(out / "scenario", params)
    console.print(f"Running {', '.join(DEMO_POLICIES)} on the same orders (some ten seconds a day) ...")
    with progress_bar("run", quiet=False) as show:
        found = compare(
            out / "scenario",
            [load_policy(name) for name in DEMO_POLICIES],
            seed,
            1,
            out / "results",
            workers=workers,
            progress=show,
        )
    print_comparison(found)
    page = write_report(out / "results", out / "report.html")
    console.print(f"\nThe report is {page}: open it in any browser, no network needed.", markup=False)
