from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupage.v1 import demand_pb2, orders_pb2, types_pb2
from server import bulk
from server.checking import check
from server.columns import Columns
from server.faults import Fault

TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "x" * 128, "x" * 129, "a;b", "a\nb", "\x7f", "ü", "37", "steel,cold", "x" * 101, "é" * 100]
    ),
    st.text(max_size=5),
)
SITES = st.one_of(
    st.sampled_from(
        [
            "companies/a/sites/f",
            "companies/a/sites/c",
            "companies/a/sites/",
            "companies/A/sites/f",
            "",
            "companies/a",
            "companies/a/sites/f\n",
            "companies/a/sites/-f",
            f"companies/a/sites/{'f' * 63}",
            f"companies/a/sites/{'f' * 64}",
        ]
    ),
    st.text(max_size=4),
)
NUMBERS = st.one_of(
    st.sampled_from(
        [0.0, -0.0, 1.0, -1.0, 1e-300, 10000.0, 10000.1, 1440.0, 1441.0, 1e7, 1e8, float("inf"), float("nan")]
    ),
    st.floats(),
)
WHOLE = st.sampled_from([0, 1, -1, 10**11, 10**11 + 1, 10**12, 10**12 + 1])
START = datetime(2026, 5, 4, tzinfo=UTC)
MOMENTS = st.one_of(st.none(), st.integers(-3, 3).map(lambda h: START + timedelta(hours=h)))
SSCCS = st.lists(st.sampled_from(["340123450000000000", "340123450000000017", "x", ""]), max_size=3)
NAMED_MOMENTS = ("released_at", "ready_at", "pickup_until", "window_open", "window_close", "due_at")


@st.composite
def orders(draw):
    """Orders at and beyond the edges of every rule; mostly with few things wrong."""
    order = orders_pb2.Order(
        external_ref="r", origins=["companies/a/sites/f"], destination="companies/a/sites/c", pallets=1, weight_kg=1
    )
    for field in ("ready_at", "window_open", "window_close"):
        getattr(order, field).FromDatetime(START)
    for change in draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=4)):
        CHANGES[change](order, draw)
    return order


def _moment(field):
    def change(order, draw):
        order.ClearField(field)
        at = draw(MOMENTS)
        if at is not None:
            getattr(order, field).FromDatetime(at)

    return change


def _list(field, items):
    def change(order, draw):
        order.ClearField(field)
        getattr(order, field).extend(draw(items))

    return change


def _plain(field, values):
    return lambda order, draw: setattr(order, field, draw(values))


def _stakes(order, draw):
    for field in ("lateness_eur_micros_per_hour", "line_stop_cents", "paid_cents", "holding_eur_micros_per_pallet_day"):
        setattr(order.stakes, field, draw(WHOLE))


def _handling(order, draw):
    order.handling.adr_labels.extend(draw(st.lists(st.sampled_from(["3", "9", "10", ""]), max_size=3)))
    order.handling.temperature = draw(st.sampled_from([0, 1, 3, 9]))
    order.handling.certificates.extend(draw(st.lists(st.sampled_from(["GDP", "", " x", "a" * 41]), max_size=2)))


def _beyond(order, draw):
    order.window_open.seconds, order.window_open.nanos = draw(st.sampled_from([(10**15, 0), (0, -1), (0, 10**9)]))


CHANGES = {
    **{field: _moment(field) for field in NAMED_MOMENTS},
    **{f: _plain(f, NUMBERS) for f in ("pallets", "weight_kg", "volume_m3", "loading_min", "unloading_min")},
    **{f: _plain(f, TEXTS) for f in ("external_ref", "product")},
    **{f: _plain(f, SITES) for f in ("destination", "freight_payer", "name")},
    "origins": _list("origins", st.lists(SITES, max_size=3)),
    "many_origins": _list("origins", st.just([f"companies/a/sites/s{i}" for i in range(17)])),
    "ssccs": _list("ssccs", SSCCS),
    "stakes": _stakes,
    "handling": _handling,
    "state": _plain("state", st.sampled_from([0, 1, 8])),
    "beyond": _beyond,
}


