"""Public groupage price lists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import GroupageBracket, GroupageTariff, PublicTariffs, to_cents

BRACKETS = (
    GroupageBracket("*", "*", 1.0, 500.0, 60.0),
    GroupageBracket("*", "*", 4.0, 2000.0, 150.0),
    GroupageBracket("80", "*", 1.0, 500.0, 75.0),
    GroupageBracket("80", "10", 1.0, 500.0, 90.0),
    GroupageBracket("80", "10", 1.0, 800.0, 95.0),
)
TARIFF = GroupageTariff("t", "k", BRACKETS, minimum_eur=65.0, fuel_surcharge_percent=10.0)


@pytest.mark.parametrize(
    ("frm", "to", "pallets", "kg", "cents"),
    [
        ("99", "99", 1.0, 500.0, 7150),  # the minimum of 65 counts, and the surcharge comes on top of it
        ("99", "99", 1.5, 500.0, 16500),
        ("99", "99", 1.0, 501.0, 16500),  # weight opens the next bracket just as pallets do
        ("80", "99", 1.0, 500.0, 8250),  # an exact zone goes before any, though it is dearer
        ("80", "10", 1.0, 500.0, 9900),
        ("80", "10", 1.0, 700.0, 10450),
        ("80", "10", 3.0, 700.0, 16500),  # where no exact bracket holds it, the general one does
    ],
)
def test_the_cheapest_bracket_of_the_most_exact_zones_counts(
    frm: str, to: str, pallets: float, kg: float, cents: int
) -> None:
    """Price lists are read as a forwarder reads them."""
    assert TARIFF.price_cents(frm, to, pallets, kg) == cents


@pytest.mark.parametrize(("pallets", "kg"), [(4.5, 100.0), (1.0, 2001.0)])
def test_what_no_bracket_holds_has_no_price(pallets: float, kg: float) -> None:
    """Too many pallets or too heavy: no price, rather than a wrong one."""
    assert TARIFF.price_cents("80", "10", pallets, kg) is None


@given(st.floats(0.1, 4.0), st.floats(1.0, 2000.0))
def test_the_best_of_several_tariffs_is_the_lowest_price(pallets: float, kg: float) -> None:
    """With several tariffs and possible origins, none of them is cheaper than what is returned."""
    other = GroupageTariff("u", "m", (GroupageBracket("*", "*", 4.0, 2000.0, 100.0),))
    found = PublicTariffs((TARIFF, other)).cheapest_groupage(["80", "99"], "10", pallets, kg)
    prices = [t.price_cents(z, "10", pallets, kg) for t in (TARIFF, other) for z in ("80", "99")]
    assert found is not None
    assert found[0] == min(p for p in prices if p is not None)


def test_no_tariff_no_offer() -> None:
    """Where nobody covers a shipment, there is no groupage."""
    assert PublicTariffs((TARIFF,)).cheapest_groupage(["80"], "10", 9.0, 100.0) is None


def test_equal_prices_go_to_the_first_tariff_by_name() -> None:
    """Ties do not hang on the order of a table."""
    a, b = (GroupageTariff(i, i, (GroupageBracket("*", "*", 9.0, 9e3, 50.0),)) for i in "ab")
    for order in ((a, b), (b, a)):
        found = PublicTariffs(order).cheapest_groupage(["1"], "2", 1.0, 1.0)
        assert found is not None
        assert found[1].id == "a"


def test_prices_by_zone_are_those_of_a_search_through_the_list() -> None:
    """Whatever the zones, the cheapest bracket among the most specific that hold the shipment counts."""
    rng = np.random.default_rng(5)
    zones = ("a", "b", "*")
    brackets = tuple(
        GroupageBracket(zones[i], zones[j], float(p), 100.0 * k, float(eur))
        for i, j, p, k, eur in rng.integers((0, 0, 1, 1, 5), (3, 3, 6, 6, 90), (60, 5)).tolist()
    )
    for few in (brackets, brackets[:6]):
        tariff = GroupageTariff("t", "carrier", few, 20.0, 10.0)
        for origin, client, pallets, kg in itertools.product("abc", "abc", (0.5, 3.0, 7.0), (50.0, 350.0)):
            fitting = [
                (-(b.from_zone != "*") - (b.to_zone != "*"), b.price_eur)
                for b in few
                if b.from_zone in (origin, "*") and b.to_zone in (client, "*")
                if pallets <= b.up_to_pallets and kg <= b.up_to_kg
            ]
            expected = to_cents(max(min(fitting)[1], 20.0) * 1.1) if fitting else None
            assert tariff.price_cents(origin, client, pallets, kg) == expected
