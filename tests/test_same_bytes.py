"""The same command writes the same bytes, in another process too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REGION = ("--factories", "3", "--hubs", "1", "--carriers", "2", "--clients", "15", "--days", "2", "--seed", "1")


def groupage(folder: Path, *arguments: str, hash_seed: int) -> None:
    """Run a command in a process whose sets of texts have an order of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "groupage.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, f"groupage {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the manifest, which alone may hold times and places."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["contract_net", "trustee"])
def test_two_processes_write_the_same_bytes(tmp_path: Path, policy: str) -> None:
    """generate, run and replay do not depend on the order in which a process happens to walk through its sets."""
    for seed in (1, 2):
        groupage(tmp_path, "generate", *REGION, "--out", f"region{seed}", hash_seed=seed)
        arguments = ("run", "region1", "--policy", policy, "--seed", "1", "--out", f"results{seed}")
        groupage(tmp_path, *arguments, hash_seed=seed)
    assert contents(tmp_path / "region1") == contents(tmp_path / "region2")
    first, second = contents(tmp_path / "results1"), contents(tmp_path / "results2")
    assert first
    assert [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)] == []
    groupage(tmp_path, "replay", "results1", hash_seed=3)
