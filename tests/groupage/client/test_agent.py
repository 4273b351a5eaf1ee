"""A company's own agent over a real server: it answers in time, comes back after breaks, survives nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from sqlmodel import select

from agents.messages import ANSWERS, COORDINATOR, QUESTIONS, Message, Performative, Topic
from agents.participant import Participant
from agents.synchronize import synchronize
from agents.verify import settlement_faults
from groupage.client import Connection, Retries
from groupage.client.agent import Agent
from groupage.client.carrier import Fleet, pays
from groupage.errors import InputError, ServiceError
from groupage.v1 import companies_pb2, negotiation_pb2, policies_pb2, proposals_pb2
from groupage.wire.markets import ToldMarket
from server import bus
from server import synchronization as steps
from server.faults import Fault
from server.market import Freeze, built_in
from server.services.kinds import VEHICLE_TYPE
from server.services.standard import insert_record
from server.services.synchronizations import Synchronizations
from server.store import Store
from server.store.tables import CapacityOfferRow, Record
from server.synchronization import State
from server.viewer import SYSTEM
from server.wire import markets, messages
from server.wire.pseudonyms import Pseudonyms
from tests.agents.markets import QUICK
from tests.groupage.client.served import Served, token
from tests.server import world
from tests.server.wire import pool

CARRIER = companies_pb2.ROLE_CARRIER
COMPANIES = ("acme", "bolt", "core", "swift", "tempo", "north")
SECRET = b"a secret of this negotiation"
SOON = Retries(attempts=60, first_s=0.05, most_s=0.2)
CANARY = "a canary: 4711 euros"
FLEET = pd.DataFrame(
    {
        "vehicle": ["rigid"],
        "base": ["base"],
        "lat": [51.45],
        "lon": [6.75],
        "count": [4],
        "capacity_pallets": [18],
        "capacity_kg": [9000],
        "capacity_m3": [50],
        "fixed_eur": [150.0],
        "per_km_eur": [0.6],
        "per_hour_eur": [30.0],
    }
)


def fleet(company: str) -> Fleet:
    """The carriers of the little pool, as each describes itself."""
    east = 0.05 * pool.CARRIERS.index(company)
    return Fleet.of(FLEET.assign(lon=FLEET.lon + east), f"companies/{company}")


@dataclass
class Place:
    """A store with the little pool's companies, a real server of it, and a synchronization under way."""

    store: Store
    served: Served
    name: str

    def agent(self, company: str, seat: Callable[[ToldMarket], Participant], **given: Any) -> Agent:
        """An agent of a carrier."""
        connection = Connection(self.served.address, token=token(self.store, company))
        given = {"retries": SOON, **given}
        return Agent(connection, f"companies/{company}", ["ROLE_CARRIER"], seat, **given)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Place]:
    """Open one; on SQLite: what differs between databases is tested with the service."""
    url = f"sqlite:///{folder / 'store.sqlite'}"
    store = Store(url)
    world.build(store, COMPANIES)
    asked = Synchronizations(store, lambda _: None, lambda _: None)
    operation = asyncio.run(world.as_("acme", asked.RequestSynchronization, world.asking()))
    served = Served(url)
    try:
        yield Place(store, served, f"pools/rhine/synchronizations/{operation.name.removeprefix('operations/')}")
    finally:
        served.stop()
        store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A fresh one."""
    with opened(tmp_path) as one:
        yield one


def conversing(story: Callable[[], Any], *agents: Agent) -> Any:
    """Tell a story in a thread while agents converse; their errors are the test's."""

    async def main() -> Any:
        tasks = [asyncio.create_task(one.converse()) for one in agents]
        told = asyncio.create_task(asyncio.to_thread(story))
        done, _ = await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED, timeout=120)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        assert told in done, "the story did not come to its end"
        return await told

    return asyncio.run(main())


