"""Distances and times between sites."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from logistics import Network, Site, SiteKind, great_circle_km, great_circle_network


def test_known_distances() -> None:
    """Berlin to Paris is 878 km as the crow flies, and a degree of latitude 111.2."""
    km = great_circle_km(np.array([52.52, 48.8566, 0.0, 1.0]), np.array([13.405, 2.3522, 0.0, 0.0]))
    assert km[0, 1] == pytest.approx(878, abs=1)
    assert km[2, 3] == pytest.approx(111.195, abs=0.01)


@given(arrays(float, 6, elements=st.floats(-90, 90)), arrays(float, 6, elements=st.floats(-180, 180)))
def test_great_circles_are_a_metric(lat: np.ndarray, lon: np.ndarray) -> None:
    """Symmetric, zero at home, never more than half way round, and no detour is shorter."""
    km = great_circle_km(lat, lon)
    assert (np.diag(km) == 0).all()
    np.testing.assert_allclose(km, km.T, atol=1e-9)
    assert (km <= np.pi * 6371.0088 + 1e-6).all()
    assert (km[:, None, :] <= km[:, :, None] + km[None, :, :] + 1e-6).all()


def test_roads_are_longer_than_the_crow_flies() -> None:
    """A network from coordinates is great circle times circuity, at one speed."""
    sites = [Site("a", SiteKind.BASE, 0.0, 0.0), Site("b", SiteKind.CLIENT, 1.0, 0.0)]
    network = great_circle_network(sites, circuity=1.3, speed_kmh=60.0)
    assert network.km("a", "b") == pytest.approx(1.3 * 111.195, abs=0.01)
    assert network.minutes("a", "b") == pytest.approx(network.km("a", "b"))


@pytest.mark.parametrize(("circuity", "speed"), [(0.9, 50.0), (float("nan"), 50.0), (1.3, 0.0)])
def test_impossible_roads_are_refused(circuity: float, speed: float) -> None:
    """Roads shorter than the crow flies, or no speed, are errors."""
    with pytest.raises(ValueError, match="expected >= 1"):
        great_circle_network([], circuity, speed)


@pytest.mark.parametrize(
    "matrix", [np.zeros((2, 3)), np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[0.0, np.nan], [1.0, 0.0]])]
)
def test_a_table_must_be_square_finite_and_not_negative(matrix: np.ndarray) -> None:
    """A given table is checked before anything is planned on it."""
    with pytest.raises(ValueError, match="expected"):
        Network(("a", "b"), matrix, np.zeros((2, 2)))


def test_a_network_is_a_value() -> None:
    """Its matrices cannot be changed, its digest tells networks apart, and a copy through pickle is the same."""
    network = Network(("a", "b"), np.array([[0.0, 1.0], [2.0, 0.0]]), np.zeros((2, 2)))
    other = Network(("a", "b"), np.array([[0.0, 1.0], [2.5, 0.0]]), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="read-only"):
        network.distance_km[0, 1] = 5.0
    assert network.digest() != other.digest()
    assert pickle.loads(pickle.dumps(network)).digest() == network.digest()


def test_a_part_of_a_network() -> None:
    """Between some sites everything is as it was, in the order of the whole network."""
    km = np.arange(16.0).reshape(4, 4)
    part = Network(("a", "b", "c", "d"), km, 2 * km).among(["d", "b", "b"])
    assert part.site_ids == ("b", "d")
    assert part.km("b", "d") == 7.0
    assert part.km("d", "b") == 13.0
    assert part.minutes("d", "b") == 26.0
    with pytest.raises(KeyError):
        part.km("a", "b")
