"""``groupage forecast``, through the real command."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groupage.cli import main
from tests.forecasting.samples import factory_demand

CUT = pd.Timestamp("2024-05-06")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    stdout: str
    stderr: str


def groupage(folder: Path, *arguments: str, code: int = 0) -> Done:
    """Run the command as its script does, in this process, and expect an exit code."""
    shown, said = io.StringIO(), io.StringIO()
    given, ended = sys.argv, 0
    sys.argv = ["groupage", "forecast", *arguments]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(shown), contextlib.redirect_stderr(said):
            main()
    except SystemExit as error:
        ended = int(error.code or 0)
    finally:
        sys.argv = given
    assert ended == code, f"{' '.join(arguments)} ended with {ended}:\n{said.getvalue()}"
    return Done(" ".join(shown.getvalue().split()), said.getvalue())


def in_a_process(folder: Path, *arguments: str, hash_seed: int) -> None:
    """Run the command in a process whose sets of texts have an order of their own."""
    command = [sys.executable, "-m", "groupage.cli", "forecast", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a history, what came later, and two models that learned from the history."""
    folder = tmp_path_factory.mktemp("forecast")
    demand = factory_demand(168)
    past = demand["ds"] < CUT
    demand[past].to_parquet(folder / "history.parquet", index=False)
    demand[~past].to_csv(folder / "recent.csv", index=False)
    owners = demand.assign(owner=np.where(demand["unique_id"].str.contains("75"), "North Mill", "../South"))
    owners.to_csv(folder / "owners.csv", index=False)
    groupage(folder, "train", "history.parquet", "--out", "trees", "--seed", "1", "--param", "trees=20")
    groupage(folder, "train", "history.parquet", "--out", "mean", "--seed", "1", "--forecaster", "moving_average")
    return folder


def test_train_tells_what_it_did(place: Path) -> None:
    """Training says what was learned from, in words and as JSON, and leaves one folder of plain files."""
    arguments = ("train", "history.parquet", "--out", "again", "--seed", "1", "--forecaster", "croston")
    words = groupage(place, *arguments).stdout
    assert "again: croston for 3 lanes, learned from 126 periods (D) from 2024-01-01 on." in words
    (model,) = json.loads(groupage(place, *arguments, "--json").stdout)["models"]
    assert (model["lanes"], model["periods"], model["learned_until"]) == (3, 126, "2024-05-06")
    assert {Path(name).suffix for name in contents(place / "again")} == {".json", ".npy"}


@pytest.mark.parametrize("model", ["trees", "mean"])
def test_twice_the_same_files(place: Path, tmp_path: Path, model: str) -> None:
    """Training and predicting twice, in processes that walk through sets differently, writes the same bytes."""
    name = {"trees": ("--param", "trees=20"), "mean": ("--forecaster", "moving_average")}[model]
    in_a_process(place, "train", "history.parquet", "--out", str(tmp_path / model), "--seed", "1", *name, hash_seed=7)
    assert contents(tmp_path / model) == contents(place / model)
    for number in (1, 2):
        out = ("--out", str(tmp_path / f"{number}.parquet"), "--paths-out", str(tmp_path / f"paths{number}.csv"))
        in_a_process(place, "predict", model, "--horizon", "9", "--seed", "4", *out, hash_seed=number)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert (tmp_path / "paths1.csv").read_bytes() == (tmp_path / "paths2.csv").read_bytes()


def test_predict(place: Path, tmp_path: Path) -> None:
    """Quantiles and paths are of the same forecast: all lanes, the days after the last known one, in order."""
    arguments = ("--horizon", "5", "--seed", "2", "--levels", "0.5,0.9", "--paths", "200")
    outs = ("--out", str(tmp_path / "q.csv"), "--paths-out", str(tmp_path / "p.parquet"))
    told = json.loads(groupage(place, "predict", "trees", *arguments, *outs, "--json").stdout)
    assert (told["lanes"], told["first"], told["levels"]) == (3, "2024-05-06", [0.5, 0.9])
    table = pd.read_csv(tmp_path / "q.csv")
    assert list(table) == ["unique_id", "ds", "mean", "q0.5", "q0.9"]
    assert list(table["ds"][:5]) == [f"2024-05-{day:02}" for day in range(6, 11)]
    assert (table["q0.9"] >= table["q0.5"]).all()
    paths = pd.read_parquet(tmp_path / "p.parquet")
    assert len(paths) == 3 * 5 * 200
    grouped = paths.groupby(["unique_id", "ds"])["y"]
    np.testing.assert_allclose(grouped.quantile(0.9).to_numpy(), table["q0.9"])
    np.testing.assert_allclose(grouped.mean().to_numpy(), table["mean"])


