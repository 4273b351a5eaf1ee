"""Small auctions that can be solved by trying everything, and lanes on a map."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from agents.auction import Bid, WinnerProblem
from groupage.errors import AuctionError


def best_cost(problem: WinnerProblem) -> int | None:
    """Least cost over every set of bids; None where no set keeps the rules."""
    costs = []
    for size in range(len(problem.bids) + 1):
        for accepted in combinations(range(len(problem.bids)), size):
            try:
                costs.append(problem.cost_cents(accepted))
            except AuctionError:
                continue
    return min(costs, default=None)


@st.composite
def auctions(
    draw: st.DrawFn, most_bids: int = 9, must: bool = True, groups: bool = True, limits: tuple = (1, 2, None)
) -> WinnerProblem:
    """Up to 5 items, 4 bidders and ``most_bids`` bids, with many ties."""
    count = draw(st.integers(1, 5))
    reserve = st.integers(0, 60)
    reserves = draw(st.tuples(*[st.one_of(st.none(), *[reserve] * 4) if must else reserve] * count))
    bid = st.builds(
        Bid,
        st.sampled_from("abcd"),
        st.frozensets(st.integers(0, count - 1), min_size=1),
        st.integers(0, 90),
        st.frozensets(st.sampled_from(["dock", "ferry"])) if groups else st.just(frozenset()),
    )
    bids = draw(st.lists(bid, max_size=most_bids))
    most = {"dock": draw(st.integers(0, 3)), "ferry": draw(st.integers(1, 2))} if groups else {}
    return WinnerProblem(reserves, tuple(bids), draw(st.sampled_from(limits)), most)


def lanes(items: int, bids: int, largest: int, seed: int, most_per_bidder: int | None = 2) -> WinnerProblem:
    """Lanes on a map; bundles of near lanes are cheaper than the lanes one by one."""
    rng = np.random.default_rng(seed)
    ends = rng.uniform(0, 100, (items, 4))
    km = np.hypot(ends[:, 0] - ends[:, 2], ends[:, 1] - ends[:, 3])
    near = np.argsort(np.linalg.norm(ends[:, None] - ends[None], axis=2), axis=1, kind="stable")[:, :12]
    offers = []
    for _ in range(bids):
        size = int(rng.integers(1, largest + 1))
        bundle = rng.choice(near[rng.integers(items)], size, replace=False)
        eur = rng.uniform(0.8, 1.2) * (60 + 30 * (size - 1) + km[bundle].sum() * (1.04 - 0.04 * size))
        offers.append(Bid(f"c{rng.integers(bids // 20)}", frozenset(bundle.tolist()), round(100 * eur)))
    return WinnerProblem(tuple(int(100 * (60 + 1.2 * k)) for k in km), tuple(offers), most_per_bidder)
