"""What every coalition of owners would pay without the others, for rules and figures that need it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import combinations
from typing import TYPE_CHECKING

from agents.messages import Exchange, Message
from agents.protocols.deal import Deal, pooled_shipments
from groupage.errors import PolicyError

if TYPE_CHECKING:
    from agents.market import Market

MAX_COALITION_OWNERS = 10  # 1,022 what-ifs; beyond, coalitions have to be generated instead of enumerated

WhatIf = Generator[Exchange, tuple[Message, ...], int]


def coalition_totals(
    market: Market, deal: Deal, what_if: Callable[[Market], WhatIf]
) -> Generator[Exchange, tuple[Message, ...], dict[frozenset[str], int]]:
    """Work out the total cost in cents of every coalition of two or more pooled owners, short of all.

    Parameters
    ----------
    what_if
        Negotiates or plans the market restricted to a coalition's shipments, and returns what it would pay in all.

    Raises
    ------
    PolicyError
        With more than ``MAX_COALITION_OWNERS`` owners.
    """
    owners = sorted({market.shipments[s].owner for s in pooled_shipments(deal.loads)})
    if len(owners) > MAX_COALITION_OWNERS:
        raise PolicyError(
            f"{len(owners)} owners share the pool's cost, expected at most {MAX_COALITION_OWNERS} for a rule or figure "
            "that costs every coalition; use proportional sharing without stability"
        )
    totals: dict[frozenset[str], int] = {}
    for size in range(2, len(owners)):
        for group in combinations(owners, size):
            part = market.restricted_to(s for o in group for s in market.owned_by(o))
            totals[frozenset(group)] = yield from what_if(part)
    return totals
