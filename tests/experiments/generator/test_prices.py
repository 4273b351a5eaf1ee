"""Default costs and prices stay at the level of their sources."""

import pytest

from experiments.generator.prices import (
    ARTICULATED,
    BRACKET_PALLETS,
    FUEL_SURCHARGE_PERCENT,
    RIGID,
    VAN,
    groupage_price_eur,
)


def test_a_typical_day_costs_what_the_source_says() -> None:
    """419 km and 10.3 hours of an articulated truck cost a 250th of 172,775 EUR (KiM/Panteia), split in three."""
    costs = ARTICULATED.costs
    day = costs.fixed_eur + 419 * costs.per_km_eur + 10.34 * costs.per_hour_eur
    assert day == pytest.approx(172_775 / 250, rel=0.01)


def test_smaller_vehicles_cost_less_but_more_a_pallet() -> None:
    """A van is cheaper than a rigid, a rigid than an articulated truck; per pallet it is the other way round."""
    day = [v.costs.fixed_eur + 200 * v.costs.per_km_eur + 8 * v.costs.per_hour_eur for v in (VAN, RIGID, ARTICULATED)]
    assert day == sorted(day)
    per_pallet = [cost / v.pallets for cost, v in zip(day, (VAN, RIGID, ARTICULATED), strict=True)]
    assert per_pallet == sorted(per_pallet, reverse=True)


@pytest.mark.parametrize(("pallets", "low", "high"), [(1, 55, 80), (5, 160, 220), (33, 450, 650)])
def test_part_loads_cost_what_the_market_asks(pallets: float, low: float, high: float) -> None:
    """One pallet, five pallets and a full truck over 30 to 120 km lie in the usual ranges, surcharge included."""
    bracket = min(b for b in BRACKET_PALLETS if b >= pallets)
    surcharge = 1 + FUEL_SURCHARGE_PERCENT / 100
    for km in (30, 60, 120):
        assert low <= groupage_price_eur(bracket, km) * surcharge <= high


def test_prices_rise_with_size_and_distance_and_fall_per_pallet() -> None:
    """A larger or farther consignment never costs less, and a larger one costs less a pallet."""
    for km in (10, 50, 150):
        prices = [groupage_price_eur(p, km) for p in BRACKET_PALLETS]
        assert prices == sorted(prices)
        each = [price / p for price, p in zip(prices, BRACKET_PALLETS, strict=True)]
        assert each == sorted(each, reverse=True)
        assert groupage_price_eur(4, km) < groupage_price_eur(4, km + 1)
