"""What every test shares: one thread per process, Hypothesis without chance, and where things lie."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Garbage is looked for from the first test on, and not in what was loaded before: each look went through all of it.
gc.disable()

# Before numpy, numba or LightGBM load: two test processes on two cores, and figures that do not depend on threads.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"

# What tests write lies in memory where there is room for it: they wait for no disk. TMPDIR says otherwise.
_MEMORY, _ROOM_BYTES = Path("/dev/shm"), 4 * 2**30


def _has_room(folder: Path) -> bool:
    """Whether a folder holds what tests write, the programs among it too."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    about = os.statvfs(folder)
    return not about.f_flag & os.ST_NOEXEC and about.f_bavail * about.f_frsize >= _ROOM_BYTES


if "TMPDIR" not in os.environ and _has_room(_MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples on every run; a busy machine is no reason to fail.
settings.register_profile(
    "steady", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
# A longer search by hand: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """Everything is loaded."""
    gc.freeze()
    gc.enable()


_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder of pyproject.toml."""
    return _ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Public instances, demand series and reference figures, which lie beside the repository and not in it."""
    folder = _ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the public data in ../shared are missing")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium without a network, driven by Playwright.

    For one module only: while it is there, an event loop runs in this thread, and nobody else can run one.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine (tools/browser.sh installs Debian's where it may)")
    from playwright._impl._driver import compute_driver_executable
    from playwright.sync_api import sync_playwright

    driver = subprocess.run([compute_driver_executable()[0], "--version"], capture_output=True, text=True, check=False)
    if driver.returncode:
        pytest.skip(f"Playwright's driver does not run here: {driver.stderr.strip()}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield chromium
        chromium.close()
