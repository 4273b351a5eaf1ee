import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.rpc import error_details_pb2

from groupage.v1 import companies_pb2, markets_pb2, negotiation_pb2
from server import bus
from server import synchronization as steps
from server.faults import Fault
from server.services.negotiation import Negotiation
from server.services.synchronizations import Synchronizations
from server.viewer import SYSTEM, Viewer, calls
from tests.server import world

CARRIER, SHIPPER = companies_pb2.ROLE_CARRIER, companies_pb2.ROLE_SHIPPER


def only_proposals(question, answer):
    """Stand for the check of the wire: nothing but proposals fits."""
    if answer.performative != negotiation_pb2.PERFORMATIVE_PROPOSE:
        raise Fault(
            "REPLY_MALFORMED", metadata={"question_id": question.question_id}, violations=[("answer", "a proposal")]
        )


@pytest.fixture
def service(store):
    """The service over a small world with one synchronization under way."""
    world.build(store)
    one = Negotiation(store, only_proposals, lambda *woken: one.woken.append(woken))
    one.woken = []
    asked = Synchronizations(store, lambda _: None, lambda _: None)
    operation = asyncio.run(world.as_("acme", asked.RequestSynchronization, world.asking()))
    one.name = f"pools/rhine/synchronizations/{operation.name.removeprefix('operations/')}"
    return one


def question(service, number, seconds=30):
    asked = negotiation_pb2.Question(
        question_id=f"s/{number}",
        synchronization=service.name,
        topic="quotes",
        performative=negotiation_pb2.PERFORMATIVE_CFP,
    )
    asked.reply_by.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return asked


def ask(store, service, *numbers, company="swift", seconds=30, role=CARRIER):
    def put(tx):
        for number in numbers:
            bus.ask(tx, company, question(service, number, seconds), workflow="w", role=role)

    store.transact(put)


class Agent:
    """The far end of a stream, by hand."""

    def __init__(self, service, company="swift", roles=(CARRIER,), after=0, opening=None):
        calls(Viewer(company))
        self.out = asyncio.Queue()
        open_stream = negotiation_pb2.OpenStream(company=f"companies/{company}", roles=roles, after_sequence=after)
        self.say(opening or negotiation_pb2.ConverseRequest(request_id=str(uuid4()), open=open_stream))
        self.stream = service.Converse(self._said(), None)

    async def _said(self):
        while (one := await self.out.get()) is not None:
            yield one

    def say(self, request):
        self.out.put_nowait(request)

    def answer(self, number, performative=negotiation_pb2.PERFORMATIVE_PROPOSE, request_id=None, reason=""):
        answer = negotiation_pb2.Answer(question_id=f"s/{number}", performative=performative, reason=reason)
        request_id = request_id or str(uuid4())
        self.say(negotiation_pb2.ConverseRequest(request_id=request_id, answer=answer))
        return request_id

    async def hear(self, count=1):
        return [await asyncio.wait_for(anext(self.stream), 20) for _ in range(count)]

    async def leave(self):
        await self.stream.aclose()


def reason_of(response):
    info = error_details_pb2.ErrorInfo()
    for detail in response.receipt.status.details:
        if detail.Unpack(info):
            return info.reason
    return "" if response.receipt.status.code == 0 else "?"


def test_questions_go_out_and_answers_are_on_record_before_the_receipt(store, service):
    """A question reaches the agent; its answer is stored, wakes the workflow, and only then gets a receipt."""

    async def story():
        agent = Agent(service)
        (opened,) = await agent.hear()
        assert opened.HasField("opened")
        await asyncio.to_thread(ask, store, service, 1)
        (asked,) = await agent.hear()
        assert (asked.sequence, asked.question.question_id) == (1, "s/1")
        sent = agent.answer(1)
        (receipt,) = await agent.hear()
        assert receipt.receipt.request_id == sent
        assert reason_of(receipt) == ""
        await agent.leave()

    asyncio.run(story())
    answer = store.look(Viewer("swift"), lambda s: bus.answered(s, "swift", "s/1"))
    assert answer.performative == negotiation_pb2.PERFORMATIVE_PROPOSE
    assert service.woken == [("w", "s/1", "swift")]


