"""A worker process: negotiates what is enqueued, shows that it is alive, and takes over from those that are not."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dbos import DBOS
from sqlmodel import col, select

from server import logs
from server import synchronization as steps
from server.durable import engine
from server.durable.changes import Changer
from server.durable.driver import Driver
from server.durable.executors import Executor, FencedError
from server.durable.keeping import Keeper
from server.durable.pace import Pace
from server.durable.processes import Processes
from server.durable.workflow import WAKE, Synchronizer, body
from server.store import Store
from server.store.tables import Record
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dbos import DBOSClient

    from server.settings import Settings

log = logging.getLogger(__name__)

# Exit code of a worker that others took to be dead.
FENCED_EXIT = 70
_POLL_S = 0.25
# From when a workflow is taken until its thread is there, and from when that ends until it is on record.
_LOST_AFTER_S = 5.0
_PARENT_S = 1.0


class Worker:
    """One worker; `run` works until `stop` is called.

    Parameters
    ----------
    durable
        Address of the workflows' database.
    application
        Release that it counts as.
    """

    def __init__(self, store: Store, durable: str, *, application: str = "", pace: Pace | None = None) -> None:
        self._store = store
        self._durable = durable
        self._pace = pace or Pace()
        self._stopped = threading.Event()
        self.executor = Executor(store, application or version("groupage"), _end, dead_after_s=self._pace.dead_after_s)

    def stop(self) -> None:
        """Finish what is being done, and hand the rest over."""
        self._stopped.set()

    def run(self, ready: Callable[[], None] = lambda: None, *, drain_s: float = 20.0) -> None:
        """Work until told to stop.

        Parameters
        ----------
        ready
            Called when work is taken.
        drain_s
            How long to wait at the end for steps that are under way.
        """
        executor, pace = self.executor, self._pace
        executor.enter()
        processes = Processes(pace.processes)
        processes.warm()
        driver = Driver(executor, processes, reply_within=timedelta(seconds=pace.reply_within_s))
        under_way, here = _UnderWay(), _Here()
        _register(Synchronizer(executor, driver), under_way, here)
        DBOS(config=engine.configuration(self._durable, executor.id, executor.version, pace.concurrency + 8))
        DBOS.launch()
        DBOS.register_queue(engine.QUEUE, worker_concurrency=pace.concurrency, polling_interval_sec=_POLL_S)
        client = engine.client(self._durable)
        log.info("working as %s, release %s", executor.id, executor.version)
        ready()
        beats = threading.Thread(target=self._beats, name="heartbeat", daemon=True)
        beats.start()
        # Pricing may take long: nobody who died waits for that.
        threading.Thread(target=self._changes, args=(under_way,), name="changes", daemon=True).start()
        try:
            executor.forget()
            while not self._stopped.wait(pace.beat_s):
                self._keep(client, here)
        finally:
            # What waits is handed over; what is being computed is finished first, where that does not take long.
            self._stopped.set()
            under_way.drain(drain_s)
            beats.join()
            executor.leave()
            processes.close()
            client.destroy()
            log.info("stopped working; what is left others may do")

    def _beats(self) -> None:
        while not self._stopped.wait(self._pace.beat_s):
            try:
                self.executor.beat()
            except FencedError:
                return
            except Exception as error:
                log.warning("no sign of life could be given: %s", type(error).__name__)

    def _changes(self, under_way: _UnderWay) -> None:
        changer = Changer(self.executor)
        while not self._stopped.wait(self._pace.beat_s):
            try:
                changer.look(under_way)
            except Exception as error:
                log.warning("changes could not be looked through: %s", type(error).__name__)

    def _keep(self, client: DBOSClient, here: _Here) -> None:
        """See that somebody works on everything that is open; whatever fails here is tried again soon."""
        try:
            self.executor.look()
            keep(self._store, self.executor, client, here)
            Keeper(self.executor).look()
        except FencedError:
            raise
        except Exception as error:
            log.warning("what is open could not be looked through: %s", type(error).__name__)


class _UnderWay:
    """Steps that are being done; after the drain began, no new one begins."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._draining = False

    def __enter__(self) -> None:
        with self._changed:
            while self._draining:
                self._changed.wait()  # for ever: the process is about to end
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Let steps end."""
        until = time.monotonic() + seconds
        with self._changed:
            self._draining = True
            while self._count and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)


class _Here:
    """Workflows that have a thread in this process.

    One whose step could not be put on record, on a full disk, has none any more, though it is this process's by the
    record: nobody else would take it up while this process lives.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: Counter[str] = Counter()
        self._missed: dict[str, float] = {}

    @contextmanager
    def running(self, workflow_id: str) -> Iterator[None]:
        """Have a thread."""
        with self._lock:
            self._ids[workflow_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._ids[workflow_id] -= 1
                self._ids += Counter()  # those that have none are forgotten

    def lost(self, ours: Iterable[str]) -> list[str]:
        """Tell which of this process's workflows have had no thread for some time."""
        now = time.monotonic()
        with self._lock:
            self._missed = {w: self._missed.get(w, now) for w in ours if not self._ids[w]}
            return [w for w, since in self._missed.items() if now - since > _LOST_AFTER_S]


def _register(synchronizer: Synchronizer, under_way: _UnderWay, here: _Here) -> None:
    def once(name: str) -> dict[str, Any]:
        with under_way:
            return synchronizer.step(name)

    @DBOS.workflow(name=engine.WORKFLOW)
    def synchronize(name: str) -> str:
        with here.running(DBOS.workflow_id or name):
            return body(
                name,
                lambda n: DBOS.run_step({"name": "step"}, once, n),
                lambda seconds: DBOS.recv(WAKE, timeout_seconds=seconds),
            )


def _end() -> None:
    """End at once: others do this process's work now, and nothing of it may be written any more."""
    log.error("this worker was taken to be dead and is fenced out: it ends")
    os._exit(FENCED_EXIT)


def keep(store: Store, executor: Executor, client: DBOSClient, here: _Here) -> None:
    """Have everything that is open worked on.

    Workflows of dead executors of this release are recovered. Those of another release are left alone as long as one of
    its executors lives, and begun anew by this one when none does: they go on from what the store knows. So are this
    executor's own that have lost their thread. What was asked for and never enqueued is enqueued.
    """
    living = executor.living()
    releases = set(living.values())
    dead, ours = set(), []
    for workflow in engine.active(client):
        if workflow.status == "PENDING" and workflow.executor_id == executor.id:
            ours.append(workflow.workflow_id)
        if workflow.status != "PENDING" or workflow.executor_id in living:
            continue
        if workflow.app_version == executor.version:
            dead.add(workflow.executor_id)
    if dead:
        executor.fence(dead)
        log.warning("%d workflows of dead executors are taken over", engine.recover(dead))
    for lost in here.lost(ours):
        log.warning("a workflow has lost its thread and is begun anew")
        client.cancel_workflow(lost)
    open_ones = {steps.State.Name(s) for s in steps.State.values() if s and s not in steps.FINAL}
    query = select(Record.name).where(Record.kind == steps.SYNCHRONIZATION.kind, col(Record.state).in_(open_ones))
    for name in store.look(SYSTEM, lambda s: list(s.exec(query))):
        workflow = engine.latest(client, name)
        if workflow is None:
            engine.enqueue(client, name)
        elif workflow.status not in engine.ACTIVE:
            engine.enqueue(client, name, engine.attempt_of(workflow.workflow_id) + 1)
        elif workflow.app_version and workflow.app_version not in releases:
            log.warning("a workflow of release %s is begun anew by %s", workflow.app_version, executor.version)
            client.cancel_workflow(workflow.workflow_id)
            engine.enqueue(client, name, engine.attempt_of(workflow.workflow_id) + 1)


def _end_with(parent: int, worker: Worker) -> None:
    """Stop when the parent is gone: whose child it was, it is no more."""
    while os.getppid() == parent:
        time.sleep(_PARENT_S)
    worker.stop()


def run_worker(settings: Settings, *, ready: Callable[[], None] = lambda: None, parent: int | None = None) -> None:
    """Work until the process is told to stop (SIGTERM, or SIGINT from a keyboard).

    Parameters
    ----------
    ready
        Called when work is taken.
    parent
        Process to end with: a server that keeps this worker beside itself.
    """
    logs.configure(settings.log.level, json=settings.log.as_json())
    settings.make_data_dir()
    store = Store(settings.store)
    worker = Worker(store, settings.durable, pace=settings.worker.pace())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent, worker), name="parent-watch", daemon=True).start()
    worker.run(ready, drain_s=settings.drain_s)
    gc.collect()  # what the pools of processes had of the system is given back, since no interpreter exits
    # Threads of waiting workflows would keep the process: they are others' by now.
    logging.shutdown()
    os._exit(0)
