"""Small values of the contract as the engine's: moments, days, money, enumerations. A fault names the field.

An engine id is the resource name itself: unique across companies, and no company can take the coordinator's.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from google.type import date_pb2

from groupage.errors import InputError, Problem
from groupage.v1 import types_pb2
from logistics.fleet import OperatingCosts
from logistics.shipments import Handling, Temperature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum
    from typing import TypeVar

    from google.protobuf.timestamp_pb2 import Timestamp

    Word = TypeVar("Word", bound=Enum)

MICROS_PER_EUR = 1_000_000
CENTS_PER_EUR = 100


def fault(name: str, field: str, given: object, expected: str) -> InputError:
    """Make the error of one field.

    Parameters
    ----------
    name
        Resource that it is a field of.
    field
        Path of the field, such as ``opening.close_min`` or ``groupage.brackets[3].from_zone``.
    """
    return InputError([Problem(name or "request", field, str(given), expected)])


def moment(message: Any, field: str, name: str = "") -> datetime | None:
    """Point in time, UTC; ``None`` where the field is not set.

    Parameters
    ----------
    name
        Resource that the message is a part of; its own by default.

    Raises
    ------
    InputError
        If it lies outside the years 1 to 9999.
    """
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    try:
        found: datetime = stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise fault(name or message.name, field, f"{stamp.seconds} s", "a time in the years 1 to 9999") from None
    return found


def moment_or(message: Any, field: str, otherwise: datetime | None) -> datetime:
    """Point in time, UTC, or another one where the field is not set.

    Raises
    ------
    InputError
        If there is neither.
    """
    found = moment(message, field) or otherwise
    if found is None:
        raise fault(message.name, field, "missing", "a time")
    return found


def day(message: Any, field: str) -> date | None:
    """Day; ``None`` where the field is not set.

    Raises
    ------
    InputError
        If the calendar has no such day.
    """
    if not message.HasField(field):
        return None
    given = getattr(message, field)
    try:
        return date(given.year, given.month, given.day)
    except ValueError:
        said = f"{given.year}-{given.month}-{given.day}"
        raise fault(message.name, field, said, "a day of the calendar") from None


def date_message(value: date) -> date_pb2.Date:
    """Day as the contract has it."""
    return date_pb2.Date(year=value.year, month=value.month, day=value.day)


def eur(micros: int) -> float:
    """EUR of millionths: the number whose shortest decimal text is the exact amount, below 10^9 EUR."""
    return micros / MICROS_PER_EUR


def eur_of_cents(cents: int) -> float:
    """EUR of cents, in the same sense."""
    return cents / CENTS_PER_EUR


def word(table: Mapping[int, Word], name: str, field: str, value: int) -> Word:
    """Value of an enumeration as the engine's.

    Raises
    ------
    InputError
        If the engine has none for it.
    """
    if value not in table:
        raise fault(name, field, value, f"one of {', '.join(str(w.value) for w in table.values())}")
    return table[value]


TEMPERATURES: Mapping[int, Temperature] = {
    types_pb2.TEMPERATURE_UNSPECIFIED: Temperature.AMBIENT,
    types_pb2.TEMPERATURE_AMBIENT: Temperature.AMBIENT,
    types_pb2.TEMPERATURE_CHILLED: Temperature.CHILLED,
    types_pb2.TEMPERATURE_FROZEN: Temperature.FROZEN,
}
_TEMPERATURE_VALUES = {
    Temperature.AMBIENT: types_pb2.TEMPERATURE_AMBIENT,
    Temperature.CHILLED: types_pb2.TEMPERATURE_CHILLED,
    Temperature.FROZEN: types_pb2.TEMPERATURE_FROZEN,
}


def handling(message: types_pb2.Handling, name: str, field: str = "handling") -> Handling:
    """Handling class; labels and certificates sorted, so that the same class is the same value."""
    return Handling(
        adr_labels=tuple(sorted(message.adr_labels)),
        temperature=word(TEMPERATURES, name, f"{field}.temperature", message.temperature),
        certificates=tuple(sorted(message.certificates)),
    )


def handling_message(value: Handling) -> types_pb2.Handling:
    """Handling class as the contract has it."""
    return types_pb2.Handling(
        adr_labels=value.adr_labels,
        temperature=_TEMPERATURE_VALUES[value.temperature],
        certificates=value.certificates,
    )


def rates(message: types_pb2.OperatingRates) -> OperatingCosts:
    """Rate card in EUR."""
    return OperatingCosts(
        fixed_eur=eur(message.fixed_eur_micros),
        per_km_eur=eur(message.per_km_eur_micros),
        per_hour_eur=eur(message.per_hour_eur_micros),
        toll_eur_per_km=eur(message.toll_eur_micros_per_km),
    )
