"""``groupage worker``: negotiates what the servers of its store are asked for."""

from typing import Annotated

import typer

from groupage.cli.console import err
from groupage.cli.service import Config, DataDir, settings


def worker(
    config: Config = None,
    data_dir: DataDir = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error. [default: info]")] = None,
    parent: Annotated[int | None, typer.Option(help="End with this process.", hidden=True)] = None,
) -> None:
    """Negotiate synchronizations, until it is told to stop.

    ``groupage serve`` starts one of its own. More of them, on more machines, share the work of one PostgreSQL; when one
    dies the others take over within 30 seconds.
    """
    chosen = settings(config, data_dir, log=None if log_level is None else {"level": log_level})
    from server.loading import loading

    with loading():
        from server.durable.worker import run_worker

    run_worker(chosen, ready=lambda: err.print("groupage worker is ready; to stop: Ctrl-C"), parent=parent)
