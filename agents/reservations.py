"""Capacity reserved ahead: what was agreed for a day, what of it was used, and who pays whom for it.

Vehicles are set apart in the day's market as types of their own (`logistics.fleet.with_reserved`), whose fixed cost is
paid: carriers price them without it, and every protocol may use them as it uses others. A dock slot is priced as any
other on the day, and the hub gives that price back for each reserved one that is used.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR
from agents.settlement import Reservation, Transfer
from logistics.fleet import RESERVED_SUFFIX, type_of
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agents.market import Market
    from agents.settlement import Booking, Load

PAID, GIVEN_BACK = "reservation", "release"
LINES = frozenset({PAID, GIVEN_BACK})


class Good(StrEnum):
    """What can be reserved."""

    VEHICLE = "vehicle"
    DOCK_SLOT = "dock_slot"


@dataclass(frozen=True, slots=True)
class Reserved:
    """What owners and a provider agreed on for one planning day.

    Attributes
    ----------
    good
        Vehicle type, or the hub for dock slots.
    quantity
        Vehicles, or dock slots at any hour of the day.
    price_cents, release_cents
        Paid for each, and given back for each that is not used.
    spot_cents
        What one costs on the day; a hub gives it back for each reserved slot that is used.
    parts
        By owner, its part of the need, in pallets; all that is paid and given back is split in these proportions.
    saving_cents
        By owner, what it was told that it is expected to save.
    """

    id: str
    provider: str
    kind: Good
    good: str
    quantity: int
    price_cents: int
    release_cents: int
    spot_cents: int
    parts: Mapping[str, float]
    saving_cents: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.quantity < 1 or not self.parts:
            raise ValueError(
                f"reservation {self.id} is of {self.quantity} for {len(self.parts)} owners, expected at least 1 of each"
            )
        if not 0 <= self.release_cents <= self.price_cents:
            raise ValueError(
                f"reservation {self.id} gives back {self.release_cents} of {self.price_cents} cents, expected 0 to all"
            )

    def shares(self, quantity: int | None = None) -> dict[str, int]:
        """What each owner pays for so many (all of them by default), in cents."""
        return split_cents(self.price_cents * (self.quantity if quantity is None else quantity), self.parts)


def vehicles_reserved(reserved: Iterable[Reserved]) -> dict[str, int]:
    """How many vehicles of each type are reserved."""
    count: Counter[str] = Counter()
    for r in reserved:
        if r.kind is Good.VEHICLE:
            count[r.good] += r.quantity
    return dict(sorted(count.items()))


def account(
    market: Market, loads: Sequence[Load], bookings: Sequence[Booking]
) -> tuple[tuple[Reservation, ...], tuple[Transfer, ...]]:
    """Close a day's reservations: how much of each was used, and the money for all of them, used or not.

    Where one good was reserved in several parts, the earlier is used first.

    Returns
    -------
    tuple
        Reservations in the order of the market's, and double entries through the coordinator: lines ``reservation`` for
        what is paid ahead, ``release`` for what comes back.
    """
    used: Counter[tuple[Good, str]] = Counter()
    used.update((Good.VEHICLE, type_of(load.vehicle)) for load in loads if load.vehicle.endswith(RESERVED_SUFFIX))
    used.update((Good.DOCK_SLOT, b.hub) for b in bookings)
    rows, transfers = [], []
    for r in market.reserved:
        taken = min(r.quantity, used[r.kind, r.good])
        used[r.kind, r.good] -= taken
        paid = r.price_cents * r.quantity
        back = r.release_cents * (r.quantity - taken) + (r.spot_cents * taken if r.kind is Good.DOCK_SLOT else 0)
        shares, returns = split_cents(paid, r.parts), split_cents(back, r.parts)
        rows.append(
            Reservation(
                r.id,
                {o: shares[o] - returns[o] for o in sorted(r.parts)},
                r.provider,
                r.good,
                0.0,
                market.horizon_min,
                r.quantity,
                taken,
                paid,
                back,
            )
        )
        transfers += [Transfer(o, COORDINATOR, cents, PAID, r.id) for o, cents in sorted(shares.items()) if cents]
        transfers += [Transfer(COORDINATOR, r.provider, paid, PAID, r.id)] if paid else []
        transfers += [Transfer(r.provider, COORDINATOR, back, GIVEN_BACK, r.id)] if back else []
        transfers += [
            Transfer(COORDINATOR, o, cents, GIVEN_BACK, r.id) for o, cents in sorted(returns.items()) if cents
        ]
    return tuple(rows), tuple(transfers)


def reservation_faults(market: Market, loads: Sequence[Load], bookings: Sequence[Booking], found: object) -> list[str]:
    """Say where a settlement's reservations and their transfers are not what was agreed and used; empty when they are.

    Parameters
    ----------
    found
        Reservations and the transfers on the lines of reservations, as `account` gives them.
    """
    return [] if account(market, loads, bookings) == found else ["reservations are not paid as agreed and used"]


def others_cents(part: Market, loads: Sequence[Load]) -> int:
    """What a coalition has to pay others for the reserved vehicles that it would use without them.

    Its own part of a reservation is owed in whatever coalition, so it is in nobody's game; the rest of a vehicle's
    price was paid by others, and they would not give it away.
    """
    used = Counter(type_of(load.vehicle) for load in loads if load.vehicle.endswith(RESERVED_SUFFIX))
    owners = set(part.owners)
    total = 0
    for r in part.reserved:
        if r.kind is Good.VEHICLE and (taken := min(r.quantity, used[r.good])):
            used[r.good] -= taken
            total += sum(cents for o, cents in r.shares(taken).items() if o not in owners)
    return total
