import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import update
from sqlmodel import col, select

from groupage.v1 import pools_pb2, proposals_pb2, rulebooks_pb2, synchronizations_pb2
from server import pools
from server import synchronization as steps
from server.faults import Fault
from server.services.pools import Pools
from server.services.standard import change_record
from server.services.synchronizations import Synchronizations
from server.store import Store
from server.store.tables import OrderRow, Participation, Record
from server.viewer import SYSTEM, Viewer, calls
from tests.server import world
from tests.server.racing import race

State = synchronizations_pb2.Synchronization


@pytest.fixture
def service(store):
    """The service over a small world, with a list of what it enqueued and woke."""
    world.build(store)
    one = Synchronizations(store, lambda name: one.said.append(("start", name)), lambda n: one.said.append(("wake", n)))
    one.said = []
    return one


def ask(service, company="acme", **changes):
    return asyncio.run(world.as_(company, service.RequestSynchronization, world.asking(**changes)))


def named(operation):
    metadata = synchronizations_pb2.RequestSynchronizationMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata.synchronization


def get(service, company, name, operator=False):
    request = synchronizations_pb2.GetSynchronizationRequest(name=name)
    return asyncio.run(world.as_(company, service.GetSynchronization, request, operator=operator))


def propose(store, name, companies=("acme", "acme2"), expires_in=timedelta(minutes=5)):
    """Take a synchronization to its first proposals, as the workflow does."""

    def put(tx):
        steps.move(tx, name, State.NEGOTIATING)
        part = proposals_pb2.Proposal(owner_part=proposals_pb2.OwnerPart(paid_cents=4711))
        made = steps.propose(tx, name, 1, dict.fromkeys(companies, part), tx.now + expires_in)
        steps.move(tx, name, State.PROPOSED, round_number=1)
        return made

    return store.transact(put)


def reply(service, company, proposal, verb="AcceptProposal", etag=None, **changes):
    kind = proposals_pb2.AcceptProposalRequest if verb == "AcceptProposal" else proposals_pb2.DeclineProposalRequest
    if etag is None:
        got = asyncio.run(world.as_(company, service.GetProposal, proposals_pb2.GetProposalRequest(name=proposal)))
        etag = got.etag
    request = kind(name=proposal, etag=etag, request_id=str(uuid4()), **changes)
    return asyncio.run(world.as_(company, getattr(service, verb), request))


def test_a_request_is_stored_enqueued_and_seen_by_all_members(store, service):
    """Asking stores a queued synchronization with an operation, starts it once, and every member can see it."""
    operation = ask(service)
    name = named(operation)
    assert not operation.done
    assert service.said == [("start", name)]
    for company in ("acme", "acme2", "swift"):
        seen = get(service, company, name)
        assert (seen.state, seen.last_sequence) == (State.QUEUED, 1)


def test_asking_again_with_the_same_id_starts_no_second_one(store, service):
    """A repeated request gets the first answer; it may wake the workflow again, which is the same one."""
    request = world.asking()
    first = asyncio.run(world.as_("acme", service.RequestSynchronization, request))
    second = asyncio.run(world.as_("acme", service.RequestSynchronization, request))
    assert first == second
    assert {name for _, name in service.said} == {named(first)}


