"""Hubs: sites that handle other people's goods, with docks that fill up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hub:
    """The public part of a hub; its `Site` carries place and opening hours.

    Attributes
    ----------
    id
        Participant that runs it.
    site
        Site id.
    dock_slots_per_hour
        Vehicles that can be at the docks in one clock hour.
    handling_min_per_pallet, min_handling_min
        Time between unloading and being ready to load again.
    cutoff_min
        Inbound goods of a day must be at the dock by then, minutes after local midnight; ``None``: mid-opening.
    """

    id: str
    site: str
    dock_slots_per_hour: int
    handling_min_per_pallet: float = 2.0
    min_handling_min: float = 30.0
    cutoff_min: float | None = None


@dataclass(frozen=True, slots=True)
class HubCosts:
    """What handling costs the hub; private to it.

    Attributes
    ----------
    slot_eur
        A dock slot that was reserved ahead.
    spot_slot_eur
        A dock slot that is asked for on the day; ``None``: the same.
    release_slot_eur
        What a slot that was reserved and is not used is still worth.
    """

    handling_eur_per_pallet: float = 0.0
    slot_eur: float = 0.0
    storage_eur_per_pallet_hour: float = 0.0
    spot_slot_eur: float | None = None
    release_slot_eur: float = 0.0

    @property
    def day_slot_eur(self) -> float:
        """What a dock slot costs that nobody reserved."""
        return self.slot_eur if self.spot_slot_eur is None else self.spot_slot_eur
