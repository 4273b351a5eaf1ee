"""How the benchmark of what forecasts save reckons."""

import json

import pytest

from benchmarks import forecast_value as benchmark


def rows(costs):
    """Summaries of runs whose costs are given by run and replication."""
    return [
        {"policy": run, "replication": r, "total_cost_eur": cost, "unserved": 0, "held": 0, "cpu_s": 1.0}
        for run, of in costs.items()
        for r, cost in enumerate(of)
    ]


def test_figures_by_hand():
    """Savings are means over regions of percentages, and what is closed of the gap is a ratio of paired means."""
    full = benchmark.FULL
    measures = benchmark.measured(
        rows(
            {benchmark.AT_ONCE: [1000.0, 2000.0, 3000.0]}
            | {f"{full}+seasonal_naive": [980.0, 1955.0, 2955.0]}
            | {f"{full}+lightgbm": [950.0, 1925.0, 2925.0]}
            | {f"{full}+oracle": [930.0, 1906.0, 2904.0]}
        )
    )
    key = benchmark.KEY
    assert measures[f"{key}.saving_percent.{full}"] == pytest.approx((5 + 3.75 + 2.5) / 3)
    assert measures[f"{key}.saving_percent.{full}.oracle"] == pytest.approx((7 + 4.7 + 3.2) / 3)
    assert measures[f"{key}.gap_percent"] == pytest.approx(100 * (50 / 980 + 49 / 1955 + 51 / 2955) / 3, abs=1e-5)
    assert measures[f"{key}.gap_closed_percent"] == pytest.approx(60)
    assert measures[f"{key}.gap_closed_percent.low"] < 60 < measures[f"{key}.gap_closed_percent.high"]
    assert measures[f"{key}.regret_eur.lightgbm"] == pytest.approx(20)
    assert measures[f"{key}.gap_settled"] == 1
    assert measures[f"{key}.undelivered"] == 0


def test_no_share_of_what_may_be_nothing():
    """Without a settled gap the key is left out, as no number would be true."""
    names = (benchmark.AT_ONCE, *(f"{benchmark.FULL}+{f}" for f in benchmark.FORECASTERS))
    costs = dict(zip(names, ([1000.0, 1000.0], [900.0, 940.0], [890.0, 900.0], [930.0, 905.0]), strict=True))
    measures = benchmark.measured(rows(costs))
    assert measures[f"{benchmark.KEY}.gap_settled"] == 0
    assert f"{benchmark.KEY}.gap_closed_percent" not in measures


@pytest.mark.slow
def test_quick(monkeypatch, tmp_path):
    """A quick run writes its measures; every policy delivered everything, so that costs are of the same work."""
    file = tmp_path / "measures.json"
    monkeypatch.setattr("sys.argv", ["forecast_value.py", "--quick", "--json", str(file)])
    monkeypatch.setattr(benchmark, "QUICK_REPLICATIONS", 2)
    benchmark.main()
    measures = json.loads(file.read_text(encoding="utf-8"))
    assert {f"{benchmark.KEY}.saving_percent.{p}" for p in benchmark.POLICIES if p != benchmark.AT_ONCE} <= set(
        measures
    )
    assert {f"{benchmark.KEY}.{k}" for k in ("gap_percent", "gap_settled", "cpu_s", "peak_mb")} <= set(measures)
    assert measures[f"{benchmark.KEY}.undelivered"] == 0
