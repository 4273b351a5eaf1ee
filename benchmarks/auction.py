"""Winner determination against plain HiGHS at equal nodes, and payments: ``python -m benchmarks.auction [--quick]``.

Lanes lie on a map; a carrier's bundle joins lanes whose ends are near, saves fixed cost and empty running, and every
lane has a spot price as its reserve. HiGHS gets the same bids in the same order, as set packing and as set partitioning
with a column for each spot price; the better of the two is shown. ``--json FILE`` writes the measures.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, hstack, identity

from agents.auction import (
    Bid,
    Payments,
    Search,
    WinnerProblem,
    core_selecting,
    determine_winners,
    first_price,
    vcg,
)
from benchmarks.common import options, report


def lanes(items: int, bids: int, largest: int, seed: int, most_per_bidder: int | None = 2) -> WinnerProblem:
    """Spot prices and bids on bundles of up to ``largest`` near lanes, 40 bids a carrier."""
    rng = np.random.default_rng(seed)
    origins, ends = rng.uniform(0, 100, (items, 2)), rng.uniform(0, 100, (items, 2))
    km = np.hypot(*(origins - ends).T)
    spot = np.rint(100 * (60 + 1.1 * km) * rng.uniform(1.0, 1.25, items)).astype(int)
    apart = sum(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) for places in (origins, ends))
    near = np.argsort(apart, axis=1, kind="stable")[:, :15]
    carriers = max(bids // 40, 1)
    level = rng.uniform(0.85, 1.1, carriers)
    offers: dict[tuple[int, frozenset[int]], Bid] = {}
    while len(offers) < bids:
        carrier, size = int(rng.integers(carriers)), int(rng.integers(1, largest + 1))
        bundle = rng.choice(near[rng.integers(items)], size, replace=False)
        driven = 60 * (1 + 0.55 * (size - 1)) + 1.1 * km[bundle].sum() * (1 - 0.04 * (size - 1))
        price = round(100 * float(level[carrier] * driven * rng.uniform(0.9, 1.1)))
        key = carrier, frozenset(bundle.tolist())
        offers.setdefault(key, Bid(f"c{carrier}", key[1], price))
    return WinnerProblem(tuple(spot.tolist()), tuple(offers.values()), most_per_bidder)


def plain(problem: WinnerProblem, nodes: int, *, partition: bool) -> tuple[float, float, float]:
    """HiGHS alone: cost and bound in cents, and seconds."""
    bids, reserves = problem.bids, np.array(problem.reserves_cents, dtype=float)
    item_of, bid_of = zip(*[(item, b) for b, bid in enumerate(bids) for item in bid.items], strict=True)
    names = {name: row for row, name in enumerate(sorted({bid.bidder for bid in bids}))}
    covers: Any = csr_matrix((np.ones(len(item_of)), (item_of, bid_of)), shape=(len(reserves), len(bids)))
    of: Any = csr_matrix((np.ones(len(bids)), ([names[bid.bidder] for bid in bids], range(len(bids)))))
    costs = np.array([bid.price_cents for bid in bids], dtype=float)
    most = np.inf if problem.most_per_bidder is None else problem.most_per_bidder
    if partition:
        costs, floor, offset = np.concatenate((costs, reserves)), 1.0, 0.0
        covers, of = hstack([covers, identity(len(reserves))]), hstack([of, csr_matrix((len(names), len(reserves)))])
    else:
        costs, floor, offset = costs - covers.T @ reserves, -np.inf, float(reserves.sum())
    start = time.perf_counter()
    found = milp(
        costs,
        integrality=np.ones(costs.size),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(covers.tocsr(), floor, 1), LinearConstraint(of.tocsr(), -np.inf, most)],
        options={"node_limit": nodes, "mip_rel_gap": 0.0},
    )
    return found.fun + offset, found.mip_dual_bound + offset, time.perf_counter() - start


def against_plain(measures: dict[str, float], largest: int, nodes: int, seeds: int, size: tuple[int, int]) -> None:
    """Mean gap and time of ours, of HiGHS at equal nodes, and how much cheaper our plans are."""
    ours, theirs = [], []
    for seed in range(seeds):
        problem = lanes(*size, largest, seed)
        start = time.perf_counter()
        winners = determine_winners(problem, search=Search(nodes=nodes))
        ours.append((winners.gap, time.perf_counter() - start, winners.cost_cents, winners.nodes))
        runs = [plain(problem, nodes, partition=partition) for partition in (False, True)]
        cost, bound, taken = min(runs, key=lambda run: 1 - run[1] / run[0])
        theirs.append((1 - bound / cost, taken, cost))
    key = f"winners_{size[0]}_lanes_{size[1]}_bids_of_{largest}_cap_2"
    measures[f"{key}_node_limit"] = nodes
    measures[f"{key}_nodes_used"] = float(np.mean([row[3] for row in ours]))
    measures[f"{key}_gap_pct"] = 100 * float(np.mean([row[0] for row in ours]))
    measures[f"{key}_plain_gap_pct"] = 100 * float(np.mean([row[0] for row in theirs]))
    measures[f"{key}_cheaper_than_plain_pct"] = 100 * float(
        np.mean([1 - own[2] / other[2] for own, other in zip(ours, theirs, strict=True)])
    )
    measures[f"{key}_s"] = float(np.mean([row[1] for row in ours]))
    measures[f"{key}_plain_s"] = float(np.mean([row[1] for row in theirs]))


def without_branching(measures: dict[str, float], largest: int, size: tuple[int, int]) -> None:
    """Gap and time where branch and bound is left out but for small windows."""
    problem = lanes(*size, largest, seed=0)
    start = time.perf_counter()
    winners = determine_winners(problem, search=Search(most_columns=0))
    key = f"winners_{size[0]}_lanes_{size[1]}_bids_of_{largest}_search"
    measures[f"{key}_gap_pct"] = 100 * winners.gap
    measures[f"{key}_s"] = time.perf_counter() - start


def payments(measures: dict[str, float], size: tuple[int, int]) -> None:
    """Time and totals of the payments that need proven optima."""
    problem = lanes(*size, 4, seed=0)
    start = time.perf_counter()
    winners = determine_winners(problem)
    key = f"payments_{size[0]}_lanes_{size[1]}_bids"
    measures[f"{key}_winners_s"] = time.perf_counter() - start
    asked = first_price(problem, winners).total_cents
    for rule in (vcg, core_selecting):
        start = time.perf_counter()
        paid: Payments = rule(problem, winners)
        measures[f"{key}_{paid.rule}_s"] = time.perf_counter() - start
        measures[f"{key}_{paid.rule}_solves"] = paid.solved
        measures[f"{key}_{paid.rule}_above_asked_pct"] = 100 * (paid.total_cents / asked - 1)


def main() -> None:
    """Measure and report."""
    given = options("Winner determination against plain HiGHS, and payments.")
    measures: dict[str, float] = {}
    determine_winners(lanes(10, 40, 3, seed=0))  # compiles
    size = (40, 800) if given.quick else (100, 2_000)
    for largest in (3, 6):
        against_plain(measures, largest, 20 if given.quick else 200, 1 if given.quick else 3, size)
    without_branching(measures, 6, size)
    if not given.quick:
        without_branching(measures, 3, (5_000, 50_000))
    payments(measures, (15, 100) if given.quick else (25, 250))
    report("Combinatorial auctions", measures, ("groupage", "numpy", "scipy"), given.json)


if __name__ == "__main__":
    main()
