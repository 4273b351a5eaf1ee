"""Scenarios: rules between rows and tables, and what a run gets to see."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.scenario import Scenario, load_scenario, planning_days, scenario_from_tables, write_scenario
from experiments.scenario_warnings import scenario_warnings
from experiments.settings import ScenarioSettings, parse_settings, settings_toml
from groupage.errors import InputError
from logistics.sites import OpeningHours
from logistics.tariffs import Incumbent
from tests.experiments.small import SETTINGS, TABLES, changed, write_small


@pytest.fixture
def small(tmp_path: Path) -> Scenario:
    return load_scenario(write_small(tmp_path))


def told(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_scenario(folder)
    return str(caught.value).split("\n")


def header_of(table: str) -> str:
    return TABLES[table].split("\n")[0] + "\n"


def test_every_value_arrives_where_it_belongs(small: Scenario) -> None:
    """What the tables say is what the region and the shipments hold."""
    region = small.region
    assert region.sites["F1"].opening == OpeningHours(360, 1080, frozenset(range(5)))
    assert region.sites["F1"].time_zone == "Europe/Amsterdam"
    assert region.carriers["C1"].holds("ADR", date(2027, 5, 31))
    assert not region.carriers["C1"].holds("ADR", date(2027, 6, 1))
    assert region.vehicles["C1-rigid"].count == 2
    assert region.operating_costs["C1-rigid"].per_hour_eur == 28.4
    assert region.hubs["H1"].cutoff_min == 660
    assert region.hub_costs["H1"].slot_eur == 10
    assert region.tariffs.groupage[0].price_cents("Z1", "Z2", 3, 5000) == 40_000
    assert region.tariffs.groupage[0].price_cents("Z1", "Z3", 3, 5000) is None
    assert region.tariffs.dedicated[0].carrier == "C1"
    (contract,) = region.incumbents
    assert contract == Incumbent("F1-contract", "F1", "C1", "C1-rigid", contract.prices, 1, 1)
    first, second, third = small.shipments
    assert first.due_at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert first.stakes is not None
    assert second.origins == ("F1", "F2")
    assert second.due_at == second.window_close
    assert second.handling.adr_labels == ("3",)
    assert third.window_open == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert small.owners == ("F1", "F2")


def test_distances_come_from_coordinates_or_a_whole_table(tmp_path: Path) -> None:
    """A table of distances may be asymmetric but not have gaps, and counts only where the settings say so."""
    ids = ["F1", "F2", "H1", "B1", "K1", "K2"]
    pairs = [(a, b) for a in ids for b in ids if a != b]
    head = "from_site,to_site,distance_km,duration_min\n"
    rows = [f"{a},{b},{10 * i + j + 1}.1,{i + j}\n" for i, a in enumerate(ids) for j, b in enumerate(ids) if i != j]
    table = SETTINGS + '[network]\nmode = "table"\n'
    network = load_scenario(write_small(tmp_path / "whole", table, distances=head + "".join(rows))).region.network
    assert network.km("F1", "F2") == 2.1
    assert network.km("F2", "F1") == 11.1
    assert network.minutes("K2", "F1") == 5
    gap = "".join(rows[:3] + rows[4:])
    assert told(write_small(tmp_path / "gap", table, distances=head + gap)) == [
        f"distances.csv: without 1 pairs, expected every pair of sites; missing: {pairs[3][0]} to {pairs[3][1]}"
    ]
    assert told(write_small(tmp_path / "unused", distances=head + rows[0])) == [
        'distances.csv: there with mode = "great_circle", expected [network] mode = "table" in scenario.toml, '
        "or no such table"
    ]
    assert told(write_small(tmp_path / "none", table)) == [
        'distances.csv: missing, expected a table, as [network] mode is "table"'
    ]


@pytest.mark.parametrize(
    ("table", "old", "new", "expected"),
    [
        ("orders", "S3,", "S1,", "line 4: shipment is S1 again, expected each once (it is on line 2 already)"),
        (
            "orders",
            "F1,F1,K1",
            "F1,F1,K11",
            "line 2: destination is K11, expected a site of the table sites (did you mean K1?)",
        ),
        (
            "orders",
            "F1,F1;F2",
            "F1,F1;FF2",
            "line 3: origins is FF2, expected a site of the table sites (did you mean F2?)",
        ),
        (
            "orders",
            "2026-03-03T17:00,2026-03-02T17:00",
            "2026-03-02T06:30,2026-03-02T17:00",
            "line 2: window_close is 2026-03-02T05:30Z, expected not before window_open (2026-03-02T06:00Z)",
        ),
        (
            "orders",
            "2026-03-02T17:00,",
            "2026-03-01T17:00,",
            "line 2: due_at is 2026-03-01T16:00Z, expected not before window_open (2026-03-02T06:00Z)",
        ),
        (
            "orders",
            "2026-03-03T06:00+01:00",
            "2026-03-05T06:00+01:00",
            "line 4: ready_at is 2026-03-05T05:00Z, expected not after window_close (2026-03-04T16:00Z)",
        ),
        (
            "orders",
            "K2,2,600",
            "F2,2,600",
            "line 4: destination is F2, one of its origins, expected a site other than the origins",
        ),
        (
            "orders",
            ",,3\n",
            ",,33\n",
            "line 3: adr_labels is 33, expected distinct words split by ';' from the danger labels of ADR 5.2.2: "
            "such as 1 (did you mean 3?)",
        ),
        ("orders", "S1,F1", "S1,coordinator", "line 2: owner is coordinator, expected another name"),
        ("sites", "06:00,18:00", "18:00,06:00", "line 2: closes is 06:00, expected after opens (18:00)"),
        (
            "sites",
            "05:00,20:00",
            ",20:00",
            "line 4: opens is empty, expected both opens and closes, or neither",
        ),
        ("vehicles", "C1,rigid,B1", "C2,rigid,B1", "line 2: carrier is C2, expected a carrier of the table carriers"),
        ("hubs", "H1,H1", "H1,K1", "line 2: site is K1, a client, expected a site of kind hub"),
        (
            "tariffs",
            "G,groupage,C1,,,Z2,2,800,60,50,",
            "G,groupage,C1,,,Z2,2,800,60,50,C1-rigid",
            "line 2: vehicle is C1-rigid, expected empty, as kind is groupage",
        ),
        ("tariffs", "D,dedicated", "G,dedicated", "line 4: tariff is G again"),
        ("tariffs", "33,,400,50", "33,,400,55", "line 3: minimum_eur is 55.0, expected 50.0 as on line 2"),
        ("tariffs", "F1-contract,contract,,F1", "F1-contract,contract,,F7", "line 5: owner is F7, expected an owner"),
        (
            "demand",
            "F1,Z2,,2026-03-01",
            "F1,Z2,,2026-02-27",
            "line 3: owner, zone, product, day is F1 Z2  2026-02-27 again, expected each once",
        ),
        ("demand", "F2,Z3", "F2,Z33", "line 5: zone is Z33, expected a zone of the table sites (did you mean Z3?)"),
        ("demand", "2026-03-03", "2206-03-03", "line 4: day is 2206-03-03, expected 1998-10-15 to 2037-02-12"),
    ],
)
def test_rules_between_rows_and_tables(tmp_path: Path, table: str, old: str, new: str, expected: str) -> None:
    """Each broken rule is told with its line, its value and what was expected."""
    said = told(write_small(tmp_path, **{table: changed(table, old, new)}))
    assert any(line.startswith(f"{table}.csv {expected}") for line in said), said


def test_unreadable_tables_are_not_held_against_others(tmp_path: Path) -> None:
    """A table that cannot be read is one problem, not one for every reference to it."""
    (said,) = told(write_small(tmp_path, sites=TABLES["sites"].replace("lat", "latitude")))[1:]
    assert said == "sites.csv line 1: lat is missing, expected a column lat"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("dayz = 3\n", "scenario.toml: dayz is an unknown key, expected one of name, description, start, days, "),
        ("[network]\ncircuitty = 2\n", "scenario.toml [network]: circuitty is an unknown key, expected one of mode, "),
        ("[network]\nspeed_kmh = 0\n", "scenario.toml [network]: speed_kmh is 0, expected greater than 0"),
        ("horizon_min = nan\n", "scenario.toml: horizon_min is nan, expected a finite number"),
        ('planning_weekdays = "Mon-Fry-Sun"\n', "scenario.toml: planning_weekdays is Mon-Fry-Sun, expected such as"),
        ('description = "x\n', "scenario.toml line 6: "),
    ],
)
def test_settings_are_checked(tmp_path: Path, settings: str, expected: str) -> None:
    """Unknown keys, wrong values and broken TOML are told with their place."""
    assert told(write_small(tmp_path, SETTINGS + settings))[0].startswith(expected)


def test_settings_survive_writing(tmp_path: Path) -> None:
    """Settings read back as written, whatever their texts hold."""
    raw = {"name": 'quote " and \\ and é', "description": "two\nlines\x7f", "start": date(2026, 3, 2), "days": 2}
    settings = parse_settings(raw)
    (tmp_path / "scenario.toml").write_text(settings_toml(settings), encoding="utf-8")
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    assert load_scenario(tmp_path).settings == settings


def test_what_may_be_empty_or_missing(tmp_path: Path) -> None:
    """No orders, no hubs, no carriers, no demand: each is a scenario."""
    assert load_scenario(write_small(tmp_path / "a", orders=header_of("orders"))).shipments == ()
    empty = load_scenario(
        write_small(tmp_path / "b", hubs=header_of("hubs"), demand=None, tariffs=None, vehicles=None, carriers=None)
    )
    assert (dict(empty.region.hubs), dict(empty.region.carriers)) == ({}, {})
    assert empty.history.empty
    assert len(empty.shipments) == 3


def test_planning_days_start_at_local_midnight() -> None:
    """Planning days fall on planning weekdays and start at local midnight, also when clocks change."""
    settings = ScenarioSettings(
        name="x", start=date(2026, 3, 27), days=3, time_zone="Europe/Amsterdam", planning_weekdays="Mon-Fri"
    )
    days = planning_days(settings)
    assert [d.date for d in days] == [date(2026, 3, 27), date(2026, 3, 30), date(2026, 3, 31)]
    assert [d.start for d in days[:2]] == [
        datetime(2026, 3, 26, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    ]


def test_releases_wait_for_the_next_planning_day(small: Scenario) -> None:
    """A shipment comes up on the first planning day that is not before its release, and only then."""
    assert [[s.id for s in small.releases_on(d)] for d in small.days] == [["S1", "S2"], ["S3"], []]
    weekdays = replace(small, settings=small.settings.model_copy(update={"planning_weekdays": "Wed", "days": 1}))
    assert [s.id for s in weekdays.releases_on(weekdays.days[0])] == ["S1", "S2", "S3"]
    early = replace(small, settings=small.settings.model_copy(update={"days": 1}))
    assert [s.id for s in early.releases_on(early.days[0])] == ["S1", "S2"]


def test_goods_are_not_ready_before_their_release(tmp_path: Path) -> None:
    """Nobody loads what has not been released."""
    orders = changed("orders", "2026-03-02T04:00,2026-03-02T06:00", "2026-03-02T08:00,2026-03-02T06:00")
    first = load_scenario(write_small(tmp_path, orders=orders)).shipments[-2]
    assert first.ready_at == first.released_at == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_demand_has_every_day_and_keeps_the_future_apart(small: Scenario) -> None:
    """History ends before the first planning day; days left out are days without demand."""
    history = small.history
    assert list(history.columns) == ["unique_id", "ds", "y", "promotion"]
    assert history["ds"].max() == pd.Timestamp("2026-03-01")
    assert list(history["y"]) == [2.5, 0.0, 1.0]
    assert list(history["promotion"]) == [0.0, 0.0, 1.0]
    future = small.demand_future
    first_days = future.groupby("unique_id")["ds"].min()
    assert set(first_days) == {pd.Timestamp("2026-03-02")}
    assert future.groupby("unique_id")["y"].sum().to_dict() == {"F1|Z2|": 4.0, "F2|Z3|": 2.0}
    assert "y" not in small.promotions_ahead
    seen = small.demand_before(date(2026, 3, 3))
    assert seen["ds"].max() == pd.Timestamp("2026-03-02")
    assert seen["y"].sum() == 5.5
    assert small.demand_before(date(2026, 3, 2)).equals(history)


def test_the_digest_covers_every_file(tmp_path: Path, small: Scenario) -> None:
    """One changed byte in any file changes the digest; the tables' digest leaves the settings out."""
    assert load_scenario(tmp_path).digest == small.digest
    settings = load_scenario(write_small(tmp_path / "settings", SETTINGS + 'description = "x"\n'))
    assert settings.digest != small.digest
    assert settings.tables_sha256 == small.tables_sha256
    orders = load_scenario(write_small(tmp_path / "orders", orders=TABLES["orders"] + "\n"))
    assert orders.shipments == small.shipments
    assert orders.tables_sha256 != small.tables_sha256


