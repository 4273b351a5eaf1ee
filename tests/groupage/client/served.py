"""A real server in a process of its own, that can be killed and come back on the same port.

As a program (`tests.started`) it serves: gRPC's event loops want a process each.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import uvloop

from server import logs
from server.app import App, build, run
from server.identity import key_id, new_token
from server.settings import Settings
from server.store import Store, identities
from server.wire import answers

KEY = b"k" * 32
ROOT = Path(__file__).parents[3]


class Bridge:
    """Starts no workflow; whoever tests is the coordinator."""

    check = staticmethod(answers.check)

    def start(self, synchronization: str) -> None:
        """Nothing is started."""

    def notify(self, synchronization: str) -> None:
        """Nobody waits."""

    def answered(self, workflow: str, question_id: str, company: str) -> None:
        """Nobody waits."""

    def forget(self, before: datetime) -> int:
        """There is nothing to forget."""
        return 0


class Served:
    """The server of a store.

    Attributes
    ----------
    port
        Where it listens on this machine; the same after a restart.
    """

    def __init__(self, url: str) -> None:
        self.url, self.port = url, 0
        self.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"localhost:{self.port}"

    def start(self) -> None:
        """Serve, on the port of the last time if there was one."""
        command = [sys.executable, "-m", "tests.started", __name__, self.url, str(self.port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.strip().isdigit(), f"the server did not come up, it said {line!r}"
        self.port = int(line)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it, or kill it, and wait until it is gone."""
        self._process.send_signal(number)
        self._process.communicate(timeout=30)


def token(store: Store, company: str, *, operator: bool = False) -> str:
    """Make a token that the server takes."""
    token_id, made, mac = new_token(KEY)
    store.transact(
        lambda tx: identities.add_token(
            tx, token_id=token_id, mac=mac, key_id=key_id(KEY), company=company, operator=operator
        )
    )
    return made


def main() -> None:
    """Serve a store until told to stop, after saying on which port."""
    url, port = sys.argv[1:3]
    logs.configure("warning", json=True, stream=sys.stderr)
    store = Store(url)

    def ready(app: App) -> None:
        sys.stdout.write(f"{next(iter(app.ports.values()))}\n")
        sys.stdout.flush()

    async def serve() -> None:
        settings = Settings(listen=(f"localhost:{port}",), metrics_port=0, drain_s=0.2)
        await run(build(settings, store, key=KEY, bridge=Bridge()), ready=ready)

    try:
        uvloop.run(serve())
    finally:
        store.close()
