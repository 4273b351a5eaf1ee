"""What must hold in a store after all the killing, for `benchmarks.endurance`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from agents import records
from agents.synchronize import replayed
from benchmarks.endurance_site import BUSY, CARRIERS, SHIPPERS
from groupage.v1 import negotiation_pb2, orders_pb2, proposals_pb2, synchronizations_pb2
from server import synchronization as steps
from server.durable import record
from server.store.tables import (
    CommitmentRow,
    EventRow,
    NegotiationRow,
    OrderRow,
    Participation,
    QuestionRow,
    Record,
    RequestRow,
)
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.endurance_load import Told
    from server.store import Store

FREE = ("COMMITTED", "RELEASED")


def writes(store: Store, told: Told, lines: int = 100) -> Counter[str]:
    """Count writes: ``acknowledged``, ``lost`` (acknowledged, and not there as acknowledged), ``duplicates``."""
    ours = OrderRow.company == BUSY
    rows = store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow.external_ref, OrderRow.name).where(ours))))
    answered = store.look(
        SYSTEM,
        lambda s: list(s.exec(select(RequestRow).where(col(RequestRow.method).endswith("/CreateOrder")))),
    )
    found, references = dict(rows), Counter(ref for ref, _ in rows)
    promised = dict(told.answers)
    for chunk, names in told.receipts.items():
        promised |= {f"chunk/{chunk}/{k}": name for k, name in enumerate(names)}
        promised |= {f"chunk/{chunk}/{k}": "" for k in range(len(names), lines)}  # a chunk is whole or not there
    given = Counter(orders_pb2.Order.FromString(r.answer).name for r in answered if r.request_id in told.requests)
    return Counter(
        acknowledged=len(promised),
        lost=sum(found.get(ref) != name for ref, name in promised.items()),
        duplicates=sum(n - 1 for n in references.values()) + sum(n - 1 for n in given.values()) + told.twice,
    )


def synchronization(store: Store, name: str) -> list[str]:
    """Everything that is wrong with a synchronization that should be over; empty: nothing."""
    wrong: list[str] = []

    def look(session: Any) -> None:
        whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
        state = steps.State.Name(whole.state)
        if whole.state not in steps.FINAL or whole.state == steps.State.FAILED:
            wrong.append(f"it is {state}")
        rounds = session.exec(select(NegotiationRow).where(NegotiationRow.synchronization == name)).all()
        if not rounds:
            wrong.append("it was never negotiated")
        for row in rounds:
            wrong.extend(_replays(session, row))
        wrong.extend(_once(session, name, whole, rounds))

    store.look(SYSTEM, look)
    return wrong


def _replays(session: Any, row: NegotiationRow) -> list[str]:
    if not row.settlement:
        return [f"round {row.round} came to nothing"]
    freeze = record.freeze_of(session, row)
    again = replayed(freeze.market, freeze.policy, record.transcript_of(session, row))
    if records.dumps(again.settlement) != record.blob(session, row.settlement):
        return [f"round {row.round} replays to another settlement"]
    return []


def _once(session: Any, name: str, whole: Any, rounds: Sequence[NegotiationRow]) -> list[str]:
    """What was done twice, or by halves."""
    wrong = []
    # The sequence number tells a participant's events apart: each state but the one that rounds go through comes once.
    for company in (*SHIPPERS, *CARRIERS):
        stream = steps.stream_of(name, company)
        events = session.exec(select(EventRow).where(EventRow.stream == stream).order_by(col(EventRow.version))).all()
        if [e.version for e in events] != list(range(1, len(events) + 1)):
            wrong.append(f"events of {company} have gaps")
        said = [synchronizations_pb2.SynchronizationEvent.FromString(e.body) for e in events]
        states = Counter(s.state_changed.state for s in said if s.HasField("state_changed"))
        if sum(states[s] for s in steps.FINAL) != 1:
            wrong.append(f"{company} was told {sum(states[s] for s in steps.FINAL)} times that it is over")
        if states[steps.State.PROPOSED] > len(rounds):
            wrong.append(f"{company} was proposed to {states[steps.State.PROPOSED]} times in {len(rounds)} rounds")
        orders = Counter((s.order_changed.order, s.order_changed.state) for s in said if s.HasField("order_changed"))
        wrong.extend(f"{order} became the same twice" for (order, s), n in orders.items() if n > 1)
    query = select(Record).where(Record.kind == "proposal", Record.parent == name)
    proposals = [proposals_pb2.Proposal.FromString(r.body) for r in session.exec(query)]
    parts = Counter((p.company, p.round) for p in proposals)
    wrong.extend(f"{company} has {n} proposals of round {r}" for (company, r), n in parts.items() if n > 1)
    asked = session.exec(select(QuestionRow).where(QuestionRow.synchronization == name)).all()
    topics = Counter((q.company, _content(q.question)) for q in asked)
    wrong.extend(f"a question was asked {n} times" for n in topics.values() if n > 1)
    if whole.state == steps.State.COMMITTED:
        last = [p for p in proposals if p.round == whole.round]
        if any(p.state != proposals_pb2.Proposal.COMMITTED for p in last):
            wrong.append("it is committed, and not all have accepted")
        held = session.exec(select(CommitmentRow).where(CommitmentRow.synchronization == name)).all()
        loads = sum(len(p.carrier_part.loads) for p in last)
        if len(held) != loads:
            wrong.append(f"{loads} loads hold capacity {len(held)} times")
    part = session.exec(select(Participation).where(Participation.synchronization == name)).all()
    if any(p.open for p in part):
        wrong.append("it is over, and somebody still takes part")
    begin, end = whole.window_start.ToDatetime(), whole.window_end.ToDatetime()
    for row in session.exec(select(OrderRow).where(col(OrderRow.company).in_(SHIPPERS))):
        if begin <= row.window_open.replace(tzinfo=None) < end and row.state not in FREE:
            wrong.append(f"{row.name} is {row.state}")
    return wrong


def _content(body: bytes) -> bytes:
    """What a question says, apart from which one it is and by when it is to be answered."""
    question = negotiation_pb2.Question.FromString(body)
    question.ClearField("question_id")
    question.ClearField("reply_by")
    return bytes(question.SerializeToString(deterministic=True))


def committed(store: Store, name: str) -> bool:
    """Tell whether a synchronization came to a plan that all accepted."""
    return store.look(SYSTEM, lambda s: steps.record_of(s, name).state) == "COMMITTED"
