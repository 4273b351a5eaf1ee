"""``groupage doctor``, ``backup`` and ``restore``: what who runs the service needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groupage.cli.console import EXIT_MACHINE, err, out, print_json
from groupage.cli.service import Config, DataDir, settings

if TYPE_CHECKING:
    from server.backup import Report

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_MARKS = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "failure": "[bold red]failure[/]"}


def doctor(config: Config = None, data_dir: DataDir = None, json_output: Json = False) -> None:
    """Look at the machine, the settings, the certificates and the store; exit code 1 where something fails."""
    chosen = settings(config, data_dir)
    from server.doctor import FAILURE, examine

    found = examine(chosen)
    if json_output:
        print_json({"findings": [{"what": f.what, "state": f.state, "said": f.said} for f in found]})
    else:
        for finding in found:
            out.print(_MARKS[finding.state], end="  ")
            out.print(f"{finding.what}: {finding.said}", markup=False, soft_wrap=True)
    if any(f.state == FAILURE for f in found):
        raise typer.Exit(EXIT_MACHINE)


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder for the backup; must not be there yet.")],
    config: Config = None,
    data_dir: DataDir = None,
    json_output: Json = False,
) -> None:
    """Copy the store, its workflows and the server's key, all of one moment; the service may go on meanwhile."""
    chosen = settings(config, data_dir)
    from server.backup import backup as run

    _show(run(chosen, folder), "backed up", "in", json_output)


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder that groupage backup wrote.")],
    config: Config = None,
    data_dir: DataDir = None,
    json_output: Json = False,
) -> None:
    """Bring a backup back into an empty place, and check that it is whole."""
    chosen = settings(config, data_dir)
    from server.backup import restore as run

    _show(run(chosen, folder), "restored", "from", json_output)


def _show(report: "Report", done: str, where: str, json_output: bool) -> None:
    if json_output:
        told = {"folder": str(report.folder), "revision": report.revision, "rows": report.rows}
        print_json({**told, "size_bytes": report.size_bytes})
        return
    rows = sum(report.rows.values())
    err.print(
        f"{done}: {rows:,} rows in {len(report.rows)} tables at revision {report.revision}, "
        f"{report.size_bytes / 1e6:,.1f} MB {where} {report.folder}",
        markup=False,
        soft_wrap=True,
    )
