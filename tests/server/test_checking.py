"""What no rule of the schema tells: times and days that are none are refused, wherever they stand in a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from groupage.client.methods import services
from groupage.v1 import demand_pb2, orders_pb2, tracking_events_pb2
from server import bulk, checking
from server.faults import Fault
from tests.groupage.v1.test_rules import order
from tests.server.wellformed import Drawing

BAD = {
    "google.protobuf.Timestamp": ({"nanos": 2**31 - 1}, {"nanos": -1}, {"seconds": 2**60}, {"seconds": -(2**60)}),
    "google.protobuf.Duration": ({"seconds": 2**62}, {"nanos": 2**31 - 1}),
    "google.type.Date": (
        {"year": 2026, "month": 2, "day": 30},
        {"year": 2**31 - 1, "month": 1, "day": 1},
        {"month": 3},
    ),
}


def times(message: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Times that stand in a message, with their paths."""
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for i, one in enumerate(value if field.is_repeated else [value]):
            path = f"{place}{field.name}" + (f"[{i}]" if field.is_repeated else "")
            if field.message_type.full_name in BAD:
                yield path, one
            else:
                yield from times(one, f"{path}.")


METHODS = [m for service in services().values() for m in service.values() if m.path.startswith("/groupage")]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.path.rpartition("/")[2])
def test_no_time_is_taken_that_is_none(method: Any) -> None:
    """In every request of the contract every time, one after the other, is refused by its path if it is none."""
    drawing = Drawing(np.random.default_rng(1), {}, {})
    for _ in range(3):
        request = drawing.request(method.request)
        if type(request).DESCRIPTOR.full_name in checking.LINES:
            continue  # judged line by line
        for path, time in list(times(request)):
            good = type(time)()
            good.CopyFrom(time)
            for bad in BAD[time.DESCRIPTOR.full_name]:
                time.CopyFrom(type(time)(**bad))
                with pytest.raises(Fault) as refused:
                    checking.check(request)
                assert path in {v.field for v in refused.value.violations}
            time.CopyFrom(good)


def test_lines_too() -> None:
    """A line of an upload is refused for a time or day that is none, and its neighbours are not."""
    wrong = order()
    wrong.window_open.nanos = 2**31 - 1
    assert {i: f.violations[0].field for i, f in bulk.order_faults([order(), wrong, order()]).items()} == {
        1: "window_open"
    }
    days = [demand_pb2.DemandRecord(zone="a", day={"year": 2026, "month": m, "day": 30}, pallets=1) for m in (1, 2)]
    assert {i: f.violations[0].field for i, f in bulk.demand_faults(days).items()} == {1: "day"}


def test_the_request_around_lines_is_checked_without_looking_at_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are judged once, all together: whatever looks at a chunk before sees one that stands for all."""
    seen = []
    monkeypatch.setattr(checking.screen, "of", lambda _: lambda message: seen.append(message))
    wrong = order()
    wrong.pallets = -1
    chunk = orders_pb2.UploadOrdersRequest(
        parent="companies/acme", request_id="00000000-0000-4000-8000-000000000000", orders=[order(), wrong] * 500
    )
    checking.check(chunk)
    assert [len(message.orders) for message in seen] == [1]


def test_good_times_pass() -> None:
    """The first and last moments that the contract's times can say are times."""
    event = tracking_events_pb2.TrackingEvent()
    for seconds in (-62_135_596_800, 253_402_300_799):
        event.event_at.seconds = seconds
        assert "event_at" not in {path for path, _ in checking._no_times(event, "")}
    assert list(checking._no_times(orders_pb2.Order(), "")) == []
