"""Pools of some owners as a neutral planner plans them: what each would cost, and what its members would pay."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.protocols.asking import ask_standalone
from agents.protocols.deal import Deal, pooled_owners, pooled_shipments, worst_owner
from agents.protocols.subsets import allocation
from agents.reservations import others_cents
from agents.sharing.settle import rational_shares
from agents.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from agents.market import Market
    from agents.messages import Exchange, Message
    from agents.protocols.merge_split import Group
    from agents.protocols.talk import Talk
    from agents.protocols.trustee import Stated
    from agents.sharing.allocation import Allocation
    from logistics.consolidation import HubOffer

MINUTES_PER_HOUR = 60
TRIAL_SHARE = 10  # what a pool would cost is planned with this part of the effort, what is driven with all of it


@dataclass(frozen=True, slots=True)
class Shared:
    """A pool's deal and what each of its owners is to pay of it, in cents; nobody above its ceiling."""

    deal: Deal
    allocation: Allocation
    shares: Mapping[str, int]

    def pays(self, owner: str) -> int:
        """What an owner pays in all: its share and what stays outside."""
        return self.shares.get(owner, 0) + self.deal.left_alone[owner]


@dataclass
class Planner:
    """Plans pools with all that everybody has stated.

    Attributes
    ----------
    alone
        What owners said that sets of their shipments cost them alone; ``None`` where they did not say.
    no_room
        By group: shipments that no plan of it could fit in.
    """

    market: Market
    tools: Tools
    stated: Stated
    talk: Talk
    alone: dict[tuple[str, frozenset[str]], int | None] = field(default_factory=dict)
    no_room: dict[Group, frozenset[str]] = field(default_factory=dict)
    _deals: dict[Group, Deal | None] = field(default_factory=dict)
    _shared: dict[Group, Shared | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        t = self.tools.effort
        budgets = ("plan_iterations_per_job", "collect_iterations_per_job", "plan_iterations")
        less = t.model_copy(update={name: max(1, getattr(t, name) // TRIAL_SHARE) for name in budgets})
        self.trial = Tools(self.market, self.tools.sharing, less, self.tools.seed)

    def part(self, group: Group) -> Market:
        """The market of a group's shipments."""
        return self.market.restricted_to(s for o in sorted(group) for s in self.market.owned_by(o))

    def shared(self, group: Group) -> Generator[Exchange, tuple[Message, ...], Shared | None]:
        """What a group's pool would be, all vehicles being free, and what its members would pay.

        Nothing where it would cost no less than its members alone.
        """
        if group not in self._shared:
            deal = yield from self.deal(group)
            if deal is None:
                self._shared[group] = None
            else:
                needs = self.tools.sharing.needs_coalitions
                self._shared[group] = yield from self.share(group, deal, coalitions=needs)
        return self._shared[group]

    def deal(self, group: Group) -> Generator[Exchange, tuple[Message, ...], Deal | None]:
        """The cheaper pool of a group with all vehicles: everything in it, or whatever beats its reserve."""
        if group not in self._deals:
            self._deals[group] = yield from self.planned(group, self.trial, self.stated.offers)
        return self._deals[group]

    def planned(
        self, group: Group, tools: Tools, offers: Sequence[HubOffer]
    ) -> Generator[Exchange, tuple[Message, ...], Deal | None]:
        """Plan a group's pool with some tools' vehicles and some slots at hubs."""
        part = self.part(group)
        reserves = {s: self.stated.reserves[s] for s in sorted(part.shipments) if s in self.stated.reserves}
        costs = {v: c for v, c in self.stated.costs.items() if v in tools.market.vehicles}
        best: Deal | None = None
        if not reserves or not costs:
            return None
        for prizes in (None, reserves):
            plan = tools.plan(reserves, costs, offers, prizes)
            loads, bookings = self.tools.jobs.agreed(plan, offers)
            deal = Deal(loads=loads, bookings=bookings, reserves=reserves)
            if prizes is None:
                self.no_room[group] = frozenset(reserves) - pooled_shipments(loads)
            if loads:
                deal = yield from self._appraised(part, deal)
                if worst_owner(part, deal) is None and (best is None or deal.total_cents < best.total_cents):
                    best = deal
        return best

    def share(self, group: Group, deal: Deal, *, coalitions: bool) -> Generator[Exchange, tuple[Message, ...], Shared]:
        """Split a pool's price by the policy's rule, nobody above its ceiling."""
        part = self.part(group)
        owners = pooled_owners(part, deal)
        found = yield from allocation(part, deal, self.tools, self._total, coalitions=coalitions)
        exact = dict(sorted(zip(found.players, map(float, found.shares), strict=True)))
        return Shared(deal, found, rational_shares(exact, deal.ceilings(owners), deal.price_cents))

    def _total(self, part: Market) -> Generator[Exchange, tuple[Message, ...], int]:
        """What some owners of a pool would pay in all if they had one of their own; never more than alone."""
        group = frozenset(part.owners)
        deal = yield from self.deal(group)
        if deal is not None:
            return deal.total_cents + others_cents(part, deal.loads)
        figures = yield from self.known({o: [frozenset(part.owned_by(o))] for o in part.owners})
        return sum(figures[o, s] or 0 for o in part.owners for s in [frozenset(part.owned_by(o))])

    def known(
        self, sets: Mapping[str, Sequence[frozenset[str]]]
    ) -> Generator[Exchange, tuple[Message, ...], Mapping[tuple[str, frozenset[str]], int | None]]:
        """Ask owners for what is not known yet of their costs alone."""
        asked = {
            owner: new
            for owner, wanted in sets.items()
            if (new := [s for s in dict.fromkeys(wanted) if (owner, s) not in self.alone])
        }
        if asked:
            lists = {owner: [sorted(s) for s in new] for owner, new in asked.items()}
            for owner, figures in (yield from ask_standalone(self.market, self.talk, lists)).items():
                self.alone |= {(owner, s): cents for s, cents in zip(asked[owner], figures, strict=True)}
        return self.alone

    def _appraised(self, part: Market, deal: Deal) -> Generator[Exchange, tuple[Message, ...], Deal]:
        """Put to a deal what its owners said, as `agents.protocols.deal.appraise` does, without asking twice."""
        pooled = pooled_shipments(deal.loads)
        sets = {}
        for owner in part.owners:
            own = frozenset(part.owned_by(owner))
            sets[owner] = (own, own - pooled)
        known = yield from self.known(sets)
        standalone = {o: known[o, own] or 0 for o, (own, _) in sets.items()}
        left = {}
        for o, (own, rest) in sets.items():
            cents = known[o, rest]
            left[o] = standalone[o] if cents is None or known[o, own] is None else cents
        silent = frozenset(o for o, (own, _) in sets.items() if known[o, own] is None)
        return replace(deal, standalone=standalone, left_alone=left, silent=silent)


@dataclass
class Fleet:
    """What pools may still drive and use, as one after the other is planned.

    Attributes
    ----------
    used
        Vehicles of each type.
    visits
        By hub and clock hour.
    """

    market: Market
    offers: tuple[HubOffer, ...]
    used: Counter[str] = field(default_factory=Counter)
    visits: Counter[tuple[str, int]] = field(default_factory=Counter)

    def take(self, deal: Deal) -> None:
        """Set aside what a pool drives and uses."""
        self.used.update(load.vehicle for load in deal.loads)
        self.visits.update((b.hub, int(b.start_min // MINUTES_PER_HOUR)) for b in deal.bookings)

    def has(self, deal: Deal) -> bool:
        """Tell whether what a pool would drive and use is still free."""
        vehicles = Counter(load.vehicle for load in deal.loads)
        hubs = {b.hub for b in deal.bookings}
        free = all(n <= self._left(v) for v, n in vehicles.items())
        return free and not any(hub in hubs for hub, _ in self.visits)

    def _left(self, vehicle: str) -> int:
        return self.market.vehicles[vehicle].count - self.used[vehicle]

    def left_market(self) -> Market:
        """The market with the vehicles that are still free."""
        free = {v: replace(kind, count=self._left(v)) for v, kind in self.market.vehicles.items() if self._left(v) > 0}
        return replace(self.market, vehicles=free)

    def left_offers(self) -> tuple[HubOffer, ...]:
        """Hubs' terms with the slots that are still free."""
        left = []
        for offer in self.offers:
            windows = []
            for opens, closes, slots, cents in offer.windows:
                hours = range(int(opens // MINUTES_PER_HOUR), math.ceil(closes / MINUTES_PER_HOUR))
                free = slots - max((self.visits[offer.hub, h] for h in hours), default=0)
                if free > 0:
                    windows.append((opens, closes, free, cents))
            if windows:
                left.append(replace(offer, windows=tuple(windows)))
        return tuple(left)
