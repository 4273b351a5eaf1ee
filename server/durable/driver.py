"""Drives a negotiation, stored exchange by exchange.

`Driver.forward` is one step of it, and knows nothing but what the store knows: done again after a crash, before or
after its transaction, it leads to the same. What built-in participants answer is computed again if it was lost, and
comes out the same; what own agents answered is on record before it counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlmodel import col

from agents import records
from groupage.v1 import negotiation_pb2, synchronizations_pb2
from server import bus
from server import synchronization as steps
from server.durable import record
from server.store.tables import NegotiationRow
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Protocol

    from agents.messages import Exchange, Message
    from server.durable.executors import Executor
    from server.durable.processes import Processes
    from server.durable.sitting import Advance, Heard
    from server.market import Freeze
    from server.store import Reading, Transaction

    class Wire(Protocol):
        """How a negotiation is told to participants' own agents, and what they say is understood."""

        def market_parts(self, freeze: Freeze, name: str, conversation: str, company: str) -> Sequence[Any]:
            """What a company may know of the market, as `MarketPart` messages."""
            ...

        def question(self, freeze: Freeze, name: str, conversation: str, message: Message) -> negotiation_pb2.Question:
            """What is asked, without id and deadline."""
            ...

        def answer(
            self, freeze: Freeze, name: str, conversation: str, message: Message, said: negotiation_pb2.Answer
        ) -> Message:
            """The reply that an answer means; a malformed one is `not-understood`."""
            ...


AnsweredBy = synchronizations_pb2.AnsweredBy
_BY: Mapping[str, int] = {
    "own": AnsweredBy.ANSWERED_BY_OWN_AGENT,
    "built-in": AnsweredBy.ANSWERED_BY_BUILT_IN,
    "nobody": AnsweredBy.ANSWERED_BY_NOBODY,
}
REPLY_WITHIN = timedelta(seconds=30)
WAITING, GOING, SETTLED, STOPPED = "waiting", "going", "settled", "stopped"


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a negotiation stands after a step.

    Attributes
    ----------
    state
        `WAITING` for own agents, `GOING` on, `SETTLED`, or `STOPPED` because its synchronization is final.
    left_s
        Of waiting: until answers are due.
    """

    state: str
    left_s: float = 0.0


class Driver:
    """Drives negotiations.

    Parameters
    ----------
    reply_within
        What own agents have for an answer, where the protocol does not say; never beyond the decision's deadline.
    """

    def __init__(
        self, executor: Executor, processes: Processes, wire: Wire, *, reply_within: timedelta = REPLY_WITHIN
    ) -> None:
        self._executor = executor
        self._store = executor.store
        self._processes = processes
        self._wire = wire
        self._reply_within = reply_within

    def forward(self, name: str, number: int, workflow: str) -> Stand:
        """Bring a negotiation on, as far as it comes without waiting.

        Parameters
        ----------
        name, number
            The synchronization, and which of its negotiations.
        workflow
            Whom answers wake.
        """
        row, live = self._store.look(SYSTEM, partial(_state, name=name, number=number))
        key = f"{name}#{number}"
        if not live:
            self._processes.drop(key)
            return Stand(STOPPED)
        if row.settlement:
            return Stand(SETTLED)
        replies = ""
        if row.exchange:
            left = self._left(row)
            answers = self._store.look(SYSTEM, partial(_answers, row=row))
            if left > 0 and len(answers) < len(json.loads(row.asked)):
                return Stand(WAITING, left)
            replies = self._understood(row, answers)
        # None is no reply to an exchange that was asked: an empty mapping is, of silence.
        advance = self._processes.go_on(key, row.count, replies, partial(self._record, row))
        return self._executor.transact(partial(self._stored, row=row, advance=advance, workflow=workflow))

    def _left(self, row: NegotiationRow) -> float:
        return (row.due_at - self._store.now()).total_seconds() if row.due_at else 0.0

    def _record(self, row: NegotiationRow) -> tuple[str, Sequence[str]]:
        return self._store.look(
            SYSTEM,
            lambda s: (record.blob(s, row.freeze), record.exchanges(s, row.synchronization, row.round)),
        )

    def _freeze(self, row: NegotiationRow) -> Freeze:
        return self._store.look(SYSTEM, lambda s: record.freeze_of(s, row))

    def _understood(self, row: NegotiationRow, answers: Mapping[str, negotiation_pb2.Answer]) -> str:
        exchange: Exchange = records.loads(row.exchange)
        freeze = self._freeze(row) if answers else None
        said = {
            m.receiver: self._wire.answer(freeze, row.synchronization, conversation_of(row), m, answers[m.receiver])
            for m in exchange.messages
            if freeze is not None and m.receiver in answers
        }
        return records.dumps(said)

    def _stored(self, tx: Transaction, row: NegotiationRow, advance: Advance, workflow: str) -> Stand:
        """Put on record how far it came, tell everybody their part of it, and ask own agents."""
        with tx.reading() as session:
            stored, live = _state(session, row.synchronization, row.round)
            if not live:
                return Stand(STOPPED)
            if (stored.count, stored.exchange, stored.settlement) != (row.count, row.exchange, row.settlement):
                return Stand(GOING)  # it was stored before a crash
            freeze = record.freeze_of(session, row)
        record.put_exchanges(tx, row, advance.rounds)
        for i, heard in enumerate(advance.heard):
            self._told(tx, row, freeze, row.count + i, heard)
        if row.exchange:
            for participant, question_id in json.loads(row.asked).items():
                company = _id(freeze.seats[participant].company)
                bus.withdraw(tx, company, question_id, "the time to answer is over")
        count = row.count + len(advance.rounds)
        values: dict[str, Any] = {"count": count, "exchange": "", "asked": "", "due_at": None}
        if advance.settlement:
            values["settlement"] = record.put_blob(tx, record.SETTLEMENT, advance.settlement)
        if advance.exchange:
            values |= self._asked(tx, row, freeze, count, advance, workflow)
        tx.connection.execute(
            update(NegotiationRow)
            .where(col(NegotiationRow.synchronization) == row.synchronization, col(NegotiationRow.round) == row.round)
            .values(**values)
        )
        if advance.settlement:
            return Stand(SETTLED)
        if advance.exchange:
            return Stand(WAITING, (values["due_at"] - tx.now).total_seconds())
        return Stand(GOING)

    def _asked(
        self, tx: Transaction, row: NegotiationRow, freeze: Freeze, count: int, advance: Advance, workflow: str
    ) -> dict[str, Any]:
        """Ask own agents, each company after what it may know of the market."""
        exchange: Exchange = records.loads(advance.exchange)
        name, conversation = row.synchronization, conversation_of(row)
        due = self._due(tx, name, exchange)
        asked: dict[str, str] = {}
        for message in exchange.messages:
            who = message.receiver
            if who not in advance.own:
                continue
            company = _id(freeze.seats[who].company)
            question = self._wire.question(freeze, name, conversation, message)
            question.question_id = question_id(row, freeze, count, who)
            question.synchronization, question.conversation = name, conversation
            question.reply_by.FromDatetime(due)
            if not _was_told(tx, company, conversation):
                bus.send_market(tx, company, self._wire.market_parts(freeze, name, conversation, company))
            role = freeze.role_of(who, message.topic)
            bus.ask(tx, company, question, workflow=workflow, role=_ROLES[str(role)])
            logged = synchronizations_pb2.MessageLogged(
                question_id=question.question_id, topic=str(message.topic), performative=question.performative
            )
            steps.tell(tx, name, company, message_logged=logged)
            asked[who] = question.question_id
        return {"exchange": advance.exchange, "asked": json.dumps(asked), "due_at": due}

    def _due(self, tx: Transaction, name: str, exchange: Exchange) -> datetime:
        """When answers are due: the protocol's own time or the usual one, and before the decision is."""
        with tx.reading() as session:
            whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
        due = tx.now + (exchange.reply_within or self._reply_within)
        return min(due, whole.decide_by.ToDatetime(tx.now.tzinfo))

    def _told(self, tx: Transaction, row: NegotiationRow, freeze: Freeze, number: int, heard: Sequence[Heard]) -> None:
        for one in heard:
            seat = freeze.seats.get(one.participant)
            if seat is None:
                continue  # nobody of that name takes part
            logged = synchronizations_pb2.MessageLogged(
                question_id=question_id(row, freeze, number, one.participant),
                topic=one.topic,
                performative=performative(one.performative),
                answered_by=_BY[one.by],
                disclosed=one.disclosed,
            )
            steps.tell(tx, row.synchronization, _id(seat.company), message_logged=logged)


