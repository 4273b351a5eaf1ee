"""Shipments: what one owner sends to one site in one window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Temperature(StrEnum):
    """Temperature regime that the goods need all the way."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Handling:
    """Handling class of goods.

    Attributes
    ----------
    adr_labels
        Danger labels as in ADR chapter 5.2 (``"3"``, ``"1.4S"``, ``"5.1"``), sorted; empty for harmless goods.
    temperature
        Regime; goods of two regimes never share a vehicle.
    certificates
        Further certificates that the carrier must hold, such as ``"GDP"`` or ``"IFS"``, sorted.
    """

    adr_labels: tuple[str, ...] = ()
    temperature: Temperature = Temperature.AMBIENT
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stakes:
    """What only the owner knows about a shipment: never in a `Market`.

    Attributes
    ----------
    lateness_eur_per_hour
        Cost of each hour of delivery after `Shipment.due_at`.
    line_stop_eur, line_stop_at
        Cost that falls due once, when the goods arrive after that time (or after the window, if no time is given).
    paid_eur
        What the owner really paid for this shipment, where known.
    holding_eur_per_pallet_day
        Cost of keeping a pallet a day longer, held or promised for a later day.
    """

    lateness_eur_per_hour: float = 0.0
    line_stop_eur: float = 0.0
    line_stop_at: datetime | None = None
    paid_eur: float | None = None
    holding_eur_per_pallet_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Shipment:
    """A consignment and its promises.

    Attributes
    ----------
    owner
        Participant that has the obligation to deliver.
    origins
        Sites where the goods are ready; with several, whoever serves the client may load at any one of them.
    ready_at, pickup_until
        When the goods can be loaded, and by when at the latest (``None``: any time).
    window_open, window_close
        Delivery may start only inside this window.
    due_at
        Delivery after this costs the owner (`Stakes`).
    loading_min, unloading_min
        Service times at origin and destination.
    freight_payer
        Who may pool the shipment, from the Incoterm; the owner where empty.
    """

    id: str
    owner: str
    origins: tuple[str, ...]
    destination: str
    pallets: float
    weight_kg: float
    volume_m3: float
    ready_at: datetime
    window_open: datetime
    window_close: datetime
    due_at: datetime
    released_at: datetime
    pickup_until: datetime | None = None
    loading_min: float = 0.0
    unloading_min: float = 0.0
    handling: Handling = Handling()
    product: str = ""
    freight_payer: str = ""
    stakes: Stakes | None = None

    @property
    def last_moment(self) -> datetime:
        """When delivery is due; the end of the window where that comes first, or where it is due before it opens."""
        return min(self.window_close, self.due_at) if self.due_at > self.window_open else self.window_close

    def for_market(self) -> Shipment:
        """Return the shipment as a coordinator may see it: without its stakes."""
        return replace(self, stakes=None)
