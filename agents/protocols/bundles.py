"""Which requests a coordinator puts together for bids in an exchange, from what is public: places."""

from __future__ import annotations

import math
import warnings
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.cluster.vq import kmeans2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.market import Market

T = TypeVar("T")
Bundle = frozenset[str]
KM_PER_DEGREE = 111.2
SIZES = (2, 3, 4, 5, 6, 8, 11, 15, 20, 30)  # clusters in a k-means


def places_of(market: Market, shipments: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Place of each shipment's client in km on a plane, near enough for neighbourhoods."""
    sites = market.sites
    at = {s: sites[market.shipments[s].destination] for s in sorted(shipments)}
    middle = math.radians(math.fsum(site.lat for site in at.values()) / max(1, len(at)))
    return {
        s: KM_PER_DEGREE * np.array([site.lat, site.lon * math.cos(middle)], dtype=np.float64) for s, site in at.items()
    }


def clusters(pool: Sequence[str], places: Mapping[str, NDArray[np.float64]], rng: Generator) -> list[Bundle]:
    """Bundle by k-means of several sizes: the clusters, unions of two where they are few, all, and each by itself."""
    at = np.array([places[s] for s in pool])
    found: dict[Bundle, None] = {}
    for size in sorted({min(len(pool), size) for size in SIZES}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a cluster may come out empty
            _, label = kmeans2(at, size, minit="++", rng=rng)
        parts = [frozenset(s for s, own in zip(pool, label.tolist(), strict=True) if own == k) for k in range(size)]
        parts = [part for part in parts if part]
        found |= dict.fromkeys(parts)
        if 2 < len(parts) <= 4:
            found |= dict.fromkeys(a | b for a, b in combinations(parts, 2))
    found[frozenset(pool)] = None
    found |= dict.fromkeys(frozenset([s]) for s in pool)
    return list(found)


def changes(own: Bundle, pool: Sequence[str]) -> list[Bundle]:
    """Bundle what a carrier let go with one request less, one more, and one for another."""
    others = [s for s in pool if s not in own]
    less = [own - {s} for s in sorted(own)]
    more = [own | {s} for s in others]
    swapped = [smaller | {s} for smaller in less for s in others]
    return [bundle for bundle in (*less, *more, *swapped) if bundle]


def drawn(bundles: Sequence[T], most: int, rng: Generator) -> list[T]:
    """Draw so many of the bundles, in their order."""
    if len(bundles) <= most:
        return list(bundles)
    return [bundles[k] for k in sorted(rng.choice(len(bundles), most, replace=False).tolist())]
