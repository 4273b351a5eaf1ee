"""`groupage.v1.Pools`: who plans together, under which rulebook, since when, and how they part."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from sqlmodel import select

from groupage.errors import PolicyError
from groupage.v1 import companies_pb2, consents_pb2, members_pb2, pools_pb2, pools_service_pb2_grpc, rulebooks_pb2
from server import exports, later, names, pools
from server import synchronization as steps
from server.faults import Fault
from server.pools import CONSENT, MEMBER, POOL, RULEBOOK
from server.services import masks, standard
from server.services.kinds import COMPANY, TARIFF
from server.store.ids import new_id
from server.store.tables import Record
from server.store.writer import Transaction, Write, single
from server.viewer import SYSTEM, Viewer, caller
from server.wire.policies import fee_problems, policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from server.store import Store

_HERE = (members_pb2.Member.JOINING, members_pb2.Member.ACTIVE, members_pb2.Member.LEAVING)


class Pools(pools_service_pb2_grpc.PoolsServicer):
    """Pools with their members, rulebooks and consents.

    Parameters
    ----------
    notify
        Wakes the workflow of a synchronization that was cancelled with its pool; from any thread.
    """

    def __init__(self, store: Store, notify: Callable[[str], None] = lambda _: None) -> None:
        self._store = store
        self._notify = notify

    async def GetPool(self, request: Any, context: Any) -> Any:
        """One pool."""
        return await standard.get(self._store, POOL, request.name)

    async def ListPools(self, request: Any, context: Any) -> Any:
        """Those that the caller is in, or invited to."""
        return await standard.listed(self._store, POOL, request, pools_pb2.ListPoolsResponse)

    async def CreatePool(self, request: Any, context: Any) -> Any:
        """Found a pool; the operator does."""
        _must_operate(caller())
        name = f"pools/{request.pool_id or new_id()}"
        write = standard.write("CreatePool", request, _create, payload=(name, request.pool), resources=[name])
        return pools_pb2.Pool.FromString(await self._store.write(write))

    async def UpdatePool(self, request: Any, context: Any) -> Any:
        """Change name and description."""
        await standard.get(self._store, POOL, request.pool.name)  # who may not know of it is told so
        _must_operate(caller())
        return await standard.update_(self._store, POOL, request)

    async def ClosePool(self, request: Any, context: Any) -> Any:
        """Close a pool: what is open is cancelled, what is committed is carried out."""
        write = standard.write("ClosePool", request, _close, resources=[request.name])
        answer = await self._store.write(write)
        pool = pools_pb2.Pool.FromString(answer)
        if not request.validate_only:
            for name in await self._store.read(caller(), lambda session: _cancelled(session, request.name)):
                await self._store.apart(self._notify, name)
        return pool

    async def GetMember(self, request: Any, context: Any) -> Any:
        """One member."""
        return await standard.get(self._store, MEMBER, request.name)

    async def ListMembers(self, request: Any, context: Any) -> Any:
        """The caller's own membership, and the others' where members see each other."""
        return await standard.listed(self._store, MEMBER, request, members_pb2.ListMembersResponse)

    async def InviteMember(self, request: Any, context: Any) -> Any:
        """Invite a company; the operator does."""
        write = standard.write("InviteMember", request, _invite, resources=[request.parent])
        return members_pb2.Member.FromString(await self._store.write(write))

    async def LeavePool(self, request: Any, context: Any) -> Any:
        """Give notice."""
        write = standard.write("LeavePool", request, _leave, resources=[request.name])
        return members_pb2.Member.FromString(await self._store.write(write))

    async def ExportMember(self, request: Any, context: Any) -> Any:
        """Export every record of the caller in the pool."""
        write = standard.write("ExportMember", request, _export, payload=(new_id(), request), resources=[request.name])
        operation = operations_pb2.Operation.FromString(await self._store.write(write))
        # Whoever finds it not done after a crash does it again: see `exports.resume`.
        exports.begin(self._store, operation.name)
        return operation

    async def ReadExport(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """A file of a finished export, from any byte on."""
        await self._store.read(caller(), lambda session: exports.must_be_own(session, request.name))
        name, file_id = request.name, request.file_id
        index = await self._store.read(SYSTEM, lambda session: exports.index_of(session, name, file_id))
        part, skipped = divmod(request.offset_bytes, exports.PART_BYTES)
        while part < index.parts:
            body = await self._store.read(SYSTEM, lambda s, p=part: exports.part_of(s, name, file_id, p))  # type: ignore[misc]
            for first in range(skipped, len(body), exports.MESSAGE_BYTES):
                yield members_pb2.ReadExportResponse(data=body[first : first + exports.MESSAGE_BYTES])
            part, skipped = part + 1, 0

    async def GetRulebook(self, request: Any, context: Any) -> Any:
        """One version of the rulebook."""
        return await standard.get(self._store, RULEBOOK, request.name)

    async def ListRulebooks(self, request: Any, context: Any) -> Any:
        """All versions."""
        return await standard.listed(self._store, RULEBOOK, request, rulebooks_pb2.ListRulebooksResponse)

    async def CreateRulebook(self, request: Any, context: Any) -> Any:
        """Propose the next version."""
        write = standard.write("CreateRulebook", request, _propose, resources=[request.parent])
        return rulebooks_pb2.Rulebook.FromString(await self._store.write(write))

    async def AcceptRulebook(self, request: Any, context: Any) -> Any:
        """Consent."""
        return await self._answer("AcceptRulebook", request, consented=True)

    async def DeclineRulebook(self, request: Any, context: Any) -> Any:
        """Do not consent."""
        return await self._answer("DeclineRulebook", request, consented=False)

    async def _answer(self, method: str, request: Any, *, consented: bool) -> Any:
        write = standard.write(method, request, _consent, payload=(request, consented), resources=[request.name])
        return consents_pb2.Consent.FromString(await self._store.write(write))

    async def GetConsent(self, request: Any, context: Any) -> Any:
        """One member's answer."""
        return await standard.get(self._store, CONSENT, request.name)

    async def ListConsents(self, request: Any, context: Any) -> Any:
        """The caller's own answer, and the others' where members see each other."""
        return await standard.listed(self._store, CONSENT, request, consents_pb2.ListConsentsResponse)


