"""A plain table of orders: completed by documented defaults, refused with the line of what does not fit."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from experiments.importers import import_orders
from experiments.importers.orders import PLAIN_ORDERS
from experiments.scenario import Scenario, load_scenario, scenario_warnings
from groupage.errors import InputError

HEAD = "shipment,owner,date,pallets,origin,origin_lat,origin_lon,destination,destination_lat,destination_lon,"
SMALL = (
    HEAD
    + """weight_kg,paid_eur,due_date,window_from,window_to,adr_labels
A1,Acme,2026-03-02,3,"Works, Main St 5",51.5,5.4,"Client, North",51.8,5.5,900,120,,,,
A2,Acme,2026-03-03,2.5,"Works, Main St 5",,,Client South,51.2,5.5,,,2026-03-04,08:00,12:00,3
B1,Beta,2026-03-03,10,Beta,51.45,5.3,"Client, North",,,,,,,,
B2,Beta,2026-03-05,1,,51.45,5.35,,51.7,5.7,,,,,,
"""
)


def imported(tmp_path: Path, text: str = SMALL, **options: object) -> Scenario:
    path = tmp_path / "export.csv"
    path.write_text(text)
    import_orders(path, tmp_path / "out", **options)
    return load_scenario(tmp_path / "out")


def test_minimal_columns_make_a_scenario(tmp_path: Path) -> None:
    """Owner, date, pallets and places are enough; the rest comes from defaults."""
    text = HEAD.rstrip(",") + "\nX,Acme,2026-03-02,2,,51.5,5.4,,51.8,5.5\n"
    scenario = imported(tmp_path, text)
    (shipment,) = scenario.shipments
    assert (shipment.weight_kg, shipment.volume_m3) == (700, 2.8)
    assert shipment.ready_at == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert (shipment.window_open.hour, shipment.window_close.hour) == (7, 17)
    assert len(scenario.region.carriers) == 3
    assert len(scenario.region.vehicles) == len(scenario.region.tariffs.dedicated) == 9
    assert scenario.region.tariffs.cheapest_groupage(["Z1"], "Z2", 2, 700) is not None
    assert [str(w) for w in scenario_warnings(scenario)] == [
        "demand: no demand history, expected some before the first planning day, for forecasts"
    ]


def test_what_the_table_says_is_kept(tmp_path: Path) -> None:
    """Places are found by name, times are local, labels and freight paid arrive."""
    scenario = imported(tmp_path, time_zone="Europe/Amsterdam")
    first, second, third, fourth = scenario.shipments
    assert first.origins == second.origins == ("Works Main St 5",)
    assert scenario.region.sites["Works Main St 5"].name == "Works, Main St 5"
    assert first.destination == third.destination == "Client North"
    assert fourth.origins == ("51.4500 5.3500",)
    assert first.stakes is not None
    assert first.stakes.paid_eur == 120
    assert second.window_open == datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert second.window_close == second.due_at == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert second.handling.adr_labels == ("3",)
    assert second.weight_kg == 875
    assert [d.date for d in scenario.days] == [date(2026, 3, d) for d in (2, 3, 4, 5)]


def test_earlier_orders_become_history(tmp_path: Path) -> None:
    """Orders before the start are demand history, not shipments."""
    scenario = imported(tmp_path, start=date(2026, 3, 3))
    assert [s.id for s in scenario.shipments] == ["A2", "B1", "B2"]
    assert scenario.history["y"].tolist() == [3.0]
    assert scenario.demand_future["y"].sum() == 13.5
    with pytest.raises(InputError, match="start is 2027-01-01, expected a day from 2026-03-02 to 2026-03-05"):
        imported(tmp_path, start=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("A2,", "A1,", "line 3: shipment is A1 again, expected each once (it is on line 2 already)"),
        (",2.5,", ",0,", "line 3: pallets is 0, expected > 0"),
        ("2026-03-03,10", "2026-02-30,10", "line 4: date is 2026-02-30, expected a day such as"),
        ("B1,Beta", "B1,carrier-2", "line 4: owner is carrier-2, expected no carrier's name"),
        (
            "2026-03-04,08:00",
            "2026-03-01,08:00",
            "line 3: due_date is 2026-03-01, expected not before date (2026",
        ),
        ("08:00,12:00", "14:00,12:00", "line 3: window_to is 12:00, expected not before window_from (14:00)"),
        (
            "Client South,51.2,5.5",
            "Client South,,",
            "line 3: destination is Client South, expected destination_lat",
        ),
        ("Beta,51.45,5.3", "Beta,51.45,", "line 4: origin_lat is given alone, expected both lat and lon, or neither"),
        (",,51.45,5.35", ",,,", "line 5: origin is empty, expected a name, or coordinates"),
        (
            'Client, North",,',
            'Client, North",52.8,5.5',
            "line 4: destination_lat is 52.8, 5.5, expected the place Client, North has on other rows",
        ),
        ("Client South,51.2", '"Works, Main St 5",51.5', "line 3: destination is Works, Main St 5, expected another"),
        ("weight_kg", "weight", "line 1: weight is an unknown column, expected a column of orders (did you mean"),
        ("pallets", "palets", "line 1: pallets is missing, expected a column pallets"),
    ],
)
def test_bad_tables_are_told_by_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """The same quality of errors as for a scenario's own tables."""
    assert old in SMALL
    with pytest.raises(InputError) as caught:
        imported(tmp_path, SMALL.replace(old, new, 1))
    said = str(caught.value).split("\n")
    assert any(line.startswith(f"export.csv {expected}") for line in said), said


def test_options_and_files_are_checked(tmp_path: Path) -> None:
    """Options out of range, an empty table and a missing file are input errors."""
    for options in ({"time_zone": "Mars"}, {"carriers": -1}, {"zones": 0}):
        with pytest.raises(InputError, match="import orders: "):
            imported(tmp_path, **options)
    with pytest.raises(InputError, match="no orders, expected at least one"):
        imported(tmp_path, SMALL.split("\n")[0] + "\n")
    with pytest.raises(InputError, match="a row of 2 cells"):
        imported(tmp_path, SMALL.split("\n")[0] + "\nA1,Acme\n")
    with pytest.raises(InputError, match="cannot be read"):
        import_orders(tmp_path / "missing.csv", tmp_path / "out")


def test_parquet_and_no_carriers(tmp_path: Path) -> None:
    """Parquet is read as CSV is; without carriers there are no vehicles and no prices."""
    csv = tmp_path / "export.csv"
    csv.write_text(SMALL)
    pd.read_csv(csv, parse_dates=["date", "due_date"]).to_parquet(tmp_path / "export.parquet")
    import_orders(csv, tmp_path / "a", carriers=0)
    import_orders(tmp_path / "export.parquet", tmp_path / "b", carriers=0)
    a, b = load_scenario(tmp_path / "a"), load_scenario(tmp_path / "b")
    assert a.shipments == b.shipments
    assert not a.region.vehicles
    assert not a.region.tariffs.groupage


def test_the_documented_columns_are_the_columns(repo_root: Path) -> None:
    """The reference page names every column of the plain table."""
    page = (repo_root / "docs" / "reference" / "importers.md").read_text(encoding="utf-8")
    assert [c for c in PLAIN_ORDERS.names if f"`{c}`" not in page] == []
