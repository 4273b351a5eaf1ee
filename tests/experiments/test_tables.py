"""Reading table files: every problem at once, each with its place."""

import errno
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import tables
from experiments.columns import Number, Timestamp, Words, nearest, read_clock, read_weekdays
from experiments.problems import SHOWN_PER_FILE, ProblemList
from experiments.scenario import load_scenario
from experiments.settings import NetworkSettings, ScenarioSettings, parse_settings
from experiments.tables import CARRIERS, DEMAND, TABLES, VEHICLES, check_frame, read_table
from groupage.errors import InputError
from tests.experiments.small import TABLES as SMALL
from tests.experiments.small import changed, write_small

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def told(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_scenario(folder)
    return str(caught.value).split("\n")


def read(path: Path, spec: tables.TableSpec) -> tuple[tables.CheckedTable | None, list[str]]:
    problems = ProblemList()
    table = read_table(path, spec, AMSTERDAM, problems)
    return table, [str(p) for p in problems.problems]


def test_lines_count_quoted_newlines_and_blank_lines(tmp_path: Path) -> None:
    """A row's line is the line it starts on in the file, whatever cells before it hold."""
    path = tmp_path / "carriers.csv"
    path.write_text('carrier,name,certificates\nC1,"two\nlines",\n\n   \n"C2",x,ADR:soon\nC3,,ADR:2027-01-01\n')
    table, said = read(path, CARRIERS)
    assert list(table.frame.index) == [2, 6, 7]
    assert said == [
        "carriers.csv line 6: certificates is ADR:soon, expected KIND:YYYY-MM-DD split by ';', "
        "such as ADR:2027-05-31;ATP:2028-01-01"
    ]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One reading names every wrong cell of every table."""
    said = told(
        write_small(
            tmp_path,
            orders=changed("orders", "S2,F1,F1;F2,K2,1.5,450", "S2,F1,F1;F2,K2,nan,-3.0"),
            vehicles=changed("vehicles", "C1,rigid,B1,2,18", "C1,rigd,B1,2.5,inf"),
            sites=changed("sites", "9520000000011", "9520000000012"),
        )
    )
    assert said == [
        "sites.csv line 2: gln is 9520000000012, expected 13 digits, the last a valid GS1 check digit",
        "vehicles.csv line 2: body is rigd, expected one of van, rigid, articulated (did you mean rigid?)",
        "vehicles.csv line 2: count is 2.5, expected a whole number >= 1",
        "vehicles.csv line 2: capacity_pallets is inf, expected a finite number > 0",
        "orders.csv line 3: pallets is nan, expected a finite number > 0",
        "orders.csv line 3: weight_kg is -3.0, expected > 0",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "orders.csv: an empty file, expected at least a header line"),
        (b"\n\n", "orders.csv: a file of blank lines, expected a header line"),
        (b"PK\x03\x04....", "orders.csv: a zip archive or spreadsheet, expected CSV text in UTF-8"),
        ("shipment".encode("utf-16"), "orders.csv: UTF-16 text, expected CSV text in UTF-8"),
        (
            b"shipment;owner;origins\n",
            "orders.csv line 1: columns separated by semicolons, expected columns separated by commas",
        ),
    ],
)
def test_files_of_another_format_are_named(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that is no comma-separated UTF-8 text is called what it is."""
    folder = write_small(tmp_path)
    (folder / "orders.csv").write_bytes(content)
    assert told(folder) == [expected]


def test_bytes_that_are_not_utf8_are_found_on_their_line(tmp_path: Path) -> None:
    """The line of the first undecodable byte is told, and so are problems before it."""
    path = tmp_path / "carriers.csv"
    path.write_bytes(b"carrier,name,certificates\nC1,Ren\xc3\xa9,ADR:x\nC2,Ren\xe9,\n")
    _, said = read(path, CARRIERS)
    assert "carriers.csv line 3: byte 0xe9, which is not UTF-8, expected text in UTF-8" in said


def test_byte_order_mark_is_welcome(tmp_path: Path) -> None:
    """UTF-8 with a byte order mark, as spreadsheets write it, reads like without."""
    folder = write_small(tmp_path)
    (folder / "orders.csv").write_bytes(b"\xef\xbb\xbf" + SMALL["orders"].encode())
    assert len(load_scenario(folder).shipments) == 3


def test_columns_unknown_missing_and_doubled(tmp_path: Path) -> None:
    """A header is checked as a whole, and an unknown column comes with the nearest known one."""
    header = SMALL["orders"].replace("weight_kg", "weigth_kg").replace("pallets", "owner")
    said = told(write_small(tmp_path, orders=header))
    assert said == [
        "orders.csv line 1: owner is a column named twice, expected each column once",
        "orders.csv line 1: weigth_kg is an unknown column, expected a column of orders (did you mean weight_kg?)",
        "orders.csv line 1: pallets is missing, expected a column pallets",
        "orders.csv line 1: weight_kg is missing, expected a column weight_kg",
    ]


def test_rows_of_the_wrong_width_and_open_quotes(tmp_path: Path) -> None:
    """Rows with too many or too few cells, and a quote that is never closed, are told with their lines."""
    path = tmp_path / "carriers.csv"
    path.write_text('carrier,name,certificates\nC1,x\nC2,y,,z\nC3,ok,\n"C4,never\n')
    table, said = read(path, CARRIERS)
    assert list(table.frame["carrier"]) == ["C3"]
    assert said == [
        "carriers.csv line 2: a row of 2 cells, expected 3 cells, as many as the header has",
        "carriers.csv line 3: a row of 4 cells, expected 3 cells, as many as the header has",
        "carriers.csv line 5: an opening quote that is never closed, expected CSV as in RFC 4180",
    ]


def test_missing_double_and_strange_files(tmp_path: Path) -> None:
    """A needed table that is missing, one that is there twice, a folder, and an unknown table are all told."""
    folder = write_small(tmp_path, orders=None, hubs=None)
    (folder / "hubs.csv").mkdir()
    pq.write_table(pa.table({"carrier": ["C1"]}), folder / "carriers.parquet")
    (folder / "vehicle.csv").write_text("x\n")
    said = told(folder)
    assert said[:3] == [
        "carriers.csv: there beside carriers.parquet, expected one of the two",
        "orders.csv: missing, expected orders.csv or orders.parquet in the scenario's folder",
        "vehicle.csv: not a table of a scenario, expected one of sites, carriers, vehicles, hubs, orders, demand, "
        "tariffs, distances (did you mean vehicles?)",
    ]
    assert "hubs.csv: a folder, expected a file" in said


def test_unreadable_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission to read is told as such."""
    folder = write_small(tmp_path)
    plain = Path.open

    def guarded(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "orders.csv":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return plain(path, *args, **options)

    # Root may read every file, so the refusal is played.
    monkeypatch.setattr(Path, "open", guarded)
    assert told(folder) == ["orders.csv: cannot be read (Permission denied), expected a readable file"]


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    """Typed Parquet columns give the same scenario as the same values in CSV."""
    plain = load_scenario(write_small(tmp_path / "csv"))
    folder = write_small(tmp_path / "parquet", orders=None, demand=None)
    orders = pd.read_csv(tmp_path / "csv" / "orders.csv")
    for column in ("released_at", "ready_at", "window_open", "window_close", "due_at"):
        given = pd.Series([pd.Timestamp(t) if isinstance(t, str) else pd.NaT for t in orders[column]])
        zoned = [t if pd.isna(t) else t.tz_localize(AMSTERDAM) if t.tzinfo is None else t for t in given]
        orders[column] = pd.to_datetime(pd.Series(zoned), utc=True)
    orders["origins"] = orders["origins"].str.split(";")
    orders["adr_labels"] = orders["adr_labels"].astype("Int64")
    orders.to_parquet(folder / "orders.parquet")
    demand = pd.read_csv(tmp_path / "csv" / "demand.csv")
    demand["day"] = pd.to_datetime(demand["day"]).dt.date
    demand["promotion"] = demand["promotion"].astype(bool)
    demand["owner"] = demand["owner"].astype("category")
    demand.to_parquet(folder / "demand.parquet")
    typed = load_scenario(folder)
    assert typed.shipments == plain.shipments
    pd.testing.assert_frame_equal(typed.history, plain.history)
    pd.testing.assert_frame_equal(typed.demand_future, plain.demand_future)


def test_parquet_problems_name_the_row(tmp_path: Path) -> None:
    """NaN in Parquet is wrong, null is empty; both are told with the row from 1."""
    path = tmp_path / "demand.parquet"
    rows = {"owner": ["F1"] * 3, "zone": ["Z1"] * 3, "day": ["2026-03-01"] * 3, "pallets": [1.0, float("nan"), None]}
    pq.write_table(pa.table(rows), path)
    _, said = read(path, DEMAND)
    assert said == [
        "demand.parquet row 2: pallets is nan, expected a finite number >= 0",
        "demand.parquet row 3: pallets is empty, expected a finite number >= 0",
    ]


@pytest.mark.parametrize("keep", [0, 3, 200, -40, -9])
def test_truncated_parquet_is_refused(tmp_path: Path, keep: int) -> None:
    """However much of a Parquet file is left, a truncated one is told as not readable."""
    folder = write_small(tmp_path, orders=None)
    pd.read_csv(write_small(tmp_path / "whole") / "orders.csv").to_parquet(folder / "orders.parquet")
    whole = (folder / "orders.parquet").read_bytes()
    (folder / "orders.parquet").write_bytes(whole[:keep])
    (said,) = told(folder)
    assert said.startswith("orders.parquet: ")
    assert said.endswith("a complete Parquet file" if keep else "a Parquet file")


def test_parquet_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """Bytes that are no text, in a cell or in a column's name, are told as damage."""
    path = tmp_path / "carriers.parquet"
    pq.write_table(pa.table({"carrier": ["CCCC"], "name": ["NNNN"]}), path, compression="none")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"CCCC", b"CC\xfcC"))
    _, (said,) = read(path, CARRIERS)
    assert said.startswith("carriers.parquet: damaged after row 0 (")
    path.write_bytes(whole.replace(b"carrier", b"carri\xfcr"))
    _, (said,) = read(path, CARRIERS)
    assert said.startswith("carriers.parquet: not readable as Parquet (")


