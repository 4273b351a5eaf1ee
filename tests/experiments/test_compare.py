"""What a comparison makes of its runs' figures."""

from __future__ import annotations

import pytest

from experiments.compare import _spread


def test_a_figure_that_only_some_replications_have() -> None:
    """Plain figures are averaged over the runs that have one; what is not plain is left out."""
    rows = [
        {"policy": "p", "replication": 0, "paid": 1.0, "efficiency": None, "stability": None, "feasible": True},
        {"policy": "p", "replication": 1, "paid": 3.0, "efficiency": 0.5, "stability": {"days": 1}, "feasible": True},
    ]
    found = _spread(rows)
    assert set(found) == {"paid", "efficiency"}
    assert found["paid"]["mean"] == 2.0
    assert found["efficiency"] == {"mean": 0.5, "low": None, "high": None}


def test_the_interval_of_a_mean() -> None:
    """The interval is Student's at 95 %: for 1, 2 and 3 it is 2 plus or minus 4.302653 / sqrt(3)."""
    rows = [{"policy": "p", "replication": i, "paid": float(i)} for i in (1, 2, 3)]
    paid = _spread(rows)["paid"]
    assert (paid["mean"], paid["low"], paid["high"]) == pytest.approx((2.0, 2 - 2.484138, 2 + 2.484138), abs=1e-6)
