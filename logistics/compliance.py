"""What may travel together, and who may carry it. A rule is kept or the pair excluded; it is never a soft cost."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from groupage.errors import InputError
from logistics.shipments import Handling, Temperature

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from logistics.fleet import Carrier, VehicleType

# Labels whose rows and columns in the table of ADR 7.5.2.1 carry an unconditional X among each other.
_GENERAL = frozenset(
    {"2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1", "5.2", "6.1", "6.2", "7A", "7B", "7C", "8", "9"}
)
_EXPLOSIVES = frozenset({"1", "1.4", "1.4S", "1.5", "1.6"})

ADR_LABELS: tuple[str, ...] = tuple(sorted(_GENERAL | _EXPLOSIVES | {"4.1+1", "5.2+1"}))
"""The danger labels known here, as in ADR chapter 5.2; ``1.4S`` is label 1.4 with compatibility group S."""

_MORE_PAIRS = frozenset(
    {
        frozenset({"1.4S"}),
        frozenset({"4.1+1"}),
        frozenset({"5.2+1"}),
        frozenset({"5.2", "5.2+1"}),
        *(frozenset({"1.4S", label}) for label in _GENERAL),  # footnote a
    }
)


def validate_labels(labels: Iterable[str]) -> None:
    """Check that danger labels are known.

    Raises
    ------
    InputError
        Naming the unknown labels and listing the valid ones.
    """
    unknown = sorted(set(labels) - set(ADR_LABELS))
    if unknown:
        raise InputError(f"adr_labels has {', '.join(unknown)}, expected labels out of {', '.join(ADR_LABELS)}")


@lru_cache(maxsize=4096)
def conflict(a: Handling, b: Handling) -> str | None:
    """Tell why goods of two handling classes may not share a vehicle.

    The mixed-loading table of ADR 7.5.2.1 by danger label, every label of the one against every label of the other: a
    pair that the table does not allow is prohibited; goods without labels may travel with labelled ones. Two
    temperature regimes never share a vehicle.

    The footnotes that depend on the UN number (b, c and d) and the compatibility groups of class 1 (7.5.2.2) cannot
    be judged by label, so those pairs are prohibited: explosives travel with no other labelled goods, not even with
    other explosives, except 1.4S, which travels with 1.4S and by footnote a with the other classes. The rules on
    foodstuffs (7.5.4) need to know what is food and which precautions were taken, and are not judged here.

    Returns
    -------
    str or None
        The rule that forbids it in plain words, or ``None`` where they may travel together.

    Raises
    ------
    InputError
        If a label is unknown.
    """
    validate_labels((*a.adr_labels, *b.adr_labels))
    if a.temperature != b.temperature:
        one, other = sorted((a.temperature.value, b.temperature.value))
        return f"{one} and {other} goods never share a vehicle"
    for x in sorted(a.adr_labels):
        for y in sorted(b.adr_labels):
            if not ({x, y} <= _GENERAL or frozenset({x, y}) in _MORE_PAIRS):
                one, other = sorted((x, y))
                if {x, y} <= _EXPLOSIVES:
                    return f"ADR 7.5.2.2: labels {one} and {other} need compatibility groups, which are not known here"
                return f"ADR 7.5.2.1: labels {one} and {other} may not be loaded together"
    return None


def carrier_refusal(carrier: Carrier, vehicle: VehicleType, handling: Handling, on: date) -> str | None:
    """Tell why a carrier may not carry goods with a vehicle on a day.

    Every temperature regime needs a body that keeps it; certificates as `certificate_refusal` says.

    Returns
    -------
    str or None
        The first reason in plain words; ``None`` where the carrier may.

    Raises
    ------
    InputError
        If a label is unknown.
    """
    validate_labels(handling.adr_labels)
    if handling.temperature not in vehicle.temperatures:
        return f"vehicle {vehicle.id} of {carrier.id} does not keep goods {handling.temperature.value}"
    return certificate_refusal(carrier, handling, on)


def certificate_refusal(carrier: Carrier, handling: Handling, on: date) -> str | None:
    """Tell which certificate keeps a carrier from goods on a day, whatever the vehicle.

    Labelled goods need an ``ADR`` certificate, chilled and frozen ones an ``ATP`` certificate; further ones are those
    that the goods name.

    Returns
    -------
    str or None
        The first one missing in plain words, an expired one with its date; ``None`` where all are valid.
    """
    needed: dict[str, str] = {}
    if handling.adr_labels:
        needed["ADR"] = f"goods with danger label {', '.join(handling.adr_labels)}"
    if handling.temperature is not Temperature.AMBIENT:
        needed["ATP"] = f"{handling.temperature.value} goods"
    for kind in handling.certificates:
        needed.setdefault(kind, "these goods")
    for kind, goods in needed.items():
        if carrier.holds(kind, on):
            continue
        expired = [c.expires_on for c in carrier.certificates if c.kind == kind]
        if expired:
            return f"the {kind} certificate of {carrier.id} expired on {max(expired)}, needed for {goods}"
        return f"{carrier.id} holds no {kind} certificate, needed for {goods}"
    return None
