"""Hubs of the contract as the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logistics.hubs import Hub, HubCosts
from server.wire.fields import eur

if TYPE_CHECKING:
    from groupage.v1 import hubs_pb2


def hub(message: hubs_pb2.Hub) -> Hub:
    """What a hub is: its public part."""
    usual = Hub(message.name, message.site, message.dock_slots_per_hour)

    def given(field: str) -> float:
        value: float = getattr(message if message.HasField(field) else usual, field)
        return value

    return Hub(
        id=message.name,
        site=message.site,
        dock_slots_per_hour=message.dock_slots_per_hour,
        handling_min_per_pallet=given("handling_min_per_pallet"),
        min_handling_min=given("min_handling_min"),
        cutoff_min=message.cutoff_min if message.HasField("cutoff_min") else None,
    )


def hub_rates(message: hubs_pb2.Hub) -> HubCosts | None:
    """What handling costs the hub; ``None`` where it keeps its costs to itself. Private."""
    if not message.HasField("rates"):
        return None
    given = message.rates
    return HubCosts(
        handling_eur_per_pallet=eur(given.handling_eur_micros_per_pallet),
        slot_eur=eur(given.slot_eur_micros),
        storage_eur_per_pallet_hour=eur(given.storage_eur_micros_per_pallet_hour),
        spot_slot_eur=eur(given.spot_slot_eur_micros) if given.HasField("spot_slot_eur_micros") else None,
        release_slot_eur=eur(given.release_slot_eur_micros),
    )
