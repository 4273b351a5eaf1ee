"""A fitted forecaster as a folder of plain files, each held by its SHA-256: no pickle, nothing that runs when read.

::

    manifest.json          format, library versions, size and SHA-256 of every other file, and of this one itself
    specification.json     the forecaster's settings and small facts, and how it was trained
    boosters/NAME.txt      LightGBM models in LightGBM's text format
    arrays/NAME.npy        numeric arrays in NumPy's format

Reading verifies before it interprets: LightGBM aborts the process on a truncated model, so no text reaches it that is
not, byte for byte, what was written. The digests find damage and mix-ups; they are no signature, and whoever can write
the folder can write another model. The same model written twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.model_state import ModelState
from groupage.errors import InputError, ModelFileError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = "groupage forecast model"
# A reader refuses a newer major number, and reads any minor one.
FORMAT_VERSION = (1, 0)
MANIFEST = "manifest.json"
SPECIFICATION = "specification.json"
# Whose own formats the files hold.
LIBRARIES = ("lightgbm", "numpy")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*")
_NUMERIC = "biuf"


def write_model(folder: Path, state: ModelState, training: Mapping[str, Any]) -> None:
    """Write a model folder, whole or not at all.

    It is written under another name beside its place and then renamed. A model folder that is already there is
    replaced.

    Parameters
    ----------
    training
        How the model came to be (data, owner, consents, seed), in JSON's own types; kept beside the state.

    Raises
    ------
    InputError
        Where ``folder`` is a file or a folder that holds something else, or cannot be written.
    ValueError
        Where the state holds names that are no file names, arrays that are not numeric, or figures that JSON has not.
    """
    if folder.exists() and not _is_replaceable(folder):
        raise InputError([Problem(str(folder), "", "there already and no model folder", "a new or empty folder")])
    files = dict(_contents(state, training))
    files[MANIFEST] = _manifest(files)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise InputError([Problem(str(folder), "", f"not writable ({error.strerror})", "a writable place")]) from error
    try:
        fresh.chmod(0o755)
        for name, content in files.items():
            place = fresh / name
            place.parent.mkdir(exist_ok=True)
            with place.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
        _swap(fresh, folder)
    except OSError as error:
        raise InputError([Problem(str(folder), "", f"not writable ({error.strerror})", "a writable place")]) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_model(folder: Path) -> tuple[ModelState, dict[str, Any]]:
    """Read a model folder back: the state, and how it was trained.

    Raises
    ------
    InputError
        Where the folder is no model folder, or was written by a newer format or library than is installed.
    ModelFileError
        Where a file is missing, too many, or not as it was written; names the file, and what was expected and found.
    """
    manifest = _read_manifest(folder)
    _check_versions(folder, manifest)
    listed = manifest["files"]
    _check_names(folder, set(listed))
    contents = {name: _verified(folder, name, facts) for name, facts in sorted(listed.items())}
    return _restored(folder, contents)


def _contents(state: ModelState, training: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """File names and bytes of all but the manifest."""
    specification = {"forecaster": state.forecaster, "settings": dict(state.spec), "training": dict(training)}
    yield SPECIFICATION, _json_bytes(specification)
    for name, text in sorted(state.boosters.items()):
        yield f"boosters/{_file_name(name)}.txt", text.encode()
    for name, array in sorted(state.arrays.items()):
        if array.dtype.kind not in _NUMERIC:
            raise ValueError(f"array {name} has dtype {array.dtype}, expected numbers or bools")
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
        yield f"arrays/{_file_name(name)}.npy", buffer.getvalue()


def _file_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a file, expected letters, digits and _ . = -")
    return name


def _manifest(files: Mapping[str, bytes]) -> bytes:
    facts: dict[str, Any] = {
        "format": FORMAT,
        "format_version": list(FORMAT_VERSION),
        "groupage": version("groupage"),
        "libraries": {name: version(name) for name in LIBRARIES},
        "files": {n: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()},
    }
    return _json_bytes(facts | {"sha256": hashlib.sha256(_json_bytes(facts)).hexdigest()})


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n").encode()


def _is_replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return not any(folder.iterdir()) or (folder / MANIFEST).is_file()


def _swap(fresh: Path, folder: Path) -> None:
    """Put a finished folder in its place; what was there goes only after it."""
    if not folder.exists():
        fresh.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _broken(folder: Path, name: str, found: str, expected: str) -> ModelFileError:
    return ModelFileError(str(Problem(str(folder / name), "", found, expected)))


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest if it is byte for byte what `_manifest` writes."""
    if not folder.is_dir():
        raise InputError([Problem(str(folder), "", "no folder", "a model folder, as `forecast train` writes it")])
    if not (folder / MANIFEST).is_file():
        inside = sorted(p.parent.name for p in folder.glob(f"*/{MANIFEST}") if p.is_file())
        if inside:
            names = ", ".join(inside)
            raise InputError([Problem(str(folder), "", f"a folder of models ({names})", "one of them")])
        raise InputError([Problem(str(folder), "", f"a folder without {MANIFEST}", "a model folder")])
    content = _bytes_of(folder, MANIFEST)
    try:
        facts = json.loads(content.decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _broken(folder, MANIFEST, f"not JSON ({error})", "the manifest as it was written") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise _broken(folder, MANIFEST, "something else", f"JSON with the format {FORMAT!r}")
    stated = facts.pop("sha256", None)
    try:
        found = hashlib.sha256(_json_bytes(facts)).hexdigest()
        as_written = _json_bytes(facts | {"sha256": stated}) == content
    except (ValueError, RecursionError):
        found, as_written = "none", False
    if found != stated or not as_written:
        raise _broken(folder, MANIFEST, f"changed (SHA-256 {found})", f"the manifest as it was written, {stated}")
    return facts


def _check_versions(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse what a newer program or library wrote."""
    wrote = manifest.get("format_version")
    if not isinstance(wrote, list) or len(wrote) != 2 or not all(isinstance(n, int) for n in wrote):
        raise _broken(folder, MANIFEST, f"format_version {wrote}", "two whole numbers")
    problems = []
    if wrote[0] > FORMAT_VERSION[0]:
        said = f"{wrote[0]}.{wrote[1]}, of groupage {manifest.get('groupage')}"
        expected = f"at most {FORMAT_VERSION[0]}.x; a newer groupage reads it"
        problems.append(Problem(str(folder / MANIFEST), "format_version", said, expected))
    for name, at in dict(manifest.get("libraries", {})).items():
        if name not in LIBRARIES:
            continue
        installed = version(name)
        if _major(str(at)) > _major(installed):
            expected = f"at most the installed {installed}'s major version; install {name} {at} or train again"
            problems.append(Problem(str(folder / MANIFEST), f"libraries.{name}", str(at), expected))
    if problems:
        raise InputError(problems)


def _major(text: str) -> int:
    head = text.split(".")[0]
    return int(head) if head.isdecimal() else 0


def _check_names(folder: Path, listed: set[str]) -> None:
    """Compare the files that are there with those that were written."""
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
    for name in sorted(listed - there):
        raise _broken(folder, name, "missing", f"a file, as {MANIFEST} lists it")
    for name in sorted(there - listed - {MANIFEST}):
        raise _broken(folder, name, "an extra file", f"only what {MANIFEST} lists")


def _verified(folder: Path, name: str, facts: Mapping[str, Any]) -> bytes:
    """Read a file's bytes if they are the ones that were written."""
    if (folder / name).is_symlink():
        raise _broken(folder, name, "a link", "a file")
    content = _bytes_of(folder, name)
    if len(content) != facts["bytes"]:
        raise _broken(folder, name, f"{len(content):,} bytes long", f"{facts['bytes']:,} bytes")
    digest = hashlib.sha256(content).hexdigest()
    if digest != facts["sha256"]:
        raise _broken(folder, name, f"changed (SHA-256 {digest})", f"SHA-256 {facts['sha256']}")
    return content


def _bytes_of(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _broken(folder, name, f"not readable ({error.strerror})", "a readable file") from error


def _restored(folder: Path, contents: Mapping[str, bytes]) -> tuple[ModelState, dict[str, Any]]:
    """Interpret verified bytes; whoever wrote their digests may still have written nonsense."""
    if SPECIFICATION not in contents:
        raise _broken(folder, SPECIFICATION, "not listed", f"a file, as {MANIFEST} lists it")
    boosters, arrays = {}, {}
    for name, content in contents.items():
        kind, _, rest = name.partition("/")
        if kind == "boosters" and rest.endswith(".txt"):
            boosters[rest.removesuffix(".txt")] = _booster_text(folder, name, content)
        elif kind == "arrays" and rest.endswith(".npy"):
            try:
                arrays[rest.removesuffix(".npy")] = np.load(io.BytesIO(content), allow_pickle=False)
            except (ValueError, EOFError, OSError, SyntaxError, MemoryError) as error:
                raise _broken(folder, name, f"no array ({error})", "an array in NumPy's format") from error
        elif name != SPECIFICATION:
            raise _broken(folder, name, "of no known kind", f"{SPECIFICATION}, boosters/*.txt or arrays/*.npy")
    try:
        specification = json.loads(contents[SPECIFICATION].decode())
        forecaster, settings, training = (specification[k] for k in ("forecaster", "settings", "training"))
        state = ModelState(str(forecaster), dict(settings), boosters, arrays)
        return state, dict(training)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _broken(
            folder, SPECIFICATION, f"not understood ({error})", "forecaster, settings and training"
        ) from error


def _booster_text(folder: Path, name: str, content: bytes) -> str:
    """Check that the trees of a LightGBM text have the lengths that it states: on less LightGBM aborts the process."""
    head, blank, body = content.partition(b"\n\n")
    stated = re.search(rb"^tree_sizes=([0-9 ]*)$", head, re.MULTILINE)
    whole = bool(blank) and head.startswith(b"tree\n") and stated is not None
    at = 0
    for number, size in enumerate(stated[1].split() if stated else ()):
        whole = whole and body[at:].startswith(b"Tree=%d\n" % number)
        at += int(size)
    if not whole or not body[at:].startswith(b"end of trees\n") or b"end of parameters\n" not in body[at:]:
        raise _broken(folder, name, "an incomplete LightGBM model", "trees of the lengths that it states")
    return content.decode()
