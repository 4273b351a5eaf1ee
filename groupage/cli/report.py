"""``groupage report``: a page of a results folder."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.cli.console import out as console


def report(
    results: Annotated[Path, typer.Argument(help="Folder written by run, compare or demo.")],
    out: Annotated[Path | None, typer.Option(help="File; default report.html in the folder.")] = None,
) -> None:
    """Write one self-contained HTML page that can be handed on."""
    from experiments.report import write_report

    console.print(f"The report is {write_report(results, out)}", markup=False)
