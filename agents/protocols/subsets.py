"""What every coalition of owners would pay without the others, and how the pool's price is split by that."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agents.messages import Exchange, Message
from agents.protocols.deal import Deal, pooled_owners, pooled_shipments, unpooled_game
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
    market: Market, deal: Deal, tools: Tools, what_if: Callable[[Market], WhatIf], *, coalitions: bool
) -> Generator[Exchange, tuple[Message, ...], Allocation]:
    """Split a deal's price among the owners by the policy's rule.

    Up to 12 owners share everything at once, more pool by pool, whatever the rule and whether or not coalitions are
    costed: loads that hand goods over to each other are a pool, and an owner's ceiling is split among its pools by the
    reserves of what they carry. Of up to 10 owners of a pool every coalition is costed, of more some
    (`Effort.coalitions`).

    Parameters
    ----------
    what_if
        Negotiates or plans the market restricted to a coalition's shipments, and returns what it would pay in all.
    coalitions
        Whether coalitions are costed: the rule needs them, or somebody wants to know who is tempted to leave.

    Raises
    ------
    PolicyError
        If the rule needs every coalition of more than 10 owners that share a pool.
    """
    parts = _pools(market, deal) if len(pooled_owners(market, deal)) > MAX_POOL_PLAYERS else [(market, deal)]
    games: list[Game] = []
    for part, own in parts:
        if coalitions:
            games.append((yield from _game(part, own, tools, what_if)))
        else:
            weights = tools.weights(part, pooled_shipments(own.loads))
            games.append(unpooled_game(pooled_owners(part, own), own, weights))
    return allocate(tools.sharing, games[0]) if len(games) == 1 else share_pools(tools.sharing, games)


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
    paid = {pool: float(sum(sum(load.price_lines.values()) for load in loads)) for pool, loads in groups.items()}
    subsidies = split_cents(deal.subsidy_cents, paid)
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
            subsidy_cents=subsidies[pool],
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
