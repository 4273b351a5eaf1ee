"""From dates to minutes: windows, openings, due times, shifts, and who is kept from what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import (
    Body,
    Carrier,
    Certificate,
    Handling,
    OpeningHours,
    OperatingCosts,
    Shipment,
    Site,
    SiteKind,
    VehicleType,
)
from logistics.jobs import fleet_for, jobs_for

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 14, tzinfo=BERLIN).astimezone(UTC)
DAY = 1440.0


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def site(name: str, opens: int | None = None, closes: int = 1440, zone: str = "Europe/Berlin") -> Site:
    hours = None if opens is None else OpeningHours(opens, closes)
    return Site(name, SiteKind.CLIENT, 50.0, 10.0, time_zone=zone, opening=hours)


SITES = {
    s.id: s
    for s in (
        site("f", 360, 1080),
        site("g", 0, 300),
        site("c", 480, 960),
        site("always"),
        site("base"),
        site("london", zone="Europe/London"),
    )
}


def shipment(**changes: object) -> Shipment:
    usual = Shipment(
        id="s",
        owner="o",
        origins=("f",),
        destination="c",
        pallets=2.0,
        weight_kg=500.0,
        volume_m3=3.0,
        ready_at=at(400),
        window_open=at(0),
        window_close=at(1439),
        due_at=at(5000),
        released_at=at(-600),
        loading_min=10.0,
        unloading_min=15.0,
    )
    return replace(usual, **changes)


def test_a_job_has_the_window_of_shipment_and_opening_and_horizon() -> None:
    """Delivery when the client is open, loading when the goods are ready and the factory is open."""
    jobs, reasons = jobs_for([shipment()], SITES, START, DAY)
    job = jobs["s"]
    assert reasons == {}
    assert (job.delivery_open_min, job.delivery_close_min) == (480.0, 960.0)
    assert (job.pickup_open_min, job.pickup_close_min) == (400.0, 960.0)
    assert (job.loading_min, job.unloading_min, job.pallets, job.prize_cents) == (10.0, 15.0, 2.0, None)


@pytest.mark.parametrize(("due", "closes"), [(700.0, 700.0), (480.0, 480.0), (400.0, 960.0), (1000.0, 960.0)])
def test_delivery_is_planned_by_the_due_time_where_it_can_be(due: float, closes: float) -> None:
    """A due time inside the interval ends it; one already missed leaves the whole interval."""
    jobs, _ = jobs_for([shipment(due_at=at(due))], SITES, START, DAY)
    assert jobs["s"].delivery_close_min == closes


def test_the_second_day_of_a_window_counts_when_the_first_is_closed() -> None:
    """With a window of two days from the afternoon on, the next morning's opening is found."""
    late = shipment(window_open=at(1000), window_close=at(2880), ready_at=at(0))
    jobs, _ = jobs_for([late], SITES, START, 2880.0)
    assert (jobs["s"].delivery_open_min, jobs["s"].delivery_close_min) == (1440 + 480.0, 1440 + 960.0)


def test_a_later_opening_counts_when_the_goods_come_too_late_for_the_first() -> None:
    """Goods ready after the client has closed for the day go the next morning, if window and horizon last so long."""
    late = shipment(window_open=at(0), window_close=at(3 * DAY), ready_at=at(970), due_at=at(5000))
    jobs, reasons = jobs_for([late], SITES, START, 2 * DAY)
    assert reasons == {}
    assert (jobs["s"].delivery_open_min, jobs["s"].delivery_close_min) == (DAY + 480.0, DAY + 960.0)
    assert jobs["s"].pickup_open_min == 970.0
    _, reasons = jobs_for([late], SITES, START, DAY)
    assert reasons["s"].endswith("after they would have to be loaded")


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Helsinki", "Europe/Berlin"])
def test_a_site_that_never_closes_at_night_is_open_over_midnight(zone: str) -> None:
    """Openings that follow each other without a break are one, wherever the site's midnight falls in the plan's day."""
    client = replace(site("day-and-night", 0, 1440, zone), opening=OpeningHours(0, 1440, frozenset(range(5))))
    sites = SITES | {client.id: client}
    jobs, reasons = jobs_for([shipment(destination=client.id)], sites, START, DAY)
    assert reasons == {}
    assert (jobs["s"].delivery_open_min, jobs["s"].delivery_close_min) == (0.0, 1439.0)


def test_a_window_of_one_moment_is_a_window() -> None:
    """To the minute is allowed where the client is open, and closed where it is not."""
    jobs, _ = jobs_for([shipment(window_open=at(600), window_close=at(600))], SITES, START, DAY)
    assert (jobs["s"].delivery_open_min, jobs["s"].delivery_close_min) == (600.0, 600.0)
    _, reasons = jobs_for([shipment(window_open=at(470), window_close=at(470))], SITES, START, DAY)
    assert reasons == {"s": "c is closed during the delivery window"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"window_open": at(-900), "window_close": at(-300)}, "outside the planning window"),
        ({"window_open": at(2000), "window_close": at(2100)}, "outside the planning window"),
        ({"window_open": at(1000), "window_close": at(1400)}, "c is closed during the delivery window"),
        ({"ready_at": at(970)}, "after they would have to be loaded"),
        ({"pickup_until": at(300), "ready_at": at(100)}, "f is closed while the goods could be loaded"),
        ({"origins": ("g",), "ready_at": at(301)}, "g is closed while the goods could be loaded"),
    ],
)
def test_what_cannot_be_delivered_says_why(changes: dict[str, object], reason: str) -> None:
    """Each hopeless shipment has its reason in plain words, and no job."""
    jobs, reasons = jobs_for([shipment(**changes)], SITES, START, DAY)
    assert jobs == {}
    assert reasons["s"].endswith(reason)