def alone(message):
    try:
        check(message)
    except Fault as fault:
        return fault.reason, sorted(fault.violations)
    return None


@settings(max_examples=400, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=6))
def test_a_line_is_refused_as_it_would_be_alone(lines):
    """The same lines, the same reasons, the same fields, whether checked together or one by one."""
    faults = bulk.order_faults(lines)
    assert {i: (f.reason, sorted(f.violations)) for i, f in faults.items()} == {
        i: told for i, told in enumerate(map(alone, lines)) if told
    }


DAYS = st.tuples(
    st.sampled_from([0, 1, 2026, 9999]), st.sampled_from([0, 1, 2, 12, 13]), st.sampled_from([0, 1, 29, 30, 31])
)


@st.composite
def records(draw):
    record = demand_pb2.DemandRecord(zone=draw(TEXTS), product=draw(TEXTS))
    if draw(st.booleans()):
        record.day.year, record.day.month, record.day.day = draw(DAYS)
    if draw(st.booleans()):
        record.pallets = draw(NUMBERS)
    return record


@settings(max_examples=300, deadline=None)
@given(st.lists(records(), min_size=1, max_size=6))
def test_demand_is_refused_as_it_would_be_alone_and_off_the_calendar(lines):
    """By the schema's rules as alone; beyond them only for a day that does not exist."""
    faults = bulk.demand_faults(lines)
    for i, line in enumerate(lines):
        told = alone(line)
        if told:
            assert (faults[i].reason, sorted(faults[i].violations)) == told
        elif i in faults:
            assert faults[i].violations == (("day", "a day of the calendar"),)
            with pytest.raises(ValueError, match=r"day is out of range|month must be|year 0"):
                datetime(line.day.year, line.day.month, line.day.day, tzinfo=UTC)


@pytest.mark.parametrize("kind", [orders_pb2.Order, demand_pb2.DemandRecord])
def test_the_screen_knows_every_rule_of_what_comes_in_bulk(kind):
    """A rule that it did not know would send every line the slow way."""
    assert bulk.unknown(kind) == []


def test_plain_lines_are_sure_and_cost_no_single_check(monkeypatch):
    """Good lines pass the screen: none of a thousand is checked alone."""
    line = orders_pb2.Order(
        external_ref="r",
        origins=["companies/a/sites/f"],
        destination="companies/a/sites/c",
        pallets=1,
        weight_kg=1,
        handling=types_pb2.Handling(temperature=1),
        stakes=orders_pb2.Stakes(paid_cents=3),
    )
    for field in ("ready_at", "window_open", "window_close"):
        getattr(line, field).FromDatetime(START)
    monkeypatch.setattr(bulk, "check", lambda message: pytest.fail("checked alone"))
    assert np.all(bulk.sure(Columns.of([line] * 1000, orders_pb2.Order.DESCRIPTOR)))
    assert bulk.order_faults([line] * 1000) == {}


def test_of_what_it_does_not_understand_the_screen_is_never_sure():
    """An unknown field, in a line or in what is in it: who knows which rules it has."""
    lines = [
        orders_pb2.Order(
            external_ref="r", origins=["companies/a/sites/f"], destination="companies/a/sites/c", pallets=1, weight_kg=1
        )
        for _ in range(3)
    ]
    for line in lines:
        for field in ("ready_at", "window_open", "window_close"):
            getattr(line, field).FromDatetime(START)
    lines[1].MergeFromString(b"\xf8\x3f\x01")
    lines[2].stakes.MergeFromString(b"\xf8\x3f\x01")
    assert bulk.sure(Columns.of(lines, orders_pb2.Order.DESCRIPTOR)).tolist() == [True, False, False]
