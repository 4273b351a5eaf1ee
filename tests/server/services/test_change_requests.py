"""What may be asked and answered of a change, and what is refused; on both databases."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert

from groupage.v1 import change_requests_pb2 as pb
from groupage.v1 import synchronizations_pb2
from server import changes, order_writes
from server import synchronization as steps
from server.faults import Fault
from server.services.synchronizations import Synchronizations
from server.store.tables import OrderRow, Record
from server.viewer import SYSTEM
from tests.server import world
from tests.server.wire import pool

State = pb.ChangeRequest.State
NAME = "pools/rhine/synchronizations/s1"
CANCEL = {"cancellation": pb.OrderCancellation()}


@pytest.fixture
def service(store):
    """The service over a committed synchronization with orders of acme's."""
    world.build(store)

    def put(tx):
        whole = synchronizations_pb2.Synchronization(name=NAME)
        whole.window_start.FromDatetime(pool.START)
        whole.window_end.FromDatetime(pool.END)
        steps.opened(tx, whole, ["acme", "acme2", "swift"], requester="acme")
        for state in ("NEGOTIATING", "PROPOSED", "COMMITTED"):
            steps.move(tx, NAME, steps.State.Value(state))
        states = ("COMMITTED", "DELIVERED", "RELEASED")
        for order, state in zip(pool.orders(3)[:3], states, strict=True):
            row = order_writes.row_of("companies/acme", order, order.name.rsplit("/", 1)[1])
            values = {**row, "state": state, "synchronization": NAME, "created_at": tx.now, "updated_at": tx.now}
            tx.connection.execute(insert(OrderRow), [values])

    store.transact(put)
    return Synchronizations(store, lambda _: None, lambda _: None)


def order(number=0):
    return f"companies/acme/orders/o{number}"


def ask(service, company="acme", which=0, parent=NAME, only=False, **change):
    given = pb.ChangeRequest(order=order(which), **(change or CANCEL))
    request = pb.CreateChangeRequestRequest(
        parent=parent, change_request=given, request_id=str(uuid4()), validate_only=only
    )
    return asyncio.run(world.as_(company, service.CreateChangeRequest, request))


def act(service, company, verb, view, etag=None, name=""):
    kind = getattr(pb, f"{verb}ChangeRequestRequest")
    request = kind(name=name or view.name, etag=view.etag if etag is None else etag, request_id=str(uuid4()))
    return asyncio.run(world.as_(company, getattr(service, f"{verb}ChangeRequest"), request))


def views(service, company):
    request = pb.ListChangeRequestsRequest(parent=NAME)
    return list(asyncio.run(world.as_(company, service.ListChangeRequests, request)).change_requests)


def lay(store, service, within=timedelta(minutes=1)):
    """Have acme's change laid before swift; answers both views."""
    ask(service)

    def put(tx):
        with tx.reading() as session:
            (master,) = changes.masters(session, NAME, *changes.OPEN)
        said = json.loads(master.body) | {"price": 0, "part": ""}
        changes.ask(tx, master, said, {"swift": pb.ChangePart(net_cents=7)}, tx.now + within)

    store.transact(put)
    return views(service, "acme")[0], views(service, "swift")[0]


def refused(reason, call, *args, **given):
    with pytest.raises(Fault) as fault:
        call(*args, **given)
    assert fault.value.reason == reason


