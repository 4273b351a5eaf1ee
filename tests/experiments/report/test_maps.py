"""The map: true to scale, every way to be followed, colours that mean one carrier."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.report.maps import WIDTH, projection, route_map
from experiments.report.reading import Place, read_results
from experiments.report.tours import parcels_of, tours_of
from logistics.sites import SiteKind
from tests.experiments.report.synthetic import small_scenario, write_comparison, write_run

DAY = date(2026, 3, 2)


def place(lat: float, lon: float) -> Place:
    return Place("p", SiteKind.CLIENT, "", lat, lon)


@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-179, 179)), min_size=1, max_size=8))
def test_all_places_lie_inside(points: list[tuple[float, float]]) -> None:
    """Wherever the places are, all lie inside the picture, and its height stays readable."""
    places = [place(*p) for p in points]
    fit = projection(places)
    assert WIDTH / 2 <= fit.height <= 1.3 * WIDTH + 60
    for p in places:
        x, y = fit(p)
        assert 0 <= x <= WIDTH
        assert 0 <= y <= fit.height


def test_a_kilometre_is_as_long_to_the_north_as_to_the_east() -> None:
    """At the middle latitude a square on the ground is a square in the picture."""
    lat, side = 52.0, 0.5
    fit = projection([place(lat - side / 2, 5.0), place(lat + side / 2, 5.0 + side / math.cos(math.radians(lat)))])
    (x0, y0), (x1, y1) = (
        fit(place(lat - side / 2, 5.0)),
        fit(place(lat + side / 2, 5.0 + side / math.cos(math.radians(lat)))),
    )
    assert x1 - x0 == pytest.approx(y0 - y1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    return write_run(folder / "run", small_scenario(folder / "s", carriers=9, per_day=40))


def test_hops_with_nothing_on_board_are_told_apart(run: Path) -> None:
    """A tour leaves its base empty, is laden from the first pickup to the last delivery, and returns empty."""
    tours = tours_of(read_results(run), DAY, "before")
    assert tours
    assert all(not t.laden[0] and not t.laden[-1] and all(t.laden[1:-1]) for t in tours)
    assert all(len(t.laden) == len(t.sites) - 1 for t in tours)


def test_groupage_goes_from_origin_to_client(run: Path) -> None:
    """A groupage shipment is one line from where its goods lie to its client."""
    files = read_results(run)
    parcels = parcels_of(files, DAY, "before")
    assert parcels
    assert all(p.origin.startswith("F") and p.destination.startswith("K") for p in parcels)


def test_a_carrier_keeps_its_colour_in_both_maps(run: Path) -> None:
    """The six busiest carriers have a colour each, the others share grey, and the legend counts them."""
    drawn = route_map(read_results(run), DAY)
    assert drawn is not None
    assert [c for c, _ in drawn.carriers] == ["c1", "c2", "c3", "c4", "c5", "c6", "c0"]
    assert drawn.carriers[-1][1] == "3\u00a0further carriers"


def test_there_and_back_do_not_cover_each_other(run: Path) -> None:
    """The curve from a place to another and the curve back have different control points."""
    drawn = route_map(read_results(run), DAY)
    assert drawn is not None
    curves = re.findall(r"M([\d.-]+ [\d.-]+)Q([\d.-]+ [\d.-]+) ([\d.-]+ [\d.-]+)", str(drawn.panels[1].svg))
    middle = {(a, b): c for a, c, b in curves}
    pairs = [(middle[a, b], middle[b, a]) for a, b in middle if (b, a) in middle]
    assert pairs
    assert all(there != back for there, back in pairs)


def test_a_run_of_a_comparison_finds_its_places(tmp_path: Path) -> None:
    """A run inside a comparison is drawn from its scenario; later replications from their owners' sites."""
    write_comparison(tmp_path / "c", small_scenario(tmp_path / "s"))
    write_run(tmp_path / "c" / "replications" / "p" / "1", tmp_path / "s", keep_scenario=False, replication=1)
    for folder in ("runs/trustee", "replications/p/1"):
        files = read_results(tmp_path / "c" / folder)
        assert files.setting.places
        assert all(p.origin.startswith("F") for p in parcels_of(files, DAY, "before"))
        assert parcels_of(files, DAY, "before")
