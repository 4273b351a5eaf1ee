"""From agreed loads to a settlement: ceilings, pruning, shares, transfers. What every pooling protocol ends with."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from agents.jobs import shipment_of
from agents.messages import COORDINATOR, Exchange, Message
from agents.promise import waiting_for
from agents.protocols.asking import ask_standalone
from agents.protocols.promises import NOT_FEASIBLE, NOT_KEPT, ask_most, kept
from agents.protocols.reasons import NOT_CHEAPER, NOT_OFFERED, NOTHING_TO_SAVE
from agents.settlement import Booking, Evidence, Left, LeftStatus, Leg, Load, Settlement, Transfer
from agents.sharing.game import CoalitionGame, Game
from agents.sharing.partial import PartialGame
from agents.sharing.settle import rational_shares
from agents.sharing.stability import jain_index

if TYPE_CHECKING:
    from agents.market import Market
    from agents.promise import Promise
    from agents.protocols.talk import Talk
    from agents.sharing.allocation import Allocation
    from agents.tools import Tools
    from logistics.fleet import OperatingCosts

Ask = Generator[Exchange, tuple[Message, ...]]


@dataclass(frozen=True)
class Deal:
    """What coordinator and providers have agreed on, before it is known who pays which part.

    Attributes
    ----------
    reserves
        Stated stand-alone cost of each offered shipment, cents.
    standalone, left_alone
        By owner: cost alone of everything it owns, and of what the deal leaves out, cents. What it was promised for
        today, and is kept, costs it alone what was promised.
    reasons
        Why shipments outside the deal are there, where the protocol knows better than `settle` would say.
    silent
        Owners that did not say what everything costs them alone.
    subsidy_cents
        What the operator adds where payments are more than the owners may pay (under VCG).
    promises
        Made for later days: what they are about goes neither in the pool today nor alone.
    due
        Promises due today that were closed as they were given.
    void
        Why others are not kept, by id, as far as that is known.
    most
        What owners with promises for later days at most pay in all today; below 0 they would rather have none.
    """

    loads: tuple[Load, ...] = ()
    bookings: tuple[Booking, ...] = ()
    reserves: Mapping[str, int] = field(default_factory=dict)
    standalone: Mapping[str, int] = field(default_factory=dict)
    left_alone: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    subsidy_cents: int = 0
    promises: tuple[Promise, ...] = ()
    due: tuple[Promise, ...] = ()
    void: Mapping[str, str] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)

    @property
    def promised(self) -> frozenset[str]:
        """Shipments that are promised for later days."""
        return frozenset(s for p in self.promises for s in p.lot)

    @property
    def price_cents(self) -> int:
        """What the owners pay for the pool: what carriers and hubs are paid, less what the operator adds."""
        paid = sum(sum(load.price_lines.values()) for load in self.loads) + sum(b.price_cents for b in self.bookings)
        return paid - self.subsidy_cents

    @property
    def total_cents(self) -> int:
        """What the owners pay in all: the pool's price and what stays outside."""
        return self.price_cents + sum(self.left_alone.values())

    def ceilings(self, owners: Sequence[str]) -> dict[str, int]:
        """What each owner at most pays for its pooled shipments: its cost alone of everything less of what is left."""
        return {o: max(0, self.most_of(o) - self.left_alone[o]) for o in owners}

    def most_of(self, owner: str) -> int:
        """What an owner at most pays in all today."""
        return min(self.standalone[owner], self.most.get(owner, self.standalone[owner]))


def appraise(market: Market, deal: Deal, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Deal]:
    """Ask all owners for their cost alone of everything that goes today, and of what the deal leaves out.

    What was promised for today and is kept is owed, and counts as promised. Owners with new promises are asked what
    these leave them to pay. An owner that does not answer counts as gaining nothing: its ceiling is zero. One of whose
    shipments the deal takes none was asked the same thing twice, and its first figure counts.
    """
    pooled = pooled_shipments(deal.loads)
    as_promised = kept(market, deal.due, deal.loads)
    owed = {s for p in as_promised for s in p.lot}
    sets = {}
    for owner in market.owners:
        own = tuple(s for s in market.owned_by(owner) if s not in deal.promised and s not in owed)
        sets[owner] = [own, tuple(s for s in own if s not in pooled)]
    figures = yield from ask_standalone(market, talk, sets)
    rest = {o: f[0] or 0 for o, f in figures.items()}
    left = {
        o: rest[o] if all_left is None or alone is None or sets[o][0] == sets[o][1] else all_left
        for o, (alone, all_left) in figures.items()
    }
    silent = frozenset(o for o, (alone, _) in figures.items() if alone is None)
    standalone = {o: cents + sum(p.price_cents for p in as_promised if p.owner == o) for o, cents in rest.items()}
    most = yield from ask_most(market, talk, deal.promises, as_promised)
    return replace(deal, standalone=standalone, left_alone=left, silent=silent, most=most)


