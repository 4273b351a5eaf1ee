"""What a committed plan leaves to be tracked, and what of capacity it takes."""

from datetime import timedelta

import pytest

from agents.visibility import Phase
from server.plan import Hold, held_at_most, holds, hops
from server.wire.proposals import proposals
from tests.agents.reserved import reserved_market
from tests.server.wire import pool
from tests.server.wire.freezes import freeze_of, negotiated

AT = pool.START


def test_hops_are_what_was_accepted():
    """A hop is called by load and job as in its carrier's proposal, with the times that its owner read."""
    freeze = pool.frozen(rulebook=pool.rulebook("trustee"))
    settlement = negotiated(freeze)
    made = proposals(freeze, settlement, Phase.PROPOSED)
    found = hops(freeze, settlement)
    told = {(load.load_id, j.job) for p in made.values() for load in p.carrier_part.loads for j in load.jobs}
    assert {(h.load_id, h.job) for h in found} == told
    assert {h.order for h in found} == settlement.pooled
    for company in pool.SHIPPERS:
        for o in made[company].owner_part.orders:
            (hop,) = [h for h in found if h.order == o.order]
            assert (hop.owner, hop.position, hop.final, hop.hub) == (company, 0, True, "")
            assert o.delivery_at.ToDatetime(AT.tzinfo) == hop.delivery_at
            assert o.legs[0].load_id == hop.load_id


def test_hops_through_a_hub():
    """An order through a hub has a hop to it and a final one from it, in this order."""
    seen = 0
    for seed in range(12):
        freeze = freeze_of(*reserved_market(seed, factories=3, shipments=8, hubs=1, carriers=2))
        settlement = negotiated(freeze)
        for shipment in settlement.pooled:
            own = [h for h in hops(freeze, settlement) if h.order == shipment]
            assert [h.position for h in own] == list(range(len(own)))
            assert [h.final for h in own] == [False] * (len(own) - 1) + [True]
            if len(own) == 2:
                seen += 1
                assert own[0].delivery_at <= own[1].pickup_at
    assert seen


def test_holds():
    """A plan holds each vehicle that it drives from leaving until it is back, and each dock slot that it books."""
    freeze = pool.frozen()
    settlement = negotiated(freeze)
    found = holds(freeze, settlement)
    assert len(found) == len(settlement.loads) + len(settlement.bookings)
    assert len({h.id for h in found}) == len(found)
    assert all(freeze.market.start <= h.since < h.until for h in found)
    taken = held_at_most(found, pool.START, pool.END)
    again = pool.frozen(held=taken)
    for name, kind in freeze.market.vehicles.items():
        assert again.market.vehicles[name].count == kind.count - taken.get(name, 0)
    assert held_at_most(found, pool.END, pool.END + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("hours", "most"), [([(1, 2), (1.5, 2.5)], 2), ([(1, 2), (2, 3)], 1), ([(-2, -1)], 0), ([(3, 3.5)] * 3, 3)]
)
def test_dock_slots(hours, most):
    """Of a hub counts the fullest hour of the window; vehicles count whenever they are out in it."""
    end = AT + timedelta(hours=10)
    hub = "companies/north/hubs/main"
    rows = [
        Hold(str(i), "north", hub, AT + timedelta(hours=a), AT + timedelta(hours=b)) for i, (a, b) in enumerate(hours)
    ]
    assert held_at_most(rows, AT, end).get(hub, 0) == most
    out = [
        Hold(str(i), "swift", "v", AT + timedelta(hours=a), AT + timedelta(hours=b)) for i, (a, b) in enumerate(hours)
    ]
    assert held_at_most(out, AT, end).get("v", 0) == sum(b > 0 for _, b in hours)
