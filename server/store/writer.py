"""The one writer of a process: concurrent writes go into one transaction, and each gets its own answer.

A commit costs a flush to disk, however much it holds, so that a hundred small writes that wait together cost one. Each
write still stands alone: it has its own request id, and a wrong one is taken back to its savepoint and leaves its
neighbours as they are. Answered means on disk.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from server.faults import Fault, forget_frames
from server.store import bulk_sql, events
from server.store.gathering import MOST_TOGETHER, Gathering, Job
from server.store.ids import new_ids
from server.store.reading import Reading, declare
from server.store.tables import AuditRow, RequestRow
from server.viewer import SYSTEM, Viewer

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

log = logging.getLogger(__name__)

_TRIES = 5
_FULL = ("database or disk is full", "No space left on device", "could not extend file", "disk I/O error")


@dataclass(frozen=True, slots=True)
class Write:
    """One write that somebody asked for.

    Attributes
    ----------
    request_id, digest
        Idempotency key, and SHA-256 of what it stands for: the same key with another digest is refused. An empty key is
        a write of the service itself, which is never repeated.
    handler
        Does the work for all writes of a transaction that name it.
    payload
        What the handler needs.
    names
        Resources that it is about, for the audit log.
    rehearse
        Answer as if, and leave nothing behind.
    audited
        Whether it is a change that somebody may ask about later, and not a sign of life.
    """

    viewer: Viewer
    method: str
    request_id: str
    digest: bytes
    handler: Handler
    payload: Any
    names: tuple[str, ...] = ()
    rehearse: bool = False
    audited: bool = True


Handler = Callable[["Transaction", Sequence[Write]], Sequence["bytes | Fault"]]


@dataclass
class Transaction:
    """What handlers write with: a connection that sees everything, and the log."""

    connection: Connection
    now: datetime
    pending: list[events.Event] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def append(self, stream: str, kind: str, body: bytes, *, company: str) -> None:
        """Log an event; it gets the stream's next version when the handler is done."""
        self.pending.append(events.Event(stream, company, kind, body, self.now))
        self.touched.add(stream)

    def flush(self) -> None:
        """Store what was logged so far."""
        batch, self.pending = self.pending, []
        events.append(self.connection, batch)

    def lock(self, what: str) -> None:
        """Let no other process be at the same at the same time; until the transaction ends.

        SQLite has one writer at a time anyhow.
        """
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))

    def reading(self, viewer: Viewer = SYSTEM) -> Reading:
        """Read within this transaction as somebody, by the same row filter as everywhere."""
        return Reading(self.connection, viewer)


def single(one: Callable[[Transaction, Write], bytes]) -> Handler:
    """Make a handler out of a function of one write, which may raise a `Fault`."""

    def each(tx: Transaction, writes: Sequence[Write]) -> Sequence[bytes | Fault]:
        out: list[bytes | Fault] = []
        for write in writes:
            mark, touched = len(tx.pending), set(tx.touched)
            try:
                with tx.connection.begin_nested():
                    out.append(one(tx, write))
            except Fault as fault:
                del tx.pending[mark:]
                tx.touched = touched
                out.append(fault)
        return out

    return each


class Writer:
    """A thread that writes; `submit` from any event loop, `call` from any thread."""

    def __init__(self, engine: Engine, on_commit: Callable[[Iterable[str]], None] = lambda _: None) -> None:
        self._engine = engine
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._gatherings: dict[asyncio.AbstractEventLoop, Gathering] = {}
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def submit(self, write: Write) -> bytes:
        """Write; the answer comes when it is on disk.

        Raises
        ------
        Fault
            If the write is refused, or the store is full or does not answer.
        """
        return await self._gathering().add(write)

    def _gathering(self) -> Gathering:
        loop = asyncio.get_running_loop()
        found = self._gatherings.get(loop)
        if found is None:
            for other in [known for known in self._gatherings if known.is_closed()]:
                del self._gatherings[other]
            found = self._gatherings[loop] = Gathering(loop, self._jobs.put)
        return found

    def close(self) -> None:
        """Write what waits, then stop."""
        for gathering in list(self._gatherings.values()):
            gathering.go()
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        held: list[Job] = []
        while True:
            batch = held
            held = []
            if not batch:
                first = self._jobs.get()
                if first is None:
                    return
                batch = first
            ended = False
            while len(batch) < MOST_TOGETHER:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ended = True
                    break
                batch = batch + more
            now, held = _apart(batch)
            self._write(now)
            if ended:
                self._jobs.put(None)

    def _write(self, jobs: list[Job]) -> None:
        touched: set[str] = set()
        try:
            touched = _attempt(self._engine, jobs)
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].answer = _told(error)
            else:
                # Somebody's write broke the transaction at a place that no savepoint covers: each on its own.
                for job in jobs:
                    try:
                        touched |= _attempt(self._engine, [job])
                    except Exception as own:
                        job.answer = _told(own)
        self._on_commit(touched)
        by_loop: defaultdict[Gathering, list[Job]] = defaultdict(list)
        for job in jobs:
            if isinstance(job.answer, Fault):
                forget_frames(job.answer)
            by_loop[job.gathering].append(job)
        for gathering, theirs in by_loop.items():
            try:
                gathering.answer(theirs)
            except RuntimeError:  # the loop was closed meanwhile; what was written stays written
                log.debug("nobody waits for %d answers any more", len(theirs))


def _apart(batch: list[Job]) -> tuple[list[Job], list[Job]]:
    """Hold back a request id that is in the batch twice: the second is answered from what the first left."""
    seen: set[tuple[str, str]] = set()
    now, later = [], []
    for job in batch:
        key = (job.write.viewer.key, job.write.request_id)
        if job.write.request_id and key in seen:
            later.append(job)
        else:
            seen.add(key)
            now.append(job)
    return now, later


