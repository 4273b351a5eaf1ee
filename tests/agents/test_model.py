"""Days in a row: nothing is lost between them, held shipments come back, and models can be let go of."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from agents.day import Day
from agents.holding import HoldingDecision, HoldingView
from agents.model import PoolingModel, World, pooling_model
from agents.policy import Choice, Policy
from forecasting.lightgbm_model import FittedLightGBM
from tests.agents.markets import HORIZON_MIN, START, policy, small_market

DAYS = 3
NO_DEMAND = pd.DataFrame(
    {"unique_id": pd.Series(dtype=str), "ds": pd.Series(dtype="datetime64[ns]"), "y": [], "promotion": []}
)


def world(seed: int = 31, days: int = DAYS) -> World:
    """The same region for some days, with new shipments each; every third may be delivered on any day from its own."""
    base = small_market(seed, factories=3, shipments=6, hubs=1, carriers=2)
    releases = []
    for n in range(days):
        ahead = timedelta(days=n)
        today = []
        for i, s in enumerate(base.shipments.values()):
            later = timedelta(days=days - 1) if i % 3 == 0 else ahead
            today.append(
                replace(
                    s,
                    id=f"{s.id}-{n}",
                    ready_at=s.ready_at + ahead,
                    released_at=s.released_at + ahead,
                    window_open=s.window_open + ahead,
                    window_close=s.window_close + later,
                    due_at=s.window_close + later,
                )
            )
        releases.append(((START + ahead).date(), START + ahead, tuple(today)))
    return World(base.region, tuple(releases), NO_DEMAND, NO_DEMAND, HORIZON_MIN)


@dataclass(frozen=True)
class HoldAll:
    """Holds whatever may wait."""

    name: str = "hold_all"
    uses_forecast: bool = False

    def decide(
        self, views: list[HoldingView], forecast: object, day: date, rng: np.random.Generator
    ) -> tuple[HoldingDecision, ...]:
        return tuple(HoldingDecision(v.shipment, v.last_day > 0, "as long as it can") for v in views)


def days_of(a_world: World, a_policy: Policy, seed: int = 5, hold: bool = False) -> tuple[list[Day], pd.DataFrame]:
    days = []
    with pooling_model(a_world, a_policy, seed) as model:
        if hold:
            model.holding = HoldAll()
        while not model.finished:
            model.step()
            assert model.last is not None
            days.append(model.last)
        return days, model.datacollector.get_model_vars_dataframe()


@pytest.mark.parametrize("protocol", ["standalone", "contract_net", "trustee"])
@pytest.mark.parametrize("hold", [False, True])
def test_nothing_is_lost(protocol: str, hold: bool) -> None:
    """Each shipment that was released ends on one day; until then it is held, with a reason, day after day."""
    a_world = world()
    days, _ = days_of(a_world, policy(protocol), hold=hold)
    released = {s.id for _, _, shipments in a_world.releases for s in shipments}
    ended: list[str] = [d.shipment for day in days for d in day.executed.deliveries]
    assert sorted(ended) == sorted(released)
    waiting: set[str] = set()
    for day in days:
        on_hand = waiting | set(day.released)
        assert set(day.market.shipments) | set(day.held) == on_hand
        assert not set(day.market.shipments) & set(day.held)
        assert all(reason for _, reason in day.held.values())
        waiting = set(day.held)
    assert not waiting, "nothing is held on the last day"


def test_held_shipments_come_back() -> None:
    """What can wait is held to its last chance and then delivered; what cannot is not."""
    a_world = world()
    days, _ = days_of(a_world, policy("contract_net"), hold=True)
    assert set(days[0].held) == {"s0-0", "s3-0"}
    assert {"s0-0", "s3-0"} <= set(days[-1].market.shipments)
    assert days[0].held["s0-0"][0] == a_world.releases[0][2][0].owner
    shipped, _ = days_of(a_world, policy("contract_net"))
    assert not any(day.held for day in shipped)


def test_factories_forecast_their_own_lanes() -> None:
    """Where holding looks ahead, each factory forecasts every day, from its own history only; else nobody does."""
    base = world()
    owners = sorted({s.owner for _, _, shipments in base.releases for s in shipments})
    first = pd.Timestamp(base.releases[0][0])
    demand = pd.DataFrame(
        [
            {"unique_id": f"{owner}|Z|", "ds": first + pd.Timedelta(days=d), "y": 10.0 * i + 1, "promotion": 0.0}
            for i, owner in enumerate(owners)
            for d in range(-28, DAYS)
        ]
    )
    known = replace(base, history=demand[demand["ds"] < first], future=demand[demand["ds"] >= first])
    ahead = {"holding": Choice(name="quantity_based"), "forecaster": Choice(name="seasonal_naive")}
    with pooling_model(known, policy("standalone").model_copy(update=ahead), 5) as model:
        for day, _, _ in known.releases:
            model.step()
            for i, owner in enumerate(owners):
                forecast = model.factories[owner].forecast
                assert forecast is not None
                assert (forecast.series, forecast.first_day) == ((f"{owner}|Z|",), day)
                assert forecast.paths.mean() == pytest.approx(10.0 * i + 1)
    with pooling_model(known, policy("standalone"), 5) as model:
        model.step()
        assert all(factory.forecast is None for factory in model.factories.values())


def test_a_lane_of_one_weekday_is_rare_not_weekly() -> None:
    """An owner's record holds every order: a lane with one each Monday beside a daily one is forecast day by day."""
    base = world()
    owner = base.releases[0][2][0].owner
    first = pd.Timestamp(base.releases[0][0])
    days = [(f"{owner}|Z|", first - pd.Timedelta(days=d)) for d in range(1, 71)]
    weeks = [(f"{owner}|Y|", first - pd.Timedelta(days=7 * w)) for w in range(1, 11)]
    rows = [{"unique_id": lane, "ds": day, "y": 2.0, "promotion": 0.0} for lane, day in (*days, *weeks)]
    known = replace(base, history=pd.DataFrame(rows))
    ahead = {"holding": Choice(name="quantity_based"), "forecaster": Choice(name="seasonal_naive")}
    with pooling_model(known, policy("standalone").model_copy(update=ahead), 5) as model:
        model.step()
        forecast = model.factories[owner].forecast
        assert forecast is not None
        np.testing.assert_array_equal(
            forecast.paths[forecast.rows([f"{owner}|Y|"])[0], :3].mean(axis=1), [2.0, 0.0, 0.0]
        )


