"""Promises over planning days: what is promised on one day is kept on another, or void with a reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.bidding.learning import tally
from agents.day import Day
from agents.holding import HoldingView
from agents.model import World, pooling_model
from agents.verify import settlement_faults
from experiments.generator import region
from experiments.generator.params import GeneratorParams
from experiments.runs import world_of
from experiments.scenario import scenario_from_tables
from logistics import Stakes
from logistics.costs import CostLine
from tests.agents.markets import HORIZON_MIN, START, policy, small_market
from tests.agents.test_model import NO_DEMAND, HoldAll

AO = policy("alternating_offers")
PROMISING = (3, 7, 17, 23, 26)  # seeds of `drawn` under which promises are made
TIGHT = {"history_days": 0, "ahead_days": 0, "fleet_slack": 0.05, "urgent_share": 0.0, "patient_share": 0.8}


@lru_cache(maxsize=2)
def generated(seed: int = 7, days: int = 4) -> World:
    """A generated region with one small carrier, and goods that can wait."""
    sizes = {"factories": 3, "hubs": 1, "carriers": 1, "clients": 20, "orders_per_day": 20, "days": days, "seed": seed}
    tables = region.generate(GeneratorParams(**sizes, **TIGHT, intermittent_share=0.0))
    return world_of(scenario_from_tables(*tables))


def drawn(seed: int, days: int, keeping_eur: float = 0.0) -> World:
    """A small region with one vehicle of each type, and new goods on each day, that may go on any later one."""
    small = small_market(seed, factories=3, shipments=10, hubs=1, carriers=1)
    fleet = {v: replace(kind, count=1) for v, kind in small.region.vehicles.items()}
    releases = []
    for n in range(days):
        ahead, last = timedelta(days=n), timedelta(days=days)
        today = tuple(
            replace(
                s,
                id=f"{s.id}-{n}",
                ready_at=s.ready_at + ahead,
                released_at=s.released_at + ahead,
                window_open=s.window_open + ahead,
                window_close=s.window_close + last,
                due_at=s.window_close + last,
                stakes=Stakes(20.0, holding_eur_per_pallet_day=keeping_eur),
            )
            for s in small.shipments.values()
        )
        releases.append(((START + ahead).date(), START + ahead, today))
    return World(replace(small.region, vehicles=fleet), tuple(releases), NO_DEMAND, NO_DEMAND, HORIZON_MIN)


@lru_cache(maxsize=4)
def generated_days(seed: int = 7) -> tuple[Day, ...]:
    return run(generated(seed))


def run(world: World, *, hold: bool = False) -> tuple[Day, ...]:
    """Simulate all days; on each, what was promised and what owners pay is checked against their desks."""
    days = []
    with pooling_model(world, AO, 5) as model:
        if hold:
            model.holding = HoldAll()
        while not model.finished:
            day = model.run_day()
            days.append(day)
            s = day.settlement
            assert settlement_faults(day.market, s) == []
            assert s.operator_cents == 0
            for owner in day.market.owners:
                desk = model.desks[owner][0]
                own = frozenset(day.market.owned_by(owner))
                due = [p for p in day.market.due if p.owner == owner and p.id not in s.void]
                new = [p for p in s.promises if p.owner == owner]
                owed = sum(p.price_cents for p in due)
                rest = desk.alone(own - {k for p in due for k in p.lot}).price_cents  # type: ignore[union-attr]
                pays = s.paid_cents.get(owner, 0) - s.received_cents.get(owner, 0) + s.left_cents[owner]
                assert pays + sum(p.price_cents for p in new) <= rest + owed, "an owner is worse off for waiting"
    return tuple(days)


def check_days(world: World, days: tuple[Day, ...]) -> Counter[str]:
    """No shipment is lost, pooled twice, or pooled and promised; no promise is broken in silence."""
    made = {p.id: p for day in days for p in day.settlement.promises}
    told = Counter[str]()
    ended = Counter(d.shipment for day in days for d in day.executed.deliveries)
    assert ended == Counter(s.id for _, _, released in world.releases for s in released)
    assert Counter(d.shipment for day in days for d in day.alone.deliveries) == ended
    for day, (_, start, _) in zip(days, world.releases, strict=True):
        s = day.settlement
        lots = [k for p in s.promises for k in p.lot]
        assert len(set(lots)) == len(lots)
        assert not s.pooled & set(lots)
        assert set(lots) <= set(day.held)
        assert {p.id for p in day.market.due} == {i for i, p in made.items() if p.day == start}
        carried = {j: (load.carrier, st.start_min) for load in s.loads for st in load.stops for j in st.deliveries}
        for p in day.market.due:
            told["void" if p.id in s.void else "kept"] += 1
            assert s.void.get(p.id, "kept")
            assert p.id in s.void or all(carried[k][0] == p.carrier for k in p.lot)
    assert sum(told.values()) == len(made), "every promise comes due in the run"
    return told


def test_generated_region() -> None:
    """On a generated region promises are really made, and kept."""
    told = check_days(generated(), generated_days())
    assert told["kept"] > 0


def test_replay() -> None:
    """The records of days with promises lead to the same settlements, without anybody negotiating."""
    days = generated_days()
    records = {d.day: d.transcript for d in days}
    with pooling_model(generated(), AO, 5, transcripts=records) as model:
        for day in days:
            again = model.run_day()
            assert again.market.digest == day.market.digest
            assert again.settlement == day.settlement
            assert again.executed == day.executed


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROMISING) | st.integers(0, 10_000), st.integers(2, 3))
def test_any_region(seed: int, days: int) -> None:
    """Whatever the region: nothing is lost, nobody is worse off, no promise is broken in silence."""
    world = drawn(seed, days)
    check_days(world, run(world))


def test_promised_goods_are_not_held_anew() -> None:
    """A shipment that is promised is not put to the holding rule again, and goes to market on its day."""
    asked: list[str] = []

    class Asking(HoldAll):
        def decide(self, views: list[HoldingView], *rest: object) -> tuple[object, ...]:  # type: ignore[override]
            asked.extend(v.shipment for v in views)
            return ()

    seen = 0
    with pooling_model(generated(), AO, 5) as model:
        model.holding = Asking()
        while not model.finished:
            before = {k: p for p in model.promises for k in p.lot}
            asked.clear()
            day = model.run_day()
            assert not before.keys() & set(asked)
            for k, p in before.items():
                assert (k in day.market.shipments) == (p.day == day.market.start)
                seen += 1
    assert seen


def test_holding_and_promising() -> None:
    """Goods that a rule holds are promised to nobody until they are on the table."""
    days = run(generated(), hold=True)
    check_days(generated(), days)


@pytest.mark.parametrize("seed", PROMISING[:2])
def test_keeping_is_paid_by_the_owner(seed: int) -> None:
    """What keeping goods for a promise costs is among its owner's costs on the day of delivery."""
    world = drawn(seed, 3, keeping_eur=0.5)
    booked = 0
    for day in run(world):
        due = {k: p for p in day.market.due for k in p.lot}
        for d in day.executed.deliveries:
            cents = d.indirect_lines.get(str(CostLine.HOLDING), 0)
            if d.shipment in due:
                p = due[d.shipment]
                pallets = day.market.shipments[d.shipment].pallets
                assert cents == pytest.approx(50 * pallets * (p.day - p.made).days, abs=1)
                booked += 1
            else:
                assert cents == 0
        assert not any(str(CostLine.HOLDING) in d.indirect_lines for d in day.alone.deliveries)
    assert booked


def test_other_protocols_promise_nothing() -> None:
    """Under a protocol that knows today alone no market has later days or promises."""
    with pooling_model(generated(), policy("contract_net"), 5) as model:
        day = model.run_day()
        assert day.market.later == day.market.promises == day.settlement.promises == ()


def test_learning_counts_a_promise_once() -> None:
    """What a carrier promises counts as won on the day that it was promised, not again when it is due."""
    first, *rest = [d for d in generated_days() if d.settlement.promises or d.market.due]
    carrier = first.settlement.promises[0].carrier
    own = sum(len(p.lot) for p in first.settlement.promises if p.carrier == carrier)
    with_them = tally(carrier, first.market, first.settlement, first.transcript)
    without = tally(carrier, first.market, replace(first.settlement, promises=()), first.transcript)
    assert with_them.won == without.won + own
    later = next(d for d in rest if d.market.due)
    seen = tally(carrier, later.market, later.settlement, later.transcript)
    due = sum(len(p.lot) for p in later.market.due)
    assert seen.offered == len(later.market.shipments) - due
