"""What the benchmark of forecasts measures, on the public data that it is measured on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import forecasting as benchmark

if TYPE_CHECKING:
    from pathlib import Path

# What others read out of the file; `main` may write more.
RATIOS = [
    f"{measure}.{name}{rule}"
    for name in ("m5_store_dept", "walmart_weekly", "supplygraph", "carparts")
    for measure, rule in (
        ("spl_ratio", ".seasonal_naive"),
        ("spl_ratio", ".auto_ets"),
        ("regret90_ratio", ".seasonal_naive"),
    )
]
COVERAGES = [f"coverage_q90.{name}" for name in ("m5_store_dept", "walmart_weekly", "supplygraph", "carparts")]
POOL = "pool_regret90_ratio.m5_store_dept"


def run(monkeypatch: pytest.MonkeyPatch, file: Path) -> dict[str, float]:
    """Measures of a quick run, without the scale: that needs no data and much time."""
    monkeypatch.setattr("sys.argv", ["forecasting.py", "--quick", "--json", str(file)])
    monkeypatch.setattr(benchmark, "scale", lambda *, quick: {})
    benchmark.main()
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A quick run on the real sets writes every key that is compared over time, and its figures can be true."""
    pytest.importorskip("statsforecast")
    missing = [name for name in benchmark.SETS if not (benchmark.DEMAND / name).is_dir()]
    if missing:
        pytest.skip(f"no public demand data: {', '.join(missing)} not in {benchmark.DEMAND}")
    measures = run(monkeypatch, tmp_path / "measures.json")
    absent = [key for key in (*RATIOS, *COVERAGES, POOL) if key not in measures]
    assert not absent
    for name in benchmark.SETS:
        spl = {rule: measures[f"spl.{name}.{rule}"] for rule in ("lightgbm", "seasonal_naive", "auto_ets")}
        for rule in ("seasonal_naive", "auto_ets"):
            assert measures[f"spl_ratio.{name}.{rule}"] == pytest.approx(spl["lightgbm"] / spl[rule])
    # A thinned set and one fold are no measurement, but they tell a broken forecaster from a sound one.
    assert all(0 < measures[key] < 1.1 for key in (*RATIOS, POOL))
    assert all(0.8 < measures[key] < 1 for key in COVERAGES)


def test_sets_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the data every set is named as left out, and no figure is made up for it."""
    monkeypatch.setattr(benchmark, "DEMAND", tmp_path / "absent")
    assert run(monkeypatch, tmp_path / "measures.json") == {}
    said = capsys.readouterr().out
    assert all(f"{name}: not in" in said for name in benchmark.SETS)
