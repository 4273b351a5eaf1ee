"""Tariffs of the contract as the engine's: public price lists, prices for hire, and contracts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from logistics.tariffs import DedicatedTariff, GroupageBracket, GroupageTariff, Incumbent
from server.wire.fields import day, eur_of_cents, fault, rates
from server.wire.shipments import company_name

if TYPE_CHECKING:
    from datetime import date

    from groupage.v1 import tariffs_pb2


def valid_on(message: tariffs_pb2.Tariff, on: date) -> bool:
    """Tell whether a tariff holds on a day, where goods are loaded.

    Raises
    ------
    InputError
        If one of its days is not of the calendar.
    """
    first, last = day(message, "valid_from"), day(message, "valid_until")
    return (first is None or first <= on) and (last is None or on <= last)


def public_tariff(message: tariffs_pb2.Tariff) -> GroupageTariff | DedicatedTariff:
    """Return a public price: a list for part loads, or of a vehicle for hire.

    Raises
    ------
    InputError
        If it is neither.
    """
    carrier = company_name(message.name)
    if message.WhichOneof("terms") == "groupage":
        terms = message.groupage
        brackets = tuple(
            GroupageBracket(
                b.from_zone,
                b.to_zone,
                b.up_to_pallets,
                b.up_to_kg if b.HasField("up_to_kg") else math.inf,
                eur_of_cents(b.price_cents),
            )
            for b in terms.brackets
        )
        return GroupageTariff(
            message.name,
            carrier,
            brackets,
            eur_of_cents(terms.minimum_cents),
            terms.fuel_surcharge_percent,
            message.margin_percent,
        )
    if message.WhichOneof("terms") == "dedicated":
        dedicated = message.dedicated
        if company_name(dedicated.vehicle_type) != carrier:
            raise fault(
                message.name, "dedicated.vehicle_type", dedicated.vehicle_type, "a vehicle type of the same company"
            )
        return DedicatedTariff(
            message.name, carrier, dedicated.vehicle_type, rates(dedicated.prices), message.margin_percent
        )
    raise fault(message.name, "terms", message.WhichOneof("terms") or "missing", "groupage or dedicated")


def incumbent(message: tariffs_pb2.Tariff) -> Incumbent:
    """Return a running contract. Private to the company that holds it.

    Raises
    ------
    InputError
        If it is none.
    """
    if message.WhichOneof("terms") != "contract":
        raise fault(message.name, "terms", message.WhichOneof("terms") or "missing", "contract")
    terms = message.contract
    most = terms.max_vehicles if terms.HasField("max_vehicles") else max(1, terms.committed_vehicles)
    if most < terms.committed_vehicles:
        expected = f"at least committed_vehicles ({terms.committed_vehicles})"
        raise fault(message.name, "contract.max_vehicles", most, expected)
    return Incumbent(
        id=message.name,
        owner=company_name(message.name),
        carrier=company_name(terms.vehicle_type),
        vehicle=terms.vehicle_type,
        prices=rates(terms.prices),
        committed_vehicles=terms.committed_vehicles,
        max_vehicles=most,
        margin_percent=message.margin_percent,
    )
