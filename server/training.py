"""Training of models: in a process of its own, begun again where a crash ended it, stored once whoever ends it.

Whoever trains holds the operation by a token in its row, and says every few seconds that it is still at it. If it is
silent for long another server takes the operation over; what the silent one may still bring is then refused. Silence is
measured by the watch of whoever listens: no two machines' clocks are compared.
"""

from __future__ import annotations

import os
import threading
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import structlog
from google.longrunning import operations_pb2
from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from groupage.v1 import forecasts_pb2
from server import lanes, learning, pooled
from server import synchronization as steps
from server.children import Child, ChildDiedError, ChildFailedError
from server.faults import Fault
from server.forecast_models import FORECAST_MODEL, Model, blob_of
from server.services import standard
from server.store.ids import new_id
from server.store.tables import BlobRow, Record
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.learning import Learned
    from server.store import Reading, Store, Transaction

log = structlog.get_logger(__name__)

# What stands in an operation's row: whose it is, and when it was last heard of by its own clock.
_Sign = tuple[str, datetime]

BEAT_S = 5.0
# Of an operation that nobody was heard of for so long: who held it is gone.
LEFT_AFTER_S = 30.0
# A training that ended its process so often is not tried again.
MOST_TRIES = 4
# Trainings of one server at a time: each is one thread's work.
_TURNS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))
_waiting: set[str] = set()
_waiting_lock = threading.Lock()
# What was last heard of each training that is under way, and since when, by this process's watch.
_heard: WeakKeyDictionary[Store, dict[str, tuple[_Sign, float]]] = WeakKeyDictionary()


class _LostError(Exception):
    """Another server holds the operation now, or it is done."""


@dataclass(frozen=True)
class _Hold:
    """Who trains: the token that stands in the operation's row, and which try it is."""

    token: str
    tries: int


def begin(store: Store, operation: str, silent: _Sign | None = None) -> None:
    """Train in the background, if this server is not at it already; it does not keep the server from ending.

    Parameters
    ----------
    silent
        Last sign of who holds it: taken over unless there is another one by now. None: only if nobody holds it.
    """
    with _waiting_lock:
        if operation in _waiting:
            return
        _waiting.add(operation)
    threading.Thread(target=_in_background, args=(store, operation, silent), daemon=True, name="training").start()


def _in_background(store: Store, operation: str, silent: _Sign | None) -> None:
    try:
        run(store, operation, silent=silent)
    except Exception:
        # Of no consequence but delay: `resume` takes it up.
        log.exception("a training stopped", operation=operation)
    finally:
        with _waiting_lock:
            _waiting.discard(operation)


def resume(store: Store) -> int:
    """Take up the trainings that nobody has been heard of since long; answers how many."""
    query = select(Record).where(Record.kind == FORECAST_MODEL.kind, Record.state == Model.State.Name(Model.TRAINING))
    models = store.look(SYSTEM, lambda session: [r.name for r in session.exec(query)])
    signs = {
        r.name: (r.key, r.updated_at)
        for model in models
        for r in store.look(SYSTEM, lambda session, model=model: _operations(session, model))  # type: ignore[misc]
        if not operations_pb2.Operation.FromString(r.body).done
    }
    watch, known = monotonic(), _heard.get(store, {})
    heard = {name: (sign, watch) for name, sign in signs.items()}
    heard |= {name: old for name, old in known.items() if signs.get(name) == old[0]}
    _heard[store] = heard
    left = {name: sign for name, (sign, since) in heard.items() if watch - since > LEFT_AFTER_S}
    for name, sign in left.items():
        begin(store, name, sign)
    return len(left)


def _operations(session: Reading, model: str) -> list[Record]:
    return list(session.exec(select(Record).where(Record.kind == steps.OPERATION.kind, Record.parent == model)))


