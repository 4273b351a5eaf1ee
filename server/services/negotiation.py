"""`groupage.v1.Negotiation`: a participant's own agent answers over one stream, and goes on after breaks, anywhere.

Two things run beside each other: what the agent says is put on record and gets a receipt; what it is asked, events of
its stream (`server.bus`), is passed on.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from google.rpc import code_pb2, status_pb2
from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from groupage.v1 import companies_pb2, negotiation_pb2, negotiation_service_pb2_grpc
from server import bus, views
from server.faults import Fault
from server.services.watching import must_be_known
from server.store.ids import new_id
from server.store.tables import AgentRow, CapacityOfferRow, Participation, QuestionRow, Record
from server.store.writer import Transaction, Write, single
from server.viewer import Viewer, caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from server.store import Reading, Store

# What an agent may have said and not yet got a receipt for; it says no more before.
_UNDER_WAY = 64


class Negotiation(negotiation_service_pb2_grpc.NegotiationServicer):
    """Own agents.

    Parameters
    ----------
    check
        Of (question, answer): raises a `Fault` REPLY_MALFORMED where the answer does not fit.
    notify
        Wakes a workflow: of (workflow, question id, company); from any thread.
    """

    def __init__(
        self,
        store: Store,
        check: Callable[[negotiation_pb2.Question, negotiation_pb2.Answer], None],
        notify: Callable[[str, str, str], None],
    ) -> None:
        self._store = store
        self._check = check
        self._notify = notify

    async def Converse(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Hold one conversation with one agent."""
        viewer = caller()
        said = aiter(requests)
        first = await anext(said, None)
        if first is None or not first.HasField("open"):
            raise Fault("STREAM_NOT_OPENED")
        opening = first.open
        if opening.company != viewer.name or not viewer.company:
            raise Fault("RESOURCE_NOT_FOUND", metadata={"name": opening.company})
        connection = new_id()
        last, under_way = await self._store.read(viewer, lambda session: _begin(session, viewer, opening))
        await self._store.write(_present(viewer, connection, opening))
        opened = negotiation_pb2.StreamOpened(next_sequence=opening.after_sequence + 1)
        opened.server_time.FromDatetime(self._store.now())
        yield negotiation_pb2.ConverseResponse(opened=opened)

        # Bounded: the agent is not heard before what it was told before is on its way.
        out: asyncio.Queue[Any] = asyncio.Queue(_UNDER_WAY)
        tasks = [
            asyncio.create_task(self._hear(said, viewer, out)),
            asyncio.create_task(self._pass_on(viewer, opening, last, under_way, out)),
            asyncio.create_task(self._stay(viewer, connection, opening)),
        ]
        try:
            async for response in _until_one_ends(out, tasks):
                yield response
        finally:
            for task in tasks:
                task.cancel()
            # It counts as present for a while still: an agent that comes back at once is not spoken for meanwhile.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, said: AsyncIterator[Any], viewer: Viewer, out: asyncio.Queue[Any]) -> None:
        async for request in said:
            receipt = negotiation_pb2.Receipt(request_id=request.request_id)
            try:
                if request.HasField("open"):
                    raise Fault("STREAM_NOT_OPENED")  # it was opened once already
                if request.HasField("answer"):
                    await self._answer(viewer, request)
                elif request.HasField("capacity_offer"):
                    await self._store.write(_write(viewer, request, _offer))
                # What is acknowledged is named again by `after_sequence` of the next stream: nothing to keep.
                receipt.status.CopyFrom(status_pb2.Status(code=code_pb2.OK))
            except Fault as fault:
                receipt.status.CopyFrom(fault.status())
            await out.put(negotiation_pb2.ConverseResponse(receipt=receipt))

    async def _answer(self, viewer: Viewer, request: Any) -> None:
        asked = await self._store.read(
            viewer, lambda session: session.get(QuestionRow, (viewer.company, request.answer.question_id))
        )
        if asked is not None and asked.answer is None:
            question = negotiation_pb2.Question.FromString(asked.question)
            await self._store.apart(self._check, question, request.answer)
        await self._store.write(_write(viewer, request, _record))
        if asked is not None:
            await self._store.apart(self._notify, asked.workflow, asked.question_id, viewer.company)

    async def _pass_on(
        self, viewer: Viewer, opening: Any, last: int, under_way: frozenset[str], out: asyncio.Queue[Any]
    ) -> None:
        async for events in self._store.follow(bus.stream_of(viewer.company), opening.after_sequence):
            for event in events:
                response = views.agent_message(event)
                about = _about(response)
                if about:
                    row = await self._store.read(viewer, partial(_asked, company=viewer.company, key=about))
                    if row is None or (row.role and row.role not in opening.roles):
                        continue
                    if row.answer is not None and response.HasField("question"):
                        response.question.recorded_answer.ParseFromString(row.answer)
                serves = row.synchronization if about and row else _synchronization(response)
                if event.version <= last and serves not in under_way:
                    continue  # of a negotiation that is over: nothing is left to answer
                await out.put(response)

    async def _stay(self, viewer: Viewer, connection: str, opening: Any) -> None:
        """Be seen, and give way to a newer stream."""
        while True:
            await asyncio.sleep(bus.SEEN_EVERY_S)
            await self._store.write(_seen(viewer, connection, opening))


