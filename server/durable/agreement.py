"""The two phases of an agreement: a settlement is proposed; all accept and it is committed, or the rest negotiate anew.

Each function is one step within a transaction, and from a state where it does not belong it raises `StepRefusedError`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update
from sqlmodel import col

from agents.reservations import Good
from agents.settlement import LeftStatus
from agents.visibility import Phase
from groupage.v1 import fleets_pb2, hubs_pb2, negotiation_pb2, rulebooks_pb2, synchronizations_pb2
from logistics.fleet import type_of
from server import bus, later, plan, tracking
from server import synchronization as steps
from server.durable import gather, record, telling
from server.market import freeze_text, without
from server.names import company_of
from server.store.tables import CommitmentRow, NegotiationRow, Participation, Record
from server.wire.proposals import proposals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agents.settlement import Settlement
    from groupage.v1 import proposals_pb2
    from server.market import Freeze
    from server.store import Reading, Transaction
    from server.wire.told import Names

    Synchronization = synchronizations_pb2.Synchronization

State, Part, OrderState = steps.State, steps.Part, steps.OrderState

# Shortest time for an answer that is worth another round, where the rulebook names none: the contract's shortest.
_LEAST_REPLY = timedelta(seconds=10)
# After `decide_by`, for what was accepted in the last moment: a plan that binds nobody by then binds nobody any more.
GRACE = timedelta(seconds=30)

NOTHING_POOLED = "no shared plan beats what its participants can do alone"
TOO_LATE = "the time for a decision is over"
NOBODY_LEFT = "too few are left to share a plan"
_LEFT: Mapping[LeftStatus, tuple[Any, str]] = {
    LeftStatus.STANDALONE: (OrderState.RELEASED, "alone it goes as well or better than in the shared plan"),
    LeftStatus.UNSERVED: (OrderState.RELEASED, "nobody in the pool can carry it in this window"),
    LeftStatus.HELD: (OrderState.PROMISED, "it is promised for a later day"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A negotiation that came to a settlement."""

    row: NegotiationRow
    freeze: Freeze
    settlement: Settlement

    @property
    def name(self) -> str:
        """Of the synchronization."""
        return self.row.synchronization

    def names(self, company: str) -> Names:
        """How things are called to a company: as its own agent was asked by."""
        return telling.names_for(self.freeze, company)


def message_of(session: Reading, name: str) -> Synchronization:
    """A synchronization as it is stored."""
    whole: Synchronization = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
    return whole


def decide_by(whole: Synchronization) -> datetime:
    """When every order is committed or released."""
    by: datetime = whole.decide_by.ToDatetime(UTC)
    return by


def has_room(session: Reading, whole: Synchronization, now: datetime) -> bool:
    """Tell whether another round can be negotiated and answered."""
    row = session.get(Record, whole.rulebook)
    least = rulebooks_pb2.Rulebook.FromString(row.body).min_decision_min if row is not None else 0
    return decide_by(whole) - now >= max(timedelta(minutes=least), _LEAST_REPLY)


def parts(case: Case, phase: Phase) -> dict[str, proposals_pb2.Proposal]:
    """Everybody's part of a settlement, by company."""
    return proposals(
        case.freeze,
        case.settlement,
        phase,
        names=case.names,
        alone_kgco2e=json.loads(case.row.alone_kgco2e) if case.row.alone_kgco2e else None,
    )


def propose(tx: Transaction, case: Case, made: Mapping[str, proposals_pb2.Proposal]) -> None:
    """Lay a settlement before its participants, with a deadline; or release all where there is nothing to agree on."""
    name = case.name
    steps.alone(tx, name)
    with tx.reading() as session:
        whole = message_of(session, name)
    # A plan may be all for later days.
    agreed = made and (case.settlement.loads or case.settlement.promises or case.freeze.reserving)
    if not agreed or tx.now >= decide_by(whole):
        # Why nothing is gained by an order, its owner may know, and may mend, as where it has no cost of going alone.
        whys = {o.order: o.reason for part in made.values() for o in part.owner_part.orders if o.reason}
        release(tx, name, TOO_LATE if agreed else NOTHING_POOLED, reasons={} if agreed else whys)
        close(tx, case.row, {})
        return
    expires = min(tx.now + whole.reply_within.ToTimedelta(), decide_by(whole))
    steps.move(tx, name, State.PROPOSED, round_number=case.row.round)
    close(tx, case.row, steps.propose(tx, name, case.row.round, made, expires))


