"""How coalitions are costed, and shares follow, with few owners and with many."""

from __future__ import annotations

import numpy as np
import pytest

from agents.jobs import shipment_of
from agents.policy import Effort
from agents.protocols.deal import Deal
from agents.protocols.subsets import _chained, _pools
from agents.settlement import Load, Settlement
from agents.sharing import CoalitionGame, allocate
from agents.sharing.proportional import Proportional
from agents.synchronize import synchronize
from agents.tools import Tools
from agents.verdicts import NOT_DISTINGUISHABLE, STABLE, UNSTABLE
from logistics.consolidation import MixedPlan
from logistics.routing import Plan
from logistics.routing.problem import Stop
from tests.agents.markets import QUICK, Small, policy, small_market
from tests.agents.protocols.promises import check_promises

FEW_QUESTIONS = Effort(**QUICK.model_dump() | {"coalitions": 20})
MANY_OWNERS = 3  # seed of a market of which more than twelve owners' goods are pooled


def shared(small: Small, protocol: str, sharing: str, effort: Effort = QUICK) -> Settlement:
    """The settlement of a market."""
    return synchronize(small.market, dict(small.parties()), policy(protocol, sharing, effort=effort), 5).settlement


def owners_of(small: Small, settlement: Settlement) -> set[str]:
    """Who shares the pool's price."""
    return {small.market.shipments[s].owner for s in settlement.pooled}


def test_few_owners_are_certified() -> None:
    """Up to ten owners every coalition is costed, and the evidence says so."""
    small = small_market(5, factories=7, carriers=3)
    settlement = shared(small, "contract_net", "shapley")
    check_promises(small, settlement)
    owners = owners_of(small, settlement)
    assert len(owners) > 2
    assert settlement.evidence.stability["certified"] is True
    assert settlement.evidence.stability["coalitions_evaluated"] == 2 ** len(owners) - 1


@pytest.mark.parametrize("sharing", ["shapley", "nucleolus"])
def test_eleven_owners_cost_some(sharing: str) -> None:
    """With eleven owners the rule asks for as many coalitions as the effort allows, and the result is not certified."""
    small = small_market(0, factories=14, shipments=20, carriers=3, hubs=1)
    settlement = shared(small, "contract_net", sharing, FEW_QUESTIONS)
    check_promises(small, settlement)
    assert len(owners_of(small, settlement)) == 11
    assert settlement.evidence.stability["certified"] is False
    errors = settlement.evidence.standard_errors
    assert errors.keys() == (owners_of(small, settlement) if sharing == "shapley" else set())
    assert sharing != "shapley" or max(errors.values()) > 0
    assert 23 <= settlement.evidence.stability["coalitions_evaluated"] < 60


def test_many_owners_share_pool_by_pool() -> None:
    """With more than twelve owners each load is a pool of its own: far fewer coalitions, and every promise is kept."""
    small = small_market(101, factories=18, shipments=28, carriers=3, hubs=1)
    settlement = shared(small, "contract_net", "nucleolus")
    check_promises(small, settlement)
    assert len(owners_of(small, settlement)) > 12
    at = {
        load.id: {small.market.shipments[shipment_of(j)].owner for s in load.stops for j in s.deliveries}
        for load in settlement.loads
    }
    expected = sum(2 ** len(owners) - 1 for owners in at.values())
    assert settlement.evidence.stability["coalitions_evaluated"] == expected


@pytest.mark.parametrize("sharing", ["proportional", "nash_bargaining"])
def test_looking_at_stability_moves_no_money(sharing: str) -> None:
    """With more than twelve owners every rule shares pool by pool, whether or not coalitions are costed."""
    small = small_market(MANY_OWNERS, factories=18, shipments=36, carriers=3, hubs=0)
    effort = Effort(**QUICK.model_dump() | {"coalitions": 15})
    plain, watched = (
        synchronize(
            small.market, small.parties(), policy("contract_net", sharing, effort=effort), 11, stability=looked
        ).settlement
        for looked in (False, True)
    )
    assert len(owners_of(small, plain)) > 12
    assert plain.transfers == watched.transfers
    assert plain.evidence.raw_shares == watched.evidence.raw_shares
    assert watched.evidence.stability
    assert not plain.evidence.stability


def test_each_pool_pays_for_itself() -> None:
    """With more than twelve owners a load's owners save the same percentage of what that load's goods cost alone.

    Whoever is on one load alone is asked for no part of another's price, and a subsidy is shared out once.
    """
    small = small_market(MANY_OWNERS, factories=18, shipments=36, carriers=3, hubs=0)
    settlement = synchronize(small.market, small.parties(), policy("contract_net", "proportional"), 11).settlement
    deal = Deal(
        settlement.loads,
        reserves=settlement.evidence.reserves,
        standalone=settlement.standalone_cents,
        left_alone=settlement.left_cents,
        subsidy_cents=1001,
    )
    pools = [pool for _, pool in _pools(small.market, deal)]
    assert len(pools) > 1
    assert sum(pool.subsidy_cents for pool in pools) == 1001
    assert sum(pool.price_cents for pool in pools) == deal.price_cents
    on = {
        load.id: {small.market.shipments[shipment_of(j)].owner for s in load.stops for j in s.deliveries}
        for load in settlement.loads
    }
    raw = settlement.evidence.raw_shares
    for load in settlement.loads:
        if all(owner not in on[other] for owner in on[load.id] for other in on if other != load.id):
            assert sum(raw[o] for o in on[load.id]) == pytest.approx(sum(load.price_lines.values()), abs=len(raw))


