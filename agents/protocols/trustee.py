"""One neutral planner with full information: everybody tells it everything. What others are held against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.plans import table_from_routes
from agents.protocols.asking import ask_hub_terms, ask_offers, confirm_bookings, restated
from agents.protocols.closing import conversation_of
from agents.protocols.deal import Deal, appraise, pooled_shipments, settle, worst_owner
from agents.protocols.reasons import NO_CARRIER, NO_ROOM, NOT_DRIVEN, NOT_HANDLED, left_out
from agents.protocols.subsets import allocation
from agents.protocols.talk import Talk
from agents.reservations import others_cents
from logistics.fleet import OperatingCosts

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Generator, Mapping

    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.settlement import Load
    from agents.tools import Tools
    from logistics.consolidation import HubOffer, MixedPlan


MOST_PLANS = 5  # of a market: everything, then by reserves that are raised


@dataclass(frozen=True, slots=True)
class Stated:
    """What the trustee was told."""

    reserves: Mapping[str, int]
    costs: Mapping[str, OperatingCosts]
    offers: tuple[HubOffer, ...]

    def without(self, market: Market, unwilling: Container[str]) -> Stated:
        """The same without some carriers and hubs."""
        return replace(
            self,
            costs={v: c for v, c in self.costs.items() if market.vehicles[v].carrier not in unwilling},
            offers=tuple(o for o in self.offers if o.hub not in unwilling),
        )


def ask_stated(market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Stated]:
    """Ask everybody for everything: reserves, vehicle costs, hub terms."""
    reserves = yield from ask_offers(market, tools, talk)
    costs: dict[str, OperatingCosts] = {}
    offers: list[HubOffer] = []
    if reserves:
        fleets: dict[str, list[str]] = {}
        for vehicle in sorted(market.vehicles):
            fleets.setdefault(market.vehicles[vehicle].carrier, []).append(vehicle)
        if fleets:
            asked = {c: table(QUESTIONS[Topic.TARIFFS], {"vehicle": v}) for c, v in fleets.items()}
            for carrier, body in talk.answers((yield talk.ask(Topic.TARIFFS, asked))).items():
                for row in body.to_pylist():
                    vehicle = row.pop("vehicle")
                    if vehicle in fleets[carrier]:
                        costs[vehicle] = OperatingCosts(**row)
        offers = yield from ask_hub_terms(market, talk)
    return Stated(reserves, costs, tuple(offers))


def unwilling_of(deal: Deal, talk: Talk) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Ask carriers to drive and hubs to handle at their own stated costs; returns who will not."""
    by_carrier: dict[str, list[Load]] = {}
    for load in deal.loads:
        by_carrier.setdefault(load.carrier, []).append(load)
    bodies = {
        carrier: table_from_routes(
            QUESTIONS[Topic.LOADS], carrier, loads, [sum(load.price_lines.values()) for load in loads]
        )
        for carrier, loads in by_carrier.items()
    }
    agreed = talk.accepted((yield talk.ask(Topic.LOADS, bodies, Performative.PROPOSE)))
    refusing_hubs = yield from confirm_bookings(deal.bookings, talk)
    return (frozenset(by_carrier) - agreed) | refusing_hubs


