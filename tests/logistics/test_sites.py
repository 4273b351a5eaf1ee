"""Places: GLN check digits, coordinates, and opening hours that follow the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import OpeningHours, Site, SiteKind, gln_check_digit, is_valid_gln

BERLIN = ZoneInfo("Europe/Berlin")


def berlin_site(opening: OpeningHours | None) -> Site:
    return Site("s", SiteKind.CLIENT, 52.5, 13.4, time_zone="Europe/Berlin", opening=opening)


@pytest.mark.parametrize("gln", ["4000001000005", "9501101530003", "0614141000418", "5412345000013"])
def test_published_glns_are_valid(gln: str) -> None:
    """GS1's own examples pass."""
    assert is_valid_gln(gln)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_a_check_digit_catches_every_single_wrong_digit(twelve: str, place: int, shift: int) -> None:
    """The right check digit makes a GLN valid, and changing any one digit makes it invalid."""
    gln = twelve + str(gln_check_digit(twelve))
    wrong = gln[:place] + str((int(gln[place]) + shift) % 10) + gln[place + 1 :]
    assert is_valid_gln(gln)
    assert not is_valid_gln(wrong)


@pytest.mark.parametrize("gln", ["", "400000100000", "40000010000050", "400000100000x", "٤000001000005"])
def test_other_texts_are_no_glns(gln: str) -> None:
    """Wrong lengths, letters and digits of other scripts are refused."""
    assert not is_valid_gln(gln)
    with pytest.raises(ValueError, match="check digit"):
        Site("s", SiteKind.HUB, 0.0, 0.0, gln=gln)


@pytest.mark.parametrize(("lat", "lon"), [(91.0, 0.0), (0.0, -180.5), (float("nan"), 0.0), (0.0, float("inf"))])
def test_places_lie_on_the_globe(lat: float, lon: float) -> None:
    """Coordinates outside the globe, or none at all, are refused with what was expected."""
    with pytest.raises(ValueError, match="expected degrees"):
        Site("s", SiteKind.HUB, lat, lon)


@pytest.mark.parametrize(("opens", "closes"), [(600, 600), (700, 600), (-1, 600), (0, 1441)])
def test_opening_comes_before_closing(opens: int, closes: int) -> None:
    """A site that closes before it opens is refused."""
    with pytest.raises(ValueError, match="opening hours"):
        OpeningHours(opens, closes)


def test_a_site_without_hours_is_always_open() -> None:
    """No hours: the whole window."""
    assert berlin_site(None).open_interval(datetime(2026, 1, 1, tzinfo=UTC), 1440.0) == (0.0, 1440.0)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (datetime(2026, 1, 14, tzinfo=BERLIN), 480.0, 1020.0),
        # The night of 28 to 29 March loses an hour, the night of 24 to 25 October has one more.
        (datetime(2026, 3, 29, tzinfo=BERLIN), 420.0, 960.0),
        (datetime(2026, 10, 25, tzinfo=BERLIN), 540.0, 1080.0),
    ],
)
def test_hours_follow_daylight_saving(day: datetime, first: float, last: float) -> None:
    """Eight to five is eight to five on the wall clock, also on the days when the clocks change."""
    site = berlin_site(OpeningHours(8 * 60, 17 * 60))
    assert site.open_interval(day, 1440.0) == (first, last)


def test_hours_are_local_whatever_zone_the_plan_starts_in() -> None:
    """A plan that starts at midnight UTC finds a Berlin site open an hour earlier in winter, two in summer."""
    site = berlin_site(OpeningHours(8 * 60, 17 * 60))
    assert site.open_interval(datetime(2026, 1, 14, tzinfo=UTC), 1440.0) == (420.0, 960.0)
    assert site.open_interval(datetime(2026, 7, 14, tzinfo=UTC), 1440.0) == (360.0, 900.0)


def test_a_window_that_starts_during_the_opening_is_clipped() -> None:
    """What has passed is gone, and the horizon ends the opening."""
    site = berlin_site(OpeningHours(8 * 60, 17 * 60))
    assert site.open_interval(datetime(2026, 1, 14, 12, tzinfo=BERLIN), 120.0) == (0.0, 120.0)


def test_closed_days_are_skipped() -> None:
    """Closed on Saturday: the next opening is Monday's, and none in a window of one day."""
    site = berlin_site(OpeningHours(8 * 60, 17 * 60, frozenset(range(5))))
    saturday = datetime(2026, 1, 17, tzinfo=BERLIN)
    assert site.open_interval(saturday, 1440.0) is None
    assert site.open_interval(saturday, 3 * 1440.0) == (2 * 1440.0 + 480, 2 * 1440.0 + 1020)


@given(st.integers(0, 365 * 24), st.integers(1, 3000), st.integers(0, 1300), st.integers(1, 140))
def test_an_opening_lies_inside_the_window_and_the_hours(hour: int, horizon: int, opens: int, lasts: int) -> None:
    """Whenever the window starts, the interval lies in it, and both its ends are within the local hours."""
    site = berlin_site(OpeningHours(opens, opens + lasts))
    start = datetime.fromtimestamp(1767225600 + hour * 3600, tz=UTC)
    found = site.open_interval(start, float(horizon))
    if found is None:
        return
    assert 0 <= found[0] < found[1] <= horizon
    for minute in found:
        local = datetime.fromtimestamp(start.timestamp() + minute * 60, tz=BERLIN)
        # The local hour that is skipped in spring belongs to no clock; leave that night out.
        if local.month == 3 and local.day > 24 and local.hour <= 3:
            continue
        assert opens <= local.hour * 60 + local.minute <= opens + lasts