def test_thirty_owners_in_proportion() -> None:
    """A rule that looks at no coalition shares among any number of owners."""
    small = small_market(3, factories=40, shipments=60, carriers=3, hubs=0)
    settlement = shared(small, "contract_net", "proportional")
    check_promises(small, settlement)
    assert len(owners_of(small, settlement)) > 24


def test_says_where_a_rule_fell_back() -> None:
    """What a rule had to do instead stands among the notes of the settlement, and by itself."""
    small = small_market(5, factories=13, carriers=3)
    evidence = shared(small, "contract_net", "equal_profit").evidence
    assert evidence.sharing_note.startswith("no split keeps")
    assert f"sharing by equal_profit: {evidence.sharing_note}" in evidence.notes


def test_fairness_needs_no_coalition() -> None:
    """Whether somebody pays more than alone, and how even savings are, is told of every rule without being asked."""
    small = small_market(5, factories=7, carriers=3)
    even, equal = (shared(small, "contract_net", rule).evidence for rule in ("proportional", "nash_bargaining"))
    assert not even.stability
    assert even.fairness["individually_rational"] is True
    assert even.fairness["raw_individually_rational"] is True
    assert even.fairness["jain_index"] == pytest.approx(1.0, abs=1e-4)  # shares are whole cents
    assert 0 < equal.fairness["jain_index"] < even.fairness["jain_index"]
    assert shared(small, "standalone", "proportional").evidence.fairness == {}


@pytest.mark.parametrize("protocol", ["contract_net", "trustee"])
def test_verdict_on_stability(protocol: str) -> None:
    """Where stability is asked for, the spread of three plans of the pooled goods is told, and what it makes of it."""
    small = small_market(5, factories=4, shipments=9, carriers=2)
    asked = synchronize(small.market, small.parties(), policy(protocol), 5, stability=True).settlement.evidence
    assert asked.stability["routing_noise_eur"] >= 0
    assert asked.stability["verdict"] in (STABLE, NOT_DISTINGUISHABLE, UNSTABLE)
    assert "verdict" not in shared(small, protocol, "shapley").evidence.stability


def test_a_violation_below_the_routing_noise_is_none() -> None:
    """What the most tempted group would gain is held against the noise: at most so much is not told apart from none."""
    small = small_market(5, factories=3, shipments=6, carriers=1)
    tools = Tools(small.market, Proportional(), QUICK, 1, stability=True)
    game = CoalitionGame(("a", "b", "c"), np.array([0, 900, 900, 1000, 900, 1800, 1800, 2100.0]))
    found = allocate(Proportional(), game)  # a and b pay 1400 for what costs them 1000
    shares = {p: round(x) for p, x in zip(found.players, found.shares, strict=True)}
    verdicts = {noise: tools.stability_of(found, shares, noise)["verdict"] for noise in (0, 399, 400)}
    assert verdicts == {0: UNSTABLE, 399: UNSTABLE, 400: NOT_DISTINGUISHABLE}
    tight = CoalitionGame(("a", "b"), np.array([0, 900, 900, 1600.0]))
    assert tools.stability_of(allocate(Proportional(), tight), {"a": 800, "b": 800}, 0)["verdict"] == STABLE


def test_routing_noise_is_the_spread_of_three_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans from three seeds: the dearest less the cheapest, at stated costs or in proportion to the pool's price."""
    small = small_market(5, factories=3, shipments=6, carriers=1)
    tools = Tools(small.market, Proportional(), QUICK, 1)
    seeds: list[int] = []
    cents = iter([1000, 1100, 1050] * 2)

    def planned(*_: object, seed: int, **__: object) -> MixedPlan:
        seeds.append(seed)
        return MixedPlan(Plan((), ()), {}, {}, cost_lines={"distance": next(cents)})

    monkeypatch.setattr("agents.tools.mixed_plan", planned)
    ids = list(tools.jobs.direct)
    assert tools.routing_noise_cents(ids, 2200) == 200
    assert tools.routing_noise_cents(ids, 2200, dict(small.region.operating_costs)) == 100
    assert len(set(seeds)) == 3


def test_weights_by_volume() -> None:
    """Sharing by volume weighs by cubic metres, and sharing by tonne-kilometres by these."""
    small = small_market(5, factories=3, shipments=6, carriers=1)
    market = small.market
    cubic, tonne_km = (
        Tools(market, Proportional(to=to), QUICK, 1).weights(market, market.shipments) for to in ("volume", "tonne_km")
    )
    for owner in market.owners:
        assert cubic[owner] == pytest.approx(sum(market.shipments[s].volume_m3 for s in market.owned_by(owner)))
    assert cubic != tonne_km


def test_loads_that_hand_over_are_one_pool() -> None:
    """Loads are grouped so that all legs of a shipment are in one pool, through any chain of loads."""

    def load(name: str, *jobs: str) -> Load:
        stop = Stop("c", 0.0, 0.0, 0.0, deliveries=jobs)
        return Load(name, "v", "v", (stop,), {})

    loads = [
        load("1", "a@h:in", "b@h:in"),
        load("2", "x"),
        load("3", "b@h:out", "y"),
        load("4", "a@h:out"),
        load("5", "x"),
    ]
    groups = [sorted(one.id for one in group) for group in _chained(loads)]
    assert sorted(groups) == [["1", "3", "4"], ["2", "5"]]
