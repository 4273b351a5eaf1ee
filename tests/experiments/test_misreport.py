"""What false reports gain, over replications."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments.cells import run_cells
from experiments.compare import compare
from experiments.figures import spread
from experiments.generator import GeneratorParams, generate_to
from experiments.misreport import best_report, manipulability, probe_days
from experiments.policies import load_policy, policy_from


def test_the_interval_of_a_mean():
    """Student's at 95 %: for 1, 2 and 3 it is 2 plus or minus 4.302653 / sqrt(3); one figure has none."""
    found = spread([1.0, 2.0, 3.0])
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((2.0, 2 - 2.484138, 2 + 2.484138), abs=1e-6)
    assert spread([4.0]) == {"mean": 4.0, "low": None, "high": None}


@pytest.mark.parametrize(("days", "chosen"), [(1, (0,)), (2, (0, 1)), (3, (0, 1, 2)), (20, (3, 10, 16)), (0, ())])
def test_days_lie_evenly(days, chosen):
    """A few days spread over all planning days are tried, or all of them."""
    assert probe_days(days) == chosen


def reports(*gains: list[float], others: float = 0.0) -> dict:
    return {("cost", 1.0 + k): np.array([own, [others] * len(own)]) for k, own in enumerate(gains, start=1)}


def test_a_report_is_chosen_by_the_other_replications():
    """Each replication is credited with what the best report of the others gains in it."""
    found = best_report(reports([9.0, 1.0, 1.0], [2.0, 4.0, 4.0], others=-1.0))
    # Without the first, the second report is better; without either of the others the first is.
    assert found.gains.tolist() == [2.0, 1.0, 1.0]
    assert found.others.tolist() == [-1.0, -1.0, -1.0]
    assert found.report == ("cost", 2.0)


def test_honesty_is_a_choice():
    """Where every report loses, none is made; and with one replication the best is known in hindsight."""
    found = best_report(reports([-1.0, -2.0], others=-5.0))
    assert (found.gains.tolist(), found.others.tolist(), found.report) == ([0.0, 0.0], [0.0, 0.0], None)
    assert best_report(reports([3.0], [5.0])).gains.tolist() == [5.0]


def test_luck_alone_gains_nothing():
    """Where gains are noise around nothing, what is credited is so too; the best in hindsight would not be."""
    rng = np.random.default_rng(1)
    credited, hindsight = [], []
    for _ in range(400):
        noise = [list(row) for row in rng.normal(size=(12, 5))]
        credited.append(best_report(reports(*noise)).gains.mean())
        hindsight.append(max(np.mean(row) for row in noise))
    assert abs(np.mean(credited)) < 3 * np.std(credited) / 20
    assert np.mean(hindsight) > 0.5


def test_means_over_days_and_parties():
    """A party that is not there on a day gains nothing on it, and a role's figure is the mean of its parties."""
    base = {"policy": "p", "replication": 0, "role": "carrier", "lever": "cost", "factor": 1.1, "others_eur": -1.0}
    rows = [
        base | {"day": 1, "party": "a", "gain_eur": 4.0},
        base | {"day": 2, "party": "a", "gain_eur": 2.0},
        base | {"day": 2, "party": "b", "gain_eur": 2.0},
    ]
    told = manipulability(rows, ["p"], 1)["policies"]["p"]
    assert {p["party"]: p["gain_eur"]["mean"] for p in told["parties"]} == {"a": 3.0, "b": 1.0}
    assert [r["gain_eur"]["mean"] for r in told["roles"]] == [2.0, 2.0]
    assert told["gain_eur"] == {"0": 2.0}
    assert told["others_eur"] == {"0": -0.75}


def test_a_replication_without_anybody():
    """Where nobody could state anything, nothing is gained: in one replication, or in all."""
    row = {"policy": "p", "replication": 1, "role": "carrier", "lever": "cost", "factor": 1.1, "others_eur": -1.0}
    told = manipulability([row | {"day": 1, "party": "a", "gain_eur": 4.0}], ["p", "q"], 3)["policies"]
    assert set(told["p"]["gain_eur"]) == {"0", "1", "2"}
    assert told["p"]["gain_eur"]["0"] == 0.0
    nothing = {"0": 0.0, "1": 0.0, "2": 0.0}
    assert told["q"] == {"parties": [], "roles": [], "gain_eur": nothing, "others_eur": nothing}


def test_cells_come_in_order():
    """Results come in the order of the work, whoever does it, and progress counts to the end."""
    seen = []
    assert run_cells(abs, [-3, 2, -1], 2, str, lambda *told: seen.append(told[:2])) == [3, 2, 1]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert run_cells(abs, [-3, 2, -1], 1, str) == [3, 2, 1]


@pytest.mark.slow
def test_a_comparison_with_false_reports(tmp_path):
    """Going alone invites none to the cent, pooling does; the same bytes on one and on two workers."""
    generate_to(tmp_path / "region", GeneratorParams(factories=2, hubs=0, carriers=1, clients=8, days=1))
    quick = {"effort": {"standalone_iterations_per_job": 2, "carrier_iterations_per_job": 2}, "holding": "ship_now"}
    policies = [load_policy("standalone"), policy_from({"name": "net", "protocol": "contract_net"} | quick)]
    found = [
        compare(tmp_path / "region", policies, 1, 2, tmp_path / str(n), workers=n, probe_misreport=True) for n in (1, 2)
    ]
    assert found[0] == found[1]
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in "12"
    )
    assert [str(p) for p in one | two if p.name != "manifest.json" and one.get(p) != two.get(p)] == []
    rows = pq.read_table(tmp_path / "1" / "misreports.parquet").to_pylist()
    assert {r["gain_eur"] for r in rows if r["policy"] == "standalone"} == {0.0}
    assert any(r["gain_eur"] > 0 for r in rows if r["policy"] == "net")
    summary = found[0]["summary"]
    assert summary["standalone"]["misreport_gain_eur"]["mean"] == 0.0
    assert summary["net"]["misreport_gain_eur"]["low"] is not None
    # No trustee was asked for, and yet it is known how much of the possible saving was reached.
    assert summary["net"]["efficiency"]["mean"] > 0
    assert found[0]["policies"] == ["standalone", "net"]
    assert {r["policy"] for r in found[0]["rows"]} == {"standalone", "net"}
