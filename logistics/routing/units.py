"""Whole numbers for PyVRP: units of distance, time, load and money that are exact enough for every cent.

Distances count centimetres, times 1/10000 minute, and a cent is so many cost units that every rate is a whole number of
them per unit of distance or time; rates in EUR with two decimals need 600,000 units a cent, or fewer where all rates
share a divisor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from groupage.errors import RoutingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logistics.routing.problem import RoutingProblem

DISTANCE_UNITS_PER_KM = 100_000
TIME_UNITS_PER_MIN = 10_000
# A cent in cost units that makes a whole-cent rate per km and per hour whole: 1/6 of a cent per 100,000.
COST_UNITS_PER_CENT = 600_000
MAX_RATE_DECIMALS = 3
MAX_LOAD_SCALE = 1_000_000
MAX_COST = 1 << 60
NEVER = np.iinfo(np.int64).max


def round_up(values: NDArray[np.float64], unit: float) -> NDArray[np.int64]:
    """Round figures up to whole units, except for what floats added."""
    scaled = values * unit
    return np.asarray(np.ceil(scaled - 1e-6 - 1e-12 * np.abs(scaled)), dtype=np.int64)


def load_scale(values: NDArray[np.float64]) -> int:
    """Return the smallest found scale that makes all loads whole, at most a million.

    Decimals are tried first, then common denominators such as thirds; loads that still are not whole are rounded up.
    """
    for scale in (1, 2, 4, 10, 100, 1000):
        scaled = values * scale
        if (np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, scaled)).all():
            return scale
    scale = 1
    for value in np.unique(values):
        scale = math.lcm(scale, Fraction(float(value)).limit_denominator(1000).denominator)
        if scale > MAX_LOAD_SCALE:
            return MAX_LOAD_SCALE
    scaled = values * scale
    whole = (np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, scaled)).all()
    return scale if whole else MAX_LOAD_SCALE


def scaled_loads(
    problem: RoutingProblem, needed: NDArray[np.float64], total_units: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Scale the dimensions that can bind: whole loads (jobs, dimensions) and capacities (fleet, dimensions).

    Loads add up to about ``total_units``, as PyVRP bounds the penalty per unit alike for loads and time.
    """
    capacities = np.array(
        [[v.type.capacity_pallets, v.type.capacity_kg, v.type.capacity_m3] for v in problem.fleet], dtype=np.float64
    ).reshape(-1, 3)
    binding = [d for d in range(3) if needed[:, d].sum() > capacities[:, d].min(initial=math.inf)]
    loads = np.zeros((len(needed), len(binding)), dtype=np.int64)
    limits = np.zeros((len(capacities), len(binding)), dtype=np.int64)
    for k, d in enumerate(binding):
        scale = load_scale(needed[:, d])
        total = float(needed[:, d].sum())
        if total * scale > MAX_COST:
            name = ("pallets", "weight_kg", "volume_m3")[d]
            raise RoutingError(f"{name} of all jobs add up to {total:g}, expected less than {MAX_COST / scale:g}")
        finer = max(1, int(total_units / max(1.0, total * scale)))
        loads[:, k] = round_up(needed[:, d], scale) * finer
        limits[:, k] = np.floor(np.minimum(capacities[:, d], total + 1) * scale + 1e-6 + 1e-9 * scale) * finer
    return loads, limits


def cost_units(
    problem: RoutingProblem, prizes_cents: Sequence[int], most_decimals: int
) -> tuple[NDArray[np.int64], list[int], float]:
    """Choose cost units: per vehicle (fixed, per distance unit, per time unit), prizes, and units a cent."""
    rates = np.array(
        [
            [v.costs.fixed_eur * 100, (v.costs.per_km_eur + v.costs.toll_eur_per_km) * 100, v.costs.per_hour_eur * 100]
            for v in problem.fleet
        ]
    ).reshape(-1, 3)
    # Per cent, per cent/km and per cent/hour, in units of 1/600,000 cent.
    weights = np.array([COST_UNITS_PER_CENT, COST_UNITS_PER_CENT / DISTANCE_UNITS_PER_KM, 1.0])
    factor, whole = 1, rates
    for decimals in range(most_decimals + 1):
        factor = 10**decimals
        exact = rates * weights * factor
        whole = np.rint(exact)
        if (np.abs(exact - whole) <= 1e-9 * np.maximum(1.0, np.abs(exact))).all():
            break
    if not np.abs(whole).max(initial=0.0) < MAX_COST:
        worst = problem.fleet[int(np.abs(whole).max(axis=1).argmax())]
        raise RoutingError(f"the costs of vehicle {worst.id} are {worst.costs}, expected figures that add up exactly")
    prizes = [p * COST_UNITS_PER_CENT * factor for p in prizes_cents]
    costs = whole.astype(np.int64)
    divisor = math.gcd(*(int(c) for c in np.unique(costs)), *prizes) or 1
    return costs // divisor, [p // divisor for p in prizes], COST_UNITS_PER_CENT * factor / divisor


@dataclass(frozen=True, slots=True)
class Clock:
    """Minutes as time units after the earliest shift opens (``first``); nothing happens after ``last``."""

    first: float
    last: float

    def opens(self, minutes: float) -> int:
        """Round an opening up."""
        return max(0, math.ceil((minutes - self.first) * TIME_UNITS_PER_MIN - 1e-4))

    def closes(self, minutes: float) -> int:
        """Round a closing down; `NEVER` if it is after every shift."""
        if minutes >= self.last:
            return NEVER
        return math.floor((minutes - self.first) * TIME_UNITS_PER_MIN + 1e-4)

    @staticmethod
    def lasts(minutes: float) -> int:
        """Round a duration up."""
        return math.ceil(minutes * TIME_UNITS_PER_MIN - 1e-4)


def floor_units(minutes: float) -> int:
    """Round minutes down to time units; infinity is `NEVER`."""
    return NEVER if math.isinf(minutes) else math.floor(minutes * TIME_UNITS_PER_MIN + 1e-4)
