"""The example of strategies that another package brings."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from experiments.generator import GeneratorParams, generate_to

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "own_strategies"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with groupage's wheel and the example, installed by pip as their users would, away from the checkout."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the example, is not installed")
    folder = tmp_path_factory.mktemp("own") / "installed"
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    command = (sys.executable, "-m", "pip", "install", *options, "--target", folder, ROOT, EXAMPLE)
    subprocess.run(command, check=True, env={**os.environ, "PIP_USER": "0"})
    return folder


def call(paths: list[Path], folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a folder, with nothing but some places to import from."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def groupage(installed: Path, folder: Path, *arguments: str | Path) -> dict:
    """Run a command of the installed wheel with ``--json`` and return what it answers."""
    done = call([installed], folder, "groupage.cli", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_installed_rule_is_found_by_its_name(installed: Path, tmp_path: Path) -> None:
    """A rule that another package registers as an entry point is used by name, without a line in groupage."""
    game = tmp_path / "game.json"
    game.write_text(json.dumps({"players": ["a", "b"], "costs": {"a": 10, "b": 30, "a,b": 32}}), encoding="utf-8")
    # Of the 8 saved, 2 each by heads, and 4 in proportion to 10 and 30.
    answer = groupage(installed, tmp_path, "share", game, "--rule", "mixed_saving")
    assert answer["shares_eur"] == {"a": 7.0, "b": 25.0}


@pytest.mark.slow
def test_installed_strategies_conduct_a_run(installed: Path, tmp_path: Path) -> None:
    """The example's policy names three installed strategies in TOML; the run negotiates, bids and shares by them."""
    generate_to(tmp_path / "region", GeneratorParams(factories=4, hubs=0, carriers=2, clients=30, days=2))
    arguments = ("run", "region", "--policy", EXAMPLE / "policy.toml", "--seed", "1", "--out", "out")
    figures = groupage(installed, tmp_path, *arguments)
    assert figures["feasible"]
    assert figures["pooled"] > 0
    config = tomllib.loads((tmp_path / "out" / "config.toml").read_text(encoding="utf-8"))
    chosen = {kind: config["policy"][kind]["name"] for kind in ("protocol", "sharing", "bidding")}
    assert chosen == {"protocol": "one_by_one", "sharing": "mixed_saving", "bidding": "win_raise"}
    spoken = {row["conversation"] for row in pq.read_table(tmp_path / "out" / "messages.parquet").to_pylist()}
    assert spoken == {"one_by_one"}
    # Who carried on the first day asks more on the second: 4 percent and then 6.
    days = sorted({row["day"] for row in pq.read_table(tmp_path / "out" / "loads.parquet").to_pylist()})
    margins = {day: set() for day in days}
    for row in pq.read_table(tmp_path / "out" / "loads.parquet").to_pylist():
        if row["scope"] == "after" and row["mode"] == "pool":
            margins[row["day"]].add(round(100 * (row["price_eur"] / row["cost_eur"] - 1), 1))
    assert margins[days[0]] == {4.0}
    assert margins[days[1]] <= {6.0, 2.0}
    assert groupage(installed, tmp_path, "replay", "out")["settlements_equal"]


@pytest.mark.slow
def test_installed_strategies_keep_their_promises(installed: Path) -> None:
    """The example's own tests, which inherit the contract suites of its kinds from a checkout, all pass."""
    options = ("-q", "-x", "-p", "no:cacheprovider")
    done = call([installed, ROOT], installed, "pytest", *options, EXAMPLE / "test_own_strategies.py")
    assert done.returncode == 0, done.stdout


def test_parameters_are_checked(installed: Path, tmp_path: Path) -> None:
    """A parameter that an installed strategy does not take, or not so, is an error that says what was expected."""
    generate_to(tmp_path / "region", GeneratorParams(factories=2, hubs=0, carriers=1, clients=5, days=1))
    for params, said in (("equal = 2.0", "expected 0 to 1"), ("equals = 0.5", "expected one of: equal")):
        (tmp_path / "own.toml").write_text(
            f'protocol = "one_by_one"\n[sharing]\nname = "mixed_saving"\nparams = {{ {params} }}\n', encoding="utf-8"
        )
        arguments = ("groupage.cli", "run", "region", "--policy", "own.toml", "--seed", "1", "--out", "out")
        done = call([installed], tmp_path, *arguments)
        assert done.returncode == 2
        assert said in done.stderr