def test_after_a_break_nothing_is_missed_and_nothing_asked_twice(store, service):
    """With the last sequence number the rest comes; from 0 all comes, answered questions with their answers."""

    async def story():
        agent = Agent(service)
        await agent.hear()
        await asyncio.to_thread(ask, store, service, 1, 2)
        await agent.hear(2)
        agent.answer(1)
        await agent.hear()
        await agent.leave()
        await asyncio.to_thread(ask, store, service, 3)  # while it is away
        back = Agent(service, after=2)
        again = await back.hear(2)
        assert [r.sequence for r in again[1:]] == [3]
        assert again[1].question.question_id == "s/3"
        await back.leave()
        whole = Agent(service)
        told = await whole.hear(4)
        await whole.leave()
        return told[1:]

    told = asyncio.run(story())
    assert [(r.sequence, r.question.question_id) for r in told] == [(1, "s/1"), (2, "s/2"), (3, "s/3")]
    assert [r.question.HasField("recorded_answer") for r in told] == [True, False, False]


def test_answers_that_do_not_count_get_a_receipt_that_says_why(store, service):
    """Unknown, late, malformed and contradicting answers are named; a malformed one may be mended."""
    proposal, refusal = negotiation_pb2.PERFORMATIVE_PROPOSE, negotiation_pb2.PERFORMATIVE_REFUSE

    async def story():
        agent = Agent(service)
        await agent.hear()
        await asyncio.to_thread(ask, store, service, 1)
        await asyncio.to_thread(ask, store, service, 2, seconds=-1)
        await agent.hear(2)
        reasons = []
        for number, said, text in (
            (9, proposal, ""),
            (2, proposal, ""),
            (1, refusal, ""),
            (1, proposal, ""),
            (1, proposal, "other"),
            (1, proposal, ""),
        ):
            agent.answer(number, said, reason=text)
            reasons.append(reason_of((await agent.hear())[0]))
        await agent.leave()
        return reasons

    assert asyncio.run(story()) == ["QUESTION_UNKNOWN", "REPLY_LATE", "REPLY_MALFORMED", "", "ANSWER_CONFLICT", ""]


def test_a_request_id_with_another_content_is_refused(store, service):
    """The same id again gets the first receipt; with another answer it is REQUEST_ID_REUSED."""

    async def story():
        agent = Agent(service)
        await agent.hear()
        await asyncio.to_thread(ask, store, service, 1, 2)
        await agent.hear(2)
        same = agent.answer(1)
        agent.answer(1, request_id=same)
        agent.answer(2, request_id=same)
        reasons = [reason_of(r) for r in await agent.hear(3)]
        await agent.leave()
        return reasons

    assert asyncio.run(story()) == ["", "", "REQUEST_ID_REUSED"]


def test_another_companys_questions_stay_its_own(store, service):
    """An agent hears only its own company's questions, and can answer no other's."""

    async def story():
        await asyncio.to_thread(ask, store, service, 1, company="acme2")
        agent = Agent(service)
        await agent.hear()
        agent.answer(1)
        reasons = [reason_of(r) for r in await agent.hear()]
        await agent.leave()
        return reasons

    assert asyncio.run(story()) == ["QUESTION_UNKNOWN"]
    assert store.look(Viewer("acme2"), lambda s: bus.answered(s, "acme2", "s/1")) is None


def test_questions_of_another_role_are_not_this_agents(store, service):
    """An agent that speaks for the carrier is not asked what the shipper is asked."""

    async def story():
        await asyncio.to_thread(ask, store, service, 1, role=SHIPPER)
        await asyncio.to_thread(ask, store, service, 2, role=CARRIER)
        agent = Agent(service)
        told = await agent.hear(2)
        await agent.leave()
        return told[1].question.question_id

    assert asyncio.run(story()) == "s/2"


def test_a_newer_stream_ends_the_older_one(store, service, monkeypatch):
    """Two streams of one role never answer beside each other."""
    monkeypatch.setattr(bus, "SEEN_EVERY_S", 0.05)

    async def story():
        older = Agent(service)
        await older.hear()
        newer = Agent(service)
        await newer.hear()
        with pytest.raises(Fault) as caught:
            await older.hear()
        await newer.leave()
        return caught.value.reason

    assert asyncio.run(story()) == "STREAM_REPLACED"


