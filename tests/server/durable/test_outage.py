"""A store that has no connection left is no failure of what is negotiated; on both databases."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress

import pytest
from sqlalchemy.exc import TimeoutError as NoConnectionError

from groupage.v1 import change_requests_pb2 as pb
from server.durable import executors, workflow
from server.durable.changes import Changer
from server.services.synchronizations import Synchronizations
from tests.server.durable import test_changes as changing
from tests.server.durable import world
from tests.server.durable.conftest import until


@pytest.fixture(params=["reading", "writing"])
def exhaust(request, store, monkeypatch):
    """Have others hold every connection of a kind, until somebody waits before it tries again."""

    def take():
        held, engine = ExitStack(), getattr(store.engines, request.param)
        monkeypatch.setattr(engine.pool, "_timeout", 0.01)
        with suppress(NoConnectionError):
            while True:
                held.enter_context(closing(engine.raw_connection()))
        for module in (executors, workflow):
            monkeypatch.setattr(module.time, "sleep", lambda _: held.close())
        return held

    return take


def test_a_synchronization_waits_for_a_connection(store, synchronizer, exhaust):
    """Though all connections are others' for longer than one is waited for, it goes on and comes to its end."""
    world.fill(store, each=1)
    name = world.ask(store)
    synchronizer.step(name)
    with exhaust():
        synchronizer.step(name)
    until(synchronizer, name)
    assert world.state(store, name) == "PROPOSED"


def test_a_change_waits_for_a_connection(store, synchronizer, executor, exhaust):
    """Not priced for want of a connection it is not declined either: it is looked at again."""
    name, order = changing.commit(store, synchronizer)
    service = Synchronizations(store, lambda _: None, lambda _: None)
    changing.ask(service, name, order, **changing.CANCEL)
    with exhaust(), suppress(NoConnectionError):  # a worker looks again soon
        Changer(executor).look()
    Changer(executor).look()
    (own,) = changing.listed(service, order.split("/")[1], name)
    assert own.state == pb.ChangeRequest.AWAITING_REPLIES
