"""What becomes of a synchronization, step by step: each step one transaction, told to everybody whom it concerns.

The services and the workers write by the same functions, so that no crash, retry or late reply can lead where no step
leads: a step from a state that allows none is refused.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from sqlalchemy import insert, update
from sqlmodel import col, select

from groupage.v1 import orders_pb2, proposals_pb2, synchronizations_pb2
from server.faults import Fault
from server.services.standard import Kind, change_record, decoded, etag, insert_record
from server.store.tables import OrderRow, Participation, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from server.store import Reading, Transaction

State = synchronizations_pb2.Synchronization.State
Part = proposals_pb2.Proposal.State
OrderState = orders_pb2.Order.State

SYNCHRONIZATION = Kind(
    "synchronization",
    synchronizations_pb2.Synchronization,
    "synchronizations",
    "synchronization",
    filters=("state", "window_start", "window_end", "create_time"),
    columns=lambda m: {"state": State.Name(m.state)},
)
PROPOSAL = Kind(
    "proposal",
    proposals_pb2.Proposal,
    "proposals",
    "proposal",
    filters=("state", "round"),
    columns=lambda m: {"state": Part.Name(m.state)},
)
# State of an operation's row; of one that runs it is empty.
DONE = "DONE"
OPERATION = Kind(
    "operation",
    operations_pb2.Operation,
    "operations",
    "operation",
    columns=lambda m: {"state": DONE if m.done else ""},
)

FINAL = frozenset({State.COMMITTED, State.RELEASED, State.CANCELLED, State.FAILED})
_END = frozenset({State.RELEASED, State.CANCELLED, State.FAILED})
STEPS: Mapping[int, frozenset[int]] = {
    State.QUEUED: _END | {State.NEGOTIATING},
    State.NEGOTIATING: _END | {State.PROPOSED},
    State.PROPOSED: _END | {State.NEGOTIATING, State.COMMITTED},
    **{state: frozenset() for state in FINAL},
}
# Lock of who opens synchronizations, or sees to it that none is opened.
OPENING = "participations"
# Of a proposal that its company may still answer.
_ANSWERABLE = Part.OPEN


class StepRefusedError(Exception):
    """A synchronization is not where a step begins: another writer was there first."""


def alone(tx: Transaction, name: str) -> None:
    """Take no step of a synchronization or its proposals while another process takes one; before what it reads."""
    tx.lock(f"steps/{name}")


def stream_of(name: str, company: str) -> str:
    """Event stream of what one company sees of a synchronization; its versions are the company's sequence numbers."""
    return f"{name}@{company}"


def record_of(session: Reading, name: str) -> Record:
    """Row of a synchronization that the session's viewer may see.

    Raises
    ------
    Fault
        RESOURCE_NOT_FOUND.
    """
    record = session.exec(select(Record).where(Record.name == name, Record.kind == SYNCHRONIZATION.kind)).first()
    if record is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    return record


def participations(session: Reading, name: str) -> list[Participation]:
    """Who takes part, by company."""
    query = select(Participation).where(Participation.synchronization == name).order_by(Participation.company)
    return list(session.exec(query))


def tell(tx: Transaction, name: str, company: str, **event: Any) -> None:
    """Log one event to one company, such as ``state_changed=StateChanged(...)``."""
    said = synchronizations_pb2.SynchronizationEvent(**event)
    tx.append(stream_of(name, company), next(iter(event)), said.SerializeToString(), company=company)


def opened(
    tx: Transaction,
    synchronization: synchronizations_pb2.Synchronization,
    companies: Iterable[str],
    *,
    requester: str,
) -> synchronizations_pb2.Synchronization:
    """Store a new synchronization with its participants, and the operation that the requester follows."""
    name = synchronization.name
    synchronization.state = State.QUEUED
    record = insert_record(
        tx, SYNCHRONIZATION, synchronization, parent=name.split("/synchronizations/")[0], company=None
    )
    since, until = _moments(synchronization)
    rows = [
        {
            "synchronization": name,
            "company": c,
            "since": since,
            "until": until,
            "open": True,
            "declined": False,
            "proposal": "",
        }
        for c in sorted(set(companies))
    ]
    tx.connection.execute(insert(Participation), rows)
    operation = operations_pb2.Operation(name=operation_of(name))
    operation.metadata.Pack(_metadata(synchronization, tx.now))
    insert_record(tx, OPERATION, operation, parent=name, company=requester or None)
    for company in sorted(set(companies)):
        tell(tx, name, company, state_changed=synchronizations_pb2.StateChanged(state=State.QUEUED))
    return decoded(SYNCHRONIZATION, record)  # type: ignore[no-any-return]


