"""kill -9 at random moments, again and again, of servers' writes and workers alike; on both databases.

Three rounds by default; as many as ``GROUPAGE_KILL_ROUNDS`` says.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np
import pytest
from sqlmodel import select

from groupage.v1 import companies_pb2, negotiation_pb2
from server import bus
from server.store.tables import CommitmentRow, QuestionRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.test_worker import replays

pytestmark = pytest.mark.timeout(280)
ROUNDS = int(os.environ.get("GROUPAGE_KILL_ROUNDS", "3"))


def answer_questions(store, workflows, name):
    """Let an own agent refuse whatever it is asked."""
    query = select(QuestionRow).where(QuestionRow.company == "acme", QuestionRow.answer.is_(None))
    for q in store.look(SYSTEM, lambda s: list(s.exec(query))):
        if not q.withdrawn:
            said = negotiation_pb2.Answer(question_id=q.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE)
            store.transact(lambda tx, said=said: bus.record(tx, "acme", said))
            workflows.answered(name, q.question_id, "acme")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_reaches_the_settlement_of_its_transcript(store, workers, workflows, number):
    """Whenever workers are killed, the plan that is committed is the one that the transcript replays to, done once."""
    rng = np.random.default_rng(number)
    world.fill(store)
    world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
    name = world.ask(store)
    workflows.start(name)
    pair = [workers.start(dead_after_s=4.0), workers.start(dead_after_s=4.0)]
    kill_at = time.monotonic() + rng.uniform(0.2, 4.0)
    kills, declined = 0, False
    while world.state(store, name) not in ("COMMITTED", "RELEASED", "FAILED"):
        if time.monotonic() > kill_at and kills < 4:
            victim = int(rng.integers(2))
            pair[victim].kill()
            pair[victim].wait()
            pair[victim] = workers.start(dead_after_s=4.0)
            kills, kill_at = kills + 1, time.monotonic() + rng.uniform(0.2, 4.0)
        answer_questions(store, workflows, name)
        if world.state(store, name) == "PROPOSED":
            open_ones = [c for c, p in world.proposals(store, name).items() if p.state == 1]
            if open_ones:
                said = {} if declined else {"bolt": "DECLINED"}
                declined = True
                world.answer(store, name, **said)
                workflows.notify(name)
        time.sleep(0.1)
    assert world.state(store, name) == "COMMITTED"
    replays(store, name)
    assert [row.round for row in world.negotiations(store, name)] == [1, 2]
    assert set(world.orders(store, "bolt").values()) == {"RELEASED"}
    assert set(world.orders(store).values()) <= {"COMMITTED", "RELEASED"}
    asked = store.look(SYSTEM, lambda s: [(q.company, q.question_id) for q in s.exec(select(QuestionRow))])
    assert max(Counter(asked).values()) == 1
    held = store.look(SYSTEM, lambda s: [r.id for r in s.exec(select(CommitmentRow))])
    assert len(held) == len(set(held)) > 0
