"""Coalition formation: owners merge into pools and split off, as long as nobody loses by it and somebody gains.

Merge and split to a stable partition (Apt and Witzel 2009, "A generic approach to coalition formation"; Saad, Han,
Debbah, Hjorungnes and Basar 2009) under the policy's sharing rule. A coalition is worth what a pool of exactly its
members saves as a neutral planner plans it, all vehicles being free, and what each member pays of it is what the rule
says. Owners decide: each is told what it pays now and would pay then, and nothing of the others:

    coordinator -> owners     what do you put on the table, at what reserve?
    coordinator -> carriers   what do your vehicles cost?
    coordinator -> hubs       at what terms may the pool use you?
    repeat until nothing that somebody gains and nobody loses by is left to propose
      coordinator -> owners     what would these of your shipments cost alone? (all, and what a pool leaves out)
      coordinator -> owners     in a changed coalition you would pay this, now you pay that
      owners -> coordinator     I join, or not: then it is not proposed again
    coordinator -> owners     what would you have paid alone for this?
    coordinator -> carriers   will you drive these loads at your stated costs?
    coordinator -> hubs       do you confirm these slots?
                              (whoever will not is left out, and coalitions are formed again)

The pools that are left are planned one after the other, the one that saves most first, each with the vehicles and slots
that those before it leave free; and each splits its own cost.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocols.deal import Deal, appraise, pooled_shipments, settle, worst_owner
from agents.protocols.merge_split import Group, merge_and_split
from agents.protocols.pooling import Fleet, Planner, Shared
from agents.protocols.reasons import NO_CARRIER, NO_COALITION, NO_ROOM, left_out
from agents.protocols.talk import Talk
from agents.protocols.trustee import ask_stated, unfulfilled, unwilling_of
from agents.sharing.pools import share_pools
from agents.tools import Tools
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.protocols.merge_split import Costs
    from agents.settlement import Booking, Load
    from agents.sharing.allocation import Allocation

Pools = dict["Group", Deal]


@dataclass(frozen=True, slots=True)
class CoalitionFormation:
    """Owners form pools of their own choice; each pool is planned centrally and shares its own cost.

    Attributes
    ----------
    largest
        Owners in a pool at most.
    """

    largest: int = 10
    name: str = "coalition_formation"

    def __post_init__(self) -> None:
        check_bounds(self, largest=(1, math.inf))

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng
        talk = Talk(self.name)
        stated = yield from ask_stated(market, tools, talk)
        reasons: dict[str, str] = {}
        refused = False
        while stated.reserves and stated.costs:
            planner = Planner(market, tools, stated, talk)
            groups = yield from self._formed(planner)
            pools = yield from _carried(planner, groups)
            deal = yield from appraise(market, _joined(pools, stated.reserves), talk)
            own = {group: _own(planner, pool, deal) for group, pool in pools.items()}
            dropped = next((o for g, d in own.items() if (o := worst_owner(planner.part(g), d)) is not None), None)
            if dropped is not None:
                talk.notes.append(f"a pool was dearer than going alone; formed again without {dropped}")
                gone = sorted(s for s in stated.reserves if market.shipments[s].owner == dropped)
                reasons |= dict.fromkeys(gone, left_out(deal, dropped, after_refusal=refused))
                stated = replace(stated, reserves={s: c for s, c in stated.reserves.items() if s not in gone})
                continue
            unwilling = (yield from unwilling_of(deal, talk)) if deal.loads else frozenset()
            unwilling |= tools.jobs.overbooked(deal.loads, stated.offers)
            if unwilling:
                refused = True
                reasons |= unfulfilled(deal, unwilling)
                stated = stated.without(market, unwilling)
                continue
            deal = replace(deal, reasons=_reasons(planner, groups, deal) | reasons)
            return (yield from _settled(planner, own, deal))
        if not stated.costs:
            reasons = dict.fromkeys(sorted(stated.reserves), NO_CARRIER) | reasons
        return settle(
            market, tools, (yield from appraise(market, Deal(reserves=stated.reserves, reasons=reasons), talk)), talk
        )

    def _formed(self, planner: Planner) -> Generator[Exchange, tuple[Message, ...], tuple[Group, ...]]:
        """Form coalitions, asking the owners about every change."""
        owners = sorted({planner.market.shipments[s].owner for s in planner.stated.reserves})
        offered = {o: frozenset(planner.market.owned_by(o)) & planner.stated.reserves.keys() for o in owners}
        near = {o: planner.tools.near(own) for o, own in offered.items()}

        def affinity(one: Group, other: Group) -> float:
            return sum(len(near[a] & offered[b]) + len(near[b] & offered[a]) for a in one for b in other)

        pays: dict[Group, Costs] = {}
        now: dict[str, int] = {}
        search = merge_and_split(owners, self.largest, affinity)
        answer: Costs | bool | None = None
        while True:
            try:
                wanted = search.send(answer)
            except StopIteration as end:
                groups: tuple[Group, ...] = end.value
                return groups
            if not wanted.change:
                group = wanted.groups[0]
                answer = yield from _costs(planner, group)
                if answer is not None:
                    pays[group] = answer
                    if len(group) == 1:
                        now |= answer
                continue
            then = {o: cents for group in wanted.groups for o, cents in pays[group].items()}
            bodies = {
                o: table(QUESTIONS[Topic.COALITION], {"now_cents": [now[o]], "then_cents": [cents]})
                for o, cents in then.items()
            }
            joined = planner.talk.accepted((yield planner.talk.ask(Topic.COALITION, bodies, Performative.PROPOSE)))
            answer = joined >= then.keys()
            if answer:
                now |= then


def _costs(planner: Planner, group: Group) -> Generator[Exchange, tuple[Message, ...], Costs | None]:
    """What each member of a group would pay in all; one alone pays no more than without a pool."""
    shared = yield from planner.shared(group)
    if shared is not None:
        return {o: shared.pays(o) for o in sorted(group)}
    if len(group) > 1:
        return None
    (owner,) = group
    own = frozenset(planner.market.owned_by(owner))
    known = yield from planner.known({owner: [own]})
    return {owner: known[owner, own] or 0}


def _carried(planner: Planner, groups: Sequence[Group]) -> Generator[Exchange, tuple[Message, ...], Pools]:
    """Plan the pools one after the other with the vehicles and slots that are left, what saves most first."""
    market, tools = planner.market, planner.tools
    saved: dict[Group, int] = {}
    formed: dict[Group, Deal] = {}
    for group in groups:
        deal = yield from planner.deal(group)
        if deal is not None:
            formed[group] = deal
            saved[group] = sum(deal.standalone.values()) - deal.total_cents
    fleet = Fleet(market, planner.stated.offers)
    pools: Pools = {}
    for group in sorted(formed, key=lambda g: (-saved[g], min(g))):
        left = Tools(fleet.left_market(), tools.sharing, tools.effort, tools.seed)
        offers = fleet.left_offers()
        again = yield from planner.planned(group, left, offers)
        options = [deal for deal in (again, formed[group] if fleet.has(formed[group]) else None) if deal is not None]
        if options:
            pools[group] = min(options, key=lambda deal: deal.total_cents)
            fleet.take(pools[group])
    return dict(sorted(pools.items(), key=lambda item: min(item[0])))


def _joined(pools: Pools, reserves: Mapping[str, int]) -> Deal:
    """All pools as one deal; loads and bookings get names of their own."""
    loads: list[Load] = []
    bookings: list[Booking] = []
    numbers: Counter[str] = Counter()
    for group, deal in pools.items():
        names = {}
        for load in deal.loads:
            numbers[load.carrier] += 1
            names[load.id] = f"{load.carrier}-{numbers[load.carrier]}"
            loads.append(replace(load, id=names[load.id]))
        bookings += [
            replace(b, id=f"{b.hub}-{len(bookings) + k}", load=names[b.load]) for k, b in enumerate(deal.bookings, 1)
        ]
        pools[group] = replace(
            deal,
            loads=tuple(loads[len(loads) - len(names) :]),
            bookings=tuple(bookings[len(bookings) - len(deal.bookings) :]),
        )
    return Deal(loads=tuple(loads), bookings=tuple(bookings), reserves=reserves)


def _own(planner: Planner, pool: Deal, deal: Deal) -> Deal:
    """A pool with what its owners said of the whole in the end."""
    return replace(
        pool,
        standalone={o: deal.standalone[o] for o in pool.standalone},
        left_alone={o: deal.left_alone[o] for o in pool.standalone},
        silent=deal.silent & pool.standalone.keys(),
    )


def _settled(planner: Planner, pools: Mapping[Group, Deal], deal: Deal) -> Conduct:
    """Split each pool's cost among its owners, and write one settlement."""
    tools, market = planner.tools, planner.market
    shared: list[Shared] = []
    for group, own in pools.items():
        shared.append((yield from planner.share(group, own, coalitions=tools.needs_coalitions)))
    if not shared:
        return settle(market, tools, deal, planner.talk)
    found = _together(tools, shared)
    settlement = settle(market, tools, deal, planner.talk, found, planner.stated.costs)
    raw = {p: round(float(x)) for s in shared for p, x in zip(s.allocation.players, s.allocation.shares, strict=True)}
    return replace(settlement, evidence=replace(settlement.evidence, raw_shares=dict(sorted(raw.items()))))


def _together(tools: Tools, shared: Sequence[Shared]) -> Allocation:
    """All pools' shares, as nobody is above its ceiling in its own pool."""
    found = share_pools(tools.sharing, [s.allocation.game for s in shared])
    cents = {owner: share for s in shared for owner, share in s.shares.items()}
    return replace(found, shares=np.array([cents[p] for p in found.players], dtype=np.float64))


def _reasons(planner: Planner, groups: Sequence[Group], deal: Deal) -> dict[str, str]:
    """Say of shipments outside all pools why they are there."""
    pooled = pooled_shipments(deal.loads)
    everybody = planner.stated.costs.keys() == planner.market.vehicles.keys()
    reasons = {}
    for group in groups:
        own = [s for o in sorted(group) for s in planner.market.owned_by(o) if s in planner.stated.reserves]
        alone = len(groups) > 1 and len(group) == 1 and pooled.isdisjoint(own)
        for s in own:
            if everybody and s in planner.no_room.get(group, ()):
                reasons[s] = NO_ROOM
            elif alone and planner.stated.reserves[s]:
                reasons[s] = NO_COALITION
    return reasons
