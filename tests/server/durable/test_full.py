"""Workers on a disk that is full: they wait, nothing is torn, and with room they go on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from groupage.v1 import companies_pb2
from server.durable import executors
from server.durable.bridge import Workflows
from server.durable.executors import Executor
from server.store import Store
from server.store.ids import new_id
from server.store.tables import BlobRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.conftest import Workers, eventually
from tests.server.durable.test_worker import accept_all, pending, reaches, replays

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


def put(tx, size):
    row = {"digest": new_id(), "kind": "test", "at": tx.now, "body": os.urandom(size)}
    tx.connection.execute(insert(BlobRow), [row])


def test_a_write_waits_for_room(small_disk, small_url, monkeypatch):
    """What a worker stores while there is no room is stored once there is, once, and whole."""
    store, waited = Store(small_url), []

    def sleep(_):
        waited.append(True)
        if len(waited) == 3:
            small_disk.make_room()

    monkeypatch.setattr(executors.time, "sleep", sleep)
    try:
        one = Executor(store, "1")
        one.enter()
        small_disk.fill()
        one.transact(lambda tx: put(tx, 2**20))
        assert len(waited) == 3
        assert store.look(SYSTEM, lambda s: [len(b) for b in s.exec(select(BlobRow.body))]) == [2**20]
    finally:
        store.close()


def test_a_synchronization_outlasts_a_full_disk(small_disk):
    """Nobody can store an exchange, nor the engine that somebody went on: with room it goes on by itself.

    On PostgreSQL each of these writes may still find room within its table's pages; its engine tries each again.
    """
    url, durable = (f"sqlite:///{small_disk.place}/{file}.sqlite" for file in ("store", "durable"))
    store, workers, workflows = Store(url), Workers(url, durable), Workflows(durable)
    try:
        world.fill(store, each=1)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        worker = workers.start(reply_within_s=3.0)
        workflows.start(name)
        eventually(lambda: pending(store, "acme"))
        small_disk.fill()
        while True:  # what is free within the files too
            try:
                store.transact(lambda tx: put(tx, 2_000))
            except OperationalError:
                break
        # The answer is due, and the engine can put on record neither that nor that it could not.
        eventually(lambda: "UPDATE main.workflow_status" in workers.said())
        assert world.state(store, name) == "NEGOTIATING"
        small_disk.make_room()
        reaches(store, name, "PROPOSED", within_s=200.0)
        accept_all(store, workflows, name)
        reaches(store, name, "COMMITTED", within_s=200.0)
        assert worker.poll() is None
        replays(store, name)
        for file in ("store", "durable"):
            with closing(sqlite3.connect(small_disk.place / f"{file}.sqlite")) as whole:
                assert whole.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        workers.end()
        workflows.close()
        store.close()
