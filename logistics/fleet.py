"""Carriers and road vehicles. What a vehicle *is* may be public; what it *costs* belongs to its carrier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from logistics.shipments import Temperature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class Body(StrEnum):
    """Road vehicle types."""

    VAN = "van"
    RIGID = "rigid"
    ARTICULATED = "articulated"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that a carrier holds (``ADR``, ``ATP``, ``GDP``...), valid through ``expires_on``."""

    kind: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who drives."""

    id: str
    name: str = ""
    certificates: tuple[Certificate, ...] = ()

    def holds(self, kind: str, on: date) -> bool:
        """Tell whether a certificate of this kind is valid on a day (its last day included)."""
        return any(c.kind == kind and on <= c.expires_on for c in self.certificates)


@dataclass(frozen=True, slots=True)
class VehicleType:
    """Identical vehicles of one carrier at one base: the public, physical part.

    Attributes
    ----------
    shift_open_min, shift_close_min
        Earliest departure from and latest return to the base, minutes after the base's local midnight.
    max_shift_min
        Longest time between departure and return; ``None`` for no limit beyond the shift's span.
    speed_kmh
        ``None``: the network's own durations; otherwise durations are distance over this speed.
    temperatures
        Regimes the body can keep.
    """

    id: str
    carrier: str
    body: Body
    base: str
    count: int
    capacity_pallets: float
    capacity_kg: float
    capacity_m3: float
    shift_open_min: float = 0.0
    shift_close_min: float = 1440.0
    max_shift_min: float | None = None
    speed_kmh: float | None = None
    emission_class: str = ""
    temperatures: frozenset[Temperature] = frozenset({Temperature.AMBIENT})


@dataclass(frozen=True, slots=True)
class OperatingCosts:
    """What a vehicle costs its carrier, or what a dedicated vehicle or contract costs a shipper.

    Attributes
    ----------
    fixed_eur
        Per vehicle used in a planning day.
    per_km_eur, toll_eur_per_km
        Per kilometre driven, and the road charges on top.
    per_hour_eur
        Per hour between leaving the base and being back, waiting and service included.
    """

    fixed_eur: float = 0.0
    per_km_eur: float = 0.0
    per_hour_eur: float = 0.0
    toll_eur_per_km: float = 0.0

    def scaled(self, factor: float) -> OperatingCosts:
        """Return every rate times a factor (a markup, a misreport)."""
        return OperatingCosts(
            self.fixed_eur * factor, self.per_km_eur * factor, self.per_hour_eur * factor, self.toll_eur_per_km * factor
        )


@dataclass(frozen=True, slots=True)
class CallUp:
    """What a vehicle costs its carrier when nobody reserved it, and what one that was reserved and stays idle is worth.

    Attributes
    ----------
    spot_fixed_eur
        Per vehicle called up on the day itself, in place of `OperatingCosts.fixed_eur`.
    release_eur
        Per vehicle that was reserved and is not used: what its carrier still makes of it.
    """

    spot_fixed_eur: float
    release_eur: float = 0.0


# A name can hold no bar, so a reserved vehicle is never taken for another type.
RESERVED_SUFFIX = "|reserved"


def is_reserved(vehicle: str) -> bool:
    """Tell whether a vehicle id stands for vehicles of a type that were reserved ahead."""
    return vehicle.endswith(RESERVED_SUFFIX)


def type_of(vehicle: str) -> str:
    """Return the vehicle type behind an id, reserved or not."""
    return vehicle.removesuffix(RESERVED_SUFFIX)


def with_reserved(vehicles: Mapping[str, VehicleType], reserved: Mapping[str, int]) -> dict[str, VehicleType]:
    """Set reserved vehicles apart as types of their own; a type of which all are reserved has no others left.

    Parameters
    ----------
    reserved
        How many vehicles of a type were reserved ahead.

    Raises
    ------
    ValueError
        If more vehicles of a type are reserved than there are.
    """
    apart: dict[str, VehicleType] = {}
    for name, kind in vehicles.items():
        count = reserved.get(name, 0)
        if not 0 <= count <= kind.count:
            raise ValueError(f"{count} vehicles {name} are reserved, expected 0 to {kind.count}")
        if count < kind.count:
            apart[name] = replace(kind, count=kind.count - count) if count else kind
        if count:
            apart[name + RESERVED_SUFFIX] = replace(kind, id=name + RESERVED_SUFFIX, count=count)
    return apart


def without_reserved(vehicles: Mapping[str, VehicleType]) -> dict[str, VehicleType]:
    """Put vehicles that were set apart by `with_reserved` back among the others of their type."""
    whole: dict[str, VehicleType] = {}
    for kind in vehicles.values():
        name = type_of(kind.id)
        others = whole[name].count if name in whole else 0
        whole[name] = replace(kind, id=name, count=kind.count + others)
    return whole
