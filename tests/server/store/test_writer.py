import asyncio
import multiprocessing
import sqlite3
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from sqlalchemy import insert
from sqlmodel import select

from server.faults import Fault
from server.store import Store, Write, events, single
from server.store.tables import AuditRow, EventRow, Record, RequestRow
from server.viewer import SYSTEM, Viewer


def put(tx, writes):
    """Store one row for each write; a batch with a name that is taken breaks as a whole."""
    tx.connection.execute(
        insert(Record),
        [
            {
                "name": w.payload,
                "kind": "thing",
                "parent": "",
                "company": w.viewer.company,
                "body": b"",
                "state": "",
                "key": "",
                "version": 1,
                "created_at": tx.now,
                "updated_at": tx.now,
            }
            for w in writes
        ],
    )
    for w in writes:
        tx.append(f"things@{w.viewer.company}", "made", w.payload.encode(), company=w.viewer.company)
    return [w.payload.encode() for w in writes]


@single
def careful(tx, write):
    if write.payload == "bad":
        raise Fault("NOT_ALLOWED")
    return put(tx, [write])[0]


def write(name, request_id="", handler=put, company="acme", digest=b"d", **more):
    return Write(Viewer(company, identity="test"), "Put", request_id, digest, handler, name, (name,), **more)


def together(store, writes):
    async def go():
        return await asyncio.gather(*(store.write(w) for w in writes), return_exceptions=True)

    return asyncio.run(go())


def names(store):
    return sorted(r.name for r in store.look(SYSTEM, lambda s: s.exec(select(Record)).all()))


def test_writes_that_come_together_share_a_transaction_and_each_has_its_answer(store):
    """Hundreds at once: all are stored, in few transactions, and each caller gets its own answer."""
    answers = together(store, [write(f"n{i:03}", f"r{i}") for i in range(300)])
    assert answers == [f"n{i:03}".encode() for i in range(300)]
    moments = {r.at for r in store.look(SYSTEM, lambda s: s.exec(select(RequestRow)).all())}
    assert len(moments) < 150


@pytest.mark.parametrize("handler", [put, careful])
def test_a_bad_write_leaves_its_neighbours_alone(store, handler):
    """A name that is taken breaks the constraint of the whole batch: only its own caller hears of it."""
    together(store, [write("taken")])
    answers = together(store, [write(n, f"r{n}", handler) for n in ("a", "taken", "b", "c")])
    assert [a for a in answers if isinstance(a, bytes)] == [b"a", b"b", b"c"]
    assert isinstance(answers[1], BaseException)
    assert names(store) == ["a", "b", "c", "taken"]
    known = {r.request_id for r in store.look(SYSTEM, lambda s: s.exec(select(RequestRow)).all())}
    assert known == {"ra", "rb", "rc"}


def test_a_refused_write_is_a_fault_and_leaves_nothing(store):
    """Nothing of it is stored, not even its events; the audit log says that it was refused."""
    answers = together(store, [write(n, handler=careful) for n in ("a", "bad", "b")])
    assert [getattr(a, "reason", a) for a in answers] == [b"a", "NOT_ALLOWED", b"b"]
    events = store.look(SYSTEM, lambda s: s.exec(select(EventRow)).all())
    assert sorted((e.version, e.body) for e in events) == [(1, b"a"), (2, b"b")]
    audit = store.look(SYSTEM, lambda s: s.exec(select(AuditRow)).all())
    assert sorted((r.name, r.outcome) for r in audit) == [("a", "OK"), ("b", "OK"), ("bad", "NOT_ALLOWED")]


def test_a_request_id_is_one_write_however_often_it_comes(store):
    """Again, later or at the same time: one effect and one answer; with another content it is refused."""
    answers = together(store, [write("a", "r"), write("a", "r"), write("a", "r")])
    assert answers == [b"a", b"a", b"a"]
    assert together(store, [write("a", "r")]) == [b"a"]
    (other,) = together(store, [write("b", "r", digest=b"e")])
    assert (other.reason, other.metadata) == ("REQUEST_ID_REUSED", {"request_id": "r"})
    assert together(store, [write("b", "r", company="acme2", digest=b"e")]) == [b"b"]
    assert names(store) == ["a", "b"]


def test_a_rehearsal_answers_and_leaves_nothing(store):
    """No row, no event, no request id, no line in the audit log."""
    assert together(store, [write("a", "r", rehearse=True)]) == [b"a"]
    assert names(store) == []
    for table in (EventRow, RequestRow, AuditRow):
        assert store.look(SYSTEM, lambda s, t=table: s.exec(select(t)).all()) == []
    assert together(store, [write("a", "r")]) == [b"a"]