@dataclass
class Coordinator:
    """Asks own agents through the store, as the workflow does, and hears what they answered."""

    store: Store
    name: str
    freeze: Freeze
    negotiation: str = "n1"
    secret: bytes = SECRET
    due_s: float = 20.0
    before: Callable[[int], None] = lambda _: None
    heard: list[tuple[str, Message]] = field(default_factory=list)

    def names(self, company: str) -> Pseudonyms:
        """What things are called to a company."""
        return Pseudonyms(self.secret, company, self.freeze.market)

    def tell(self, company: str) -> None:
        """Send the market."""
        parts = markets.market_parts(
            self.freeze.market,
            self.names(company),
            (CARRIER,),
            negotiation=self.negotiation,
            synchronization=self.name,
            protocol=policies_pb2.Strategy(name="contract_net"),
        )
        self.store.transact(lambda tx: bus.send_market(tx, company.removeprefix("companies/"), parts))

    def ask(self, company: str, message: Message) -> negotiation_pb2.Question:
        """Put a question to an agent."""
        asked = messages.question(
            message,
            self.names(company),
            negotiation=self.negotiation,
            synchronization=self.name,
            reply_by=datetime.now(UTC) + timedelta(seconds=self.due_s),
        )
        key = company.removeprefix("companies/")
        self.store.transact(lambda tx: bus.ask(tx, key, asked, workflow="w", role=CARRIER))
        return asked

    def answer(self, company: str, question_id: str) -> negotiation_pb2.Answer | None:
        """Wait for an answer until it is due."""
        key, until = company.removeprefix("companies/"), time.monotonic() + self.due_s
        while time.monotonic() < until:
            found = self.store.look(SYSTEM, lambda session: bus.answered(session, key, question_id))
            if found is not None:
                return found
            time.sleep(0.005)
        return None

    def close(self, company: str, proposal: str = "") -> None:
        """Say that the negotiation is over."""
        closed = negotiation_pb2.ConversationClosed(
            conversation=self.negotiation, synchronization=self.name, proposal=proposal
        )
        response = negotiation_pb2.ConverseResponse(closed=closed)
        self.store.transact(lambda tx: bus.send(tx, company.removeprefix("companies/"), response))

    def settle(self, *own: str) -> Any:
        """Negotiate; the own companies are asked over the wire."""
        parties: dict[str, Any] = dict(built_in(self.freeze))
        for company in own:
            self.tell(company)
            parties[company] = Far(self, company)
        return synchronize(self.freeze.market, parties, self.freeze.policy, self.freeze.seed)


@dataclass
class Far:
    """A participant at the far end of the service."""

    coordinator: Coordinator
    company: str

    def respond(self, message: Message, history: Sequence[Message], rng: Any) -> Message:
        """Ask, and wait for the answer."""
        del history, rng
        here = self.coordinator
        here.before(len(here.heard))
        question = here.ask(self.company, message)
        answer = here.answer(self.company, question.question_id)
        reply: Message | Fault = message.reply(Performative.FAILURE, reason="no reply in time")
        if answer is not None:
            reply = messages.reply(message, answer, here.names(self.company))
        assert isinstance(reply, Message), reply
        here.heard.append((self.company, reply))
        return reply


def frozen(protocol: str = "contract_net") -> Freeze:
    """The little pool, planned quickly; both carriers speak for themselves."""
    own = {f"companies/{c}": [CARRIER] for c in pool.CARRIERS}
    found = pool.frozen(rulebook=pool.rulebook(protocol), remote=own)
    return replace(found, policy=found.policy.model_copy(update={"effort": QUICK}))


def seat(company: str) -> Callable[[ToldMarket], Participant]:
    """The ready-made carrier, planning quickly."""
    return fleet(company).seat(effort=QUICK)


