"""``groupage serve``: the service."""

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from groupage.cli.console import err
from groupage.cli.service import Config, DataDir, settings

if TYPE_CHECKING:
    from server.app import App


def serve(
    config: Config = None,
    data_dir: DataDir = None,
    listen: Annotated[
        list[str] | None, typer.Option(help="Address HOST:PORT; may be given again. [default: 127.0.0.1:7443]")
    ] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Port for Prometheus; 0 for none. [default: 9464]")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error. [default: info]")] = None,
) -> None:
    """Serve the participants' own systems over gRPC, until it is told to stop.

    Needs no set-up: without settings it keeps everything in a folder and listens on this machine only.
    """
    # Workers are started anew, never forked: gRPC need not see to that, nor say so.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    chosen = settings(
        config,
        data_dir,
        listen=tuple(listen) if listen else None,
        metrics_port=metrics_port,
        log=None if log_level is None else {"level": log_level},
    )
    from server.loading import loading

    with loading():
        from server.app import serve as run
        from server.durable.beside import keep_worker
        from server.durable.bridge import Workflows

    arguments = [
        *(("--config", str(config)) if config else ()),
        *(("--data-dir", str(data_dir)) if data_dir else ()),
        *(("--log-level", log_level) if log_level else ()),
    ]
    beside = [partial(keep_worker, arguments, drain_s=chosen.drain_s)] * chosen.worker.beside_server
    run(chosen, bridge=Workflows(chosen.durable), beside=beside, ready=_tell)


def _tell(app: "App") -> None:
    where = ", ".join(f"{address.rpartition(':')[0]}:{port}" for address, port in app.ports.items())
    err.print(f"groupage serves {len(app.names)} services on {where}; data in {app.settings.data_dir}", soft_wrap=True)
    err.print("an identity for a company: groupage token new COMPANY; to stop: Ctrl-C", soft_wrap=True)