def test_validate_only_stores_nothing(store, service):
    """A rehearsal answers an operation that is done, and leaves nothing behind."""
    operation = ask(service, validate_only=True)
    assert operation.done
    assert service.said == []
    assert store.look(SYSTEM, lambda s: s.exec(select(Participation)).all()) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rulebook": "pools/rhine/rulebooks/two"}, "RULEBOOK_NOT_IN_FORCE"),
        ({"parent": "pools/danube"}, "RESOURCE_NOT_FOUND"),
        ({"start": datetime(2020, 1, 1, tzinfo=UTC)}, "WINDOW_PASSED"),
        ({"window_end": world.stamp(datetime.now(UTC) + timedelta(days=30))}, "INVALID_FIELD"),
        ({"decide_by": world.stamp(datetime.now(UTC) + timedelta(seconds=5))}, "DEADLINE_TOO_SHORT"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(store, service, changes, reason):
    """Each condition of the contract has its own reason, and nothing is stored."""
    with pytest.raises(Fault) as caught:
        ask(service, **changes)
    assert caught.value.reason == reason
    assert service.said == []


def test_a_stranger_learns_of_no_pool(store, service):
    """Who is in no pool gets NOT_FOUND of it, like of one that does not exist."""
    world.build(store, ["stranger"], pool="elbe")
    with pytest.raises(Fault) as caught:
        ask(service, "stranger")
    assert caught.value.reason == "RESOURCE_NOT_FOUND"


def test_at_most_one_is_open_for_a_participant_and_a_window(store, service):
    """A second of an overlapping window is refused and names the first; one of another window is not."""
    start = datetime.now(UTC) + timedelta(days=2)
    first = named(ask(service, start=start))
    with pytest.raises(Fault) as caught:
        ask(service, "acme2", start=start + timedelta(hours=3))
    assert (caught.value.reason, caught.value.metadata) == ("SYNCHRONIZATION_OPEN", {"synchronization": first})
    assert named(ask(service, start=start + timedelta(days=3))) != first


def test_concurrent_requests_of_one_window_give_one_synchronization(store, service):
    """Of requests at the same time for the same window exactly one is taken."""

    async def all_at_once():
        start = datetime.now(UTC) + timedelta(days=2)

        async def one(company):
            try:
                return await world.as_(company, service.RequestSynchronization, world.asking(start=start))
            except Fault as fault:
                return fault.reason

        return await asyncio.gather(*(asyncio.create_task(one(c)) for c in ("acme", "acme2", "swift") * 4))

    answers = asyncio.run(all_at_once())
    assert sum(isinstance(a, operations_pb2.Operation) for a in answers) == 1
    assert {a for a in answers if isinstance(a, str)} == {"SYNCHRONIZATION_OPEN"}


def test_two_servers_open_one_synchronization(store, store_url, service):
    """Asked of two servers at the same moment, window after window, exactly one is opened of each."""
    second = Store(store_url)
    both = service, Synchronizations(second, lambda _: None, lambda _: None)

    async def at_once(start):
        async def one(server, company):
            try:
                return await world.as_(company, server.RequestSynchronization, world.asking(start=start))
            except Fault as fault:
                return fault.reason

        return await asyncio.gather(
            *(one(s, c) for s, c in zip(both * 2, ("acme", "acme2", "swift", "acme"), strict=True))
        )

    try:
        for day in range(2, 12):
            answers = asyncio.run(at_once(datetime.now(UTC) + timedelta(days=day)))
            assert sum(isinstance(a, operations_pb2.Operation) for a in answers) == 1
            assert {a for a in answers if isinstance(a, str)} == {"SYNCHRONIZATION_OPEN"}
    finally:
        second.close()
    query = select(Participation.company, Participation.since)
    rows = store.look(SYSTEM, lambda s: list(s.exec(query)))
    assert len(rows) == len(set(rows)) == 30


def test_who_takes_no_part_sees_nothing_of_it(store, service):
    """Not the synchronization, not its events, not its proposals; a name that begins alike opens no door."""
    world.build(store, ["acme22"], pool="elbe")
    name = named(ask(service))
    proposal = propose(store, name)["acme2"]
    for company, method, request in (
        ("acme22", service.GetSynchronization, synchronizations_pb2.GetSynchronizationRequest(name=name)),
        ("acme", service.GetProposal, proposals_pb2.GetProposalRequest(name=proposal)),
        ("acme22", service.GetProposal, proposals_pb2.GetProposalRequest(name=proposal)),
    ):
        with pytest.raises(Fault) as caught:
            asyncio.run(world.as_(company, method, request))
        assert caught.value.reason == "RESOURCE_NOT_FOUND"


def test_accepting_and_declining(store, service):
    """An answer is stored and wakes the workflow; the same again changes nothing, another one is refused."""
    name = named(ask(service))
    made = propose(store, name)
    service.said.clear()
    accepted = reply(service, "acme", made["acme"])
    assert accepted.state == proposals_pb2.Proposal.ACCEPTED
    assert service.said == [("wake", name)]
    assert reply(service, "acme", made["acme"]).etag == accepted.etag
    with pytest.raises(Fault) as caught:
        reply(service, "acme", made["acme"], "DeclineProposal")
    assert caught.value.reason == "PROPOSAL_NOT_OPEN"
    declined = reply(service, "acme2", made["acme2"], "DeclineProposal", comment="too dear")
    assert declined.state == proposals_pb2.Proposal.DECLINED


def test_an_answer_binds_to_what_was_read_and_in_time(store, service):
    """With another etag, or after the deadline, or for somebody else, nothing is answered."""
    name = named(ask(service))
    made = propose(store, name, expires_in=timedelta(seconds=-1))
    for company, etag, reason in (("acme", "v1", "DEADLINE_PASSED"), ("swift", "v1", "RESOURCE_NOT_FOUND")):
        with pytest.raises(Fault) as caught:
            reply(service, company, made["acme"], etag=etag)
        assert caught.value.reason == reason
    other = named(ask(service, start=datetime.now(UTC) + timedelta(days=9)))
    part = propose(store, other)["acme"]
    with pytest.raises(Fault) as caught:
        reply(service, "acme", part, etag="v7")
    assert caught.value.reason == "ETAG_MISMATCH"


def test_cancelling_opens_the_orders_again(store, service):
    """Only who asked for it may; its orders go back on the table, its proposals are released, and that is final."""
    orders = world.put_orders(store, "acme", 3, datetime.now(UTC) + timedelta(days=2))
    name = named(ask(service))
    negotiating = steps.OrderState.NEGOTIATING
    store.transact(lambda tx: steps.orders_become(tx, name, orders, negotiating, only_from=[steps.OrderState.OPEN]))
    made = propose(store, name)
    cancel = synchronizations_pb2.CancelSynchronizationRequest(name=name, request_id=str(uuid4()))
    with pytest.raises(Fault) as caught:
        asyncio.run(world.as_("acme2", service.CancelSynchronization, cancel))
    assert caught.value.reason == "NOT_REQUESTER"
    cancelled = asyncio.run(world.as_("acme", service.CancelSynchronization, cancel))
    assert cancelled.state == State.CANCELLED
    assert {r.state for r in store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all())} == {"OPEN"}
    with pytest.raises(Fault) as caught:
        reply(service, "acme", made["acme"])
    assert caught.value.reason == "PROPOSAL_NOT_OPEN"
    again = synchronizations_pb2.CancelSynchronizationRequest(name=name, request_id=str(uuid4()))
    with pytest.raises(Fault) as caught:
        asyncio.run(world.as_("acme", service.CancelSynchronization, again))
    assert caught.value.reason == "ALREADY_FINAL"
    assert named(ask(service)) != name  # the window is free again


