"""How much capacity to reserve ahead: the newsvendor's answer, on sample paths of what will be needed.

A unit reserved ahead costs ``reserved``; one bought on the day costs ``spot``; one that was reserved and is not needed
gives ``release`` back. The last unit that pays is the quantile of the need at the critical ratio
``(spot - reserved) / (spot - release)`` (Arrow, Harris and Marschak, Econometrica 19(3), 1951). Vehicles and dock slots
come in whole units: the k-th is reserved where ``P(need >= k) * (spot - release) > reserved - release``, which is the
same quantile of a need in whole units. A unit that only breaks even is not reserved: it would bind and save nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class CapacityOffer:
    """Units that a provider would keep free, at one price.

    Attributes
    ----------
    units
        How many, at least 0.
    reserved, spot, release
        Price of a unit reserved ahead, price of one on the day, and what an unused reserved one gives back; all in one
        unit of money, ``release`` below ``reserved``.
    """

    units: int
    reserved: float
    spot: float
    release: float = 0.0

    def __post_init__(self) -> None:
        if self.units < 0:
            raise ValueError(f"units are {self.units}, expected >= 0")
        _check_prices(self.spot, self.reserved, self.release)


@dataclass(frozen=True, slots=True)
class Reserve:
    """What to reserve.

    Attributes
    ----------
    units
        From each offer, in the order in which they were given.
    saving
        Expected, against buying everything on the day; in the offers' money.
    """

    units: tuple[int, ...]
    saving: float = 0.0

    @property
    def total(self) -> int:
        """Units in all."""
        return sum(self.units)


def critical_ratio(spot: float, reserved: float, release: float = 0.0) -> float:
    """Return the level of the quantile to reserve, between 0 and 1; 0 where a reserved unit is no cheaper than spot.

    Raises
    ------
    ValueError
        For a price that is not finite, or where an unused unit gives back all that it cost or more: reserving would
        then cost nothing, and there would be no end to it.
    """
    _check_prices(spot, reserved, release)
    return max(0.0, (spot - reserved) / (spot - release)) if spot > reserved else 0.0


def reserved_quantity(need: ArrayLike, spot: float, reserved: float, release: float = 0.0) -> float:
    """Return how much to reserve of a good that can be divided (pallet places, cubic metres).

    Parameters
    ----------
    need
        Sample paths of the need, shape ``(paths,)``; for a pool, the sum of its members' paths.

    Returns
    -------
    float
        The smallest sampled need that is not exceeded with a probability of at least the critical ratio; 0 where
        reserving does not pay.
    """
    ratio = critical_ratio(spot, reserved, release)
    paths = _paths(need)
    return float(np.quantile(paths, ratio, method="inverted_cdf")) if ratio > 0 else 0.0


def reserve_units(need: ArrayLike, offers: Sequence[CapacityOffer]) -> Reserve:
    """Choose whole units of one good among several providers' offers, the cheapest first.

    Units of all offers serve the need equally well, so a unit that is not reserved can be bought on the day at the
    lowest spot price among the offers. By that price the k-th unit is judged, in the order of reserved prices (then of
    what is given back, most first). For one offer, and for several that give the same back, no other choice of units
    has lower expected cost; where they give back different amounts the order may miss a better mix.

    Parameters
    ----------
    need
        Sample paths of the units needed, whole numbers, shape ``(paths,)``.
    """
    paths = _paths(need)
    if not np.array_equal(paths, np.floor(paths)):
        raise ValueError("the need has parts of units, expected whole numbers of vehicles or dock slots")
    units = [0] * len(offers)
    if not offers:
        return Reserve(())
    spot = min(o.spot for o in offers)
    order = sorted(range(len(offers)), key=lambda i: (offers[i].reserved, -offers[i].release, i))
    # How many of the paths need at least k units; index 0 is k = 1.
    most = int(min(paths.max(), sum(o.units for o in offers)))
    capped = np.minimum(paths, most).astype(np.int64)
    at_least = len(paths) - np.cumsum(np.bincount(capped, minlength=most + 1))[:-1]
    saving, k = 0.0, 0
    for i in order:
        offer = offers[i]
        while units[i] < offer.units and k < most:
            gain = int(at_least[k]) / len(paths) * (spot - offer.release) - (offer.reserved - offer.release)
            if not gain > _EPS * max(1.0, spot):
                break
            units[i] += 1
            saving += gain
            k += 1
    return Reserve(tuple(units), saving)


def _paths(need: ArrayLike) -> NDArray[np.float64]:
    paths = np.asarray(need, dtype=np.float64)
    if paths.ndim != 1 or not len(paths):
        raise ValueError(f"the need has shape {paths.shape}, expected (paths,) with at least one path")
    if not np.isfinite(paths).all() or (paths < 0).any():
        raise ValueError("the need has figures below 0 or not finite, expected sample paths >= 0")
    return paths


def _check_prices(spot: float, reserved: float, release: float) -> None:
    if not all(math.isfinite(x) for x in (spot, reserved, release)):
        raise ValueError(f"spot, reserved and release are {spot}, {reserved} and {release}, expected finite prices")
    if release >= reserved:
        raise ValueError(f"release is {release} and reserved {reserved}, expected to get back less than was paid")


_EPS = 1e-12  # of the spot price: what sums of floats may be off
