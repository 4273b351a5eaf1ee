"""Messages as columns, read from their bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupage.v1 import demand_pb2, members_pb2, orders_pb2
from server import columns
from server.columns import Columns
from tests.server.test_bulk import orders, records

ORDER = orders_pb2.Order.DESCRIPTOR
LINES = orders_pb2.UploadOrdersRequest.DESCRIPTOR.fields_by_name["orders"]


def agree(read, messages):
    """Hold every field of columns against what protobuf says of the messages."""
    assert read.whole.all()
    for field in read.kind.fields:
        given = [getattr(message, field.name) for message in messages]
        if field.has_presence:
            assert read.has(field.name).tolist() == [message.HasField(field.name) for message in messages]
        if field.is_repeated:
            assert read.has(field.name).tolist() == [len(some) > 0 for some in given]
            if field.message_type is None:
                assert read.lists(field.name) == [tuple(some) for some in given]
        elif field.message_type is not None:
            agree(read.part(field.name), given)
        elif field.type == field.TYPE_STRING:
            assert read.texts(field.name) == given
        else:
            np.testing.assert_array_equal(read.numbers(field.name), np.array(given))


@settings(max_examples=200, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=5))
def test_columns_say_what_the_messages_say(lines):
    """Every field of orders, of what is in them and of lists, at and beyond the edges of all rules."""
    agree(Columns.of(lines, ORDER), lines)
    request = orders_pb2.UploadOrdersRequest(parent="companies/ä", orders=lines, request_id="x")
    within = Columns.within(request.SerializeToString(deterministic=True), LINES)
    agree(within, lines)
    assert within.serialized() == [line.SerializeToString() for line in lines]
    assert [within.message(i) for i in range(len(lines))] == lines


@settings(max_examples=100, deadline=None)
@given(st.lists(records(), min_size=1, max_size=5))
def test_demand_reads_as_well(lines):
    """Dates and optional numbers."""
    agree(Columns.of(lines, demand_pb2.DemandRecord.DESCRIPTOR), lines)


def test_negative_and_large_numbers():
    """Numbers of ten bytes, and those that need all 64 bits."""
    lines = [
        orders_pb2.Order(stakes=orders_pb2.Stakes(line_stop_cents=n))
        for n in (-1, 2**63 - 1, -(2**63), 0, 127, 128, 1 << 56)
    ]
    lines[0].ready_at.nanos = -5
    agree(Columns.of(lines, ORDER), lines)


def test_times_round_down_to_microseconds():
    """Before 1970 as well."""
    line = orders_pb2.Order()
    line.ready_at.seconds, line.ready_at.nanos = -1, 999_999_999
    assert Columns.of([line], ORDER).microseconds("ready_at").tolist() == [-1]


def test_what_is_not_understood_is_not_whole_and_looks_empty():
    """An unknown field, a field twice, and another wire type: nothing is read of such a line, and all of the others."""
    good = orders_pb2.Order(external_ref="r", origins=["a", "b"]).SerializeToString()
    strange = {
        "unknown field": good + b"\xf8\x3f\x01",
        "twice": good + orders_pb2.Order(external_ref="s").SerializeToString(),
        "list in two places": good + b"\x22\x01d" + b"\x1a\x01c",
        "wire type": good + b"\x28\x01",
        "cut off": good[:-1],
        "number of eleven bytes": b"\xa8\x01" + b"\xff" * 10 + b"\x01",
        "length beyond the end": b"\x12\x7f" + b"x",
        "negative length": b"\x12" + b"\xff" * 9 + b"\x01",
    }
    lines = [line for bad in strange.values() for line in (good, bad)]
    ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
    read = Columns(b"".join(lines), np.append(0, ends[:-1]).astype(np.int64), ends, ORDER)
    assert read.whole.tolist() == [True, False] * len(strange)
    assert read.texts("external_ref") == ["r", ""] * len(strange)
    assert read.lists("origins") == [("a", "b"), ()] * len(strange)
    assert read.has("origins").tolist() == [True, False] * len(strange)


@settings(max_examples=300, deadline=None)
@given(orders(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=5))
def test_no_bytes_lead_out_of_their_line(order, changes):
    """Whatever stands in them: what is read lies within the line; no number or length leads the pass away."""
    raw = bytearray(order.SerializeToString())
    for place, value in changes:
        raw[place % len(raw)] = value
    around = b"\x12\x01x" * 3
    begin, end = len(around), len(around) + len(raw)
    read = Columns(around + bytes(raw) + around, np.array([begin]), np.array([end]), ORDER)
    assert (read._until <= end).all()
    if not read.whole[0]:
        assert not read._until.any()


def test_fields_that_cannot_be_read_are_known_to_be():
    """Bytes are none of what columns read: a line that has some is not whole."""
    assert all(columns.readable(field) for field in ORDER.fields)
    messages = members_pb2.DESCRIPTOR.message_types_by_name.values()
    unreadable = next(f for message in messages for f in message.fields if f.type == f.TYPE_BYTES)
    assert not columns.readable(unreadable)
    line = {unreadable.name: b"x"}
    kind = columns._class(unreadable.containing_type)
    assert Columns.of([kind(), kind(**line)], kind.DESCRIPTOR).whole.tolist() == [True, False]


def test_a_request_without_lines_has_no_columns():
    """Neither an empty one nor one that has other fields only."""
    for request in (orders_pb2.UploadOrdersRequest(), orders_pb2.UploadOrdersRequest(parent="companies/acme")):
        assert len(Columns.within(request.SerializeToString(), LINES)) == 0
    with pytest.raises(KeyError):
        Columns.within(b"", LINES).texts("no_such_field")
