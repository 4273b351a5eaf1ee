"""What an own agent knows of one negotiation: the market that it was told of, and what was said so far."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from agents.messages import Message, Performative
from agents.seeds import rng_for
from groupage.v1 import negotiation_pb2
from groupage.wire.markets import ToldMarket, told_market
from groupage.wire.messages import answered, heard, performative_number, said

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from agents.participant import Participant
    from groupage.v1 import markets_pb2

Outcome = TypeVar("Outcome")
log = logging.getLogger(__name__)

# Said aloud in place of an answer. Why an agent failed is not: the text of an error may hold its figures.
TOO_SLOW = "no answer could be reckoned in time"
FAILED = "the agent failed"
NO_SEAT = "takes no part in this negotiation"
STRANGE = "the question is not of this version of the contract"
MALFORMED = "no answer that fits"


class Reply(NamedTuple):
    """What the participant answers: as it means it (`None` where it did not understand), and as it is sent."""

    message: Message | None
    answer: negotiation_pb2.Answer


class NegotiationTalk:
    """One negotiation, at the agent's side.

    Parameters
    ----------
    company
        Resource name, by which the participant calls itself.
    seat
        Makes the participant out of what was told of the market.
    seed
        Root of all that the participant draws at random.
    pool
        Where it reckons: planning takes seconds, and the stream must be heard meanwhile.
    """

    def __init__(self, company: str, seat: Callable[[ToldMarket], Participant], seed: int, pool: Executor) -> None:
        self._company, self._seat, self._seed, self._pool = company, seat, seed, pool
        self._parts: list[markets_pb2.MarketPart] = []
        self._participant: asyncio.Future[Participant | None] | None = None
        self._history: defaultdict[str, list[Message]] = defaultdict(list)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def tell(self, part: markets_pb2.MarketPart) -> None:
        """Take in a part of the market; after the last one the participant takes its seat."""
        self._parts.append(part)
        if part.last:
            parts, self._parts = self._parts, []
            self._participant = asyncio.ensure_future(self._seated(parts))

    async def _seated(self, parts: list[markets_pb2.MarketPart]) -> Participant | None:
        try:
            return await self._apart(lambda: self._seat(told_market(parts)))
        except Exception:
            log.exception("no participant could be made of what was told of %s", parts[0].conversation)
            return None

    async def _apart(self, work: Callable[[], Outcome]) -> Outcome:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def turn(self, question: negotiation_pb2.Question) -> asyncio.Lock:
        """One question of a conversation at a time, in the order in which they came: each may refer to those before."""
        return self._turns[question.conversation]

    def close(self) -> None:
        """Let go of it."""
        if self._participant is not None:
            self._participant.cancel()

    async def reply(self, question: negotiation_pb2.Question, within_s: float) -> Reply:
        """Have the participant answer; whatever happens to it, there is something to say in time."""
        try:
            message = heard(question, self._company)
        except Exception:
            log.exception("question %s cannot be read", question.question_id)
            return Reply(None, _bare(question, Performative.NOT_UNDERSTOOD, STRANGE))
        try:
            answer = await asyncio.wait_for(self._reckoned(message), within_s)
            if answer is None:
                answer = message.reply(Performative.REFUSE, reason=NO_SEAT)
            return Reply(answer, _told(question, answer))
        except TimeoutError:
            log.warning("question %s on %s: %s", question.question_id, question.topic, TOO_SLOW)
            answer = message.reply(Performative.REFUSE, reason=TOO_SLOW)
        except Exception:
            log.exception("question %s on %s could not be answered", question.question_id, question.topic)
            answer = message.reply(Performative.FAILURE, reason=FAILED)
        return Reply(answer, said(answer))

    async def _reckoned(self, message: Message) -> Message | None:
        # Shielded: one question that comes too early for its deadline must not keep others from their participant.
        participant = await asyncio.shield(self._participant) if self._participant is not None else None
        if participant is None:
            return None
        past = tuple(self._history[message.conversation])
        # By the question, not by the round: whoever is started anew draws the same again.
        rng = rng_for(self._seed, "participant", self._company, message.id)
        return await self._apart(lambda: participant.respond(message, past, rng))

    def refused(self, question: negotiation_pb2.Question) -> Reply:
        """Say no, where an answer did not fit and there is time left: nobody need wait for another."""
        answer = heard(question, self._company).reply(Performative.REFUSE, reason=MALFORMED)
        return Reply(answer, said(answer))

    def remember(self, question: negotiation_pb2.Question, reply: Message | None) -> None:
        """Note what was asked and what counts as answered; `None`: nothing came in time."""
        try:
            message = heard(question, self._company)
        except ValueError:
            return
        past = self._history[question.conversation]
        past += [message, reply or message.reply(Performative.FAILURE, reason="no reply in time")]

    def recorded(self, question: negotiation_pb2.Question) -> None:
        """Note a question whose answer is on record already."""
        try:
            self.remember(question, answered(question, question.recorded_answer, self._company))
        except ValueError:
            self.remember(question, None)


def _told(question: negotiation_pb2.Question, reply: Message) -> negotiation_pb2.Answer:
    answer = said(reply)
    if answer.question_id != question.question_id:
        raise ValueError(f"the reply is to {answer.question_id!r}, expected {question.question_id!r}")
    return answer


def _bare(question: negotiation_pb2.Question, act: Performative, reason: str) -> negotiation_pb2.Answer:
    return negotiation_pb2.Answer(
        question_id=question.question_id, performative=performative_number(act), reason=reason
    )
