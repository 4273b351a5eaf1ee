"""What a settlement moves between a participant and the operator, and what the operator charges for it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.reservations import GIVEN_BACK, PAID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.settlement import Settlement
    from server.market import FeeRule, SeatRole

SHARE, OUTSIDE = "share", "outside_the_pool"
# What an owner gets for an order that a provider's failure released, and what the provider bears of a failure.
COMPENSATION, LIABILITY = "compensation", "liability"


def share_cents(settlement: Settlement) -> dict[str, int]:
    """What each owner pays into the pool, by the transfers."""
    paid: Counter[str] = Counter()
    for t in settlement.transfers:
        if t.line == SHARE:
            paid[t.payer] += t.cents
            paid[t.payee] -= t.cents
    return dict(paid)


def compensation_cents(settlement: Settlement, owner: str) -> int:
    """What an owner gets for orders that others failed to carry."""
    return -sum(t.cents for t in settlement.transfers if t.payer == owner and t.line == COMPENSATION)


def liability_cents(settlement: Settlement, provider: str) -> int:
    """What a carrier or hub bears for what it failed to do, beside the price that it gave back."""
    return -sum(t.cents for t in settlement.transfers if t.payee == provider and t.line == LIABILITY)


def reservation_lines(settlement: Settlement, owner: str) -> dict[str, int]:
    """What an owner pays for what was reserved ahead, and what came back (negative)."""
    providers = {r.id: r.provider for r in settlement.reservations}
    lines: Counter[str] = Counter()
    for t in settlement.transfers:
        # Who has reserved with itself pays as an owner and is paid as a provider.
        if t.line == PAID and t.payer == owner:
            lines[PAID] += t.cents
        elif t.line == GIVEN_BACK and t.payee == owner and providers.get(t.about) is not None:
            lines[GIVEN_BACK] -= t.cents
    return {line: cents for line, cents in lines.items() if cents}


def received_cents(settlement: Settlement, provider: str) -> int:
    """What a carrier or hub receives in all: for its work, for what was reserved with it less what came back.

    Less what it bears for what it failed to do: it may be below zero.
    """
    work = sum(t.cents for t in settlement.transfers if t.payee == provider and t.line not in (SHARE, PAID, GIVEN_BACK))
    return work + sum(r.cost_cents for r in settlement.reservations if r.provider == provider)


def charged(fees: Iterable[FeeRule], payer: SeatRole, shipments: int, gain_cents: int = 0) -> list[tuple[str, int]]:
    """Fees of a settlement by line, in whole cents; a part of a cent is not charged.

    Parameters
    ----------
    shipments
        How many pooled shipments the payer owns, drives or handles.
    gain_cents
        What it saves.
    """
    lines = []
    for fee in fees:
        if fee.payer != payer:
            continue
        if fee.gain_percent is not None:
            cents = math.floor(round(max(0, gain_cents) * fee.gain_percent / 100, 6))
        else:
            cents = (fee.cents_per_shipment or 0) * shipments
        if cents:
            lines.append((fee.line, cents))
    return lines


def put_lines(field: Any, lines: Iterable[tuple[str, int]]) -> int:
    """Write lines into a repeated field of money lines; answers their sum."""
    total = 0
    for line, cents in lines:
        field.add(line=line, cents=cents)
        total += cents
    return total
