"""Freezes around the engine's own random markets: with hubs, promises and reservations, as a pool could have them."""

from __future__ import annotations

from agents.market import Market
from agents.synchronize import synchronize
from server.market import Freeze, Seat, SeatRole
from tests.agents.markets import Small, policy


def freeze_of(small: Small, market: Market, protocol: str = "contract_net", seed: int = 7, **given: object) -> Freeze:
    """Everybody of a small market is a company of its own."""
    r = small.region
    roles = [(o, SeatRole.SHIPPER) for o in {*market.owners, *(o for x in market.reserved for o in x.parts)}]
    roles += [(c, SeatRole.CARRIER) for c in market.carriers] + [(h, SeatRole.HUB) for h in market.hubs]
    seats = {who: Seat(who, frozenset(str(r) for w, r in roles if w == who)) for who, _ in sorted(roles)}
    return Freeze(
        market=market,
        policy=policy(protocol),
        seed=seed,
        seats=seats,
        stakes={s: x.stakes for s, x in small.shipments.items() if s in market.shipments and x.stakes is not None},
        operating_costs=r.operating_costs,
        call_ups=r.call_ups,
        hub_costs=r.hub_costs,
        incumbents=r.incumbents,
        vehicles=r.vehicles,
        carriers=r.carriers,
        **given,  # type: ignore[arg-type]
    )


def negotiated(freeze: Freeze):
    from server.market import built_in

    return synchronize(freeze.market, built_in(freeze), freeze.policy, freeze.seed).settlement
