"""Bidding that learns from wins and losses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.bidding import Adaptive, Tally
from agents.bidding.learning import after, tally
from agents.model import World, pooling_model
from agents.policy import Choice
from agents.synchronize import replayed, synchronize
from tests.agents.bidding.contract import BiddingContract, tallies
from tests.agents.markets import HORIZON_MIN, START, policy, small_market

LIVELY = {"factories": 3, "shipments": 8, "hubs": 1, "carriers": 2}
SEED = 31


class TestAdaptive(BiddingContract):
    """Learns its markup."""

    def build(self):
        return Adaptive()

    @given(days=st.lists(tallies(), max_size=100))
    def test_bounds(self, days):
        """The markup stays between nothing and the most, whatever happens."""
        strategy = Adaptive(percent=30.0, most=35.0, step=50.0)
        for day in days:
            strategy = strategy.learned(day)
            assert 0 <= strategy.percent <= 35.0

    def test_who_always_wins_asks_more(self):
        """Winning everything takes the markup up to the most, losing everything down to nothing."""
        up = down = Adaptive()
        for _ in range(50):
            higher, lower = up.learned(Tally(10, 10)), down.learned(Tally(10, 0))
            assert higher.percent > up.percent or up.percent == up.most
            assert lower.percent < down.percent or down.percent == 0
            up, down = higher, lower
        assert (up.percent, down.percent) == (50.0, 0.0)

    def test_rests_where_the_aim_is_won(self):
        """Where each percentage point loses some work, the markup settles where just the aim is won."""
        strategy = Adaptive(aim=0.4)
        for _ in range(200):
            strategy = strategy.learned(Tally(1000, round(1000 * max(0.0, 1 - strategy.percent / 40))))
        assert strategy.percent == pytest.approx(24.0, abs=0.1)

    def test_a_day_without_offers_teaches_nothing(self):
        """Who was asked for nothing keeps its markup."""
        assert Adaptive().learned(Tally(0, 0)) == Adaptive()

    @pytest.mark.parametrize(
        "wrong", [{"percent": -1.0}, {"percent": 60.0}, {"aim": 0.0}, {"aim": 1.0}, {"step": 0.0}, {"most": -1.0}]
    )
    def test_parameters(self, wrong):
        """What cannot be is refused with what was given."""
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Adaptive(**wrong)


@pytest.mark.parametrize("protocol", ["contract_net", "trustee"])
def test_wins_are_counted(protocol):
    """A carrier's wins are the shipments on its loads, a hub's those on its docks, of all that could be delivered."""
    small = small_market(SEED, **LIVELY)
    outcome = synchronize(small.market, small.parties(), policy(protocol), 1)
    seen = {
        who: tally(who, small.market, outcome.settlement, outcome.transcript) for who in ("v0", "v1", "h0", "network")
    }
    s = outcome.settlement
    assert {t.offered for who, t in seen.items() if who != "network"} == {8}
    assert seen["network"] == Tally(0, 0)  # it has no vehicles and was asked for nothing
    carried = {
        who: {i for load in s.loads if load.carrier == who for x in load.stops for i in x.deliveries}
        for who in ("v0", "v1")
    }
    assert {who: seen[who].won for who in carried} == {
        who: len({j.split("@")[0] for j in jobs}) for who, jobs in carried.items()
    }
    assert seen["h0"].won == len({leg.shipment for leg in s.legs if "@" in leg.job})
    assert seen["h0"].won > 0


def test_a_model_feeds_each_bidder_its_own_day():
    """After a day each carrier and hub bids as its own wins have taught it, and the next day's record replays."""
    small = small_market(SEED, **LIVELY)
    tomorrow = START + timedelta(days=1)
    later = {
        f"{k}-later": replace(
            s,
            id=f"{k}-later",
            ready_at=s.ready_at + timedelta(days=1),
            window_open=s.window_open + timedelta(days=1),
            window_close=s.window_close + timedelta(days=1),
            due_at=s.due_at + timedelta(days=1),
        )
        for k, s in small.shipments.items()
    }
    releases = (
        (START.date(), START, tuple(small.shipments.values())),
        (tomorrow.date(), tomorrow, tuple(later.values())),
    )
    empty = pd.DataFrame({"unique_id": [], "ds": [], "y": [], "promotion": []}).astype({"unique_id": str})
    chosen = policy("contract_net").model_copy(update={"bidding": Choice(name="adaptive")})
    with pooling_model(World(small.region, releases, empty, empty, HORIZON_MIN), chosen, seed=1) as model:
        first = model.run_day()
        learned = {who: agent.bidding for who, agent in (*model.carriers.items(), *model.hubs.items())}
        for who, strategy in learned.items():
            assert strategy == after(Adaptive(), tally(who, first.market, first.settlement, first.transcript))
        assert len({strategy.percent for strategy in learned.values()}) > 1
        second = model.run_day()
        assert {who: desks[-1].bidding for who, desks in model.desks.items() if who in learned} == learned
        assert replayed(second.market, chosen, second.transcript).settlement == second.settlement