def operation_of(name: str) -> str:
    """Name of the operation that stands for a synchronization."""
    return f"operations/{name.rsplit('/', 1)[1]}"


def move(
    tx: Transaction,
    name: str,
    state: Any,
    *,
    reason: str = "",
    round_number: int | None = None,
    versions: synchronizations_pb2.EngineVersions | None = None,
    expected_etag: str = "",
) -> synchronizations_pb2.Synchronization:
    """Take a synchronization to another state, and tell its participants.

    Parameters
    ----------
    reason
        In plain words, without anybody's name or figures.
    round_number
        Proposals made so far, where that changes.

    Raises
    ------
    StepRefusedError
        If it is where no step leads there from; nothing is written.
    """
    alone(tx, name)
    with tx.reading() as session:
        record = record_of(session, name)
        members = participations(session, name)
    if expected_etag and expected_etag != etag(record.version):
        raise Fault("ETAG_MISMATCH", metadata={"name": name})
    stored = synchronizations_pb2.Synchronization.FromString(record.body)
    if state not in STEPS[stored.state]:
        raise StepRefusedError(f"{name} is {State.Name(stored.state)}, expected a state before {State.Name(state)}")
    stored.state = state
    if round_number is not None:
        stored.round = round_number
    if versions is not None:
        stored.versions.CopyFrom(versions)
    record = change_record(tx, SYNCHRONIZATION, record, stored)
    changed = synchronizations_pb2.StateChanged(state=state, round=stored.round, reason=reason)
    for member in members:
        tell(tx, name, member.company, state_changed=changed)
    _operation_moves(tx, decoded(SYNCHRONIZATION, record), record, reason)
    if state in FINAL:
        tx.connection.execute(
            update(Participation).where(col(Participation.synchronization) == name).values(open=False)
        )
    return decoded(SYNCHRONIZATION, record)  # type: ignore[no-any-return]


def orders_become(
    tx: Transaction,
    name: str,
    orders: Iterable[str],
    state: Any,
    *,
    reasons: Mapping[str, str] | None = None,
    only_from: Iterable[int] = (),
) -> list[str]:
    """Take orders to another state, and tell their owners; answers those that went.

    Parameters
    ----------
    only_from
        States that they must be in; who is in another stays there. None: those that are in this synchronization.
    """
    wanted = sorted(set(orders))
    went: list[str] = []
    for i in range(0, len(wanted), 400):
        some = wanted[i : i + 400]
        query = select(OrderRow).where(col(OrderRow.name).in_(some)).order_by(col(OrderRow.name))
        froms = [OrderState.Name(s) for s in only_from]
        query = query.where(col(OrderRow.state).in_(froms)) if froms else query.where(OrderRow.synchronization == name)
        with tx.reading() as session:
            # Locked until the end: an owner may be cancelling or amending one of them in another process.
            rows = list(session.exec(query.with_for_update()))
        tx.connection.execute(
            update(OrderRow)
            .where(col(OrderRow.name).in_([r.name for r in rows]))
            .values(
                state=OrderState.Name(state),
                synchronization=name,
                version=col(OrderRow.version) + 1,
                updated_at=tx.now,
            )
        )
        for row in rows:
            reason = (reasons or {}).get(row.name, "")
            changed = synchronizations_pb2.OrderChanged(order=row.name, state=state, reason=reason)
            tell(tx, name, row.company, order_changed=changed)
            went.append(row.name)
    return went


def release_all(
    tx: Transaction, name: str, state: Any, reason: str, *, reasons: Mapping[str, str] | None = None
) -> None:
    """Give back every order that is still in a synchronization.

    Parameters
    ----------
    state
        RELEASED, or OPEN after a cancellation.
    reasons
        Of single orders, where there is more to say to their owners than to all.
    """
    query = select(OrderRow.name).where(
        OrderRow.synchronization == name, OrderRow.state == OrderState.Name(OrderState.NEGOTIATING)
    )
    with tx.reading() as session:
        names = list(session.exec(query))
    orders_become(tx, name, names, state, reasons=dict.fromkeys(names, reason) | dict(reasons or {}))


def cancel(tx: Transaction, name: str, reason: str) -> synchronizations_pb2.Synchronization:
    """End a synchronization before commitment: its orders are open again, and who was asked need not answer.

    Raises
    ------
    StepRefusedError
        If it is final already.
    """
    cancelled = move(tx, name, State.CANCELLED, reason=reason)
    release_all(tx, name, OrderState.OPEN, reason)
    with tx.reading() as session:
        pending = open_proposals(session, name, cancelled.round)
    for proposal in pending:
        if proposal.state in (Part.OPEN, Part.ACCEPTED):
            proposal_becomes(tx, proposal.name, Part.RELEASED)
    return cancelled


