"""Between workers and participants' own agents lies the store: what is asked is rows, and so is what is answered.

Everything that is sent to a company's agent is an event of its stream, and its version there is the sequence number by
which the agent goes on after a break. A worker asks, and waits to be woken; a server, any server, passes on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from sqlalchemy import insert, update
from sqlmodel import col, select

from groupage.v1 import negotiation_pb2
from server.faults import Fault
from server.store.tables import AgentRow, QuestionRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from groupage.v1 import markets_pb2
    from server.store import Reading, Transaction

# An agent that was seen so lately is taken to be there: it may be reconnecting.
PRESENT = timedelta(seconds=20)
SEEN_EVERY_S = 5.0
_SILENCES_SEEN = 20


def stream_of(company: str) -> str:
    """Event stream of what is sent to a company's own agent."""
    return f"companies/{company}/agent"


def present(session: Reading, company: str, role: int, now: datetime) -> bool:
    """Tell whether a company's own agent is there to be asked about a role; 0 for any role."""
    query = select(AgentRow).where(AgentRow.company == company, col(AgentRow.seen_at) > now - PRESENT)
    if role:
        query = query.where(AgentRow.role == role)
    return session.exec(query).first() is not None


def send(tx: Transaction, company: str, response: negotiation_pb2.ConverseResponse) -> None:
    """Send something that needs no answer: a `MarketPart`, or that a conversation is closed."""
    kind = response.WhichOneof("said") or ""
    tx.append(stream_of(company), kind, response.SerializeToString(), company=company)


def send_market(tx: Transaction, company: str, parts: Iterable[markets_pb2.MarketPart]) -> None:
    """Tell an agent what may be known of a market that it is about to be asked about."""
    for part in parts:
        send(tx, company, negotiation_pb2.ConverseResponse(market_part=part))


def ask(tx: Transaction, company: str, question: negotiation_pb2.Question, *, workflow: str, role: int = 0) -> None:
    """Ask an agent; asked again (after a crash), it is still one question.

    Parameters
    ----------
    question
        With its id, unique among all that the company was ever asked, its synchronization and its deadline.
    workflow
        Whom to wake when the answer is there.
    """
    with tx.reading() as session:
        if session.get(QuestionRow, (company, question.question_id)) is not None:
            return
    row = {
        "company": company,
        "question_id": question.question_id,
        "synchronization": question.synchronization,
        "workflow": workflow,
        "role": role,
        "reply_by": question.reply_by.ToDatetime(UTC),
        "question": question.SerializeToString(),
        "withdrawn": False,
    }
    tx.connection.execute(insert(QuestionRow), [row])
    send(tx, company, negotiation_pb2.ConverseResponse(question=question))


def withdraw(tx: Transaction, company: str, question_id: str, reason: str) -> None:
    """Say that a question need not be answered any more; not of one that was answered."""
    done = tx.connection.execute(
        update(QuestionRow)
        .where(
            col(QuestionRow.company) == company,
            col(QuestionRow.question_id) == question_id,
            col(QuestionRow.answer).is_(None),
            col(QuestionRow.withdrawn).is_(False),
        )
        .values(withdrawn=True)
    )
    if done.rowcount:
        withdrawn = negotiation_pb2.QuestionWithdrawn(question_id=question_id, reason=reason)
        send(tx, company, negotiation_pb2.ConverseResponse(withdrawn=withdrawn))


def answered(session: Reading, company: str, question_id: str) -> negotiation_pb2.Answer | None:
    """The answer on record, if there is one."""
    row = session.get(QuestionRow, (company, question_id))
    if row is None or row.answer is None:
        return None
    answer: negotiation_pb2.Answer = negotiation_pb2.Answer.FromString(row.answer)
    return answer


def left_s(session: Reading, company: str, question_id: str, now: datetime) -> float:
    """Seconds until an answer is due; 0 where it is there, or is waited for no more."""
    row = session.get(QuestionRow, (company, question_id))
    if row is None or row.answer is not None or row.withdrawn:
        return 0.0
    return max(0.0, (row.reply_by - now).total_seconds())


def silences(session: Reading, company: str, synchronization: str, role: int) -> int:
    """How many questions of a synchronization, up to the last one, an agent has left without an answer in a row."""
    query = (
        select(col(QuestionRow.answer).is_(None))
        .where(
            QuestionRow.company == company,
            QuestionRow.synchronization == synchronization,
            QuestionRow.role == role,
        )
        .order_by(col(QuestionRow.reply_by).desc())
        .limit(_SILENCES_SEEN)
    )
    return len(list(takewhile(bool, session.exec(query))))


def record(tx: Transaction, company: str, answer: negotiation_pb2.Answer) -> QuestionRow:
    """Put an answer on record: the first one counts, and the same again is no other.

    Raises
    ------
    Fault
        QUESTION_UNKNOWN, REPLY_LATE, ANSWER_CONFLICT.
    """
    asked = {"question_id": answer.question_id}
    with tx.reading() as session:
        # Locked: the same agent may answer twice through two servers, and only one of them is first.
        row = session.get(QuestionRow, (company, answer.question_id), with_for_update=True)
    if row is None:
        raise Fault("QUESTION_UNKNOWN", metadata=asked)
    body = answer.SerializeToString(deterministic=True)
    if row.answer is not None:
        if row.answer != body:
            raise Fault("ANSWER_CONFLICT", metadata=asked)
        return row
    if row.withdrawn or tx.now > row.reply_by:
        raise Fault("REPLY_LATE", metadata={**asked, "reply_by": row.reply_by.isoformat()})
    tx.connection.execute(
        update(QuestionRow)
        .where(col(QuestionRow.company) == company, col(QuestionRow.question_id) == answer.question_id)
        .values(answer=body, answered_at=tx.now)
    )
    return row