@pytest.mark.parametrize(
    ("gap_days", "params", "reach"), [(1, {}, 7), (3, {}, 7), (9, {}, 14), (1, {"horizon": 14}, 14)]
)
def test_forecasters_look_no_further_than_agents(gap_days: int, params: dict[str, int], reach: int) -> None:
    """A forecaster learns as far ahead as the longest look of the run, unless the policy says how far; what it says of
    these days is the same, to the byte, as that of one that looks further.
    """
    base = world(days=2)
    (first_day, *first), (_, start, later) = base.releases
    releases = ((first_day, *first), (first_day + timedelta(days=gap_days), start, later))
    days = pd.date_range(end=pd.Timestamp(first_day) + pd.Timedelta(days=20), periods=150)
    owners = sorted({s.owner for _, _, shipments in releases for s in shipments})
    week = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 0.0, 0.0])
    demand = pd.DataFrame(
        [
            {"unique_id": f"{owner}|Z|", "ds": day, "y": week[day.weekday()] + n % 3, "promotion": 0.0}
            for owner in owners
            for n, day in enumerate(days)
        ]
    )
    today = pd.Timestamp(first_day)
    known = replace(base, releases=releases, history=demand[demand["ds"] < today], future=demand[demand["ds"] >= today])
    chosen = {
        "holding": Choice(name="forecast_value"),
        "forecaster": Choice(name="lightgbm", params={"trees": 5} | params),
    }
    with pooling_model(known, policy("contract_net").model_copy(update=chosen), 5) as model:
        model.step()
        factory = model.factories[owners[0]]
        assert isinstance(factory.fitted, FittedLightGBM)
        assert factory.fitted.buckets[-1].recipe.reach == reach
        assert factory.forecast is not None
        shown = factory.forecast.paths
    farther = {**chosen, "forecaster": Choice(name="lightgbm", params={"trees": 5, "horizon": 28})}
    with pooling_model(known, policy("contract_net").model_copy(update=farther), 5) as model:
        model.step()
        other = model.factories[owners[0]].forecast
        assert other is not None
        np.testing.assert_array_equal(other.paths, shown)


