"""Bring your own agent: a participant that speaks for its company at the company's own side.

>>> from groupage.client.agent import Agent
>>> from groupage.client.carrier import Fleet
>>> fleet = Fleet.read("fleet.csv", "companies/swift")  # doctest: +SKIP
>>> Agent("localhost:7443", "companies/swift", ["ROLE_CARRIER"], fleet.seat(), token="gpg_...").run()  # doctest: +SKIP
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from groupage.client import retries as again
from groupage.client.aio import AsyncClient
from groupage.client.connection import one_connection
from groupage.client.conversation import NegotiationTalk
from groupage.client.retries import Retries
from groupage.client.shared import after_break
from groupage.errors import InputError, ServiceError
from groupage.v1 import companies_pb2, negotiation_pb2, proposals_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from agents.participant import Participant
    from groupage.client.connection import Connection
    from groupage.wire.markets import ToldMarket

log = logging.getLogger(__name__)

# It comes back again and again: a service that is being repaired finds it there when it is up.
PATIENT = Retries(attempts=10_000, first_s=0.2, most_s=15.0)
# What is left of the time for an answer once it is reckoned, to bring it there.
_MARGIN_S, _MARGIN = 1.0, 0.2
# A break without a word of the service's own comes from the way, whatever status gRPC gives it.
_BROKEN = frozenset({"UNKNOWN", "INTERNAL", "CANCELLED"})
# How often a proposal that changes while it is decided on is read again.
_DECISIONS = 5


class Agent:
    """Holds the conversation of a company's own agent: breaks, deadlines, receipts and all.

    The participant is asked in threads of its own, and only ever told what its company may know. An answer that is not
    reckoned in time is a refusal; so is one that the service finds malformed, after which the log says what was wrong.

    Parameters
    ----------
    connection
        Where the service is: a `groupage.client.Connection`, or an address with the parts of one as keywords.
    company
        Resource name, such as ``companies/swift``.
    roles
        As what it speaks for its company, such as ``ROLE_CARRIER``.
    seat
        Makes the participant of a negotiation from what was told of its market; `groupage.client.carrier.Fleet.seat`
        makes carriers. An error in it keeps the company out of that negotiation.
    decide
        Whether to accept a proposal; without it somebody else accepts and declines.
    seed
        Root of all that the participants draw at random.
    name
        Name and version, for the operator.
    retries
        How patiently it comes back after a break.
    workers
        How many questions are reckoned at the same time.
    """

    def __init__(
        self,
        connection: Connection | str,
        company: str,
        roles: Sequence[str | int],
        seat: Callable[[ToldMarket], Participant],
        *,
        decide: Callable[[proposals_pb2.Proposal], bool] | None = None,
        seed: int = 0,
        name: str = "groupage",
        retries: Retries = PATIENT,
        workers: int = 2,
        **given: Any,
    ) -> None:
        self.connection = one_connection(connection, given)
        self.company, self.name = company, name
        self.roles = [_role(role) for role in roles]
        self.sequence = 0
        self._seat, self._decide, self._seed = seat, decide, seed
        self._retries, self._workers = retries, workers
        self._rng = again.rng(seed)
        self._clock = timedelta(0)  # how far the service's is ahead
        self._talks: dict[str, NegotiationTalk] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unanswered: dict[str, int] = {}
        self._said: dict[str, negotiation_pb2.ConverseRequest] = {}
        self._receipts: dict[str, asyncio.Future[ServiceError | None]] = {}
        self._out: asyncio.Queue[negotiation_pb2.ConverseRequest | None] = asyncio.Queue()
        self._acknowledged = 0
        self._opened = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._conversing: asyncio.Task[Any] | None = None
        self._pool: ThreadPoolExecutor | None = None

    def run(self) -> None:
        """Converse until `stop` is called from another thread, or Ctrl-C; see `converse` for errors."""
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self.converse())

    def stop(self) -> None:
        """End the conversation, from any thread. What was asked stays open for whoever speaks next."""
        loop, task = self._loop, self._conversing
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    async def converse(self) -> None:
        """Answer what is asked, and come back after breaks, until it is cancelled.

        Raises
        ------
        ServiceError
            If the service will not have this agent (another one took its place: STREAM_REPLACED; ROLE_MISSING,
            UNAUTHENTICATED_CALLER), or stays away for longer than the retries last.
        """
        self._loop, self._conversing = asyncio.get_running_loop(), asyncio.current_task()
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="groupage-agent")
        try:
            async with AsyncClient(self.connection, retries=self._retries, seed=self._seed) as client:
                await self._come_back(client)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._forget()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._conversing = None

    async def _come_back(self, client: AsyncClient) -> None:
        attempt = 0
        while True:
            self._opened = False
            try:
                await self._stream(client)
                error = ServiceError("the stream ended", status="UNAVAILABLE", temporary=True)
            except ServiceError as broken:
                error = after_break(broken)
            if error.reason == "SEQUENCE_UNKNOWN" and self.sequence:
                # Another store than before, or an older state of it: what was known of it says nothing.
                self._forget()
                error.temporary = True
            if not error.reason and error.status in _BROKEN:
                error.temporary = True
            attempt = 1 if self._opened else attempt + 1
            wait = self._retries.wait_s(error, attempt, self._rng)
            if wait is None:
                raise error
            log.info("the conversation broke off (%s), again in %.1f s", error.reason or error.status, wait)
            await asyncio.sleep(wait)

    def _forget(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        for talk in self._talks.values():
            talk.close()
        for kept in (self._tasks, self._talks, self._unanswered, self._said, self._receipts):
            kept.clear()
        self.sequence = self._acknowledged = 0

    async def _stream(self, client: AsyncClient) -> None:
        out: asyncio.Queue[negotiation_pb2.ConverseRequest | None] = asyncio.Queue()
        self._out = out
        for request in self._said.values():  # without a receipt: again, with the same ids
            out.put_nowait(request)
        try:
            async with contextlib.aclosing(client.negotiation.converse(self._saying(out))) as stream:
                async for response in stream:
                    self._hear(client, response)
        finally:
            out.put_nowait(None)  # gRPC goes on waiting for what is said on a stream that has ended

    async def _saying(
        self, out: asyncio.Queue[negotiation_pb2.ConverseRequest | None]
    ) -> AsyncIterator[negotiation_pb2.ConverseRequest]:
        opening = negotiation_pb2.OpenStream(
            company=self.company, roles=self.roles, after_sequence=self.sequence, agent=self.name
        )
        yield negotiation_pb2.ConverseRequest(request_id=str(uuid.uuid4()), open=opening)
        while (request := await out.get()) is not None:
            yield request

    def _hear(self, client: AsyncClient, response: negotiation_pb2.ConverseResponse) -> None:
        said = response.WhichOneof("said")
        if said == "opened":
            self._opened = True
            self._clock = response.opened.server_time.ToDatetime(UTC) - datetime.now(UTC)
            return
        if said == "receipt":
            self._receive(response.receipt)
            return
        if response.sequence <= self.sequence:
            return
        self.sequence = response.sequence
        if said == "market_part":
            self._talk(response.market_part.conversation).tell(response.market_part)
        elif said == "question":
            question = response.question
            self._unanswered[question.question_id] = response.sequence
            self._start(question.question_id, self._answer(question))
        elif said == "withdrawn":
            task = self._tasks.get(response.withdrawn.question_id)
            if task is not None:
                task.cancel()
        elif said == "closed":
            self._close(client, response.closed)
        self._acknowledge()

    def _talk(self, negotiation: str) -> NegotiationTalk:
        if negotiation not in self._talks:
            if self._pool is None:
                raise InputError("the agent does not converse, expected it to")
            self._talks[negotiation] = NegotiationTalk(self.company, self._seat, self._seed, self._pool)
        return self._talks[negotiation]

    def _start(self, key: str, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks[key] = task

        def ended(_: Any) -> None:
            if self._tasks.get(key) is task:
                del self._tasks[key]
            if not task.cancelled() and task.exception() is not None:
                log.error("what the agent did about %s failed", key, exc_info=task.exception())

        task.add_done_callback(ended)

    async def _answer(self, question: negotiation_pb2.Question) -> None:
        # Conversations are called by their negotiation, a slash, and which of it they are.
        talk = self._talk(question.conversation.rpartition("/")[0])
        counts = None
        try:
            async with talk.turn(question):
                if question.HasField("recorded_answer"):
                    talk.recorded(question)
                    return
                try:
                    left = self._left_s(question)
                    if left <= 0:
                        log.warning("question %s on %s came too late", question.question_id, question.topic)
                        return
                    reply = await talk.reply(question, left - min(_MARGIN_S, _MARGIN * left))
                    refusal = await self._say(answer=reply.answer)
                    if refusal is not None and refusal.reason == "REPLY_MALFORMED":
                        log.error("question %s on %s: %s", question.question_id, question.topic, refusal)
                        reply = talk.refused(question)
                        refusal = await self._say(answer=reply.answer)
                    if refusal is None:
                        counts = reply.message
                    else:
                        log.warning("the answer to %s does not count: %s", question.question_id, refusal)
                finally:
                    talk.remember(question, counts)
        finally:
            self._unanswered.pop(question.question_id, None)
            self._acknowledge()

    def _left_s(self, question: negotiation_pb2.Question) -> float:
        now = datetime.now(UTC) + self._clock
        due: datetime = question.reply_by.ToDatetime(UTC)
        return (due - now).total_seconds()

    async def _say(self, **what: Any) -> ServiceError | None:
        """Say something until there is a receipt; why it does not count, or `None` if it does."""
        request = negotiation_pb2.ConverseRequest(request_id=str(uuid.uuid4()), **what)
        receipt = asyncio.get_running_loop().create_future()
        self._said[request.request_id], self._receipts[request.request_id] = request, receipt
        self._out.put_nowait(request)
        try:
            told: ServiceError | None = await receipt
            return told
        finally:
            self._said.pop(request.request_id, None)
            self._receipts.pop(request.request_id, None)

    async def offer(self, offer: negotiation_pb2.CapacityOffer) -> None:
        """Offer the company for a planning window, while it converses; returns when that is on record.

        Raises
        ------
        ServiceError
            If the offer does not fit.
        """
        refusal = await self._say(capacity_offer=offer)
        if refusal is not None:
            raise refusal

    def _receive(self, receipt: negotiation_pb2.Receipt) -> None:
        waiting = self._receipts.get(receipt.request_id)
        if waiting is not None and not waiting.done():
            status = receipt.status
            waiting.set_result(again.read(status, again.code_of(status.code)) if status.code else None)

    def _acknowledge(self) -> None:
        """Say how far all is taken in: read, and where it was asked something, answered."""
        upto = min(self._unanswered.values(), default=self.sequence + 1) - 1
        if upto > self._acknowledged:
            self._acknowledged = upto
            taken = negotiation_pb2.Acknowledgement(sequence=upto)
            self._out.put_nowait(negotiation_pb2.ConverseRequest(request_id=str(uuid.uuid4()), acknowledgement=taken))

    def _close(self, client: AsyncClient, closed: negotiation_pb2.ConversationClosed) -> None:
        talk = self._talks.pop(closed.conversation, None)
        if talk is not None:
            talk.close()
        if closed.proposal and self._decide is not None:
            self._start(closed.proposal, self._decided(client, closed.proposal))

    async def _decided(self, client: AsyncClient, name: str) -> None:
        for _ in range(_DECISIONS):
            proposal = await client.synchronizations.get_proposal(name=name)
            if proposal.state != proposals_pb2.Proposal.OPEN or self._decide is None:
                return
            yes = await asyncio.get_running_loop().run_in_executor(self._pool, self._decide, proposal)
            decision = client.synchronizations.accept_proposal if yes else client.synchronizations.decline_proposal
            try:
                await decision(name=name, etag=proposal.etag)
                return
            except ServiceError as error:
                if error.reason != "ETAG_MISMATCH":
                    raise
        log.error("%s changed each time it was decided on", name)


def _role(role: str | int) -> companies_pb2.Role:
    known: dict[str, companies_pb2.Role] = {name: number for name, number in companies_pb2.Role.items() if number}
    for name, number in known.items():
        if role in (name, number):
            return number
    raise InputError(f"role is {role!r}, expected one of {', '.join(known)}")