def _must_operate(viewer: Viewer) -> None:
    if not viewer.operator:
        raise Fault("NOT_ALLOWED")


def _seen(tx: Transaction, write: Write, kind: standard.Kind, name: str) -> tuple[Record, Any]:
    """A resource that the caller may see, with its message."""
    with tx.reading(write.viewer) as session:
        record = standard.found(session, kind, name)
    return record, kind.message.FromString(record.body)


def _cancelled(session: Any, pool: str) -> list[str]:
    query = select(Record.name).where(Record.kind == steps.SYNCHRONIZATION.kind, Record.parent == pool)
    return list(session.exec(query.where(Record.state == "CANCELLED")))


def _create_one(tx: Transaction, write: Write) -> bytes:
    name, given = write.payload
    with tx.reading() as session:
        if session.get(Record, name) is not None:
            raise Fault("NAME_TAKEN", metadata={"name": name})
    pool = pools_pb2.Pool(
        name=name, display_name=given.display_name, description=given.description, state=pools_pb2.Pool.FORMING
    )
    record = standard.insert_record(tx, POOL, pool, parent="", company=None, pool=name.removeprefix("pools/"))
    return bytes(standard.decoded(POOL, record).SerializeToString())


_create = single(_create_one)


def _close_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    tx.lock(steps.OPENING)
    record, pool = _seen(tx, write, POOL, request.name)
    _must_operate(write.viewer)
    standard.must_match(record, request.etag)
    if pool.state == pools_pb2.Pool.CLOSED:
        raise Fault("POOL_CLOSED")
    open_ones = select(Record).where(Record.kind == steps.SYNCHRONIZATION.kind, Record.parent == request.name)
    with tx.reading() as session:
        rows = list(session.exec(open_ones))
    final = {steps.State.Name(s) for s in steps.FINAL}
    for row in rows:
        if row.state not in final:
            steps.alone(tx, row.name)
            with suppress(steps.StepRefusedError):  # it was committed meanwhile, and is carried out
                steps.cancel(tx, row.name, "the pool was closed")
                later.unplanned(tx, row.name, cancelled=True)
    pool.state = pools_pb2.Pool.CLOSED
    changed = pools.lapse(tx, record, pool)
    return bytes(standard.decoded(POOL, changed).SerializeToString())


