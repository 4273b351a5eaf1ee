"""Tests for forecasting.history."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.history import MAX_PERIODS, MAX_PROBLEMS_PER_KIND, known_at, read_history
from forecasting.panel import extend
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand, long_frame


def frame(*rows: tuple[object, object, object], **more: list[object]) -> pd.DataFrame:
    ids, days, figures = zip(*rows, strict=True)
    return pd.DataFrame({"unique_id": ids, "ds": pd.to_datetime(list(days), format="ISO8601"), "y": figures, **more})


def refusal(given_frame: pd.DataFrame) -> str:
    with pytest.raises(InputError) as caught:
        read_history(given_frame, "demand")
    return str(caught.value)


def test_gaps_are_days_without_demand():
    """A missing day after a series' first row is zero, to the panel's end; before the first row nothing is known."""
    panel = read_history(frame(("b", "2024-01-03", 2.0), ("a", "2024-01-01", 1.0), ("a", "2024-01-04", 3.0)))
    assert panel.series == ("a", "b")
    assert panel.first == date(2024, 1, 1)
    assert panel.next_period == date(2024, 1, 5)
    np.testing.assert_array_equal(panel.demand, [[1, 0, 0, 3], [np.nan, np.nan, 2, 0]])


def test_rows_without_demand_are_days_to_come():
    """Rows without a figure begin the forecast, carry planned promotions, and close the gap before them with zeros."""
    panel = read_history(
        frame(
            ("a", "2024-01-01", 5.0), ("a", "2024-01-03", None), ("a", "2024-01-04", None), promotion=[False, 0, True]
        )
    )
    np.testing.assert_array_equal(panel.demand, [[5, 0]])
    assert panel.next_period == date(2024, 1, 3)
    np.testing.assert_array_equal(panel.feature("promotion", 5), [[0, 0, 0, 1, 0]])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", "2024-01-02", np.inf), "demand row 2: y is inf, expected a finite number >= 0"),
        (("a", "2024-01-02", -3.0), "demand row 2: y is -3.0, expected a finite number >= 0"),
        (("a", "2024-01-02", "many"), "demand row 2: y is many, expected a finite number >= 0"),
        (
            ("a", "2024-01-02", None),
            "demand row 2: y is nan, expected a number: only days after 2024-01-05 may have none",
        ),
        ((None, "2024-01-02", 1.0), "demand row 2: unique_id is None, expected the series id"),
        (("a", None, 1.0), "demand row 2: ds is NaT, expected a day: midnight, without a time zone"),
        (("a", "2024-01-02 08:00", 1.0), "demand row 2: ds is 2024-01-02 08:00:00, expected a day"),
        (("a", "2024-01-05", 1.0), "demand row 3: ds is 2024-01-05 00:00:00, expected one row per unique_id and day"),
        (("a", "2124-01-05", 1.0), "demand: ds is 2024-01-01 to 2124-01-05, expected fewer than"),
    ],
)
def test_wrong_rows_are_named(row: tuple[object, object, object], message: str):
    """Every wrong figure, id or day is refused with its row, its value and what was expected."""
    rows = [("a", "2024-01-01", 1.0), row, ("a", "2024-01-05", 1.0)]
    given_frame = frame(*rows)
    if row[2] is None:
        given_frame["y"] = given_frame["y"].astype(float)
    assert message in refusal(given_frame)


def test_all_problems_at_once():
    """Problems of several kinds come together, and a flood of one kind is cut with its number."""
    bad = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=100), "y": -1.0})
    bad["promotion"] = np.nan
    text = refusal(bad)
    more = 100 - MAX_PROBLEMS_PER_KIND
    assert f"y is wrong in {more} more rows" in text
    assert f"promotion is wrong in {more} more rows" in text
    assert len(text.splitlines()) == 2 * (MAX_PROBLEMS_PER_KIND + 1)


@pytest.mark.parametrize(
    ("given_frame", "message"),
    [
        (pd.DataFrame({"unique_id": [], "ds": [], "y": []}), "demand: 0 rows, expected at least one"),
        (pd.DataFrame({"id": ["a"]}), "demand: ds is missing, expected a column of that name"),
        (frame(("a", "2024-01-01", np.nan)), "demand: y is missing in every row, expected at least one known day"),
        (frame((1, "2024-01-01", 1.0), ("1", "2024-01-02", 1.0)), "unique_id is of several types, expected text"),
        (
            frame(("a", "2024-01-01", 1.0)).assign(ds=pd.to_datetime(["2024-01-01"], utc=True)),
            "demand row 1: ds is 2024-01-01 00:00:00+00:00, expected a day",
        ),
        (frame(("a", "2024-01-01", 1.0)).assign(ds=20240101), "demand row 1: ds is 20240101, expected a day"),
        (frame(("a", "2024-01-01", 1.0)).assign(ds="tomorrow"), "demand row 1: ds is tomorrow, expected a day"),
    ],
)
def test_wrong_frames(given_frame: pd.DataFrame, message: str):
    """Empty frames, missing columns, clocks, numbers for days and mixed ids are refused in words."""
    assert message in refusal(given_frame)


def test_dates_as_objects():
    """Days as Python dates or ISO text, as files give them, are days."""
    stamps = frame(("a", "2024-02-28", 1.0), ("a", "2024-02-29", 2.0))
    for days in ([date(2024, 2, 28), date(2024, 2, 29)], ["2024-02-28", "2024-02-29"]):
        np.testing.assert_array_equal(read_history(stamps.assign(ds=days)).demand, [[1, 2]])


def test_many_days_are_enough():
    """The limit on days is far beyond any demand record."""
    assert MAX_PERIODS > 40 * 365


def test_known_at_begins_on_that_day():
    """What is known on a morning holds no demand of that day or later, keeps planned promotions, and starts there."""
    demand = factory_demand(40)
    day = date(2024, 1, 29)
    known = known_at(demand, day, 7)
    assert known.loc[known["ds"] >= pd.Timestamp(day), "y"].isna().all()
    assert known["y"].notna().sum() == 3 * 28
    panel = read_history(known)
    assert panel.next_period == day
    np.testing.assert_array_equal(panel.feature("promotion", 35)[0], (np.arange(35) // 7 % 5 == 0))
    np.testing.assert_array_equal(panel.demand, read_history(demand).demand[:, :28])


def test_known_at_without_orders_yesterday():
    """Where only days with orders have rows, quiet days before today still count as days without demand."""
    sparse = frame(("a", "2024-01-01", 4.0), ("b", "2024-01-02", 1.0), ("a", "2024-01-09", 6.0))
    panel = read_history(known_at(sparse, date(2024, 1, 6)))
    assert panel.next_period == date(2024, 1, 6)
    np.testing.assert_array_equal(panel.demand, [[4, 0, 0, 0, 0], [np.nan, 1, 0, 0, 0]])


def test_scale_counts_days_with_demand():
    """The scale is the mean of the days that had demand, so a rare lane's order is about one; a dead lane has none."""
    panel = read_history(long_frame({"a": np.array([0.0, 4, 0, 6]), "b": np.zeros(4)}))
    np.testing.assert_array_equal(panel.scale(), [5, 0])
    np.testing.assert_array_equal(panel.scale(2), [4, 0])


