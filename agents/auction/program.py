"""Winner determination as an integer program: HiGHS with limits in nodes, and bounds that hold to the cent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix, diags, vstack
from scipy.sparse.csgraph import connected_components

from groupage.errors import AuctionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# In cents. Costs are whole cents, so a bound may be rounded up; the solver's own tolerances lie well below this.
ROUNDING_CENTS = 1e-3
INFEASIBLE = 2
SIMPLEX_COLUMNS = 1_000


@dataclass(frozen=True, eq=False)
class Program:
    """Minimise whole costs over columns of 0 and 1, ``low <= matrix @ x <= high``.

    Attributes
    ----------
    costs
        Shape ``(columns,)``, in cents.
    matrix
        Shape ``(rows, columns)``, entries 1, and -1 where a column stands for a fee.
    low, high
        Shape ``(rows,)``; ``low`` is minus infinity where a row has no floor.
    """

    costs: NDArray[np.int64]
    matrix: Any
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def columns(self, kept: NDArray[np.int64]) -> Program:
        """Keep some columns, and the rows that they are in."""
        matrix = self.matrix[:, kept]
        rows = np.flatnonzero(np.diff(matrix.indptr) > 0)
        return Program(self.costs[kept], matrix[rows], self.low[rows], self.high[rows])

    def parts(self) -> list[NDArray[np.int64]]:
        """Columns that share no row with others, part by part; smallest parts first."""
        row_count, count = self.matrix.shape
        if not count:
            return []
        entries = self.matrix.tocoo()
        ends = (entries.col, entries.row + count)
        links = csr_matrix((np.ones(entries.nnz), ends), shape=(count + row_count, count + row_count))
        labels = connected_components(links, directed=False)[1][:count]
        order = np.argsort(labels, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        return sorted(parts, key=lambda part: (part.size, int(part[0])))

    def feasible(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether a choice of columns keeps every row."""
        sums = self.matrix @ chosen.astype(np.float64)
        return bool((sums <= self.high).all() and (sums >= self.low).all())

    def cost(self, chosen: NDArray[np.bool_]) -> int:
        """Cost of a choice of columns, in cents."""
        return int(self.costs[chosen].sum())

    @cached_property
    def column_matrix(self) -> Any:
        """The matrix by columns, rows ascending within each."""
        matrix = self.matrix.tocsc()
        matrix.sort_indices()
        return matrix


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A linear relaxation: a bound and what it says of each column.

    Attributes
    ----------
    bound_cents
        No choice costs less. Computed from the duals alone, so it holds however well the program was solved.
    values
        Of the columns, 0 to 1.
    reduced
        By how much choosing each column raises the bound at least, in cents.
    """

    bound_cents: int
    values: NDArray[np.float64]
    reduced: NDArray[np.float64]

    def of(self, kept: NDArray[np.int64]) -> Relaxation:
        """Keep what is said of some columns."""
        return Relaxation(self.bound_cents, self.values[kept], self.reduced[kept])


@dataclass(frozen=True, slots=True)
class Answer:
    """What branch and bound found.

    Attributes
    ----------
    chosen
        Which columns; ``None`` where nothing was found in time.
    bound_cents
        No choice costs less; ``None`` where nothing was proven.
    nodes
        Nodes used.
    """

    chosen: NDArray[np.bool_] | None
    bound_cents: int | None
    nodes: int


def relax(program: Program) -> Relaxation:
    """Solve the linear relaxation.

    Raises
    ------
    AuctionError
        When the bids cannot carry everything that must be carried.
    """
    floors = np.flatnonzero(program.low > 0)
    matrix = vstack([program.matrix, -program.matrix[floors]]).tocsr() if floors.size else program.matrix
    limits = np.concatenate((program.high, -program.low[floors]))
    # The interior point method takes 0.5 s for 10,000 bids on 1,000 items, where the simplex method takes 26.
    method = "highs-ds" if program.costs.size < SIMPLEX_COLUMNS else "highs-ipm"
    found = linprog(program.costs, A_ub=matrix, b_ub=limits, bounds=(0, 1), method=method)
    if found.status == INFEASIBLE:
        raise AuctionError("the bids cannot carry every item that has no reserve")
    if found.x is None:
        raise AuctionError(f"the linear relaxation was not solved: {found.message}")
    duals = np.minimum(found.ineqlin.marginals, 0.0)
    reduced = program.costs - matrix.T @ duals
    bound = float(limits @ duals + np.minimum(reduced, 0.0).sum())
    return Relaxation(round_up(bound), found.x, reduced)


def branch_and_bound(program: Program, nodes: int, start: NDArray[np.bool_] | None) -> Answer:
    """Let HiGHS solve the program, starting from a choice that keeps every row.

    The interface has no place for a start. Columns of the start are turned round (1 - x), so that the start is the
    all-zero point, which HiGHS tries first. Without any solution it would not tell its bound either.

    Parameters
    ----------
    program
        To solve.
    nodes
        Node limit, at least 1.
    start
        Choice of columns; ``None`` where none is known.
    """
    turned = np.zeros(program.costs.size, dtype=bool) if start is None else start
    signs = np.where(turned, -1.0, 1.0)
    shift = np.asarray(program.matrix @ turned.astype(np.float64))
    found = milp(
        program.costs * signs,
        integrality=np.ones(program.costs.size),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(program.matrix @ diags(signs), program.low - shift, program.high - shift),
        options={"node_limit": max(nodes, 1), "mip_rel_gap": 0.0},
    )
    if found.status == INFEASIBLE:
        raise AuctionError("the bids cannot carry every item that has no reserve")
    # Work at the root is never free, even where HiGHS counts no node.
    used = max(int(found.mip_node_count or 0), 1)
    chosen = start
    if found.x is not None:
        candidate = (found.x > 0.5) != turned
        if program.feasible(candidate) and (start is None or program.cost(candidate) < program.cost(start)):
            chosen = candidate
    bound = None if found.mip_dual_bound is None else round_up(found.mip_dual_bound) + program.cost(turned)
    return Answer(chosen, bound, used)


def round_up(bound: float) -> int:
    """Round a lower bound on a sum of whole cents up to a whole cent, short of the solver's tolerance."""
    return math.ceil(bound - ROUNDING_CENTS - 1e-10 * abs(bound))
