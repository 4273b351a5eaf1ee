"""``groupage replay``: the recorded messages lead to the same settlements."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.console import out as console
from groupage.cli.console import print_json, progress_bar


def replay(
    results: Annotated[Path, typer.Argument(help="Folder written by run, or by compare together with --policy.")],
    policy: Annotated[str | None, typer.Option(help="Which run of a comparison.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Feed the recorded transcript back and prove the same settlement; exit code 3 if it is another."""
    from experiments.explain import run_folder
    from experiments.runs import replay_run

    folder = run_folder(results, policy)
    with progress_bar("day", quiet=json_output) as show:
        found = replay_run(folder, lambda done, total: show(done, total, ""))
    if json_output:
        print_json(found)
        return
    console.print(
        f"{found['days']} days and {found['messages']} messages replayed: "
        "every message and every settlement is the same."
    )