def test_extend_never_looks_ahead():
    """The old record gives only the days before the new one begins; the gap between them had no demand."""
    old = read_history(long_frame({"a": np.arange(1.0, 11.0), "b": np.full(10, 2.0)}))
    overlap = extend(old, read_history(long_frame({"a": np.array([50.0, 60.0])}, start="2024-01-04")))
    np.testing.assert_array_equal(overlap.demand, [[1, 2, 3, 50, 60], [2, 2, 2, 0, 0]])
    later = extend(old, read_history(long_frame({"c": np.array([7.0])}, start="2024-01-12")))
    np.testing.assert_array_equal(later.demand[0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0])
    np.testing.assert_array_equal(later.demand[2], [np.nan] * 11 + [7])
    earlier = extend(old, read_history(long_frame({"a": np.array([7.0])}, start="2023-12-31")))
    np.testing.assert_array_equal(earlier.demand, [[7], [np.nan]])


@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), st.floats(0, 1e6), min_size=1, max_size=30),
    st.integers(0, 14),
)
def test_cutting_and_extending_restores(rows: dict[tuple[str, int], float], cut: int):
    """A record cut in two at any day and joined again is the record, whatever rows it has."""
    start = pd.Timestamp("2024-01-01")
    record = pd.DataFrame(
        [(s, start + pd.Timedelta(days=d), y) for (s, d), y in rows.items()], columns=["unique_id", "ds", "y"]
    )
    whole = read_history(record)
    is_old = record["ds"] < start + pd.Timedelta(days=cut)
    if is_old.all() or not is_old.any():
        return
    joined = extend(read_history(record[is_old]), read_history(record[~is_old]))
    assert joined.series == whole.series
    np.testing.assert_array_equal(joined.demand, whole.demand)


