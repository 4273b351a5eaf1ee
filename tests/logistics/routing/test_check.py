"""The judge of plans names what is wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logistics.routing import Plan, RoutingProblem, Stop, solve, violations
from logistics.shipments import Handling, Temperature
from tests.logistics.routing.worlds import job, plane, vehicle

NETWORK = plane({"b": (0, 0), "f": (10, 0), "c1": (20, 0), "c2": (30, 0)})
JOBS = (
    job("j1", "c1", pallets=4, window=(0, 90), service=(5, 10)),
    job("j2", "c2", pallets=5, window=(100, 600), service=(5, 10)),
)
PROBLEM = RoutingProblem(NETWORK, JOBS, (vehicle(shift=(0, 720), max_shift_min=600),))
PLAN = solve(PROBLEM, iterations=20, seed=1)
ROUTE = PLAN.routes[0]


def broken(problem: RoutingProblem = PROBLEM, **route: object) -> str:
    return "\n".join(violations(problem, Plan((replace(ROUTE, **route),), ())))


def with_stop(at: int, **changes: object) -> tuple[Stop, ...]:
    return (*ROUTE.stops[:at], replace(ROUTE.stops[at], **changes), *ROUTE.stops[at + 1 :])


def changed(**job_changes: object) -> RoutingProblem:
    return replace(PROBLEM, jobs=(replace(JOBS[0], **job_changes), JOBS[1]))


def offered(**changes: object) -> RoutingProblem:
    """The problem with its vehicle changed, in the offer or in the type."""
    offer = PROBLEM.fleet[0]
    own = {k: v for k, v in changes.items() if hasattr(offer, k)}
    of_type = {k: v for k, v in changes.items() if k not in own}
    return replace(PROBLEM, fleet=(replace(offer, **own, type=replace(offer.type, **of_type)),))


def test_the_planner_s_plan_holds() -> None:
    """A plan made by the planner has no violation, and is one tour base, factory, clients, base."""
    assert violations(PROBLEM, PLAN) == []
    assert [stop.site for stop in ROUTE.stops] == ["b", "f", "c1", "c2", "b"]


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (changed(delivery_close_min=20.0), "job j1 is delivered at"),
        (changed(pickup_open_min=300.0), "job j1 is loaded at"),
        (changed(unloading_min=11.0), "leaves c1"),
        (changed(destination="c2"), "job j1 is delivered at c1, expected c2"),
        (changed(origins=("c2",)), "job j1 is loaded at f, expected one of ['c2']"),
        (changed(pallets=6.0), "carries 11 pallets"),
        (changed(weight_kg=600.0), "carries 1100 kg"),
        (changed(volume_m3=6.0), "carries 11 m3"),
        (offered(excluded=frozenset({"j2"})), "carries job j2, which this vehicle may not carry"),
        (offered(shift_open_min=400.0), "starts at"),
        (offered(shift_close_min=100.0), "is back at"),
        (offered(max_shift_min=60.0), "expected at most 60"),
        (offered(count=0), "drives 1 routes, but there are 0"),
        (offered(speed_kmh=30.0), "reaches c1 from f"),
        (offered(base="f"), "starts at b, expected its base f"),
        (replace(PROBLEM, jobs=(*JOBS, job("j3", "c1"))), "job j3 is neither carried nor named"),
        (replace(PROBLEM, jobs=JOBS[:1]), "carries unknown jobs ['j2'"),
        (replace(PROBLEM, fleet=()), "the vehicle is not in the fleet"),
    ],
)
def test_a_plan_that_breaks_its_problem_is_named(problem: RoutingProblem, says: str) -> None:
    """Every rule of the problem that the plan breaks is said in words."""
    assert says in "\n".join(violations(problem, PLAN))


@pytest.mark.parametrize(
    ("route", "says"),
    [
        ({"stops": with_stop(2, deliveries=())}, "job j1 is loaded and never delivered"),
        ({"stops": with_stop(1, pickups=("j2",))}, "job j1 is delivered at c1 without being on board"),
        ({"stops": with_stop(2, arrival_min=ROUTE.stops[2].arrival_min - 1)}, "reaches c1 from f"),
        ({"stops": with_stop(2, start_min=ROUTE.stops[2].arrival_min - 1)}, "before it arrives"),
        ({"stops": ROUTE.stops[:-1]}, "ends at c2"),
        ({"stops": with_stop(2, site="nowhere")}, "unknown sites ['nowhere']"),
        ({"distance_km": ROUTE.distance_km + 1}, "km, but"),
        ({"duration_min": ROUTE.duration_min + 1}, "lasts"),
        ({"waiting_min": ROUTE.waiting_min + 1}, "waits"),
        ({"cost_lines": {**ROUTE.cost_lines, "distance": ROUTE.cost_lines["distance"] + 1}}, "cents of distance"),
        ({"cost_lines": {**ROUTE.cost_lines, "toll": 0}}, "cents of toll"),
        ({"cost_lines": {**ROUTE.cost_lines, "storage": 5}}, "has a cost line storage"),
    ],
)
def test_a_route_that_contradicts_itself_is_named(route: dict[str, object], says: str) -> None:
    """Stops, clocks, distances and cost lines must agree with each other, to the cent."""
    assert says in broken(**route)


def test_goods_that_may_not_meet_are_named() -> None:
    """Two jobs on one vehicle whose handling conflicts are a violation with the reason."""
    problem = changed(handling=Handling(temperature=Temperature.FROZEN))
    assert "jobs j1 and j2 share the vehicle: ambient and frozen" in "\n".join(violations(problem, PLAN))


def test_every_job_is_accounted_for_once() -> None:
    """A job carried twice, carried and unserved, unserved twice or unknown is a violation."""
    offer = replace(PROBLEM, jobs=(*JOBS, job("j3", "c1")))
    assert "job j1 is delivered 2 times" in "\n".join(violations(PROBLEM, Plan((ROUTE, ROUTE))))
    assert "job j1 is carried and named as unserved" in violations(PROBLEM, Plan((ROUTE,), ("j1",)))
    assert "job j3 is named as unserved 2 times" in violations(offer, Plan((ROUTE,), ("j3", "j3")))
    assert "unserved job x is unknown" in violations(PROBLEM, Plan((ROUTE,), ("x",)))
    assert violations(offer, Plan((ROUTE,), ("j3",))) == []
