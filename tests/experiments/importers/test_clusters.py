"""Seeded clustering: as many clusters as asked for, none empty, the same from the same seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.importers.clusters import k_means

points = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30)


@given(points, st.integers(1, 8), st.integers(0, 5))
def test_every_cluster_has_points(places: list, clusters: int, seed: int) -> None:
    """There are as many clusters as asked for, or as there are distinct points, and none is empty."""
    xy = np.array(places, dtype=float)
    labels = k_means(xy, clusters, np.random.default_rng(seed))
    assert set(labels) == set(range(min(clusters, len(set(places)))))
    assert np.array_equal(labels, k_means(xy, clusters, np.random.default_rng(seed)))


def test_clear_clusters_are_found() -> None:
    """Three heaps of points are three clusters, numbered from west to east."""
    rng = np.random.default_rng(1)
    centres = np.array([[50.0, 0.0], [0.0, 0.0], [100.0, 80.0]])
    xy = np.repeat(centres, 20, axis=0) + rng.normal(0, 1, (60, 2))
    for seed in range(5):
        assert list(k_means(xy, 3, np.random.default_rng(seed))) == [1] * 20 + [0] * 20 + [2] * 20