def propose(
    tx: Transaction,
    name: str,
    round_number: int,
    parts: Mapping[str, proposals_pb2.Proposal],
    expire_at: datetime,
) -> dict[str, str]:
    """Lay each company's part before it; earlier proposals are superseded. Answers names by company."""
    made = {}
    for company, part in sorted(parts.items()):
        proposal = proposals_pb2.Proposal()
        proposal.CopyFrom(part)
        proposal.name = f"{name}/proposals/{company}-{round_number}"
        proposal.company = f"companies/{company}"
        proposal.round, proposal.state = round_number, Part.OPEN
        proposal.expire_time.FromDatetime(expire_at)
        insert_record(tx, PROPOSAL, proposal, parent=name, company=company)
        tx.connection.execute(
            update(Participation)
            .where(col(Participation.synchronization) == name, col(Participation.company) == company)
            .values(proposal=proposal.name)
        )
        _tell_proposal(tx, name, company, proposal)
        made[company] = proposal.name
    return made


def _tell_proposal(tx: Transaction, name: str, company: str, proposal: proposals_pb2.Proposal) -> None:
    changed = synchronizations_pb2.ProposalChanged(proposal=proposal.name, state=proposal.state)
    changed.expire_time.CopyFrom(proposal.expire_time)
    tell(tx, name, company, proposal_changed=changed)


def proposal_becomes(tx: Transaction, proposal: str, state: Any, *, content: Any = None) -> proposals_pb2.Proposal:
    """Take one proposal to another state, and tell its company.

    Parameters
    ----------
    content
        What replaces its parts, such as what is shown only after commitment.
    """
    with tx.reading() as session:
        record = session.get(Record, proposal)
    if record is None or record.kind != PROPOSAL.kind:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": proposal})
    stored = proposals_pb2.Proposal.FromString(record.body)
    stored.state = state
    if content is not None:
        for field in ("owner_part", "carrier_part", "hub_part"):
            if content.HasField(field):
                getattr(stored, field).CopyFrom(getattr(content, field))
    record = change_record(tx, PROPOSAL, record, stored)
    name = record.parent
    _tell_proposal(tx, name, record.company or "", stored)
    return decoded(PROPOSAL, record)  # type: ignore[no-any-return]


def open_proposals(session: Reading, name: str, round_number: int) -> list[proposals_pb2.Proposal]:
    """A round's proposals, by name, whatever their state."""
    query = select(Record).where(Record.kind == PROPOSAL.kind, Record.parent == name).order_by(Record.name)
    return [p for p in (decoded(PROPOSAL, r) for r in session.exec(query)) if p.round == round_number]


def must_be_answerable(proposal: proposals_pb2.Proposal, wanted: int, now: datetime) -> bool:
    """Tell whether an answer changes anything: the same answer again does not.

    Raises
    ------
    Fault
        PROPOSAL_NOT_OPEN after another answer, DEADLINE_PASSED.
    """
    if proposal.state == wanted:
        return False
    if proposal.state != _ANSWERABLE:
        raise Fault("PROPOSAL_NOT_OPEN", metadata={"state": Part.Name(proposal.state)})
    expires = proposal.expire_time.ToDatetime(now.tzinfo)
    if now >= expires:
        raise Fault("DEADLINE_PASSED", metadata={"expire_time": expires.isoformat()})
    return True


def _moments(s: synchronizations_pb2.Synchronization) -> tuple[datetime, datetime]:
    return s.window_start.ToDatetime(UTC), s.window_end.ToDatetime(UTC)


def _metadata(
    s: synchronizations_pb2.Synchronization, created: datetime
) -> synchronizations_pb2.RequestSynchronizationMetadata:
    metadata = synchronizations_pb2.RequestSynchronizationMetadata(synchronization=s.name, state=s.state, round=s.round)
    metadata.create_time.FromDatetime(created)
    return metadata


def _operation_moves(
    tx: Transaction, synchronization: synchronizations_pb2.Synchronization, record: Record, reason: str
) -> None:
    with tx.reading() as session:
        row = session.get(Record, operation_of(synchronization.name))
    if row is None:
        return
    operation = operations_pb2.Operation.FromString(row.body)
    operation.metadata.Pack(_metadata(synchronization, record.created_at))
    if synchronization.state in FINAL:
        operation.done = True
        operation.response.Pack(synchronization)
    change_record(tx, OPERATION, row, operation)
