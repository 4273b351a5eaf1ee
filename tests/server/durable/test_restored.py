"""A backup that was made under load goes on, elsewhere, with what was open in it; on both databases."""

from __future__ import annotations

import shutil
import threading
import time
from itertools import count

import pytest
from sqlalchemy import insert

from groupage.v1 import companies_pb2, negotiation_pb2
from server import bus
from server.backup import backup, restore
from server.durable.bridge import Workflows
from server.settings import Settings
from server.store import Store
from server.store.ids import new_id
from server.store.tables import BlobRow
from tests.server import postgres
from tests.server.durable import world
from tests.server.durable.conftest import Workers
from tests.server.durable.test_worker import accept_all, pending, reaches, replays

pytestmark = pytest.mark.timeout(240)
_numbers = count()


def elsewhere(request, tmp_path, url):
    """Settings of an empty place on the same kind of database."""
    if url.startswith("sqlite"):
        return Settings(data_dir=tmp_path / "elsewhere")
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not on PATH")
    place = postgres.create(request.getfixturevalue("pg_socket"), f"elsewhere{next(_numbers)}")
    return Settings(data_dir=tmp_path / "elsewhere", store_url=place)


@pytest.mark.parametrize("negotiating", [True, False], ids=["negotiating", "proposed"])
def test_open_synchronizations_go_on_after_a_restore(
    request, tmp_path, store, store_url, workers, workflows, negotiating
):
    """Saved under load while it waits for an own agent or for answers, and restored, it goes on from there."""
    world.fill(store)
    if negotiating:
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
    name = world.ask(store)
    workers.start(reply_within_s=200.0)
    workflows.start(name)
    if negotiating:
        reaches(store, name, "NEGOTIATING")
        while not pending(store, "acme"):
            reaches(store, name, "NEGOTIATING")
    else:
        reaches(store, name, "PROPOSED")
    ended = threading.Event()

    def load():
        while not ended.is_set():
            row = {"kind": "test", "body": b"x" * 10_000}
            store.transact(
                lambda tx, row=row: tx.connection.execute(insert(BlobRow), [{**row, "digest": new_id(), "at": tx.now}])
            )

    writer = threading.Thread(target=load)
    writer.start()
    try:
        backup(Settings(data_dir=tmp_path, store_url=store_url), tmp_path / "saved")
    finally:
        ended.set()
        writer.join()
    workers.end()
    target = elsewhere(request, tmp_path, store_url)
    restore(target, tmp_path / "saved")
    again, others, tell = Store(target.store), Workers(target.store, target.durable), Workflows(target.durable)
    try:
        others.start(dead_after_s=4.0, reply_within_s=200.0)
        answered = 0
        while world.state(again, name) == "NEGOTIATING":
            for question in pending(again, "acme"):
                said = negotiation_pb2.Answer(
                    question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="no"
                )
                again.transact(lambda tx, said=said: bus.record(tx, "acme", said))
                tell.answered(name, question.question_id, "acme")
                answered += 1
            time.sleep(0.1)
        assert bool(answered) is negotiating
        accept_all(again, tell, name)
        reaches(again, name, "COMMITTED")
        replays(again, name)
        assert world.state(store, name) in ("NEGOTIATING", "PROPOSED")  # where it was saved nothing happened
    finally:
        others.end()
        tell.close()
        again.close()