def test_problems_are_counted_beyond_those_shown(tmp_path: Path) -> None:
    """A file with ever so many problems shows the first ones and counts them all."""
    head, row = SMALL["orders"].split("\n")[:2]
    bad = row.replace(",3,900,", ",3,-900,")
    rows = "\n".join(bad.replace("S1", f"S{i}") for i in range(1000))
    with pytest.raises(InputError) as caught:
        load_scenario(write_small(tmp_path, orders=f"{head}\n{rows}\n"))
    assert len(caught.value.problems) == SHOWN_PER_FILE
    assert caught.value.more == 1000 - SHOWN_PER_FILE
    assert str(caught.value).endswith(f"and {1000 - SHOWN_PER_FILE} more")
    assert caught.value.problems[-1].where == f"orders.csv line {SHOWN_PER_FILE + 1}"


def test_problems_beyond_the_first_block_have_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading in blocks changes neither lines nor order."""
    monkeypatch.setattr("experiments.table_files.BLOCK_ROWS", 3)
    rows = [f"C{i},,{'ADR:x' if i in (1, 7) else ''}" for i in range(10)]
    path = tmp_path / "carriers.csv"
    path.write_text("\n".join(["carrier,name,certificates", *rows]) + "\n")
    table, said = read(path, CARRIERS)
    assert [s.split(":")[0] for s in said] == ["carriers.csv line 3", "carriers.csv line 9"]
    assert list(table.frame["carrier"]) == [f"C{i}" for i in range(10)]


def test_too_many_rows_are_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table over its limit is told with its size, and is not held against other tables."""
    small = tables.TableSpec("orders", TABLES["orders"].columns, True, max_rows=2)
    monkeypatch.setitem(tables.TABLES, "orders", small)
    (said,) = told(write_small(tmp_path))
    assert said.startswith("orders.csv: a table of 3 rows, expected at most 2 (")


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_numbers_keep_every_digit(value: float) -> None:
    """A number written with all its digits is read back exactly."""
    numbers, bad = Number(least=0).parse(pa.array([repr(value), f"+{value!r}"]), AMSTERDAM)
    assert list(numbers) == [value, value]
    assert not bad.any()


