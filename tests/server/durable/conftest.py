"""Workers as processes of their own, and a synchronizer in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from server.durable.bridge import Workflows
from server.durable.driver import Driver
from server.durable.executors import Executor
from server.durable.processes import Processes
from server.durable.workflow import Synchronizer
from server.store import Store


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """One process that negotiates, for all tests."""
    pool = Processes(1)
    yield pool
    pool.close()


@pytest.fixture
def executor(store: Store) -> Executor:
    """A worker's standing among the living."""
    one = Executor(store, "1")
    one.enter()
    return one


@pytest.fixture
def synchronizer(executor: Executor, processes: Processes) -> Synchronizer:
    """Steps by hand, without the workflow engine."""
    return Synchronizer(executor, Driver(executor, processes))


def until(synchronizer: Synchronizer, name: str, *, most: int = 60) -> dict[str, Any]:
    """Go on until it waits or is over."""
    for _ in range(most):
        stand = synchronizer.step(name)
        if stand["is"] != "going":
            return stand
    raise AssertionError(f"{name} still goes on after {most} steps")


@pytest.fixture
def durable(store_url: str) -> str:
    """Address of the workflows' database."""
    return store_url.replace("store.sqlite", "durable.sqlite")


class Workers:
    """Worker processes of one store."""

    def __init__(self, url: str, durable: str) -> None:
        self.url, self.durable = url, durable
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in the end
        self.running: list[subprocess.Popen[str]] = []

    def start(self, **pace: Any) -> subprocess.Popen[str]:
        """Start one; it is ready when this returns."""
        program = [sys.executable, "-m", "tests.started", "tests.server.durable.work"]
        args = [*program, self.url, self.durable, json.dumps(pace)]
        one = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.running.append(one)
        assert one.stdout is not None
        assert one.stdout.readline().strip(), "the worker did not start"
        return one

    def said(self) -> str:
        """What all of them logged."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode()

    def end(self) -> None:
        """End all that still run."""
        for one in self.running:
            with suppress(ProcessLookupError):
                one.kill()
            one.wait()
            if one.stdout is not None:
                one.stdout.close()
        self._log.close()


@pytest.fixture
def workers(store_url: str, durable: str) -> Iterator[Workers]:
    """Worker processes, ended with the test."""
    made = Workers(store_url, durable)
    yield made
    made.end()


@pytest.fixture
def workflows(durable: str) -> Iterator[Workflows]:
    """What a server tells the workers by."""
    one = Workflows(durable)
    yield one
    one.close()


def eventually(look: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """Look until there is something to see."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"nothing was seen within {within_s} s")
