"""`groupage.v1.Synchronizations`: ask for a plan, follow it, accept or decline.

The service stores and wakes; what is negotiated is the workers' business (`server.durable`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from sqlmodel import col, select

from groupage.v1 import (
    members_pb2,
    pools_pb2,
    rulebooks_pb2,
    synchronizations_pb2,
)
from groupage.v1 import proposals_pb2 as proposals
from server import later, pools, views
from server import synchronization as steps
from server.faults import Fault
from server.services import standard
from server.services.change_requests import ChangeRequests
from server.services.watching import coalesced, must_be_known
from server.store.events import last_versions
from server.store.ids import new_id
from server.store.tables import Participation, Record
from server.store.writer import Transaction, Write, single
from server.viewer import SYSTEM, Viewer, caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from server.store import Reading, Store

LONGEST_WINDOW = timedelta(days=14)

_TAKING_PART = (members_pb2.Member.ACTIVE, members_pb2.Member.LEAVING)


class Synchronizations(ChangeRequests):
    """Plans of pools.

    Parameters
    ----------
    start
        Enqueues the synchronization of a name, once however often it is called; from any thread.
    notify
        Wakes its workflow: something that it waits for was stored.
    """

    def __init__(self, store: Store, start: Callable[[str], None], notify: Callable[[str], None]) -> None:
        self._store = store
        self._start = start
        self._notify = notify

    async def RequestSynchronization(self, request: Any, context: Any) -> operations_pb2.Operation:
        """Store a synchronization and enqueue it."""
        name = f"{request.parent}/synchronizations/{new_id()}"
        write = standard.write(
            "RequestSynchronization", request, _request, payload=(name, request), resources=[request.parent]
        )
        operation = operations_pb2.Operation.FromString(await self._store.write(write))
        if not request.validate_only:
            metadata = synchronizations_pb2.RequestSynchronizationMetadata()
            operation.metadata.Unpack(metadata)
            await self._store.apart(self._start, metadata.synchronization)
        return operation

    async def GetSynchronization(self, request: Any, context: Any) -> Any:
        """One synchronization, as its caller sees it."""
        viewer = caller()
        return await self._store.read(viewer, lambda session: views.synchronization(session, request.name))

    async def ListSynchronizations(self, request: Any, context: Any) -> Any:
        """Those that the caller takes part in."""
        viewer = caller()
        page = await standard.listed(
            self._store, steps.SYNCHRONIZATION, request, synchronizations_pb2.ListSynchronizationsResponse
        )

        def complete(session: Reading) -> None:
            for one in page.synchronizations:
                one.CopyFrom(views.synchronization(session, one.name))

        await self._store.read(viewer, complete)
        return page

    async def CancelSynchronization(self, request: Any, context: Any) -> Any:
        """Stop it before commitment."""
        write = standard.write("CancelSynchronization", request, _cancel, resources=[request.name])
        answer = synchronizations_pb2.Synchronization.FromString(await self._store.write(write))
        if not request.validate_only:
            await self._store.apart(self._notify, request.name)
        return answer

    async def GetProposal(self, request: Any, context: Any) -> Any:
        """One proposal of the caller's."""
        return await standard.get(self._store, steps.PROPOSAL, request.name)

    async def ListProposals(self, request: Any, context: Any) -> Any:
        """The caller's, one for each round that it was in."""
        await self._store.read(caller(), lambda session: steps.record_of(session, request.parent))
        return await standard.listed(self._store, steps.PROPOSAL, request, proposals.ListProposalsResponse)

    async def AcceptProposal(self, request: Any, context: Any) -> Any:
        """Bind the caller to its part, if all others are bound too."""
        return await self._answer("AcceptProposal", request, proposals.Proposal.ACCEPTED)

    async def DeclineProposal(self, request: Any, context: Any) -> Any:
        """Leave the caller out."""
        return await self._answer("DeclineProposal", request, proposals.Proposal.DECLINED)

    async def _answer(self, method: str, request: Any, state: int) -> Any:
        write = standard.write(method, request, _reply, payload=(request, state), resources=[request.name])
        answer = proposals.Proposal.FromString(await self._store.write(write))
        if not request.validate_only:
            await self._store.apart(self._notify, request.name.split("/proposals/")[0])
        return answer

    async def WatchSynchronization(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Stream what happens, until it is final and all was sent."""
        viewer = caller()
        stream, last, final = await self._store.read(viewer, lambda session: _begin(session, viewer, request.name))
        await self._store.read(viewer, lambda session: must_be_known(session, stream, request.after_sequence))
        if final and request.after_sequence >= last:
            return
        async for events in coalesced(self._store.follow(stream, request.after_sequence)):
            answer = synchronizations_pb2.WatchSynchronizationResponse()
            for event in events:
                said = views.synchronization_event(event)
                answer.events.append(said)
                answer.sequence = event.version
                final = final or (said.HasField("state_changed") and said.state_changed.state in steps.FINAL)
            if not events:
                answer.sequence = max(answer.sequence, request.after_sequence)
            else:
                request.after_sequence = answer.sequence
            yield answer
            # What is told after the final state was written in the same transaction: a last look finds it all.
            if final:
                stream, last, _ = await self._store.read(viewer, lambda s: _begin(s, viewer, request.name))
                if request.after_sequence >= last:
                    return


def _begin(session: Reading, viewer: Viewer, name: str) -> tuple[str, int, bool]:
    record = steps.record_of(session, name)
    company = viewer.company
    if viewer.operator and not company:
        # The operator watches what the first participant is told: states and rounds are the same for all.
        members = steps.participations(session, name)
        company = members[0].company if members else ""
    stream = steps.stream_of(name, company)
    last = last_versions(session.connection(), [stream]).get(stream, 0)
    return stream, last, record.state in {steps.State.Name(s) for s in steps.FINAL}


def _request_one(tx: Transaction, write: Write) -> bytes:
    name, request = write.payload
    tx.lock(steps.OPENING)  # and a pool that is being closed is seen as closed
    with tx.reading() as session:
        pool = session.get(Record, request.parent)
    with tx.reading(write.viewer) as session:
        seen = session.exec(select(Record).where(Record.name == request.parent)).first()
    if pool is None or pool.kind != "pool" or seen is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": request.parent})
    if pools_pb2.Pool.FromString(pool.body).state == pools_pb2.Pool.CLOSED:
        raise Fault("POOL_CLOSED")
    present = _members(tx, request.parent)
    company = write.viewer.company
    rulebook = _binding(tx, request, pools_pb2.Pool.FromString(pool.body), present, company)
    members = {c for c, version in present if version == rulebook.version}
    if company not in members and not write.viewer.operator:
        if any(c == company for c, _ in present):
            raise Fault("CONSENT_MISSING", metadata={"rulebook": request.rulebook})
        raise Fault("NOT_A_MEMBER")
    since, until = _times(request, rulebook, tx.now)
    taken = _taken(tx, since, until)
    if company in taken:
        raise Fault("SYNCHRONIZATION_OPEN", metadata={"synchronization": taken[company]})
    synchronization = synchronizations_pb2.Synchronization(
        name=name,
        rulebook=request.rulebook,
        reply_within=request.reply_within,
        decide_by=request.decide_by,
        window_start=request.window_start,
        window_end=request.window_end,
    )
    steps.opened(tx, synchronization, members - set(taken), requester=write.viewer.company)
    with tx.reading() as session:
        operation = session.get(Record, steps.operation_of(name))
    if operation is None:
        raise LookupError(f"{name} has no operation")
    answer = operations_pb2.Operation.FromString(operation.body)
    if request.validate_only:
        answer.done = True
        answer.response.Pack(synchronization)
    return bytes(answer.SerializeToString())


def _binding(
    tx: Transaction, request: Any, pool: pools_pb2.Pool, members: Sequence[tuple[str, int]], company: str
) -> rulebooks_pb2.Rulebook:
    """The rulebook that a request names: the one in force; for who is leaving, the one that binds it until then."""
    with tx.reading() as session:
        row = session.get(Record, request.rulebook)
    if row is not None and row.kind == "rulebook" and row.parent == request.parent:
        rulebook: rulebooks_pb2.Rulebook = rulebooks_pb2.Rulebook.FromString(row.body)
        if request.rulebook == pool.rulebook or (company, rulebook.version) in members:
            return rulebook
    raise Fault("RULEBOOK_NOT_IN_FORCE", metadata={"rulebook": pool.rulebook})


def _members(tx: Transaction, pool: str) -> list[tuple[str, int]]:
    """Who takes part in what is planned now, and the version that binds it; 0 if none does."""
    books = pools.binding(tx, pool)
    out = []
    for row, m in pools.records(tx, pools.MEMBER, pool).values():
        if m.state in _TAKING_PART and (not m.HasField("leave_time") or m.leave_time.ToDatetime(UTC) > tx.now):
            book = pools.bound_by(tx, row, m, books)
            out.append((m.company.removeprefix("companies/"), book.version if book else 0))
    return out


def _times(request: Any, rulebook: rulebooks_pb2.Rulebook, now: datetime) -> tuple[datetime, datetime]:
    since, until = request.window_start.ToDatetime(UTC), request.window_end.ToDatetime(UTC)
    if until <= now:
        raise Fault("WINDOW_PASSED")
    if until - since > LONGEST_WINDOW:
        raise Fault("INVALID_FIELD", violations=[("window_end", f"at most {LONGEST_WINDOW.days} days after the start")])
    room = request.reply_within.ToTimedelta() + timedelta(minutes=rulebook.min_decision_min)
    if request.decide_by.ToDatetime(UTC) < now + room:
        raise Fault("DEADLINE_TOO_SHORT")
    return since, until


def _taken(tx: Transaction, since: datetime, until: datetime) -> dict[str, str]:
    """Companies that are in an open synchronization of an overlapping window, and in which."""
    query = select(Participation).where(
        col(Participation.open), col(Participation.since) < until, col(Participation.until) > since
    )
    with tx.reading() as session:
        return {p.company: p.synchronization for p in session.exec(query)}


_request = single(_request_one)


def _cancel_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    steps.alone(tx, request.name)
    with tx.reading(write.viewer) as session:
        record = steps.record_of(session, request.name)
    with tx.reading(SYSTEM) as session:
        operation = session.get(Record, steps.operation_of(request.name))
    if not write.viewer.operator and (operation is None or operation.company != write.viewer.company):
        raise Fault("NOT_REQUESTER")
    standard.must_match(record, request.etag)
    try:
        cancelled = steps.cancel(tx, request.name, "the synchronization was cancelled")
        later.unplanned(tx, request.name, cancelled=True)
    except steps.StepRefusedError:
        raise Fault("ALREADY_FINAL", metadata={"state": record.state}) from None
    return bytes(cancelled.SerializeToString())


_cancel = single(_cancel_one)


def _reply_one(tx: Transaction, write: Write) -> bytes:
    request, state = write.payload
    steps.alone(tx, request.name.split("/proposals/")[0])
    with tx.reading(write.viewer) as session:
        record = standard.found(session, steps.PROPOSAL, request.name)
        proposal = standard.decoded(steps.PROPOSAL, record)
        whole = steps.record_of(session, record.parent)
    if record.company != write.viewer.company:
        raise Fault("NOT_ALLOWED")  # the operator sees it, and answers for nobody
    if not steps.must_be_answerable(proposal, state, tx.now):
        return proposal.SerializeToString()  # type: ignore[no-any-return]
    standard.must_match(record, request.etag)
    if whole.state != steps.State.Name(steps.State.PROPOSED):
        raise Fault("PROPOSAL_NOT_OPEN", metadata={"state": whole.state})
    return bytes(steps.proposal_becomes(tx, request.name, state).SerializeToString())


_reply = single(_reply_one)
