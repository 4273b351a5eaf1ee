"""``groupage replay`` on a run, and on a comparison of several."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from groupage.cli.replay import replay
from groupage.errors import InputError
from tests.experiments.explained import small_run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_and_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run replays; of a comparison the policy has to be named, as an explanation asks for it too."""
    results = small_run(tmp_path)
    replay(results, policy=None, json_output=True)
    assert json.loads(capsys.readouterr().out)["settlements_equal"] is True

    comparison = tmp_path / "comparison"
    (comparison / "runs").mkdir(parents=True)
    shutil.move(results, comparison / "runs" / "tiny")
    (comparison / "comparison.json").write_text(json.dumps({"policies": ["tiny"]}))
    with pytest.raises(InputError, match="--policy with one of tiny"):
        replay(comparison, policy=None)
    replay(comparison, policy="tiny", json_output=True)
    assert json.loads(capsys.readouterr().out)["days"] == 2
