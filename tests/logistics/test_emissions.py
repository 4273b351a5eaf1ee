"""Emissions follow the load, nothing is lost in the split, and no class is free."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupage.errors import InputError
from logistics import (
    Body,
    Emissions,
    Network,
    Temperature,
    VehicleType,
    allocate,
    allocate_route,
    emission_class_of,
    emission_factor,
    emission_factors,
    groupage_emissions,
    hub_emissions,
    route_emissions,
)
from logistics.routing.problem import Stop

SITES = ("base", "f", "c1", "c2")
KM = np.array([[0.0, 10.0, 50.0, 60.0], [10.0, 0.0, 40.0, 55.0], [50.0, 40.0, 0.0, 20.0], [60.0, 55.0, 20.0, 0.0]])
NETWORK = Network(SITES, KM, KM)


def vehicle(emission_class: str = "articulated_over_33t") -> VehicleType:
    return VehicleType("v", "k", Body.ARTICULATED, "base", 1, 33.0, 24e3, 90.0, emission_class=emission_class)


def stop(site: str, pickups: tuple[str, ...] = (), deliveries: tuple[str, ...] = ()) -> Stop:
    return Stop(site, 0.0, 0.0, 0.0, pickups, deliveries)


TOUR = (stop("base"), stop("f", ("a", "b")), stop("c1", (), ("a",)), stop("c2", (), ("b",)), stop("base"))
WEIGHTS_KG = {"a": 4000.0, "b": 6000.0}


def test_the_table_holds_the_published_figures(shared_dir: Path) -> None:
    """Every figure of the package's table stands in the published rows it names."""
    with (shared_dir / "reference" / "emission_factors.csv").open(encoding="utf-8") as table:
        published = {
            (r["mode"].lower(), r["vehicle_class"], r["fuel_or_laden"]): (
                r["ttw_kgco2e_per_tkm"],
                r["wtt_kgco2e_per_tkm"],
            )
            for r in csv.DictReader(table)
        }
    ours = csv.DictReader(files("logistics").joinpath("data/emission_factors.csv").read_text("utf-8").splitlines())
    checked = 0
    for row in ours:
        mode, size, *fuel = row["source_row"].split("; ")
        keys = (
            [("average", fuel[0])]
            if fuel
            else [("50", "50% Laden"), ("100", "100% Laden"), ("average", "Average laden")]
        )
        for column, key in keys:
            figures = tuple(row[f"{part}_{column}_kgco2e_per_tkm"] for part in ("ttw", "wtt"))
            if any(figures):
                assert figures == published[mode.lower(), size, key], row["emission_class"]
                checked += 1
    assert checked > 50


@pytest.mark.parametrize("name", [n for n, f in emission_factors().items() if n.startswith(("rigid", "articulated"))])
def test_the_line_passes_through_the_published_points(name: str) -> None:
    """Per tonne-km, half and full load come out as published, so the line between them is theirs."""
    row = next(
        r
        for r in csv.DictReader(
            files("logistics").joinpath("data/emission_factors.csv").read_text("utf-8").splitlines()
        )
        if r["emission_class"] == name
    )
    factor = emission_factor(name)
    for share, column in ((0.5, "50"), (1.0, "100")):
        load_t = share * factor.payload_t
        per_tkm = Emissions(factor.per_km(load_t).ttw_kgco2e / load_t, factor.per_km(load_t).wtt_kgco2e / load_t)
        assert per_tkm.ttw_kgco2e == pytest.approx(float(row[f"ttw_{column}_kgco2e_per_tkm"]), rel=1e-9)
        assert per_tkm.wtt_kgco2e == pytest.approx(float(row[f"wtt_{column}_kgco2e_per_tkm"]), rel=1e-9)


def test_a_large_articulated_lorry_is_what_everybody_measures() -> None:
    """Published per vehicle-km (2025, tank-to-wheel): 0.647 empty, 0.858 at half, 1.069 at full load."""
    factor = emission_factor("articulated_over_33t")
    assert [round(factor.per_km(x * factor.payload_t).ttw_kgco2e, 3) for x in (0, 0.5, 1)] == [0.647, 0.858, 1.069]


@pytest.mark.parametrize("name", [*emission_factors()])
def test_empty_running_costs_less_than_full_but_never_nothing(name: str) -> None:
    """Every class emits when empty, more when loaded, in both parts."""
    factor = emission_factor(name)
    for part in ("ttw_kgco2e", "wtt_kgco2e"):
        empty, full = getattr(factor.per_km(0.0), part), getattr(factor.per_km(factor.payload_t), part)
        assert 0 < empty < full


def test_a_van_at_its_average_load_emits_the_published_factor() -> None:
    """The line of a van goes through the one figure that is published for it."""
    factor = emission_factor("van_class_iii_diesel")
    load_t = 0.444
    assert factor.per_km(load_t).ttw_kgco2e / load_t == pytest.approx(0.62849, rel=2e-3)


def test_each_leg_counts_with_what_is_on_board() -> None:
    """10 km empty, 40 with ten tonnes, 20 with six, 60 empty back."""
    f = emission_factor("articulated_over_33t")
    expected = 70 * f.per_km(0).wtw_kgco2e + 40 * f.per_km(10).wtw_kgco2e + 20 * f.per_km(6).wtw_kgco2e
    assert route_emissions(TOUR, vehicle(), WEIGHTS_KG, NETWORK).wtw_kgco2e == pytest.approx(expected)