def test_written_and_read_is_the_same(tmp_path: Path, small: Scenario) -> None:
    """A scenario from tables in memory is the one that its files give, digest included."""
    frames = {n: pd.read_csv(tmp_path / f"{n}.csv", dtype=str, keep_default_na=False) for n in TABLES}
    memory = scenario_from_tables(small.settings, frames)
    write_scenario(tmp_path / "again", small.settings, frames)
    again = load_scenario(tmp_path / "again")
    assert memory.digest == again.digest
    assert memory.shipments == again.shipments == small.shipments
    assert np.array_equal(memory.region.network.distance_km, small.region.network.distance_km)


def test_writing_replaces_only_its_own_files(tmp_path: Path, small: Scenario) -> None:
    """A folder with tables that would stay and change the meaning is refused."""
    frames = {n: pd.read_csv(tmp_path / f"{n}.csv", dtype=str, keep_default_na=False) for n in TABLES}
    write_scenario(tmp_path, small.settings, frames)
    (tmp_path / "distances.csv").write_text("from_site\n")
    with pytest.raises(InputError, match=r"holds distances\.csv, expected an empty folder"):
        write_scenario(tmp_path, small.settings, frames)
    with pytest.raises(InputError, match="cannot be written"):
        write_scenario(tmp_path / "orders.csv" / "below", small.settings, frames)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    """A missing folder and a file in its place are input errors."""
    for path in (tmp_path / "nowhere", write_small(tmp_path) / "orders.csv"):
        with pytest.raises(InputError, match="expected the folder of a scenario"):
            load_scenario(path)


