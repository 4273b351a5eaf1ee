"""What each item would have to pay, by the bids made so far: prices that guide further bids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from agents.auction.program import SIMPLEX_COLUMNS
from groupage.errors import AuctionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.auction.problem import WinnerProblem


def guide_prices(problem: WinnerProblem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shadow prices of the items where they may be carried more than once, and what each bid asks above them.

    That items may be carried twice keeps prices at or above 0. A bid that asks less than the prices of its items (and
    what its limits are worth) would make the whole cheaper: column generation between bidders, each of which knows only
    its own costs.

    Returns
    -------
    tuple
        Cents per item, at most its reserve, shape ``(items,)``; and per bid, at least about 0, shape ``(bids,)``.

    Raises
    ------
    AuctionError
        When an item without a reserve is in no bid, or the bids' limits do not allow carrying all such items.

    References
    ----------
    A. M. Kwasnica, J. O. Ledyard, D. Porter and C. DeMartini, "A new and improved design for multiobject iterative
    auctions", Management Science 51(3), 2005, 419-434 (prices by linear programming that guide the next round's bids).
    """
    items, bids = len(problem.reserves_cents), problem.bids
    groups = {name: items + k for k, name in enumerate(sorted(problem.most_per_group))}
    bidders = sorted({b.bidder for b in bids}) if problem.most_per_bidder is not None else []
    of_bidder = {name: items + len(groups) + k for k, name in enumerate(bidders)}
    carried = frozenset().union(*(bid.items for bid in bids))
    if missing := [i for i, reserve in enumerate(problem.reserves_cents) if reserve is None and i not in carried]:
        raise AuctionError(f"item {missing[0]} has no reserve and is in no bid")
    if not items:
        return np.zeros(0), np.zeros(0)
    reserved = [i for i, reserve in enumerate(problem.reserves_cents) if reserve is not None]
    rows, columns, figures = list[int](), list[int](), list[float]()
    for column, bid in enumerate(bids):
        limits = [groups[g] for g in bid.groups] + ([of_bidder[bid.bidder]] if of_bidder else [])
        rows += [*bid.items, *limits]
        figures += [-1.0] * len(bid.items) + [1.0] * len(limits)
        columns += [column] * (len(bid.items) + len(limits))
    rows += reserved
    columns += range(len(bids), len(bids) + len(reserved))
    figures += [-1.0] * len(reserved)
    limits_at = [float(problem.most_per_group[name]) for name in sorted(groups)]
    limits_at += [float(problem.most_per_bidder or 0)] * len(of_bidder)
    shape = (items + len(limits_at), len(bids) + len(reserved))
    costs = np.array([b.price_cents for b in bids] + [problem.reserves_cents[i] for i in reserved], dtype=np.float64)
    matrix = csr_matrix((figures, (rows, columns)), shape=shape)
    method = "highs-ds" if costs.size < SIMPLEX_COLUMNS else "highs-ipm"
    found = linprog(costs, A_ub=matrix, b_ub=np.array([-1.0] * items + limits_at), method=method)
    if found.x is None:
        raise AuctionError(f"no guide prices: {found.message}")
    duals = np.minimum(found.ineqlin.marginals, 0.0)
    above = costs - matrix.T @ duals
    return -duals[:items], np.asarray(above[: len(bids)])
