"""What bargaining is timed against."""

import numpy as np

from benchmarks import bargaining


def test_the_plain_loop_does_the_same():
    """The plain Python loop that speed is held against makes the same offers, one by one."""
    for seed, pair in enumerate([("boulware", "tit_for_tat"), ("linear", "conceder"), ("conceder", "conceder")]):
        talk = bargaining.sides(seed, *pair)
        plain = bargaining.in_messages(bargaining.PlainBargainer)(talk)
        fast = bargaining.compiled(talk)
        assert plain.offers.tolist() == fast.offers.tolist()
        assert (plain.outcome, plain.ending) == (fast.outcome, fast.ending)


def test_tastes_are_opposed():
    """What one side likes best the other likes least, and the same seed gives the same sides."""
    first, second = bargaining.sides(1, "linear", "linear")
    assert (first.worth.argmax(), first.worth.argmin()) == (0, 999)
    assert (second.worth.argmax(), second.worth.argmin()) == (999, 0)
    assert np.array_equal(first.worth, bargaining.sides(1, "linear", "linear")[0].worth)