@pytest.mark.parametrize("protocol", ["contract_net", "iterated_contract_net", "request_exchange"])
def test_two_carriers_with_own_agents(place: Place, protocol: str) -> None:
    """Two carriers' own agents, knowing their own files and what they are sent, drive loads of a sound settlement."""
    coordinator = Coordinator(place.store, place.name, frozen(protocol))
    one, other = (place.agent(c, seat(c)) for c in ("swift", "tempo"))

    def story() -> Any:
        settled = coordinator.settle("companies/swift", "companies/tempo")
        wait(lambda: all(a._acknowledged == a.sequence > 0 for a in (one, other)))
        return settled

    found = conversing(story, one, other)
    assert settlement_faults(coordinator.freeze.market, found.settlement) == []
    assert found.settlement.loads
    assert {load.carrier for load in found.settlement.loads} <= {"companies/swift", "companies/tempo"}
    said = {reply.performative for _, reply in coordinator.heard}
    assert said.isdisjoint({Performative.FAILURE, Performative.NOT_UNDERSTOOD})


def bodies(coordinator: Coordinator) -> list[Any]:
    """What was answered, question by question."""
    return [(str(r.topic), str(r.performative), r.body.to_pylist()) for _, r in coordinator.heard]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What is answered when nothing breaks."""
    with opened(tmp_path_factory.mktemp("calm")) as here:
        coordinator = Coordinator(here.store, here.name, frozen())
        conversing(lambda: coordinator.settle("companies/swift"), here.agent("swift", seat("swift")))
    assert len(coordinator.heard) > 4
    return bodies(coordinator)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_goes_and_comes_back(place: Place, calm: list[Any], number: int) -> None:
    """A server that stops or is killed, and asks meanwhile, changes no answer: the agent comes back and goes on."""

    def before(count: int) -> None:
        if count in (1, 3):
            place.served.stop(number)
            threading.Timer(0.3, place.served.start).start()

    coordinator = Coordinator(place.store, place.name, frozen(), before=before)
    conversing(lambda: coordinator.settle("companies/swift"), place.agent("swift", seat("swift")))
    assert bodies(coordinator) == calm


def test_an_agent_that_is_started_anew(place: Place, calm: list[Any]) -> None:
    """Agents that take turns, and know nothing of each other, answer as one: what was said before is sent again."""
    heard = [0]
    coordinator = Coordinator(place.store, place.name, frozen(), before=lambda count: heard.append(count))

    async def turn(story: asyncio.Task[Any], until: int) -> None:
        while heard[-1] < until and not story.done():
            await asyncio.sleep(0.02)

    async def main() -> None:
        story = asyncio.create_task(asyncio.to_thread(coordinator.settle, "companies/swift"))
        turns = 0
        while not story.done():
            turns += 1
            one = asyncio.create_task(place.agent("swift", seat("swift")).converse())
            await turn(story, heard[-1] + 2)
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)
        await story
        assert turns > 2

    asyncio.run(main())
    assert bodies(coordinator) == calm


@dataclass
class Odd:
    """Answers oddly."""

    what: str
    heard: list[Message] = field(default_factory=list)

    def respond(self, message: Message, history: Sequence[Message], rng: Any) -> Message:
        """Do as it is told."""
        self.heard.append(message)
        if self.what == "raises":
            raise RuntimeError(CANARY)
        if self.what == "sleeps":
            time.sleep(2.0)
        if self.what == "confuses":
            return replace(message.reply(Performative.REFUSE), in_reply_to="another")
        if self.what == "malformed":
            rows = [{"lot": 99, "price_cents": 4711}]
            return message.reply(Performative.PROPOSE, pa.Table.from_pylist(rows, ANSWERS[Topic.QUOTES]))
        return message.reply(Performative.REFUSE, reason="no")


def quotes(number: int) -> Message:
    """A call for quotes."""
    body = pa.Table.from_pylist([{"lot": 0, "job": pool.name("acme", "orders", "o0")}], QUESTIONS[Topic.QUOTES])
    return Message(f"m{number}", Performative.CFP, COORDINATOR, "companies/swift", "talk", Topic.QUOTES, body)


@pytest.mark.parametrize(
    ("what", "due_s", "performative", "reason"),
    [
        ("raises", 20.0, Performative.FAILURE, "the agent failed"),
        ("confuses", 20.0, Performative.FAILURE, "the agent failed"),
        ("sleeps", 1.5, Performative.REFUSE, "no answer could be reckoned in time"),
        ("malformed", 20.0, Performative.REFUSE, "no answer that fits"),
    ],
)
def test_a_participant_that_fails(
    place: Place, what: str, due_s: float, performative: Performative, reason: str
) -> None:
    """Whatever a participant does there is an answer in time, which tells nothing of what went wrong inside it."""
    coordinator = Coordinator(place.store, place.name, frozen(), due_s=due_s)
    odd = Odd(what)

    def story() -> list[negotiation_pb2.Answer | None]:
        coordinator.tell("companies/swift")
        found = []
        for number in range(2):
            asked = coordinator.ask("companies/swift", quotes(number))
            found.append(coordinator.answer("companies/swift", asked.question_id))
        return found

    for answer in conversing(story, place.agent("swift", lambda _: odd)):
        assert answer is not None, "nothing was answered in time"
        assert (messages.performative(answer.performative), answer.reason) == (performative, reason)
        assert CANARY not in str(answer)
    assert [m.topic for m in odd.heard] == [Topic.QUOTES] * 2


def test_an_answer_into_a_break(place: Place) -> None:
    """What is answered while the server is away, or dies before its receipt, is sent again when it is back."""
    coordinator = Coordinator(place.store, place.name, frozen())

    class Breaking(Odd):
        def respond(self, message: Message, history: Sequence[Message], rng: Any) -> Message:
            place.served.stop(signal.SIGKILL)
            threading.Timer(0.5, place.served.start).start()
            return super().respond(message, history, rng)

    def story() -> negotiation_pb2.Answer | None:
        coordinator.tell("companies/swift")
        asked = coordinator.ask("companies/swift", quotes(0))
        return coordinator.answer("companies/swift", asked.question_id)

    odd = Breaking("refuses")
    answer = conversing(story, place.agent("swift", lambda _: odd))
    assert answer is not None
    assert (answer.reason, len(odd.heard)) == ("no", 1)


def test_no_seat(place: Place) -> None:
    """Who can make no participant of a market sits out that negotiation, and says so to every question."""
    coordinator = Coordinator(place.store, place.name, frozen())

    def refuse(_: ToldMarket) -> Participant:
        raise ValueError(CANARY)

    def story() -> negotiation_pb2.Answer | None:
        coordinator.tell("companies/swift")
        asked = coordinator.ask("companies/swift", quotes(0))
        return coordinator.answer("companies/swift", asked.question_id)

    answer = conversing(story, place.agent("swift", refuse))
    assert answer.reason == "takes no part in this negotiation"


def test_withdrawn_and_late(place: Place) -> None:
    """What was withdrawn, or came too late, is not reckoned; what comes after it is answered."""
    coordinator = Coordinator(place.store, place.name, frozen())
    held, odd = threading.Event(), Odd("refuses")

    def slowly(told: ToldMarket) -> Participant:
        assert held.wait(30)
        return odd

    def story() -> Any:
        coordinator.tell("companies/swift")
        gone = coordinator.ask("companies/swift", quotes(0))
        bus_withdraw = lambda tx: bus.withdraw(tx, "swift", gone.question_id, "no need")  # noqa: E731
        place.store.transact(bus_withdraw)
        coordinator.due_s = -1.0
        coordinator.ask("companies/swift", quotes(1))
        coordinator.due_s = 20.0
        asked = coordinator.ask("companies/swift", quotes(2))
        wait(lambda: speaker.sequence >= 5)
        held.set()
        answer = coordinator.answer("companies/swift", asked.question_id)
        wait(lambda: speaker._acknowledged == speaker.sequence)
        return answer

    speaker = place.agent("swift", slowly)
    answer = conversing(story, speaker)
    assert messages.performative(answer.performative) == Performative.REFUSE
    assert len(odd.heard) == 1


def test_another_agent_takes_its_place(place: Place) -> None:
    """Who is replaced stops, and does not fight for its place."""
    one, other = (place.agent("swift", lambda _: Odd("refuses")) for _ in range(2))

    async def main() -> None:
        first = asyncio.create_task(one.converse())
        while not one._opened:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(other.converse())
        with pytest.raises(ServiceError, match="STREAM_REPLACED"):
            await asyncio.wait_for(first, 30)
        assert not second.done()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)

    asyncio.run(main())


def test_who_may_not(place: Place) -> None:
    """A role that the company does not have, and a token of nobody's, end it at once."""
    with pytest.raises(InputError, match="role is 'ROLE_PILOT', expected one of ROLE_SHIPPER"):
        Agent("localhost:1", "companies/swift", ["ROLE_PILOT"], lambda _: Odd(""))
    hub = Agent(place.agent("swift", seat("swift")).connection, "companies/swift", ["ROLE_HUB"], lambda _: Odd(""))
    with pytest.raises(ServiceError, match="ROLE_MISSING"):
        hub.run()
    nobody = Agent(place.served.address, "companies/swift", ["ROLE_CARRIER"], lambda _: Odd(""), token="gpg_a_b")
    with pytest.raises(ServiceError, match="UNAUTHENTICATED"):
        nobody.run()