def test_predict_from_later(place: Path, tmp_path: Path) -> None:
    """With what is recent, the forecast begins after it."""
    out = ("--out", str(tmp_path / "q.csv"), "--recent", "recent.csv")
    groupage(place, "predict", "mean", "--horizon", "2", "--seed", "2", *out)
    assert pd.read_csv(tmp_path / "q.csv")["ds"].min() == "2024-06-17"


def test_a_weekly_lane_is_named_with_its_lines(tmp_path: Path) -> None:
    """A lane of weeks among daily ones is refused with its lines, and trained on if it is told to be rare."""
    demand = factory_demand(70)
    weekly = (demand["unique_id"] == "F1|69|dairy") & (demand["ds"].dt.weekday != 2)
    demand[~weekly].to_csv(tmp_path / "d.csv", index=False)
    train = ("train", "d.csv", "--out", "m", "--seed", "1", "--forecaster", "moving_average")
    said = groupage(tmp_path, *train, code=2).stderr
    assert "d.csv: unique_id is F1|69|dairy, expected" in said
    assert "d.csv line 142: ds is 2024-01-03 of F1|69|dairy" in said
    assert not (tmp_path / "m").exists()
    assert "3 lanes" in groupage(tmp_path, *train, "--gaps", "zero").stdout


def test_predict_by_levels(place: Path, tmp_path: Path) -> None:
    """Factories, products and the pool stand beside the lanes, with the quantiles of their sums path by path."""
    parts = ("factory", "zone", "product")
    frame = factory_demand(120)
    frame[[*parts]] = frame["unique_id"].str.split("|", expand=True)
    frame.to_parquet(tmp_path / "d.parquet")
    groupage(tmp_path, "train", "d.parquet", "--out", "m", "--seed", "1", "--forecaster", "moving_average")
    by = ("--by", "factory", "--by", "product", "--by", "pool", "--levels", "0.9")
    outs = ("--out", "q.csv", "--paths-out", "p.parquet", "--json")
    told = json.loads(groupage(tmp_path, "predict", "m", "--horizon", "4", "--seed", "2", *by, *outs).stdout)
    assert told["by"] == ["factory", "product", "pool"]
    table = pd.read_csv(tmp_path / "q.csv")
    assert table.groupby("by")["unique_id"].nunique().to_dict() == {
        "factory": 1,
        "pool": 1,
        "product": 2,
        "unique_id": 3,
    }
    paths = pd.read_parquet(tmp_path / "p.parquet")
    dairy = paths[paths["unique_id"].str.endswith("dairy")].groupby(["ds", "path"])["y"].sum()
    own = table[(table["by"] == "product") & (table["unique_id"] == "dairy")]
    np.testing.assert_allclose(own["q0.9"], dairy.groupby("ds").quantile(0.9))


