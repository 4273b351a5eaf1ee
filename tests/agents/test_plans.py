"""Plans as tables and back."""

from __future__ import annotations

import random

import pytest

from agents.jobs import JobBook
from agents.messages import ANSWERS, QUESTIONS, Topic
from agents.plans import carried, priced, routes_from_table, table_from_routes
from logistics.jobs import fleet_for
from logistics.routing import Plan, RoutingProblem, solve
from tests.agents.markets import HORIZON_MIN, START, Small, small_market


def planned(seed: int) -> tuple[Small, RoutingProblem, Plan]:
    small = small_market(seed, factories=3, shipments=8, carriers=2)
    book = JobBook(small.market)
    r = small.region
    fleet, _ = fleet_for(r.vehicles, r.operating_costs, r.carriers, book.direct, r.sites, START, HORIZON_MIN)
    problem = RoutingProblem(r.network, tuple(book.direct.values()), fleet)
    return small, problem, solve(problem, iterations=20, seed=1)


@pytest.mark.parametrize("seed", [3, 13, 24, 31])
def test_round_trip(seed: int) -> None:
    """Stops, services in order, times and prices come back as they went; so does the cost worked out from them."""
    small, problem, plan = planned(seed)
    prices = [1000 + n for n in range(len(plan.routes))]
    body = table_from_routes(ANSWERS[Topic.PLAN], "v", plan.routes, prices)
    assert body.schema.equals(ANSWERS[Topic.PLAN], check_metadata=True)
    assert body["price_cents"].null_count == len(body) - len(plan.routes), "a price stands once a load"
    routes, stated = routes_from_table(body)
    assert [r.stops for r in routes.values()] == [r.stops for r in plan.routes]
    assert [r.vehicle for r in routes.values()] == [r.vehicle for r in plan.routes]
    assert list(stated.values()) == prices
    assert list(routes) == list(stated) == [f"v-{n}" for n in range(1, len(prices) + 1)]
    assert carried(routes) == {j for r in plan.routes for j in r.jobs}
    fleet = {v.id: v for v in problem.fleet}
    again = [priced(fleet[r.vehicle], r.stops, small.region.network) for r in routes.values()]
    assert [r.cost_lines for r in again] == [r.cost_lines for r in plan.routes]


def test_stops_out_of_order() -> None:
    """Rows may come stop by stop in any order: the position says where they belong."""
    _, _, plan = planned(3)
    body = table_from_routes(QUESTIONS[Topic.LOADS], "v", plan.routes, [5] * len(plan.routes))
    order = list(range(len(body)))
    random.Random(1).shuffle(order)
    mixed, prices = routes_from_table(body.take(order))
    straight, _ = routes_from_table(body)
    assert prices == dict.fromkeys(straight, 5)
    for load, route in straight.items():
        assert [(s.site, s.start_min) for s in mixed[load].stops] == [(s.site, s.start_min) for s in route.stops]
        assert [set(s.deliveries) for s in mixed[load].stops] == [set(s.deliveries) for s in route.stops]


def test_nothing() -> None:
    """No routes make an empty table, and back."""
    assert routes_from_table(table_from_routes(ANSWERS[Topic.PLAN], "v", [], [])) == ({}, {})