_ROLES: Mapping[str, int] = {"shipper": 1, "carrier": 2, "hub": 3}


def performative(word: str) -> int:
    """Of the contract, by FIPA's word."""
    name = f"PERFORMATIVE_{word.upper().replace('-', '_')}"
    return negotiation_pb2.Performative.Value(name)


def conversation_of(row: NegotiationRow) -> str:
    """Id of a negotiation, as own agents know it."""
    return f"{row.synchronization.rsplit('/', 1)[1]}-{row.round}"


def question_id(row: NegotiationRow, freeze: Freeze, count: int, participant: str) -> str:
    """Id of a question: by which exchange it is, and which of its company's participants is asked; tells no more."""
    company = freeze.seats[participant].company
    own = sorted(who for who, seat in freeze.seats.items() if seat.company == company)
    return f"{conversation_of(row)}-{count + 1}-{own.index(participant) + 1}"


def _state(session: Reading, name: str, number: int) -> tuple[NegotiationRow, bool]:
    row = record.negotiation(session, name, number)
    if row is None:
        raise LookupError(f"negotiation {number} of {name} was not begun")
    return row, steps.record_of(session, name).state == steps.State.Name(steps.State.NEGOTIATING)


def _answers(session: Reading, row: NegotiationRow) -> dict[str, negotiation_pb2.Answer]:
    found = {}
    for participant, key in json.loads(row.asked).items():
        answer = bus.answered(session, participant.split("/")[1], key)
        if answer is not None:
            found[participant] = answer
    return found


def _was_told(tx: Transaction, company: str, conversation: str) -> bool:
    """Tell whether a company was asked in a negotiation before, and so knows its market."""
    with tx.reading() as session:
        return bus.was_asked(session, company, conversation)


def _id(company: str) -> str:
    return company.removeprefix("companies/")


if TYPE_CHECKING:
    _: Callable[..., Any]
