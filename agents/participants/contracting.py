"""How a carrier contracts anew: what it would carry of a contract's requests, and what it asks for all it then has."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from agents.market import digest
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.seeds import rng_for
from logistics.routing.insertion import Inserter, Rounds
from logistics.routing.ruin import ruin_and_recreate
from logistics.routing.solve import mend, plan_of, rounds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.participants.carrier import CarrierDesk
    from logistics.routing import Plan

CONTRACT_TOPICS = frozenset({Topic.CONTRACTS, Topic.SIGNING})
STEPS_PER_ITERATION = 40  # of ruin and recreate, for each iteration that a quote may take
REPLANNED = 5  # times that, where a contract names no request: what it has won is planned again as a whole

# A contract as one carrier sees it: requests with what each is worth to whoever carries it; 0 where another carrier
# has taken it, ``None`` where nobody else will.
Part = tuple[tuple[str, int | None], ...]


class Standing(NamedTuple):
    """Where a carrier stands.

    Attributes
    ----------
    asked_cents
        What it asks in all for its tours.
    key
        Digest of how it came there.
    """

    plan: Plan
    asked_cents: int
    key: str


@dataclass(frozen=True)
class ContractDesk:
    """The part of a carrier's desk that contracts anew about what was awarded.

    What it has signed is read from the conversation's history, so it keeps no state; tours are remembered by content
    only to save time. It asks for its awards what it had quoted. For a contract it asks more by its price for what its
    tours then cost more, and less by all that they cost less: signing never leaves it worse off. Where nothing moves it
    asks its price for its tours as they are, if that is less, as it would in the end.

    Attributes
    ----------
    carrier
        Whose tours they are.
    """

    carrier: CarrierDesk
    _after: dict[str, Standing | None] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message], won: Standing) -> Message:
        """Answer what it would carry under some contracts and for how much, or whether it signs one.

        Parameters
        ----------
        won
            Its tours for what was awarded, and the sum of its quotes.
        """
        if message.performative == Performative.REJECT_PROPOSAL:  # another party did not sign
            return message.reply(Performative.INFORM, table(ANSWERS[Topic.SIGNING], {"contract": _numbers(message)}))
        now = self.standing(won, history)
        if message.topic == Topic.CONTRACTS:
            return self._offers(message, now)
        return self._sign(message, now)

    def standing(self, won: Standing, history: Sequence[Message]) -> Standing:
        """Where it stands after all contracts that it signed and that hold."""
        now = won
        for part in signed(history):
            now = self._with(now, part) or now
        return now

    def _offers(self, message: Message, now: Standing) -> Message:
        rows: list[tuple[int, str, int | None]] = []
        for number, part in parts_of(message).items():
            then = self._with(now, part)
            if then is None:
                continue
            carried = sorted(_jobs(then.plan) & {job for job, _ in part}) or [""]
            rows += [(number, job, then.asked_cents if k == 0 else None) for k, job in enumerate(carried)]
        if not rows:
            return message.reply(Performative.REFUSE, reason="what would be left to it fits into none of its tours")
        names = ANSWERS[Topic.CONTRACTS].names
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        return message.reply(Performative.PROPOSE, table(ANSWERS[Topic.CONTRACTS], columns))

    def _sign(self, message: Message, now: Standing) -> Message:
        """Sign, where it is paid what it asks."""
        paid = [cents for cents in message.body["price_cents"].to_pylist() if cents is not None]
        for part in parts_of(message).values():
            then = self._with(now, part)
            if then is None or then.asked_cents > sum(paid):
                return message.reply(Performative.REFUSE, reason="it never asked so little for this contract")
            now = then
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.SIGNING], {"contract": _numbers(message)}))

    def _with(self, now: Standing, part: Part) -> Standing | None:
        """Where it would stand under a contract, or ``None`` where it cannot carry what nobody else would."""
        key = digest((now.key, part))
        if key not in self._after:
            self._after[key] = self._searched(now, dict(part), key)
        return self._after[key]

    def _searched(self, now: Standing, worth: Mapping[str, int | None], key: str) -> Standing | None:
        due = (_jobs(now.plan) - worth.keys()) | {job for job, cents in worth.items() if cents is None}
        prizes = {job: cents for job, cents in worth.items() if cents}
        ids = sorted(due | prizes.keys())
        for job in ids:
            self._inserter.learn(self.carrier.jobs[job])  # known but for legs through a hub
        tours = rounds_of(self._inserter, now.plan)
        kept = (
            (vehicle, tuple(v for v in visits if v.job in due or v.job in prizes)) for vehicle, visits in tours.tours
        )
        start = Rounds(tuple((vehicle, visits) for vehicle, visits in kept if visits))
        if any(self._inserter.route(*tour) is None for tour in start.tours):
            start = mend(self._inserter, start, [self.carrier.jobs[job] for job in ids])
        rng = rng_for(self.carrier.seed, self.carrier.carrier, "contract", key)
        steps = self.carrier.quote_iterations * STEPS_PER_ITERATION * (1 if worth else REPLANNED)
        found = ruin_and_recreate(self._inserter, start, ids, prizes, steps, rng)
        plan = plan_of(self._inserter, found, ())
        if not due <= _jobs(plan):
            return None
        more = plan.cost_cents - now.plan.cost_cents
        asks = now.asked_cents + (math.ceil(self.carrier.bidding.price(more) - 1e-6) if more > 0 else more)
        if not worth:  # lots quoted one by one may have come to more than tours for all of them
            asks = min(asks, math.ceil(self.carrier.bidding.price(plan.cost_cents) - 1e-6))
        return Standing(plan, max(0, asks), key)

    @cached_property
    def _inserter(self) -> Inserter:
        return Inserter(self.carrier.network, self.carrier.fleet, self.carrier.jobs.direct.values())


def parts_of(message: Message) -> dict[int, Part]:
    """Read the contracts of a question, by number; one without requests has an empty job."""
    parts: dict[int, dict[str, int | None]] = {}
    columns = (message.body[name].to_pylist() for name in ("contract", "job", "worth_cents"))
    for number, job, cents in zip(*columns, strict=True):
        part = parts.setdefault(number, {})
        if job:
            part[job] = cents
    return {number: tuple(sorted(part.items())) for number, part in parts.items()}


def signed(history: Sequence[Message]) -> tuple[Part, ...]:
    """Read the contracts that a carrier signed and that hold from its conversation, oldest first."""
    agreed = {m.in_reply_to for m in history if m.topic == Topic.SIGNING and m.performative == Performative.INFORM}
    asked = [m for m in history if m.topic == Topic.SIGNING and m.id in agreed]
    void = {n for m in asked if m.performative == Performative.REJECT_PROPOSAL for n in _numbers(m)}
    parts = (parts_of(m) for m in asked if m.performative == Performative.ACCEPT_PROPOSAL)
    return tuple(part for found in parts for number, part in found.items() if number not in void)


def _numbers(message: Message) -> list[int]:
    return sorted(set(message.body["contract"].to_pylist()))


def _jobs(plan: Plan) -> frozenset[str]:
    return frozenset(job for route in plan.routes for job in route.jobs)
