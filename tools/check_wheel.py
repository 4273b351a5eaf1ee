"""Build the wheel, install it where the checkout cannot be seen, and use it there; run by ``make wheel``.

The environment borrows the locked packages of ``.venv`` by path, so only the project itself is installed. A path file
is not followed into the borrowed folder's own path files, so the editable installation in ``.venv`` stays out of sight.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GAME = {"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}}
IMPORT_ALL = """
import importlib, pathlib, sys
from importlib.metadata import version
for name in sys.argv[2:]:
    where = pathlib.Path(importlib.import_module(name).__file__)
    assert where.is_relative_to(sys.prefix), f"{name} comes from {where}, expected the installed wheel"
assert version("groupage") == sys.argv[1], f"installed version is {version('groupage')}, expected {sys.argv[1]}"
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return what it printed; stop with its output where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"wheel: {' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def missing_files(wheel: Path, packages: list[str]) -> list[str]:
    """Files that git keeps under the packages and the wheel does not carry."""
    kept = run("git", "ls-files", *packages, cwd=ROOT).split()
    return sorted(set(kept) - set(zipfile.ZipFile(wheel).namelist()))


def demo_problem(folder: Path) -> str | None:
    """Say what a demo's folder lacks, if anything: a comparison in which pooling was cheaper, and a whole page."""
    compared, page = folder / "results" / "comparison.json", folder / "report.html"
    for file in (compared, page):
        if not file.is_file():
            return f"wrote no {file.relative_to(folder)}"
    summary = json.loads(compared.read_text(encoding="utf-8"))["summary"]
    paid = {policy: figures["total_cost_eur"]["mean"] for policy, figures in summary.items()}
    if set(paid) != {"standalone", "contract_net", "trustee"}:
        return f"compares {sorted(paid)}, expected standalone, contract_net and trustee"
    if not 0 < min(paid["contract_net"], paid["trustee"]) < paid["standalone"]:
        return f"finds no gain in pooling: {paid}"
    text = page.read_text(encoding="utf-8")
    if not (text.rstrip().endswith("</html>") and "<svg" in text and all(policy in text for policy in paid)):
        return "wrote a report.html that is not whole"
    return None


def main() -> None:
    """Build, install, use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    with tempfile.TemporaryDirectory(prefix="groupage-wheel-") as folder:
        place = Path(folder)
        print("wheel: building", flush=True)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT, cwd=ROOT)
        (wheel,) = place.glob("*.whl")
        if missing := missing_files(wheel, packages):
            sys.exit(f"wheel: {wheel.name} lacks {missing}")

        print(f"wheel: installing {wheel.name} apart from the checkout", flush=True)
        run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=place)
        python = place / "env" / "bin" / "python"
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
        run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=place)
        scheme = {"base": str(place / "env"), "platbase": str(place / "env")}
        site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
        (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

        print("wheel: using it", flush=True)
        version = project["project"]["version"]
        run(python, "-c", IMPORT_ALL, version, *packages, cwd=place)
        command = place / "env" / "bin" / "groupage"
        if version not in (answer := run(command, "--version", cwd=place)):
            sys.exit(f"wheel: groupage --version prints {answer!r}, expected {version}")
        (place / "game.json").write_text(json.dumps(GAME), encoding="utf-8")
        shares = json.loads(run(command, "share", "game.json", "--rule", "shapley", "--json", cwd=place))["shares_eur"]
        if shares != {"a": 7.5, "b": 9.5}:
            sys.exit(f"wheel: groupage share answers {shares}, expected a 7.5 and b 9.5")
        run(command, "demo", "--days", "1", "--out", "demo", cwd=place)
        if problem := demo_problem(place / "demo"):
            sys.exit(f"wheel: groupage demo {problem}")
    print("wheel: imports, groupage --version, share and demo work from the installed wheel")


if __name__ == "__main__":
    main()
