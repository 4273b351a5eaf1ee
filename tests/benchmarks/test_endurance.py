"""How the benchmark of endurance counts: that it would find what it looks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from agents import records
from agents.synchronize import synchronize
from benchmarks import endurance_check as check
from benchmarks.endurance_load import Told
from benchmarks.endurance_site import BUSY
from groupage.v1 import orders_pb2
from server.durable import record
from server.market import built_in, freeze_text
from server.store import Store
from server.store.tables import ExchangeRow, NegotiationRow, RequestRow
from tests.server import world
from tests.server.durable import world as durable_world
from tests.server.wire import pool


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    one = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield one
    one.close()


def test_writes_that_are_lost_or_twice_are_counted(store):
    """Missing and differently named orders are lost, halves of chunks too; an order for two requests is a duplicate."""
    names = world.put_orders(store, BUSY, 2, datetime.now(UTC) + timedelta(days=1))
    told = Told(answers={"busy-0": names[0], "busy-1": names[0], "busy-2": "gone"}, receipts={"7": ("a",)})
    counted = check.writes(store, told, lines=2)
    assert (counted["acknowledged"], counted["lost"], counted["duplicates"]) == (5, 4, 0)
    answer = orders_pb2.Order(name=names[0]).SerializeToString()
    rows = [
        {
            "company": BUSY,
            "request_id": key,
            "method": "/groupage.v1.Orders/CreateOrder",
            "digest": b"",
            "answer": answer,
        }
        for key in ("one", "two")
    ]
    store.transact(lambda tx: tx.connection.execute(insert(RequestRow), [{**r, "at": tx.now} for r in rows]))
    told = Told(answers={"busy-0": names[0]}, requests={"one": "busy-0", "two": "busy-1"}, twice=1)
    counted = check.writes(store, told)
    assert (counted["lost"], counted["duplicates"]) == (0, 2)


def test_a_synchronization_that_is_open_or_does_not_replay_is_wrong(store):
    """One that waits, was never negotiated, holds its orders, or came to nothing is named as such."""
    durable_world.fill(store)
    name = durable_world.ask(store)
    wrong = check.synchronization(store, name)
    assert {"it is QUEUED", "it was never negotiated", "it is over, and somebody still takes part"} <= set(wrong)
    assert not check.committed(store, name)

    freeze = pool.frozen()
    held = synchronize(freeze.market, built_in(freeze), freeze.policy, freeze.seed)
    settlement, rounds = records.dumps(held.settlement), [records.dumps(r) for r in held.transcript.rounds]

    def begun(tx):
        made = {"synchronization": name, "round": 1, "freeze": record.put_blob(tx, "freeze", freeze_text(freeze))}
        tx.connection.execute(insert(NegotiationRow), [{**made, "at": tx.now}])
        made = {"synchronization": name, "round": 1}
        said = [{**made, "number": i, "body": text.encode()} for i, text in enumerate(rounds)]
        tx.connection.execute(insert(ExchangeRow), said)

    def came_to(tx, text):
        digest = record.put_blob(tx, "settlement", text)
        tx.connection.execute(update(NegotiationRow).values(settlement=digest))

    store.transact(begun)
    assert "round 1 came to nothing" in check.synchronization(store, name)
    store.transact(lambda tx: came_to(tx, settlement + " "))
    assert "round 1 replays to another settlement" in check.synchronization(store, name)
    store.transact(lambda tx: came_to(tx, settlement))
    assert not [what for what in check.synchronization(store, name) if what.startswith("round")]