def test_what_waits_is_written_before_the_store_closes(store_url):
    """Closing loses nothing that was asked for."""
    store = Store(store_url)

    async def go():
        tasks = [asyncio.ensure_future(store.write(write(f"n{i}"))) for i in range(50)]
        await asyncio.sleep(0)
        await asyncio.to_thread(store.close)
        return await asyncio.gather(*tasks)

    assert len(asyncio.run(go())) == 50
    again = Store(store_url)
    assert len(names(again)) == 50
    again.close()


def _append(url, who):
    store = Store(url)
    for _ in range(60):
        store.transact(lambda tx: tx.append("shared", "said", who.encode(), company="acme"))
    store.close()


def test_streams_of_several_processes_have_no_gaps_and_no_doubles(store, store_url):
    """Three processes append to one stream: its versions are 1, 2, 3..., and nothing is lost."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append, args=(store_url, f"p{i}")) for i in range(3)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    assert [p.exitcode for p in processes] == [0, 0, 0]
    rows = store.look(SYSTEM, lambda s: s.exec(select(EventRow).order_by(EventRow.version)).all())
    assert [r.version for r in rows] == list(range(1, 181))
    assert sorted(r.body for r in rows) == sorted(f"p{i}".encode() for i in range(3) for _ in range(60))


def test_a_follower_misses_nothing_whoever_writes_and_whenever_it_comes(store, store_url):
    """Events of this process and of another come once, in order; who comes back goes on where it was."""

    async def take(after, count):
        seen = []
        async for batch in store.follow("shared", after):
            seen += [e.version for e in batch]
            if len(seen) >= count:
                return seen
        return seen

    async def go():
        writing = asyncio.create_task(asyncio.to_thread(_append, store_url, "other"))
        first = await asyncio.wait_for(take(0, 20), 60)
        for _ in range(10):
            await asyncio.to_thread(store.transact, lambda tx: tx.append("shared", "said", b"own", company="acme"))
        await writing
        rest = await asyncio.wait_for(take(first[-1], 70 - len(first)), 60)
        return first + rest

    seen = asyncio.run(go())
    assert seen == list(range(1, 71))
    assert all(b == a + 1 for a, b in pairwise(seen))


def test_times_are_utc_and_never_naive(store):
    """What comes out has its zone; a time without one is refused at the door."""
    together(store, [write("a")])
    record = store.look(SYSTEM, lambda s: s.get(Record, "a"))
    assert record.created_at.tzinfo == UTC

    def naive(tx):
        tx.connection.execute(insert(Record), [{"name": "x", "kind": "", "created_at": datetime(2026, 1, 1)}])  # noqa: DTZ001

    with pytest.raises(Exception, match="no time zone"):
        store.transact(naive)


def test_a_full_disk_is_told_and_nothing_is_torn(tmp_path):
    """Without room a write is refused with STORE_FULL; with room again it goes on, and nothing is corrupt."""
    path = tmp_path / "store.sqlite"
    store = Store(f"sqlite:///{path}")
    together(store, [write("first")])
    with store.engines.writing.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    from sqlalchemy import event

    limit = {"pages": pages}

    @event.listens_for(store.engines.writing, "begin")
    def _limited(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}")

    outcomes = [together(store, [write(f"{'x' * 900}{i}", f"r{i}")])[0] for i in range(60)]
    refused = [i for i, o in enumerate(outcomes) if isinstance(o, Fault)]
    assert refused
    assert {outcomes[i].reason for i in refused} == {"STORE_FULL"}
    limit["pages"] = 10**6
    assert together(store, [write(f"{'x' * 900}{i}", f"r{i}") for i in refused]) == [
        f"{'x' * 900}{i}".encode() for i in refused
    ]
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (61,)


def test_the_end_of_a_stream_costs_the_same_however_long_it_is(tmp_path):
    """SQLite's own count of steps: a stream of thousands is not read to find its last version."""
    store = Store(f"sqlite:///{tmp_path / 's.sqlite'}")

    def steps(tx):
        taken = [0]

        def count():
            taken[0] += 1

        driver = tx.connection.connection.dbapi_connection
        driver.set_progress_handler(count, 1)
        found = events.last_versions(tx.connection, ["long", "none"])
        driver.set_progress_handler(None, 1)
        return found, taken[0]

    def more(tx, count):
        for _ in range(count):
            tx.append("long", "said", b"", company="acme")

    store.transact(lambda tx: more(tx, 3))
    short = store.transact(steps)
    store.transact(lambda tx: more(tx, 3_000))
    long = store.transact(steps)
    store.close()
    assert (short[0], long[0]) == ({"long": 3}, {"long": 3_003})
    assert long[1] <= short[1] + 5
