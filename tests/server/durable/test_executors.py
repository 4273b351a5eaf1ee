"""Who is alive, who is fenced out, and that the fenced write nothing; on both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from server.durable.executors import Executor, FencedError, machine
from server.store import Store
from server.store import engine as engines
from server.store.tables import BlobRow, ExecutorRow
from server.viewer import SYSTEM


def put_blob(tx):
    tx.connection.execute(insert(BlobRow), [{"digest": "d", "kind": "test", "at": tx.now, "body": b"x"}])


def blobs(store):
    return store.look(SYSTEM, lambda s: len(list(s.exec(select(BlobRow)))))


def entered(store):
    """Another worker among the living."""
    one = Executor(store, "1")
    one.enter()
    return one


@contextmanager
def in_the_middle(executor):
    """Have an executor stand still within a transaction; whoever wants to, lets it go on or sees how it ended."""
    inside, go_on, ended = threading.Event(), threading.Event(), []

    def slow(tx):
        put_blob(tx)
        inside.set()
        if not go_on.wait(30):
            ended.append("nobody let it go on")

    def run():
        try:
            ended.append(executor.transact(slow))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert inside.wait(10)
        yield go_on, ended
    finally:
        go_on.set()
        thread.join()


@pytest.fixture
def on_postgresql(store, store_url, monkeypatch):
    """A store on PostgreSQL where a transaction that stands still for 2 s is ended."""
    if store_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time: who stands still in the middle keeps all others waiting")
    monkeypatch.setattr(engines, "IDLE_MS", 2_000)
    one = Store(store_url)
    yield one
    one.close()


class TestFencing:
    """A fenced executor writes no more."""

    def test_refuses_in_the_same_transaction(self, store, executor):
        """What a fenced executor writes is refused, and its beat finds out; it is told by what cannot be caught."""
        executor.transact(put_blob)
        assert blobs(store) == 1
        entered(store).fence([executor.id])
        with pytest.raises(FencedError):
            executor.transact(lambda tx: tx.connection.execute(update(BlobRow).values(kind="changed")))
        assert store.look(SYSTEM, lambda s: s.get(BlobRow, "d").kind) == "test"
        with pytest.raises(FencedError):
            executor.beat()
        assert not issubclass(FencedError, Exception)

    def test_ends_the_process(self, store):
        """A worker that finds itself fenced out does what ends it, before anything else."""
        ended = []
        one = Executor(store, "1", lambda: ended.append(True))
        one.enter()
        one.leave()
        with pytest.raises(FencedError):
            one.transact(put_blob)
        assert ended == [True]
        assert blobs(store) == 0

    def test_refuses_who_never_entered(self, store):
        """Who is not on the list is as good as fenced out."""
        with pytest.raises(FencedError):
            Executor(store, "1").transact(put_blob)

    def test_leaves_nothing_of_what_failed(self, store, executor):
        """An error within leaves nothing behind, and is raised as it is."""

        def broken(tx):
            put_blob(tx)
            raise KeyError("broken")

        with pytest.raises(KeyError):
            executor.transact(broken)
        assert blobs(store) == 0

    def test_lets_the_fenced_fence_nobody(self, store, executor):
        """Of two that take each other to be dead one is left: who is fenced out finds that out first."""
        other = entered(store)
        other.fence([executor.id])
        with pytest.raises(FencedError):
            executor.fence([other.id])
        assert set(other.living()) == {other.id}

    def test_leaves_one_of_two_that_fence_each_other_at_once(self, store):
        """However they meet: one is fenced out, and the other lives."""
        for _ in range(10):
            pair = [entered(store), entered(store)]
            start, ended = threading.Barrier(2), []

            def fence(one, victim, start=start, ended=ended):
                start.wait()
                try:
                    one.fence([victim.id])
                except FencedError:
                    ended.append(one.id)

            threads = [threading.Thread(target=fence, args=each) for each in (pair, pair[::-1])]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(ended) == 1
            assert set(pair[0].living()) == {p.id for p in pair} - set(ended)
            pair[0].store.transact(lambda tx: tx.connection.execute(delete(ExecutorRow)))

    def test_waits_for_what_is_being_written(self, store, executor):
        """Fencing returns when no transaction of the fenced is under way: what was begun is whole before it."""
        other = entered(store)
        with in_the_middle(executor) as (go_on, ended):
            fencing = threading.Thread(target=other.fence, args=([executor.id],))
            fencing.start()
            fencing.join(0.5)
            assert fencing.is_alive()
            go_on.set()
            fencing.join()
        assert ended == [None]
        assert blobs(store) == 1

    def test_is_not_held_up_by_who_stands_still(self, on_postgresql):
        """Of a process that froze in the middle of a transaction the database lets go: others fence it out in time."""
        frozen = Executor(on_postgresql, "1", lambda: None)
        frozen.enter()
        other = entered(on_postgresql)
        with in_the_middle(frozen) as (go_on, ended):
            other.fence([frozen.id])
            assert ended == []
            go_on.set()
        assert isinstance(ended[0], FencedError)
        assert blobs(on_postgresql) == 0

    def test_a_long_transaction_is_no_death(self, on_postgresql, monkeypatch):
        """A process gives signs of life while a transaction of its own takes long, however many others begin."""
        one = Executor(on_postgresql, "1")
        one.enter()
        with in_the_middle(one) as (_, ended):
            beat = threading.Thread(target=one.beat)
            beat.start()
            beat.join(1)
            assert not beat.is_alive()
            assert ended == []


class TestLooking:
    """Who is dead."""

    def beat_elsewhere(self, store, key):
        def put(tx):
            row = {"id": key, "host": "elsewhere", "version": "1", "fenced": False}
            tx.connection.execute(insert(ExecutorRow), [{**row, "started_at": tx.now, "seen_at": tx.now}])

        store.transact(put)

    def test_by_its_own_watch(self, store, executor, monkeypatch):
        """Dead is whose heartbeat stood still for long by the watch of who looks, however wrong the other's clock."""
        self.beat_elsewhere(store, "far.1")
        at = [time.monotonic()]
        monkeypatch.setattr("server.durable.executors.time.monotonic", lambda: at[0])

        def passes(seconds):
            for _ in range(4):
                at[0] += seconds / 4
                executor.beat()

        assert executor.look() == []
        passes(14.0)
        assert executor.look() == []
        store.transact(
            lambda tx: tx.connection.execute(
                update(ExecutorRow).where(col(ExecutorRow.id) == "far.1").values(seen_at=tx.now)
            )
        )
        passes(14.0)
        assert executor.look() == []
        passes(15.1)
        assert executor.look() == ["far.1"]
        assert "far.1" not in executor.living()
        assert executor.look() == []

    def test_not_by_what_nobody_could_write(self, store, executor, monkeypatch):
        """While the store takes nothing no heartbeat moves: of that nobody is dead, and the watch begins anew."""
        self.beat_elsewhere(store, "far.1")
        at = [time.monotonic()]
        monkeypatch.setattr("server.durable.executors.time.monotonic", lambda: at[0])
        executor.beat()
        assert executor.look() == []
        at[0] += 40.0
        assert executor.look() == []  # its own heartbeat stands still as long
        executor.beat()  # the first since
        assert executor.look() == []
        for _ in range(4):
            at[0] += 4.0
            executor.beat()
        assert executor.look() == ["far.1"]

    @pytest.mark.parametrize("dead_after_s", [3.0, 25.0])
    def test_at_any_pace(self, store, monkeypatch, dead_after_s):
        """Three beats in that time tell the dead from a store that is away, however long that time is."""
        one = Executor(store, "1", dead_after_s=dead_after_s)
        one.enter()
        self.beat_elsewhere(store, "far.1")
        at = [time.monotonic()]
        monkeypatch.setattr("server.durable.executors.time.monotonic", lambda: at[0])
        one.beat()
        assert one.look() == []
        at[0] += dead_after_s + 0.1
        assert one.look() == []  # nobody could write
        one.beat()
        assert one.look() == []
        for _ in range(4):
            at[0] += dead_after_s / 3
            one.beat()
        assert one.look() == ["far.1"]

    def test_at_once_on_the_same_machine(self, store, executor):
        """A process of this machine that is gone is dead at once; one that runs is not."""
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        assert "?" not in machine()
        for pid in (gone.pid, 1):

            def put(tx, pid=pid):
                row = {"id": f"x{pid}.{pid}", "host": machine(), "version": "1", "fenced": False}
                tx.connection.execute(insert(ExecutorRow), [{**row, "started_at": tx.now, "seen_at": tx.now}])

            store.transact(put)
        assert executor.look() == [f"x{gone.pid}.{gone.pid}"]
        assert executor.id in executor.living()

    def test_forgets_the_long_dead(self, store, executor):
        """Rows of the long dead are dropped; those of the living and the lately dead stay."""
        self.beat_elsewhere(store, "old.1")
        self.beat_elsewhere(store, "late.1")
        executor.fence(["old.1", "late.1"])
        store.transact(
            lambda tx: tx.connection.execute(
                update(ExecutorRow).where(col(ExecutorRow.id) == "old.1").values(seen_at=0)
            )
        )
        executor.forget()
        left = store.look(SYSTEM, lambda s: {r.id for r in s.exec(select(ExecutorRow))})
        assert left == {"late.1", executor.id}
