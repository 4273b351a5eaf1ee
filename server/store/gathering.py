"""Writes of one event loop, gathered until enough have come to be worth a transaction.

A transaction costs some milliseconds, and ever so many hand-overs of the interpreter between the loop and the writer,
however little it holds. Where dozens of calls are under way, to write the first one alone would have all others wait
for it. So while many are under way, a write waits for others: for half as many as there were lately, and not for long.
A lone write waits for nobody.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

# Writes under way below which none waits for another.
FEW = 8
# For how long the first one waits at most.
WAIT_S = 0.02
# Writes of a transaction that are enough, however many are under way.
MOST_TOGETHER = 256
# After so long, half of the most that were under way still counts. Not after so many transactions: small ones would
# make the next one smaller.
HALF_S = 0.1


@dataclass(slots=True)
class Job:
    """A write, who waits for it, and its answer."""

    write: Any
    gathering: Gathering
    future: asyncio.Future[bytes]
    answer: Any = field(default=b"")


class Gathering:
    """The writes of one event loop.

    Parameters
    ----------
    loop
        Whose.
    hand_over
        Takes jobs, to be written together; the interpreter may go to the writer at any of several calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, hand_over: Callable[[list[Job]], None]) -> None:
        self.loop = loop
        self._hand_over = hand_over
        self._waiting: deque[Job] = deque()
        self._under_way = 0
        self._most, self._at = 0.0, loop.time()
        self._timer: asyncio.Handle | None = None

    def add(self, write: Any) -> asyncio.Future[bytes]:
        """Have something written, soon; the future is set when it is on disk."""
        job = Job(write, self, self.loop.create_future())
        self._waiting.append(job)
        self._under_way += 1
        now = self.loop.time()
        self._most = max(self._under_way, self._most * 0.5 ** ((now - self._at) / HALF_S))
        self._at = now
        few = self._most < FEW
        if not few and len(self._waiting) >= min(self._most / 2, MOST_TOGETHER):
            self.go()
        elif self._timer is None:
            # At once is still after all that has come to the loop already.
            self._timer = self.loop.call_soon(self.go) if few else self.loop.call_later(WAIT_S, self.go)
        return job.future

    def go(self) -> None:
        """Hand over what waits; from any thread, as it happens when the store closes."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        jobs = []
        while self._waiting:
            jobs.append(self._waiting.popleft())
        if jobs:
            self._hand_over(jobs)

    def answer(self, jobs: Sequence[Job]) -> None:
        """Give the answers of some jobs to who waits for them, from the writer's thread.

        Raises
        ------
        RuntimeError
            If the loop is closed.
        """
        self.loop.call_soon_threadsafe(self._answered, jobs)

    def _answered(self, jobs: Sequence[Job]) -> None:
        self._under_way -= len(jobs)
        for job in jobs:
            if job.future.done():
                continue
            if isinstance(job.answer, BaseException):
                job.future.set_exception(job.answer)
            else:
                job.future.set_result(job.answer)
