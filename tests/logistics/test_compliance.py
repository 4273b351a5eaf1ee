"""What may travel together and who may carry it."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from groupage.errors import InputError
from logistics import (
    ADR_LABELS,
    Body,
    Carrier,
    Certificate,
    Handling,
    Temperature,
    VehicleType,
    carrier_refusal,
    conflict,
    validate_labels,
)

# The table of ADR 7.5.2.1 row by row: "x" allowed, "a" allowed with 1.4S only, "-" blank or a footnote that the label
# alone cannot decide. Columns as rows; 2.1, 2.2 and 2.3 share one, as do 7A, 7B and 7C.
GROUPS = (
    "1",
    "1.4",
    "1.5",
    "1.6",
    "2",
    "3",
    "4.1",
    "4.1+1",
    "4.2",
    "4.3",
    "5.1",
    "5.2",
    "5.2+1",
    "6.1",
    "6.2",
    "7",
    "8",
    "9",
)
TABLE = """
1      - - - - - - - - - - - - - - - - - -
1.4    - - - - a a a - a a a a - a a a a a
1.5    - - - - - - - - - - - - - - - - - -
1.6    - - - - - - - - - - - - - - - - - -
2      - a - - x x x - x x x x - x x x x x
3      - a - - x x x - x x x x - x x x x x
4.1    - a - - x x x - x x x x - x x x x x
4.1+1  - - - - - - - x - - - - - - - - - -
4.2    - a - - x x x - x x x x - x x x x x
4.3    - a - - x x x - x x x x - x x x x x
5.1    - a - - x x x - x x x x - x x x x x
5.2    - a - - x x x - x x x x x x x x x x
5.2+1  - - - - - - - - - - - x x - - - - -
6.1    - a - - x x x - x x x x - x x x x x
6.2    - a - - x x x - x x x x - x x x x x
7      - a - - x x x - x x x x - x x x x x
8      - a - - x x x - x x x x - x x x x x
9      - a - - x x x - x x x x - x x x x x
"""
CELLS = {
    (row.split()[0], column): mark
    for row in TABLE.strip().splitlines()
    for column, mark in zip(GROUPS, row.split()[1:], strict=True)
}
TODAY = date(2026, 5, 4)


def group_of(label: str) -> str:
    if label == "1.4S":
        return "1.4"
    return label[0] if label[0] in "27" else label


def by_table(a: str, b: str) -> bool:
    if {a, b} == {"1.4S"}:
        return True  # group S travels with group S (7.5.2.2)
    mark = CELLS[group_of(a), group_of(b)]
    return mark == "x" or (mark == "a" and "1.4S" in (a, b))


def test_every_pair_of_labels_as_the_table_says() -> None:
    """All pairs of labels agree with ADR 7.5.2.1, transcribed apart."""
    wrong = [
        (a, b)
        for a, b in product(ADR_LABELS, repeat=2)
        if (conflict(Handling((a,)), Handling((b,))) is None) != by_table(a, b)
    ]
    assert wrong == []


def test_conflicts_are_mutual() -> None:
    """If one may not travel with the other, neither may the other with the one, for the same reason."""
    for a, b in product(ADR_LABELS, repeat=2):
        assert conflict(Handling((a,)), Handling((b,))) == conflict(Handling((b,)), Handling((a,)))


def test_every_label_of_a_package_counts() -> None:
    """A subsidiary danger forbids company just as the main one does."""
    assert conflict(Handling(("3", "6.1")), Handling(("8",))) is None
    assert "4.1+1 and 8" in str(conflict(Handling(("4.1+1",)), Handling(("4.1+1", "8"))))


def test_goods_without_labels_travel_with_labelled_ones() -> None:
    """The table is about labelled packages only."""
    assert all(conflict(Handling(), Handling((label,))) is None for label in ADR_LABELS)


def test_two_temperature_regimes_never_share_a_vehicle() -> None:
    """Chilled goods travel with chilled goods only."""
    chilled, frozen = Handling(temperature=Temperature.CHILLED), Handling(temperature=Temperature.FROZEN)
    assert conflict(chilled, frozen) == "chilled and frozen goods never share a vehicle"
    assert conflict(chilled, Handling()) is not None
    assert conflict(chilled, chilled) is None


def test_unknown_labels_are_named_with_the_valid_ones() -> None:
    """A typing error must not pass as harmless goods."""
    with pytest.raises(InputError, match=r"adr_labels has 10, 3a, expected labels out of 1, 1\.4, "):
        validate_labels(["3", "3a", "10"])
    with pytest.raises(InputError):
        conflict(Handling(("flammable",)), Handling())


def vehicle(*regimes: Temperature) -> VehicleType:
    return VehicleType("v", "k", Body.RIGID, "b", 1, 10.0, 9e3, 40.0, temperatures=frozenset(regimes))


@pytest.mark.parametrize(
    ("handling", "certificates", "reason"),
    [
        (Handling(), {}, None),
        (Handling(("3",)), {}, "k holds no ADR certificate, needed for goods with danger label 3"),
        (Handling(("3",)), {"ADR": date(2026, 5, 4)}, None),
        (Handling(("3",)), {"ADR": date(2026, 5, 3)}, "the ADR certificate of k expired on 2026-05-03"),
        (Handling(temperature=Temperature.CHILLED), {}, "k holds no ATP certificate, needed for chilled goods"),
        (Handling(temperature=Temperature.CHILLED), {"ATP": date(2027, 1, 1)}, None),
        (
            Handling(temperature=Temperature.FROZEN),
            {"ATP": date(2027, 1, 1)},
            "vehicle v of k does not keep goods frozen",
        ),
        (
            Handling(certificates=("GDP",)),
            {"ADR": date(2027, 1, 1)},
            "k holds no GDP certificate, needed for these goods",
        ),
    ],
)
def test_who_may_carry_what(handling: Handling, certificates: dict[str, date], reason: str | None) -> None:
    """A carrier needs a valid certificate for each danger, and a body that keeps the regime; the reason is named."""
    carrier = Carrier("k", certificates=tuple(Certificate(kind, on) for kind, on in certificates.items()))
    refusal = carrier_refusal(carrier, vehicle(Temperature.AMBIENT, Temperature.CHILLED), handling, TODAY)
    if reason is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.startswith(reason)
