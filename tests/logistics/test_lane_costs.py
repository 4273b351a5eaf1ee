"""The market's price of a volume on a lane."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import (
    Body,
    Carrier,
    Certificate,
    DedicatedTariff,
    GroupageBracket,
    GroupageTariff,
    Handling,
    Network,
    OperatingCosts,
    PublicTariffs,
    Site,
    SiteKind,
    Temperature,
    VehicleType,
)
from logistics.lane_costs import LaneCosts, LoadPrice, lane_costs, typical_site
from tests.logistics.worlds import vehicle

DAY = date(2026, 3, 2)
PRICES = {1.0: 60.0, 2.0: 85.0, 4.0: 130.0, 8.0: 210.0}


@dataclass(frozen=True)
class World:
    """What everybody knows: a factory, two towns, a base, a price list and a lorry for hire."""

    tariffs: PublicTariffs
    vehicles: dict[str, VehicleType]
    carriers: dict[str, Carrier]
    sites: dict[str, Site]
    network: Network = field(repr=False)


def world(**lorry: object) -> World:
    """A factory at 0, clients at 50, 60 and 90 km in zone 80, a base at -10; 60 km an hour, on a line."""
    places = {"f": 0.0, "near": 50.0, "middle": 60.0, "far": 90.0, "b": -10.0}
    kinds = {"f": SiteKind.FACTORY, "b": SiteKind.BASE}
    sites = {
        s: Site(s, kinds.get(s, SiteKind.CLIENT), 50.0, 5.0, zone="80" if x > 0 else "10") for s, x in places.items()
    }
    at = np.array(list(places.values()))
    km = np.abs(at[:, None] - at[None, :])
    brackets = tuple(GroupageBracket("10", "80", p, 700.0 * p, eur) for p, eur in PRICES.items())
    tariffs = PublicTariffs(
        (GroupageTariff("list", "network", brackets, 65.0, 10.0),),
        (DedicatedTariff("hire", "carrier-lorry", "lorry", OperatingCosts(100.0, 0.5, 30.0, 0.1)),),
    )
    return World(
        tariffs,
        {"lorry": vehicle("lorry", "b", 18.0, Body.RIGID, **lorry)},
        {"network": Carrier("network"), "carrier-lorry": Carrier("carrier-lorry")},
        sites,
        Network(tuple(sites), km, km),
    )


# 140 km with toll at 0.6 and two hours and twenty minutes at 30, on the way by the middle client.
TOUR_CENTS = round(100 * (100 + 140 * 0.6 + 140 / 60 * 30))


def loads() -> st.SearchStrategy[tuple[LoadPrice, ...]]:
    """Any offers, whole and broken pallets, dear and cheap."""
    pallets = st.one_of(st.integers(1, 12).map(float), st.floats(0.3, 12.0))
    return st.lists(st.builds(LoadPrice, pallets, st.integers(0, 500), st.just("t")), min_size=1, max_size=5).map(tuple)


@given(loads(), st.lists(st.floats(0.0, 150.0), min_size=2, max_size=20))
def test_never_falls_and_joins_well(offers: tuple[LoadPrice, ...], volumes: list[float]) -> None:
    """Nothing costs nothing, more never costs less, and two volumes joined never cost more than apart."""
    lane = LaneCosts.of(offers)
    assert lane is not None
    assert lane.cents(0.0) == 0
    ordered = np.sort(volumes)
    assert (np.diff(lane.cents(ordered)) >= 0).all()
    exact = (len(lane.staircase) - 1) / 10
    tenths = np.floor(ordered * 10) / 10
    for a, b in itertools.pairwise(tenths):
        if a + b <= exact:
            assert lane.cents(a + b) <= lane.cents(a) + lane.cents(b)


@given(loads(), st.integers(1, 300))
def test_the_cheapest_cover(offers: tuple[LoadPrice, ...], tenths: int) -> None:
    """The price is that of the cheapest loads that hold the volume, found here by trying loads one after another."""
    lane = LaneCosts.of(offers)
    assert lane is not None
    best = [0] * (tenths + 1)
    for volume in range(1, tenths + 1):
        best[volume] = min(o.cents + best[max(0, volume - math.floor(o.pallets * 10 + 1e-6))] for o in offers)
    if tenths < len(lane.staircase):
        assert lane.cents(tenths / 10) == best[tenths]
    else:
        assert lane.cents(tenths / 10) >= best[tenths]


def test_groupage_as_the_price_list_says() -> None:
    """Small volumes cost what one consignment costs by the list, minimum charge and fuel surcharge included."""
    market = world()
    lane = lane_costs(market, "f", "80", DAY, kg_per_pallet=500.0)
    assert lane is not None
    volumes = np.array([0.4, 1.0, 1.1, 2.0, 3.5])
    listed = [market.tariffs.groupage[0].price_cents("10", "80", v, 500 * v) for v in volumes]
    assert lane.cents(volumes).tolist() == listed == [7150, 7150, 9350, 9350, 14300]


def test_whole_vehicles() -> None:
    """From where a lorry is cheaper it is hired whole; what is over goes by groupage, or in a second one."""
    lane = lane_costs(world(), "f", "80", DAY)
    assert lane is not None
    eight = round(100 * 210 * 1.1)
    assert 2 * eight > TOUR_CENTS
    assert lane.cents([[8.0, 9.0], [18.0, 18.5]]).tolist() == [[eight, TOUR_CENTS], [TOUR_CENTS, TOUR_CENTS + 7150]]
    assert lane.cents(36.0) == 2 * TOUR_CENTS
    assert lane.cents(18.0 * 50) == 50 * TOUR_CENTS


def test_weight_fills_too() -> None:
    """Heavy goods fill brackets and vehicles by weight: they pay for more pallets."""
    light, heavy = (lane_costs(world(), "f", "80", DAY, kg_per_pallet=kg) for kg in (500.0, 1000.0))
    assert light is not None
    assert heavy is not None
    assert heavy.cents(1.0) == light.cents(2.0)
    assert heavy.cents(13.0) > heavy.cents(12.6) == light.cents(18.0)


def test_longer_service_costs_hours() -> None:
    """Loading and unloading are paid by the hour."""
    lane = lane_costs(world(), "f", "80", DAY, service_min=60.0)
    assert lane is not None
    assert lane.cents(18.0) == TOUR_CENTS + 3000


def test_the_typical_site() -> None:
    """A zone lies where its median client lies; without a client at another of its sites, without any site nowhere."""
    market = world()
    assert typical_site(market, "f", "80") == "middle"
    assert typical_site(market, "near", "80") == "middle"  # of two, the nearer
    assert typical_site(market, "f", "10") == "b"
    assert typical_site(market, "f", "99") is None
    assert lane_costs(market, "f", "99", DAY) is None


@pytest.mark.parametrize(
    ("change", "handling"),
    [
        ({"max_shift_min": 139.0}, Handling()),
        ({"shift_open_min": 360.0, "shift_close_min": 480.0}, Handling()),
        ({}, Handling(temperature=Temperature.CHILLED)),
        ({"temperatures": frozenset({Temperature.CHILLED})}, Handling(temperature=Temperature.CHILLED)),
    ],
)
def test_what_may_not_drive_is_not_hired(change: dict[str, object], handling: Handling) -> None:
    """Too long a tour, a body that does not keep the goods, no certificate: no price from such a vehicle."""
    market = world(**change)
    network = replace(market.carriers["network"], certificates=(Certificate("ATP", DAY),))
    market = replace(market, carriers=market.carriers | {"network": network})
    lane = lane_costs(market, "f", "80", DAY, handling=handling)
    assert lane is not None
    assert {load.what for load in lane.loads} == {"list"}


def test_nothing_may_carry_it() -> None:
    """Where no tariff serves the lane there is no price, rather than a wrong one."""
    assert lane_costs(world(), "f", "80", DAY, handling=Handling(adr_labels=("3",))) is None
    assert lane_costs(replace(world(), tariffs=PublicTariffs()), "f", "80", DAY) is None
    assert LaneCosts.of((LoadPrice(0.04, 10, "t"),)) is None


def test_open_brackets_take_no_memory() -> None:
    """A bracket that is open upwards is one price up to a thousand pallets."""
    lane = LaneCosts.of((LoadPrice(1e12, 100, "t"), LoadPrice(math.inf, 90, "t")))
    assert lane is not None
    assert lane.cents([0.1, 1000.0]).tolist() == [90, 90]


@pytest.mark.parametrize("volume", [-0.1, math.nan, math.inf])
def test_volumes_out_of_range(volume: float) -> None:
    """A volume below nothing, or no number, is refused."""
    lane = LaneCosts.of((LoadPrice(1.0, 100, "t"),))
    assert lane is not None
    with pytest.raises(ValueError, match="expected finite figures >= 0"):
        lane.cents([1.0, volume])


@pytest.mark.parametrize("name", ["kg_per_pallet", "service_min"])
def test_parameters_out_of_range(name: str) -> None:
    """A negative weight or service time is refused by its name."""
    with pytest.raises(ValueError, match=f"{name} is -1"):
        lane_costs(world(), "f", "80", DAY, **{name: -1.0})