async def _until_one_ends(out: asyncio.Queue[Any], tasks: list[asyncio.Task[None]]) -> AsyncIterator[Any]:
    """Yield what is to be sent until the agent has said its last, or something failed."""
    ended = asyncio.ensure_future(asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))
    getting: asyncio.Task[Any] | None = None
    try:
        while True:
            getting = getting or asyncio.create_task(out.get())
            await asyncio.wait({getting, ended}, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                response, getting = getting.result(), None
                yield response
                continue
            done, _ = await ended
            while not out.empty():
                yield out.get_nowait()
            for task in done:
                task.result()
            return
    finally:
        ended.cancel()
        if getting is not None:
            getting.cancel()


def _about(response: Any) -> str:
    """Id of the question that is sent, or withdrawn."""
    if response.HasField("question"):
        return str(response.question.question_id)
    return str(response.withdrawn.question_id)


def _asked(session: Reading, company: str, key: str) -> QuestionRow | None:
    return session.get(QuestionRow, (company, key))


def _synchronization(response: Any) -> str:
    said = response.WhichOneof("said")
    return getattr(getattr(response, said), "synchronization", "") if said else ""


def _begin(session: Reading, viewer: Viewer, opening: Any) -> tuple[int, frozenset[str]]:
    """Last sequence number that is known, and the synchronizations that are under way."""
    company = session.exec(select(Record).where(Record.name == opening.company)).first()
    if company is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": opening.company})
    has = companies_pb2.Company.FromString(company.body).roles
    for role in opening.roles:
        if role not in has:
            raise Fault("ROLE_MISSING", metadata={"role": companies_pb2.Role.Name(role)})
    last = must_be_known(session, bus.stream_of(viewer.company), opening.after_sequence)
    query = select(Participation.synchronization).where(
        Participation.company == viewer.company, col(Participation.open)
    )
    return last, frozenset(session.exec(query))


def _write(viewer: Viewer, request: Any, handler: Any) -> Write:
    digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    return Write(viewer, "Converse", request.request_id, digest, handler, request)


def _record_one(tx: Transaction, write: Write) -> bytes:
    bus.record(tx, write.viewer.company, write.payload.answer)
    return b""


_record = single(_record_one)


def _offer_one(tx: Transaction, write: Write) -> bytes:
    offer = write.payload.capacity_offer
    with tx.reading(write.viewer) as session:
        wanted = [(offer.pool, "pool"), *((v.vehicle_type, "vehicle_type") for v in offer.vehicles)]
        wanted += [(hub, "hub") for hub in offer.hubs]
        for name, kind in wanted:
            row = session.exec(select(Record).where(Record.name == name, Record.kind == kind)).first()
            if row is None or (kind != "pool" and row.company != write.viewer.company):
                raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    key = {
        "company": write.viewer.company,
        "pool": offer.pool,
        "since": offer.window_start.ToDatetime(tx.now.tzinfo),
        "until": offer.window_end.ToDatetime(tx.now.tzinfo),
    }
    same = (col(getattr(CapacityOfferRow, k)) == v for k, v in key.items())
    tx.connection.execute(delete(CapacityOfferRow).where(*same))
    tx.connection.execute(insert(CapacityOfferRow), [{**key, "at": tx.now, "body": offer.SerializeToString()}])
    return b""


_offer = single(_offer_one)


def _present(viewer: Viewer, connection: str, opening: Any) -> Write:
    return Write(viewer, "Converse", "", b"", _arrive, (connection, opening), names=(opening.company,))


def _arrive_one(tx: Transaction, write: Write) -> bytes:
    connection, opening = write.payload
    company = write.viewer.company
    tx.lock(bus.stream_of(company))
    tx.connection.execute(
        delete(AgentRow).where(col(AgentRow.company) == company, col(AgentRow.role).in_(list(opening.roles)))
    )
    rows = [
        {"company": company, "role": r, "connection": connection, "agent": opening.agent, "seen_at": tx.now}
        for r in sorted(opening.roles)
    ]
    tx.connection.execute(insert(AgentRow), rows)
    return b""


_arrive = single(_arrive_one)


def _seen(viewer: Viewer, connection: str, opening: Any) -> Write:
    return Write(viewer, "Converse", "", b"", _be_seen, (connection, opening), audited=False)


def _be_seen_one(tx: Transaction, write: Write) -> bytes:
    connection, opening = write.payload
    done = tx.connection.execute(
        update(AgentRow)
        .where(col(AgentRow.company) == write.viewer.company, col(AgentRow.connection) == connection)
        .values(seen_at=tx.now)
    )
    if done.rowcount < len(opening.roles):
        raise Fault("STREAM_REPLACED")
    return b""


_be_seen = single(_be_seen_one)
