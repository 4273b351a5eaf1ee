"""Make ``.venv`` with the locked packages and this project in it; run by ``make setup`` through ``tools/setup.sh``.

A second run finds its stamp and does nothing, two at once wait for each other, and an environment that was left half
made is made again (what pip had downloaded is in its cache, so that costs little).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
READY = VENV / ".ready"
OPENMP = VENV / "openmp"
LOCK = ROOT / "requirements.lock"


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"set-up: {text}", flush=True)


def fail(text: str) -> NoReturn:
    """Tell what went wrong and what to do about it, and stop."""
    print(f"set-up failed: {text}", file=sys.stderr, flush=True)
    sys.exit(1)


def run(*command: str | Path, hide_errors: bool = False, **environment: str) -> bool:
    """Run a command from the repository; whether it succeeded."""
    stderr = subprocess.DEVNULL if hide_errors else None
    return (
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stderr=stderr, check=False).returncode == 0
    )


def stamp() -> str:
    """Where the environment stands, by which Python it was made, and from which files."""
    content = b"".join((ROOT / name).read_bytes() for name in ("requirements.lock", "pyproject.toml"))
    return f"{VENV}\n{hashlib.sha256(content).hexdigest()}\n"


def debian_install(package: str) -> bool:
    """Install a Debian package where that is allowed; whether it was."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"installing the Debian package {package}")
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0")
    install = (*apt, "install", "-y", "--no-install-recommends", package)
    return run(*apt, "update") and run(*install, DEBIAN_FRONTEND="noninteractive")


def ensure_venv_module() -> None:
    """Debian ships Python without ``ensurepip``: install its package as root, else name it."""
    if find_spec("ensurepip") and find_spec("venv"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    say(f"{sys.executable} cannot make virtual environments")
    if not debian_install(package):
        fail(
            f"{sys.executable} has no ensurepip module, so it cannot make a virtual environment. "
            f"Install it first (on Debian and Ubuntu: apt install {package}) and run the same command again."
        )


def ensure_openmp() -> None:
    """LightGBM needs the system's OpenMP library, which a small Linux may lack: install it, else borrow one.

    scikit-learn brings the same library under another name; the Makefile puts the folder of the link on the loader's
    path.
    """
    if sys.platform != "linux" or run(VENV_PYTHON, "-c", "import lightgbm", hide_errors=True):
        return
    say("LightGBM does not load: the OpenMP library libgomp.so.1 is missing")
    if debian_install("libgomp1"):
        return
    bundled = next(VENV.glob("lib/python*/site-packages/scikit_learn.libs/libgomp*"), None)
    if bundled is None:
        fail("install the OpenMP library (on Debian and Ubuntu: apt install libgomp1) and run the same command again.")
    OPENMP.mkdir(exist_ok=True)
    (OPENMP / "libgomp.so.1").unlink(missing_ok=True)
    (OPENMP / "libgomp.so.1").symlink_to(bundled)
    say(f"using the one of scikit-learn; to run without make: export LD_LIBRARY_PATH={OPENMP}")


def make_venv() -> None:
    """Make an empty environment, in place of one that was left half made."""
    ensure_venv_module()
    if VENV.exists():
        say("removing an unfinished .venv")
        shutil.rmtree(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    say(f"making .venv with Python {platform.python_version()} ({sys.executable})")
    if not run(sys.executable, "-m", "venv", VENV):
        fail("python -m venv did not succeed; the lines above say why.")


def install() -> None:
    """Install what the lock names, then the project itself, editable."""
    # User-site installs, if configured, are refused inside a virtual environment.
    pip = (VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    if sys.platform == "linux":
        count = sum(1 for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line)
        say(f"installing {count} packages from requirements.lock (some 400 MB at first, then from pip's cache)")
        installed = run(*pip, "--only-binary=:all:", "--require-hashes", "-r", LOCK, PIP_USER="0")
    else:
        say("requirements.lock is for Linux; installing the ranges of pyproject.toml (some 400 MB at first)")
        installed = run(*pip[:-1], "-e", ".[dev,docs]", PIP_USER="0")
    if not installed:
        fail(
            "pip could not install everything; its lines above say what. If they speak of connections or time-outs, "
            "check the network and run the same command again: it continues from what was downloaded."
        )
    if not run(*pip, "--no-build-isolation", "-e", ".", PIP_USER="0"):
        fail("pip could not install groupage itself; its lines above say why.")


def set_up() -> None:
    """Bring ``.venv`` up to date."""
    wanted = stamp()
    works = VENV_PYTHON.exists() and run(VENV_PYTHON, "-c", "import pip")
    ready = READY.read_text(encoding="utf-8") if READY.exists() else ""
    if works and ready == wanted:
        return
    if VENV.exists() and not ready and not UNFINISHED.exists():
        fail(f"{VENV} was not made by this set-up and stays untouched. Move it away and run the same command again.")
    if works and ready.splitlines()[:1] == wanted.splitlines()[:1]:
        say("requirements.lock or pyproject.toml changed: bringing .venv up to date")
        READY.replace(UNFINISHED)
    else:
        make_venv()
    install()
    ensure_openmp()
    UNFINISHED.write_text(wanted, encoding="utf-8")
    UNFINISHED.replace(READY)
    say("done")


def main() -> None:
    """Set up, one process at a time."""
    with (ROOT / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this folder to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        set_up()


if __name__ == "__main__":
    main()
