"""What ``groupage compare`` prints."""

from __future__ import annotations

import copy

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
