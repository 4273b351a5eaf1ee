"""A day as driven: costs, lateness, commitments, emissions."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from agents.day import Execution
from agents.execution import execute, execute_alone
from agents.jobs import JobBook
from agents.participants import ShipperDesk
from agents.settlement import Settlement
from agents.synchronize import synchronize
from logistics.costs import CostLine
from tests.agents.markets import HORIZON_MIN, QUICK, START, Small, policy, small_market
from tests.agents.protocols.promises import true_routes

SEEDS = [3, 13, 24, 31]


def desks_of(small: Small) -> dict[str, ShipperDesk]:
    market, book = small.market, JobBook(small.market)
    return {
        o: ShipperDesk.in_region(
            small.region,
            o,
            {s: small.shipments[s] for s in market.owned_by(o)},
            book,
            QUICK.standalone_iterations_per_job,
            0,
        )
        for o in market.owners
    }


def driven(seed: int, protocol: str = "trustee") -> tuple[Small, Settlement, Execution, Execution]:
    small = small_market(seed, factories=3, shipments=8, hubs=1, carriers=2)
    settlement = synchronize(small.market, small.parties(), policy(protocol, bidding="markup"), 11).settlement
    desks = desks_of(small)
    executed = execute(small.region, small.market, settlement, desks)
    return small, settlement, executed, execute_alone(small.region, small.market, desks)


@pytest.mark.parametrize("seed", SEEDS)
def test_money(seed: int) -> None:
    """Lines add up to what owners pay, by transfers and alone; resource cost is that of the tours themselves."""
    small, settlement, executed, alone = driven(seed)
    shares: Counter[str] = Counter()
    for t in settlement.transfers:
        if t.line == "share":
            shares[t.payer] += t.cents
            shares[t.payee] -= t.cents
    owners_pay = sum(shares[o] for o in small.market.owners) + sum(settlement.left_cents.values())
    indirect = sum(sum(d.indirect_lines.values()) for d in executed.deliveries)
    assert executed.paid_cents == owners_pay + indirect
    late_alone = sum(sum(d.indirect_lines.values()) for d in alone.deliveries)
    assert alone.paid_cents == sum(settlement.standalone_cents.values()) + late_alone
    pooled = [load for load in executed.loads if load.mode == "pool"]
    assert [sum(load.cost_lines.values()) for load in pooled] == [r.cost_cents for r in true_routes(small, settlement)]
    assert executed.resource_cents == (
        sum(sum(load.cost_lines.values()) for load in executed.loads)
        + sum(g.resource_cents for g in executed.groupage)
        + sum(executed.hub_lines.values())
        + sum(executed.commitment_cents.values())
        + indirect
    )
    assert sum(executed.revenue.values()) + executed.hub_prices + sum(executed.commitment_cents.values()) == owners_pay
    assert sum(executed.hub_costs.values()) == sum(executed.hub_lines.values()) <= executed.hub_prices


@pytest.mark.parametrize("seed", SEEDS)
def test_every_shipment_ends_once(seed: int) -> None:
    """Each shipment has one end: by the pool if it is in it, else by its owner's means, else unserved with a reason."""
    small, settlement, executed, alone = driven(seed)
    for run in (executed, alone):
        assert sorted(d.shipment for d in run.deliveries) == sorted(small.shipments)
        by_groupage = {g.shipment for g in run.groupage}
        for d in run.deliveries:
            on_tours = sum(d.shipment in load.shipments for load in run.loads)
            assert (d.mode == "groupage") == (d.shipment in by_groupage)
            assert (d.mode in ("pool", "alone")) == (on_tours > 0) == (d.delivered_at is not None)
            assert d.mode != "unserved" or not d.on_time
            assert d.mode != "unserved" or run is alone or d.reason
    assert {d.shipment for d in executed.deliveries if d.mode == "pool"} == settlement.pooled
    last_leg = {leg.shipment: leg for leg in settlement.legs}
    stops = {load.id: load.stops for load in settlement.loads}
    for d in executed.deliveries:
        if d.mode == "pool":
            leg = last_leg[d.shipment]
            start = next(x.start_min for x in stops[leg.load] if leg.job in x.deliveries)
            assert d.delivered_at == START + timedelta(minutes=start), "delivered is at the client, not at a hub"
    assert not any(d.mode == "pool" for d in alone.deliveries)