def running(tx: Transaction, company: str) -> str:
    """Name of the training of a company that is under way; empty if there is none."""
    query = select(Record).where(
        Record.kind == FORECAST_MODEL.kind,
        Record.parent == f"companies/{company}",
        Record.state == Model.State.Name(Model.TRAINING),
    )
    with tx.reading() as session:
        for model in session.exec(query):
            for operation in _operations(session, model.name):
                return operation.name
    return ""


def run(
    store: Store,
    operation: str,
    started: Callable[[Child], None] = lambda child: None,
    silent: _Sign | None = None,
) -> None:
    """Train until the operation is done, or another server has it.

    Parameters
    ----------
    started
        Told of each process that is started.
    silent
        See `begin`.
    """
    with _TURNS:
        while (hold := store.transact(lambda tx: _claim(tx, operation, silent))) is not None:
            try:
                learned = _learn(store, operation, hold, started)
            except _LostError:
                return
            except ChildDiedError as error:
                log.warning("a training process died", operation=operation, tries=hold.tries, error=str(error))
                store.transact(lambda tx, hold=hold: _let_go(tx, operation, hold))  # type: ignore[misc]
                continue
            except ChildFailedError as error:
                fault = _incident(operation, str(error))
                store.transact(lambda tx, hold=hold, fault=fault: _fail(tx, operation, hold, fault))  # type: ignore[misc]
                return
            store.transact(lambda tx, hold=hold, it=learned: _finish(tx, operation, hold, it))  # type: ignore[misc]
            return


def _claim(tx: Transaction, name: str, silent: _Sign | None = None) -> _Hold | None:
    """Take an operation that nobody is at, or not heard of since; one that ended its process too often fails."""
    tx.lock(name)
    with tx.reading() as session:
        record = session.get(Record, name)
    if record is None or operations_pb2.Operation.FromString(record.body).done:
        return None
    tries, _, token = record.key.partition(":")
    if token and (record.key, record.updated_at) != silent:
        return None
    hold = _Hold(new_id(), int(tries or 0) + 1)
    _put(tx, name, key=f"{hold.tries}:{hold.token}", updated_at=tx.now)
    if hold.tries > MOST_TRIES:
        _fail(tx, name, hold, _incident(name, f"the process ended {MOST_TRIES} times"))
        return None
    return hold


def _put(tx: Transaction, name: str, **values: Any) -> None:
    tx.connection.execute(update(Record).where(col(Record.name) == name).values(**values))


def _held(tx: Transaction, name: str, hold: _Hold) -> tuple[Record, Any]:
    tx.lock(name)
    with tx.reading() as session:
        record = session.get(Record, name)
    if record is None or record.key != f"{hold.tries}:{hold.token}":
        raise _LostError
    operation = operations_pb2.Operation.FromString(record.body)
    if operation.done:
        raise _LostError
    return record, operation


def _let_go(tx: Transaction, name: str, hold: _Hold) -> None:
    try:
        _held(tx, name, hold)
    except _LostError:
        return
    _put(tx, name, key=f"{hold.tries}:")


def _beat(tx: Transaction, name: str, hold: _Hold, share: float) -> None:
    """Say that one is still at it, and how far."""
    _, operation = _held(tx, name, hold)
    metadata = forecasts_pb2.TrainForecastModelMetadata()
    operation.metadata.Unpack(metadata)
    metadata.progress_percent = round(100 * share, 1)
    operation.metadata.Pack(metadata)
    _put(tx, name, body=operation.SerializeToString(), updated_at=tx.now)


def _learn(store: Store, operation: str, hold: _Hold, started: Callable[[Child], None]) -> Learned:
    job = store.look(SYSTEM, lambda session: _job(session, operation))
    child = Child()
    try:
        started(child)
        learned: Learned = child.call(
            learning.learn,
            job,
            told=lambda share: store.transact(lambda tx: _beat(tx, operation, hold, share)),
            every_s=BEAT_S,
        )
        return learned
    finally:
        child.close()