@given(st.text(max_size=20))
def test_a_number_is_a_finite_number_or_wrong(text: str) -> None:
    """Whatever the text, a number column gives a finite figure in its range, or says that the text is wrong."""
    numbers, bad = Number(above=0).parse(pa.array([text], pa.string()), AMSTERDAM)
    assert bad[0] == (not (np.isfinite(numbers[0]) and numbers[0] > 0))


def test_times_without_offset_are_local(tmp_path: Path) -> None:
    """Times are read in the scenario's zone unless they say otherwise; different offsets mix."""
    texts = ["2026-03-02T06:00", "2026-03-02 05:00Z", "2026-03-02T07:00+0200", "2026-07-01T06:00:30.5"]
    stamps, bad = Timestamp().parse(pa.array(texts), AMSTERDAM)
    assert not bad.any()
    assert [t.isoformat() for t in stamps] == [*["2026-03-02T05:00:00+00:00"] * 3, "2026-07-01T04:00:30.500000+00:00"]


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_times_that_the_clocks_skip_or_repeat_are_wrong(text: str) -> None:
    """A local time that does not come exactly once is refused, with the reason; with an offset it is fine."""
    _, bad = Timestamp().parse(pa.array([text, f"{text}+01:00"]), AMSTERDAM)
    assert list(bad) == [True, False]
    assert "clocks change" in Timestamp().expected(text)


