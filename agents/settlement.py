"""The outcome of a negotiation: who carries what, who pays whom, and what stayed unpooled and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agents.promise import Promise
    from logistics.routing.problem import Stop


class LeftStatus(StrEnum):
    """What happens to a shipment that the settlement does not carry."""

    STANDALONE = "standalone"
    HELD = "held"
    UNSERVED = "unserved"


@dataclass(frozen=True, slots=True)
class Leg:
    """One hop of a shipment on one load; a shipment's legs chain from an origin to its client.

    Attributes
    ----------
    job
        Name of the hop in the load's stops.
    """

    shipment: str
    job: str
    load: str
    from_site: str
    to_site: str
    pallets: float


@dataclass(frozen=True, slots=True)
class Load:
    """What one vehicle carries on one tour.

    Attributes
    ----------
    stops
        From base to base, minutes after the market's start.
    price_lines
        What its carrier is paid, in cents by line; ``quoted`` where the carrier named one price.
    """

    id: str
    carrier: str
    vehicle: str
    stops: tuple[Stop, ...]
    price_lines: Mapping[str, int]
    reservation: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """A dock slot at a hub for one load, as agreed with the hub."""

    id: str
    hub: str
    load: str
    start_min: float
    end_min: float
    pallets: float
    storage_pallet_hours: float
    shipments: tuple[str, ...]
    price_cents: int
    reservation: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Capacity bought ahead by named owners, and what became of it.

    Attributes
    ----------
    owners
        By owner, what it bears in cents: its part of the price less its part of what was given back.
    good
        Vehicle type, or the hub for dock slots.
    price_cents, release_cents
        Paid for all of it, and given back in all.
    """

    id: str
    owners: Mapping[str, int]
    provider: str
    good: str
    from_min: float
    to_min: float
    quantity: int
    used: int
    price_cents: int
    release_cents: int = 0

    @property
    def cost_cents(self) -> int:
        """What it cost its owners after all; below zero where used dock slots gave back more than was paid."""
        return self.price_cents - self.release_cents


@dataclass(frozen=True, slots=True)
class Left:
    """A shipment outside the pool, and why.

    Attributes
    ----------
    until_min
        For held shipments: when they come back on the table, minutes after the market's start.
    """

    shipment: str
    status: LeftStatus
    reason: str
    until_min: float | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money from one party to another; all shares are derived from these.

    The coordinator clears: owners pay it, it pays carriers and hubs, so nobody learns who else is on the vehicle.
    """

    payer: str
    payee: str
    cents: int
    line: str
    about: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the settlement came about; figures for the operator.

    Attributes
    ----------
    raw_shares
        What the sharing rule said before rationality was enforced, cents by owner.
    sharing
        Name of the rule.
    sharing_note
        Where the rule fell back to something else; empty where it did not.
    fairness
        Of every settlement in which something is pooled: whether nobody pays more than alone
        (``individually_rational``), whether that held by the rule itself, before it was enforced
        (``raw_individually_rational``), and ``jain_index`` of the relative savings.
    standard_errors
        Of raw shares that were estimated from a sample of coalitions, cents by owner.
    stability
        Figures of the shares against the coalitions' costs, where these were worked out: ``in_core``,
        ``largest_violation_eur``, ``violating_coalition``, ``jain_index``, whether no coalition was left out
        (``certified``), ``coalitions_evaluated``; and, where stability was asked for, ``routing_noise_eur`` (how far
        plans of the same goods differ by the search's seed alone) and a ``verdict``.
    excluded
        Pairs (participant or shipment, reason) that rules kept out.
    reserves
        Each pooled shipment's stated stand-alone reserve in cents; what its award was judged by.
    subsidy_cents
        What the operator pays in where carriers are paid more than owners may pay (under VCG).
    notes
        Plain words, in the order in which things happened.
    """

    rounds: int = 0
    messages: int = 0
    disclosed: Mapping[str, int] = field(default_factory=dict)
    raw_shares: Mapping[str, int] = field(default_factory=dict)
    sharing: str = ""
    sharing_note: str = ""
    fairness: Mapping[str, float | bool] = field(default_factory=dict)
    standard_errors: Mapping[str, int] = field(default_factory=dict)
    stability: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    excluded: tuple[tuple[str, str], ...] = ()
    reserves: Mapping[str, int] = field(default_factory=dict)
    subsidy_cents: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """Who carries what, who pays whom.

    Attributes
    ----------
    standalone_cents
        Each owner's reported cost of all its shipments without a pool; what was promised for today and is kept is owed,
        and counts at its price.
    left_cents
        Each owner's reported cost of what stays outside, alone.
    promises
        Made today for later days; their shipments are left as held, and are in neither cost.
    void
        Why promises that were due today are not kept, by id; whoever made them is free.
    most_cents
        What owners with promises for later days at most pay in all today, as they reported it, so that waiting leaves
        them no worse off; others pay at most `standalone_cents`.
    """

    market_digest: str
    legs: tuple[Leg, ...] = ()
    loads: tuple[Load, ...] = ()
    bookings: tuple[Booking, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    left: tuple[Left, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    standalone_cents: Mapping[str, int] = field(default_factory=dict)
    left_cents: Mapping[str, int] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    void: Mapping[str, str] = field(default_factory=dict)
    most_cents: Mapping[str, int] = field(default_factory=dict)
    evidence: Evidence = Evidence()

    @property
    def paid_cents(self) -> dict[str, int]:
        """What each party pays into the settlement."""
        return _totals((t.payer, t.cents) for t in self.transfers)

    @property
    def received_cents(self) -> dict[str, int]:
        """What each party receives from the settlement."""
        return _totals((t.payee, t.cents) for t in self.transfers)

    @property
    def operator_cents(self) -> int:
        """What stays with the coordinator: its receipts less its payments."""
        return self.received_cents.get(COORDINATOR, 0) - self.paid_cents.get(COORDINATOR, 0)

    @property
    def reservation_cents(self) -> dict[str, int]:
        """What reservations cost each owner after all (positive), and brought each provider (negative)."""
        net: Counter[str] = Counter()
        for r in self.reservations:
            net.update(r.owners)
            net[r.provider] -= r.cost_cents
        return dict(sorted(net.items()))

    @property
    def pooled(self) -> frozenset[str]:
        """Ids of the shipments that the settlement carries."""
        return frozenset(leg.shipment for leg in self.legs)


def _totals(entries: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for party, cents in entries:
        total[party] += cents
    return dict(sorted(total.items()))
