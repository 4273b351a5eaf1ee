"""Seeded clustering of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

ROUNDS = 100


def k_means(points: NDArray[np.float64], clusters: int, rng: Generator) -> NDArray[np.intp]:
    """Label points by k-means (Lloyd 1982) from seeded spread-out starts (Arthur and Vassilvitskii 2007).

    Parameters
    ----------
    points
        Shape ``(points, dimensions)``.
    clusters
        How many; with fewer distinct points there are as many clusters as these.

    Returns
    -------
    ndarray
        Label per point from 0, no label without a point; clusters are numbered by their centres, west to east.
    """
    count = min(clusters, len(np.unique(points, axis=0)))
    centres = points[rng.integers(len(points))][None]
    while len(centres) < count:
        gaps = _squared(points, centres).min(axis=1)
        centres = np.vstack([centres, points[rng.choice(len(points), p=gaps / gaps.sum())]])
    labels = _squared(points, centres).argmin(axis=1)
    for _ in range(ROUNDS):
        for empty in np.setdiff1d(np.arange(count), labels):
            # A cluster that lost all its points takes the one that lies farthest from its own centre.
            sizes = np.bincount(labels, minlength=count)
            stray = np.where(sizes[labels] > 1, _squared(points, centres)[np.arange(len(points)), labels], -1.0)
            labels[stray.argmax()] = empty
        centres = np.array([points[labels == k].mean(axis=0) for k in range(count)])
        moved = _squared(points, centres).argmin(axis=1)
        if (moved == labels).all():
            break
        labels = moved
    present = np.unique(labels)
    order = sorted(present, key=lambda k: tuple(points[labels == k].mean(axis=0)))
    rank = {int(k): i for i, k in enumerate(order)}
    return np.array([rank[int(k)] for k in labels], dtype=np.intp)


def _squared(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(((points[:, None] - centres[None]) ** 2).sum(axis=2))
