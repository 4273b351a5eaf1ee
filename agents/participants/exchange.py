"""How a carrier exchanges requests: which it lets go, what a bundle would add to its tours, what it takes on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.seeds import seed_for
from logistics.routing import Plan, RoutingProblem, Tours, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agents.bidding import BiddingStrategy
    from agents.jobs import JobBook
    from logistics.network import Network
    from logistics.routing.problem import FleetVehicle

EXCHANGE_TOPICS = frozenset({Topic.RELEASE, Topic.BUNDLES, Topic.EXCHANGE})
RELEASED = 0  # number of the bundle that a carrier lets go
PLANNED = 6  # times the search of a quote: a bid is for tours that are to be driven

Steps = tuple[tuple[frozenset[str], frozenset[str]], ...]  # what was let go and taken on, oldest first


@dataclass(frozen=True)
class RequestDesk:
    """The part of a carrier's desk that exchanges requests.

    What it holds is read from the conversation's history, so it keeps no state; plans are remembered by content only
    to save time.

    Attributes
    ----------
    iterations
        Of the search for the tours with a bundle.
    """

    carrier: str
    fleet: tuple[FleetVehicle, ...]
    jobs: JobBook
    network: Network
    bidding: BiddingStrategy
    iterations: int
    seed: int
    _plans: dict[Steps, Plan] = field(default_factory=dict, repr=False)
    _tries: dict[tuple[Steps, frozenset[str], frozenset[str]], Plan | None] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer which requests it lets go, what bundles cost, or whether it takes an exchange."""
        steps = steps_of(history)
        if message.topic == Topic.RELEASE:
            return self._release(message, steps)
        bundles = bundles_of(message)
        gone = bundles.pop(RELEASED, frozenset())
        if message.topic == Topic.BUNDLES:
            return self._bids(message, steps, gone, bundles)
        return self._take(message, steps, gone, bundles)

    def plan(self, steps: Steps) -> Plan:
        """Tours after some exchanges: each as it was bid."""
        if not steps:
            return Plan()
        if steps not in self._plans:
            gone, taken = steps[-1]
            found = self._tried(steps[:-1], gone, taken)
            if found is None:  # never confirmed by this desk
                return self.plan(steps[:-1])
            self._plans[steps] = found
        return self._plans[steps]

    def _tried(self, steps: Steps, gone: frozenset[str], taken: frozenset[str]) -> Plan | None:
        """Tours that carry a bundle beside what is kept, or ``None`` where it does not fit."""
        key = steps, gone, taken
        if key not in self._tries:
            now = self.plan(steps)
            found = self._searched((_jobs(now) - gone) | taken, now, PLANNED * self.iterations)
            self._tries[key] = None if found.unserved else found
        return self._tries[key]

    def _searched(self, wanted: Iterable[str], warm: Plan, iterations: int) -> Plan:
        ids = sorted(wanted)
        if not ids:
            return Plan()
        problem = RoutingProblem(self.network, tuple(self.jobs[j] for j in ids), self.fleet)
        seed = seed_for(self.seed, self.carrier, "exchange", *ids)
        return solve(problem, iterations=iterations, seed=seed, warm=warm)

    def _release(self, message: Message, steps: Steps) -> Message:
        """Let go the requests that cost the longest detours, as many as were asked for."""
        plan = self.plan(steps)
        asked = _jobs(plan) & set(message.body["job"].to_pylist())
        if not asked:
            return message.reply(Performative.REFUSE, reason="it holds none of these")
        most = max(message.body["most"].to_pylist())
        detours = self._detours_km(plan)
        dearest = sorted(asked, key=lambda job: (-detours[job], job))[:most]
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.RELEASE], {"job": sorted(dearest)}))

    def _detours_km(self, plan: Plan) -> dict[str, float]:
        """Kilometres that a tour saves without the stop at which a request is delivered."""
        saved: dict[str, float] = {}
        for route in plan.routes:
            for (before, stop), (_, after) in pairwise(pairwise(route.stops)):
                km = self.network.km
                detour = km(before.site, stop.site) + km(stop.site, after.site) - km(before.site, after.site)
                saved |= {job: detour / len(stop.deliveries) for job in stop.deliveries}
        return {job: saved.get(job, 0.0) for job in _jobs(plan)}

    def _bids(
        self, message: Message, steps: Steps, gone: frozenset[str], bundles: Mapping[int, frozenset[str]]
    ) -> Message:
        """Price each bundle at what it adds to the tours for what is kept: inserted when asked first, else planned."""
        if message.performative == Performative.CFP:
            return self._estimates(message, steps, gone, bundles)
        found = {n: plan for n, jobs in bundles.items() if (plan := self._tried(steps, gone, jobs)) is not None}
        if not found:
            return message.reply(Performative.REFUSE, reason="none of the bundles fits")
        least = self._kept_cents(steps, gone, found.values())
        prices = [math.ceil(self.bidding.price(plan.cost_cents - least) - 1e-6) for plan in found.values()]
        body = table(ANSWERS[Topic.BUNDLES], {"bundle": list(found), "price_cents": prices})
        return message.reply(Performative.PROPOSE, body)

    def _estimates(
        self, message: Message, steps: Steps, gone: frozenset[str], bundles: Mapping[int, frozenset[str]]
    ) -> Message:
        kept = self._tried(steps, gone, frozenset())
        if kept is None:
            return message.reply(Performative.REFUSE, reason="it cannot plan what it keeps")
        tours = Tours(self.network, self.fleet, tuple(self.jobs[j] for j in sorted(_jobs(kept))), kept)
        cents = tours.quote([[self.jobs[j] for j in sorted(jobs)] for jobs in bundles.values()])
        fits = {n: max(0.0, float(c)) for n, c in zip(bundles, cents, strict=True) if math.isfinite(c)}
        if not fits:
            return message.reply(Performative.REFUSE, reason="none of the bundles fits")
        prices = [math.ceil(self.bidding.price(c) - 1e-6) for c in fits.values()]
        body = table(ANSWERS[Topic.BUNDLES], {"bundle": list(fits), "price_cents": prices})
        return message.reply(Performative.PROPOSE, body)

    def _kept_cents(self, steps: Steps, gone: frozenset[str], others: Iterable[Plan]) -> int:
        """What is kept costs no more than any plan that carries more."""
        kept = self._tried(steps, gone, frozenset())
        costs = [plan.cost_cents for plan in (kept, *others) if plan is not None]
        return min(costs)

    def _take(
        self, message: Message, steps: Steps, gone: frozenset[str], bundles: Mapping[int, frozenset[str]]
    ) -> Message:
        taken = frozenset().union(*bundles.values())
        held = _jobs(self.plan(steps))
        if not gone <= held or taken & (held - gone) or self._tried(steps, gone, taken) is None:
            return message.reply(Performative.REFUSE, reason="the exchange does not fit what it holds")
        body = table(ANSWERS[Topic.EXCHANGE], {"bundle": sorted(bundles)})
        return message.reply(Performative.INFORM, body)


def _jobs(plan: Plan) -> frozenset[str]:
    return frozenset(job for route in plan.routes for job in route.jobs)


def bundles_of(message: Message) -> dict[int, frozenset[str]]:
    """Read the bundles of a question, by number; a bundle without requests has an empty job."""
    bundles: dict[int, set[str]] = {}
    for number, job in zip(message.body["bundle"].to_pylist(), message.body["job"].to_pylist(), strict=True):
        bundles.setdefault(number, set()).update({job} - {""})
    return {number: frozenset(jobs) for number, jobs in bundles.items()}


def steps_of(history: Sequence[Message]) -> Steps:
    """Read the exchanges that a carrier confirmed from its conversation, oldest first."""
    confirmed = {m.in_reply_to for m in history if m.topic == Topic.EXCHANGE and m.performative == Performative.INFORM}
    steps = []
    for message in history:
        if message.topic == Topic.EXCHANGE and message.id in confirmed:
            bundles = bundles_of(message)
            gone = bundles.pop(RELEASED, frozenset())
            steps.append((gone, frozenset().union(*bundles.values())))
    return tuple(steps)
