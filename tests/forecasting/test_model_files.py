"""Tests for forecasting.model_files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting import model_files
from forecasting.model_files import read_model, write_model
from forecasting.model_state import ModelState
from groupage.errors import InputError, ModelFileError


def booster(seed: int, trees: int = 3) -> str:
    """A small real model in LightGBM's text format."""
    rng = np.random.default_rng(seed)
    features = rng.random((200, 3))
    data = lgb.Dataset(features, features[:, 0] + rng.random(200))
    params = {"verbose": -1, "num_leaves": 4, "num_threads": 1, "deterministic": True, "force_row_wise": True}
    return str(lgb.train(params, data, num_boost_round=trees).model_to_string())


def sample(seed: int = 1) -> ModelState:
    return ModelState(
        "lightgbm",
        {"trees": 3, "scale": 0.1 + 0.2, "lanes": ["München|dairy", "a"], "none": None},
        {"point": booster(seed), "q0.9": booster(seed + 10)},
        {"demand": np.array([[1.0, np.nan], [0.1, 2.0]]) * seed, "weekdays": np.arange(7), "dead": np.zeros(2, bool)},
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two model folders of the same kind."""
    folder = tmp_path_factory.mktemp("models")
    for name, seed in (("one", 1), ("two", 2)):
        write_model(folder / name, sample(seed), {"owner": name, "seed": seed})
    return folder / "one", folder / "two"


@pytest.fixture
def model(models: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(models[0], tmp_path / "model"))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def reseal(folder: Path, change: Callable[[dict], None]) -> None:
    """Write a manifest whose digests are right for a changed folder, as somebody with intent could."""
    facts = json.loads((folder / "manifest.json").read_bytes())
    facts.pop("sha256")
    facts["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files(folder).items()
        if name != "manifest.json"
    }
    change(facts)
    digest = hashlib.sha256(model_files._json_bytes(facts)).hexdigest()
    (folder / "manifest.json").write_bytes(model_files._json_bytes(facts | {"sha256": digest}))


def nothing(facts: dict) -> None:
    """Change no fact."""


def test_comes_back(models: tuple[Path, Path]):
    """What is read is what was written, to the last bit, and LightGBM reads its models from it."""
    state, training = read_model(models[0])
    expected = sample(1)
    assert (state.forecaster, state.spec, state.boosters) == (expected.forecaster, expected.spec, expected.boosters)
    assert state.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        assert state.arrays[name].dtype == array.dtype
        assert state.arrays[name].tobytes() == array.tobytes()
    assert training == {"owner": "one", "seed": 1}
    assert lgb.Booster(model_str=state.boosters["point"]).num_trees() == 3


def test_same_model_same_bytes(models: tuple[Path, Path], tmp_path: Path):
    """The same model written again has the same files with the same bytes; an array's memory layout plays no part."""
    state = sample(1)
    fortran = {name: np.asfortranarray(array) for name, array in state.arrays.items()}
    write_model(
        tmp_path / "again", ModelState("lightgbm", state.spec, state.boosters, fortran), {"seed": 1, "owner": "one"}
    )
    assert files(tmp_path / "again") == files(models[0])


def test_nothing_is_pickled(models: tuple[Path, Path]):
    """The folder holds JSON, LightGBM's text and numeric arrays, and no other kind of file."""
    assert {Path(name).suffix for name in files(models[0])} == {".json", ".txt", ".npy"}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_is_found(models: tuple[Path, Path], tmp_path: Path, data: st.DataObject):
    """One bit changed anywhere is refused with the name of the file, before anything is interpreted."""
    folder = tmp_path / "flipped"
    shutil.copytree(models[0], folder, dirs_exist_ok=True)
    name = data.draw(st.sampled_from(sorted(files(folder))))
    content = bytearray((folder / name).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    (folder / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=name):
        read_model(folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_truncation_is_found(models: tuple[Path, Path], tmp_path: Path, data: st.DataObject):
    """A file cut short, to nothing even, or with bytes after its end, is refused by name, with both lengths."""
    folder = tmp_path / "cut"
    shutil.copytree(models[0], folder, dirs_exist_ok=True)
    name = data.draw(st.sampled_from(sorted(files(folder))))
    content = (folder / name).read_bytes()
    length = data.draw(st.integers(0, len(content) - 1) | st.just(len(content) + 3))
    (folder / name).write_bytes((content + b"\n\n\n")[:length])
    with pytest.raises(ModelFileError, match=name) as caught:
        read_model(folder)
    if name != "manifest.json":
        assert f"{length:,} bytes long, expected {len(content):,} bytes" in str(caught.value)


@pytest.mark.parametrize("name", ["boosters/point.txt", "arrays/demand.npy", "specification.json"])
def test_swapped_between_models(models: tuple[Path, Path], model: Path, name: str):
    """A file of another model in a file's place is refused by name, and so is the other model's manifest."""
    shutil.copy(models[1] / name, model / name)
    with pytest.raises(ModelFileError, match=name):
        read_model(model)


def test_swapped_manifests(models: tuple[Path, Path], model: Path):
    """A manifest of another model does not fit the files."""
    shutil.copy(models[1] / "manifest.json", model / "manifest.json")
    with pytest.raises(ModelFileError, match="expected"):
        read_model(model)


def test_swapped_within_a_model(model: Path):
    """Two quantiles' models that changed places are refused."""
    point, other = (model / "boosters" / n for n in ("point.txt", "q0.9.txt"))
    texts = point.read_bytes(), other.read_bytes()
    point.write_bytes(texts[1])
    other.write_bytes(texts[0])
    with pytest.raises(ModelFileError, match=r"boosters/point\.txt: .*, expected"):
        read_model(model)


@pytest.mark.parametrize("name", ["boosters/point.txt", "arrays/demand.npy", "specification.json"])
def test_missing(model: Path, name: str):
    """A file that is gone is named, also where a folder or a dead link stands in its place."""
    (model / name).unlink()
    with pytest.raises(ModelFileError, match=rf"{name}: missing, expected a file"):
        read_model(model)
    (model / name).mkdir()
    with pytest.raises(ModelFileError, match=rf"{name}: missing, expected a file"):
        read_model(model)
    (model / name).rmdir()
    (model / name).symlink_to(model / "nowhere")
    with pytest.raises(ModelFileError, match=rf"{name}: a link, expected a file"):
        read_model(model)


@pytest.mark.parametrize("name", ["notes.txt", "boosters/more.txt", ".hidden", "deep/er/still.npy"])
def test_extra(model: Path, name: str):
    """A file that was not written with the model is named."""
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).write_text("x", encoding="utf-8")
    with pytest.raises(ModelFileError, match=rf"{name}: an extra file"):
        read_model(model)


def test_no_model_folder(tmp_path: Path, models: tuple[Path, Path]):
    """A file, an empty folder, nothing, and a folder of models say what they are."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="file: no folder, expected a model folder"):
        read_model(tmp_path / "file")
    with pytest.raises(InputError, match=r"empty: a folder without manifest\.json"):
        read_model(tmp_path / "empty")
    with pytest.raises(InputError, match=r"a folder of models \(one, two\), expected one of them"):
        read_model(models[0].parent)


def test_newer_format(model: Path):
    """A newer major format is refused with both versions; a newer minor one is read."""
    reseal(model, lambda facts: facts.update(format_version=[1, 9]))
    read_model(model)
    reseal(model, lambda facts: facts.update(format_version=[2, 0]))
    with pytest.raises(InputError, match=r"format_version is 2\.0, of groupage .*, expected at most 1\.x"):
        read_model(model)


def test_newer_library(model: Path):
    """A model of a newer LightGBM than is installed is refused, with what to install."""
    reseal(model, lambda facts: facts["libraries"].update(lightgbm="99.1.0"))
    with pytest.raises(InputError, match=r"libraries\.lightgbm is 99\.1\.0, expected .*install lightgbm 99\.1\.0"):
        read_model(model)


@pytest.mark.parametrize("length", [0, 5, 300, 1200, -200])
def test_truncated_under_a_right_digest(model: Path, length: int):
    """Even where the digests were made anew for a truncated model, LightGBM never gets to see it."""
    place = model / "boosters" / "point.txt"
    place.write_bytes(place.read_bytes()[:length])
    reseal(model, nothing)
    with pytest.raises(ModelFileError, match=r"boosters/point\.txt: an incomplete LightGBM model"):
        read_model(model)


def test_pickle_under_a_right_digest(model: Path):
    """An array of objects, which would run code when read, is refused under right digests too."""
    np.save(model / "arrays" / "demand.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    reseal(model, nothing)
    with pytest.raises(ModelFileError, match=r"arrays/demand\.npy: no array \(Object arrays cannot be loaded"):
        read_model(model)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"\xff", b'{"forecaster": 1, "settings": 3, "training": {}}'])
def test_nonsense_under_a_right_digest(model: Path, content: bytes):
    """A specification that says nothing is refused by name."""
    (model / "specification.json").write_bytes(content)
    reseal(model, nothing)
    with pytest.raises(ModelFileError, match=r"specification\.json: not understood"):
        read_model(model)


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that fills up while writing leaves the model that was there, and nothing beside it."""
    write_model(tmp_path / "model", sample(1), {})
    before = files(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_files.os, "fsync", full)
    with pytest.raises(InputError, match="not writable \\(No space left on device\\)"):
        write_model(tmp_path / "model", sample(2), {})
    assert files(tmp_path) == before


def test_replaces_a_model_and_nothing_else(tmp_path: Path, models: tuple[Path, Path]):
    """A model folder is replaced whole, an empty folder filled, and a folder of anything else is left alone."""
    write_model(tmp_path / "model", ModelState("lightgbm", {}, {"old": booster(5)}), {})
    write_model(tmp_path / "model", sample(1), {"owner": "one", "seed": 1})
    assert files(tmp_path / "model") == files(models[0])
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="thesis: there already and no model folder"):
        write_model(tmp_path / "thesis", sample(1), {})
    assert files(tmp_path / "thesis") == {"chapter.txt": b"x"}


def test_what_no_folder_can_hold(tmp_path: Path):
    """Names that are no file names, arrays of objects and figures that JSON has not are refused before writing."""
    for wrong in (
        ModelState("x", {}, {"../up": "t"}),
        ModelState("x", {}, {}, {"a/b": np.zeros(1)}),
        ModelState("x", {}, {}, {"a": np.array(["text"])}),
        ModelState("x", {"figure": float("nan")}),
    ):
        with pytest.raises(ValueError, match=r"expected|JSON"):
            write_model(tmp_path / "model", wrong, {})
    assert not list(tmp_path.iterdir())
