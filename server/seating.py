"""Who sits at the table of a planning window: everybody whom the protocol may ask, and who speaks for it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from server.market import Seat, SeatRole
from server.wire.shipments import company_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from agents.market import Market


def seats(
    market: Market,
    members: Mapping[str, Collection[SeatRole]],
    is_remote: Callable[[str, SeatRole], bool],
    sits_out: Collection[str],
) -> dict[str, Seat]:
    """Seats of a market, by resource name of the participant.

    Parameters
    ----------
    members
        Roles of the pool's members that take part, by company name.
    is_remote
        Whether an own agent speaks for a participant in a role.
    sits_out
        Names of companies for which nobody speaks when their own agent is silent.
    """
    roles: dict[str, set[SeatRole]] = defaultdict(set)
    for s in market.shipments.values():
        roles[s.owner].add(SeatRole.SHIPPER)
    for owner in (o for r in market.reserved for o in r.parts if o in members):
        roles[owner].add(SeatRole.SHIPPER)
    for c in market.carriers:
        roles[c].add(SeatRole.CARRIER)
    for h in market.hubs:
        roles[h].add(SeatRole.HUB)
    return {
        who: Seat(
            company_name(who),
            frozenset(map(str, own)),
            frozenset(str(role) for role in own if is_remote(who, role)),
            company_name(who) in sits_out,
        )
        for who, own in sorted(roles.items())
    }
