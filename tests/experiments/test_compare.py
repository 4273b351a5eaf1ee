"""What a comparison makes of its runs' figures."""

from __future__ import annotations

import pytest

from agents.policy import Choice, Policy
from experiments.compare import _add_efficiency, _spread
from experiments.summary import efficiency


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


def test_efficiency_where_holding_differs() -> None:
    """A policy's saving counts against the same shipments alone on the days on which it put them on the table."""

    def row(policy: str, alone: float, resource: float) -> dict[str, object]:
        return {
            "policy": policy,
            "replication": 0,
            "standalone_resource_cost_eur": alone,
            "resource_cost_eur": resource,
        }

    # Waiting alone takes 20 off the cost of going alone; it is no part of what pooling saved.
    rows = [row("standalone", 1020.0, 1020.0), row("contract_net", 1000.0, 940.0), row("trustee", 1000.0, 900.0)]
    _add_efficiency(rows, [Policy(name=str(r["policy"]), protocol=Choice(name=str(r["policy"]))) for r in rows])
    assert [r["efficiency"] for r in rows] == [0.0, 0.6, 1.0]


def test_no_efficiency_of_nothing() -> None:
    """Where there is nothing to gain, or nothing to do at all, there is no share of it."""
    assert efficiency(0.0, 0.0, 0.0) is None
    assert efficiency(1000.0, 999.0, 999.0) is None
    assert efficiency(1000.0, 950.0, 900.0) == 0.5
