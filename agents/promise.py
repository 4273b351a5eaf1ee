"""Promises: what an owner and a carrier agreed on for a later planning day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logistics.jobs import planning_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from logistics.shipments import Shipment
    from logistics.sites import Site


@dataclass(frozen=True, slots=True)
class Promise:
    """One owner's shipments that one carrier is to carry on a later planning day, at a price; it binds both.

    Attributes
    ----------
    id
        Unique in a run.
    shipments
        As they were agreed on, without stakes, sorted by id; changed in any way, they are no longer these.
    made, day
        Start of the planning day on which it was agreed, and of that on which it is due, UTC.
    price_cents
        What the carrier is paid at most, and the owner pays at most, for all of it.
    window, windows
        In which of so many windows each delivery starts, see `agents.participants.talks.latest_start_min`.
    """

    id: str
    owner: str
    carrier: str
    shipments: tuple[Shipment, ...]
    made: datetime
    day: datetime
    price_cents: int
    window: int
    windows: int

    @property
    def lot(self) -> tuple[str, ...]:
        """Ids of the shipments."""
        return tuple(s.id for s in self.shipments)


def due_on(promise: Promise, sites: Mapping[str, Site]) -> date:
    """Local day on which a promise is due, where its goods go."""
    return planning_day(promise.day, sites[promise.shipments[0].destination].time_zone)


def waiting_for(promise: Promise, sites: Mapping[str, Site]) -> str:
    """Say why what is promised is held until its day."""
    return f"it is promised for {due_on(promise, sites)}, as agreed with a carrier"