def test_the_time_to_decide_follows_the_time_to_reply(store, service):
    """The rulebook's time between reply deadline and decision comes on top of the first, to the second."""

    def take_ten_minutes(tx):
        with tx.reading() as session:
            row = session.get(Record, world.asking().rulebook)
        book = rulebooks_pb2.Rulebook.FromString(row.body)
        book.min_decision_min = 10
        change_record(tx, pools.RULEBOOK, row, book)

    store.transact(take_ten_minutes)
    reply_within = Duration(seconds=60)
    for spare_s, refused in ((-5, True), (30, False)):
        by = datetime.now(UTC) + timedelta(minutes=11, seconds=spare_s)
        if refused:
            with pytest.raises(Fault) as caught:
                ask(service, reply_within=reply_within, decide_by=world.stamp(by))
            assert caught.value.reason == "DEADLINE_TOO_SHORT"
        else:
            assert named(ask(service, reply_within=reply_within, decide_by=world.stamp(by)))


def test_a_pool_that_another_server_is_closing_opens_nothing(store, service, monkeypatch):
    """Whoever asks meanwhile is told that it is closed, and no synchronization of it is left open."""
    out, lapse = [], pools.lapse
    other = Store(store.url)

    def close(pause):
        monkeypatch.setattr(pools, "lapse", lambda *given: (pause(), lapse(*given))[1])
        request = pools_pb2.ClosePoolRequest(name="pools/rhine", request_id=str(uuid4()))
        asyncio.run(world.as_("", Pools(other).ClosePool, request, operator=True))

    def request():
        try:
            out.append(named(ask(service)))
        except Fault as fault:
            out.append(fault.reason)

    race(close, request)
    other.close()
    assert out == ["POOL_CLOSED"]
    assert store.look(SYSTEM, lambda s: s.exec(select(Participation)).all()) == []


def test_a_cancellation_waits_for_an_answer_that_another_server_takes(store, service):
    """Who names no etag is told of none: the answer is taken first, and what it changed is cancelled with the rest."""
    name = named(ask(service))
    made = propose(store, name)
    out = []

    def accept(tx, pause):
        steps.alone(tx, name)
        steps.proposal_becomes(tx, made["acme2"], proposals_pb2.Proposal.ACCEPTED)
        tx.flush()
        pause()

    def cancel():
        request = synchronizations_pb2.CancelSynchronizationRequest(name=name, request_id=str(uuid4()))
        try:
            out.append(asyncio.run(world.as_("acme", service.CancelSynchronization, request)).state)
        except Fault as fault:
            out.append(fault.reason)

    race(lambda pause: store.transact(lambda tx: accept(tx, pause)), cancel)
    assert out == [State.CANCELLED]
    states = {
        r.name: r.state for r in store.look(SYSTEM, lambda s: s.exec(select(Record)).all()) if r.name in made.values()
    }
    assert set(states.values()) == {"RELEASED"}


