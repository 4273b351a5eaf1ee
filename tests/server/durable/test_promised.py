"""Promises for later days: they bind like a contract, come on their day's table by themselves, or are freed in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from agents import records
from agents.synchronize import replayed
from groupage.v1 import proposals_pb2
from server import later
from server import synchronization as steps
from server.durable import record
from server.durable.keeping import Keeper
from server.store.tables import OrderRow, Participation, PromiseRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.conftest import until
from tests.server.durable.test_workflow import told
from tests.server.wire import pool

Promise = proposals_pb2.Promise
TUESDAY = (pool.START + timedelta(days=1), pool.END + timedelta(days=1))


@pytest.fixture(autouse=True)
def seeded(monkeypatch):
    """Bargaining is drawn alike in every run."""
    monkeypatch.setattr("server.durable.workflow.secrets.randbits", lambda bits: 7)


@pytest.fixture
def promised(store, synchronizer):
    """A committed plan of Monday with promises for Tuesday; answers its name."""
    orders = pool.orders(4)
    for order in orders:
        order.pallets = 8.0
        pool.stamp(order, "window_close", pool.START + timedelta(hours=84))
    fleet = [pool.vehicle(c, "rigid", count=1) for c in pool.CARRIERS]
    world.fill(store, protocol="alternating_offers", orders=orders, vehicle_types=fleet)
    name = world.ask(store)
    until(synchronizer, name)
    world.answer(store, name)
    assert until(synchronizer, name)["state"] == "COMMITTED"
    assert rows(store)
    return name


def rows(store):
    """Promises as they are stored."""
    return sorted(store.look(SYSTEM, lambda s: list(s.exec(select(PromiseRow)))), key=lambda r: r.id)


def lots(store):
    """Orders that are promised in any way, by promise."""
    return {row.id: later.promise_in(row).lot for row in rows(store)}


def in_state(store, state):
    return {n for n, st in world.orders(store).items() if st == state}


def parts(store, name, company):
    """A company's promises as it reads them in a plan."""
    part = world.proposals(store, name)[company]
    return [*part.owner_part.promises, *part.carrier_part.promises]


def all_of(store):
    return {order for lot in lots(store).values() for order in lot}


def test_binds_both_sides_when_the_plan_is_committed(store, promised):
    """What was promised is PROMISED with the commitment; owner and carrier read the same promise, and nobody else."""
    assert in_state(store, "PROMISED") == all_of(store)
    for row in rows(store):
        assert (row.state, row.due_in, row.day) == (later.OPEN, "", TUESDAY[0])
        (one,) = [p for p in parts(store, promised, row.owner) if set(p.orders) == set(lots(store)[row.id])]
        sold = {p.promise_id: p for p in parts(store, promised, row.carrier)}
        assert one.state == sold[one.promise_id].state == Promise.MADE
        assert not sold[one.promise_id].orders or sold[one.promise_id].owner == f"companies/{row.owner}"
        others = set(pool.SHIPPERS) - {row.owner}
        mine = {c: {p.promise_id for p in parts(store, promised, c)} for c in others}
        assert not [c for c, ids in mine.items() if one.promise_id in ids]


def test_a_plan_of_another_day_leaves_them_alone(store, synchronizer, promised):
    """Neither today's next plan nor one of the day after takes what is promised for tomorrow."""
    before = in_state(store, "PROMISED")
    wednesday = tuple(at + timedelta(days=2) for at in (pool.START, pool.END))
    for window in ((pool.START, pool.END), wednesday):
        until(synchronizer, world.ask(store, window=window))
        assert in_state(store, "PROMISED") == before


def test_comes_on_the_table_of_its_day_and_is_kept(store, synchronizer, promised):
    """A plan of its day takes it up by itself; what is kept is carried by who promised it, and the record replays."""
    bound = all_of(store)
    ids = {p.promise_id for row in rows(store) for p in parts(store, promised, row.owner)}
    name = world.ask(store, window=TUESDAY)
    until(synchronizer, name)
    assert world.state(store, name) == "PROPOSED"
    assert in_state(store, "PROMISED") == set()
    last = world.negotiations(store, name)[-1]
    freeze, transcript = store.look(SYSTEM, lambda s: (record.freeze_of(s, last), record.transcript_of(s, last)))
    assert {s for p in freeze.market.due for s in p.lot} == bound
    again = replayed(freeze.market, freeze.policy, transcript).settlement
    assert records.dumps(again) == world.settlement_text(store, last)
    world.answer(store, name)
    assert until(synchronizer, name)["state"] == "COMMITTED"
    kept = [row for row in rows(store) if row.state == later.KEPT]
    assert kept
    carrier_of = {leg.shipment: leg.load for leg in again.legs}
    drives = {load.id: load.carrier for load in again.loads}
    for row in kept:
        assert {drives[carrier_of[s]] for s in lots(store)[row.id]} == {f"companies/{row.carrier}"}
        assert set(lots(store)[row.id]) <= in_state(store, "COMMITTED")
        (read,) = [
            p
            for p in parts(store, name, row.owner)
            if p.state == Promise.KEPT and set(p.orders) == set(lots(store)[row.id])
        ]
        # The same promise as on the day when it was made.
        assert read.promise_id in ids


