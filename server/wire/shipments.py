"""Orders of the contract as shipments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logistics.shipments import Shipment, Stakes
from server.wire.fields import eur, eur_of_cents, handling, moment, moment_or

if TYPE_CHECKING:
    from groupage.v1 import orders_pb2


def company_name(name: str) -> str:
    """Resource name of the company under whose name something stands."""
    return "/".join(name.split("/", 2)[:2])


def shipment(message: orders_pb2.Order) -> Shipment:
    """Return the shipment that an order asks for, with its stakes.

    What the order leaves open is as the contract says: released when it was submitted, due when its window closes;
    goods are never ready before it was released.

    Raises
    ------
    InputError
        Naming the field that does not fit.
    """
    window_open = moment_or(message, "window_open", None)
    window_close = moment_or(message, "window_close", None)
    ready_at = moment_or(message, "ready_at", None)
    released_at = moment_or(message, "released_at", moment(message, "create_time") or ready_at)
    return Shipment(
        id=message.name,
        owner=company_name(message.name),
        origins=tuple(message.origins),
        destination=message.destination,
        pallets=message.pallets,
        weight_kg=message.weight_kg,
        volume_m3=message.volume_m3,
        ready_at=max(ready_at, released_at),
        window_open=window_open,
        window_close=window_close,
        due_at=moment_or(message, "due_at", window_close),
        released_at=released_at,
        pickup_until=moment(message, "pickup_until"),
        loading_min=message.loading_min,
        unloading_min=message.unloading_min,
        handling=handling(message.handling, message.name),
        product=message.product,
        freight_payer=message.freight_payer,
        stakes=stakes(message),
    )


def stakes(message: orders_pb2.Order) -> Stakes | None:
    """What only the owner knows of an order; ``None`` where it says nothing."""
    if not message.HasField("stakes"):
        return None
    given = message.stakes
    return Stakes(
        lateness_eur_per_hour=eur(given.lateness_eur_micros_per_hour),
        line_stop_eur=eur_of_cents(given.line_stop_cents),
        line_stop_at=moment(given, "line_stop_at", message.name),
        paid_eur=eur_of_cents(given.paid_cents) if given.HasField("paid_cents") else None,
        holding_eur_per_pallet_day=eur(given.holding_eur_micros_per_pallet_day),
    )
