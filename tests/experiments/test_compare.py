"""What a comparison makes of its runs' figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.policy import Choice, Effort, Policy
from experiments.compare import _add_efficiency, _spread, compare
from experiments.generator import GeneratorParams, generate_to
from experiments.summary import efficiency
from forecasting import FittedForecaster, Panel, SeasonalNaive


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


FAST = Effort(plan_iterations_per_job=5, standalone_iterations_per_job=5, carrier_iterations_per_job=3)


def waiting(protocol: str) -> Policy:
    holding, forecaster = Choice(name="quantity_based"), Choice(name="seasonal_naive")
    return Policy(name=protocol, protocol=Choice(name=protocol), holding=holding, forecaster=forecaster, effort=FAST)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "region"
    generate_to(folder, GeneratorParams(factories=2, hubs=0, carriers=2, clients=8, days=3, history_days=200, seed=4))
    return folder


def test_forecasters_are_compared_on_the_same_runs(region: Path, tmp_path: Path) -> None:
    """Each forecaster's run is the very run of a policy that chose it, and its own results are kept."""
    names = ["seasonal_naive", "oracle"]
    found = compare(region, [waiting("standalone")], 1, 2, tmp_path / "crossed", forecasters=names)
    assert found["policies"] == ["standalone+seasonal_naive", "standalone+oracle"]
    for name in names:
        plain = waiting("standalone").model_copy(update={"forecaster": Choice(name=name), "name": f"standalone+{name}"})
        alone = compare(region, [plain], 1, 2, tmp_path / name)
        ours = [r for r in found["rows"] if r["policy"] == plain.name]
        assert ours == alone["rows"]
        assert (tmp_path / "crossed" / "runs" / plain.name / "summary.json").is_file()
    told = json.loads((tmp_path / "crossed" / "comparison.json").read_text(encoding="utf-8"))
    (naive, oracle) = told["forecast_value"]["policies"]["standalone"]["forecasters"]
    costs = {r["policy"]: r["total_cost_eur"] for r in found["rows"] if r["replication"] == 0}
    assert costs["standalone+seasonal_naive"] != costs["standalone+oracle"], "the region shows no difference"
    assert naive["cost_eur"] == found["summary"]["standalone+seasonal_naive"]["total_cost_eur"]
    assert oracle["saved_eur"]["mean"] == pytest.approx(naive["cost_eur"]["mean"] - oracle["cost_eur"]["mean"])
    assert (tmp_path / "crossed" / "forecast_value.parquet").is_file()


def test_nothing_is_fitted_twice(region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies that share a forecaster share what it learned in each replication, and come out as each alone."""
    fits: list[int] = []
    fit = SeasonalNaive.fit

    def counted(self: SeasonalNaive, history: Panel, seed: int) -> FittedForecaster:
        fits.append(seed)
        return fit(self, history, seed)

    monkeypatch.setattr(SeasonalNaive, "fit", counted)
    both = compare(region, [waiting("standalone"), waiting("contract_net")], 1, 2, tmp_path / "both")
    assert len(fits) == len(set(fits)) == 2 * 2  # owners and replications
    fits.clear()
    single = compare(region, [waiting("contract_net")], 1, 2, tmp_path / "single")
    assert [r for r in both["rows"] if r["policy"] == "contract_net"] == single["rows"]


@pytest.mark.slow
def test_any_number_of_workers(region: Path, tmp_path: Path) -> None:
    """However runs are put together for workers, the comparison is the same, byte for byte."""
    policies, names = [waiting("standalone"), waiting("contract_net")], ["seasonal_naive", "oracle"]

    def compared(workers: int, replications: int) -> tuple[bytes, dict[str, bytes]]:
        out = tmp_path / f"{workers}-{replications}"
        compare(region, policies, 1, replications, out, workers=workers, forecasters=names)
        runs = {str(p.relative_to(out)): p.read_bytes() for p in (out / "runs").rglob("*.parquet")}
        assert runs
        return (out / "comparison.json").read_bytes(), runs

    # Two workers take what shares a forecaster and a replication; more than there is of this take run by run.
    assert compared(2, 2) == compared(1, 2)
    assert compared(3, 1) == compared(1, 1)