def test_a_window_that_begins_later_on_the_day_takes_it_too(store, synchronizer, promised):
    """The day counts, and not the minute at which the plan of it was said to begin."""
    name = world.ask(store, window=(TUESDAY[0] + timedelta(hours=1), TUESDAY[1]))
    until(synchronizer, name)
    assert in_state(store, "PROMISED") == set()
    assert {row.due_in for row in rows(store)} == {name}
    last = world.negotiations(store, name)[-1]
    market = store.look(SYSTEM, lambda s: record.freeze_of(s, last)).market
    assert {s for p in market.due for s in p.lot} == all_of(store)


def test_stands_when_the_plan_of_its_day_is_cancelled(store, synchronizer, promised):
    """Of a cancelled plan what is promised waits for another plan of its day; the rest is open."""
    name = world.ask(store, window=TUESDAY)
    until(synchronizer, name)

    def cancel(tx):
        steps.cancel(tx, name, "it was cancelled")
        later.unplanned(tx, name, cancelled=True)

    store.transact(cancel)
    assert in_state(store, "PROMISED") == all_of(store)
    assert {(row.state, row.due_in) for row in rows(store)} == {(later.OPEN, "")}
    again = world.ask(store, window=TUESDAY)
    until(synchronizer, again)
    assert {row.due_in for row in rows(store)} == {again}


def test_is_void_when_its_day_comes_to_no_plan(store, synchronizer, promised):
    """Nobody accepts: its orders are released to their owners, and both sides read that they are free."""
    bound = all_of(store)
    name = world.ask(store, window=TUESDAY)
    until(synchronizer, name)
    while world.state(store, name) == "PROPOSED":
        world.answer(store, name, **dict.fromkeys(world.COMPANIES, "DECLINED"))
        until(synchronizer, name)
    assert world.state(store, name) == "RELEASED"
    assert bound <= in_state(store, "RELEASED")
    assert {row.state for row in rows(store)} == {later.VOID}
    for row in rows(store):
        for company in (row.owner, row.carrier):
            assert {(p.state, bool(p.reason)) for p in parts(store, promised, company)} == {(Promise.VOID, True)}


def test_is_void_where_its_carrier_takes_no_part(store, synchronizer, promised):
    """Without the carrier the goods are on the table like any others, and the promise is void with a reason."""
    carriers = {row.carrier for row in rows(store)}
    name = world.ask(store, window=TUESDAY)

    def leave(tx):
        with tx.reading() as session:
            for one in session.exec(select(Participation).where(Participation.synchronization == name)):
                if one.company in carriers:
                    session.delete(one)
            session.flush()

    store.transact(leave)
    until(synchronizer, name)
    assert in_state(store, "PROMISED") == set()
    if world.state(store, name) == "PROPOSED":
        world.answer(store, name)
        until(synchronizer, name)
    assert {row.state for row in rows(store)} == {later.VOID}


class TestDeadline:
    """No plan of its day is asked for."""

    def test_is_freed_as_long_before_its_day_as_its_plan_was_decided_before(
        self, store, executor, promised, monkeypatch
    ):
        """Until then it binds; from then on its owner can book its orders, and both sides are told why."""
        whole = world.stands(store, promised)
        lead = whole.decide_by.ToDatetime(TUESDAY[0].tzinfo) - pool.START
        assert {row.release_at for row in rows(store)} == {TUESDAY[0] + lead}
        bound = all_of(store)
        now = store.now()
        monkeypatch.setattr(store, "now", lambda: TUESDAY[0] + lead - timedelta(seconds=1))
        Keeper(executor).look()
        assert in_state(store, "PROMISED") == bound
        monkeypatch.setattr(store, "now", lambda: TUESDAY[0] + lead)
        Keeper(executor).look()
        assert bound <= in_state(store, "RELEASED")
        assert {row.state for row in rows(store)} == {later.VOID}
        row = rows(store)[0]
        assert {p.state for p in parts(store, promised, row.owner)} == {Promise.VOID}
        reasons = {e.order_changed.reason for e in told(store, promised, row.owner, "order_changed")}
        assert later.NO_PLAN in reasons
        assert now < store.now()

    def test_a_plan_under_way_keeps_it(self, store, executor, synchronizer, promised, monkeypatch):
        """What a plan of its day has taken up in time is that plan's, however long it takes."""
        name = world.ask(store, window=TUESDAY)
        until(synchronizer, name)
        monkeypatch.setattr(store, "now", lambda: TUESDAY[0] + timedelta(days=1000))
        Keeper(executor).look()
        assert {(row.state, row.due_in) for row in rows(store)} == {(later.OPEN, name)}

    def test_two_workers_free_it_once(self, store, executor, promised, monkeypatch):
        """The second finds it done: its orders are told once that they are released."""
        monkeypatch.setattr(store, "now", lambda: TUESDAY[0] + timedelta(days=1000))
        Keeper(executor).look()
        version = {r.name: r.version for r in store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow))))}
        Keeper(executor).look()
        assert version == {r.name: r.version for r in store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow))))}
