"""What ``groupage compare`` prints."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
from rich.console import Console

from groupage.cli import compare

GAIN = {"mean": 12.5, "low": -1.25, "high": 26.25}
OTHERS = {"mean": -7.5, "low": -9.0, "high": -6.0}
NOTHING = {"mean": 0.0, "low": 0.0, "high": 0.0}
FOUND = {
    "scenario": "made",
    "replications": 3,
    "seed": 1,
    "policies": ["standalone", "net"],
    "summary": {
        "standalone": {"total_cost_eur": {"mean": 100.0}, "operator_eur": {"mean": 0.0}, "rounds": {"mean": 2.0}},
        "net": {"total_cost_eur": {"mean": 90.0}, "operator_eur": {"mean": -5.0}, "rounds": {"mean": 12.0}},
    },
}
PROBED = FOUND | {
    "misreports": {
        "grid": [0.8, 1.25],
        "policies": {
            "standalone": {
                "parties": [{"party": "C1", "lever": "", "factor": 1.0, "gain_eur": NOTHING, "others_eur": NOTHING}],
                "roles": [{"role": "carrier", "lever": "cost", "gain_eur": NOTHING}],
            },
            "net": {
                "parties": [{"party": "C1", "lever": "cost", "factor": 1.25, "gain_eur": GAIN, "others_eur": OTHERS}],
                "roles": [{"role": "carrier", "lever": "cost", "gain_eur": GAIN}],
            },
        },
    }
}


@pytest.fixture
def printed(monkeypatch):
    """What a comparison prints on a wide screen."""

    def show(found: dict) -> str:
        wide = Console(width=200, record=True, highlight=False)
        monkeypatch.setattr(compare, "console", wide)
        compare.print_comparison(copy.deepcopy(found))
        return wide.export_text()

    return show


def test_what_agreeing_takes(printed):
    """Rounds and what stays with the operator stand in every comparison; of false reports nothing where not asked."""
    text = printed(FOUND)
    assert "rounds" in text
    assert "left with the operator, EUR" in text
    assert "-5" in text
    assert "false report" not in text


def test_false_reports(printed):
    """What false reports gain is printed with its interval, and who is tempted; an honest party is not named."""
    text = printed(PROBED)
    assert "12.50 (-1.25 to 26.25)" in text
    assert "net: C1 is tempted most, to state 1.25 times its costs: 12.50 (-1.25 to 26.25) EUR a day" in text
    assert "all others together -7.50 (-9.00 to -6.00)" in text
    assert "standalone: C1" not in text
    assert "hindsight" not in text


def test_one_replication_says_so(printed):
    """With one replication gains are in hindsight, without an interval."""
    found = copy.deepcopy(PROBED) | {"replications": 1}
    for row in found["misreports"]["policies"]["net"]["roles"]:
        row["gain_eur"] = {"mean": 12.5, "low": None, "high": None}
    text = printed(found)
    assert "hindsight" in text
    (row,) = [line for line in text.splitlines() if "carriers, own costs" in line]
    assert "12.50" in row
    assert "(-1.25" not in row


def figures(name: str, cost: float, saved: dict | None, regret: dict | None, closed: dict | None) -> dict:
    run, cost_eur = f"net+{name}", {"mean": cost, "low": cost - 1, "high": cost + 1}
    return {
        "forecaster": name,
        "run": run,
        "cost_eur": cost_eur,
        "saved_eur": saved,
        "regret_eur": regret,
        "gap_closed_percent": closed,
        "undelivered": 0,
    }


FORECAST = {
    "scenario": "made",
    "replications": 3,
    "seed": 1,
    "policies": ["standalone", "net+seasonal_naive", "net+lightgbm", "net+oracle"],
    "summary": {
        name: {"total_cost_eur": {"mean": cost}}
        for name, cost in (
            ("standalone", 9000.0),
            ("net+seasonal_naive", 8000.0),
            ("net+lightgbm", 7900.0),
            ("net+oracle", 7800.0),
        )
    },
    "forecast_value": {
        "forecasters": ["seasonal_naive", "lightgbm", "oracle"],
        "baseline": "seasonal_naive",
        "oracle": True,
        "policies": {
            "net": {
                "gap_eur": {"mean": 200.0, "low": 150.0, "high": 250.0},
                "gap_settled": True,
                "same_work": True,
                "forecasters": [
                    figures("seasonal_naive", 8000.0, None, {"mean": 200.0, "low": 150.0, "high": 250.0}, None),
                    figures(
                        "lightgbm",
                        7900.0,
                        {"mean": 100.0, "low": 80.0, "high": 120.0},
                        {"mean": 100.0, "low": 70.0, "high": 130.0},
                        {"mean": 50.0, "low": 41.0, "high": 60.0},
                    ),
                    figures("oracle", 7800.0, {"mean": 200.0, "low": 150.0, "high": 250.0}, None, None),
                ],
            }
        },
    },
}


def test_what_forecasts_are_worth(printed):
    """Each forecaster's cost, saving and share of the gap are in a table and a sentence; the oracle wins nothing."""
    text = printed(FORECAST)
    (row,) = [line for line in text.splitlines() if "lightgbm" in line and "7,900" in line and "80 to 120" in line]
    assert "100 (70 to 130)" in row
    assert "50 % (41 % to 60 %)" in row
    assert "it closes 50 % (41 % to 60 %) of the gap" in " ".join(text.split())
    assert "No forecast is looked at by standalone, run once." in text
    assert "net+lightgbm costs least" in text


def test_one_replication_has_no_interval(printed):
    """A figure without an interval is printed without brackets, one without meaning as a dash."""
    found = copy.deepcopy(FORECAST) | {"replications": 1}
    told = found["forecast_value"]["policies"]["net"]
    told["gap_settled"] = False
    for row in (told["gap_eur"], *(f[k] for f in told["forecasters"] for k in ("saved_eur", "regret_eur") if f[k])):
        row |= {"low": None, "high": None}
    told["forecasters"][1]["gap_closed_percent"] = None
    text = printed(found)
    assert "(80" not in text
    assert "in this one replication" in " ".join(text.split())


def test_the_oracle_alone(printed):
    """With nothing beside it, the oracle has no starting point, and its run is the best there is."""
    found = copy.deepcopy(FORECAST) | {"policies": ["net+oracle"]}
    told = found["forecast_value"]
    told |= {"forecasters": ["oracle"], "baseline": None}
    told["policies"]["net"] |= {"gap_eur": None, "gap_settled": False}
    told["policies"]["net"]["forecasters"] = [figures("oracle", 7800.0, None, None, None)]
    text = " ".join(printed(found).split())
    assert "None" not in text
    assert "Only the oracle was asked" in text
    assert "net+oracle costs least" in text


@pytest.mark.parametrize(
    ("policies", "forecasters", "said"),
    [
        ("contract_net", "oracle,profet", "'profet', expected out of auto_ets, "),
        (
            "standalone",
            "seasonal_naive,oracle",
            "policies that look at no forecast (holding ship_now and reservation none)",
        ),
        ("contract_net", "", "empty, expected at least one of"),
    ],
)
def test_forecasters_that_do_not_fit(tmp_path, policies: str, forecasters: str, said: str):
    """An unknown forecaster, or policies for which none matters, end with 2 before anything is run."""
    options = ("--policies", policies, "--forecasters", forecasters, "--seed", "1", "--out", str(tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, "-m", "groupage.cli", "compare", str(tmp_path / "region"), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "300"},
        timeout=280,
    )
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()