class TestAsking:
    """What can be asked for."""

    def test_is_refused_where_it_cannot_be(self, store, service):
        """Each fault that the contract names, and a foreign order is as unknown as one that is not."""
        refused("ORDER_UNKNOWN", ask, service, company="swift")
        refused("ORDER_UNKNOWN", ask, service, which=9)
        refused("ORDER_UNKNOWN", ask, service, which=2)
        refused("ORDER_FINISHED", ask, service, which=1)
        elsewhere = pb.OrderAmendment(destination="companies/swift/sites/base")
        refused("SITE_UNKNOWN", ask, service, amendment=elsewhere)
        refused("INVALID_FIELD", ask, service, short_quantity=pb.ShortQuantity(pallets=900, weight_kg=1))
        refused("RESOURCE_NOT_FOUND", ask, service, parent="pools/rhine/synchronizations/other")
        assert views(service, "acme") == []

    def test_is_one_at_a_time_for_an_order(self, store, service):
        """A second change of the same order names the first; once that is withdrawn it may be asked for."""
        first = ask(service)
        with pytest.raises(Fault) as fault:
            ask(service)
        assert (fault.value.reason, fault.value.metadata) == ("CHANGE_OPEN", {"change_request": first.name})
        assert act(service, "acme", "Withdraw", first).state == State.WITHDRAWN
        refused("CHANGE_NOT_OPEN", act, service, "acme", "Withdraw", views(service, "acme")[0])
        assert ask(service).state == State.PRICING

    def test_needs_a_plan(self, store, service):
        """Before commitment there is nothing to change."""
        name = f"{NAME}2"

        def put(tx):
            whole = synchronizations_pb2.Synchronization(name=name)
            steps.opened(tx, whole, ["acme"], requester="acme")

        store.transact(put)
        refused("NOT_COMMITTED", ask, service, parent=name)


class TestAnswering:
    """What those who are asked may answer."""

    def test_counts_once_and_with_the_right_etag(self, store, service):
        """An answer needs what was read; the same again is the same, another is refused."""
        _, asked = lay(store, service)
        assert asked.part.net_cents == 7
        refused("ETAG_MISMATCH", act, service, "swift", "Accept", asked, etag="v99")
        act(service, "swift", "Accept", asked)
        act(service, "swift", "Accept", asked)
        refused("CHANGE_NOT_OPEN", act, service, "swift", "Decline", asked)
        (master,) = store.look(SYSTEM, lambda s: changes.masters(s, NAME, *changes.OPEN))
        assert json.loads(master.body)["replies"] == {"swift": True}

    def test_ends_with_the_deadline(self, store, service):
        """After expire_time nothing is accepted any more."""
        _, asked = lay(store, service, within=timedelta(seconds=-1))
        refused("DEADLINE_PASSED", act, service, "swift", "Accept", asked)

    def test_is_for_those_asked_and_withdrawing_for_who_asked(self, store, service):
        """Who is asked cannot withdraw, who made it cannot answer, and neither finds the other's view."""
        own, asked = lay(store, service)
        refused("NOT_REQUESTER", act, service, "swift", "Withdraw", asked)
        refused("CHANGE_NOT_OPEN", act, service, "acme", "Accept", own)
        refused("RESOURCE_NOT_FOUND", act, service, "acme", "Accept", asked)
        refused("RESOURCE_NOT_FOUND", act, service, "acme2", "Accept", asked)
        act(service, "acme", "Withdraw", own)
        assert [v.state for v in (*views(service, "acme"), *views(service, "swift"))] == [State.WITHDRAWN] * 2
        assert store.look(SYSTEM, lambda s: s.get(Record, own.name)).company == "acme"

    def test_is_for_those_asked_last(self, store, service):
        """Where others are asked instead, an earlier view loses its part, and its company can answer no more."""
        _, asked = lay(store, service)

        def again(tx):
            with tx.reading() as session:
                (master,) = changes.masters(session, NAME, *changes.OPEN)
            part = {"acme2": pb.ChangePart(net_cents=9)}
            changes.ask(tx, master, json.loads(master.body), part, tx.now + timedelta(minutes=1))

        store.transact(again)
        (now,), (other,) = views(service, "swift"), views(service, "acme2")
        assert (now.name, now.HasField("part"), now.HasField("expire_time")) == (asked.name, False, False)
        assert other.part.net_cents == 9
        refused("CHANGE_NOT_OPEN", act, service, "swift", "Accept", now)
        act(service, "acme2", "Accept", other)
