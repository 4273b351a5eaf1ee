"""The integer program beneath: bounds that hold, and a start that is used."""

from __future__ import annotations

import numpy as np

from agents.auction.program import Program, branch_and_bound, relax, round_up
from agents.auction.winners import _program
from tests.agents.auction.auctions import lanes


def packing() -> Program:
    """Lanes as a program, without presolve."""
    problem = lanes(25, 300, 5, seed=7)
    return _program(problem, list(problem.bids), {})[0]


def test_a_start_is_never_made_worse_and_bounds_hold() -> None:
    """With one node, from the proven optimum: that optimum comes back, and both bounds lie at or below it."""
    program = packing()
    proven = branch_and_bound(program, 10_000, np.zeros(program.costs.size, dtype=bool))
    assert proven.chosen is not None
    cost = program.cost(proven.chosen)
    assert program.feasible(proven.chosen)
    assert proven.bound_cents == cost
    again = branch_and_bound(program, 1, proven.chosen)
    assert again.chosen is not None
    assert program.cost(again.chosen) == cost
    assert again.bound_cents is not None
    assert relax(program).bound_cents <= again.bound_cents <= cost


def test_reduced_costs_bound_every_column() -> None:
    """Forcing a column in costs at least the bound plus its reduced cost."""
    program = packing()
    relaxed = relax(program)
    proven = branch_and_bound(program, 10_000, None)
    assert proven.chosen is not None
    inside = relaxed.reduced[proven.chosen]
    assert relaxed.bound_cents - 1 + np.maximum(inside, 0).max() <= program.cost(proven.chosen)


def test_parts_share_no_row() -> None:
    """Columns of different parts are in different rows, and every column is in one part."""
    problem = lanes(40, 25, 2, seed=1, most_per_bidder=None)
    program = _program(problem, list(problem.bids), {})[0]
    parts = program.parts()
    assert sorted(np.concatenate(parts).tolist()) == list(range(25))
    assert len(parts) > 1
    rows = [set(np.flatnonzero(program.matrix[:, part].sum(axis=1))) for part in parts]
    assert sum(map(len, rows)) == len(set().union(*rows))


def test_bounds_are_rounded_to_whole_cents_short_of_the_solver_s_tolerance() -> None:
    """A bound a hair above a whole cent is that cent; one clearly above is the next."""
    assert [round_up(100.0000001), round_up(99.9999), round_up(100.2), round_up(-0.5)] == [100, 100, 101, 0]
