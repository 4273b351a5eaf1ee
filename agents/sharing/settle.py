"""From a rule's shares to whole cents that leave nobody worse off."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from agents.sharing.explore import MAX_PLAYERS_ENUMERATED, ExploringRule
from agents.sharing.proportional import Proportional
from groupage.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.sharing.game import SharingRule


def check_rule(rule: SharingRule, owners: int = 0) -> None:
    """Refuse a rule that cannot split a settlement's price, before anything is negotiated.

    Parameters
    ----------
    owners
        How many there are, where that is known.

    Raises
    ------
    PolicyError
        If the rule splits by a table's own weights, which a settlement has not, or needs the cost of every coalition
        of more owners than that is worked out for.
    """
    if isinstance(rule, Proportional) and rule.to == "weights":
        raise PolicyError(
            "sharing proportional: to is 'weights', which only a table of costs has; "
            "expected standalone, volume or tonne_km in a policy"
        )
    if owners > MAX_PLAYERS_ENUMERATED and rule.needs_coalitions and not isinstance(rule, ExploringRule):
        raise PolicyError(
            f"sharing rule {rule.name} needs the cost of every coalition and there are {owners} owners, expected at "
            f"most {MAX_PLAYERS_ENUMERATED}, or a rule with a method explore"
        )


def rational_shares(
    raw_cents: Mapping[str, float], ceilings_cents: Mapping[str, int], total_cents: int
) -> dict[str, int]:
    """Turn a rule's shares into whole cents, nobody above its ceiling.

    In this order: whoever is above its ceiling (its stand-alone cost) pays the ceiling; what that leaves uncovered is
    paid by the others in proportion to the room below their ceilings, so that nobody else gets above its own;
    everybody is rounded down; the cents still missing go to the largest remainders, ties to the key that sorts first.
    A share that needs no clipping, where nobody's does, moves by less than a cent.

    Parameters
    ----------
    raw_cents
        What the sharing rule says; sums to ``total_cents`` but for rounding. A negative share is paid out.
    ceilings_cents
        The most that each may be asked to pay.
    total_cents
        What has to be covered.

    Returns
    -------
    dict
        Cents per key, in the order of ``raw_cents``, summing to ``total_cents`` exactly.

    Raises
    ------
    ValueError
        If the total is above the sum of the ceilings, the keys differ, or the shares are not finite or do not sum to
        the total within a cent.
    """
    if raw_cents.keys() != ceilings_cents.keys():
        raise ValueError(f"ceilings are given for {sorted(ceilings_cents)}, expected {sorted(raw_cents)}")
    if not all(map(math.isfinite, raw_cents.values())):
        raise ValueError(f"shares are {dict(raw_cents)}, expected finite figures")
    room = sum(ceilings_cents.values())
    if total_cents > room:
        raise ValueError(f"total_cents is {total_cents}, expected at most {room}, the sum of the ceilings")
    # Exact arithmetic: a comparison with a ceiling must not hang on the last bit of a float.
    raw = {key: Fraction(share) for key, share in raw_cents.items()}
    summed = sum(raw.values(), Fraction(0))
    if abs(summed - total_cents) > 1:
        raise ValueError(f"shares sum to {float(summed)} cents, expected the total, {total_cents}")
    exact = {key: min(share, Fraction(ceilings_cents[key])) for key, share in raw.items()}
    covered = sum(exact.values(), Fraction(0))
    uncovered, room_left = total_cents - covered, room - covered
    if uncovered > 0:
        exact = {key: x + uncovered * (ceilings_cents[key] - x) / room_left for key, x in exact.items()}
    cents = {key: math.floor(x) for key, x in exact.items()}
    missing = total_cents - sum(cents.values())
    by_remainder = sorted(exact, key=lambda key: (cents[key] - exact[key], key))
    # Below zero only where the shares summed to a little more than the total: then the smallest remainders give.
    for key in by_remainder[:missing] if missing >= 0 else by_remainder[missing:]:
        cents[key] += 1 if missing > 0 else -1
    return cents
