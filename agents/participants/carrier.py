"""A carrier's desk: quotes lots against what it has won, plans its tours, accepts loads that pay."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.concession import Boulware, ConcessionStrategy
from agents.market import digest
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.contracting import CONTRACT_TOPICS, ContractDesk, Standing, signed
from agents.participants.seller import SELLING_TOPICS, SellerDesk
from agents.participants.tours import TOUR_TOPICS, TourDesk
from agents.plans import priced, routes_from_table, table_from_routes
from agents.seeds import seed_for
from logistics.routing import Plan, RoutingProblem, Tours, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.bidding import BiddingStrategy
    from agents.jobs import JobBook
    from agents.promise import Promise
    from logistics.network import Network
    from logistics.routing.problem import FleetVehicle

Won = tuple[tuple[str, ...], ...]

SMALLEST_SEARCHED = 4  # jobs of a lot; fewer are inserted as well as they are found by a search
SEARCH_SAVES = 0.8  # a lot's own tours cost no less than this part of inserting its jobs one by one, nearly always


@dataclass(frozen=True)
class CarrierDesk:
    """Sells a carrier's tours.

    What it has won is read from the conversation's history, so it holds no state; tours are remembered by content only
    to save time.

    Attributes
    ----------
    fleet
        Its vehicles at their true costs.
    quote_iterations
        Of each search for a lot's own tours, and of replanning after each award.
    iterations_per_job
        Of planning all that was won.
    concession
        How it gives way where it bargains.
    later
        Its desks of the later days that it may bargain about.
    promised
        On such a desk: what it has promised for that day already, in that order.
    """

    carrier: str
    fleet: tuple[FleetVehicle, ...]
    jobs: JobBook
    network: Network
    bidding: BiddingStrategy
    quote_iterations: int
    iterations_per_job: int
    seed: int
    concession: ConcessionStrategy = field(default_factory=Boulware)
    later: tuple[CarrierDesk, ...] = ()
    promised: tuple[Promise, ...] = ()
    topics: frozenset[Topic] = (
        CONTRACT_TOPICS
        | TOUR_TOPICS
        | SELLING_TOPICS
        | {Topic.TARIFFS, Topic.QUOTES, Topic.AWARD, Topic.PLAN, Topic.LOADS}
    )
    _tours: dict[Won, Tours] = field(default_factory=dict, repr=False)
    _own: dict[tuple[str, ...], Plan | None] = field(default_factory=dict, repr=False)
    _greedy: dict[tuple[str, ...], float] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer a question about vehicles, lots, awards, the plan, or loads on offer."""
        del rng  # built-in carriers are deterministic: their planning seed hangs on what they have won
        if not self.drives and not (message.topic in SELLING_TOPICS and any(desk.drives for desk in self.later)):
            return message.reply(Performative.REFUSE, reason="no vehicle on this day")
        if message.topic == Topic.TARIFFS:
            return self._tariffs(message)
        if message.topic == Topic.QUOTES:
            return self._quotes(message, _won(history))
        if message.topic == Topic.AWARD:
            return self._take(message, _won(history))
        if message.topic in CONTRACT_TOPICS:
            return self._contracts.answer(message, history, self._awarded(history))
        if message.topic in TOUR_TOPICS:
            return self._bidder.answer(message, history)
        if message.topic in SELLING_TOPICS:
            return self._seller.answer(message, history)
        if message.topic == Topic.PLAN and any(m.topic == Topic.DEAL for m in history):
            return self._seller.plan(message, history)
        if message.topic == Topic.PLAN and signed(history):
            return self._plan(message, self._contracts.standing(self._awarded(history), history).plan)
        if message.topic == Topic.PLAN:
            bid = self._bidder.plan(history)
            warm = bid if bid.routes else self.tours(_won(history)).plan
            return self._plan(message, warm)
        return self._judge(message)

    @property
    def drives(self) -> bool:
        """Whether it has a vehicle on its day."""
        return any(v.count is None or v.count > 0 for v in self.fleet)

    @cached_property
    def _bidder(self) -> TourDesk:
        return TourDesk(self)

    @cached_property
    def _contracts(self) -> ContractDesk:
        return ContractDesk(self)

    def _awarded(self, history: Sequence[Message]) -> Standing:
        """Where awards have left it: its tours, and what it quoted for them."""
        won, asked_cents = _won(history), _quoted_cents(history)
        return Standing(self.tours(won).plan, asked_cents, digest((won, asked_cents)))

    @cached_property
    def _seller(self) -> SellerDesk:
        return SellerDesk(self, self.concession)

    def _tariffs(self, message: Message) -> Message:
        known = {v.id: v.costs for v in self.fleet}
        asked = [v for v in message.body["vehicle"].to_pylist() if v in known]
        rates = {
            name: [self.bidding.price(getattr(known[v], name)) for v in asked]
            for name in ("fixed_eur", "per_km_eur", "per_hour_eur", "toll_eur_per_km")
        }
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.TARIFFS], {"vehicle": asked} | rates))

    def _take(self, message: Message, won: Won) -> Message:
        """Take an award, unless what was won since the quote makes it cost more than it pays."""
        lots, prices = _lots(message), message.body["price_cents"].to_pylist()
        if not self._pays(won, lots, sum(dict(zip(message.body["lot"].to_pylist(), prices, strict=True)).values())):
            return message.reply(Performative.REFUSE, reason="with what was won since, it costs more than was quoted")
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.AWARD], {"lot": sorted(lots)}))

    def _pays(self, won: Won, lots: dict[int, tuple[str, ...]], price_cents: int) -> bool:
        before = self.tours(won).cost_cents
        for lot in lots.values():
            if not math.isfinite(self._marginal(self.tours(won), [lot])[0]):
                return False
            won = (*won, lot)
        return self.tours(won).cost_cents - before <= price_cents

    def tours(self, won: Won) -> Tours:
        """Tours for a sequence of awards: each lot where it was cheapest, then replanned a little around it."""
        found = self._tours.get(won)
        if found is None:
            if not won:
                found = Tours.empty(self.network, self.fleet)
            else:
                before, lot = self.tours(won[:-1]), won[-1]
                own = self._own_tours(before, lot, before.quote([[self.jobs[j] for j in lot]])[0])
                if own is not None:
                    jobs = (*before.jobs, *(self.jobs[j] for j in lot))
                    found = replace(before, jobs=jobs, plan=Plan((*before.plan.routes, *own.routes)))
                else:
                    found = before.insert([self.jobs[j] for j in lot])
                seed = seed_for(self.seed, self.carrier, *(j for part in won for j in part))
                found = found.improve(self.quote_iterations, seed, around=lot)
            self._tours[won] = found
        return found

    def added_cents(self, won: Won, lots: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        """Cents that each lot would add to the tours for what was won, ``inf`` where it does not fit."""
        return self._marginal(self.tours(won), lots)

    def pays(self, won: Won, lot: tuple[str, ...], price_cents: int) -> bool:
        """Tell whether a lot fits and its price covers what it adds."""
        return self._pays(won, {0: lot}, price_cents)

    def _own_tours(self, tours: Tours, lot: tuple[str, ...], below_cents: float) -> Plan | None:
        """Plan a lot of several jobs by itself; ``None`` where that does not come out below what inserting it costs.

        Inserting jobs one by one finds poor tours for a whole vehicle load; a short search of its own costs
        milliseconds, and is spared where even the best that it could find would not do.
        """
        if len(lot) < SMALLEST_SEARCHED or SEARCH_SAVES * self._greedy_cents(lot) >= below_cents:
            return None
        if lot not in self._own:
            problem = RoutingProblem(self.network, tuple(self.jobs[j] for j in lot), self.fleet)
            seed = seed_for(self.seed, self.carrier, "lot", *lot)
            plan = solve(problem, iterations=self.quote_iterations, seed=seed)
            self._own[lot] = None if plan.unserved else plan
        own = self._own[lot]
        if own is None or own.cost_cents >= below_cents:
            return None
        free = tours.free
        needed = Counter(route.vehicle for route in own.routes)
        return own if all(free.get(v, math.inf) >= n for v, n in needed.items()) else None

    def _greedy_cents(self, lot: tuple[str, ...]) -> float:
        """What a lot costs in vehicles of its own, inserted job by job."""
        if lot not in self._greedy:
            self._greedy[lot] = float(self.tours(()).quote([[self.jobs[j] for j in lot]])[0])
        return self._greedy[lot]

    def _marginal(self, tours: Tours, lots: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        """Cents that each lot would add to the tours, ``inf`` where it does not fit."""
        cents = tours.quote([[self.jobs[j] for j in lot] for lot in lots])
        for k, lot in enumerate(lots):
            own = self._own_tours(tours, lot, cents[k])
            if own is not None:
                cents[k] = own.cost_cents
        return cents

    def _quotes(self, message: Message, won: Won) -> Message:
        lots = _lots(message)
        marginal = self._marginal(self.tours(won), list(lots.values()))
        fits = np.isfinite(marginal)
        if not fits.any():
            return message.reply(Performative.REFUSE, reason="none of the lots fits")
        prices = [math.ceil(self.bidding.price(float(c)) - 1e-6) for c in marginal[fits]]
        ids = [lot for lot, ok in zip(lots, fits, strict=True) if ok]
        return message.reply(Performative.PROPOSE, table(ANSWERS[Topic.QUOTES], {"lot": ids, "price_cents": prices}))

    def _plan(self, message: Message, warm: Plan) -> Message:
        wanted = set(message.body["job"].to_pylist())
        if not wanted:
            return message.reply(Performative.REFUSE, reason="nothing to plan")
        problem = RoutingProblem(self.network, tuple(self.jobs[j] for j in sorted(wanted)), self.fleet)
        seed = seed_for(self.seed, self.carrier, "plan", *sorted(wanted))
        plan = solve(problem, iterations=self.iterations_per_job * len(wanted), seed=seed, warm=warm)
        prices = [math.ceil(self.bidding.price(route.cost_cents) - 1e-6) for route in plan.routes]
        return message.reply(
            Performative.INFORM, table_from_routes(ANSWERS[Topic.PLAN], self.carrier, plan.routes, prices)
        )

    def _judge(self, message: Message) -> Message:
        """Accept loads whose price covers what they truly cost."""
        vehicles = {v.id: v for v in self.fleet}
        routes, prices = routes_from_table(message.body)
        cost = 0
        for route in routes.values():
            if route.vehicle not in vehicles:
                return message.reply(Performative.REFUSE, reason=f"{route.vehicle} is not a vehicle of {self.carrier}")
            cost += priced(vehicles[route.vehicle], route.stops, self.network).cost_cents
        if sum(prices.values()) < cost:
            return message.reply(Performative.REFUSE, reason="the price does not cover the tours")
        return message.reply(Performative.ACCEPT_PROPOSAL)


def _lots(message: Message) -> dict[int, tuple[str, ...]]:
    lots: dict[int, list[str]] = {}
    for lot, job in zip(message.body["lot"].to_pylist(), message.body["job"].to_pylist(), strict=True):
        lots.setdefault(lot, []).append(job)
    return {lot: tuple(jobs) for lot, jobs in lots.items()}


def _won(history: Sequence[Message]) -> Won:
    """Read the awards that a carrier confirmed from its conversation, oldest first."""
    return tuple(jobs for m in _taken(history) for jobs in _lots(m).values())


def _quoted_cents(history: Sequence[Message]) -> int:
    """What a carrier quoted in all for the awards that it confirmed."""
    columns = ([m.body[name].to_pylist() for name in ("lot", "price_cents")] for m in _taken(history))
    return sum(sum(dict(zip(lots, prices, strict=True)).values()) for lots, prices in columns)


def _taken(history: Sequence[Message]) -> list[Message]:
    confirmed = {m.in_reply_to for m in history if m.topic == Topic.AWARD and m.performative == Performative.INFORM}
    return [m for m in history if m.topic == Topic.AWARD and m.id in confirmed]
