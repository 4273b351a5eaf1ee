"""Winner determination: exact where branch and bound gets there, else a good set with a proven gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from agents.auction.anneal import anneal
from agents.auction.polish import polish
from agents.auction.problem import Bid, WinnerProblem, Winners
from agents.auction.program import Program, Relaxation, branch_and_bound, relax
from groupage.errors import AuctionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

# Temperatures as parts of what an accepted bid saves on average, and the part of its items' shadow prices that a bid is
# not credited with in a move: found on generated lanes, where 0.4 to 0.6 did about equally well.
HOT, COLD, CREDIT = 0.1, 0.04, 0.5
QUICK_MOVES_PER_BID = 200
# Branch and bound closes what is this small faster than annealing improves it.
SMALL = 400


@dataclass(frozen=True, slots=True)
class Search:
    """How hard to look; in counts, so that results repeat.

    Attributes
    ----------
    nodes
        Branch and bound nodes over all parts of a problem.
    runs, moves_per_bid
        Annealing runs, and moves in each, where a quick try leaves a problem that is not small.
    most_moves
        Annealing moves over all runs at most.
    windows
        Neighbourhoods that are then solved for themselves, or as many as there are accepted bids if those are more;
        with half of the nodes at most.
    most_columns
        Programs with more bids left open are not given to branch and bound, whose first node alone would take minutes.
    """

    nodes: int = 1000
    runs: int = 10
    moves_per_bid: int = 5_000
    most_moves: int = 200_000_000
    windows: int = 100
    most_columns: int = 3_000


USUAL = Search()


def determine_winners(
    problem: WinnerProblem,
    *,
    search: Search = USUAL,
    seed: int = 0,
    start: Iterable[int] = (),
    fees_cents: Mapping[str, int] | None = None,
) -> Winners:
    """Choose the bids that carry the items at the least cost.

    Bids that cannot win are left out, parts that share nothing are solved apart. Each part is relaxed to a linear
    program, whose reduced costs shut out what a good set rules out; a good set comes from annealing guided by the
    shadow prices; branch and bound proves or improves it. The same bids in any order give the same answer.

    Parameters
    ----------
    problem
        Bids, reserves and limits.
    search
        Limits of the search.
    seed
        Of the annealing.
    start
        A known set of bids, as positions in ``problem.bids``; the answer is no dearer.
    fees_cents
        Per bidder: what accepting any bid of that bidder costs beside the prices, once, at least 0. It is part of the
        cost and of the bound.

    Raises
    ------
    AuctionError
        When no set of bids carries every item without a reserve, or none was found.
    """
    fees = fees_cents or {}
    order = _worth_a_look(problem)
    bids = [problem.bids[index] for index in order]
    program, base_cents = _program(problem, bids, fees)
    known = _known(problem, program, order, start)
    chosen, bound, nodes, methods = np.zeros(program.costs.size, dtype=bool), base_cents, 0, []
    if ((np.diff(program.matrix.indptr) == 0) & (program.low > 0)).any():
        raise AuctionError("an item that has no reserve is in no bid")
    columns_left = program.costs.size
    for part in program.parts():
        share = max(1, (search.nodes - nodes) * part.size // columns_left)
        columns_left -= part.size
        solved = _solve(program.columns(part), share, search, seed, known[part] if known is not None else None)
        chosen[part] = solved.chosen
        bound += solved.bound_cents
        nodes += solved.nodes
        methods.append(solved.method)
    accepted = tuple(sorted(int(order[column]) for column in np.flatnonzero(chosen[: len(bids)])))
    cost = problem.cost_cents(accepted) + sum(fees.get(name, 0) for name in {problem.bids[i].bidder for i in accepted})
    if cost < bound:
        raise AuctionError(f"the accepted bids cost {cost} cents, below the proven bound of {bound}")
    return Winners(accepted, cost, bound, nodes, max(methods, key=_METHODS.index, default=_METHODS[0]))


_METHODS = (
    "presolve",
    "linear program",
    "branch and bound",
    "annealing and linear program",
    "annealing and branch and bound",
)


@dataclass(frozen=True, slots=True)
class _Solved:
    chosen: NDArray[np.bool_]
    bound_cents: int
    nodes: int
    method: str


def _worth_a_look(problem: WinnerProblem) -> list[int]:
    """Positions of the bids that can win, in an order that does not depend on theirs.

    A bid that asks at least the reserves of its items saves nothing; of equal offers of one bidder the cheapest counts.
    """

    def saves(bid: Bid) -> bool:
        if any(problem.most_per_group[group] == 0 for group in bid.groups):
            return False
        reserves = [problem.reserves_cents[item] for item in bid.items]
        return None in reserves or bid.price_cents < sum(reserve for reserve in reserves if reserve is not None)

    def key(index: int) -> tuple[str, list[int], list[str], int, int]:
        bid = problem.bids[index]
        return bid.bidder, sorted(bid.items), sorted(bid.groups), bid.price_cents, index

    kept: dict[tuple[str, frozenset[int], frozenset[str]], int] = {}
    for index in sorted((i for i, bid in enumerate(problem.bids) if saves(bid)), key=key):
        bid = problem.bids[index]
        kept.setdefault((bid.bidder, bid.items, bid.groups), index)
    return list(kept.values())


def _program(problem: WinnerProblem, bids: list[Bid], fees: Mapping[str, int]) -> tuple[Program, int]:
    """Build the integer program: a column per bid, then one per fee; and the cost of accepting nothing.

    A column costs its price less the reserves of its items. Limits that cannot bind get no row.
    """
    reserves = problem.reserves_cents
    costs = [bid.price_cents - sum(reserves[item] or 0 for item in bid.items) for bid in bids]
    rows: list[list[int]] = [[] for _ in reserves]
    of_bidder: dict[str, list[int]] = {}
    of_group: dict[str, list[int]] = {}
    for column, bid in enumerate(bids):
        for item in sorted(bid.items):
            rows[item].append(column)
        of_bidder.setdefault(bid.bidder, []).append(column)
        for group in sorted(bid.groups):
            of_group.setdefault(group, []).append(column)
    low = [1.0 if reserve is None else -np.inf for reserve in reserves]
    high = [1.0] * len(rows)
    limits = [(columns, problem.most_per_bidder) for _, columns in sorted(of_bidder.items())]
    limits += [(columns, problem.most_per_group[group]) for group, columns in sorted(of_group.items())]
    for columns, most in limits:
        if most is not None and most < len(columns):
            rows.append(columns)
            low.append(-np.inf)
            high.append(float(most))
    entries = [(row, column, 1.0) for row, columns in enumerate(rows) for column in columns]
    for bidder, fee in sorted(fees.items()):
        if not fee or bidder not in of_bidder:
            continue
        if problem.most_per_bidder == 1:
            for column in of_bidder[bidder]:
                costs[column] += fee
            continue
        for column in of_bidder[bidder]:
            entries += [(len(high), column, 1.0), (len(high), len(costs), -1.0)]
            low.append(-np.inf)
            high.append(0.0)
        costs.append(fee)
    row_of, column_of, figures = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_matrix((figures, (row_of, column_of)), shape=(len(high), len(costs)))
    nothing = sum(reserve or 0 for reserve in reserves)
    return Program(np.array(costs, dtype=np.int64), matrix, np.array(low), np.array(high)), nothing


def _known(
    problem: WinnerProblem, program: Program, order: list[int], start: Iterable[int]
) -> NDArray[np.bool_] | None:
    """Columns of a known set of bids; ``None`` where nothing is known and accepting nothing is not allowed."""
    chosen = np.zeros(program.costs.size, dtype=bool)
    given = [problem.bids[index] for index in start]
    if given:
        problem.cost_cents(start)
        column_of = {(b.bidder, b.items, b.groups): c for c, b in enumerate(problem.bids[i] for i in order)}
        offers = [(bid.bidder, bid.items, bid.groups) for bid in given]
        chosen[[column_of[offer] for offer in offers if offer in column_of]] = True
    entries = program.matrix.tocoo()
    for row, fee in zip(entries.row[entries.data < 0], entries.col[entries.data < 0], strict=True):
        chosen[fee] |= bool(chosen[entries.col[(entries.row == row) & (entries.data > 0)]].any())
    return chosen if program.feasible(chosen) else None


def _solve(program: Program, nodes: int, search: Search, seed: int, start: NDArray[np.bool_] | None) -> _Solved:
    """Solve one part, from a start where one is known."""
    relaxed = relax(program)
    best, bound = start, relaxed.bound_cents
    rounded = relaxed.values > 0.5
    if np.abs(relaxed.values - rounded).max() < 1e-6 and program.feasible(rounded) and program.cost(rounded) == bound:
        return _Solved(rounded, bound, 0, "linear program")
    annealed, used = False, 0
    if not (program.matrix.data < 0).any():
        size = program.costs.size
        best = _better(program, best, _annealed(program, relaxed, 1, QUICK_MOVES_PER_BID * size, seed))
        kept = _open(program, relaxed, best)
        if kept.size > SMALL:
            annealed = True
            moves = min(search.moves_per_bid * kept.size, search.most_moves)
            runs = max(1, min(search.runs, search.most_moves // moves))
            inner, seen = program.columns(kept), relaxed.of(kept)
            found = _better(inner, None if best is None else best[kept], _annealed(inner, seen, runs, moves, seed + 1))
            if found is not None:
                found, used = polish(inner, seen, found, max(search.windows, int(found.sum())), nodes // 2, seed)
                best = np.zeros(size, dtype=bool)
                best[kept] = found
    kept = _open(program, relaxed, best)
    tail = "linear program"
    if (best is None or program.cost(best) > bound) and kept.size <= search.most_columns:
        answer = branch_and_bound(program.columns(kept), nodes - used, None if best is None else best[kept])
        used, tail = used + answer.nodes, "branch and bound"
        if answer.chosen is not None:
            best = np.zeros(program.costs.size, dtype=bool)
            best[kept] = answer.chosen
        if answer.bound_cents is not None:
            bound = max(bound, answer.bound_cents if best is None else min(answer.bound_cents, program.cost(best)))
    if best is None:
        raise AuctionError(f"no set of bids that carries every item without a reserve was found in {nodes} nodes")
    return _Solved(best, bound, used, f"annealing and {tail}" if annealed else tail)


def _better(program: Program, one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """The cheaper of two choices that keeps every row."""
    if not program.feasible(other):
        return one
    return other if one is None or program.cost(other) < program.cost(one) else one


def _open(program: Program, relaxed: Relaxation, best: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Columns that a cheaper choice could still hold, and those of the best."""
    if best is None:
        return np.arange(program.costs.size)
    room = program.cost(best) - relaxed.bound_cents
    return np.flatnonzero((relaxed.reduced < room) | best)


def _annealed(program: Program, relaxed: Relaxation, runs: int, moves: int, seed: int) -> NDArray[np.bool_]:
    """The best choice of several annealing runs; rows with a floor are worth more than any bid costs."""
    by_column = program.column_matrix
    first, rows = by_column.indptr.astype(np.int64), by_column.indices.astype(np.int64)
    bonus = 2 * int(np.abs(program.costs).max()) * (program.low > 0)
    gain = -program.costs + (program.matrix.T @ bonus).astype(np.int64)
    worth = relaxed.reduced - program.costs
    guide = gain - CREDIT * worth
    unit = max(float(relaxed.values @ (worth - relaxed.reduced)), 1.0) / max(float(relaxed.values.sum()), 1.0)
    draws = [
        anneal(first, rows, program.high.astype(np.int64), gain, guide, moves, HOT * unit, COLD * unit, seed + run)
        for run in range(runs)
    ]
    return np.asarray(max(draws, key=lambda draw: draw[0])[1])