def test_weekly_and_monthly_records():
    """Dates on one weekday are weeks, firsts of months are months; a week without a row is unknown, not zero."""
    weeks = read_history(frame(*(("a", day, 1.0) for day in ("2024-01-05", "2024-01-12", "2024-01-26"))))
    assert (weeks.freq, weeks.season, weeks.next_period) == ("W-FRI", 52, date(2024, 2, 2))
    np.testing.assert_array_equal(weeks.demand, [[1, 1, np.nan, 1]])
    months = read_history(frame(*(("a", day, 1.0) for day in ("2024-01-01", "2024-02-01", "2024-03-01"))))
    assert (months.freq, months.season, months.next_period) == ("MS", 12, date(2024, 4, 1))
    filled_up = read_history(frame(("a", "2024-01-05", 1.0), ("a", "2024-01-19", 1.0)), freq="W-FRI", gaps="zero")
    np.testing.assert_array_equal(filled_up.demand, [[1, 0, 1]])


def test_mixed_frequency_is_named():
    """One Thursday among Fridays is refused with its row, given the frequency or not."""
    days = [str(day.date()) for day in pd.date_range("2024-01-05", periods=15, freq="W-FRI")]
    mixed = frame(*(("a", day, 1.0) for day in [*days, "2024-03-07"]))
    assert "demand row 16: ds is 2024-03-07" in refusal(mixed)
    with pytest.raises(InputError, match=r"row 16: ds .* expected the first day of a period of W-FRI"):
        read_history(mixed, freq="W-FRI")
    with pytest.raises(InputError, match="freq is 'H'"):
        read_history(mixed, freq="H")


def daily_and(lane: str, days: pd.DatetimeIndex) -> pd.DataFrame:
    """A daily lane, and another with rows on some days only."""
    every = pd.date_range("2024-01-01", periods=90)
    return frame(*(("daily", str(d.date()), 1.0) for d in every), *((lane, str(d.date()), 7.0) for d in days))


def test_weekly_lane_in_a_daily_record():
    """A lane with exactly a row a week beside daily ones is another frequency: it is named, and so are its rows."""
    mixed = daily_and("weekly", pd.date_range("2024-01-03", periods=12, freq="7D"))
    said = refusal(mixed)
    assert "demand: unique_id is weekly, expected" in said
    assert "demand row 91: ds is 2024-01-03 of weekly, expected" in said
    assert "demand row 102: ds is 2024-03-20 of weekly" in said
    assert "row 90" not in said
    assert "gaps='zero'" in said
    shuffled = mixed.sample(frac=1.0, random_state=1)
    assert "ds is 2024-03-20 of weekly" in refusal(shuffled)


def test_monthly_lane_in_a_daily_record():
    """So is a lane with a row on the first of every month, though months are of several lengths."""
    said = refusal(daily_and("monthly", pd.date_range("2023-10-01", periods=5, freq="MS")))
    assert "demand: unique_id is monthly" in said
    assert "once a month" in said


def test_gaps_unknown_in_a_mixed_record():
    """Where a day without a row is unknown, a lane never two days in a row within a week is no daily one."""
    rare = daily_and("rare", pd.to_datetime(["2024-01-02", "2024-01-11", "2024-01-25", "2024-02-20"]))
    with pytest.raises(InputError, match="unique_id is rare"):
        read_history(rare, gaps="unknown")


@pytest.mark.parametrize(
    "days",
    [
        pd.to_datetime(["2024-01-03", "2024-01-10", "2024-01-17", "2024-01-31", "2024-02-07", "2024-02-14"]),
        pd.date_range("2024-01-03", periods=9, freq="9D"),
        pd.date_range("2024-01-03", periods=5, freq="7D"),
        pd.date_range("2023-11-01", periods=3, freq="MS"),
    ],
    ids=["a week left out", "every nine days", "five weeks are too few to tell", "three months are too few"],
)
def test_rare_lanes_are_daily(days: pd.DatetimeIndex):
    """A lane that is only rare, or that has too few rows to tell, stays a daily one whose other days are zero."""
    panel = read_history(daily_and("rare", days))
    assert (panel.freq, panel.gaps) == ("D", "zero")
    assert np.nansum(panel.demand[panel.series.index("rare")]) == 7.0 * len(days)


def test_weekly_demand_of_a_daily_record_can_be_told():
    """Whoever says that a day without a row is zero is believed: an order every Wednesday is daily demand."""
    weekly = daily_and("weekly", pd.date_range("2024-01-03", periods=12, freq="7D"))
    panel = read_history(weekly, gaps="zero")
    assert np.nansum(panel.demand[panel.series.index("weekly")] == 0) == 90 - 2 - 12
    known = read_history(weekly, like=panel)
    np.testing.assert_array_equal(known.demand, panel.demand)


def test_static_features_do_not_change():
    """A lane has one product; a second one is refused with its row."""
    rows = frame(("a", "2024-01-01", 1.0), ("a", "2024-01-02", 1.0), product=["cheese", "milk"])
    assert "demand row 2: product is milk, expected one value per unique_id" in refusal(rows)
