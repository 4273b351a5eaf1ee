"""Vehicle types and certificates of the contract as the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupage.errors import InputError
from groupage.v1 import fleets_pb2
from logistics.emissions import emission_factor
from logistics.fleet import Body, CallUp, Carrier, Certificate, OperatingCosts, VehicleType
from logistics.shipments import Temperature
from server.wire.fields import TEMPERATURES, day, eur, fault, rates, word
from server.wire.shipments import company_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from groupage.v1 import certificates_pb2

_BODIES: Mapping[int, Body] = {
    fleets_pb2.BODY_VAN: Body.VAN,
    fleets_pb2.BODY_RIGID: Body.RIGID,
    fleets_pb2.BODY_ARTICULATED: Body.ARTICULATED,
}
MINUTES_PER_DAY = 1440.0


def vehicle_type(message: fleets_pb2.VehicleType) -> VehicleType:
    """What a vehicle type is: its public part.

    Raises
    ------
    InputError
        Naming the field that does not fit.
    """
    if message.emission_class:
        try:
            emission_factor(message.emission_class)
        except InputError as error:
            raise fault(message.name, "emission_class", message.emission_class, str(error)) from None
    closes = message.shift_close_min if message.HasField("shift_close_min") else MINUTES_PER_DAY
    if not message.shift_open_min < closes:
        raise fault(message.name, "shift_close_min", closes, f"after shift_open_min ({message.shift_open_min:g})")
    kept = frozenset(word(TEMPERATURES, message.name, "temperatures", t) for t in message.temperatures)
    return VehicleType(
        id=message.name,
        carrier=company_name(message.name),
        body=word(_BODIES, message.name, "body", message.body),
        base=message.base,
        count=message.count,
        capacity_pallets=message.capacity_pallets,
        capacity_kg=message.capacity_kg,
        capacity_m3=message.capacity_m3,
        shift_open_min=message.shift_open_min,
        shift_close_min=closes,
        max_shift_min=message.max_shift_min if message.HasField("max_shift_min") else None,
        speed_kmh=message.speed_kmh if message.HasField("speed_kmh") else None,
        emission_class=message.emission_class,
        temperatures=kept or frozenset({Temperature.AMBIENT}),
    )


def vehicle_rates(message: fleets_pb2.VehicleType) -> tuple[OperatingCosts, CallUp | None] | None:
    """What a vehicle type costs its carrier; ``None`` where that keeps its costs to itself. Private."""
    if not message.HasField("rates"):
        return None
    call_up = None
    if message.HasField("call_up"):
        call_up = CallUp(eur(message.call_up.spot_fixed_eur_micros), eur(message.call_up.release_eur_micros))
    return rates(message.rates), call_up


def carrier(company: str, certificates: Iterable[certificates_pb2.Certificate]) -> Carrier:
    """Return a carrier with what it holds; a certificate that the operator has not verified does not count.

    The carrier has no name: a market shows its participants to nobody by one.

    Raises
    ------
    InputError
        Naming the field that does not fit.
    """
    held = []
    for message in certificates:
        if company_name(message.name) != company or not message.HasField("verify_time"):
            continue
        expires_on = day(message, "expires_on")
        if expires_on is None:
            raise fault(message.name, "expires_on", "missing", "a day")
        held.append(Certificate(message.kind, expires_on))
    return Carrier(company, "", tuple(sorted(held, key=lambda c: (c.kind, c.expires_on))))
