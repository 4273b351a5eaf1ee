"""Change requests of `groupage.v1.Synchronizations`: ask for a change of a committed plan, answer one, withdraw it.

The service checks and stores; workers price, and put what all accept into effect (`server.durable.changes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel import select

from groupage.v1 import change_requests_pb2 as pb
from groupage.v1 import synchronizations_service_pb2_grpc
from server import changes
from server import synchronization as steps
from server.drafts import NoPlanError
from server.durable.priced import price
from server.faults import Fault
from server.services import standard
from server.store.tables import CommitmentRow, OrderRow, Record
from server.store.writer import Transaction, Write, single
from server.viewer import SYSTEM, caller

if TYPE_CHECKING:
    from server.store import Store


class ChangeRequests(synchronizations_service_pb2_grpc.SynchronizationsServicer):
    """The methods of change requests."""

    _store: Store

    async def GetChangeRequest(self, request: Any, context: Any) -> Any:
        """One change, as its caller sees it."""
        return await standard.get(self._store, changes.CHANGE_REQUEST, request.name)

    async def ListChangeRequests(self, request: Any, context: Any) -> Any:
        """Those that the caller made or is affected by."""
        await self._store.read(caller(), lambda session: steps.record_of(session, request.parent))
        return await standard.listed(self._store, changes.CHANGE_REQUEST, request, pb.ListChangeRequestsResponse)

    async def CreateChangeRequest(self, request: Any, context: Any) -> Any:
        """Store a change, to be priced by a worker; or only price it."""
        write = standard.write("CreateChangeRequest", request, _create, resources=[request.parent])
        answer = pb.ChangeRequest.FromString(await self._store.write(write))
        if not request.validate_only:
            return answer
        company, given = write.viewer.company, request.change_request

        def reckon(session: Any) -> Any:
            try:
                one = price(session, request.parent, company, given)
            except NoPlanError as none:
                answer.state, answer.reason = changes.State.DECLINED, str(none)
                return answer
            if given.HasField("provider_failure"):
                return answer  # it can be done; others' prices are not to be had for the asking
            answer.price_cents = one.price_cents
            answer.part.CopyFrom(one.affected[company])
            dear = one.price_cents > given.max_price_cents
            answer.state = changes.State.TOO_DEAR if dear else changes.State.AWAITING_REPLIES
            return answer

        return await self._store.read(SYSTEM, reckon)

    async def AcceptChangeRequest(self, request: Any, context: Any) -> Any:
        """Agree to the caller's part."""
        return await self._reply("AcceptChangeRequest", request)

    async def DeclineChangeRequest(self, request: Any, context: Any) -> Any:
        """Do not agree to the caller's part."""
        return await self._reply("DeclineChangeRequest", request)

    async def WithdrawChangeRequest(self, request: Any, context: Any) -> Any:
        """Take a change back that is not in effect."""
        return await self._reply("WithdrawChangeRequest", request)

    async def _reply(self, method: str, request: Any) -> Any:
        write = standard.write(method, request, _answer, payload=(method, request), resources=[request.name])
        return pb.ChangeRequest.FromString(await self._store.write(write))


def _create_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    given, company = request.change_request, write.viewer.company
    with tx.reading(write.viewer) as session:
        whole = steps.record_of(session, request.parent)
        row = session.exec(select(OrderRow).where(OrderRow.name == given.order)).first()
    if whole.state != steps.State.Name(steps.State.COMMITTED):
        raise Fault("NOT_COMMITTED")
    if given.HasField("provider_failure"):
        return _create_failure(tx, write)
    if row is None or not company or row.company != company or row.synchronization != request.parent:
        raise Fault("ORDER_UNKNOWN", metadata={"order": given.order})
    if row.state in ("DELIVERED", "CANCELLED"):
        raise Fault("ORDER_FINISHED")
    if row.state not in ("COMMITTED", "IN_TRANSIT"):
        raise Fault("ORDER_UNKNOWN", metadata={"order": given.order})  # it is not part of the plan
    to = given.amendment.destination
    if to:
        with tx.reading() as session:
            site = session.get(Record, to)
        if site is None or site.kind != "site" or site.company != company:
            raise Fault("SITE_UNKNOWN", metadata={"site": to})
    changes.becomes(row, given)
    tx.lock(f"changes/{request.parent}")
    kept = pb.ChangeRequest(order=given.order, max_price_cents=given.max_price_cents)
    kind = given.WhichOneof("change")
    getattr(kept, kind).CopyFrom(getattr(given, kind))
    return bytes(changes.opened(tx, request.parent, company, kept).SerializeToString())


def _create_failure(tx: Transaction, write: Write) -> bytes:
    request, company = write.payload, write.viewer.company
    failure = request.change_request.provider_failure
    of = (CommitmentRow.synchronization == request.parent, CommitmentRow.id == failure.load_or_booking_id)
    with tx.reading() as session:
        held = session.exec(select(CommitmentRow).where(*of)).first()
    if held is None or not company or held.company != company:
        raise Fault("LOAD_UNKNOWN", metadata={"load_id": failure.load_or_booking_id})
    tx.lock(f"changes/{request.parent}")
    kept = pb.ChangeRequest(provider_failure=failure)
    return bytes(changes.opened(tx, request.parent, company, kept).SerializeToString())


_create = single(_create_one)


def _answer_one(tx: Transaction, write: Write) -> bytes:
    method, request = write.payload
    with tx.reading(write.viewer) as session:
        view = standard.found(session, changes.CHANGE_REQUEST, request.name)
    if view.company != write.viewer.company:
        raise Fault("NOT_ALLOWED")  # the operator sees it, and answers for nobody
    standard.must_match(view, request.etag)
    if method == "WithdrawChangeRequest":
        changes.withdrawn(tx, view)
    else:
        accepts = method == "AcceptChangeRequest"
        changes.replied(tx, view, accepts, "" if accepts else request.comment)
    with tx.reading(write.viewer) as session:
        view = standard.found(session, changes.CHANGE_REQUEST, request.name)
    return bytes(standard.decoded(changes.CHANGE_REQUEST, view).SerializeToString())


_answer = single(_answer_one)
