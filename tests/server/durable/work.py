"""A worker as a process of its own, for tests to kill: `tests.started` with STORE, DURABLE and PACE."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys

from server.durable.worker import Pace, Worker
from server.store import Store


def main() -> None:
    """Work until told to stop."""
    logging.basicConfig(level=logging.INFO)
    url, durable, told = sys.argv[1:4]
    given = json.loads(told)
    application = given.pop("application", "1")
    worker = Worker(Store(url), durable, application=application, pace=Pace(**{"processes": 1, "beat_s": 0.5} | given))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run(lambda: print(worker.executor.id, flush=True))
    os._exit(0)
