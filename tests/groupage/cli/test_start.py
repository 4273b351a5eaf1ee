"""What a command loads before it answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.report.synthetic import small_scenario, write_run

# What plans routes, forecasts and simulates: a second or more to load, of no use to who only reads or divides.
ENGINE = ("lightgbm", "mesa", "mlforecast", "numba", "pyvrp")
CODE = f"""
import sys
from groupage.cli import main
try:
    main()
finally:
    print("loaded:", *sorted(set(sys.modules) & set({ENGINE!r})))
"""


def loaded(*arguments: str | Path) -> set[str]:
    """Run a command in a process of its own and say which libraries of the engine it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].removeprefix("loaded:").split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("share", "--help"), ("forecast", "evaluate", "--help")]
)
def test_help_loads_no_engine(arguments: tuple[str, ...]) -> None:
    """Asking what there is waits for none of the engine's libraries."""
    assert loaded(*arguments) == set()


@pytest.mark.parametrize("rule", ["proportional", "shapley", "nucleolus"])
def test_share_loads_no_engine(tmp_path: Path, rule: str) -> None:
    """Dividing a gain by a table of costs needs no routes, forecasts or agents."""
    game = tmp_path / "game.json"
    game.write_text('{"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}', encoding="utf-8")
    assert loaded("share", game, "--rule", rule) == set()


def test_report_loads_no_engine(tmp_path: Path) -> None:
    """Making a page of results reads tables and runs nothing again."""
    results = write_run(tmp_path / "results", small_scenario(tmp_path / "scenario"))
    assert loaded("report", results) == set()
    assert (results / "report.html").stat().st_size > 0