def close(tx: Transaction, row: NegotiationRow, made: Mapping[str, str]) -> None:
    """Tell own agents that were asked what came of it.

    Parameters
    ----------
    made
        Names of proposals, by company.
    """
    for participant, key in (json.loads(row.asked) if row.asked else {}).items():
        bus.withdraw(tx, company_of(participant), key, "the negotiation is over")
    for company in record.were_asked(tx, row):
        closed = negotiation_pb2.ConversationClosed(
            conversation=record.conversation(row), synchronization=row.synchronization, proposal=made.get(company, "")
        )
        bus.send(tx, company, negotiation_pb2.ConverseResponse(closed=closed))


def tidy(tx: Transaction, row: NegotiationRow) -> None:
    """Leave nobody waiting for a negotiation that ended elsewhere, as by a cancellation."""
    with tx.reading() as session:
        stored = record.negotiation(session, row.synchronization, row.round)
    if stored is None or not stored.exchange:
        return
    close(tx, stored, {})
    tx.connection.execute(
        update(NegotiationRow)
        .where(col(NegotiationRow.synchronization) == row.synchronization, col(NegotiationRow.round) == row.round)
        .values(exchange="", asked="", due_at=None)
    )


def wait_for(session: Reading, whole: Synchronization, now: datetime) -> float:
    """Seconds for which a proposal's answers are to be waited for; 0: decide now.

    All are waited for, so that one more round leaves out all who will not have it; unless then no time is left for it.
    """
    found = steps.open_proposals(session, whole.name, whole.round)
    pending = [p for p in found if p.state == Part.OPEN]
    if not pending:
        return 0.0
    expires: datetime = max(p.expire_time.ToDatetime(UTC) for p in pending)
    declined = any(p.state == Part.DECLINED for p in found)
    if declined and has_room(session, whole, now) and not has_room(session, whole, expires):
        return 0.0
    return max(0.0, (expires - now).total_seconds())


def decide(tx: Transaction, case: Case) -> None:
    """Commit what all accepted; else leave out who did not, and go on with the rest where time allows."""
    name = case.name
    steps.alone(tx, name)
    with tx.reading() as session:
        whole = message_of(session, name)
        if whole.state != State.PROPOSED or whole.round != case.row.round:
            raise steps.StepRefusedError(f"{name} is not at round {case.row.round} of what is proposed")
        if wait_for(session, whole, tx.now) > 0:
            raise steps.StepRefusedError(f"{name} still waits for answers")
        found = steps.open_proposals(session, name, whole.round)
        room = has_room(session, whole, tx.now)
    if all(p.state == Part.ACCEPTED for p in found):
        if tx.now > decide_by(whole) + GRACE:
            # No worker was there: by now owners may have booked elsewhere.
            release(tx, name, TOO_LATE)
        elif _fits(tx, case):
            commit(tx, case)
        else:
            release(tx, name, "capacity that the plan needs is not there any more")
        return
    gone = []
    for proposal in found:
        company = company_of(proposal.company)
        late = proposal.state == Part.OPEN and tx.now >= proposal.expire_time.ToDatetime(UTC)
        if late or proposal.state == Part.DECLINED:
            gone.append(company)
        if late:
            steps.proposal_becomes(tx, proposal.name, Part.LAPSED)
        elif proposal.state in (Part.OPEN, Part.ACCEPTED):
            steps.proposal_becomes(tx, proposal.name, Part.SUPERSEDED)
    _leave_out(tx, case, gone)
    rest = without(case.freeze, [f"companies/{c}" for c in gone])
    if not room:
        release(tx, name, TOO_LATE)
    elif not rest.market.shipments or not (rest.market.vehicles or rest.market.hubs):
        release(tx, name, NOBODY_LEFT)
    else:
        steps.move(tx, name, State.NEGOTIATING, reason="not everybody accepted; the others negotiate anew")
        begin(tx, name, case.row.round + 1, freeze_text(rest))


def _leave_out(tx: Transaction, case: Case, companies: list[str]) -> None:
    tx.connection.execute(
        update(Participation)
        .where(col(Participation.synchronization) == case.name, col(Participation.company).in_(companies))
        .values(declined=True)
    )
    theirs = [s for s, x in case.freeze.market.shipments.items() if company_of(x.owner) in companies]
    reason = "its owner did not accept the plan"
    steps.orders_become(tx, case.name, theirs, OrderState.RELEASED, reasons=dict.fromkeys(theirs, reason))


def begin(tx: Transaction, name: str, number: int, freeze: str) -> None:
    """Begin a negotiation; one that was begun stays as it is."""
    with tx.reading() as session:
        if record.negotiation(session, name, number) is not None:
            return
    row = {
        "synchronization": name,
        "round": number,
        "freeze": record.put_blob(tx, record.FREEZE, freeze),
        "count": 0,
        "exchange": "",
        "asked": "",
        "settlement": "",
        "alone_kgco2e": "",
        "at": tx.now,
    }
    tx.connection.execute(insert(NegotiationRow), [row])


