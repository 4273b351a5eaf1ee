"""How a carrier bids for whole tours: which it would drive at guide prices, which bids stand, what it releases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.market import digest
from agents.messages import ANSWERS, COORDINATOR, Message, Performative, Topic, table
from agents.seeds import seed_for
from logistics.routing import Plan, RoutingProblem, solve

if TYPE_CHECKING:
    from agents.participants.carrier import CarrierDesk
    from logistics.routing.problem import Route

TOUR_TOPICS = frozenset({Topic.TOURS, Topic.STAND, Topic.RELEASE})
SEARCH = 4  # times the search of a quote: a bid is for tours that are to be driven

Bid = tuple[str, int]  # the question that it answered, and its number there
Standing = Mapping[Bid, "Route"]


@dataclass(frozen=True)
class TourDesk:
    """The part of a carrier's desk that bids for whole tours.

    What stands is read from the conversation's history, so it keeps no state; tours are remembered by content, and how
    far a conversation was read, only to save time.

    Attributes
    ----------
    carrier
        Whose tours they are.
    """

    carrier: CarrierDesk
    _found: dict[str, tuple[Route, ...]] = field(default_factory=dict, repr=False)
    _read: dict[str, tuple[int, Message, _Reading]] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer which tours it would drive, whether bids may stand, or which tours it releases."""
        reading = self._reading(history)
        if message.topic == Topic.TOURS:
            return self._bids(message, reading.standing)
        if message.topic == Topic.STAND:
            return self._stand(message, reading)
        return self._release(message, reading.standing)

    def plan(self, history: Sequence[Message]) -> Plan:
        """Tours that stand."""
        standing = self._reading(history).standing
        return Plan(tuple(standing[bid] for bid in sorted(standing)))

    def _reading(self, history: Sequence[Message]) -> _Reading:
        """Which bids stand after a conversation, and what stood when each question was asked."""
        if not history:
            return _Reading({}, {})
        conversation = history[0].conversation
        start, reading = 0, _Reading({}, {})
        if conversation in self._read:
            length, last, known = self._read[conversation]
            if length <= len(history) and history[length - 1] is last:
                start, reading = length, known
        for message in history[start:]:
            if message.topic == Topic.TOURS and message.sender == COORDINATOR:
                reading.asked[message.id] = (message, reading.standing)
            elif message.topic == Topic.STAND and message.sender == COORDINATOR:
                reading.proposed[message.id] = message
            elif message.topic == Topic.STAND and message.performative == Performative.INFORM:
                moved = self._moved(reading.proposed[message.in_reply_to], reading)
                if moved is not None:
                    reading = replace(reading, standing=moved)
        self._read[conversation] = (len(history), history[-1], reading)
        return reading

    def _moved(self, message: Message, reading: _Reading) -> Standing | None:
        """What stands after a message, or ``None`` where that is no bid of its own or cannot be driven together."""
        standing = dict(reading.standing)
        for row in sorted(message.body.to_pylist(), key=lambda row: bool(row["stands"])):
            bid = row["question"], row["tour"]
            if not row["stands"]:
                if standing.pop(bid, None) is None:
                    return None
                continue
            if bid[0] not in reading.asked:
                return None
            tours = self._tours(*reading.asked[bid[0]])
            if not 0 <= bid[1] < len(tours):
                return None
            standing[bid] = tours[bid[1]]
        carried = Counter(job for route in standing.values() for job in route.jobs)
        used = Counter(route.vehicle for route in standing.values())
        too_many = any(v.count is not None and used[v.id] > v.count for v in self.carrier.fleet)
        return None if too_many or any(times > 1 for times in carried.values()) else standing

    def _stand(self, message: Message, reading: _Reading) -> Message:
        if self._moved(message, reading) is None:
            return message.reply(Performative.REFUSE, reason="these tours are no bids of its own that fit together")
        tours = [row["tour"] for row in message.body.to_pylist()]
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.STAND], {"tour": tours}))

    def _release(self, message: Message, standing: Standing) -> Message:
        """Let whole tours go that serve what was asked about: the dearest for each request, as many as fit."""
        asked = set(message.body["job"].to_pylist())
        most = max(message.body["most"].to_pylist())
        touched = [route for route in standing.values() if not asked.isdisjoint(route.jobs)]
        touched.sort(key=lambda route: (-route.cost_cents / len(route.jobs), min(route.jobs)))
        released: list[str] = []
        for route in touched:
            if len(released) + len(route.jobs) <= most:
                released += route.jobs
        if not released:
            return message.reply(Performative.REFUSE, reason="it releases none of these")
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.RELEASE], {"job": sorted(released)}))

    def _bids(self, message: Message, standing: Standing) -> Message:
        rows: list[tuple[int, str, str, int | None]] = []
        for number, route in enumerate(self._tours(message, standing)):
            price = math.ceil(self.carrier.bidding.price(route.cost_cents) - 1e-6)
            jobs = sorted(set(route.jobs))
            rows += [(number, route.vehicle, job, price if job == jobs[0] else None) for job in jobs]
        if not rows:
            return message.reply(Performative.REFUSE, reason="no tour is worth driving at these prices")
        names = ANSWERS[Topic.TOURS].names
        columns: Mapping[str, list[object]] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        return message.reply(Performative.PROPOSE, table(ANSWERS[Topic.TOURS], columns))

    def _tours(self, message: Message, standing: Standing) -> tuple[Route, ...]:
        """The tours that answer a question: for each pool those that earn most, by its guide prices."""
        by_pool: dict[int, tuple[dict[str, int], dict[str, int | None]]] = {}
        for row in message.body.to_pylist():
            prices, vehicles = by_pool.setdefault(row["pool"], ({}, {}))
            if row["job"] is not None:
                prices[row["job"]] = row["price_cents"]
            else:
                vehicles[row["vehicle"]] = row["most"]
        return tuple(
            route for prices, vehicles in by_pool.values() for route in self._worth_driving(prices, vehicles, standing)
        )

    def _worth_driving(
        self, prices: Mapping[str, int], vehicles: Mapping[str, int | None], standing: Standing
    ) -> tuple[Route, ...]:
        warm = tuple(standing[b] for b in sorted(standing) if not set(standing[b].jobs).isdisjoint(prices))
        key = digest((prices, vehicles, tuple((r.vehicle, r.stops) for r in warm)))
        if key not in self._found:
            own = self.carrier
            fleet = tuple(replace(v, count=vehicles[v.id]) for v in own.fleet if vehicles.get(v.id, 0) != 0)
            jobs = tuple(replace(own.jobs[j], prize_cents=cents) for j, cents in sorted(prices.items()) if cents > 0)
            seed = seed_for(own.seed, own.carrier, "tours", key)
            found: tuple[Route, ...] = ()
            if fleet and jobs:
                problem = RoutingProblem(own.network, jobs, fleet)
                found = solve(problem, iterations=SEARCH * own.quote_iterations, seed=seed, warm=Plan(warm)).routes
            self._found[key] = found
        return self._found[key]


@dataclass(frozen=True)
class _Reading:
    """What a conversation has come to.

    Attributes
    ----------
    asked
        By id: a question for tours, and what stood then.
    standing
        The tours that stand.
    proposed
        By id: what the coordinator said should stand.
    """

    asked: dict[str, tuple[Message, Standing]]
    standing: Standing
    proposed: dict[str, Message] = field(default_factory=dict)