_close = single(_close_one)


def _invite_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    _, pool = _seen(tx, write, POOL, request.parent)
    _must_operate(write.viewer)
    if pool.state == pools_pb2.Pool.CLOSED:
        raise Fault("POOL_CLOSED")
    company = pools.one(tx, COMPANY, request.member.company)
    if company is None:
        raise Fault("COMPANY_UNKNOWN", metadata={"company": request.member.company})
    for role in request.member.roles:
        if role not in company[1].roles:
            raise Fault("ROLE_MISSING", metadata={"role": companies_pb2.Role.Name(role)})
    short = names.company_of(request.member.company)
    member = members_pb2.Member(
        name=f"{request.parent}/members/{short}",
        company=request.member.company,
        roles=request.member.roles,
        state=members_pb2.Member.INVITED,
    )
    before = pools.one(tx, MEMBER, member.name)
    if before is not None and before[1].state != members_pb2.Member.LEFT:
        raise Fault("ALREADY_MEMBER")
    if before is not None:
        record = pools.reinvite(tx, before[0], member)
    else:
        pool_id = request.parent.removeprefix("pools/")
        record = standard.insert_record(tx, MEMBER, member, parent=request.parent, company=short, pool=pool_id)
    pools.admit(tx, request.parent, short)
    return bytes(standard.decoded(MEMBER, record).SerializeToString())


_invite = single(_invite_one)


def _leave_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    record, member = _seen(tx, write, MEMBER, request.name)
    if record.company != write.viewer.company and not write.viewer.operator:
        raise Fault("NOT_ALLOWED")
    pools.advance(tx, record.parent)
    record, member = _seen(tx, write, MEMBER, request.name)
    standard.must_match(record, request.etag)
    if member.state == members_pb2.Member.LEAVING:
        raise Fault("NOTICE_RUNNING", metadata={"leave_time": member.leave_time.ToDatetime(UTC).isoformat()})
    if member.state == members_pb2.Member.LEFT:
        raise Fault("NOT_A_MEMBER")
    bound = pools.bound_by(tx, record, member) if member.state == members_pb2.Member.ACTIVE else None
    days = bound.exit_notice_days if bound else 0
    changed = pools.leaves(tx, record, member, tx.now + timedelta(days=days), request.reason)
    return bytes(standard.decoded(MEMBER, changed).SerializeToString())


_leave = single(_leave_one)


def _export_one(tx: Transaction, write: Write) -> bytes:
    key, request = write.payload
    record, _ = _seen(tx, write, MEMBER, request.name)
    if record.company != write.viewer.company:
        raise Fault("NOT_A_MEMBER")
    running = exports.running(tx, request.name)
    if running is not None:
        return running
    operation = operations_pb2.Operation(name=f"operations/{key}")
    metadata = members_pb2.ExportMemberMetadata(member=request.name)
    metadata.create_time.FromDatetime(tx.now)
    operation.metadata.Pack(metadata)
    standard.insert_record(tx, steps.OPERATION, operation, parent=request.name, company=record.company)
    return bytes(operation.SerializeToString())


_export = single(_export_one)


