"""A worker that kills itself (SIGKILL) at a moment that is told, and participants that answer it, in one process.

The moments are those that a crash can tell apart: just before and just after each transaction of the store, each
record of the workflow engine, each answer and each word to the workflow. Whoever dies writes down where, so that the
next one gets one moment further. Nothing of the product knows of it: what is wrapped here is wrapped in this process.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dbos._sys_db import SystemDatabase
from sqlalchemy import event, func, select
from sqlmodel import col

from groupage.v1 import negotiation_pb2
from server import bus, changes
from server import synchronization as steps
from server.durable import engine, sitting, worker, workflow
from server.durable.bridge import Workflows
from server.durable.executors import Executor
from server.durable.pace import Pace
from server.store import Store
from server.store.tables import BlobRow, EventRow, ExchangeRow, NegotiationRow, QuestionRow, Record
from server.viewer import SYSTEM

SEED = 20_261_126
_IDLE_S = 0.02


@dataclass(frozen=True)
class Death:
    """When to die.

    Attributes
    ----------
    journal
        File of the moments that were lived through or died at.
    every
        Die at each so-manieth moment that is new; 0: never.
    only
        Moments to die at: a part of what they are called; empty: any.
    declines
        Company that declines what is proposed to it first.
    late_s
        How far the clock is ahead.
    """

    journal: str
    every: int = 1
    only: str = ""
    declines: str = ""
    late_s: float = 0.0


class Moments:
    """Counts moments that are new, and dies at some of them."""

    def __init__(self, death: Death) -> None:
        self._death = death
        self._lock = threading.Lock()
        path = Path(death.journal)
        self._seen = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set()
        self._file = os.open(death.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def come(self, moment: str) -> None:
        """Live through a moment, or not."""
        with self._lock:
            if moment in self._seen or self._death.only not in moment:
                return
            self._seen.add(moment)
            os.write(self._file, f"{moment}\n".encode())
            if self._death.every and len(self._seen) % self._death.every == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Here:
    """Negotiates in the worker's own process: what `server.durable.processes.Processes` does in others."""

    def __init__(self, count: int | None = None) -> None:
        self._lock = threading.Lock()

    def go_on(self, key: str, count: int, replies: str, record: Callable[[], Any]) -> sitting.Advance:
        with self._lock:
            advance = sitting.go_on(key, count, replies)
            if advance is None:
                advance = sitting.go_on(key, count, replies, *record())
        assert advance is not None
        return advance

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def warm(self) -> None: ...
    def drop(self, key: str) -> None: ...
    def close(self) -> None: ...


def _progress(connection: Any) -> str:
    """How far everything is: a moment of the same name after a crash is the same moment."""
    counted = [
        connection.execute(select(func.count()).select_from(table)).scalar()
        for table in (EventRow, ExchangeRow, BlobRow, NegotiationRow, Record)
    ]
    return "/".join(map(str, counted))


def _transactions(moments: Moments, store: Store) -> None:
    """Moments around what a worker writes."""
    under_way = threading.local()
    transact = Executor.transact

    @event.listens_for(store.engines.writing, "commit")
    def before(connection: Any) -> None:
        if what := getattr(under_way, "what", ""):
            under_way.at = f"{what} at {_progress(connection)}"
            moments.come(f"before the commit of {under_way.at}")

    def transact_here(self: Executor, fn: Callable[[Any], Any]) -> Any:
        under_way.what = sys._getframe(1).f_code.co_name.strip("_")
        try:
            result = transact(self, fn)
        finally:
            under_way.what = ""
        moments.come(f"after the commit of {under_way.at}")
        return result

    Executor.transact = transact_here  # type: ignore[method-assign,assignment]


def _records(moments: Moments) -> None:
    """Moments after what the workflow engine puts on record."""

    def wrapped(method: str, called: Callable[[tuple[Any, ...]], str]) -> None:
        real = getattr(SystemDatabase, method)

        def here(self: Any, *args: Any, **given: Any) -> Any:
            result = real(self, *args, **given)
            if what := called(args):
                moments.come(f"after the record of {what}")
            return result

        setattr(SystemDatabase, method, here)

    wrapped("record_operation_result", lambda a: f"step {a[0]['function_id']}")
    wrapped("recv_setup", lambda a: f"waiting {a[1]}")
    wrapped("recv_consume", lambda a: f"being woken {a[1]}")
    wrapped("update_workflow_outcome", lambda a: f"the end {a[1]}")


