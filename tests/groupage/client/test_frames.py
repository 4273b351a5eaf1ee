from datetime import UTC, date, datetime

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
