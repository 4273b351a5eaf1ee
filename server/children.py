"""A process of one's own for what computes long: it shares no lock with the server, and may be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


class ChildDiedError(Exception):
    """The process ended before it answered."""


class ChildFailedError(Exception):
    """What the process was asked to do raised an exception; its text is for the log, not for callers."""


class Child:
    """A process that does one thing after another, started afresh (spawn): a forked one could hold a lock for ever."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True, name="groupage-child")
        self.process.start()
        theirs.close()

    def call(
        self,
        fn: Callable[..., Any],
        *args: Any,
        told: Callable[[float], None] = lambda share: None,
        every_s: float = 5.0,
    ) -> Any:
        """Have a function called there, which takes ``tell`` besides its arguments; waits for what it returns.

        Parameters
        ----------
        told
            Called at least every ``every_s`` seconds with how far the function said it was, from 0 to 1.

        Raises
        ------
        ChildDiedError
            If the process ended.
        ChildFailedError
            If the function raised.
        """
        share, next_s = 0.0, time.monotonic() + every_s
        try:
            self._pipe.send((fn, args))
            while True:
                if self._pipe.poll(max(0.0, next_s - time.monotonic())):
                    what, value = self._pipe.recv()
                    if what == "done":
                        return value
                    if what == "failed":
                        raise ChildFailedError(value)
                    share = value
                if time.monotonic() >= next_s:
                    told(share)
                    next_s = time.monotonic() + every_s
        except (EOFError, OSError) as error:
            raise ChildDiedError(f"exit code {self.process.exitcode}") from error

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self._pipe.close()


def _serve(pipe: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            fn, args = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = ("done", fn(*args, tell=lambda share: pipe.send(("told", share))))
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {error}")
        pipe.send(answer)


def _end_with_parent() -> None:
    """A server that was killed leaves nobody behind that computes for it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
