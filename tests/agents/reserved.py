"""Small random markets in which some vehicles and dock slots were reserved ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.bidding import Truthful
from agents.desks import open_desks
from agents.market import Market
from agents.participants import Party
from agents.reservations import Good, Reserved, vehicles_reserved
from logistics import CallUp, to_cents
from logistics.fleet import with_reserved
from tests.agents.markets import QUICK, Small, small_market

PREMIUM = 1.5


def with_call_ups(small: Small, release: float = 0.25) -> Small:
    """The same region where vehicles and dock slots cost half as much again on the day."""
    r = small.region
    call_ups = {v: CallUp(c.fixed_eur * PREMIUM, c.fixed_eur * release) for v, c in r.operating_costs.items()}
    hubs = {
        h: replace(c, spot_slot_eur=c.slot_eur * PREMIUM, release_slot_eur=c.slot_eur * release)
        for h, c in r.hub_costs.items()
    }
    return replace(small, region=replace(r, call_ups=call_ups, hub_costs=hubs))


def reserved_market(seed: int, **sizes: int) -> tuple[Small, Market]:
    """A market of `small_market` in which some vehicles and dock slots were reserved, by some or all owners.

    Owners of a reservation may have nothing to send today.
    """
    small = with_call_ups(small_market(seed, **sizes))
    rng = np.random.default_rng(seed)
    r = small.region
    owners = [*small.market.owners, "absent"]
    goods = [(Good.VEHICLE, v, kind.carrier, kind.count) for v, kind in sorted(r.vehicles.items())]
    goods += [(Good.DOCK_SLOT, h, h, 3) for h in sorted(r.hubs)]
    rows = []
    for number, (kind, good, provider, most) in enumerate(goods):
        if rng.random() < 0.25:
            continue
        costs = r.operating_costs[good].fixed_eur if kind is Good.VEHICLE else r.hub_costs[good].slot_eur
        bearing = [o for o in owners if rng.random() < 0.7] or owners[:1]
        rows.append(
            Reserved(
                f"r{number}",
                provider,
                kind,
                good,
                int(rng.integers(1, most + 1)),
                to_cents(costs) + 1,
                to_cents(costs * 0.25),
                to_cents(costs * PREMIUM) + 1,
                {o: float(rng.uniform(0, 9)) for o in bearing},
            )
        )
    held = tuple(rows)
    market = replace(small.market, vehicles=with_reserved(r.vehicles, vehicles_reserved(held)), reserved=held)
    return small, market


def parties(small: Small, market: Market, seed: int = 0) -> dict[str, Party]:
    """Desks for everybody, as a model opens them."""
    bidding = dict.fromkeys([*small.region.carriers, *small.region.hubs], Truthful())
    desks = open_desks(small.region, market, small.shipments, bidding, QUICK, seed)
    return {who: Party(who, made) for who, made in desks.items()}