def last_day_of(model: Any) -> date:
    """Last day that a model learns from."""
    return date(model.last_day.year, model.last_day.month, model.last_day.day)


def _job(session: Reading, operation: str) -> learning.Job:
    record = session.get(Record, operation)
    model_row = session.get(Record, record.parent) if record is not None else None
    if model_row is None or model_row.company is None:
        raise _LostError
    model, company = Model.FromString(model_row.body), model_row.company
    last = last_day_of(model)
    frame = lanes.frame_of(lanes.rows_of(session, company, last), last)
    if frame is None:
        raise _LostError
    own = lanes.past_of(frame)
    known = pooled.with_fellows(session, company, own, last) if model.forecaster.name in learning.ACROSS else own
    params = {name: getattr(p, p.WhichOneof("value")) for name, p in sorted(model.forecaster.params.items())}
    return learning.Job(model.forecaster.name, params, known, lanes.span_days(frame))


def _finish(tx: Transaction, name: str, hold: _Hold, learned: Learned) -> None:
    if learned.refused:
        _fail(tx, name, hold, Fault("POLICY_INVALID", violations=[("forecaster", learned.refused)]))
        return
    try:
        record, operation = _held(tx, name, hold)
    except _LostError:
        return
    with tx.reading() as session:
        row = session.get(Record, record.parent)
    if row is None:
        _fail(tx, name, hold, Fault("RESOURCE_NOT_FOUND", metadata={"name": record.parent}))
        return
    model = Model.FromString(row.body)
    model.state, model.series, model.pooled_learning = Model.READY, learned.series, learned.pooled
    key = blob_of(row.name)
    tx.connection.execute(delete(BlobRow).where(col(BlobRow.digest) == key))
    tx.connection.execute(
        insert(BlobRow), [{"digest": key, "kind": "forecast_model", "at": tx.now, "body": learned.model}]
    )
    changed = standard.change_record(tx, FORECAST_MODEL, row, model)
    operation.done = True
    operation.response.Pack(standard.decoded(FORECAST_MODEL, changed))
    _done(tx, record, operation, 100.0)


def _fail(tx: Transaction, name: str, hold: _Hold, fault: Fault) -> None:
    try:
        record, operation = _held(tx, name, hold)
    except _LostError:
        return
    with tx.reading() as session:
        row = session.get(Record, record.parent)
    if row is not None:
        model = Model.FromString(row.body)
        model.state = Model.FAILED
        standard.change_record(tx, FORECAST_MODEL, row, model)
    operation.done = True
    operation.error.CopyFrom(fault.status())
    _done(tx, record, operation, None)


def _done(tx: Transaction, record: Record, operation: Any, percent: float | None) -> None:
    if percent is not None:
        metadata = forecasts_pb2.TrainForecastModelMetadata()
        operation.metadata.Unpack(metadata)
        metadata.progress_percent = percent
        operation.metadata.Pack(metadata)
    standard.change_record(tx, steps.OPERATION, record, operation)


def _incident(operation: str, text: str) -> Fault:
    key = str(uuid.uuid4())
    log.error("a training failed", operation=operation, incident_id=key, error=text)
    return Fault("INTERNAL_FAULT", metadata={"incident_id": key})


def stored(tx: Transaction, model: Any, company: str, operation_id: str, now: datetime) -> Any:
    """Store a model to be trained, and the operation that does it; answers the latter."""
    parent = f"companies/{company}"
    standard.insert_record(tx, FORECAST_MODEL, model, parent=parent, company=company)
    operation = operations_pb2.Operation(name=f"operations/{operation_id}")
    metadata = forecasts_pb2.TrainForecastModelMetadata(forecast_model=model.name)
    metadata.create_time.FromDatetime(now)
    operation.metadata.Pack(metadata)
    standard.insert_record(tx, steps.OPERATION, operation, parent=model.name, company=company)
    return operation
