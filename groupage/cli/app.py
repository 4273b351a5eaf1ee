"""All commands, and how their errors end."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from groupage.cli import (
    check,
    compare,
    demo,
    explain,
    forecast,
    generate,
    import_,
    operate,
    replay,
    report,
    run_,
    serve,
    share,
    token,
    worker,
)
from groupage.cli.console import EXIT_BROKEN, EXIT_INPUT, EXIT_MACHINE, err
from groupage.errors import GroupageError, MissingLibraryError, ModelFileError, ReplayError, SettlementError

app = typer.Typer(
    name="groupage",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Negotiate pooled deliveries: who shares a vehicle, at what price, and who keeps which part of the gain.",
)
app.command()(demo.demo)
app.command()(generate.generate)
app.add_typer(import_.app, name="import")
app.command()(check.check)
app.command(name="run")(run_.run)
app.command()(compare.compare)
app.command()(report.report)
app.command()(explain.explain)
app.add_typer(forecast.app, name="forecast")
app.command()(share.share)
app.command()(replay.replay)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(operate.doctor)
app.command()(operate.backup)
app.command()(operate.restore)
app.add_typer(token.app, name="token")
app.add_typer(token.certificates, name="client-certificate")


def _version(value: bool) -> None:
    if value:
        from groupage import __version__

        typer.echo(f"groupage {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def run() -> None:
    """Run the command line; errors that groupage raises on purpose become a message and an exit code."""
    try:
        app()
    except (ModelFileError, ReplayError, SettlementError) as error:
        err.print(f"[bold red]error[/] {type(error).code}: ", end="")
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(EXIT_BROKEN)
    except MissingLibraryError as error:
        err.print("[bold red]error[/] ", end="")
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(EXIT_MACHINE)
    except GroupageError as error:
        err.print("[bold red]error[/] ", end="")
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(EXIT_INPUT)
    except MemoryError:
        err.print("[bold red]error[/] not enough memory for this input")
        sys.exit(EXIT_INPUT)
    except KeyboardInterrupt:
        err.print("stopped; earlier results are untouched")
        sys.exit(130)