def test_capacity_is_offered(place: Place) -> None:
    """An offer is on record when it returns; one of somebody else's vehicles is refused with the reason."""
    vehicle = pool.vehicle("swift", "rigid")
    place.store.transact(lambda tx: insert_record(tx, VEHICLE_TYPE, vehicle, parent="companies/swift", company="swift"))

    def offer(name: str) -> negotiation_pb2.CapacityOffer:
        made = negotiation_pb2.CapacityOffer(pool="pools/rhine")
        made.window_start.FromDatetime(pool.START)
        made.window_end.FromDatetime(pool.END)
        made.vehicles.add(vehicle_type=name, count=2)
        return made

    async def main() -> None:
        one = place.agent("swift", seat("swift"))
        conversing = asyncio.create_task(one.converse())
        await asyncio.wait_for(one.offer(offer(vehicle.name)), 30)
        with pytest.raises(ServiceError, match="RESOURCE_NOT_FOUND"):
            await asyncio.wait_for(one.offer(offer("companies/tempo/vehicleTypes/rigid")), 30)
        conversing.cancel()
        await asyncio.gather(conversing, return_exceptions=True)

    asyncio.run(main())
    (row,) = place.store.look(SYSTEM, lambda session: list(session.exec(select(CapacityOfferRow))))
    assert negotiation_pb2.CapacityOffer.FromString(row.body) == offer(vehicle.name)


