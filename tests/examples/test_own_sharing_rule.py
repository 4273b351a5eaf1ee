"""The example of a strategy that another package brings."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_an_installed_rule_is_found_by_its_name(installed: Path, tmp_path: Path) -> None:
    """A rule that another package registers as an entry point is used by name, without a line in groupage."""
    game = tmp_path / "game.json"
    game.write_text(json.dumps({"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "groupage.cli", "share", str(game), "--rule", "equal_saving", "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(EXAMPLE.parents[1])])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["shares_eur"] == {"a": 7.5, "b": 9.5}
