"""Worker processes: who is alive, who is taken to be dead, and that the dead write no more.

A process is dead when its heartbeat has stood still for long by the watch of whoever looks: no two machines' clocks
are compared. While who looks cannot write itself, as when the store is full or away, nobody's silence says anything.
Taken to be dead is not being dead (it may have been stopped, or cut off for a while), so that a survivor first fences
it out: from then on every transaction of it is refused, in that very transaction.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlmodel import col

from server.faults import Fault
from server.store.engine import NOT_DONE
from server.store.ids import new_id
from server.store.tables import ExecutorRow
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from server.store import Store, Transaction

Result = TypeVar("Result")

log = logging.getLogger(__name__)

# Of no heartbeat; with the beat, and the second that a queue is looked at, within the 30 s that are promised.
DEAD_AFTER_S = 15.0
# Rows of the dead are kept for whoever asks what happened.
_KEPT = timedelta(days=7)
_RETRY_S = (0.1, 0.3, 1.0, 3.0)
_RETRIES = 200  # about ten minutes: a full disk, a database that starts anew


class FencedError(BaseException):
    """A process that was taken to be dead: its work is done elsewhere, it must stop at once and write nothing.

    No `Exception`: nothing on the way may handle it as a failure of the work.
    """


def machine() -> str:
    """Where a process id means something: host, boot and namespace."""
    parts = [socket.gethostname()]
    for place, read in (
        ("/proc/sys/kernel/random/boot_id", lambda p: Path(p).read_text(encoding="ascii").strip()),
        ("/proc/self/ns/pid", os.readlink),
    ):
        try:
            parts.append(read(place))
        except OSError:
            parts.append("?")
    return "/".join(parts)


class Executor:
    """A worker process, as the others see it.

    Parameters
    ----------
    version
        Of the application.
    on_fenced
        Called where this process finds itself fenced out, before `FencedError` is raised; a worker ends itself here.
    dead_after_s
        Who shows no sign of life for so long is dead; each shows several in that time.
    """

    def __init__(
        self,
        store: Store,
        version: str,
        on_fenced: Callable[[], None] = lambda: None,
        *,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        self.store = store
        self.version = version
        self.id = f"{new_id()}.{os.getpid()}"
        self._on_fenced = on_fenced
        self._dead_after_s = dead_after_s
        # Of its own heartbeat: after so long without one the store took nothing, from others neither.
        self._cut_off_s = dead_after_s / 2
        self._heard: dict[str, tuple[object, float]] = {}
        self._beat_at = self._back_at = 0.0

    def enter(self) -> None:
        """Be among the living."""
        row = {"id": self.id, "host": machine(), "version": self.version, "fenced": False}

        def put(tx: Transaction) -> None:
            tx.connection.execute(insert(ExecutorRow), [{**row, "started_at": tx.now, "seen_at": tx.now}])

        self.store.transact(put)
        self._beat_at = self._back_at = time.monotonic()

    def beat(self) -> None:
        """Show that this process is alive.

        Raises
        ------
        FencedError
            If others hold it for dead.
        """

        def put(tx: Transaction) -> bool:
            done = tx.connection.execute(
                update(ExecutorRow)
                .where(col(ExecutorRow.id) == self.id, col(ExecutorRow.fenced).is_(False))
                .values(seen_at=tx.now)
            )
            return done.rowcount == 1

        if not self.store.transact(put):
            self._fenced()
        now = time.monotonic()
        if now - self._beat_at > self._cut_off_s:
            self._back_at = now
        self._beat_at = now

    def leave(self) -> None:
        """Hand everything over: what is not done, others may do at once."""
        self.fence([self.id])

    def transact(self, fn: Callable[[Transaction], Result]) -> Result:
        """Write as this process, unless it was fenced out: found out in the same transaction.

        Waits for a store that does not answer or is full, and tries again where another process was faster.

        Raises
        ------
        FencedError
            Nothing was written.
        """

        def checked(tx: Transaction) -> tuple[bool, Result | None]:
            # Shared with its other transactions, it lets nobody fence this process out before this one ends. Not the
            # row itself: signs of life change that, and must not wait.
            _hold(tx, self.id, func.pg_advisory_xact_lock_shared)
            if self._is_fenced(tx):
                return True, None
            return False, fn(tx)

        for attempt in range(_RETRIES):
            try:
                fenced, result = self.store.transact(checked)
            except (*NOT_DONE, Fault) as error:
                if attempt == _RETRIES - 1 or not _passes(error):
                    raise
                log.warning("a write is tried again after %s, attempt %d", type(error).__name__, attempt + 1)
                time.sleep(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
                continue
            if fenced:
                self._fenced()
            return result  # type: ignore[return-value]
        raise AssertionError("unreachable")

    def _fenced(self) -> None:
        self._on_fenced()
        raise FencedError(f"executor {self.id} was fenced out")

    def fence(self, executors: Iterable[str]) -> None:
        """Refuse every later write of some processes; returns when nothing of theirs is being written any more.

        Of two that do so to each other one is left.

        Raises
        ------
        FencedError
            If others were faster and fenced this process out: nobody is by it.
        """
        ids = sorted(executors)

        def put(tx: Transaction) -> bool:
            # All in one order, so that two who fence each other out do not wait for each other.
            for key in sorted({*ids, self.id}):
                _hold(tx, key, func.pg_advisory_xact_lock if key in ids else func.pg_advisory_xact_lock_shared)
            if self.id not in ids and self._is_fenced(tx):
                return False
            tx.connection.execute(update(ExecutorRow).where(col(ExecutorRow.id).in_(ids)).values(fenced=True))
            return True

        if ids and not self.store.transact(put):
            self._fenced()

    def _is_fenced(self, tx: Transaction) -> bool:
        asked = select(col(ExecutorRow.fenced)).where(col(ExecutorRow.id) == self.id)
        return tx.connection.execute(asked).scalar() is not False

    def living(self) -> dict[str, str]:
        """Processes that are not fenced out, with their versions; this one among them."""
        query = select(ExecutorRow).where(col(ExecutorRow.fenced).is_(False))
        return self.store.look(SYSTEM, lambda s: {row.id: row.version for row in s.scalars(query)})

    def look(self) -> list[str]:
        """Fence out those that are dead, and forget those that long are; answers who died now.

        Who ran on this machine and is no process any more is dead at once.
        """
        query = select(ExecutorRow).where(col(ExecutorRow.fenced).is_(False), col(ExecutorRow.id) != self.id)
        rows = self.store.look(SYSTEM, lambda s: [(row.id, row.host, row.seen_at) for row in s.scalars(query)])
        here, watch = machine(), time.monotonic()
        known, self._heard = self._heard, {}
        # No heartbeat moves while the store takes none: the watch begins when it does again.
        back_at = watch if watch - self._beat_at > self._cut_off_s else self._back_at
        dead = []
        for key, host, seen_at in rows:
            said, since = known.get(key, (None, watch))
            self._heard[key] = (seen_at, max(since, back_at) if said == seen_at else watch)
            if watch - self._heard[key][1] > self._dead_after_s or (host == here and "?" not in host and _gone(key)):
                dead.append(key)
        self.fence(dead)
        if dead:
            log.warning("executors are dead: %s", ", ".join(dead))
        return dead

    def forget(self) -> None:
        """Drop the rows of those who have long been dead; who is not there is as good as fenced out."""

        def put(tx: Transaction) -> None:
            tx.connection.execute(
                delete(ExecutorRow).where(col(ExecutorRow.fenced), col(ExecutorRow.seen_at) < tx.now - _KEPT)
            )

        self.store.transact(put)


def _hold(tx: Transaction, executor: str, lock: Any) -> None:
    """Lock an executor's standing until the transaction ends; SQLite has one writer at a time anyhow."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.execute(select(lock(func.hashtextextended(f"executor/{executor}", 0))))


def _passes(error: DBAPIError | NoConnectionError | Fault) -> bool:
    """Tell whether the same write may go well later."""
    if isinstance(error, Fault):
        return error.reason == "ETAG_MISMATCH"
    if isinstance(error, NoConnectionError):
        return True
    return isinstance(error, OperationalError) or error.connection_invalidated


def _gone(executor: str) -> bool:
    """Tell whether a process of this machine is none any more; one whose id was given to another counts as alive."""
    try:
        os.kill(int(executor.rsplit(".", 1)[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError, IndexError):
        return False
    return False
