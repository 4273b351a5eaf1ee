from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupage.client import frames
from groupage.errors import InputError
from groupage.v1 import demand_pb2, orders_pb2

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ORDERS = st.builds(
    lambda ref, origins, pallets, at, cents, state: _order(ref, origins, pallets, at, cents, state),
    st.text(min_size=1, max_size=10),
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3),
    st.floats(0.1, 66),
    MOMENTS,
    st.integers(1, 10**15),
    st.sampled_from(orders_pb2.Order.State.values()[1:]),
)


def _order(ref, origins, pallets, at, cents, state):
    order = orders_pb2.Order(external_ref=ref, origins=origins, pallets=pallets, state=state)
    order.window_open.FromDatetime(at)
    order.stakes.line_stop_cents = cents
    return order


@given(st.lists(ORDERS, min_size=1, max_size=5))
def test_messages_survive_a_frame(orders):
    """What became a frame becomes the same messages again."""
    assert frames.messages(frames.frame(orders), orders_pb2.Order) == orders


def test_missing_cells_leave_fields_unset():
    """NaN, NaT and None are not given, which is not zero."""
    frame = pd.DataFrame(
        {"zone": ["37", "37"], "day": [date(2026, 5, 4), pd.Timestamp("2026-05-05")], "pallets": [float("nan"), 0.0]}
    )
    one, other = frames.messages(frame, demand_pb2.DemandRecord)
    assert not one.HasField("pallets")
    assert other.HasField("pallets")
    assert (one.day.year, one.day.month, one.day.day) == (2026, 5, 4)


def test_whole_numbers_that_pandas_made_floats_are_taken():
    """A column with a gap is one of floats; 500000.0 cents are 500000, and half a cent is refused."""
    frame = pd.DataFrame({"stakes.line_stop_cents": [500000.0, float("nan")]})
    assert frames.messages(frame, orders_pb2.Order)[0].stakes.line_stop_cents == 500000
    with pytest.raises(InputError, match="a whole number"):
        frames.messages(pd.DataFrame({"stakes.line_stop_cents": [0.5]}), orders_pb2.Order)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("palets", 1.0, "expected a field of Order"),
        ("stakes.paid", 1, "expected a field of Order"),
        ("window_open", "2026-05-04 08:00", "a time with its zone"),
        ("window_open", "soon", "soon"),
        ("pallets", "three", "pallets"),
        ("state", "OPENED", "one of STATE_UNSPECIFIED, OPEN"),
        ("stakes", 3, "its own columns"),
    ],
)
def test_what_fits_no_field_is_named_with_row_and_column(column, cell, words):
    """Each wrong cell is told by its row's index and its column, with what was expected."""
    frame = pd.DataFrame({column: [cell]}, index=[17])
    with pytest.raises(InputError, match=words) as caught:
        frames.messages(frame, orders_pb2.Order)
    assert column in str(caught.value)


def test_all_wrong_cells_are_told_at_once():
    """Not one by one: twenty at most."""
    frame = pd.DataFrame({"window_open": ["x"] * 30})
    with pytest.raises(InputError) as caught:
        frames.messages(frame, orders_pb2.Order)
    assert len(caught.value.problems) == 20
    assert str(caught.value).endswith("and 10 more")


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("external_ref", 900001.0, "expected text"),
        ("pallets", "2,5", "expected a number"),
        ("pallets", True, "expected a number"),
        ("stakes.line_stop_cents", "5", "expected a whole number"),
        ("origins", 3, "expected a list"),
    ],
)
def test_a_cell_of_another_kind_is_refused_in_plain_words(column, cell, words):
    """Nothing is guessed: 900001.0 is no reference, "2,5" no number; and no word is Python's or protobuf's own."""
    with pytest.raises(InputError, match=words) as caught:
        frames.messages(pd.DataFrame({column: [cell]}), orders_pb2.Order)
    assert str(caught.value).startswith(f"frame row 0: {column} is ")


def test_days_are_no_numbers():
    """pandas would make a day of 1970 of 20260504."""
    with pytest.raises(InputError, match="expected a day"):
        frames.messages(pd.DataFrame({"day": [20260504]}), demand_pb2.DemandRecord)


def test_a_column_that_is_there_twice_is_named():
    """Which of them would count is not guessed."""
    twice = pd.DataFrame([[1.0, 2.0]], columns=["pallets", "pallets"])
    with pytest.raises(InputError, match="pallets is there twice"):
        frames.messages(twice, orders_pb2.Order)


def test_lists_may_be_arrays():
    """Frames that come from Parquet have arrays where others have lists."""
    frame = pd.DataFrame({"origins": [np.array(["a", "b"], dtype=object), np.array([], dtype=object)]})
    assert [list(m.origins) for m in frames.messages(frame, orders_pb2.Order)] == [["a", "b"], []]


def test_a_frame_has_the_columns_of_the_contract():
    """A column that no row has set is there, also of no rows; a figure of 0 is 0, and not missing."""
    none = frames.frame([], orders_pb2.Order)
    assert {"external_ref", "state", "window_open"} <= set(none.columns)
    assert len(none) == 0
    one = frames.frame([orders_pb2.Order(external_ref="a", pallets=2), orders_pb2.Order(external_ref="b")])
    assert list(one["pallets"]) == [2.0, 0.0]
    assert one["window_open"].isna().all()
    assert set(none.columns) <= set(one.columns)


def test_chunks_fit_into_a_request():
    """A chunk ends at its lines or its bytes, whichever comes first, and no row is lost."""
    rows = [orders_pb2.Order(external_ref="x" * 100_000) for _ in range(100)]
    cut = list(frames.chunks(rows))
    assert [first for first, _ in cut] == list(np.cumsum([0] + [len(c) for _, c in cut])[:-1])
    assert sum(len(c) for _, c in cut) == 100
    assert all(sum(r.ByteSize() for r in c) <= frames.CHUNK_BYTES for _, c in cut)
    assert [(f, len(c)) for f, c in frames.chunks([orders_pb2.Order()] * 2500)] == [
        (0, 1000),
        (1000, 1000),
        (2000, 500),
    ]
