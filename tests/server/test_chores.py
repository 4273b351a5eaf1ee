import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlmodel import select

from server import chores
from server import synchronization as steps
from server.services.synchronizations import Synchronizations
from server.store import Store
from server.store.tables import OrderRow, Record
from server.viewer import SYSTEM
from tests.server import world


def test_what_no_worker_ended_is_released_after_its_deadline(store, monkeypatch):
    """Before the deadline nothing happens; after it every order is its owner's to book, once."""
    world.build(store)
    orders = world.put_orders(store, "acme", 2, datetime.now(UTC) + timedelta(days=2))
    service = Synchronizations(store, lambda _: None, lambda _: None)
    operation = asyncio.run(world.as_("acme", service.RequestSynchronization, world.asking()))
    name = f"pools/rhine/synchronizations/{operation.name.removeprefix('operations/')}"

    def negotiating(tx):
        steps.move(tx, name, steps.State.NEGOTIATING)
        steps.orders_become(tx, name, orders, steps.OrderState.NEGOTIATING, only_from=[steps.OrderState.OPEN])

    store.transact(negotiating)
    assert chores.release_overdue(store) == 0
    at = datetime.now(UTC) + timedelta(hours=3)
    monkeypatch.setattr(Store, "now", staticmethod(lambda: at))
    assert chores.release_overdue(store) == 1
    assert chores.release_overdue(store) == 0
    assert store.look(SYSTEM, lambda s: s.get(Record, name)).state == "RELEASED"
    assert {r.state for r in store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all())} == {"RELEASED"}


def test_one_that_cannot_be_released_holds_up_no_other(store, monkeypatch):
    """Of two that are overdue the one whose record is damaged stays; the other's orders are its owner's to book."""
    world.build(store)
    soon = datetime.now(UTC) + timedelta(days=2)
    orders = world.put_orders(store, "acme", 1, soon)

    def put(tx):
        for key in ("a", "b"):
            name = f"pools/rhine/synchronizations/{key}"
            whole = steps.SYNCHRONIZATION.message(name=name)
            whole.window_start.FromDatetime(soon)
            whole.window_end.FromDatetime(soon)
            whole.decide_by.FromDatetime(datetime.now(UTC) - timedelta(hours=1))
            steps.opened(tx, whole, ["acme"], requester="acme")
        steps.move(tx, name, steps.State.NEGOTIATING)
        steps.orders_become(tx, name, orders, steps.OrderState.NEGOTIATING, only_from=[steps.OrderState.OPEN])
        tx.connection.execute(update(Record).where(Record.name == f"{name[:-1]}a").values(body=b"\xff"))

    store.transact(put)
    assert chores.release_overdue(store) == 1
    assert store.look(SYSTEM, lambda s: s.get(Record, "pools/rhine/synchronizations/b")).state == "RELEASED"
    assert {r.state for r in store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all())} == {"RELEASED"}


def test_a_chore_that_fails_is_tried_again():
    """One failure ends nothing: it is done again at its next time."""
    done = []

    def sometimes(_):
        done.append(1)
        if len(done) == 1:
            raise RuntimeError("not this time")

    async def story():
        task = asyncio.create_task(chores.run(None, chores.Chore("test", 0.01, sometimes)))
        while len(done) < 3:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(story(), 10))