def test_update(place: Path, tmp_path: Path) -> None:
    """An updated model forecasts what the old one does with the same days at hand, and still knows when it learned."""
    told = json.loads(
        groupage(place, "update", "mean", "--recent", "recent.csv", "--out", str(tmp_path / "new"), "--json").stdout
    )
    assert (told["new_periods"], told["known_until"], told["learned_until"]) == (42, "2024-06-17", "2024-05-06")
    for model, more in (("mean", ("--recent", "recent.csv")), (str(tmp_path / "new"), ())):
        out = str(tmp_path / f"{len(more)}.csv")
        groupage(place, "predict", model, "--horizon", "3", "--seed", "2", "--out", out, *more)
    assert (tmp_path / "0.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    before = contents(tmp_path / "new")
    groupage(place, "update", str(tmp_path / "new"), "--recent", "history.parquet", code=2)
    assert contents(tmp_path / "new") == before


def test_monitor(place: Path) -> None:
    """What came since is judged per lane against a naive baseline; the exit code is 0 whether or not to retrain."""
    told = json.loads(groupage(place, "monitor", "trees", "--recent", "recent.csv", "--json").stdout)
    assert (told["first"], told["last"], told["horizon"], told["figures"]) == ("2024-05-06", "2024-06-16", 7, 126)
    assert told["retrain"] == bool(told["reasons"])
    assert set(told["measures"]) == {"model", "seasonal_naive"}
    assert set(told["by_lane"]) == {"F1|69|dairy", "F1|75|cheese", "F1|75|dairy"}
    words = groupage(place, "monitor", "trees", "--recent", "recent.csv").stdout
    assert ("Train the model anew" in words) == told["retrain"]
    doubled = pd.read_csv(place / "recent.csv")
    doubled.assign(y=3 * doubled["y"] + 10).to_csv(place / "doubled.csv", index=False)
    told = json.loads(groupage(place, "monitor", "trees", "--recent", "doubled.csv", "--json").stdout)
    assert told["retrain"]
    assert any("less than came" in reason for reason in told["reasons"])


def test_nothing_to_monitor(place: Path) -> None:
    """A file with nothing new since the model learned is refused, and says so."""
    assert "since it learned" in groupage(place, "monitor", "mean", "--recent", "history.parquet", code=2).stderr


def test_evaluate(place: Path) -> None:
    """All measures of the forecaster and those it is held against, ratios and classes, in JSON and in a table."""
    arguments = ("evaluate", "history.parquet", "--horizon", "7", "--folds", "2", "--season", "7")
    chosen = ("--forecaster", "moving_average", "--against", "croston")
    told = json.loads(groupage(place, *arguments, *chosen, "--lanes", "--json").stdout)
    assert set(told["measures"]) == {"moving_average", "croston", "seasonal_naive"}
    own, naive = told["measures"]["moving_average"], told["measures"]["seasonal_naive"]
    assert told["spl_ratio"]["seasonal_naive"] == pytest.approx(own["spl"] / naive["spl"])
    assert told["regret90_ratio"]["seasonal_naive"] == pytest.approx(own["regret"]["0.9"] / naive["regret"]["0.9"])
    assert told["coverage_q90"] == own["coverage"]["0.9"]
    assert told["pool_regret90_ratio"] < 1
    assert told["folds"] == ["2024-04-22", "2024-04-29"]
    assert sum(group["lanes"] for group in told["classes"].values()) == len(told["by_lane"]) == 3
    words = groupage(place, *arguments, *chosen).stdout
    assert "moving_average loses" in words
    assert "Scaled loss by kind of demand" in words


def test_explain(place: Path) -> None:
    """Trees tell which features they gain from; every model says where it comes from and what it looks at."""
    told = json.loads(groupage(place, "explain", "trees", "--json").stdout)
    shares = [row["share"] for row in told["importances"]]
    assert 0.5 < sum(shares) <= 1
    assert shares == sorted(shares, reverse=True)
    words = groupage(place, "explain", "mean", "--lane", "F1|75|dairy").stdout
    assert "learned from 3 lanes, from 2024-01-01 until before 2024-05-06" in words
    assert "the mean of each lane's last 28 periods" in words
    assert "F1|75|dairy has " in words
    assert "expected one of 3 lanes" in groupage(place, "explain", "mean", "--lane", "nowhere", code=2).stderr


def test_owners_learn_apart(place: Path, tmp_path: Path) -> None:
    """Several owners without consents get a model each, of their own lanes alone, the same as if trained alone."""
    common = ("train", "owners.csv", "--seed", "1", "--forecaster", "moving_average")
    told = json.loads(groupage(place, *common, "--out", str(tmp_path / "models"), "--json").stdout)
    assert [(m["owners"], m["lanes"]) for m in told["models"]] == [(["../South"], 1), (["North Mill"], 2)]
    groupage(place, *common, "--out", str(tmp_path / "north"), "--owner", "North Mill")
    assert contents(tmp_path / "models" / "North Mill") == contents(tmp_path / "north")
    assert {p.name for p in tmp_path.iterdir()} == {"models", "north"}  # no owner's name leads out of the folder
    said = groupage(
        place, "predict", str(tmp_path / "models"), "--horizon", "1", "--out", "x.csv", "--seed", "1", code=2
    )
    assert "a folder of models (%2E%2E%2FSouth, North Mill), expected one of them" in said.stderr


def test_owners_learn_together_with_consent(place: Path, tmp_path: Path) -> None:
    """With every owner's consent one model learns from all, and tells whose consents it stands on."""
    consents = tmp_path / "consents.csv"
    lines = ("owner,signed,until", "North Mill,2024-01-01,", "../South,2024-01-02,2999-12-31")
    consents.write_text("\n".join(lines), encoding="utf-8")
    common = ("train", "owners.csv", "--seed", "1", "--forecaster", "moving_average", "--consent", str(consents))
    told = json.loads(groupage(place, *common, "--out", str(tmp_path / "model"), "--json").stdout)
    (model,) = told["models"]
    assert model["lanes"] == 3
    assert [c["owner"] for c in model["consents"]] == ["../South", "North Mill"]
    assert "with their recorded consent" in groupage(place, "explain", str(tmp_path / "model")).stdout
    update = ("update", str(tmp_path / "model"), "--recent", "owners.csv")
    groupage(place, *update, "--consent", str(consents))
    assert "--consent is missing" in groupage(place, *update, code=2).stderr
    consents.write_text(f"{lines[0]}\n{lines[1]}2024-12-31\n", encoding="utf-8")
    before = contents(tmp_path / "model")
    said = groupage(place, *update, "--consent", str(consents), code=2).stderr
    assert "no consent of ../South" in said
    assert "train the model anew without its history" in said
    assert contents(tmp_path / "model") == before
    said = groupage(place, *common, "--out", str(tmp_path / "none"), code=2).stderr
    assert "no consent of ../South" in said
    assert "until of North Mill is 2024-12-31" in said
    assert not (tmp_path / "none").exists()


def test_evaluation_keeps_owners_apart(place: Path) -> None:
    """Without consents the lanes of an owner are judged as forecast from its own history alone."""
    common = ("--horizon", "7", "--folds", "1", "--param", "trees=10", "--against", "none", "--json")
    both, alone = (
        json.loads(groupage(place, "evaluate", "owners.csv", *common, *more).stdout)
        for more in (("--lanes",), ("--lanes", "--owner", "../South"))
    )
    assert both["by_lane"]["F1|69|dairy"] == alone["by_lane"]["F1|69|dairy"]


def test_damaged_model(place: Path, tmp_path: Path) -> None:
    """A model file cut short ends with exit code 3 and the name of the file, for every command that reads models."""
    model = Path(shutil.copytree(place / "trees", tmp_path / "model"))
    booster = next((model / "boosters").iterdir())
    booster.write_bytes(booster.read_bytes()[:-200])
    commands = {
        "predict": ("--horizon", "1", "--out", str(tmp_path / "x.csv"), "--seed", "1"),
        "explain": (),
        "update": ("--recent", "recent.csv"),
        "monitor": ("--recent", "recent.csv"),
    }
    for command, more in commands.items():
        said = groupage(place, command, str(model), *more, code=3).stderr
        assert f"error MODEL: {booster}: " in said
        assert "bytes long, expected" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "absent.csv", "--out", "m", "--seed", "1"), "absent.csv: cannot be read"),
        (("train", "history.parquet", "--out", "m", "--seed", "1", "--forecaster", "prophet"), "name is 'prophet'"),
        (("train", "history.parquet", "--out", "m", "--seed", "1", "--param", "x"), "--param is 'x'"),
        (("train", "history.parquet", "--out", "m", "--seed", "1", "--freq", "H"), "freq is 'H'"),
        (("train", "history.parquet", "--out", "m", "--seed", "1", "--owner", "F9"), "a column owner or factory"),
        (("predict", "absent", "--horizon", "1", "--out", "x.csv", "--seed", "1"), "absent: no folder"),
        (("predict", "mean", "--horizon", "1", "--out", "x.csv", "--seed", "1", "--levels", "90"), "'90', expected"),
        (("predict", "mean", "--horizon", "1", "--out", "x.xlsx", "--seed", "1"), "ends in .csv or .parquet"),
        (
            ("predict", "mean", "--horizon", "1", "--out", "x.csv", "--seed", "1", "--paths-out", "p.txt"),
            "p.txt: ends in '.txt', expected",
        ),
        (
            ("predict", "mean", "--horizon", "5000", "--out", "x.csv", "--seed", "1"),
            "horizon is 5000, expected at most",
        ),
        (("train", "history.parquet", "--out", "m", "--seed", "1", "--horizon", "5000"), "horizon is 5000, expected"),
        (("evaluate", "history.parquet", "--horizon", "5000"), "horizon is 5000, expected at most"),
        (("monitor", "mean", "--recent", "recent.csv", "--horizon", "5000"), "horizon is 5000, expected at most"),
        (
            ("predict", "mean", "--horizon", "1", "--out", "x.csv", "--seed", "1", "--by", "zone"),
            "by is 'zone', expected pool",
        ),
        (
            ("train", "history.parquet", "--out", "m", "--seed", "1", "--param", "country=Germny"),
            "'Germny', expected an ISO 3166-1 code, such as DE (Germany)",
        ),
        (("evaluate", "history.parquet", "--horizon", "60", "--folds", "4"), "expected at least 300 for 4 folds of 60"),
        (("evaluate", "history.parquet", "--horizon", "7", "--pool-by", "zone"), "pool-by is 'zone'"),
    ],
)
def test_what_does_not_fit(place: Path, arguments: tuple[str, ...], said: str) -> None:
    """What does not fit ends with exit code 2, says what and where, and writes nothing."""
    done = groupage(place, *arguments, code=2)
    assert said in done.stderr
    assert done.stdout == ""
    assert not (place / "m").exists()
    assert not (place / "x.csv").exists()