def test_warnings_name_what_is_allowed_but_odd(tmp_path: Path) -> None:
    """Shipments too large, too late or that nobody may carry are warned of, not refused."""
    orders = (
        changed("orders", "K1,3,900", "K1,40,900")
        .replace("S3,F2,F2,K2,2,600,2026-03-03T04:00+01:00", "S3,F2,F2,K2,2,600,2026-03-05T04:00+01:00")
        .replace("2026-03-04T17:00+01:00", "2026-03-06T17:00+01:00")
    )
    orders += "S4,F1,F1,K2,1,300,2026-02-20T04:00,2026-02-20T06:00,2026-02-20T07:00,2026-02-21T17:00,,\n"
    carriers = changed("carriers", "ADR:2027-05-31", "ADR:2026-03-01")
    scenario = load_scenario(write_small(tmp_path, orders=orders, carriers=carriers))
    said = "\n".join(map(str, scenario_warnings(scenario)))
    assert "pallets is more than any vehicle holds in S1, expected <= 18" in said
    assert "released_at is after the last planning day in S3" in said
    assert "window_close is before the planning day begins in S4" in said
    assert "goods that nobody may carry in S2" in said
    assert "ADR of C1, which expired on 2026-03-01" in said


def test_a_sound_scenario_has_few_warnings(small: Scenario, tmp_path: Path) -> None:
    """Only what stands out is warned of; a scenario without orders says so."""
    (only,) = scenario_warnings(small)
    assert only.where == "demand"
    empty = load_scenario(write_small(tmp_path / "empty", orders=header_of("orders")))
    assert [str(w) for w in scenario_warnings(empty)] == [
        "orders: no orders, expected at least one; a run has nothing to do"
    ]


def test_other_files_are_not_written_among(tmp_path: Path) -> None:
    """A folder that holds files and no scenario is left as it is; an earlier scenario is replaced."""
    (tmp_path / "notes.txt").write_text("mine")
    settings = parse_settings(tomllib.loads(SETTINGS))
    with pytest.raises(InputError, match=r"holds notes.txt, expected an empty folder"):
        write_scenario(tmp_path, settings, {})
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    for _ in range(2):
        write_scenario(tmp_path / "new", settings, {})
    assert (tmp_path / "new" / "scenario.toml").is_file()