@pytest.mark.parametrize(
    ("company", "opening", "reason"),
    [
        ("swift", negotiation_pb2.ConverseRequest(request_id=str(uuid4())), "STREAM_NOT_OPENED"),
        ("acme", {"company": "companies/acme2", "roles": [CARRIER]}, "RESOURCE_NOT_FOUND"),
        ("swift", {"company": "companies/swift", "roles": [companies_pb2.ROLE_HUB]}, "ROLE_MISSING"),
        ("swift", {"company": "companies/swift", "roles": [CARRIER], "after_sequence": 7}, "SEQUENCE_UNKNOWN"),
    ],
)
def test_a_stream_that_cannot_be_opened_says_why(store, service, company, opening, reason):
    """The first message must open it, for the caller's own company, a role that it has, and a number once given."""
    if isinstance(opening, dict):
        opening = negotiation_pb2.ConverseRequest(request_id=str(uuid4()), open=negotiation_pb2.OpenStream(**opening))

    async def story():
        agent = Agent(service, company, opening=opening)
        with pytest.raises(Fault) as caught:
            await agent.hear()
        return caught.value.reason

    assert asyncio.run(story()) == reason


def test_what_is_over_is_not_told_again(store, service):
    """A fresh agent is not shown the market parts and questions of negotiations that are final."""

    async def story():
        await asyncio.to_thread(ask, store, service, 1)
        market = markets_pb2.MarketPart(synchronization=service.name, last=True)
        await asyncio.to_thread(store.transact, lambda tx: bus.send_market(tx, "swift", [market]))
        await asyncio.to_thread(store.transact, lambda tx: steps.move(tx, service.name, steps.State.RELEASED))
        agent = Agent(service)
        await agent.hear()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(agent.stream), 0.5)
        await agent.leave()

    asyncio.run(story())


def test_presence_is_seen_and_fades(store, service):
    """A company counts as present for the roles that its agent opened, until it was not seen for a while."""

    async def story():
        agent = Agent(service)
        await agent.hear()
        await agent.leave()

    asyncio.run(story())
    now = datetime.now(UTC)

    def there(role, at):
        return store.look(Viewer("swift"), lambda s: bus.present(s, "swift", role, at))

    assert [there(CARRIER, now), there(SHIPPER, now), there(CARRIER, now + timedelta(minutes=1))] == [
        True,
        False,
        False,
    ]


def test_a_question_asked_again_after_a_crash_is_one_question(store, service):
    """Asking by the same id twice sends it once; a withdrawn one can no longer be answered."""
    ask(store, service, 1)
    ask(store, service, 1)
    store.transact(lambda tx: bus.withdraw(tx, "swift", "s/1", "the negotiation was cancelled"))

    async def story():
        agent = Agent(service)
        told = await agent.hear(3)
        agent.answer(1)
        receipt = await agent.hear()
        await agent.leave()
        return [r.WhichOneof("said") for r in told], reason_of(receipt[0])

    assert asyncio.run(story()) == (["opened", "question", "withdrawn"], "REPLY_LATE")


def test_of_two_answers_at_once_the_first_counts(store, service):
    """An answer that comes through another server meanwhile conflicts; it does not take the first one's place."""
    ask(store, service, 1)
    refused = []

    def answer(tx, text):
        given = negotiation_pb2.Answer(question_id="s/1", performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason=text)
        return bus.record(tx, "swift", given)

    def second():
        try:
            store.transact(lambda tx: answer(tx, "second"))
        except Fault as fault:
            refused.append(fault.reason)

    other = threading.Thread(target=second)

    def first(tx):
        answer(tx, "first")
        other.start()
        time.sleep(0.5)  # on PostgreSQL it comes as far as this transaction lets it

    store.transact(first)
    other.join()
    assert refused == ["ANSWER_CONFLICT"]
    assert store.look(SYSTEM, lambda s: bus.answered(s, "swift", "s/1")).reason == "first"
