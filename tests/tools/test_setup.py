"""The set-up that `make demo` and `make test` begin with, where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

if os.name != "posix":
    pytest.skip("make and its scripts are for POSIX systems", allow_module_level=True)


@pytest.fixture
def checkout(tmp_path: Path, repo_root: Path) -> Path:
    """A folder with what the set-up reads, and no .venv."""
    shutil.copytree(repo_root / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(repo_root / name, tmp_path)
    return tmp_path


def set_up(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "tools/setup.sh"],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    """Where only an old Python is found, the error names it, its version, and what is needed."""
    old = checkout / "python-of-old"
    # Answers the two questions that the set-up asks: its version, and whether it is new enough.
    old.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9.2 ;; *) exit 1 ;; esac\n', encoding="utf-8")
    old.chmod(0o755)
    done = set_up(checkout, PYTHON=str(old))
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert f"{old} is Python 3.9.2" in done.stderr


def test_no_python_at_all_is_said(checkout: Path) -> None:
    """Where the named Python does not exist, the error says that none was found and what was looked for."""
    done = set_up(checkout, PYTHON="no-such-python")
    assert done.returncode == 1
    assert "no Python at all (looked for no-such-python)" in done.stderr


def test_a_failing_download_says_what_to_do(checkout: Path) -> None:
    """Where packages cannot be downloaded, the error says to check the network, and nothing passes for finished."""
    done = set_up(checkout, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_NO_CACHE_DIR="1")
    assert done.returncode == 1
    assert "check the network and run the same command again" in done.stderr
    assert (checkout / ".venv" / ".unfinished").exists()
    assert not (checkout / ".venv" / ".ready").exists()


def test_an_environment_of_the_users_own_stays(checkout: Path) -> None:
    """A .venv that the set-up did not make is left alone, and the error says so."""
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "mine").touch()
    done = set_up(checkout)
    assert done.returncode == 1
    assert "was not made by this set-up and stays untouched" in done.stderr
    assert (checkout / ".venv" / "mine").exists()
