"""Workers killed at every moment that a crash can tell apart; on both databases.

Each dies at the first moment that none died at before it, and the next takes its work up. What is in the store in the
end is what a worker that nobody killed leaves there: row by row, event by event.
"""

from __future__ import annotations

import shutil
from collections import Counter

import pytest
from sqlmodel import select

from groupage.v1 import companies_pb2, synchronizations_pb2
from server import changes, plan
from server.services.synchronizations import Synchronizations
from server.store import Store
from server.store.tables import CommitmentRow, EventRow
from server.viewer import SYSTEM
from tests.server.durable import test_changes as changing
from tests.server.durable import world
from tests.server.durable.deaths import all_of, one_after_the_other
from tests.server.durable.dying import Death
from tests.server.durable.test_worker import replays

pytestmark = pytest.mark.timeout(280)

CALLED = "01m8bm0000000000000000000000"


def begun(store):
    """A little synchronization with an own agent, and orders that are the same each time."""
    world.fill(store, each=1)
    world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
    return world.ask(store, called=CALLED)


@pytest.fixture(scope="module")
def undisturbed(sqlite_template, tmp_path_factory):
    """What a worker leaves that nobody kills, by who declines."""
    known = {}

    def of(declines=""):
        if declines not in known:
            folder = tmp_path_factory.mktemp("undisturbed")
            shutil.copy(sqlite_template, folder / "store.sqlite")
            url = f"sqlite:///{folder}/store.sqlite"
            store = Store(url)
            death = Death(str(folder / "journal"), every=0, declines=declines)
            assert one_after_the_other(url, f"sqlite:///{folder}/durable.sqlite", begun(store), death) == []
            known[declines] = all_of(store)
            store.close()
        return known[declines]

    return of


def same(store, expected):
    """Nothing is there twice, nothing is missing, and no event is told that was not told without the deaths."""
    for table, rows in all_of(store).items():
        assert rows == expected[table], table
    without_gaps(store)


def without_gaps(store):
    """Every stream's versions are one more than the one before, from 1."""
    streams = store.look(SYSTEM, lambda s: [(e.stream, e.version) for e in s.exec(select(EventRow))])
    for stream, count in Counter(stream for stream, _ in streams).items():
        assert sorted(v for s, v in streams if s == stream) == list(range(1, count + 1))


def test_at_every_moment(store, store_url, durable, tmp_path, undisturbed):
    """Wherever it dies, it is one settlement, one answer to one question, one commitment; the same as undisturbed."""
    every = 1 if store_url.startswith("sqlite") else 4
    name = begun(store)
    died = one_after_the_other(store_url, durable, name, Death(str(tmp_path / "journal"), every))
    if every == 1:
        kinds = Counter(" ".join(moment.split()[:3]) for moment in died)
        assert kinds["before the commit"] >= 10
    assert len(died) >= 30 // every
    assert world.state(store, name) == "COMMITTED"
    replays(store, name)
    same(store, undisturbed())


def test_where_some_decline(store, store_url, durable, tmp_path, undisturbed):
    """Killed around what decides a round that one declined: who is left out is, once, and the rest negotiate anew."""
    name = begun(store)
    death = Death(str(tmp_path / "journal"), only="commit of next", declines="acme")
    died = one_after_the_other(store_url, durable, name, death)
    assert len(died) >= 8, died
    assert len(world.negotiations(store, name)) == 2
    assert set(world.orders(store, "acme").values()) == {"RELEASED"}
    same(store, undisturbed("acme"))


def test_around_a_change(store, store_url, durable, tmp_path, synchronizer):
    """Killed around the pricing of a change and around its effect: it is asked once, and takes effect once."""
    name, order = changing.commit(store, synchronizer, each=1)
    service, owner = Synchronizations(store, lambda _: None, lambda _: None), order.split("/")[1]
    changing.ask(service, name, order, **changing.CANCEL)
    death = Death(str(tmp_path / "journal"), only="commit of")
    died = one_after_the_other(store_url, durable, name, death)
    assert [moment.split()[0] for moment in died] == ["before", "after"]
    views = changing.asked(service, name, owner)
    assert views
    for company, view in views.items():
        assert len(changing.listed(service, company, name)) == 1
        changing.reply(service, company, view)
    assert world.orders(store)[order] == "COMMITTED"
    died = one_after_the_other(store_url, durable, name, death)
    assert [moment.split()[0] for moment in died] == ["before", "after"]
    assert {v.state for c in (owner, *views) for v in changing.listed(service, c, name)} == {changing.State.ACCEPTED}
    assert world.orders(store)[order] == "CANCELLED"
    assert sum(changing.money(store, name).values()) == 0
    query = select(CommitmentRow).where(CommitmentRow.synchronization == name)
    held = [row.id for row in store.look(SYSTEM, lambda s: list(s.exec(query)))]
    freeze, settlement, _ = store.look(SYSTEM, lambda s: changes.in_force(s, name))
    assert sorted(held) == sorted(hold.id for hold in plan.holds(freeze, settlement))
    without_gaps(store)


def test_at_the_deadline(store, store_url, durable, tmp_path, synchronizer):
    """Killed around the release at ``decide_by``, what was on the table is released once, and nobody holds anything."""
    world.fill(store, each=1)
    name = world.ask(store)
    while synchronizer.step(name)["is"] == "going":
        pass
    assert world.state(store, name) == "PROPOSED"
    death = Death(str(tmp_path / "journal"), only="commit of", late_s=600.0)
    died = one_after_the_other(store_url, durable, name, death)
    assert [moment.split()[0] for moment in died] == ["before", "after"]
    assert world.state(store, name) == "RELEASED"
    assert set(world.orders(store).values()) == {"RELEASED"}
    told = store.look(SYSTEM, lambda s: [e for e in s.exec(select(EventRow)) if e.kind == "order_changed"])
    said = [(e.stream, synchronizations_pb2.SynchronizationEvent.FromString(e.body).order_changed) for e in told]
    states = Counter((stream, changed.order, changed.state) for stream, changed in said)
    assert set(states.values()) == {1}
