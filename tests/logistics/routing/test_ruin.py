"""Ruin and recreate: feasible, never dearer, repeatable, and free of the traps of inserting one job at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.fleet import OperatingCosts
from logistics.routing import Plan, RoutingProblem, solve, violations
from logistics.routing.insertion import Inserter, Rounds
from logistics.routing.ruin import ruin_and_recreate
from logistics.routing.solve import mend, plan_of
from tests.logistics.routing.worlds import job, plane, random_problem, vehicle


def searched(problem: RoutingProblem, iterations: int, seed: int = 1, start: Rounds | None = None) -> Plan:
    """The problem's jobs after a search from a greedy start, or another."""
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    begin = mend(inserter, Rounds(), problem.jobs) if start is None else start
    prizes = {j.id: j.prize_cents for j in problem.jobs if j.prize_cents is not None}
    ids = [j.id for j in problem.jobs]
    found = ruin_and_recreate(inserter, begin, ids, prizes, iterations, np.random.default_rng(seed))
    return plan_of(inserter, found, problem.jobs)


def total(problem: RoutingProblem, plan: Plan) -> int:
    """Cents with the prizes foregone."""
    left = set(plan.unserved)
    return plan.cost_cents + sum(j.prize_cents or 0 for j in problem.jobs if j.id in left)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    jobs=st.integers(1, 14),
    prize=st.sampled_from([None, 500, 4_000, 20_000]),
    single=st.booleans(),
)
def test_keeps_every_rule_and_never_gets_dearer(seed: int, jobs: int, prize: int | None, single: bool) -> None:
    """Tours keep windows, capacities and counts, and cost no more than those the search began with."""
    problem = random_problem(seed, jobs, single=single)
    problem = replace(problem, jobs=tuple(replace(j, prize_cents=prize) for j in problem.jobs))
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    start = plan_of(inserter, mend(inserter, Rounds(), problem.jobs), problem.jobs)
    found = searched(problem, 150, seed)
    assert violations(problem, found) == []
    missing = {j.id for j in problem.jobs if j.prize_cents is None}
    assert len(missing & set(found.unserved)) <= len(missing & set(start.unserved))
    if len(missing & set(found.unserved)) == len(missing & set(start.unserved)):
        # The search adds up unrounded cents, a plan whole ones a line.
        assert total(problem, found) <= total(problem, start) + 5 * len(start.routes)


def test_same_seed_same_tours() -> None:
    """The draws come from the generator handed in and nowhere else."""
    problem = random_problem(5, 25)
    assert searched(problem, 300, 7) == searched(problem, 300, 7)
    assert searched(problem, 40, 7) != searched(problem, 40, 8)


@pytest.mark.parametrize("seed", range(3))
def test_a_larger_vehicle_takes_what_two_small_ones_carry(seed: int) -> None:
    """Two tours merge though each alone is cheapest in a small vehicle, and neither small one holds both."""
    network = plane({"b": (0, 0), "f": (1, 0), "c": (60, 0), "d": (60, 1)})
    jobs = (job("j", "c", pallets=4.0, window=(0, 100)), job("k", "d", pallets=4.0, window=(0, 100)))
    small = vehicle("van", capacity=4.0, costs=OperatingCosts(fixed_eur=50.0, per_km_eur=1.0))
    large = vehicle("rigid", capacity=9.0, costs=OperatingCosts(fixed_eur=80.0, per_km_eur=1.1))
    problem = RoutingProblem(network, jobs, (small, large))
    inserter = Inserter(network, problem.fleet, jobs)
    apart = mend(inserter, Rounds(), jobs)
    assert [v for v, _ in apart.tours] == [0, 0]
    assert [route.vehicle for route in searched(problem, 200, seed, apart).routes] == ["rigid"]


@pytest.mark.parametrize("seed", range(3))
def test_jobs_that_pay_only_together_are_carried(seed: int) -> None:
    """No tour for one job pays against its prize, one for all four does; a search from no tour at all finds it."""
    places = {f"c{i}": (50.0, float(i)) for i in range(4)}
    network = plane({"b": (0, 0), "f": (1, 0)} | places)
    jobs = tuple(job(f"j{i}", f"c{i}", prize_cents=9_000) for i in range(4))
    problem = RoutingProblem(network, jobs, (vehicle(),))
    assert all(searched(replace(problem, jobs=(j,)), 50).unserved for j in jobs)
    together = searched(problem, 200, seed)
    assert together.unserved == ()
    assert together.cost_cents < 4 * 9_000


def test_leaves_out_what_costs_more_than_its_prize() -> None:
    """An optional job far off the way is not worth its detour; one on the way is."""
    network = plane({"b": (0, 0), "f": (1, 0), "c": (30, 0), "way": (20, 0), "off": (0, 300)})
    jobs = (job("must", "c"), job("near", "way", prize_cents=300), job("far", "off", prize_cents=300))
    problem = RoutingProblem(network, jobs, (vehicle(),))
    inserter = Inserter(network, problem.fleet, jobs)
    everything = mend(inserter, Rounds(), tuple(replace(j, prize_cents=None) for j in jobs))
    assert searched(problem, 300, start=everything).unserved == ("far",)


def test_drops_a_tour_that_no_longer_pays() -> None:
    """A start that carries everything loses the whole tour whose jobs are cheaper left out."""
    network = plane({"b": (0, 0), "f": (1, 0), "c": (30, 0), "d": (0, 200), "e": (0, 210)})
    jobs = (job("must", "c"), job("x", "d", prize_cents=5_000), job("y", "e", prize_cents=5_000))
    problem = RoutingProblem(network, jobs, (vehicle(),))
    assert solve(problem, iterations=20, seed=1).unserved == ("x", "y")


def test_no_jobs_and_no_steps() -> None:
    """Nothing to do gives back what was there."""
    problem = random_problem(3, 4)
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    assert ruin_and_recreate(inserter, Rounds(), [], {}, 10, np.random.default_rng(1)) == Rounds()
    start = mend(inserter, Rounds(), problem.jobs)
    same = ruin_and_recreate(inserter, start, [j.id for j in problem.jobs], {}, 0, np.random.default_rng(1))
    assert set(same.tours) == set(start.tours)


def test_a_part_of_the_jobs_has_arrays_of_the_same_types() -> None:
    """Another layout in memory would have the whole search compiled once more, which takes a minute."""
    problem = random_problem(3, 6)
    inserter = Inserter(problem.network, problem.fleet, problem.jobs)
    whole, part = inserter.world([j.id for j in problem.jobs]), inserter.world([j.id for j in problem.jobs[1:]])
    assert [a.flags.c_contiguous for a in part] == [a.flags.c_contiguous for a in whole] == [True] * len(whole)