def pooled_shipments(loads: Sequence[Load]) -> frozenset[str]:
    """Shipments that loads carry (by the job names at their stops)."""
    return frozenset(shipment_of(job) for load in loads for stop in load.stops for job in stop.deliveries)


def pooled_owners(market: Market, deal: Deal) -> list[str]:
    """Owners of what a deal carries, sorted."""
    return sorted({market.shipments[s].owner for s in pooled_shipments(deal.loads)})


def worst_owner(market: Market, deal: Deal) -> str | None:
    """The owner whose pooled shipments are least worth their reserves, when the deal costs more than it may.

    An owner whose left shipments alone would cost more than all of its shipments goes first: no share could keep it
    from losing. ``None`` when the deal is within the owners' ceilings together.
    """
    pooled = pooled_shipments(deal.loads)
    owners = pooled_owners(market, deal)
    promising = {p.owner for p in deal.promises}
    losing = [o for o in sorted(promising.union(owners)) if deal.left_alone[o] > deal.most_of(o)]
    if losing:
        return losing[0]
    ceilings = deal.ceilings(owners)
    if deal.price_cents <= sum(ceilings.values()):
        return None
    stated = {o: sum(deal.reserves.get(s, 0) for s in pooled if market.shipments[s].owner == o) for o in owners}
    return min(owners, key=lambda o: (ceilings[o] - stated[o], o))


def legs_of(loads: Sequence[Load], market: Market) -> tuple[Leg, ...]:
    """Every hop of every shipment on some loads, in order of shipment and hop."""
    legs = []
    for load in loads:
        loaded_at = {job: stop.site for stop in load.stops for job in stop.pickups}
        for stop in load.stops:
            for job in stop.deliveries:
                shipment = market.shipments[shipment_of(job)]
                legs.append(Leg(shipment.id, job, load.id, loaded_at[job], stop.site, shipment.pallets))
    return tuple(sorted(legs, key=lambda leg: (leg.shipment, not leg.job.endswith(":in"), leg.job)))


def unpooled_game(owners: Sequence[str], deal: Deal, weights: Mapping[str, float]) -> Game:
    """The gain-sharing game of a deal, in cents, for rules that do not look at coalitions between one owner and all.

    c({i}) is the ceiling of ``i`` and c(N) the price of the pool.
    """
    ceilings = deal.ceilings(owners)
    known = {frozenset([o]): float(ceilings[o]) for o in owners}
    everybody = frozenset(owners)
    if len(owners) > 2:
        known |= {everybody - {o}: float(sum(ceilings.values()) - ceilings[o]) for o in owners}
    known[everybody] = float(deal.price_cents)
    by_owner = np.array([weights[o] for o in owners], dtype=np.float64)
    if len(owners) > 2:
        return PartialGame(tuple(owners), known, by_owner)
    return replace(CoalitionGame.from_table(tuple(owners), known), weights=by_owner)