@pytest.mark.parametrize(
    "text", ["2026-02-30T06:00", "2026-03-02", "02-03-2026 06:00", "soon", "2026-03-02T25:00", "9999-01-01T00:00Z"]
)
def test_bad_times_are_wrong(text: str) -> None:
    """No text but a whole ISO 8601 time is one."""
    _, bad = Timestamp().parse(pa.array([text]), AMSTERDAM)
    assert bad[0]


def test_words_days_and_clock_times() -> None:
    """Lists are split by semicolons and sorted unless ordered; weekdays and clock times have their spellings."""
    values, bad = Words(frozenset({"3", "8"})).parse(pa.array(["8;3", "3;3", "3;", "12"]), AMSTERDAM)
    assert values[0] == ("3", "8")
    assert list(bad) == [False, True, True, True]
    assert Words(ordered=True).parse(pa.array(["b;a"]), AMSTERDAM)[0][0] == ("b", "a")
    assert read_weekdays("Fri-Mon") == {4, 5, 6, 0}
    assert read_weekdays("1111100") == read_weekdays("Mon-Fri") == read_weekdays("mon,tue;wed-Friday")
    assert read_clock("30:15") == 1815
    with pytest.raises(ValueError, match="Mon-Fri"):
        read_weekdays("Mon-Funday")
    assert nearest("Pallet", ["pallets", "weight_kg"]) == " (did you mean pallets?)"


def test_frames_in_memory_are_checked_alike() -> None:
    """A frame is held to the same rules as a file, by rows."""
    problems = ProblemList()
    frame = pd.DataFrame({"vehicle": ["V"], "carrier": ["C"], "body": ["van"], "base": ["B"], "count": [0]})
    frame = frame.assign(capacity_pallets=4, capacity_kg=1000, capacity_m3=12)
    check_frame(frame, VEHICLES, AMSTERDAM, problems)
    assert [str(p) for p in problems.problems] == ["vehicles row 1: count is 0, expected a whole number >= 1"]


@settings(max_examples=50)
@given(data=st.data())
def test_whatever_a_file_holds_the_answer_is_clear(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A damaged table gives a scenario or an input error, never another failure."""
    name = data.draw(st.sampled_from(sorted(SMALL)))
    content = bytearray(SMALL[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 6))
        content[at : at + length] = data.draw(st.binary(max_size=4) | st.sampled_from([b",", b'"', b"\n", b"-", b"9"]))
    folder = write_small(tmp_path_factory.mktemp("damaged"))
    (folder / f"{name}.csv").write_bytes(content)
    with suppress(InputError):
        load_scenario(folder)


def test_the_documented_columns_are_the_columns(repo_root: Path) -> None:
    """The reference page describes every column of every table under its heading, and no other."""
    page = (repo_root / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    for name, spec in TABLES.items():
        first_cells = [line.split("|")[1] for line in sections[name].split("\n") if line.startswith("| `")]
        described = [word for cell in first_cells for word in cell.split("`")[1::2]]
        assert sorted(described) == sorted(spec.names), name


def test_the_documented_settings_are_the_settings(repo_root: Path) -> None:
    """The reference page names every key of scenario.toml, and its example is one."""
    page = (repo_root / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    section = page.split("\n## scenario.toml\n")[1].split("\n## ")[0]
    keys = [line.split("`")[1] for line in section.split("\n") if line.startswith("| `")]
    network = [f"network.{key}" for key in NetworkSettings.model_fields]
    top = [key for key in ScenarioSettings.model_fields if key not in ("network", "generator")]
    assert keys == [*top, *network]
    parse_settings(tomllib.loads(section.split("```toml\n")[1].split("```")[0]))
