"""Drives a negotiation, stored exchange by exchange.

`Driver.forward` is one step of it, and knows nothing but what the store knows: done again after a crash, before or
after its transaction, it leads to the same. What built-in participants answer is computed again if it was lost, and
comes out the same; what own agents answered is on record before it counts.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlmodel import col

from agents import records
from agents.messages import Performative
from groupage.v1 import negotiation_pb2, synchronizations_pb2
from groupage.wire.messages import performative_number
from server import bus
from server import synchronization as steps
from server.durable import record, telling
from server.market import Freeze, freeze_from
from server.names import company_of
from server.store.tables import NegotiationRow
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from agents.messages import Exchange
    from server.durable.executors import Executor
    from server.durable.processes import Processes
    from server.durable.sitting import Advance, Heard
    from server.store import Reading, Transaction


AnsweredBy = synchronizations_pb2.AnsweredBy
_BY: Mapping[str, synchronizations_pb2.AnsweredBy] = {
    "own": AnsweredBy.ANSWERED_BY_OWN_AGENT,
    "built-in": AnsweredBy.ANSWERED_BY_BUILT_IN,
    "nobody": AnsweredBy.ANSWERED_BY_NOBODY,
}
_KEPT = 8  # frozen markets
# For an agent that is there, however often it was silent.
_LEAST_REPLY = timedelta(seconds=5)
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

    def __init__(self, executor: Executor, processes: Processes, *, reply_within: timedelta = REPLY_WITHIN) -> None:
        self._executor = executor
        self._store = executor.store
        self.processes = processes
        self._reply_within = reply_within
        self._freezes: OrderedDict[str, Freeze] = OrderedDict()
        self._lock = threading.Lock()

    def forward(self, name: str, number: int) -> Stand:
        """Bring a negotiation on, as far as it comes without waiting.

        Parameters
        ----------
        name, number
            The synchronization, and which of its negotiations.
        """
        row, live = self._store.look(SYSTEM, partial(_state, name=name, number=number))
        key = f"{name}#{number}"
        if not live:
            self.processes.drop(key)
            return Stand(STOPPED)
        if row.settlement:
            return Stand(SETTLED)
        replies = ""
        if row.exchange:
            answers, left = self._store.look(SYSTEM, partial(_answers, row=row, now=self._store.now()))
            if left > 0:
                return Stand(WAITING, left)
            if len(answers) < len(json.loads(row.asked)):
                answers = self._executor.transact(partial(_closed, row=row))
            replies = self._understood(row, answers)
        # None is no reply to an exchange that was asked: an empty mapping is, of silence.
        advance = self.processes.go_on(key, row.count, replies, partial(self._record, row))
        return self._executor.transact(partial(self._stored, row=row, freeze=self.freeze(row.freeze), advance=advance))

    def _record(self, row: NegotiationRow) -> tuple[str, Sequence[str]]:
        return self._store.look(
            SYSTEM,
            lambda s: (record.blob(s, row.freeze), record.exchanges(s, row.synchronization, row.round)),
        )

    def freeze(self, digest: str) -> Freeze:
        """Return the frozen market of a blob; the last few stay at hand."""
        with self._lock:
            if digest in self._freezes:
                self._freezes.move_to_end(digest)
                return self._freezes[digest]
        made = freeze_from(self._store.look(SYSTEM, lambda s: record.blob(s, digest)))
        with self._lock:
            self._freezes[digest] = made
            while len(self._freezes) > _KEPT:
                self._freezes.popitem(last=False)
        return made

    def _understood(self, row: NegotiationRow, answers: Mapping[str, negotiation_pb2.Answer]) -> str:
        exchange: Exchange = records.loads(row.exchange)
        freeze = self.freeze(row.freeze) if answers else None
        said = {
            m.receiver: telling.understood(freeze, m, answers[m.receiver])
            for m in exchange.messages
            if freeze is not None and m.receiver in answers
        }
        return records.dumps(said)

    def _stored(self, tx: Transaction, row: NegotiationRow, freeze: Freeze, advance: Advance) -> Stand:
        """Put on record how far it came, tell everybody their part of it, and ask own agents."""
        with tx.reading() as session:
            stored, live = _state(session, row.synchronization, row.round)
            if not live:
                return Stand(STOPPED)
            if (stored.count, stored.exchange, stored.settlement) != (row.count, row.exchange, row.settlement):
                return Stand(GOING)  # it was stored before a crash
        record.put_exchanges(tx, row, advance.rounds)
        for heard in advance.heard:
            self._told(tx, row, freeze, heard)
        count = row.count + len(advance.rounds)
        values: dict[str, Any] = {"count": count, "exchange": "", "asked": "", "due_at": None}
        if advance.settlement:
            values["settlement"] = record.put_blob(tx, record.SETTLEMENT, advance.settlement)
            values["alone_kgco2e"] = json.dumps(dict(advance.alone_kgco2e))
        if advance.exchange:
            values |= self._asked(tx, row, freeze, advance)
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

    def _asked(self, tx: Transaction, row: NegotiationRow, freeze: Freeze, advance: Advance) -> dict[str, Any]:
        """Ask own agents, each company after what it may know of the market."""
        exchange: Exchange = records.loads(advance.exchange)
        name = row.synchronization
        called = {"negotiation": record.conversation(row), "synchronization": name}
        asked: dict[str, str] = {}
        dues = []
        told = set(record.were_asked(tx, row))
        for message in exchange.messages:
            who = message.receiver
            if who not in advance.own:
                continue
            company, role = company_of(who), telling.role_of(freeze, who, message.topic)
            dues.append(due := self._due(tx, name, exchange, company, role))
            question = telling.question_for(freeze, message, reply_by=due, **called)
            if company not in told:
                told.add(company)
                bus.send_market(tx, company, telling.parts_for(freeze, freeze.seats[who].company, **called))
            bus.ask(tx, company, question, workflow=name, role=role)
            logged = synchronizations_pb2.MessageLogged(
                question_id=question.question_id, topic=question.topic, performative=question.performative
            )
            steps.tell(tx, name, company, message_logged=logged)
            asked[who] = question.question_id
        return {"exchange": advance.exchange, "asked": json.dumps(asked), "due_at": max(dues)}

    def _due(self, tx: Transaction, name: str, exchange: Exchange, company: str, role: int) -> datetime:
        """When an answer is due: the protocol's own time or the usual one, and before the decision is.

        Half of it after each silence in a row: who is gone takes the others twice the time in all, and not once more
        with every question until nothing is left to decide in. Who is there, maybe again, has time to be heard.
        """
        with tx.reading() as session:
            silent = bus.silences(session, company, name, role)
            there = bus.present(session, company, role, tx.now)
            whole = synchronizations_pb2.Synchronization.FromString(steps.record_of(session, name).body)
        decide_by: datetime = whole.decide_by.ToDatetime(tx.now.tzinfo)
        usual: timedelta = exchange.reply_within or self._reply_within
        within = max(usual / (1 << silent), min(usual, _LEAST_REPLY) if there else timedelta())
        return min(tx.now + within, decide_by)

    def _told(self, tx: Transaction, row: NegotiationRow, freeze: Freeze, heard: Sequence[Heard]) -> None:
        for one in heard:
            seat = freeze.seats.get(one.participant)
            if seat is None:
                continue  # nobody of that name takes part
            logged = synchronizations_pb2.MessageLogged(
                question_id=telling.question_id(freeze, one.participant, one.message_id),
                topic=one.topic,
                performative=performative_number(Performative(one.performative)),
                answered_by=_BY[one.by],
                disclosed=one.disclosed,
            )
            steps.tell(tx, row.synchronization, company_of(seat.company), message_logged=logged)


def _state(session: Reading, name: str, number: int) -> tuple[NegotiationRow, bool]:
    row = record.negotiation(session, name, number)
    if row is None:
        raise LookupError(f"negotiation {number} of {name} was not begun")
    return row, steps.record_of(session, name).state == steps.State.Name(steps.State.NEGOTIATING)


def _closed(tx: Transaction, row: NegotiationRow) -> dict[str, negotiation_pb2.Answer]:
    """Take no answer from here on, whatever another server's clock says: none is acknowledged that does not count."""
    for participant, key in json.loads(row.asked).items():
        bus.withdraw(tx, company_of(participant), key, "the time to answer is over")
    with tx.reading() as session:
        return _answers(session, row, tx.now)[0]


def _answers(session: Reading, row: NegotiationRow, now: datetime) -> tuple[dict[str, negotiation_pb2.Answer], float]:
    """Answers by participant, and for how many seconds others are still waited for."""
    found, left = {}, 0.0
    for participant, key in json.loads(row.asked).items():
        answer = bus.answered(session, company_of(participant), key)
        if answer is not None:
            found[participant] = answer
        left = max(left, bus.left_s(session, company_of(participant), key, now))
    return found, left