def test_goods_loaded_at_the_base_ride_from_the_start() -> None:
    """A first stop may load, a last one unload."""
    f = emission_factor("articulated_over_33t")
    tour = (stop("base", ("a",)), stop("c1", ("b",), ("a",)), stop("base", (), ("b",)))
    expected = 50 * f.per_km(4).wtw_kgco2e + 50 * f.per_km(6).wtw_kgco2e
    assert route_emissions(tour, vehicle(), WEIGHTS_KG, NETWORK).wtw_kgco2e == pytest.approx(expected)


def test_a_class_without_a_factor_is_an_error() -> None:
    """An unknown class is named with the known ones; never zero."""
    with pytest.raises(InputError, match=r"emission_class is hydrogen_truck, expected one of .*articulated_over_33t"):
        route_emissions(TOUR, vehicle("hydrogen_truck"), WEIGHTS_KG, NETWORK)


@pytest.mark.parametrize(
    ("body", "kg", "regimes", "expected"),
    [
        (Body.VAN, 1200.0, {Temperature.AMBIENT}, "van_class_iii_diesel"),
        (Body.RIGID, 3000.0, {Temperature.AMBIENT}, "rigid_3.5_7.5t"),
        (Body.RIGID, 8000.0, {Temperature.CHILLED}, "rigid_7.5_17t_refrigerated"),
        (Body.RIGID, 12000.0, {Temperature.AMBIENT}, "rigid_over_17t"),
        (Body.ARTICULATED, 24000.0, {Temperature.AMBIENT, Temperature.FROZEN}, "articulated_over_33t_refrigerated"),
    ],
)
def test_a_vehicle_without_a_class_has_the_usual_one(
    body: Body, kg: float, regimes: set[Temperature], expected: str
) -> None:
    """Body, payload and cooling decide, and the class has a factor."""
    kind = VehicleType("v", "k", body, "base", 1, 9.0, kg, 40.0, temperatures=frozenset(regimes))
    assert emission_class_of(kind) == expected
    assert emission_factor(expected).empty.wtw_kgco2e > 0


@given(
    st.builds(Emissions, st.floats(0, 1e6), st.floats(0, 1e6)),
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0, 1e7), min_size=1, max_size=12),
)
def test_the_split_conserves_every_gram(total: Emissions, tonne_km: dict[str, float]) -> None:
    """What consignments bear adds up to what the tour emits, exactly, and nobody bears less than nothing."""
    parts = allocate(total, tonne_km)
    assert sum(p.ttw_kgco2e for p in parts.values()) == total.ttw_kgco2e
    assert sum(p.wtt_kgco2e for p in parts.values()) == total.wtt_kgco2e
    assert all(p.ttw_kgco2e >= 0 and p.wtt_kgco2e >= 0 for p in parts.values())


def test_the_split_goes_by_direct_distance_not_by_the_tour() -> None:
    """Goods for c2 bear 6 t x 55 km direct though they rode 60; the tour the other way round changes nothing."""
    total = Emissions(100.0, 20.0)
    there = allocate_route(total, TOUR, WEIGHTS_KG, NETWORK)
    back = (stop("base"), stop("f", ("a", "b")), stop("c2", (), ("b",)), stop("c1", (), ("a",)), stop("base"))
    assert there["a"].ttw_kgco2e == pytest.approx(100 * 160 / 490)
    assert there["b"].wtt_kgco2e == pytest.approx(20 * 330 / 490)
    assert allocate_route(total, back, WEIGHTS_KG, NETWORK) == there


def test_without_transport_work_all_bear_the_same() -> None:
    """Weightless goods share equally instead of dividing by zero; nobody to share is an error."""
    assert allocate(Emissions(3.0, 1.0), {"a": 0.0, "b": 0.0})["a"] == Emissions(1.5, 0.5)
    assert allocate(Emissions(), {}) == {}
    with pytest.raises(ValueError, match="between nobody"):
        allocate(Emissions(1.0, 0.0), {})
    with pytest.raises(ValueError, match="expected finite"):
        allocate(Emissions(1.0, 0.0), {"a": -1.0})


def test_groupage_counts_average_laden_lorries() -> None:
    """Two tonnes over 80 km ride rigid lorries (0.19748 + 0.04332 a tonne-km); beyond 100 km articulated ones."""
    near = groupage_emissions(2000.0, 80.0)
    assert near.ttw_kgco2e == pytest.approx(160 * 0.19748)
    assert near.wtt_kgco2e == pytest.approx(160 * 0.04332)
    far = groupage_emissions(2000.0, 350.0)
    assert far.wtw_kgco2e == pytest.approx(200 * (0.19748 + 0.04332) + 500 * (0.078 + 0.01823))


def test_hub_operations_count_per_pallet() -> None:
    """Handling emits in proportion to pallets, through its electricity only."""
    assert hub_emissions(10.0) == Emissions(0.0, pytest.approx(6.0))
    assert hub_emissions(0.0).wtw_kgco2e == 0.0
