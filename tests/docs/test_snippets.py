"""What README and the documentation tell a reader to type or to write works as it stands there."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.forecasting.samples import factory_demand

# Four customers and two depots in Cordeau's form, and two orders, one of them history.
INSTANCE = """2 3 4 2
0 80
200 60
1 3 4 0 10 1 2 1 2
2 6 8 2 20 1 2 1 2
3 96 8 0 30 1 2 1 2
4 94 8 0 40 1 2 1 2
5 0 0 0 0 0 0
6 100 0 0 0 0 0
"""
# Four pickups with their deliveries in Li and Lim's form.
PAIRS = """2 200 1
0 0 0 0 0 1000 0 0 0
1 3 4 10 0 900 5 0 2
2 6 8 -10 0 900 5 1 0
3 -3 4 20 0 900 5 0 4
4 -6 8 -20 0 900 5 3 0
5 3 -4 10 0 900 5 0 6
6 6 -8 -10 0 900 5 5 0
7 -3 -4 20 0 900 5 0 8
8 -6 -8 -20 0 900 5 7 0
"""
ORDERS = """shipment,owner,date,pallets,origin_lat,origin_lon,destination_lat,destination_lon
A1,Acme,2026-02-27,3,51.5,5.4,51.8,5.5
A2,Acme,2026-03-02,2,51.5,5.4,51.8,5.5
"""
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def snippets(language: str, *pages: Path) -> list[tuple[str, str]]:
    """Place and text of every fenced block of a language."""
    return [
        (str(page.relative_to(ROOT)), text)
        for page in pages or PAGES
        for found, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def commands(*pages: Path) -> list[tuple[str, list[str]]]:
    """Place and arguments of every line that calls groupage."""
    return [
        (where, shlex.split(line, comments=True)[1:])
        for where, text in snippets("sh", *pages)
        for line in text.replace("\\\n", " ").splitlines()
        if line.startswith("groupage ")
    ]


def test_every_command_line_is_understood() -> None:
    """Every groupage command in README and docs exists and takes the options and arguments given to it."""
    from groupage.cli.app import app

    wrong, seen = [], set()
    for where, arguments in commands():
        command, rest = typer.main.get_command(app), list(arguments)
        while rest and rest[0] in getattr(command, "commands", {}):
            seen.add(rest[0])
            command = command.commands[rest.pop(0)]
        options = {name: o for o in command.params for name in (*o.opts, *o.secondary_opts) if name.startswith("-")}
        required = {o.opts[0] for o in command.params if o.required and o.opts[0].startswith("-")}
        positional = 0
        while rest:
            word = rest.pop(0)
            if not word.startswith("-"):
                positional += 1
                continue
            if word not in options:
                wrong.append(f"{where}: {' '.join(arguments)}: {word} is not known")
                break
            required.discard(options[word].opts[0])
            if not options[word].is_flag:
                rest.pop(0)
        places = [o.required for o in command.params if not o.opts[0].startswith("-")]
        if required or not sum(places) <= positional <= len(places):
            found = f"lacks {required}, or has {positional} of {len(places)} arguments"
            wrong.append(f"{where}: {' '.join(arguments)}: {found}")
    assert wrong == []
    assert {"generate", "run", "compare", "explain", "share", "import"} <= seen


@pytest.mark.parametrize(("where", "text"), snippets("toml"), ids=lambda value: value[:30].split("\n")[0])
def test_every_policy_can_be_used(where: str, text: str, tmp_path: Path) -> None:
    """Every policy in TOML that is shown loads: its strategies and parameters exist."""
    from experiments.policies import load_policy

    if "protocol" not in text:
        pytest.skip(f"{where} shows another kind of TOML")
    file = tmp_path / "shown.toml"
    file.write_text(text, encoding="utf-8")
    assert load_policy(str(file)).name


def test_every_game_can_be_shared(tmp_path: Path) -> None:
    """The game shown in the guide is shared by the commands shown beside it."""
    page = ROOT / "docs" / "how-to" / "share-a-gain.md"
    ((_, game),) = snippets("json", page)
    (tmp_path / "game.json").write_text(game, encoding="utf-8")
    players = json.loads(game)["players"]
    shown = commands(page)
    assert shown
    for _, arguments in shown:
        done = groupage(tmp_path, *arguments)
        assert all(player in done for player in players)


def test_every_import_works_as_written(tmp_path: Path) -> None:
    """The commands of the importers' page, each with a file of its kind, leave scenarios that can be read."""
    for name, text in (("lc101.txt", PAIRS), ("p01.txt", INSTANCE), ("export.csv", ORDERS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    shown = commands(ROOT / "docs" / "reference" / "importers.md")
    assert [arguments[1] for _, arguments in shown] == ["lilim", "mdvrp", "orders"]
    for _, arguments in shown:
        groupage(tmp_path, *arguments)
        groupage(tmp_path, "check", arguments[arguments.index("--out") + 1])


@pytest.mark.slow
def test_the_forecast_guide_works_as_written(tmp_path: Path) -> None:
    """The guide's commands, typed in order beside the tables and consents that it speaks of, all succeed."""
    page = ROOT / "docs" / "how-to" / "forecast-demand.md"
    ((_, consents),) = snippets("toml", page)
    (tmp_path / "consents.toml").write_text(consents, encoding="utf-8")
    demand = factory_demand(182)
    demand[["factory", "product"]] = demand["unique_id"].str.split("|", expand=True)[[0, 2]]
    past = demand["ds"] < "2024-06-01"
    demand[past].to_csv(tmp_path / "demand.csv", index=False)
    demand[~past].to_csv(tmp_path / "june.csv", index=False)
    owner = demand["unique_id"].str.contains("69").map({True: "F1", False: "F2"})
    demand.assign(owner=owner).to_csv(tmp_path / "owners.csv", index=False)
    shown = commands(page)
    assert [arguments[1] for _, arguments in shown] == [
        *("evaluate", "evaluate", "train", "predict", "predict", "predict", "explain", "explain", "update", "monitor"),
        *("train", "update"),
    ]
    for _, arguments in shown:
        groupage(tmp_path, *arguments)
    for name in ("forecast.csv", "reserve.parquet", "paths.parquet", "levels.csv", "pooled/manifest.json"):
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.slow
def test_the_policy_guide_works_as_written(tmp_path: Path) -> None:
    """The policy that the guide shows, in the file that it names, is compared by the command that it shows."""
    page = ROOT / "docs" / "how-to" / "write-a-policy.md"
    ((_, policy),) = snippets("toml", page)
    (tmp_path / "careful-pool.toml").write_text(policy, encoding="utf-8")
    region = ("--factories", "2", "--hubs", "1", "--carriers", "2", "--clients", "8", "--days", "1", "--seed", "1")
    groupage(tmp_path, "generate", *region, "--out", "region")
    ((_, arguments),) = commands(page)
    assert "careful-pool" in groupage(tmp_path, *arguments)


@pytest.mark.slow
def test_the_guide_to_forecasts_works_as_written(tmp_path: Path) -> None:
    """The commands of the guide, in order, print the table whose columns it explains and leave the files it names."""
    page = ROOT / "docs" / "how-to" / "value-a-forecast.md"
    ((_, policy),) = snippets("toml", page)
    (tmp_path / "by-forecast.toml").write_text(policy, encoding="utf-8")
    for _, arguments in commands(page):
        printed = groupage(tmp_path, *arguments)
        if arguments[0] == "compare":
            for word in ("cost", "seasonal_naive", "lightgbm", "more than the", "gap closed", "Knowing the future"):
                assert word in printed
    told = json.loads((tmp_path / "value" / "comparison.json").read_text(encoding="utf-8"))
    assert told["forecast_value"]["forecasters"] == ["seasonal_naive", "lightgbm", "oracle"]
    for name in ("forecast_value.parquet", "report.html"):
        assert (tmp_path / "value" / name).stat().st_size > 0


@pytest.mark.slow
def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    """The tutorial's commands, typed in order in an empty folder, all succeed and leave the files it speaks of."""
    shown = commands(ROOT / "docs" / "tutorials" / "first-run.md")
    assert [arguments[0] for _, arguments in shown] == [
        "generate",
        "check",
        "run",
        "compare",
        "report",
        "explain",
        "replay",
    ]
    for _, arguments in shown:
        groupage(tmp_path, *(first_shipment(tmp_path) if a == "SHIPMENT" else a for a in arguments))
    for name in ("region/orders.csv", "region/sites.csv", "results/manifest.json", "comparison/report.html"):
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the commands are a POSIX shell's")
def test_the_quick_tour_of_readme_works_as_written(tmp_path: Path) -> None:
    """Every block of README that calls groupage, run by a shell in order beside a reader's own three files.

    But for the one that serves, which ends only when it is told to: `tests.server.test_app` runs the program.
    """
    (tmp_path / "p01.txt").write_text(INSTANCE, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    factory_demand(70).to_csv(tmp_path / "demand.csv", index=False)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "groupage").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m groupage.cli "$@"\n', encoding="utf-8")
    (bin_ / "groupage").chmod(0o755)
    paths = {"PATH": os.pathsep.join([str(bin_), os.environ["PATH"]]), "PYTHONPATH": str(ROOT)}
    blocks = [text for _, text in snippets("sh", ROOT / "README.md") if re.search("^groupage ", text, re.MULTILINE)]
    shown = [text for text in blocks if not text.startswith("make serve")]
    assert (len(blocks), len(shown)) == (3, 2)
    for text in shown:
        command = ["sh", "-e", "-c", text]
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ | paths, capture_output=True, text=True, check=False, timeout=280
        )
        assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stderr}"
    left = ("region/orders.csv", "results/manifest.json", "comparison/report.html", "p01/scenario.toml")
    for name in (*left, "mine/scenario.toml"):
        assert (tmp_path / name).stat().st_size > 0


def first_shipment(folder: Path) -> str:
    with (folder / "region" / "orders.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))["shipment"]


def groupage(folder: Path, *arguments: str) -> str:
    """Run a command in a folder and return what it printed."""
    command = [sys.executable, "-m", "groupage.cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"groupage {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout
