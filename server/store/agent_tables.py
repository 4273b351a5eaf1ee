"""The tables of participants' own agents: who is connected, what it is asked, and what it offers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from server.store.moments import Moment
from server.store.table_parts import Scoped, binary, moment


class QuestionRow(Scoped, table=True):
    """A question to a participant's own agent, and its answer: the bus between servers and workers.

    What is sent to the agent are events of its stream (`server.bus`), whose versions are the agent's sequence numbers.

    Attributes
    ----------
    question_id
        Unique among all that the company was ever asked.
    workflow
        Who waits for the answer.
    question, answer
        The contract's messages; an answer once there is one that fits.
    """

    __tablename__ = "questions"
    __table_args__ = (Index("questions_synchronization", "synchronization"),)

    company: str = Field(primary_key=True)
    question_id: str = Field(primary_key=True)
    synchronization: str
    workflow: str
    role: int = 0
    reply_by: datetime = moment()
    question: bytes = binary()
    answer: bytes | None = binary(nullable=True)
    answered_at: datetime | None = moment(nullable=True)
    withdrawn: bool = False


class AgentRow(Scoped, table=True):
    """A participant's own agent that is connected now: for which role, by which stream, when last seen."""

    __tablename__ = "agents"

    company: str = Field(primary_key=True)
    role: int = Field(primary_key=True)
    connection: str
    agent: str = ""
    seen_at: datetime = moment()


class CapacityOfferRow(Scoped, table=True):
    """What a carrier or hub offers for a planning window, in place of its master data; the last one counts."""

    __tablename__ = "capacity_offers"

    company: str = Field(primary_key=True)
    pool: str = Field(primary_key=True)
    since: datetime = Field(sa_column=Column(Moment, primary_key=True))
    until: datetime = Field(sa_column=Column(Moment, primary_key=True))
    at: datetime = moment()
    body: bytes = binary()
