"""Rules that the repository itself keeps."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("groupage", "logistics", "forecasting", "agents", "experiments", "server")
# What stands on the extra `service`.
SERVICE = ("server", "groupage/client", "groupage/wire")
# What nobody sees imported: SQLAlchemy loads psycopg by a store's address, protobuf shares the name `google`,
# DBOS comes with the workflows, and grpcio-status is for those who read errors in Python.
UNSEEN = {"dbos", "grpcio-status", "protobuf", "psycopg"}
TEXT_SUFFIXES = {".py", ".md", ".toml", ".lock", ".yaml", ".cff", ".sh", ".j2", ".css", ".csv", ".proto", ""}
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def tracked(repo_root: Path) -> list[Path]:
    """Every file that git keeps, or would keep, here."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    done = subprocess.run(command, cwd=repo_root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: nothing tells which files belong to the repository")
    return [path for name in done.stdout.splitlines() if (path := repo_root / name).is_file()]


@pytest.fixture(scope="module")
def project(repo_root: Path) -> dict:
    return tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def locked(repo_root: Path) -> dict[str, str]:
    return dict(LOCKED.findall((repo_root / "requirements.lock").read_text(encoding="utf-8")))


def test_every_folder_of_tests_is_a_package(repo_root: Path) -> None:
    """Every folder under tests/ that holds Python has an __init__.py, else tests/agents would shadow agents."""
    folders = {path.parent for path in (repo_root / "tests").rglob("*.py")}
    assert [str(f.relative_to(repo_root)) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_every_test_states_its_rule(repo_root: Path) -> None:
    """Every test function has a docstring."""
    silent = [
        f"{path.relative_to(repo_root)}:{node.lineno} {node.name}"
        for path in sorted((repo_root / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def imports_of(paths: list[Path]) -> set[str]:
    """Top names of what files import, aside from the standard library and the house."""
    imported = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(node.module.split(".")[0])
    return imported - sys.stdlib_module_names - set(PACKAGES) - {"__future__"}


def test_every_import_is_a_declared_dependency(project: dict, repo_root: Path) -> None:
    """What the packages import is in the standard library, in the house or declared; what is declared is imported.

    Forecasters may need an extra, whose absence they tell (`groupage.errors.MissingLibraryError`); the service, its
    client and its commands stand on the extra `service`.
    """
    providers = packages_distributions()

    def needed(paths: list[Path]) -> set[str]:
        return {canonicalize_name(providers.get(name, [name])[0]) for name in imports_of(paths)}

    def declared(texts: list[str]) -> set[str]:
        return {canonicalize_name(Requirement(text).name) for text in texts}

    compiled = repo_root / "groupage" / "v1"
    files = [path for package in PACKAGES for path in (repo_root / package).rglob("*.py")]
    service = [path for path in files if any(repo_root / folder in path.parents for folder in SERVICE)]
    core = [path for path in files if path not in service and compiled not in path.parents]
    extras = project["optional-dependencies"]
    own = declared(project["dependencies"])
    # Time zones are data that zoneinfo reads where the system has none.
    assert own - {"tzdata"} == needed(core) - declared(extras["ets"])
    brought = {"sqlalchemy"}  # comes with sqlmodel
    assert needed(service) - own - brought <= declared(extras["service"])
    assert declared(extras["service"]) - needed(service) <= UNSEEN


def test_the_compiled_contract_stands_on_the_extra_service(project: dict, repo_root: Path) -> None:
    """The stubs import gRPC and Google's definitions, which the extra declares in ranges that generated code takes."""
    assert imports_of(list((repo_root / "groupage" / "v1").glob("*.py"))) == {"google", "grpc"}
    declared = {r.name: r.specifier for r in map(Requirement, project["optional-dependencies"]["service"])}
    assert {"protobuf", "grpcio", "googleapis-common-protos"} <= set(declared)
    stub = (repo_root / "groupage" / "v1" / "orders_pb2.py").read_text(encoding="utf-8")
    generated_for = re.search(r"# Protobuf Python Version: (\S+)", stub)[1]
    grpc_stub = (repo_root / "groupage" / "v1" / "orders_service_pb2_grpc.py").read_text(encoding="utf-8")
    for name, least in (
        ("protobuf", generated_for),
        ("grpcio", re.search(r"GRPC_GENERATED_VERSION = '(\S+)'", grpc_stub)[1]),
    ):
        assert least in declared[name], f"{name} {declared[name]} leaves out {least}, for which the stubs are"
        assert f">={least}" in str(declared[name]).split(","), f"{name} {declared[name]} takes one older than the stubs"


def test_no_file_names_a_registry_host_or_a_place_on_a_machine(tracked: list[Path], repo_root: Path) -> None:
    """Nothing committed depends on where packages come from or on where somebody's checkout lies."""
    # Spelt in pieces, else this file would name them.
    words = ["pypi" + ".org", "python" + "hosted", "registry.npm" + "js", "/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/"]
    forbidden = re.compile("|".join(map(re.escape, words)))
    found = [
        f"{path.relative_to(repo_root)}: {match.group()}"
        for path in tracked
        if path.suffix in TEXT_SUFFIXES
        for match in [forbidden.search(path.read_text(encoding="utf-8"))]
        if match
    ]
    assert found == []


def test_importing_the_front_door_is_cheap() -> None:
    """`import groupage` loads none of the heavy libraries and no other floor of the house."""
    heavy = (
        "numpy",
        "pandas",
        "pyarrow",
        "scipy",
        "pyvrp",
        "mesa",
        "lightgbm",
        "numba",
        "pydantic",
        "rich",
        *PACKAGES[1:],
    )
    code = f"import sys, groupage; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_can_be_imported_alone(package: str) -> None:
    """Every package imports in a fresh interpreter, whatever was or was not imported before, without a warning."""
    subprocess.run([sys.executable, "-W", "error", "-c", f"import {package}"], check=True)


def test_the_packages_of_the_house_are_the_packages_of_the_wheel(repo_root: Path) -> None:
    """The wheel carries every package of the house and nothing else, and each says that it is typed."""
    configuration = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(configuration["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert [name for name in PACKAGES if not (repo_root / name / "py.typed").exists()] == []


def test_one_version_everywhere(project: dict, repo_root: Path) -> None:
    """The installed metadata, pyproject.toml, CITATION.cff and groupage.__version__ agree."""
    import groupage

    assert project["version"] == version("groupage") == groupage.__version__
    assert f"\nversion: {project['version']}\n" in (repo_root / "CITATION.cff").read_text(encoding="utf-8")


def test_the_lock_fits_the_ranges(project: dict, locked: dict[str, str]) -> None:
    """Every requirement that make installs is locked, at a version inside its range."""
    extras = project["optional-dependencies"]
    requirements = [Requirement(text) for text in (*project["dependencies"], *extras["dev"], *extras["docs"])]
    unfit = [str(r) for r in requirements if r.name not in locked or locked[r.name] not in r.specifier]
    assert unfit == [], "run make lock"


def test_the_core_stands_on_permissive_licences(project: dict) -> None:
    """No distribution that the core needs, directly or through others, says that it is under the GPL, LGPL or AGPL."""
    found, seen, queue = [], set(), [Requirement(text) for text in project["dependencies"]]
    while queue:
        name = queue.pop().name
        if name in seen:
            continue
        seen.add(name)
        metadata = distribution(name).metadata
        said = [metadata.get("License-Expression") or "", *(metadata.get_all("Classifier") or [])]
        found += [(name, text) for text in said if re.search(r"\b[AL]?GPL|General Public License", text)]
        needed = map(Requirement, distribution(name).requires or [])
        queue += [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    assert len(seen) > len(project["dependencies"])
    assert found == []


def test_nothing_of_the_core_is_tied_to_one_system(project: dict) -> None:
    """No dependency of the core carries a marker for one operating system, and none is a Linux-only accelerator."""
    requirements = [Requirement(text) for text in project["dependencies"]]
    assert [str(r) for r in requirements if r.marker or r.name in {"uvloop", "psycopg2"}] == []