def _words(moments: Moments) -> None:
    """Moments around what servers say to workflows."""

    def wrapped(word: str) -> None:
        real = getattr(engine, word)

        def here(client: Any, name: str, *more: Any) -> None:
            real(client, name, *more)
            moments.come(f"after word to {word} {_answers.get(name, 0)}")

        setattr(engine, word, here)

    wrapped("wake")
    wrapped("enqueue")


_answers: dict[str, int] = {}


def reply(question: negotiation_pb2.Question) -> negotiation_pb2.Answer:
    """What an own agent says to everything: no."""
    return negotiation_pb2.Answer(
        question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="no"
    )


def participate(store: Store, tell: Workflows, moments: Moments, name: str, declines: str) -> None:
    """Answer one question or proposal of a synchronization, and have its workflow woken."""
    asked = select(QuestionRow).where(
        col(QuestionRow.synchronization) == name, col(QuestionRow.answer).is_(None), ~col(QuestionRow.withdrawn)
    )
    question = store.look(SYSTEM, lambda s: s.scalars(asked.order_by(col(QuestionRow.question_id))).first())
    if question is not None:
        said = reply(negotiation_pb2.Question.FromString(question.question))
        store.transact(lambda tx: bus.record(tx, question.company, said))
        what = f"an answer to {question.question_id}"
    else:
        whole = store.look(SYSTEM, lambda s: steps.record_of(s, name))
        number = steps.decoded(steps.SYNCHRONIZATION, whole).round
        found = store.look(SYSTEM, lambda s: steps.open_proposals(s, name, number))
        waiting = [p for p in found if p.state == steps.Part.OPEN]
        if not waiting:
            return
        # One alone, then all others: between them some have answered and some have not.
        some = waiting[:1] if len(waiting) == len(found) else waiting
        for proposal in some:
            word = steps.Part.DECLINED if proposal.company == f"companies/{declines}" else steps.Part.ACCEPTED
            store.transact(lambda tx, p=proposal, w=word: steps.proposal_becomes(tx, p.name, w))
        what = f"an answer to {some[-1].name}"
    _answers[name] = _answers.get(name, 0) + 1
    moments.come(f"after {what}")
    tell.notify(name)


def _over(store: Store, name: str) -> bool:
    """Tell whether a synchronization is final; one that needed no workflow may be."""
    return steps.State.Value(store.look(SYSTEM, lambda s: steps.record_of(s, name)).state) in steps.FINAL


def _to_do(store: Store, name: str) -> bool:
    """Tell whether a change is to be priced, or has all its answers."""
    found = store.look(SYSTEM, lambda s: changes.masters(s, name, *changes.OPEN))
    said = [(master.state, json.loads(master.body)) for master in found]
    return any(state == "PRICING" or set(what["asked"]) <= set(what["replies"]) for state, what in said)


def live(url: str, durable: str, name: str, death: Death) -> None:
    """Work until a synchronization and all changes of it are over or wait for answers, or until death."""
    logging.basicConfig(level=logging.CRITICAL)
    moments = Moments(death)
    late = timedelta(seconds=death.late_s)
    Store.now = staticmethod(lambda: datetime.now(UTC) + late)  # type: ignore[method-assign]
    store, tell = Store(url), Workflows(durable)
    worker.Processes = Here  # type: ignore[misc,assignment]
    sitting.TOGETHER_S = 0.0  # each exchange in a transaction of its own
    workflow.secrets.randbits = lambda _: SEED  # type: ignore[assignment]
    worker._POLL_S = _IDLE_S
    _transactions(moments, store)
    _records(moments)
    _words(moments)
    real = worker.body

    def body(synchronization: str, step: Any, receive: Any) -> str:
        def answered(seconds: float) -> Any:
            participate(store, tell, moments, synchronization, death.declines)
            return receive(seconds)

        return real(synchronization, step, answered)

    worker.body = body
    one = worker.Worker(store, durable, application="1", pace=Pace(beat_s=_IDLE_S, concurrency=4, processes=1))

    def until_over() -> None:
        client = engine.client(durable)
        while True:
            time.sleep(_IDLE_S)
            last = engine.latest(client, name)
            if (_over(store, name) if last is None else last.status == "SUCCESS") and not _to_do(store, name):
                os._exit(0)

    one.run(lambda: threading.Thread(target=until_over, daemon=True).start())
