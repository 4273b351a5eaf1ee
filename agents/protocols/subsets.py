"""What every coalition of owners would pay without the others, and how the pool's price is split by that."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agents.messages import Exchange, Message
from agents.protocols.deal import Deal, pooled_owners, pooled_shipments
from agents.seeds import rng_for
from agents.sharing.allocation import Allocation, allocate
from agents.sharing.explore import explore
from agents.sharing.game import CoalitionGame
from agents.sharing.pools import MAX_POOL_PLAYERS, share_pools
from logistics.coalitions import subadditive_closure
from logistics.money import split_cents

if TYPE_CHECKING:
    from agents.market import Market
    from agents.settlement import Load
    from agents.sharing.game import Game
    from agents.tools import Tools

WhatIf = Generator[Exchange, tuple[Message, ...], int]


def allocation(
    market: Market, deal: Deal, tools: Tools, what_if: Callable[[Market], WhatIf]
) -> Generator[Exchange, tuple[Message, ...], Allocation]:
    """Split a deal's price among the owners by the policy's rule, with the coalitions that the rule needs.

    Up to 10 owners every coalition is costed; for 11 and 12 some (`Effort.coalitions`). More share pool by pool: loads
    that hand goods over to each other are a pool, and an owner's ceiling is split among its pools by the reserves of
    what they carry.

    Parameters
    ----------
    what_if
        Negotiates or plans the market restricted to a coalition's shipments, and returns what it would pay in all.

    Raises
    ------
    PolicyError
        If the rule needs every coalition of more than 10 owners that share a pool.
    """
    if len(pooled_owners(market, deal)) <= MAX_POOL_PLAYERS:
        return allocate(tools.sharing, (yield from _game(market, deal, tools, what_if)))
    games = []
    for part, own in _pools(market, deal):
        games.append((yield from _game(part, own, tools, what_if)))
    return share_pools(tools.sharing, games)


def _game(
    market: Market, deal: Deal, tools: Tools, what_if: Callable[[Market], WhatIf]
) -> Generator[Exchange, tuple[Message, ...], Game]:
    """The gain-sharing game of a deal, in cents, on the pooled shipments, as far as the rule needs it.

    c(S) is what S would pay together without the others, less what its left shipments cost it alone. Where every
    coalition is known, none costs more than its parts do apart.
    """
    owners = pooled_owners(market, deal)
    ceilings = deal.ceilings(owners)
    known = {frozenset([o]): float(ceilings[o]) for o in owners} | {frozenset(owners): float(deal.price_cents)}
    weight_of = tools.weights(market, pooled_shipments(deal.loads))
    weights = np.array([weight_of[o] for o in owners], dtype=np.float64)
    rng = rng_for(tools.seed, "coalitions", *owners, *sorted(load.id for load in deal.loads))
    exploration = explore(tools.sharing, owners, known, weights, rng, tools.effort.coalitions)
    try:
        group = next(exploration)
        while True:
            part = market.restricted_to(s for o in sorted(group) for s in market.owned_by(o))
            total = yield from what_if(part)
            alone = sum(ceilings[o] for o in group)
            group = exploration.send(float(min(alone, total - sum(deal.left_alone[o] for o in group))))
    except StopIteration as done:
        game: Game = done.value
    if isinstance(game, CoalitionGame):
        # A group may always go apart; what all pay is settled.
        game = replace(game, costs=np.append(subadditive_closure(game.costs)[:-1], game.grand_cost))
    return game


def _pools(market: Market, deal: Deal) -> Iterable[tuple[Market, Deal]]:
    """Each group of loads that share shipments, as a market of its shipments and a deal of its own."""
    groups = {min(load.id for load in loads): tuple(loads) for loads in _chained(deal.loads)}
    stated: dict[str, dict[str, float]] = {}
    for pool, loads in groups.items():
        for shipment in sorted(pooled_shipments(loads)):
            by_pool = stated.setdefault(market.shipments[shipment].owner, {})
            by_pool[pool] = by_pool.get(pool, 0.0) + deal.reserves.get(shipment, 0)
    ceilings = deal.ceilings(list(stated))
    parts = {owner: split_cents(ceilings[owner], by_pool) for owner, by_pool in stated.items()}
    for pool, loads in groups.items():
        most = {owner: by_pool[pool] for owner, by_pool in parts.items() if pool in by_pool}
        ids = {load.id for load in loads}
        own = replace(
            deal,
            loads=loads,
            bookings=tuple(b for b in deal.bookings if b.load in ids),
            standalone=most,
            left_alone=dict.fromkeys(most, 0),
            most={},
        )
        yield market.restricted_to(pooled_shipments(loads)), own


def _chained(loads: Sequence[Load]) -> list[list[Load]]:
    """Loads grouped so that all legs of a shipment are in one group."""
    groups: list[tuple[set[str], list[Load]]] = []
    for load in loads:
        carried = set(pooled_shipments([load]))
        apart, members = [], [load]
        for shipments, others in groups:
            if shipments & carried:
                carried |= shipments
                members = others + members
            else:
                apart.append((shipments, others))
        groups = [*apart, (carried, members)]
    return [members for _, members in groups]
