"""Workers that die: their work goes on, comes out the same, and is done once; on both databases."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

import pytest
from sqlmodel import select

from agents import records
from agents.synchronize import replayed, synchronize
from groupage.v1 import companies_pb2, negotiation_pb2
from server import bus
from server.durable import engine, record
from server.market import built_in
from server.store.tables import ExchangeRow, QuestionRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.conftest import eventually

pytestmark = pytest.mark.timeout(240)


def reaches(store, name, *states, within_s=90.0):
    """Wait until a synchronization is in one of some states."""
    return eventually(lambda: world.state(store, name) in states, within_s=within_s)


def accept_all(store, workflows, name):
    """Have all accept, and the workflow woken."""
    world.answer(store, name)
    workflows.notify(name)


def same_as_undisturbed(store, name):
    """Every negotiation came to what the engine negotiates undisturbed of the same market, to the byte."""
    for row in world.negotiations(store, name):
        freeze, transcript = store.look(
            SYSTEM, lambda s, row=row: (record.freeze_of(s, row), record.transcript_of(s, row))
        )
        stored = world.settlement_text(store, row)
        undisturbed = synchronize(freeze.market, built_in(freeze), freeze.policy, freeze.seed)
        assert records.dumps(undisturbed.settlement) == stored
        assert records.dumps(undisturbed.transcript) == records.dumps(transcript)
        assert records.dumps(replayed(freeze.market, freeze.policy, transcript).settlement) == stored


def replays(store, name):
    """Every stored transcript replays to the stored settlement, to the byte."""
    for row in world.negotiations(store, name):
        freeze, transcript = store.look(
            SYSTEM, lambda s, row=row: (record.freeze_of(s, row), record.transcript_of(s, row))
        )
        again = replayed(freeze.market, freeze.policy, transcript)
        assert records.dumps(again.settlement) == world.settlement_text(store, row)


def exchanges(store, name):
    """How many exchanges are on record."""
    query = select(ExchangeRow.number).where(ExchangeRow.synchronization == name)
    return store.look(SYSTEM, lambda s: len(list(s.exec(query))))


def pending(store, company):
    """Questions to a company's own agent that are open."""
    query = select(QuestionRow).where(QuestionRow.company == company, QuestionRow.withdrawn.is_(False))
    return [q for q in store.look(SYSTEM, lambda s: list(s.exec(query))) if q.answer is None]


@contextmanager
def nobody_writes(store, durable):
    """Keep writers out of SQLite's files: it has one at a time, and one that is stopped there keeps out all others."""
    files = [url.removeprefix("sqlite:///") for url in (store.url, durable) if url.startswith("sqlite:")]
    with ExitStack() as held:
        for file in files:
            db = held.enter_context(closing(sqlite3.connect(file, timeout=30.0, isolation_level=None)))
            db.execute("BEGIN IMMEDIATE")
        yield


class TestKilled:
    """kill -9."""

    def test_goes_on_after_being_killed_time_and_again(self, store, workers, workflows):
        """Killed at several moments, a synchronization comes to the settlement of an undisturbed one, once."""
        world.fill(store)
        one = workers.start()
        name = world.ask(store)
        workflows.start(name)
        for delay_s in (0.0, 0.4, 1.1):
            reaches(store, name, "NEGOTIATING", "PROPOSED")
            time.sleep(delay_s)
            one.kill()
            one.wait()
            one = workers.start()
        reaches(store, name, "PROPOSED")
        one.kill()
        one.wait()
        world.answer(store, name)  # while nobody works
        workers.start()
        reaches(store, name, "COMMITTED")
        assert len(world.negotiations(store, name)) == 1
        same_as_undisturbed(store, name)

    def test_is_taken_over_by_a_survivor(self, store, workers, workflows):
        """Of two workers the one that works is killed: the other takes over well within 30 s, and asks nobody twice."""
        world.fill(store)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        first = workers.start(reply_within_s=120.0)
        workflows.start(name)
        (question,) = eventually(lambda: pending(store, "acme"))
        second = workers.start(reply_within_s=120.0)
        first.kill()
        first.wait()
        said = negotiation_pb2.Answer(
            question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="no"
        )
        killed_at = time.monotonic()
        store.transact(lambda tx: bus.record(tx, "acme", said))
        workflows.answered(name, question.question_id, "acme")
        before = exchanges(store, name)
        eventually(lambda: exchanges(store, name) > before, within_s=30.0)
        assert time.monotonic() - killed_at < 30.0
        assert second.poll() is None
        asked = store.look(SYSTEM, lambda s: [q.question_id for q in s.exec(select(QuestionRow))])
        assert len(asked) == len(set(asked))
        row = world.negotiations(store, name)[0]
        first_round = records.loads(store.look(SYSTEM, lambda s: record.exchanges(s, name, 1))[row.count - 1])
        assert first_round.sent

    def test_fences_out_one_that_was_only_stopped(self, store, workers, workflows):
        """A worker that stood still and comes back finds itself fenced out: it ends, and what it does is refused."""
        world.fill(store)
        stopped = workers.start()
        name = world.ask(store)
        workflows.start(name)
        reaches(store, name, "NEGOTIATING")
        with nobody_writes(store, workers.durable):
            stopped.send_signal(signal.SIGSTOP)
        workers.start(dead_after_s=3.0)
        reaches(store, name, "PROPOSED")
        stopped.send_signal(signal.SIGCONT)
        assert stopped.wait(30) == 70
        accept_all(store, workflows, name)
        reaches(store, name, "COMMITTED")
        same_as_undisturbed(store, name)


class TestHandedOver:
    """Workers that end as they should, and newer releases."""

    def test_hands_over_when_told_to_stop(self, store, workers, workflows):
        """Told to stop, a worker ends soon, though a synchronization waits; another goes on with it at once."""
        world.fill(store)
        one = workers.start()
        name = world.ask(store)
        workflows.start(name)
        reaches(store, name, "PROPOSED")
        one.terminate()
        assert one.wait(30) == 0
        workers.start()
        accept_all(store, workflows, name)
        reaches(store, name, "COMMITTED", within_s=30.0)

    def test_finds_what_nobody_enqueued(self, store, workers):
        """A server that died between storing a request and enqueueing it loses nothing."""
        world.fill(store)
        name = world.ask(store)
        workers.start()
        reaches(store, name, "PROPOSED")

    def test_lets_an_older_release_drain(self, store, workers, workflows, durable):
        """New work goes to the newer release; what the older began stays with it while it lives, then is adopted."""
        world.fill(store)
        old = workers.start(application="1")
        name = world.ask(store)
        workflows.start(name)
        reaches(store, name, "PROPOSED")
        workers.start(application="2")
        time.sleep(2.0)
        client = engine.client(durable)
        try:
            assert engine.latest(client, name).app_version == "1"
            old.kill()
            old.wait()
            eventually(lambda: engine.latest(client, name).app_version == "2", within_s=30.0)
            later = world.ask(store, window=(world.pool.END + timedelta(days=1), world.pool.END + timedelta(days=2)))
            workflows.start(later)
            reaches(store, later, "RELEASED")  # there are no orders in that window
            assert engine.latest(client, later).app_version == "2"
        finally:
            client.destroy()
        accept_all(store, workflows, name)
        reaches(store, name, "COMMITTED")
        same_as_undisturbed(store, name)