@dataclass(frozen=True, slots=True)
class Trustee:
    """Collects reserves, vehicle costs and hub terms; plans centrally; asks the providers to agree."""

    name: str = "trustee"

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """Ask everybody, plan, have carriers and hubs agree, share."""
        del rng
        talk = Talk(self.name)
        stated = yield from ask_stated(market, tools, talk)
        deal = yield from self._deal(market, tools, talk, stated)
        shares = None
        if deal.loads:
            shares = yield from allocation(
                market,
                deal,
                tools,
                lambda part: self._what_if(part, tools, stated, deal),
                coalitions=tools.needs_coalitions,
            )
        return settle(market, tools, deal, talk, shares, stated.costs)

    def _deal(
        self, market: Market, tools: Tools, talk: Talk, stated: Stated
    ) -> Generator[Exchange, tuple[Message, ...], Deal]:
        offered = frozenset(stated.reserves)
        reasons: dict[str, str] = {}
        refused = False
        while offered and stated.costs:
            deals = yield from self._planned(market, tools, talk, stated, offered)
            best = min(deals, key=lambda deal: deal.total_cents)
            # Of carriers that told nothing or would not drive it is not known what they have room for.
            everybody = stated.costs.keys() == market.vehicles.keys()
            unplanned = offered - pooled_shipments(deals[0].loads) if everybody else ()
            no_room = dict.fromkeys(sorted(unplanned), NO_ROOM)
            if not best.loads:
                reasons = no_room | reasons
                break
            dropped = worst_owner(market, best)
            if dropped is not None:
                talk.notes.append(f"the plan was dearer than going alone; planned again without {dropped}")
                own = sorted(s for s in offered if market.shipments[s].owner == dropped)
                reasons |= dict.fromkeys(own, left_out(best, dropped, after_refusal=refused))
                offered = offered.difference(own)
                continue
            unwilling = yield from unwilling_of(best, talk)
            if not unwilling:
                return replace(best, reasons=no_room | reasons)
            refused = True
            reasons |= unfulfilled(best, unwilling)
            stated = stated.without(market, unwilling)
        if not stated.costs:
            reasons = dict.fromkeys(sorted(offered), NO_CARRIER) | reasons
        return (yield from appraise(market, Deal(reserves=stated.reserves, reasons=reasons), talk))

    def _planned(
        self, market: Market, tools: Tools, talk: Talk, stated: Stated, offered: Collection[str]
    ) -> Generator[Exchange, tuple[Message, ...], list[Deal]]:
        """Plan everything in the pool, then whatever beats its reserve.

        Reserves add up, true stand-alone costs do not: a remainder of few shipments is dear. So all plans are costed
        with what their leftovers cost alone, and reserves are raised to that for another plan while plans get cheaper.
        """
        reserves = {s: stated.reserves[s] for s in sorted(offered)}
        deals: list[Deal] = []
        for number in range(MOST_PLANS):
            plan = tools.plan(offered, stated.costs, stated.offers, reserves if number else None)
            deal = yield from appraise(market, self._as_deal(market, tools, stated, plan), talk)
            deals.append(deal)
            if number == 0:
                continue
            left = frozenset(offered) - pooled_shipments(deal.loads)
            if not left or (number > 1 and deal.total_cents >= deals[-2].total_cents):
                break
            raised, _ = yield from restated(market, talk, reserves, left)
            if raised == reserves:
                break
            reserves = raised
        return deals

    def _as_deal(self, market: Market, tools: Tools, stated: Stated, plan: MixedPlan) -> Deal:
        loads, bookings = tools.jobs.agreed(plan, stated.offers)
        return Deal(loads=loads, bookings=bookings, reserves=stated.reserves)

    def _what_if(
        self, part: Market, tools: Tools, stated: Stated, deal: Deal
    ) -> Generator[Exchange, tuple[Message, ...], int]:
        """What a coalition would pay in all: the cheaper of one plan of everything it offers, and going alone."""
        alone = sum(deal.standalone[o] for o in part.owners)
        offered = [s for s in part.shipments if s in stated.reserves]
        if not offered:
            return alone
        deals = yield from self._planned(part, tools, Talk(conversation_of(part)), stated, offered)
        return min(alone, *(deal.total_cents + others_cents(part, deal.loads) for deal in deals))


def unfulfilled(deal: Deal, unwilling: Container[str]) -> dict[str, str]:
    """Say of what was planned with unwilling carriers and hubs why it may stay out, should no other plan take it."""
    handled = {s: NOT_HANDLED for b in deal.bookings if b.hub in unwilling for s in b.shipments}
    loads = [load for load in deal.loads if load.carrier in unwilling]
    return handled | dict.fromkeys(sorted(pooled_shipments(loads)), NOT_DRIVEN)
