"""The planning days to come: at the same time of the clock, on the weekdays that the pool plans on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupage.v1 import rulebooks_pb2, sites_pb2
from logistics.jobs import planning_day
from server.planning_days import WORKING_DAYS, clock_of, starts_after, weekdays_of

BERLIN = "Europe/Berlin"
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    start=MOMENTS,
    hours=st.integers(1, 24),
    count=st.integers(1, 12),
    zone=st.sampled_from([BERLIN, "UTC", "America/New_York"]),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
)
def test_every_day_is_the_next_that_the_pool_plans_on(start, hours, count, zone, weekdays):
    """In order, on planning days only, none left out between, and the same whoever reckons it."""
    end = start + timedelta(hours=hours)
    found = starts_after(start, end, count, zone, weekdays)
    assert len(found) == count
    assert list(found) == sorted(set(found))
    assert found == starts_after(start, end, count, zone, frozenset(weekdays))
    days = [planning_day(at, zone) for at in found]
    assert {day.isoweekday() for day in days} <= weekdays
    first = planning_day(start, zone)
    between = [first + timedelta(days=n) for n in range(1, (days[-1] - first).days + 1)]
    assert days == [day for day in between if day.isoweekday() in weekdays]


def test_friday_is_followed_by_monday():
    """Where the rulebook names no days, a pool plans from Monday to Friday."""
    friday = datetime(2026, 3, 6, 4, tzinfo=UTC)
    assert weekdays_of(rulebooks_pb2.Rulebook()) == WORKING_DAYS
    assert starts_after(friday, friday + timedelta(hours=16), 2, BERLIN) == (
        friday + timedelta(days=3),
        friday + timedelta(days=4),
    )
    with_saturday = weekdays_of(rulebooks_pb2.Rulebook(planning_days=[1, 5, 6]))
    (saturday,) = starts_after(friday, friday + timedelta(hours=16), 1, BERLIN, with_saturday)
    assert saturday == friday + timedelta(days=1)


def test_the_clock_goes_on_and_not_the_sun():
    """When summer time begins the window begins at the same time of the clock: an hour earlier in UTC."""
    friday = datetime(2026, 3, 27, 6, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    (monday,) = starts_after(friday, friday + timedelta(hours=16), 1, BERLIN)
    assert monday == datetime(2026, 3, 30, 6, tzinfo=ZoneInfo(BERLIN))
    assert (monday - friday) == timedelta(days=3, hours=-1)


@pytest.mark.parametrize(("days", "step"), [(2, 2), (7, 7), (1.5, 2)])
def test_longer_windows_follow_one_another(days, step):
    """Of windows of several days the next begins when the one before has ended."""
    start = datetime(2026, 3, 6, 4, tzinfo=UTC)
    (after,) = starts_after(start, start + timedelta(days=days), 1, "UTC")
    assert after == start + timedelta(days=step)


def test_the_clock_is_that_of_most_sites():
    """Of sites in several zones most count, and of equally many the first by name."""
    zones = ("Europe/Paris", BERLIN, BERLIN, "Europe/Paris", "")
    assert clock_of(sites_pb2.Site(time_zone=z) for z in zones) == BERLIN
    assert clock_of(()) == "UTC"