def _told(error: BaseException) -> BaseException:
    """Say what a failed transaction means to who waits for it."""
    if not isinstance(error, DBAPIError):
        return error
    # SQLite rolls back by itself when the disk is full, and what then fails is our own return to a savepoint.
    first: BaseException | None = error
    while first is not None:
        if isinstance(first, DBAPIError) and any(sign in str(first.orig) for sign in _FULL):
            return Fault("STORE_FULL")
        first = first.__context__
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.warning("the store does not answer: %s", error.orig)
        return Fault("STORE_UNAVAILABLE")
    return error


def _attempt(engine: Engine, jobs: list[Job]) -> set[str]:
    """Write all in one transaction; of a version that another process took meanwhile, try again."""
    try:
        return _once(engine, jobs, careful=False)
    except (IntegrityError, Fault):
        pass  # one is wrong, which is rare, and nothing of all is stored: now so that it harms nobody else
    except OperationalError as error:
        if not _deadlocked(error):
            raise
    for left in reversed(range(_TRIES)):
        try:
            return _once(engine, jobs, careful=True)
        except IntegrityError:
            if not left:
                raise
        except OperationalError as error:
            if not left or not _deadlocked(error):
                raise
    raise AssertionError("unreachable")


def _deadlocked(error: OperationalError) -> bool:
    return "deadlock" in str(error.orig)


def _once(engine: Engine, jobs: list[Job], *, careful: bool) -> set[str]:
    """Write all in one transaction.

    Parameters
    ----------
    careful
        With a savepoint for each handler: in SQLite each page that changes is then copied first.
    """
    with engine.connect() as connection, connection.begin():
        declare(connection, SYSTEM)
        tx = Transaction(connection, datetime.now(UTC))
        _all(tx, jobs, careful=careful)
    return tx.touched


def _all(tx: Transaction, jobs: list[Job], *, careful: bool) -> None:
    known = _answered(tx.connection, jobs)
    by_handler: defaultdict[Handler, list[Job]] = defaultdict(list)
    for job in jobs:
        write = job.write
        earlier = known.get((write.viewer.key, write.request_id)) if write.request_id else None
        if earlier is None:
            by_handler[write.handler].append(job)
        elif earlier[0] != write.digest:
            job.answer = Fault("REQUEST_ID_REUSED", metadata={"request_id": write.request_id})
        else:
            job.answer = earlier[1]
    fresh: list[Job] = []
    for handler, theirs in by_handler.items():
        real = [j for j in theirs if not j.write.rehearse]
        if real:
            (_handle if careful else _handle_boldly)(tx, handler, real)
            fresh += [j for j in real if isinstance(j.answer, bytes)]
        for job in theirs:
            if job.write.rehearse:
                _rehearse(tx, handler, job)
    _remember(tx, fresh)
    _audit(tx, [j for theirs in by_handler.values() for j in theirs if j.write.audited and not j.write.rehearse])


def _handle_boldly(tx: Transaction, handler: Handler, jobs: list[Job]) -> None:
    answers = handler(tx, [j.write for j in jobs])
    tx.flush()
    for job, answer in zip(jobs, answers, strict=True):
        job.answer = answer


def _handle(tx: Transaction, handler: Handler, jobs: list[Job]) -> None:
    try:
        with tx.connection.begin_nested():
            answers = handler(tx, [j.write for j in jobs])
            tx.flush()
    except (IntegrityError, Fault) as error:
        tx.pending.clear()
        if len(jobs) == 1:
            if isinstance(error, IntegrityError):
                raise  # another process was faster: the whole transaction anew
            jobs[0].answer = error
            return
        for job in jobs:
            _handle(tx, handler, [job])
        return
    for job, answer in zip(jobs, answers, strict=True):
        job.answer = answer


def _rehearse(tx: Transaction, handler: Handler, job: Job) -> None:
    touched = set(tx.touched)
    nested = tx.connection.begin_nested()
    try:
        (job.answer,) = handler(tx, [job.write])
    except Fault as fault:
        job.answer = fault
    finally:
        tx.pending.clear()
        tx.touched = touched
        nested.rollback()


def _answered(connection: Connection, jobs: list[Job]) -> dict[tuple[str, str], tuple[bytes, bytes]]:
    asked = ((j.write.viewer.key, j.write.request_id) for j in jobs if j.write.request_id)
    columns = "company, request_id, digest, answer"
    rows = bulk_sql.of_pairs(connection, columns, "requests", ("company", "request_id"), asked)
    return {(row[0], row[1]): (bytes(row[2]), bytes(row[3])) for row in rows}


def _remember(tx: Transaction, jobs: list[Job]) -> None:
    rows = [
        {
            "company": j.write.viewer.key,
            "request_id": j.write.request_id,
            "method": j.write.method,
            "digest": j.write.digest,
            "answer": j.answer,
            "at": tx.now,
        }
        for j in jobs
        if j.write.request_id
    ]
    bulk_sql.insert_rows(tx.connection, RequestRow, rows)


def _audit(tx: Transaction, jobs: list[Job]) -> None:
    rows = [
        {
            "at": tx.now,
            "company": j.write.viewer.key,
            "identity": j.write.viewer.identity,
            "method": j.write.method,
            "name": name,
            "outcome": j.answer.reason if isinstance(j.answer, Fault) else "OK",
            "request_id": j.write.request_id,
        }
        for j in jobs
        if j.write.method  # without one it is the service's own bookkeeping
        for name in (j.write.names or ("",))
    ]
    for row, key in zip(rows, new_ids(len(rows)), strict=True):
        row["id"] = key
    bulk_sql.insert_rows(tx.connection, AuditRow, rows)
