"""Times and prices of an order of visits."""

from __future__ import annotations

import pytest

from logistics.costs import CostLine
from logistics.fleet import OperatingCosts
from logistics.routing.problem import Job, Route
from logistics.routing.schedule import Visit, cost_lines, schedule, travel_minutes, visits_of
from tests.logistics.routing.worlds import job, plane, vehicle

NETWORK = plane({"b": (0, 0), "f": (10, 0), "c1": (20, 0), "c2": (30, 0)})


def timed(jobs: list[Job], order: str, **offer: object) -> Route | None:
    """Time visits written as ``+j1 -j1``."""
    known = {j.id: j for j in jobs}
    visits = tuple(
        Visit(w[1:], w[0] == "+", known[w[1:]].origins[0] if w[0] == "+" else known[w[1:]].destination)
        for w in order.split()
    )
    driver = vehicle(**offer)
    route = schedule(NETWORK, travel_minutes(NETWORK, driver), driver, known, visits)
    assert route is None or visits_of(route) == visits
    return route


def test_the_vehicle_leaves_so_late_that_it_need_not_wait() -> None:
    """A departure is put off while that removes waiting, and no further."""
    late = [job("j1", "c1", window=(100, 200), service=(5, 8))]
    route = timed(late, "+j1 -j1", shift=(30, 900))
    assert route is not None
    assert route.stops[0].departure_min == 100 - 10 - 5 - 10
    assert (route.duration_min, route.waiting_min) == (10 + 5 + 10 + 8 + 20, 0)
    early = timed([job("j1", "c1")], "+j1 -j1", shift=(30, 900))
    assert early is not None
    assert early.stops[0].departure_min == 30


def test_waiting_that_cannot_be_avoided_is_priced_apart() -> None:
    """Between two windows that do not touch the vehicle waits; the waiting is a cost line of its own."""
    jobs = [job("j1", "c1", window=(0, 50)), job("j2", "c2", window=(120, 200))]
    route = timed(jobs, "+j1 +j2 -j1 -j2", shift=(0, 900))
    assert route is not None
    assert route.stops[0].departure_min == 30  # reaches c1 at 50
    assert route.waiting_min == pytest.approx(120 - 60)
    assert route.duration_min == pytest.approx(120 + 30 - 30)
    assert route.cost_lines == {
        CostLine.FIXED: 10000, CostLine.DISTANCE: 6000, CostLine.TIME: 3000, CostLine.TOLL: 600, CostLine.WAITING: 3000
    }  # fmt: skip


@pytest.mark.parametrize(
    ("jobs", "offer"),
    [
        ([job("j1", "c1", window=(0, 15))], {}),
        ([job("j1", "c1", pickup=(0, 9), window=(0, 900))], {}),
        ([job("j1", "c1", pickup=(500, 900), window=(0, 400))], {}),
        ([job("j1", "c1")], {"shift": (0, 39)}),
        ([job("j1", "c1")], {"max_shift_min": 39.0}),
        ([job("j1", "c1", window=(0, 25))], {"speed_kmh": 30.0}),
    ],
)
def test_what_cannot_be_in_time_has_no_schedule(jobs: list[Job], offer: dict[str, object]) -> None:
    """A window, a shift, the longest shift or a slow vehicle can make a route impossible."""
    assert timed(jobs, "+j1 -j1", **offer) is None


def test_services_at_one_site_make_one_stop() -> None:
    """Loading several jobs at a factory is one stop; unloading comes before loading, and a pause parts stops."""
    jobs = [
        job("j1", "c1", service=(5, 5)),
        job("j2", "c2", service=(7, 5)),
        job("back", "f", origins=("c1",), service=(3, 2)),
    ]
    route = timed(jobs, "+j1 +j2 -j1 +back -j2 -back")
    assert route is not None
    assert [(s.site, s.pickups, s.deliveries, s.departure_min - s.start_min) for s in route.stops] == [
        ("b", (), (), 0), ("f", ("j1", "j2"), (), 12), ("c1", ("back",), ("j1",), 8), ("c2", (), ("j2",), 5),
        ("f", (), ("back",), 2), ("b", (), (), 0),
    ]  # fmt: skip
    tight = [job("j1", "c1", pickup=(0, 20)), job("j2", "c1", pickup=(200, 300), window=(0, 900))]
    paused = timed(tight, "+j1 +j2 -j1 -j2")
    assert paused is not None
    assert [s.site for s in paused.stops] == ["b", "f", "f", "c1", "b"]
    assert paused.waiting_min == pytest.approx(180)


def test_origin_and_destination_may_be_the_base_or_the_same() -> None:
    """Goods that stay where they are, or come home, are loaded and unloaded without driving."""
    stay = timed([job("j1", "b", origins=("b",), service=(4, 6))], "+j1 -j1")
    assert stay is not None
    assert (stay.distance_km, stay.duration_min, len(stay.stops)) == (0, 10, 2)
    home = timed([job("j1", "b", origins=("c1",), service=(4, 6))], "+j1 -j1")
    assert home is not None
    assert (home.distance_km, home.duration_min, [s.site for s in home.stops]) == (40, 50, ["b", "c1", "b"])


def test_cost_lines_are_rounded_one_by_one() -> None:
    """Each line is rounded to the cent, half to even."""
    lines = cost_lines(OperatingCosts(1.005, 0.333, 20.0, 0.105), 10.0, 100.0, 33.0)
    assert lines == {"fixed": 100, "distance": 333, "time": 2233, "toll": 105, "waiting": 1100}
