"""Distances and travel times between sites."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from logistics.sites import Site

EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius R1
DEFAULT_CIRCUITY = 1.3  # road over great circle in Europe is 1.2 to 1.4 (Ballou, Rahardja and Sakai 2002)
DEFAULT_SPEED_KMH = 55.0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Distance and duration between every pair of sites.

    Attributes
    ----------
    site_ids
        Row and column order.
    distance_km, duration_min
        Arrays of shape ``(sites, sites)``, read-only, zero on the diagonal.
    """

    site_ids: tuple[str, ...]
    distance_km: NDArray[np.float64]
    duration_min: NDArray[np.float64]
    index: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.site_ids)
        for name in ("distance_km", "duration_min"):
            matrix = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if matrix.shape != (n, n):
                raise ValueError(f"{name} has shape {matrix.shape}, expected {(n, n)} for {n} sites")
            if not np.isfinite(matrix).all() or (matrix < 0).any():
                raise ValueError(f"{name} has negative or non-finite entries, expected figures >= 0")
            matrix.setflags(write=False)
            object.__setattr__(self, name, matrix)
        object.__setattr__(self, "index", {site: i for i, site in enumerate(self.site_ids)})

    def km(self, from_site: str, to_site: str) -> float:
        """Distance in km."""
        return float(self.distance_km[self.index[from_site], self.index[to_site]])

    def minutes(self, from_site: str, to_site: str) -> float:
        """Travel time in minutes."""
        return float(self.duration_min[self.index[from_site], self.index[to_site]])

    def among(self, sites: Iterable[str]) -> Network:
        """Return the part between some sites, in the order of this network."""
        at = np.array(sorted({self.index[site] for site in sites}), dtype=np.int64)
        pairs = np.ix_(at, at)
        return Network(tuple(self.site_ids[k] for k in at), self.distance_km[pairs], self.duration_min[pairs])

    def digest(self) -> str:
        """SHA-256 of the sites and both matrices."""
        sha = hashlib.sha256("\x00".join(self.site_ids).encode())
        sha.update(self.distance_km.tobytes())
        sha.update(self.duration_min.tobytes())
        return sha.hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        return Network, (self.site_ids, np.asarray(self.distance_km), np.asarray(self.duration_min))


def great_circle_km(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distances between all pairs of points, by the haversine formula.

    Parameters
    ----------
    lat, lon
        Degrees, shape ``(sites,)``.

    Returns
    -------
    ndarray
        Kilometres, shape ``(sites, sites)``.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    half_phi = np.sin((phi[:, None] - phi[None, :]) / 2) ** 2
    half_lam = np.sin((lam[:, None] - lam[None, :]) / 2) ** 2
    chord = half_phi + np.cos(phi)[:, None] * np.cos(phi)[None, :] * half_lam
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0))))


def great_circle_network(
    sites: Sequence[Site], circuity: float = DEFAULT_CIRCUITY, speed_kmh: float = DEFAULT_SPEED_KMH
) -> Network:
    """Build a network from coordinates: great circle times circuity, at one average speed."""
    if not circuity >= 1 or not speed_kmh > 0:
        raise ValueError(f"circuity is {circuity} and speed_kmh {speed_kmh}, expected >= 1 and > 0")
    km = great_circle_km(np.array([s.lat for s in sites], float), np.array([s.lon for s in sites], float)) * circuity
    return Network(tuple(s.id for s in sites), km, km / speed_kmh * 60)