@pytest.mark.parametrize("seed", SEEDS)
def test_emissions_conserve(seed: int) -> None:
    """What loads and groupage emit is what shipments are charged with; hubs come on top; tank-to-wheel is a part."""
    _, _, executed, alone = driven(seed)
    for run in (executed, alone):
        sources = math.fsum([load.kgco2e for load in run.loads] + [g.kgco2e for g in run.groupage])
        assert math.isclose(sources, math.fsum(d.kgco2e for d in run.deliveries), abs_tol=1e-9)
        assert math.isclose(run.kgco2e, sources + run.hub_kgco2e, abs_tol=1e-9)
        assert all(0 <= d.kgco2e_ttw <= d.kgco2e for d in run.deliveries)
        assert all(0 < load.fill <= 1 + 1e-6 for load in run.loads)
    assert alone.hub_kgco2e == 0


def test_hub_emits() -> None:
    """What hubs handle emits something where they are used."""
    _, settlement, executed, _ = driven(31)
    assert settlement.bookings
    assert executed.hub_kgco2e > 0


def test_commitments_are_owed() -> None:
    """An owner that pools everything still owes the vehicles it has committed to."""
    found = 0
    for seed in range(60):
        small = small_market(seed, factories=2, shipments=5, carriers=2)
        contracts = tuple(replace(c, committed_vehicles=2, max_vehicles=2) for c in small.region.incumbents)
        if not contracts:
            continue
        small = Small(replace(small.region, incumbents=contracts), small.shipments)
        alone = execute_alone(small.region, small.market, desks_of(small))
        for owner, cents in alone.commitment_cents.items():
            contract = next(c for c in contracts if c.owner == owner)
            fixed = round(contract.prices.fixed_eur * 100)
            assert any(abs(cents - n * fixed) <= n for n in (1, 2))
            found += 1
        assert alone.cost_lines().get(CostLine.COMMITMENT, (0, 0))[0] == sum(alone.commitment_cents.values())
        if found > 3:
            break
    assert found


def test_lateness() -> None:
    """Late by an hour costs the hour; late past the window stops the line once; in time costs nothing."""
    small = small_market(4, factories=3, shipments=8, hubs=1, carriers=2)
    _, _, executed, _ = driven(4)
    assert any(d.delivered_at for d in executed.deliveries)
    for d in executed.deliveries:
        if d.delivered_at is None:
            continue
        shipment = small.shipments[d.shipment]
        hours = max(0.0, (d.delivered_at - shipment.due_at).total_seconds() / 3600)
        assert math.isclose(d.late_hours, hours, abs_tol=1e-5)
        assert d.on_time == (d.late_hours == 0)

    # The same loads against due times an hour before each delivery: everything is one hour late.
    market = small.market
    settlement = synchronize(market, small.parties(), policy("trustee", bidding="markup"), 11).settlement
    at = {d.shipment: d.delivered_at for d in executed.deliveries if d.delivered_at}
    hastier = {
        k: replace(s, due_at=at[k] - timedelta(hours=1), window_close=at[k] + timedelta(hours=1)) if k in at else s
        for k, s in small.shipments.items()
    }
    late = Small(small.region, hastier)
    desks = desks_of(small)
    told = {o: replace(d, shipments={s: hastier[s] for s in d.shipments}) for o, d in desks.items()}
    run = execute(late.region, market, settlement, told)
    for d in run.deliveries:
        if d.mode == "pool":
            assert d.late_hours == pytest.approx(1.0, abs=1e-5)
            assert d.indirect_lines == {str(CostLine.LATENESS): 2000}
    # And a line that stops half an hour after the due time stops once.
    stopping = {
        k: replace(s, stakes=replace(s.stakes, line_stop_at=s.due_at + timedelta(minutes=30)))
        for k, s in hastier.items()
        if s.stakes
    }
    told = {o: replace(d, shipments={s: stopping[s] for s in d.shipments}) for o, d in desks.items()}
    run = execute(late.region, market, settlement, told)
    pooled = [d for d in run.deliveries if d.mode == "pool"]
    assert pooled
    assert all(d.indirect_lines == {str(CostLine.LATENESS): 2000, str(CostLine.LINE_STOP): 50000} for d in pooled)


def test_nothing_happens() -> None:
    """A day without shipments costs and emits nothing."""
    small = small_market(3).without(shipments=True)
    run = execute(small.region, small.market, Settlement(small.market.digest), {})
    assert (run.paid_cents, run.resource_cents, run.kgco2e, run.deliveries) == (0, 0, 0.0, ())
    assert small.market.start == START
    assert small.market.horizon_min == HORIZON_MIN
