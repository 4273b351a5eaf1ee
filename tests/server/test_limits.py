"""Token buckets: what they let through, and that they stay small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.limits import Buckets, Rate


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_through_and_the_rest_waits_its_time() -> None:
    """A full bucket gives its burst at once; afterwards the answer is how long until there is enough."""
    clock = Clock()
    buckets = Buckets(Rate(2, 4), clock=clock)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    clock.now += 0.5
    assert (buckets.take("a"), buckets.take("a")) == (0, 0.5)


def test_more_than_the_burst_is_paid_back() -> None:
    """One request larger than the burst is let through by a full bucket, and the debt is waited for."""
    clock = Clock()
    buckets = Buckets(Rate(1, 10), clock=clock)
    assert buckets.take("a", 30) == 0
    assert buckets.take("a", 1) == pytest.approx(21)
    clock.now += 21
    assert buckets.take("a", 1) == 0


def test_looking_takes_nothing() -> None:
    """Asking whether a bucket is empty neither takes from it nor makes one."""
    buckets = Buckets(Rate(1, 1), clock=Clock())
    assert buckets.empty("a") == 0
    assert len(buckets) == 0
    buckets.take("a")
    assert buckets.empty("a") == buckets.empty("a") == 1


def test_memory_does_not_grow_with_keys() -> None:
    """However many keys come, no more buckets are kept than allowed, and the ones in use stay."""
    buckets = Buckets(Rate(0.001, 1), most=10, clock=Clock())
    assert buckets.take("busy") == 0
    for i in range(1000):
        assert buckets.take(f"key {i}") == 0
        assert buckets.take("busy") > 0
        assert len(buckets) <= 10


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 3)), max_size=60))
def test_no_more_than_the_rate_gets_through(steps: list[tuple[float, float]]) -> None:
    """In any span from the start at most the burst plus rate times time is taken, whatever is asked for when."""
    clock = Clock()
    buckets = Buckets(Rate(2, 3), clock=clock)
    taken = 0.0
    for pause, amount in steps:
        clock.now += pause
        if buckets.take("a", amount) == 0:
            taken += amount
        assert taken <= 3 + 2 * (clock.now - 100) + 1e-6


def test_a_rate_of_nothing_is_refused() -> None:
    """Rates and bursts are above zero."""
    with pytest.raises(ValueError, match="expected both above 0"):
        Rate(0, 1)
    with pytest.raises(ValueError, match="expected both above 0"):
        Rate(1, -1)