def test_no_step_leads_out_of_a_final_state(store, service):
    """What is committed, released, cancelled or failed stays so, whoever tries."""
    name = named(ask(service))
    store.transact(lambda tx: steps.move(tx, name, State.RELEASED))
    for state in State.State.values():
        with pytest.raises(steps.StepRefusedError):
            store.transact(lambda tx, to=state: steps.move(tx, name, to))
    operation = store.look(SYSTEM, lambda s: s.get(Record, steps.operation_of(name)))
    assert operations_pb2.Operation.FromString(operation.body).done


def watch(service, company, name, after=0):
    calls(Viewer(company))
    request = synchronizations_pb2.WatchSynchronizationRequest(name=name, after_sequence=after)
    return service.WatchSynchronization(request, None)


def test_a_watcher_gets_everything_once_and_goes_on_after_a_break(store, service):
    """Numbers rise by one; what came during a break comes after it; the stream ends when all is final and sent."""
    name = named(ask(service))

    async def story():
        seen = []
        first = await world.taken(watch(service, "acme", name), 1)
        seen += first[0].events
        await asyncio.to_thread(propose, store, name)  # nobody watches
        stream = watch(service, "acme", name, seen[-1].sequence)
        async for answer in stream:
            seen += answer.events
            if seen[-1].HasField("state_changed") and seen[-1].state_changed.state == State.PROPOSED:
                await asyncio.to_thread(store.transact, lambda tx: steps.move(tx, name, State.COMMITTED))
        return seen

    seen = asyncio.run(asyncio.wait_for(story(), 20))
    assert [e.sequence for e in seen] == list(range(1, len(seen) + 1))
    states = [e.state_changed.state for e in seen if e.HasField("state_changed")]
    assert states == [State.QUEUED, State.NEGOTIATING, State.PROPOSED, State.COMMITTED]


def test_a_watcher_sees_only_its_own_proposals(store, service):
    """The others' proposals are not among its events, nor is there a gap where they were."""
    name = named(ask(service))
    made = propose(store, name)

    async def first():
        return [e async for answer in _until(watch(service, "acme2", name), 4) for e in answer.events]

    events = asyncio.run(asyncio.wait_for(first(), 20))
    told = [e.proposal_changed.proposal for e in events if e.HasField("proposal_changed")]
    assert told == [made["acme2"]]
    assert [e.sequence for e in events] == [1, 2, 3, 4]


async def _until(stream, count):
    seen = 0
    async for answer in stream:
        yield answer
        seen += len(answer.events)
        if seen >= count:
            break


def test_a_sequence_that_was_never_given_is_refused(store, service):
    """A cursor from elsewhere is an error, not silence for ever."""
    name = named(ask(service))
    with pytest.raises(Fault) as caught:
        asyncio.run(world.taken(watch(service, "acme", name, after=99), 1))
    assert caught.value.reason == "SEQUENCE_UNKNOWN"
    assert caught.value.metadata == {"first": "1", "last": "1"}


def test_an_order_that_is_cancelled_meanwhile_is_not_put_on_the_table(store, service):
    """Of a cancellation and a negotiation that want an order at once the first one gets it, and keeps it."""
    name = named(ask(service))
    (order,) = world.put_orders(store, "acme", 1, datetime.now(UTC) + timedelta(days=2))
    taken = []

    def take():
        states = [steps.OrderState.OPEN]
        taken.append(
            store.transact(
                lambda tx: steps.orders_become(tx, name, [order], steps.OrderState.NEGOTIATING, only_from=states)
            )
        )

    negotiating = threading.Thread(target=take)

    def cancel(tx):
        values = {"state": "CANCELLED", "version": col(OrderRow.version) + 1}
        tx.connection.execute(update(OrderRow).where(col(OrderRow.name) == order).values(**values))
        negotiating.start()
        time.sleep(0.5)  # on PostgreSQL it comes as far as this transaction lets it

    store.transact(cancel)
    negotiating.join()
    assert taken == [[]]
    assert store.look(SYSTEM, lambda s: s.get(OrderRow, order)).state == "CANCELLED"


def test_cancelling_leaves_answers_of_earlier_rounds_as_they_were(store, service):
    """Who declined has declined, whatever becomes of the synchronization; only what was open or accepted is let go."""
    name = named(ask(service))
    made = propose(store, name)
    reply(service, "acme2", made["acme2"], "DeclineProposal")
    cancel = synchronizations_pb2.CancelSynchronizationRequest(name=name, request_id=str(uuid4()))
    asyncio.run(world.as_("acme", service.CancelSynchronization, cancel))
    found = store.look(SYSTEM, lambda s: steps.open_proposals(s, name, 1))
    assert {p.company: p.state for p in found} == {
        "companies/acme": proposals_pb2.Proposal.RELEASED,
        "companies/acme2": proposals_pb2.Proposal.DECLINED,
    }