def test_origins_that_cannot_load_together_drop_out() -> None:
    """Several origins share one loading interval; one that is closed then is left out, in the order given."""
    jobs, _ = jobs_for([shipment(origins=("f", "g", "always"), ready_at=at(100))], SITES, START, DAY)
    assert jobs["s"].origins == ("f", "always")
    assert jobs["s"].pickup_open_min == 360.0


@given(st.integers(-2000, 3000), st.integers(0, 3000), st.integers(-500, 2000), st.integers(-500, 2500))
def test_a_job_keeps_every_promise_of_its_shipment(opens: int, lasts: int, ready: int, due: int) -> None:
    """Whatever the dates, a job's windows lie inside window, opening, horizon and readiness, or there is a reason."""
    one = shipment(window_open=at(opens), window_close=at(opens + lasts), ready_at=at(ready), due_at=at(due))
    jobs, reasons = jobs_for([one], SITES, START, DAY)
    assert len(jobs) + len(reasons) == 1
    for job in jobs.values():
        assert max(0, opens, 480) <= job.delivery_open_min <= job.delivery_close_min <= min(DAY, opens + lasts, 960)
        assert max(0, ready, 360) <= job.pickup_open_min <= job.pickup_close_min <= job.delivery_close_min
        if job.delivery_open_min <= due < 960:
            assert job.delivery_close_min <= max(due, job.delivery_open_min)


def vehicle(name: str, base: str = "base", **changes: object) -> VehicleType:
    usual = VehicleType(name, "k", Body.RIGID, base, 2, 10.0, 5e3, 40.0, shift_open_min=300.0, shift_close_min=1080.0)
    return replace(usual, **changes)


def test_shifts_follow_the_clock_of_the_base() -> None:
    """A shift from five to six is that in the base's zone; a London base starts an hour later in Berlin's minutes."""
    vehicles = {v.id: v for v in (vehicle("here"), vehicle("there", "london"))}
    costs = dict.fromkeys(vehicles, OperatingCosts())
    fleet, told = fleet_for(vehicles, costs, {"k": Carrier("k")}, {}, SITES, START, DAY)
    assert [(v.id, v.shift_open_min, v.shift_close_min, v.count) for v in fleet] == [
        ("here", 300.0, 1080.0, 2),
        ("there", 360.0, 1140.0, 2),
    ]
    assert told == ()


def test_shifts_follow_daylight_saving() -> None:
    """On the day that loses an hour, five o'clock comes 240 minutes after midnight."""
    start = datetime(2026, 3, 29, tzinfo=BERLIN).astimezone(UTC)
    fleet, _ = fleet_for({"v": vehicle("v")}, {"v": OperatingCosts()}, {"k": Carrier("k")}, {}, SITES, start, DAY)
    assert (fleet[0].shift_open_min, fleet[0].shift_close_min) == (240.0, 1020.0)


def test_a_vehicle_without_a_shift_in_the_window_is_left_out_with_the_reason() -> None:
    """A window too short for the shift to begin has no such vehicle."""
    fleet, told = fleet_for({"v": vehicle("v")}, {"v": OperatingCosts()}, {"k": Carrier("k")}, {}, SITES, START, 200.0)
    assert fleet == ()
    assert told == (("k", "vehicle v has no shift in the planning window"),)


def test_carriers_are_kept_from_what_they_may_not_carry() -> None:
    """Only the certified carrier's vehicle may take dangerous goods; who is kept from what is said once, with names."""
    jobs, _ = jobs_for(
        [shipment(id="plain"), *(shipment(id=f"adr{i}", handling=Handling(("3",))) for i in range(5))],
        SITES,
        START,
        DAY,
    )
    vehicles = {v.id: v for v in (vehicle("v"), vehicle("w"), vehicle("x", carrier="m"))}
    carriers = {
        "k": Carrier("k", certificates=(Certificate("ADR", date(2026, 1, 13)),)),
        "m": Carrier("m", certificates=(Certificate("ADR", date(2026, 1, 14)),)),
    }
    fleet, told = fleet_for(vehicles, dict.fromkeys(vehicles, OperatingCosts()), carriers, jobs, SITES, START, DAY)
    adr = frozenset(f"adr{i}" for i in range(5))
    assert {v.id: v.excluded for v in fleet} == {"v": adr, "w": adr, "x": frozenset()}
    assert told == (
        (
            "k",
            "the ADR certificate of k expired on 2026-01-13, needed for goods with danger label 3 "
            "(shipments adr0, adr1, adr2 and 2 more)",
        ),
    )


def test_what_nobody_may_carry_is_named() -> None:
    """A shipment that every vehicle is kept from appears under its own name."""
    jobs, _ = jobs_for([shipment(id="gas", handling=Handling(("2.3",)))], SITES, START, DAY)
    _, told = fleet_for({"v": vehicle("v")}, {"v": OperatingCosts()}, {"k": Carrier("k")}, jobs, SITES, START, DAY)
    assert told[-1] == ("gas", "no vehicle on offer may carry it")