@pytest.mark.parametrize("received", [900, -100])
def test_proposals_are_decided_on(place: Place, received: int) -> None:
    """When a negotiation is closed the carrier accepts what pays, and declines what does not."""
    coordinator = Coordinator(place.store, place.name, frozen())

    def story() -> int:
        coordinator.tell("companies/swift")

        def put(tx: Any) -> str:
            steps.move(tx, place.name, State.NEGOTIATING)
            part = proposals_pb2.Proposal(carrier_part=proposals_pb2.CarrierPart(received_cents=received))
            made = steps.propose(tx, place.name, 1, {"swift": part}, tx.now + timedelta(minutes=5))
            steps.move(tx, place.name, State.PROPOSED, round_number=1)
            return made["swift"]

        proposal = place.store.transact(put)
        coordinator.close("companies/swift", proposal)
        look = lambda: place.store.look(SYSTEM, lambda session: session.get(Record, proposal))  # noqa: E731
        wait(lambda: look().state != "OPEN")
        return proposals_pb2.Proposal.FromString(look().body).state

    state = conversing(story, place.agent("swift", seat("swift"), decide=pays))
    assert state == (proposals_pb2.Proposal.ACCEPTED if received > 0 else proposals_pb2.Proposal.DECLINED)


def wait(done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(2_000):
        if done():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come about")