def settle(
    market: Market,
    tools: Tools,
    deal: Deal,
    talk: Talk,
    allocation: Allocation | None = None,
    costs: Mapping[str, OperatingCosts] | None = None,
) -> Settlement:
    """Split the price among the owners as allocated, nobody above its ceiling, and write the transfers.

    Parameters
    ----------
    allocation
        What the policy's rule says (see `agents.protocols.subsets`); ``None`` where nothing is pooled.
    costs
        By vehicle type, where carriers have stated them: what the routing noise is measured at.
    """
    pooled = pooled_shipments(deal.loads)
    owners = pooled_owners(market, deal)
    transfers: list[Transfer] = []
    raw: dict[str, int] = {}
    fairness: Mapping[str, float | bool] = {}
    errors: dict[str, int] = {}
    stability: Mapping[str, float | int | str | bool] = {}
    if allocation is not None:
        found = allocation
        exact = dict(sorted(zip(found.players, map(float, found.shares), strict=True)))
        raw = {o: round(x) for o, x in exact.items()}
        ceilings = deal.ceilings(owners)
        shares = rational_shares(exact, ceilings, deal.price_cents)
        fairness = _fairness(ceilings, exact, shares)
        if found.standard_error is not None:
            errors = dict(sorted(zip(found.players, map(round, found.standard_error.tolist()), strict=True)))
        if found.note:
            talk.notes.append(f"sharing by {found.rule}: {found.note}")
        if tools.needs_coalitions:
            noise = tools.routing_noise_cents(pooled, deal.price_cents, costs) if tools.stability else None
            stability = tools.stability_of(found, shares, noise)
        transfers += [_owner_transfer(o, cents) for o, cents in shares.items() if cents]
    transfers += [
        Transfer(COORDINATOR, load.carrier, cents, "transport", load.id)
        for load in deal.loads
        if (cents := sum(load.price_lines.values()))
    ]
    transfers += [Transfer(COORDINATOR, b.hub, b.price_cents, "hub", b.id) for b in deal.bookings if b.price_cents]
    reasons = {s: _unpooled_reason(deal.reserves.get(s)) for s in market.shipments} | dict(deal.reasons)
    reasons |= {s: why for s, why in tools.jobs.infeasible.items() if s in reasons}
    held = {s: p for p in deal.promises for s in p.lot}
    left = tuple(
        Left(s, LeftStatus.HELD, waiting_for(held[s], market.sites), (held[s].day - market.start).total_seconds() / 60)
        if s in held
        else Left(
            s,
            LeftStatus.UNSERVED if s in tools.jobs.infeasible else LeftStatus.STANDALONE,
            reasons[s],
        )
        for s in sorted(market.shipments)
        if s not in pooled
    )
    as_promised = kept(market, deal.due, deal.loads)
    return Settlement(
        market_digest=market.digest,
        legs=legs_of(deal.loads, market),
        loads=deal.loads,
        bookings=deal.bookings,
        left=left,
        transfers=tuple(transfers),
        standalone_cents=dict(deal.standalone),
        left_cents=dict(deal.left_alone),
        promises=deal.promises,
        void={
            p.id: NOT_FEASIBLE if tools.jobs.infeasible.keys() & set(p.lot) else deal.void.get(p.id, NOT_KEPT)
            for p in market.due
            if p not in as_promised
        },
        most_cents={o: deal.most_of(o) for o in sorted(deal.most)},
        evidence=Evidence(
            rounds=talk.rounds,
            raw_shares=raw,
            sharing=tools.sharing.name,
            sharing_note=allocation.note if allocation is not None else "",
            fairness=fairness,
            standard_errors=errors,
            subsidy_cents=deal.subsidy_cents,
            stability=stability,
            excluded=tools.exclusions,
            reserves={s: deal.reserves[s] for s in sorted(deal.reserves)},
            notes=tuple(talk.notes),
        ),
    )


def _fairness(
    ceilings: Mapping[str, int], raw: Mapping[str, float], shares: Mapping[str, int]
) -> dict[str, float | bool]:
    """What can be said of shares without any coalition's cost."""
    alone, paid = (np.array([figures[o] for o in shares], dtype=np.float64) for figures in (ceilings, shares))
    return {
        "individually_rational": bool((paid <= alone).all()),
        # Within a cent, as much as rounding may move a share.
        "raw_individually_rational": all(raw[o] <= ceilings[o] + 1 for o in shares),
        "jain_index": jain_index(alone, paid, len(shares)),
    }


def _unpooled_reason(reserve_cents: int | None) -> str:
    """Why a shipment stays outside that no carrier, hub or rule kept there.

    What its owner cannot send alone costs it nothing alone: whatever carrying it cost would come on top, and nobody in
    a settlement may be worse off.
    """
    if reserve_cents is None:
        return NOT_OFFERED
    return NOT_CHEAPER if reserve_cents else NOTHING_TO_SAVE


def _owner_transfer(owner: str, cents: int) -> Transfer:
    if cents > 0:
        return Transfer(owner, COORDINATOR, cents, "share", "pooled shipments")
    return Transfer(COORDINATOR, owner, -cents, "share", "pooled shipments")
