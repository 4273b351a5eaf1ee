"""The example of a strategy that another package brings."""

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
from tests.agents.sharing.contract import SharingContract

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_sharing_rule"


def rule():
    spec = importlib.util.spec_from_file_location("own_sharing_rule", EXAMPLE / "own_sharing_rule.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.EqualSaving()


class TestEqualSaving(SharingContract):
    """What every rule must do."""

    rule = rule()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the example installed by pip, as its author would ship it."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the example, is not installed")
    folder = tmp_path / "installed"
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    command = (sys.executable, "-m", "pip", "install", *options, "--target", folder, EXAMPLE)
    subprocess.run(command, check=True, env={**os.environ, "PIP_USER": "0"})
    return folder


def groupage(installed: Path, *arguments: str | Path) -> dict:
    """Run a command with ``--json`` where the example is installed, and return what it answers."""
    done = subprocess.run(
        [sys.executable, "-m", "groupage.cli", *arguments, "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(EXAMPLE.parents[1])])},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_installed_rule_is_found_by_its_name(installed: Path, tmp_path: Path) -> None:
    """A rule that another package registers as an entry point is used by name, without a line in groupage."""
    game = tmp_path / "game.json"
    game.write_text(json.dumps({"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}), encoding="utf-8")
    assert groupage(installed, "share", game, "--rule", "equal_saving")["shares_eur"] == {"a": 7.5, "b": 9.5}


@pytest.mark.slow
def test_an_installed_rule_settles_a_run(installed: Path, tmp_path: Path) -> None:
    """A policy file may name an installed rule; the run then shares by it, and its record says so."""
    generate_to(tmp_path / "region", GeneratorParams(factories=4, hubs=0, carriers=2, clients=20, days=1))
    policy = tmp_path / "fair.toml"
    policy.write_text('protocol = "trustee"\nsharing = "equal_saving"\n', encoding="utf-8")
    out = tmp_path / "out"
    figures = groupage(installed, "run", tmp_path / "region", "--policy", policy, "--seed", "1", "--out", out)
    assert figures["feasible"]
    config = tomllib.loads((out / "config.toml").read_text(encoding="utf-8"))
    assert config["policy"]["sharing"]["name"] == "equal_saving"
    rows = [row for row in pq.read_table(out / "shares.parquet").to_pylist() if row["raw_share_eur"]]
    savings = [row["standalone_eur"] - row["left_alone_eur"] - row["raw_share_eur"] for row in rows]
    assert len(savings) > 1
    assert savings == pytest.approx([savings[0]] * len(savings), abs=0.011)
    assert savings[0] > 1