def commit(tx: Transaction, case: Case) -> None:
    """Bind everybody: proposals, orders, capacity and tracking in one transaction."""
    name, settlement = case.name, case.settlement
    bound = parts(case, Phase.AFTER)
    with tx.reading() as session:
        found = steps.open_proposals(session, name, case.row.round)
    steps.move(tx, name, State.COMMITTED)
    for proposal in found:
        content = bound.get(company_of(proposal.company))
        steps.proposal_becomes(tx, proposal.name, Part.COMMITTED, content=content)
    steps.orders_become(tx, name, {leg.shipment for leg in settlement.legs}, OrderState.COMMITTED)
    for status, (state, reason) in _LEFT.items():
        left = [row.shipment for row in settlement.left if row.status is status]
        steps.orders_become(tx, name, left, state, reasons=dict.fromkeys(left, reason))
    # Whatever else is still in it (it should be nothing): by now every order is committed or released.
    steps.release_all(tx, name, OrderState.RELEASED, "it is not part of the plan")
    rows = [{"synchronization": name, **asdict(hold)} for hold in plan.holds(case.freeze, settlement)]
    if rows:
        tx.connection.execute(insert(CommitmentRow), rows)
    later.commit(tx, name, case.freeze, settlement)
    tracking.begin(tx, name, plan.hops(case.freeze, settlement, case.names))


def _fits(tx: Transaction, case: Case) -> bool:
    """Tell whether no other plan has taken the vehicles or dock slots since the market was frozen."""
    ours = plan.holds(case.freeze, case.settlement)
    used: Counter[str] = Counter(type_of(load.vehicle) for load in case.settlement.loads)
    hubs = {hold.good for hold in ours if "/hubs/" in hold.good}
    for good in sorted({*used, *hubs, *(r.good for r in case.freeze.reserving)}):
        tx.lock(f"capacity/{good}")
    market = case.freeze.market
    until = market.start + timedelta(minutes=market.horizon_min)
    with tx.reading() as session:
        others = gather.holds(session, market.start, until, case.name)
        held = plan.held_at_most(others, market.start, until)
        for good, vehicles in used.items():
            row = session.get(Record, good)
            have = fleets_pb2.VehicleType.FromString(row.body).count if row is not None else 0
            have = max(have, sum(v.count for v in market.vehicles.values() if type_of(v.id) == good))
            if vehicles + held.get(good, 0) > have:
                return False
        docks = plan.held_at_most([*others, *ours], market.start, until)
        for hub in hubs:
            row = session.get(Record, hub)
            slots = hubs_pb2.Hub.FromString(row.body).dock_slots_per_hour if row is not None else 0
            if docks.get(hub, 0) > slots:
                return False
        return _can_be_kept(session, case)


def _can_be_kept(session: Reading, case: Case) -> bool:
    """Tell whether no other plan has taken what is reserved for the next planning day."""
    since, until = case.freeze.reserving_from, case.freeze.reserving_to
    wanted = {r.good: r.quantity for r in case.freeze.reserving if r.kind is Good.VEHICLE}
    if not wanted or since is None or until is None:
        return True
    held = plan.held_at_most(gather.holds(session, since, until, case.name), since, until)
    for good, quantity in wanted.items():
        row = session.get(Record, good)
        have = fleets_pb2.VehicleType.FromString(row.body).count if row is not None else 0
        if quantity + held.get(good, 0) > have:
            return False
    return True


def release(
    tx: Transaction,
    name: str,
    reason: str,
    state: Any = State.RELEASED,
    *,
    reasons: Mapping[str, str] | None = None,
) -> None:
    """End without a plan: every order that is still in it is its owner's to book.

    Parameters
    ----------
    reason
        In plain words, without anybody's name or figures.
    state
        RELEASED, or FAILED.
    reasons
        Of single orders, to their owners.
    """
    steps.alone(tx, name)
    with tx.reading() as session:
        whole = message_of(session, name)
        found = steps.open_proposals(session, name, whole.round)
    steps.move(tx, name, state, reason=reason)
    steps.release_all(tx, name, OrderState.RELEASED, reason, reasons=reasons)
    later.unplanned(tx, name)
    for proposal in found:
        if proposal.state in (Part.OPEN, Part.ACCEPTED):
            steps.proposal_becomes(tx, proposal.name, Part.RELEASED)
