"""Tests for experiments.demand_files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.demand_files import read_demand, write_table
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand

HEADER = "unique_id,ds,y"


def written(folder: Path, frame: pd.DataFrame, kind: str) -> Path:
    path = folder / f"demand.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    return path


def csv(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "demand.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_both_kinds_give_the_same_panel(tmp_path: Path, kind: str):
    """CSV and Parquet of one history make one panel, features, marks and statics with it."""
    frame = factory_demand(60).assign(factory="F1", capped=False)
    frame.loc[frame["ds"] >= "2024-02-26", "y"] = np.nan
    frame["shutdown"] = frame["ds"].dt.dayofweek == 6
    panel = read_demand(written(tmp_path, frame, kind)).panel()
    assert panel.series == ("F1|69|dairy", "F1|75|cheese", "F1|75|dairy")
    assert (panel.periods, panel.next_period.isoformat()) == (56, "2024-02-26")
    assert panel.ahead["shutdown"].sum() == 3 * 8
    assert panel.static["factory"] == ("F1",) * 3
    np.testing.assert_array_equal(panel.demand[2], frame.loc[frame["unique_id"] == "F1|75|dairy", "y"].iloc[:56])


def test_csv_lines_are_named(tmp_path: Path):
    """A wrong figure and a wrong day are named with the line of the file, blank lines counted."""
    path = csv(tmp_path, "a,2024-01-01,3", "", "a,2024-01-02,-4", "a,02.01.2024,5")
    with pytest.raises(InputError) as caught:
        read_demand(path).panel()
    assert "demand.csv line 4: y is -4, expected a finite number >= 0" in str(caught.value)
    assert "demand.csv line 5: ds is 02.01.2024, expected a day" in str(caught.value)


def test_parquet_rows_are_named(tmp_path: Path):
    """A wrong figure of a Parquet file is named with its row."""
    frame = factory_demand(20)
    frame.loc[7, "y"] = np.inf
    with pytest.raises(InputError, match=r"demand\.parquet row 8: y is inf"):
        read_demand(written(tmp_path, frame, "parquet")).panel()


def test_columns(tmp_path: Path):
    """Missing and doubled columns are named with those that there are; what is not understood is told, not used."""
    with pytest.raises(InputError, match=r"demand\.csv: y is missing, expected .*there are unique_id, ds, Y"):
        read_demand(csv(tmp_path, "a,2024-01-01,3", header="unique_id,ds,Y"))
    with pytest.raises(InputError, match=r"demand\.csv: y is there twice"):
        read_demand(csv(tmp_path, "a,2024-01-01,3,4", header="unique_id,ds,y,y"))
    with pytest.raises(InputError, match="weather is missing"):
        read_demand(csv(tmp_path, "a,2024-01-01,3"), ahead=["weather"])
    demand = read_demand(csv(tmp_path, "a,2024-01-01,3,red", header="unique_id,ds,y,colour"))
    assert demand.unused == ("colour",)


def test_known_ahead_by_name(tmp_path: Path):
    """A column that the user calls known ahead is one, in words or figures."""
    path = csv(tmp_path, "a,2024-01-01,3,True", "a,2024-01-02,,false", "a,2024-01-03,,1", header=HEADER + ",fair")
    panel = read_demand(path, ahead=["fair"]).panel(freq="D", ahead=["fair"])
    np.testing.assert_array_equal(panel.ahead["fair"], [[1.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04zip", b"PAR1 but not", b"\xff\xfea", b"unique_id;ds;y\na;2024-01-01;3\n"]
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_no_table(tmp_path: Path, content: bytes, kind: str):
    """Empty, foreign and damaged files are refused by name."""
    path = tmp_path / f"demand.{kind}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=path.name):
        read_demand(path)


def test_damaged_parquet(tmp_path: Path):
    """A Parquet file with bytes changed in its data is refused by name or read, and never crashes."""
    path = written(tmp_path, factory_demand(30), "parquet")
    content = path.read_bytes()
    refused = []
    for at in range(4, len(content) - 700, 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            read_demand(path).panel()
        except InputError as error:
            refused.append(str(error))
    assert refused
    assert [said for said in refused if "demand.parquet" not in said] == []


def test_owners(tmp_path: Path):
    """Owners come from owner before factory; one owner's part keeps its lines for errors."""
    lines = ["a,2024-01-01,3,X,F1", "b,2024-01-01,3,Y,F1", "a,2024-01-02,4,X,F1", "b,2024-01-02,-1,Y,F1"]
    demand = read_demand(csv(tmp_path, *lines, header=HEADER + ",owner,factory"))
    assert demand.owners() == {"a": "X", "b": "Y"}
    assert demand.of("X").panel(freq="D").series == ("a",)
    with pytest.raises(InputError, match=r"demand\.csv line 5: y is -1"):
        demand.of("Y").panel()
    with pytest.raises(InputError, match="owner is 'Z', expected one of X, Y"):
        demand.of("Z")


def test_owners_of_nothing(tmp_path: Path):
    """A file without owners has none; asking for one says which column would tell."""
    demand = read_demand(csv(tmp_path, "a,2024-01-01,3"))
    assert demand.owners() == {}
    with pytest.raises(InputError, match="expected a file with a column owner or factory"):
        demand.of("F1")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,2024-01-01,3,X", "a,2024-01-02,3,"], "line 3: owner is .*, expected the owner of the lane"),
        (["a,2024-01-01,3,X", "a,2024-01-02,3,Y"], "line 3: owner is Y, expected one owner per unique_id"),
    ],
)
def test_owners_that_are_not_clear(tmp_path: Path, lines: list[str], message: str):
    """A row without an owner and a lane with two are named with their line."""
    with pytest.raises(InputError, match=message):
        read_demand(csv(tmp_path, *lines, header=HEADER + ",owner")).owners()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_written_twice_the_same(tmp_path: Path, kind: str):
    """The same frame gives the same bytes, in folders that are made on the way."""
    places = [tmp_path / name / f"out.{kind}" for name in ("one", "two")]
    for place in places:
        write_table(place, factory_demand(20))
    assert places[0].read_bytes() == places[1].read_bytes()
    with pytest.raises(InputError, match="not writable"):
        write_table(places[0] / "below.csv", factory_demand(20))


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz", "parquet"])
def test_no_table_in_disguise(tmp_path: Path, name: str):
    """A name that ends in neither kind of table is refused, and nothing is written."""
    with pytest.raises(InputError, match=r"ends in .*, expected a name that ends in \.csv or \.parquet"):
        write_table(tmp_path / name, factory_demand(20))
    assert not list(tmp_path.iterdir())


def test_ending_in_capitals(tmp_path: Path):
    """Capitals do not change what kind a table is."""
    for name in ("a.PARQUET", "a.parquet", "a.CSV", "a.csv"):
        write_table(tmp_path / name, factory_demand(20))
    assert (tmp_path / "a.PARQUET").read_bytes() == (tmp_path / "a.parquet").read_bytes()
    assert (tmp_path / "a.CSV").read_bytes() == (tmp_path / "a.csv").read_bytes()