def _propose_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    _seen(tx, write, POOL, request.parent)
    _must_operate(write.viewer)
    pools.advance(tx, request.parent)
    pool_row, pool = _seen(tx, write, POOL, request.parent)
    if pool.state == pools_pb2.Pool.CLOSED:
        raise Fault("POOL_CLOSED")
    if pool.proposed_rulebook:
        raise Fault("RULEBOOK_OPEN", metadata={"rulebook": pool.proposed_rulebook})
    given = rulebooks_pb2.Rulebook()
    given.CopyFrom(request.rulebook)
    for field in masks.output_only(rulebooks_pb2.Rulebook):
        given.ClearField(field)
    if given.effective_time.ToDatetime(UTC) <= tx.now:
        raise Fault("INVALID_FIELD", violations=[("rulebook.effective_time", "a time to come")])
    known = pools.records(tx, RULEBOOK, request.parent)
    given.version = 1 + max((b.version for _, b in known.values()), default=0)
    given.name = f"{request.parent}/rulebooks/{request.rulebook_id or f'v{given.version}'}"
    if given.name in known:
        raise Fault("NAME_TAKEN", metadata={"name": given.name})
    given.policy_digest = _policy_digest(given)
    for tariff in given.baseline_tariffs:
        _freeze(tx, tariff)
    given.state = rulebooks_pb2.Rulebook.PROPOSED
    given.digest = pools.digest_of(given)
    pool_id = request.parent.removeprefix("pools/")
    record = standard.insert_record(tx, RULEBOOK, given, parent=request.parent, company=None, pool=pool_id)
    pool.proposed_rulebook = given.name
    standard.change_record(tx, POOL, pool_row, pool)
    return bytes(standard.decoded(RULEBOOK, record).SerializeToString())


_propose = single(_propose_one)


def _policy_digest(rulebook: Any) -> str:
    try:
        digest = policy(rulebook.policy, "rulebook.policy").digest
        problems = fee_problems(rulebook)
    except PolicyError as error:
        problems = list(error.problems)
        digest = ""
    if problems:
        wrong = [(f"{p.where}.{p.column}".strip("."), f"{p.expected}; it is {p.value}") for p in problems]
        raise Fault("POLICY_INVALID", violations=wrong)
    return digest


def _freeze(tx: Transaction, baseline: Any) -> None:
    found = pools.one(tx, TARIFF, baseline.tariff)
    if found is None or found[1].HasField("contract"):
        raise Fault("TARIFF_UNKNOWN", metadata={"tariff": baseline.tariff})
    record, tariff = found
    if baseline.etag != standard.etag(record.version):
        raise Fault("ETAG_MISMATCH", metadata={"name": baseline.tariff})
    tariff.ClearField("margin_percent")
    tariff.name = baseline.tariff
    baseline.content.CopyFrom(tariff)


def _consent_one(tx: Transaction, write: Write) -> bytes:
    request, consented = write.payload
    record, _ = _seen(tx, write, RULEBOOK, request.name)
    pools.advance(tx, record.parent)
    record, book = _seen(tx, write, RULEBOOK, request.name)
    if request.digest != book.digest:
        raise Fault("DIGEST_MISMATCH")
    company = write.viewer.company
    found = pools.one(tx, MEMBER, f"{record.parent}/members/{company}")
    if found is None or found[1].state == members_pb2.Member.LEFT:
        raise Fault("NOT_A_MEMBER")
    row, member = found
    joins = book.state == rulebooks_pb2.Rulebook.IN_FORCE and consented
    pool = pools.one(tx, POOL, record.parent)
    is_open = pool is not None and pool[1].state != pools_pb2.Pool.CLOSED
    if not is_open or (book.state != rulebooks_pb2.Rulebook.PROPOSED and not joins):
        raise Fault("RULEBOOK_NOT_OPEN")
    name = f"{request.name}/consents/{company}"
    before = pools.one(tx, CONSENT, name)
    if before is not None and (pools.stands(row, before[1]) or not (before[1].consented or consented)):
        if before[1].consented and not consented:
            raise Fault("RULEBOOK_NOT_OPEN")  # consent cannot be taken back
        return bytes(standard.decoded(CONSENT, before[0]).SerializeToString())
    consent = consents_pb2.Consent(
        name=name,
        company=f"companies/{company}",
        digest=book.digest,
        consented=consented,
        signed_by=write.viewer.identity,
        reason="" if consented else request.reason,
    )
    consent.consent_time.FromDatetime(tx.now)
    if before is not None:
        stored = standard.change_record(tx, CONSENT, before[0], consent)
    else:
        pool_id = record.parent.removeprefix("pools/")
        stored = standard.insert_record(tx, CONSENT, consent, parent=request.name, company=company, pool=pool_id)
    if consented:
        pools.join(tx, row, member, book)
        pools.advance(tx, record.parent)
    return bytes(standard.decoded(CONSENT, stored).SerializeToString())


_consent = single(_consent_one)