def test_window_on_a_later_day() -> None:
    """A shipment released before its delivery day waits for that day, whatever the holding rule."""
    a_world = world()
    day, start, shipments = a_world.releases[0]
    early = replace(
        shipments[1],
        **{f: getattr(shipments[1], f) + timedelta(days=1) for f in ("window_open", "window_close", "due_at")},
    )
    changed = replace(a_world, releases=((day, start, (early, *shipments[2:])), *a_world.releases[1:]))
    days, _ = days_of(changed, policy("standalone"))
    assert days[0].held[early.id] == (early.owner, "its delivery window is on a later day")
    assert early.id in days[1].market.shipments


def test_no_stakes_in_the_market() -> None:
    """What lateness costs an owner is in no day's market."""
    days, _ = days_of(world(), policy("contract_net"))
    assert all(s.stakes is None for day in days for s in day.market.shipments.values())


def test_data_collector() -> None:
    """The collector has a row a day with the figures of that day."""
    days, frame = days_of(world(), policy("trustee"))
    assert list(frame["day"]) == [d.day for d in days]
    assert list(frame["negotiated"]) == [len(d.market.shipments) for d in days]
    assert list(frame["pooled"]) == [len(d.settlement.pooled) for d in days]
    assert list(frame["paid_eur"]) == [d.executed.paid_cents / 100 for d in days]
    assert list(frame["alone_eur"]) == [d.alone.paid_cents / 100 for d in days]
    assert sum(frame["pooled"]) > 0


def test_agents_book_their_money() -> None:
    """After a day each factory, carrier and hub knows what it paid or received, by the settlement."""
    with pooling_model(world(), policy("trustee"), 5) as model:
        model.step()
        assert model.last is not None
        s = model.last.settlement
        assert s.pooled
        for owner, factory in model.factories.items():
            net = s.paid_cents.get(owner, 0) + s.left_cents.get(owner, 0)
            assert factory.paid_eur == net / 100
            assert factory.standalone_eur == s.standalone_cents.get(owner, 0) / 100
        assert {c: a.received_eur for c, a in model.carriers.items()} == {
            c: s.received_cents.get(c, 0) / 100 for c in model.carriers
        }
        assert {h: a.received_eur for h, a in model.hubs.items()} == {
            h: s.received_cents.get(h, 0) / 100 for h in model.hubs
        }


def test_two_runs_are_equal() -> None:
    """The same world, policy and seed give the same days, record and all; another seed another stream."""
    one, frame = days_of(world(), policy("contract_net", "shapley"))
    two, again = days_of(world(), policy("contract_net", "shapley"))
    assert [d.settlement for d in one] == [d.settlement for d in two]
    assert [d.executed for d in one] == [d.executed for d in two]
    assert [d.transcript.rounds[0].sent[0].id for d in one] == [d.transcript.rounds[0].sent[0].id for d in two]
    assert frame.equals(again)
    other, _ = days_of(world(), policy("contract_net", "shapley"), seed=6)
    assert [d.transcript.seed for d in other] != [d.transcript.seed for d in one]


def test_replayed_days() -> None:
    """Days fed from their records, without negotiating, are the same days."""
    one, _ = days_of(world(), policy("contract_net"))
    with pooling_model(world(), policy("contract_net"), 5, transcripts={d.day: d.transcript for d in one}) as model:
        for day in one:
            model.step()
            assert model.last is not None
            assert model.last.settlement == day.settlement
            assert model.last.executed == day.executed


def test_released_from_memory() -> None:
    """A model that was let go of is gone, with its world's desks and agents, also where a day failed."""
    with pooling_model(world(), policy("standalone"), 5) as model:
        model.step()
        gone = [weakref.ref(model), *(weakref.ref(a) for a in model.agents)]
        assert len(gone) == 1 + len(model.factories) + len(model.carriers) + len(model.hubs)
    del model
    gc.collect()
    assert all(ref() is None for ref in gone)

    failed: list[weakref.ref[PoolingModel]] = []

    def fail() -> None:
        with pooling_model(world(), policy("standalone"), 5) as model:
            failed.append(weakref.ref(model))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    gc.collect()
    assert failed[0]() is None


def test_policy_is_checked_before_the_first_day() -> None:
    """A wrong holding rule or bidding strategy shows when the model is made."""
    good = policy("standalone")
    for kind in ("holding", "bidding"):
        wrong = good.model_copy(update={kind: Choice(name="nonsense")})
        with pytest.raises(ValueError, match="nonsense"), pooling_model(world(), wrong, 5):
            pass
