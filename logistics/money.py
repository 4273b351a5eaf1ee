"""Money in integer cents, and how a sum is split without losing one."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CENTS_PER_EUR = 100


def to_cents(eur: float) -> int:
    """Round an amount in EUR to whole cents (half to even, on the decimal text of the number)."""
    return int((Decimal(repr(float(eur))) * CENTS_PER_EUR).to_integral_value(rounding=ROUND_HALF_EVEN))


def to_eur(cents: int) -> float:
    """Turn cents into EUR for display and for tables whose unit is EUR."""
    return cents / CENTS_PER_EUR


def split_cents(total_cents: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Split a sum in proportion to weights by the method of largest remainders.

    Parameters
    ----------
    total_cents
        The sum to split; may be negative.
    weights
        Non-negative weight of each key. If all are zero the split is equal.

    Returns
    -------
    dict
        Cents per key, summing to ``total_cents`` exactly; ties go to the key that sorts first.

    Raises
    ------
    ValueError
        If there is nobody to split a non-zero sum between, or a weight is negative or not finite.
    """
    if not weights:
        if total_cents:
            raise ValueError(f"cannot split {total_cents} cents between nobody, expected at least one key")
        return {}
    if any(not math.isfinite(w) or w < 0 for w in weights.values()):
        raise ValueError(f"weights are {dict(weights)}, expected finite figures >= 0")
    mass = math.fsum(weights.values())
    exact = {k: total_cents * (w / mass) if mass > 0 else total_cents / len(weights) for k, w in weights.items()}
    floors = {k: math.floor(x) for k, x in exact.items()}
    missing = total_cents - sum(floors.values())
    by_remainder = sorted(exact, key=lambda k: (floors[k] - exact[k], k))
    for k in by_remainder[:missing]:
        floors[k] += 1
    return floors
