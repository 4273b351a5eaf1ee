"""Processes that negotiate: as many as cores, each with the negotiations that were begun in it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, TypeVar

from server.durable.sitting import Advance, go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_TRIES = 3
_END_S = 3.0


def _begin() -> None:
    """End with the worker, however that ends: a queue that nobody fills would keep this process for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the worker says when to end
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _submit(pool: ProcessPoolExecutor, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Have work done; a process that is begun for it is deaf to the keyboard from its first moment.

    It would load what negotiates for seconds before `_begin` could see to that, and die of Ctrl-C with a traceback.
    What this thread holds back is held back in all that it starts.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(work, *arguments)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Processes:
    """A pool in which a negotiation stays where it is.

    Parameters
    ----------
    count
        Of processes; as many as cores by default.
    """

    def __init__(self, count: int | None = None) -> None:
        # Never forked: the worker has threads and database connections.
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._pools: list[ProcessPoolExecutor | None] = [None] * (count or len(os.sched_getaffinity(0)))
        self._home: dict[str, int] = {}

    def _pool(self, home: int) -> ProcessPoolExecutor:
        with self._lock:
            pool = self._pools[home]
            if pool is None:
                pool = ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin)
                self._pools[home] = pool
            return pool

    def _broke(self, home: int, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pools[home] is pool:
                self._pools[home] = None
        pool.shutdown(wait=False, cancel_futures=True)

    def _home_of(self, key: str) -> int:
        with self._lock:
            if key not in self._home:
                busy = Counter(self._home.values())
                self._home[key] = min(range(len(self._pools)), key=lambda i: busy[i])
            return self._home[key]

    def go_on(self, key: str, count: int, replies: str, record: Callable[[], tuple[str, Sequence[str]]]) -> Advance:
        """Go on with a negotiation, in the process that has it, or else in one that is fed its record.

        Parameters
        ----------
        record
            Answers the freeze and the rounds that are on record, where they are needed.

        Raises
        ------
        concurrent.futures.process.BrokenProcessPool
            If its process dies time and again, of hunger for memory perhaps.
        """
        home = self._home_of(key)
        for left in reversed(range(_TRIES)):
            pool = self._pool(home)
            try:
                advance: Advance | None = _submit(pool, go_on, key, count, replies).result()
                if advance is None:
                    freeze, rounds = record()
                    advance = _submit(pool, go_on, key, count, replies, freeze, rounds).result()
            except BrokenProcessPool:
                self._broke(home, pool)
                if not left:
                    raise
                log.warning("a process that negotiates died; its negotiation is fed to another")
                continue
            if advance is None:
                raise LookupError(f"{key} was fed its record and is not there")
            if advance.settlement:
                self.drop(key)
            return advance
        raise AssertionError("unreachable")

    def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Have something worked out in the process that has least to do.

        Raises
        ------
        concurrent.futures.process.BrokenProcessPool
            If its process dies time and again.
        """
        with self._lock:
            busy = Counter(self._home.values())
            home = min(range(len(self._pools)), key=lambda i: busy[i])
        for left in reversed(range(_TRIES)):
            pool = self._pool(home)
            try:
                return _submit(pool, function, *arguments).result()
            except BrokenProcessPool:
                self._broke(home, pool)
                if not left:
                    raise
        raise AssertionError("unreachable")

    def warm(self) -> None:
        """Begin all processes now: loading what negotiates takes seconds."""
        for home in range(len(self._pools)):
            _submit(self._pool(home), os.getpid)

    def drop(self, key: str) -> None:
        """Think of a negotiation no more."""
        with self._lock:
            self._home.pop(key, None)

    def close(self) -> None:
        """End the processes; those that are in the middle of something are not waited for long."""
        with self._lock:
            pools, self._pools = self._pools, [None] * len(self._pools)
        ends = [
            threading.Thread(target=pool.shutdown, kwargs={"cancel_futures": True}, daemon=True)
            for pool in pools
            if pool is not None
        ]
        for end in ends:
            end.start()
        for end in ends:
            end.join(_END_S)
